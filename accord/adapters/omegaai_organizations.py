"""OmegaAI's organizations, and which identifier systems its patients carry; read over FHIR."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from accord.adapters.fhir_elements import JsonObject, Misshapen, child, id_of, objects, text
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import local_reference
from accord.domain.base import Record

PATIENTS_ASKED = 100
"""How many patients are enough to see which identifier systems are in use."""


class OrganizationSeen(Record):
    """One organization as OmegaAI shows it."""

    id: str
    name: str
    active: bool
    parent: str = ""
    """Id of the organization it is part of; '' at the top."""


class OrganizationsSeen(NamedTuple):
    """All organizations of a server, and the ids of those that cannot be understood."""

    organizations: tuple[OrganizationSeen, ...]
    misshapen: tuple[str, ...]


async def read_organizations(fhir: FhirReader) -> OrganizationsSeen:
    """
    Read every organization; one that cannot be understood does not hide the others.

    Raises:
        PeerError: OmegaAI failed us: what is missing then is not known to be missing.
    """
    found, misshapen = await fhir.everything("Organization")
    seen: list[OrganizationSeen] = []
    for resource in found:
        try:
            seen.append(_organization(resource, fhir))
        except Misshapen:
            misshapen.append(str(resource.get("id", "?")))
    return OrganizationsSeen(tuple(seen), tuple(misshapen))


async def read_identifier_systems(fhir: FhirReader) -> Mapping[str, int]:
    """
    Count the identifier systems of the patients changed last; nothing else of them is kept.

    Raises:
        PeerError: OmegaAI failed us.
    """
    asked = [("_count", str(PATIENTS_ASKED)), ("_sort", "-_lastUpdated")]
    page = await fhir.first_page("Patient", asked)
    counts: Counter[str] = Counter()
    for patient in page.resources:
        try:
            counts.update({text(each, "system") for each in objects(patient, "identifier")})
        except Misshapen:
            continue  # the relay holds such a patient's forms, and says so
    counts.pop("", None)
    return dict(counts)


def _organization(resource: JsonObject, fhir: FhirReader) -> OrganizationSeen:
    active = resource.get("active", True)
    if not isinstance(active, bool):
        raise Misshapen("active")
    parent = text(child(resource, "partOf"), "reference")
    reference = local_reference(parent, fhir.base) if parent else None
    return OrganizationSeen(
        id=id_of(resource),
        name=text(resource, "name"),
        active=active,
        parent=reference.id if reference is not None else "",
    )
