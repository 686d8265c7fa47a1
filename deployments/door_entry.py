"""Opening the door: which organization, its desk, its OmegaAI, and who stands there."""

import getpass
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from accord.adapters.omegaai_accessions import patients_with
from accord.delivery.desk import Desk
from accord.domain.forms import Submission, SubmissionRef, Unreadable
from accord.domain.people import PatientId
from blocks.omegaai import OmegaAI
from deployments.door_paper import printable
from deployments.enrolment import enrolled
from tasks.desk import desk_of

Read = Callable[[Sequence[SubmissionRef]], Awaitable[list[Submission | Unreadable]]]
FindPatients = Callable[[str], Awaitable[list[PatientId]]]


class NoDoor(Exception):
    """The door cannot be opened; the text says what to do."""


@dataclass(frozen=True)
class Visit:
    """One person's visit to one organization's desk."""

    desk: Desk
    who: str
    """For the audit trail: the name declared, and the user of this machine."""
    read: Read
    """Reads forms at OmegaAI, now."""
    patients_with: FindPatients
    """Finds whose an accession number is, at OmegaAI."""

    @property
    def locale(self) -> str:
        """The site's language."""
        return self.desk.file.site.locale

    def zone_of(self, facility: str) -> ZoneInfo:
        """Give the zone in which times of a facility are shown; the first one's for none."""
        facilities = self.desk.file.organization.facilities
        named = next((each for each in facilities if each.slug == facility), facilities[0])
        return ZoneInfo(named.time_zone)


@contextmanager
def visit(organization: str | None, who: str) -> Iterator[Visit]:
    """
    Open the desk of one organization, of the only one if none is named.

    Raises:
        NoDoor: no Prefect server answers, or it is not clear which organization is meant.
        UnknownOrganization, LedgerNotCurrent: as `tasks.desk.desk_of`.
    """
    _require_server()
    slug = organization or _the_only_one()
    block = OmegaAI.of(slug)
    with desk_of(slug) as desk:

        async def read(refs: Sequence[SubmissionRef]) -> list[Submission | Unreadable]:
            async with block.connect(desk.file, read_only=True) as omegaai:
                return await omegaai.read_submissions(refs)

        async def whose(accession: str) -> list[PatientId]:
            async with block.connect(desk.file, read_only=True) as omegaai:
                issuers = desk.file.site.omegaai.issuers
                return await patients_with(omegaai.fhir, issuers, accession)

        yield Visit(desk=desk, who=actor(who), read=read, patients_with=whose)


def actor(declared: str) -> str:
    """Name who looks, for the audit trail: as declared, always with this machine's user."""
    user = getpass.getuser()
    return f"{printable(declared)[:150]} ({user})" if declared else user


def _require_server() -> None:
    url = PREFECT_API_URL.value()
    fix = "set it to the server that holds this site's blocks, such as http://127.0.0.1:4200/api"
    if not url:
        raise NoDoor(f"PREFECT_API_URL is not set: {fix}")
    with get_client(sync_client=True) as client:
        if client.api_healthcheck() is not None:
            raise NoDoor(f"no Prefect server answers at {url} (PREFECT_API_URL): {fix}")


def _the_only_one() -> str:
    slugs = sorted(enrolled())
    if len(slugs) != 1:
        known = ", ".join(slugs) or "none; run the bootstrap first"
        raise NoDoor(f"say which organization: --organization SLUG (enrolled: {known})")
    return slugs[0]
