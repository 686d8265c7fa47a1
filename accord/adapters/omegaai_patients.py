from datetime import date

from accord.adapters.fhir_elements import JsonObject, child, codes, objects, text, texts
from accord.domain.identifiers import Issuer, PatientNumber
from accord.domain.people import Patient, PatientId

SEX = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
NAME_USES = ("official", "usual", "")


def patient_of(
    resource: JsonObject, issuers: dict[str, str], preferred: str
) -> tuple[Patient | None, bool]:
    """
    Read a Patient, and say whether its number's issuer is known.

    Of several identifiers it is one whose system the issuer map knows: `preferred`'s (the
    facility's issuer) if there, else a medical record number, else the first.
    """
    identifiers = [
        identifier
        for identifier in objects(resource, "identifier")
        if text(identifier, "use") != "old" and text(identifier, "value").strip()
    ]
    if not identifiers:
        return None, False
    known = [found for found in identifiers if text(found, "system") in issuers]
    chosen = min(known or identifiers, key=lambda found: _rank(found, issuers, preferred))
    number = PatientNumber(text(chosen, "value").strip())
    issuer = Issuer(issuers.get(text(chosen, "system"), ""))
    return _person(resource, PatientId(number=number, issuer=issuer)), bool(known)


def _rank(identifier: JsonObject, issuers: dict[str, str], preferred: str) -> tuple[bool, bool]:
    issuer = issuers.get(text(identifier, "system"), "")
    is_record_number = "MR" in codes(child(identifier, "type"))
    return issuer.casefold() != preferred.casefold(), not is_record_number


def _person(resource: JsonObject, number: PatientId) -> Patient:
    name = _name(objects(resource, "name"))
    given = texts(name, "given")
    return Patient(
        id=number,
        family=text(name, "family") or text(name, "text"),
        given=given[0] if given else "",
        middle=" ".join(given[1:]),
        birth_date=_day(text(resource, "birthDate")),
        sex=SEX.get(text(resource, "gender"), ""),
    )


def _name(names: list[JsonObject]) -> JsonObject:
    for use in NAME_USES:
        for name in names:
            if text(name, "use") == use:
                return name
    return names[0] if names else {}


def _day(value: str) -> date | None:
    """Read a birth date; a year or a month alone is not one."""
    try:
        return date.fromisoformat(value) if len(value) == len("1970-01-01") else None
    except ValueError:
        return None
