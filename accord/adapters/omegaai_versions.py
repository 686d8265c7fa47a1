"""Which version of a submission stands at OmegaAI, and whether the asked one is to be had."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from accord.adapters.fhir_absence import look_up
from accord.adapters.fhir_elements import JsonObject, last_updated_of, version_of
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference
from accord.adapters.fhir_together import together
from accord.adapters.omegaai_contained import contained
from accord.domain.forms import SubmissionRef, SubmissionSource, UnreadableReason

UNKNOWN_VERSION = "?"
"""Version of a reference to an entry that has an id and cannot be understood."""

_VERSION = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_UNTOLD = (UnreadableReason.NOT_OFFERED, UnreadableReason.REFUSED)


@dataclass(frozen=True)
class Version:
    """The asked version of one submission, or why there is none."""

    resource: JsonObject | UnreadableReason
    newer: str = ""
    """The version that stands there now, if it is another."""


async def read_versions(
    client: FhirReader, refs: Sequence[SubmissionRef]
) -> dict[SubmissionRef, Version]:
    """
    Read the asked versions: all in one search of each kind, and one by one what that lacks.

    What the search does not show is read by its own address: only what is proven deleted is
    VANISHED. An account whose rights were narrowed, or an index being rebuilt, shows nothing too.

    Raises:
        PeerError: the search failed, or there is no connection.
    """
    current: dict[Reference, JsonObject] = {}
    for source in SubmissionSource:
        ids = [ref.id for ref in refs if ref.source is source]
        if ids:
            found = await client.read_many(source.value, ids)
            current |= {Reference(source.value, name): each for name, each in found.items()}
    versions = await together(_version(client, ref, current.get(resource_of(ref))) for ref in refs)
    return dict(zip(refs, versions, strict=True))


async def _version(client: FhirReader, ref: SubmissionRef, current: JsonObject | None) -> Version:
    if current is None:
        found = await contained(look_up(client, resource_of(ref)))
        if not isinstance(found, dict):
            return Version(found or UnreadableReason.VANISHED)
        current = found
    if not current:
        return Version(UnreadableReason.MISSHAPEN)
    stands = version_of(current)
    if ref.version in {stands, UNKNOWN_VERSION}:
        return Version(current)
    return Version(await _earlier(client, ref), stands)


async def _earlier(client: FhirReader, ref: SubmissionRef) -> JsonObject | UnreadableReason:
    """
    Read a version that another has replaced.

    That the other one stands there is seen, and it is a form of its own to relay: so the earlier
    one is over also where no history tells it, for want of versions, of an offer or of rights.
    """
    if not _VERSION.match(ref.version):
        return UnreadableReason.VERSION_GONE  # a time, where there are no versions
    found = await contained(client.read(resource_of(ref), ref.version))
    if found is None or found in _UNTOLD:
        return UnreadableReason.VERSION_GONE
    return found


def resource_of(ref: SubmissionRef) -> Reference:
    """Name the resource of which `ref` is a version."""
    return Reference(ref.source.value, ref.id)


def ref_of(source: SubmissionSource, resource: JsonObject) -> SubmissionRef:
    """Name the version that a resource is, as the server tells it."""
    return SubmissionRef(
        source=source,
        id=resource["id"],
        version=version_of(resource),
        last_updated=last_updated_of(resource),
    )
