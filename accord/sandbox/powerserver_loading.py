"""Who and what PowerServer knows from the start: a world, or a list of visits."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy
from accord.sandbox.powerserver_values import is_uid
from accord.sandbox.world import World

Visits = Iterable[Mapping[str, Any]]
NEEDED = ("patient_number", "issuer", "family", "accession", "study_uid", "start")


class BadVisit(ValueError):
    """A visit lacks something PowerServer cannot do without."""


def visits_of(world: World | Visits | Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Give a world's visits as plain mappings; a mapping is a world's JSON."""
    if world is None:
        return []
    if isinstance(world, World):
        return [visit.plain() for visit in world.visits]
    if isinstance(world, Mapping):
        return list(world["visits"])
    return list(world)


def load(archive: Archive, visits: Visits, zone: ZoneInfo) -> int:
    """
    Put visits' patients and studies into the archive; give how many visits there were.

    Raises:
        BadVisit: a visit lacks a field, named; nothing was loaded.
    """
    listed = list(visits)
    for visit in listed:
        missing = [name for name in NEEDED if not visit.get(name)]
        if missing:
            raise BadVisit(f"a visit lacks {', '.join(missing)}")
        if not is_uid(visit["study_uid"]):
            raise BadVisit("a visit's study_uid is not a DICOM UID")
    with archive.lock:
        for visit in listed:
            patient = _patient(visit)
            archive.put_patient(patient)
            archive.put_study(_study(visit, patient, zone))
    return len(listed)


def _patient(visit: Mapping[str, Any]) -> HeldPatient:
    born = visit.get("birth_date")
    return HeldPatient(
        number=visit["patient_number"],
        issuer=visit["issuer"],
        family=visit["family"],
        given=visit.get("given", ""),
        birth_date=date.fromisoformat(born) if isinstance(born, str) and born else born or None,
        sex=visit.get("sex", ""),
        email=visit.get("email", ""),
    )


def _study(visit: Mapping[str, Any], patient: HeldPatient, zone: ZoneInfo) -> HeldStudy:
    start = visit["start"]
    aware = datetime.fromisoformat(start) if isinstance(start, str) else start
    if aware.tzinfo is None:
        raise BadVisit("start has no offset")
    return HeldStudy(
        uid=visit["study_uid"],
        patient=patient.key,
        accession=visit["accession"],
        placer_order=visit.get("placer_order", ""),
        modality=visit.get("modality", ""),
        description=visit.get("description") or visit.get("study_description", ""),
        start=aware.astimezone(zone),
        status=visit.get("status", "CONFIRMED"),
        priority=visit.get("priority", "MED"),
        referring=visit.get("referring", ""),
    )
