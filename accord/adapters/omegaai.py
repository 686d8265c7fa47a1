import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from accord.adapters.fhir import FhirClient
from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    codes,
    last_updated_of,
    objects,
)
from accord.adapters.fhir_pages import UnreadableEntry
from accord.adapters.fhir_sweep import Sweep
from accord.adapters.http import HttpLimits, open_http
from accord.adapters.oauth import Credentials, TokenSource
from accord.adapters.omegaai_organizations import (
    OrganizationsSeen,
    read_identifier_systems,
    read_organizations,
)
from accord.adapters.omegaai_reading import BulkReader, Read
from accord.adapters.omegaai_service_writing import ServiceDesk
from accord.adapters.omegaai_services import ServicesSeen, read_services
from accord.adapters.omegaai_versions import UNKNOWN_VERSION, ref_of
from accord.domain.forms import (
    SubmissionRef,
    SubmissionSource,
    Unreadable,
    UnreadableReason,
)
from accord.domain.organizations import Organization
from accord.domain.wires import OmegaAIWire

Entry = JsonObject | UnreadableEntry
Swept = SubmissionRef | Unreadable


class OmegaAIClient:
    """OmegaAI as Accord sees it: submitted forms, found and read."""

    def __init__(self, wire: OmegaAIWire, organization: Organization, client: FhirClient) -> None:
        self._wire, self._organization, self.fhir = wire, organization, client

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        wire: OmegaAIWire,
        organization: Organization,
        credentials: Credentials | None,
        *,
        read_only: bool,
        verify: ssl.SSLContext | bool = True,
    ) -> AsyncIterator[Self]:
        """
        Lend a client; nothing is sent until it is asked for something.

        In read-only mode no write leaves, whatever is called.
        """
        token_url = str(wire.oauth.token_url) if wire.oauth else None
        limits = HttpLimits(timeout_s=wire.timeout_s, max_in_flight=wire.max_in_flight)
        async with open_http(
            read_only=read_only, token_url=token_url, limits=limits, verify=verify
        ) as http:
            tokens = (
                TokenSource(wire.oauth, credentials or Credentials(), http) if wire.oauth else None
            )
            client = FhirClient(
                str(wire.fhir_base), http, tokens, assume_supported=wire.assume_supported
            )
            yield cls(wire, organization, client)

    async def check(self) -> list[str]:
        """
        Ask for a token and the CapabilityStatement; list what only the site vouches for.

        Raises:
            PeerError: with its phase, and what to mend.
        """
        return sorted((await self.fhir.capability()).leaned_on)

    async def services(self) -> ServicesSeen:
        """
        Read every healthcare service; those that cannot be understood are named.

        Raises:
            PeerError: OmegaAI failed us: what is missing then is not known to be missing.
        """
        return await read_services(self.fhir, self._wire.resource_elements)

    def service_desk(self) -> ServiceDesk:
        """Give where healthcare services are read one by one, made, changed and retired."""
        return ServiceDesk(self.fhir, self._wire.resource_elements)

    async def organizations(self) -> OrganizationsSeen:
        """
        Read every organization; those that cannot be understood are named.

        Raises:
            PeerError: OmegaAI failed us.
        """
        return await read_organizations(self.fhir)

    async def identifier_systems(self) -> Mapping[str, int]:
        """
        Count the identifier systems of the patients changed last.

        Raises:
            PeerError: OmegaAI failed us.
        """
        return await read_identifier_systems(self.fhir)

    async def submissions(
        self, since: datetime | None, until: datetime | None
    ) -> AsyncIterator[list[Swept]]:
        """
        Find what was submitted or changed in [since, until) on the server's clock.

        Pages of references, Normal forms first, each kind oldest first. An entry that cannot be
        understood is Unreadable, with a reference if it has an id: `read_submissions` may be
        asked for that one again.

        Raises:
            PeerError: the pages found until then are good, and the window is not complete.
        """
        for source, narrowed_by in (
            (SubmissionSource.RESPONSE, []),
            (SubmissionSource.DOCUMENT, [("category", self._wire.pdf_form_category)]),
        ):
            sweep = Sweep(
                self.fhir,
                source.value,
                span=(since, until),
                narrowed_by=narrowed_by,
                count=self._wire.page_size,
            )
            number, reached = 0, since or datetime.fromtimestamp(0, UTC)
            async for page in sweep.pages():
                number += 1
                swept: list[Swept] = []
                for entry in await self._looked_at_again(source, page):
                    if isinstance(entry, UnreadableEntry):
                        swept.append(_unreadable(source, entry, number, reached))
                    elif source is SubmissionSource.RESPONSE or self._is_pdf_form(entry):
                        swept.append(ref_of(source, entry))
                        reached = last_updated_of(entry)
                if swept:
                    yield swept

    async def _looked_at_again(self, source: SubmissionSource, page: list[Entry]) -> list[Entry]:
        """Ask once more for entries that had an id and could not be understood."""
        odd = [each.id for each in page if isinstance(each, UnreadableEntry) and each.id]
        if not odd:
            return page
        found = await self.fhir.read_many(source.value, odd)
        return [
            found.get(each.id) or each if isinstance(each, UnreadableEntry) else each
            for each in page
        ]

    async def read_submissions(self, refs: Sequence[SubmissionRef]) -> list[Read]:
        """
        Read submissions again, in bulk, with what they rest on; in the order of `refs`.

        Each neighbour is fetched once. Where a newer version stands, the asked one is read from
        the history and `newer_version` says so. What cannot be read is Unreadable, and stops no
        other: `BulkReader.read` says whose trouble is whose.

        Raises:
            PeerError: OmegaAI failed us, not a single submission.
        """
        return await BulkReader(self._wire, self._organization, self.fhir).read(refs)

    def _is_pdf_form(self, document: JsonObject) -> bool:
        """Filter again what the server may not have filtered."""
        system, _, code = self._wire.pdf_form_category.rpartition("|")
        try:
            return any(code in codes(c, system or None) for c in objects(document, "category"))
        except Misshapen:
            return True  # reported when it is read, never dropped


def _unreadable(
    source: SubmissionSource, entry: UnreadableEntry, page: int, reached: datetime
) -> Unreadable:
    """Say which entry it is, by its id where it has one; its time is that of the one before."""
    position = f"page {page}, entry {entry.entry}"
    if not entry.id:
        return Unreadable(source=source, reason=UnreadableReason.NAMELESS, position=position)
    ref = SubmissionRef(source=source, id=entry.id, version=UNKNOWN_VERSION, last_updated=reached)
    return Unreadable(source=source, reason=UnreadableReason.MISSHAPEN, ref=ref, position=position)
