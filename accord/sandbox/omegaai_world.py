"""The simulated clinic as OmegaAI's FHIR resources."""

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.people import Person, made_up_people
from accord.sandbox.questionnaires import templates
from accord.sandbox.world import Setting, Visit, World

Resource = dict[str, Any]

STUDIES = (
    ("MR", "RM do crânio"),
    ("CT", "TC do tórax"),
    ("US", "Ultrassonografia do abdome"),
    ("DX", "Radiografia da coluna lombar"),
    ("MG", "Mamografia digital bilateral"),
)
LAKESIDE = Setting()
GENDERS = {"F": "female", "M": "male"}
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
FIRST_OF_DAY = 7
SLOT = timedelta(minutes=15)
SLOTS_A_DAY = 44


def seed_world(
    sim: OmegaAISim,
    seed: int,
    patients: int | list[Person],
    *,
    setting: Setting = LAKESIDE,
    opens: datetime | None = None,
) -> World:
    """
    Fill OmegaAI with one visit for each person, and give the world.

    Args:
        patients: how many to make up, or the persons themselves.
        opens: aware; the first appointment's day, today in the facility's zone by default.
    """
    zone = ZoneInfo(setting.time_zone)
    day = (opens or datetime.now(zone)).astimezone(zone)
    people = made_up_people(seed, patients) if isinstance(patients, int) else patients
    world = World(setting, tuple(_visits(people, seed, setting, day)))
    sim.load(resources_of(world))
    return world


def _visits(people: list[Person], seed: int, setting: Setting, day: datetime) -> Iterator[Visit]:
    dice = random.Random(f"visits {seed}")
    first = day.replace(hour=FIRST_OF_DAY, minute=0, second=0, microsecond=0)
    for number, person in enumerate(people, start=1):
        modality, description = dice.choice(STUDIES)
        days, slot = divmod(number - 1, SLOTS_A_DAY)
        yield Visit(
            patient_id=_id(dice),
            service_request_id=_id(dice),
            appointment_id=_id(dice),
            patient_number=f"{100_000 + number}",
            issuer=setting.issuer,
            family=person.family,
            given=person.given,
            birth_date=person.birth_date,
            sex=person.sex,
            email=person.email,
            accession=f"A26{11:02}{number:04}",
            placer_order=f"P26{11:02}{number:05}",
            study_uid=f"2.25.{dice.getrandbits(120)}",
            modality=modality,
            study_description=description,
            start=first + timedelta(days=days) + slot * SLOT,
            facility=setting.facility,
        )


def _id(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def resources_of(world: World) -> Iterator[Resource]:
    """List everything that OmegaAI knows of a world, in an order that resolves."""
    setting = world.setting
    yield {
        "resourceType": "Organization",
        "id": setting.organization,
        "active": True,
        "name": setting.organization_name,
    }
    yield {
        "resourceType": "Organization",
        "id": setting.facility,
        "active": True,
        "name": setting.facility_name,
        "partOf": _to("Organization", setting.organization),
    }
    yield {
        "resourceType": "Location",
        "id": f"{setting.facility}-1",
        "status": "active",
        "name": "Sala 1",
        "managingOrganization": _to("Organization", setting.facility),
    }
    yield from templates(setting)
    for visit in world.visits:
        yield patient_resource(visit, setting)
        yield order_resource(visit, setting)
        yield appointment_resource(visit, setting)


def _to(type_: str, id_: str) -> Resource:
    return {"reference": f"{type_}/{id_}"}


def patient_resource(visit: Visit, setting: Setting) -> Resource:
    """Describe a visit's patient, with a foreign identifier beside the facility's own."""
    return {
        "resourceType": "Patient",
        "id": visit.patient_id,
        "active": True,
        "identifier": [
            {"system": "https://blume.example/accounts", "value": f"b-{visit.patient_id[:8]}"},
            {
                "use": "usual",
                "type": {"coding": [{"system": V2_0203, "code": "MR"}]},
                "system": setting.identifier_system,
                "value": visit.patient_number,
            },
        ],
        "name": [{"use": "official", "family": visit.family, "given": visit.given.split()}],
        "birthDate": visit.birth_date.isoformat(),
        "gender": GENDERS.get(visit.sex, "unknown"),
        "telecom": [{"system": "email", "value": visit.email}],
        "managingOrganization": _to("Organization", setting.organization),
    }


def order_resource(visit: Visit, setting: Setting) -> Resource:
    """Describe a visit's order, with its accession and placer order numbers."""
    numbers = (("ACSN", visit.accession), ("PLAC", visit.placer_order))
    return {
        "resourceType": "ServiceRequest",
        "id": visit.service_request_id,
        "status": "active",
        "intent": "order",
        "identifier": [
            {"type": {"coding": [{"system": V2_0203, "code": code}]}, "value": value}
            for code, value in numbers
        ],
        "code": {"text": visit.study_description},
        "subject": _to("Patient", visit.patient_id),
        "locationReference": [_to("Location", f"{setting.facility}-1")],
    }


def appointment_resource(visit: Visit, setting: Setting) -> Resource:
    """Describe a visit's appointment, which shares the order."""
    actors = (("Patient", visit.patient_id), ("Location", f"{setting.facility}-1"))
    return {
        "resourceType": "Appointment",
        "id": visit.appointment_id,
        "status": "booked",
        "start": visit.start.isoformat(),
        "end": (visit.start + SLOT).isoformat(),
        "minutesDuration": 15,
        "basedOn": [_to("ServiceRequest", visit.service_request_id)],
        "participant": [{"actor": _to(type_, id_), "status": "accepted"} for type_, id_ in actors],
    }
