"""
OmegaAI's healthcare services: what its screens call resources, read over FHIR.

That a resource of the scheduler is a FHIR HealthcareService is our reading of OmegaAI's screens
(docs/sources.md#omegaai-resources); what FHIR has no element for is read from extensions whose
urls the organization file names.
"""

from typing import NamedTuple

from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    child,
    codes,
    id_of,
    objects,
    text,
    texts,
    version_of,
)
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference, local_reference
from accord.domain.base import Record
from accord.domain.hours import MINUTES_A_DAY, Span, Weekday, minutes_of
from accord.domain.resources import MODALITIES
from accord.domain.wires import ResourceElements

KEY_SYSTEM = "urn:accord:resource"
"""Identifier system of our own names of resources: what was made once is found again by it."""


class ServiceSeen(Record):
    """One healthcare service as OmegaAI shows it; None where it does not say."""

    id: str
    version: str
    facility: str
    """Name of the organization that provides it, '' where none is named."""
    name: str
    active: bool
    modalities: frozenset[str]
    hours: dict[Weekday, tuple[Span, ...]]
    """A day may have several spans."""
    minutes: int | None = None
    overbooking: bool | None = None
    room: str = ""
    key: str = ""
    """Our own name of it, where we made it."""


class ServicesSeen(NamedTuple):
    """All services of a server, and the ids of those that cannot be understood."""

    services: tuple[ServiceSeen, ...]
    misshapen: tuple[str, ...]


async def read_services(fhir: FhirReader, elements: ResourceElements) -> ServicesSeen:
    """
    Read every healthcare service, with the names of its organization and room.

    One that cannot be understood is named by its id and does not hide the others.

    Raises:
        PeerError: OmegaAI failed us: what is missing then is not known to be missing.
    """
    seen, misshapen = await fhir.everything("HealthcareService")
    names = _Names(fhir)
    await names.learn("Organization", seen, "providedBy")
    await names.learn("Location", seen, "location")
    services = []
    for resource in seen:
        try:
            services.append(_service(resource, elements, names))
        except Misshapen:
            misshapen.append(str(resource.get("id", "?")))
    return ServicesSeen(tuple(services), tuple(misshapen))


async def read_service(
    fhir: FhirReader, resource: JsonObject, elements: ResourceElements
) -> ServiceSeen:
    """
    Understand one healthcare service, with the names of its organization and room.

    Raises:
        Misshapen: names the element that cannot be understood.
        PeerError: OmegaAI failed us.
    """
    names = _Names(fhir)
    await names.learn("Organization", [resource], "providedBy")
    await names.learn("Location", [resource], "location")
    return _service(resource, elements, names)


class _Names:
    """Names of what services point to: their organizations and rooms."""

    def __init__(self, fhir: FhirReader) -> None:
        self._fhir = fhir
        self._found: dict[Reference, str] = {}

    async def learn(self, type_: str, services: list[JsonObject], element: str) -> None:
        """Read, many at a time, all that one element of the services points to."""
        wanted = {ref.id for each in services for ref in self._references(each, element)}
        found = await self._fhir.read_many(type_, sorted(wanted)) if wanted else {}
        self._found |= {Reference(type_, id_): _name(each) for id_, each in found.items()}

    def of(self, service: JsonObject, element: str) -> str:
        """Give the name of the first that one element points to; '' where it has none."""
        named = [self._found.get(ref, "") for ref in self._references(service, element)]
        return named[0] if named else ""

    def _references(self, service: JsonObject, element: str) -> list[Reference]:
        value = service.get(element) or []
        pointers = value if isinstance(value, list) else [value]
        texts_ = [each.get("reference") for each in pointers if isinstance(each, dict)]
        found = [local_reference(t, self._fhir.base) for t in texts_ if isinstance(t, str)]
        return [reference for reference in found if reference is not None]


def _name(resource: JsonObject) -> str:
    try:
        return text(resource, "name")
    except Misshapen:
        return ""


def _service(resource: JsonObject, elements: ResourceElements, names: _Names) -> ServiceSeen:
    active = resource.get("active", True)
    if not isinstance(active, bool):
        raise Misshapen("active")
    return ServiceSeen(
        id=id_of(resource),
        version=version_of(resource),
        facility=names.of(resource, "providedBy"),
        name=text(resource, "name"),
        active=active,
        modalities=_modalities(resource),
        hours=_hours(resource),
        minutes=_minutes(_extension(resource, elements.default_duration)),
        overbooking=_boolean(_extension(resource, elements.overbooking)),
        room=names.of(resource, "location"),
        key=_key(resource),
    )


def _key(resource: JsonObject) -> str:
    found = [
        text(each, "value")
        for each in objects(resource, "identifier")
        if text(each, "system") == KEY_SYSTEM
    ]
    return found[0] if found else ""


def _modalities(resource: JsonObject) -> frozenset[str]:
    """Give the modality codes among its specialties and types; other codes are no modalities."""
    concepts = [*objects(resource, "specialty"), *objects(resource, "type")]
    found = {code.upper() for concept in concepts for code in codes(concept)}
    return frozenset(found & MODALITIES)


def _hours(resource: JsonObject) -> dict[Weekday, tuple[Span, ...]]:
    hours: dict[Weekday, tuple[Span, ...]] = {}
    for each in objects(resource, "availableTime"):
        span = _span(each)
        for day in texts(each, "daysOfWeek"):
            try:
                weekday = Weekday(day)
            except ValueError:
                raise Misshapen("availableTime.daysOfWeek") from None
            hours[weekday] = tuple(sorted({*hours.get(weekday, ()), span}))
    return hours


def _span(available: JsonObject) -> Span:
    if available.get("allDay") is True:
        return Span(0, MINUTES_A_DAY)
    try:
        start = minutes_of(text(available, "availableStartTime")[:5])
        end = minutes_of(text(available, "availableEndTime")[:5])
    except ValueError:
        raise Misshapen("availableTime") from None
    return Span(start, end or MINUTES_A_DAY)  # 00:00 as an end is the end of the day


def _extension(resource: JsonObject, url: str) -> JsonObject:
    found = [each for each in objects(resource, "extension") if text(each, "url") == url]
    return found[0] if url and found else {}


def _minutes(extension: JsonObject) -> int | None:
    """Read a duration: a Duration in minutes or hours, whole minutes, or HH:MM."""
    if not extension:
        return None
    duration = child(extension, "valueDuration")
    if duration:
        unit = {"min": 1, "h": 60}.get(text(duration, "code") or text(duration, "unit"))
        value = duration.get("value")
        if unit is None or not isinstance(value, int | float) or value * unit != int(value * unit):
            raise Misshapen("extension.valueDuration")
        return int(value * unit)
    whole = extension.get("valueInteger", extension.get("valuePositiveInt"))
    if isinstance(whole, int) and not isinstance(whole, bool):
        return whole
    try:
        return minutes_of(text(extension, "valueString"))
    except ValueError:
        raise Misshapen("extension.valueString") from None


def _boolean(extension: JsonObject) -> bool | None:
    value = extension.get("valueBoolean")
    if value is not None and not isinstance(value, bool):
        raise Misshapen("extension.valueBoolean")
    return value
