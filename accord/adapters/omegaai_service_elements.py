"""How a healthcare service says what the scheduler of OmegaAI shows: the elements, written."""

from collections.abc import Iterable, Mapping
from typing import Any

from accord.adapters.fhir_elements import JsonObject, codes, objects
from accord.adapters.omegaai_services import KEY_SYSTEM
from accord.domain.base import Record
from accord.domain.hours import Span, Weekday, clock
from accord.domain.resources import MODALITIES
from accord.domain.wires import ResourceElements

DICOM_CODES = "http://dicom.nema.org/resources/ontology/DCM"
UCUM = "http://unitsofmeasure.org"


class ServiceValues(Record):
    """What is to be written of a healthcare service; None leaves an element as it is."""

    name: str | None = None
    organization_id: str | None = None
    """Logical id of the Organization that provides it."""
    room_id: str | None = None
    """Logical id of its Location."""
    active: bool | None = None
    modalities: frozenset[str] | None = None
    hours: dict[Weekday, Span] | None = None
    minutes: int | None = None
    overbooking: bool | None = None


def new_service(key: str) -> JsonObject:
    """Give an empty healthcare service under our own name of it."""
    return {
        "resourceType": "HealthcareService",
        "identifier": [{"system": KEY_SYSTEM, "value": key}],
    }


def with_values(
    service: JsonObject, values: ServiceValues, elements: ResourceElements
) -> JsonObject:
    """Give the service with these values; every other element stays as it is."""
    written = {**service, **{n: v for n, v in _plain(values).items() if v is not None}}
    if values.modalities is not None:
        written |= _modalities(service, values.modalities)
    extended = {
        url: value
        for url, value in (
            (elements.default_duration, _duration(values.minutes)),
            (elements.overbooking, _boolean(values.overbooking)),
        )
        if value is not None
    }
    if extended:
        written["extension"] = _extended(service, extended)
    return {name: value for name, value in written.items() if value != []}


def _plain(values: ServiceValues) -> dict[str, Any]:
    """Give the elements that hold one value each, None where it is left as it is."""
    provider, room = values.organization_id, values.room_id
    return {
        "name": values.name,
        "active": values.active,
        "providedBy": None if provider is None else {"reference": f"Organization/{provider}"},
        "location": None if room is None else [{"reference": f"Location/{room}"}],
        "availableTime": None if values.hours is None else _available(values.hours),
    }


def _modalities(service: JsonObject, modalities: Iterable[str]) -> dict[str, list[JsonObject]]:
    """Put modalities into `specialty`, in the place of those that stand there or under `type`."""
    others = {
        element: [
            concept
            for concept in objects(service, element)
            if not {code.upper() for code in codes(concept)} & MODALITIES
        ]
        for element in ("specialty", "type")
    }
    ours = [{"coding": [{"system": DICOM_CODES, "code": code}]} for code in sorted(modalities)]
    return {**others, "specialty": [*others["specialty"], *ours]}


def _available(hours: Mapping[Weekday, Span]) -> list[JsonObject]:
    """Write hours, days with the same ones together."""
    days: dict[Span, list[str]] = {}
    for day, span in hours.items():
        days.setdefault(span, []).append(str(day))
    return [
        {
            "daysOfWeek": names,
            "availableStartTime": f"{clock(span.start)}:00",
            # FHIR knows no 24:00; midnight as an end is the end of the day
            "availableEndTime": f"{clock(span.end)}:00".replace("24:00:00", "00:00:00"),
        }
        for span, names in days.items()
    ]


def _duration(minutes: int | None) -> JsonObject | None:
    value = {"value": minutes, "unit": "min", "system": UCUM, "code": "min"}
    return None if minutes is None else {"valueDuration": value}


def _boolean(value: bool | None) -> JsonObject | None:
    return None if value is None else {"valueBoolean": value}


def _extended(service: JsonObject, by_url: Mapping[str, JsonObject]) -> list[JsonObject]:
    kept = [each for each in objects(service, "extension") if each.get("url") not in by_url]
    added: list[dict[str, Any]] = [{"url": url, **value} for url, value in by_url.items()]
    return [*kept, *added]
