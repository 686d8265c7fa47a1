from collections.abc import Mapping
from typing import Any

from accord.adapters.fhir_elements import JsonObject, Misshapen, child, codes, objects, text
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference, local_reference
from accord.domain.identifiers import Issuer, PatientNumber
from accord.domain.people import PatientId

OWNERS: Mapping[str, Any] = {
    "ServiceRequest": lambda resource: [child(resource, "subject")],
    "Appointment": lambda resource: [
        child(member, "actor") for member in objects(resource, "participant")
    ],
}
"""Where an accession number stands at OmegaAI, and where such a resource names its patient."""


async def patients_with(
    fhir: FhirReader, issuers: Mapping[str, str], accession: str
) -> list[PatientId]:
    """
    Find whose order or appointment carries an accession number.

    Each patient under every number they have; the issuer is '' where the map does not know it.

    Args:
        issuers: identifier system -> issuer, from the organization file.

    Raises:
        PeerError: OmegaAI could not be asked; NotOffered where it offers no such search.
    """
    capability = await fhir.capability()
    capability.require("ServiceRequest", "search-type")
    people: set[Reference] = set()
    for type_ in OWNERS:
        if f"{type_}:search-type" in capability.declared | capability.assumed:
            people |= await _owners(fhir, type_, accession)
    found = await fhir.read_many("Patient", sorted(person.id for person in people))
    return [number for _, person in sorted(found.items()) for number in _numbers(person, issuers)]


async def _owners(fhir: FhirReader, type_: str, accession: str) -> set[Reference]:
    people: set[Reference] = set()
    asked = [("identifier", _token(accession)), ("_count", "50")]
    async for page in fhir.search(type_, asked):
        for resource in page.resources:
            people |= _named(fhir, type_, resource, accession)
    return people


def _named(fhir: FhirReader, type_: str, resource: JsonObject, accession: str) -> set[Reference]:
    """Give the patient of one match, looked at again: a server may find more than was asked."""
    try:
        carries = any(
            text(identifier, "value").strip() == accession
            and "ACSN" in codes(child(identifier, "type"))
            for identifier in objects(resource, "identifier")
        )
        nodes = OWNERS[type_](resource) if carries else []
        found = [local_reference(text(node, "reference"), fhir.base) for node in nodes]
    except Misshapen:
        return set()
    return {reference for reference in found if reference and reference.type == "Patient"}


def _numbers(person: JsonObject, issuers: Mapping[str, str]) -> list[PatientId]:
    try:
        return [
            PatientId(
                number=PatientNumber(text(identifier, "value").strip()),
                issuer=Issuer(issuers.get(text(identifier, "system"), "")),
            )
            for identifier in objects(person, "identifier")
            if text(identifier, "value").strip()
        ]
    except Misshapen:
        return []


def _token(value: str) -> str:
    """Escape what FHIR's search would take for its own signs (R4 search, 3.1.1.4)."""
    for sign in "\\,|$":
        value = value.replace(sign, f"\\{sign}")
    return value
