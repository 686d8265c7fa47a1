"""What is set up twice, in PowerServer and in OmegaAI: departments, rooms, resources."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from accord.domain.base import Record
from accord.domain.hours import Span, Weekday, days_of, minutes_of, span_of

SLUG = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
LONGEST_DURATION_MIN = 24 * 60

MODALITIES = frozenset(
    {
        *("AR", "BI", "BMD", "CD", "CR", "CT", "DX", "ECG", "EEG", "EMG", "EPS", "ES", "GM", "HD"),
        *("IO", "IVOCT", "IVUS", "KER", "LEN", "LS", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPM"),
        *("OPT", "OPV", "OSS", "OT", "PT", "PX", "RF", "RG", "RTIMAGE", "SC", "SM", "TG", "US"),
        *("VA", "XA", "XC", "XR"),
    }
)
"""Modality codes: DICOM PS3.3 C.7.3.1.1.1, and XR, which PowerServer's grid uses."""


def _name(value: str) -> str:
    if value != value.strip() or "  " in value:
        raise ValueError(
            "must not begin or end with a space, or hold two in a row: both systems compare names "
            "letter by letter"
        )
    return value


def _duration(value: str) -> str:
    if not 1 <= minutes_of(value) <= LONGEST_DURATION_MIN:
        raise ValueError("must lie between 00:01 and 24:00")
    return value


def _hours(value: str) -> str:
    span_of(value)
    return value


def _modality(value: str) -> str:
    if value not in MODALITIES:
        raise ValueError("no modality code of DICOM, such as CT, MR or DX")
    return value


def _each_day(value: object) -> object:
    """Spread `mon-fri: 08:00-18:00` over its days; the model tells what is wrong with the rest."""
    if not isinstance(value, dict):
        return value
    spread: dict[str, object] = {}
    for key, hours in value.items():
        for day in days_of(str(key)):
            if day in spread:
                raise ValueError(f"names {day} twice")
            spread[day] = hours
    return spread


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_name)]
Duration = Annotated[str, AfterValidator(_duration)]
"""`HH:MM`, as OmegaAI shows it; PowerServer's grid says minutes."""
DayHours = Annotated[str, AfterValidator(_hours)]
"""`08:00-18:00`, in the facility's zone."""
Modality = Annotated[str, AfterValidator(_modality)]
ClassOrNone = Annotated[str, AfterValidator(lambda value: value and _modality(value))]
WorkingDays = Annotated[dict[Weekday, DayHours], BeforeValidator(_each_day)]


class ResourceField(StrEnum):
    """A field of a resource that a file may decide, as plans and reports name it."""

    NAME = "name"
    ROOM = "room"
    MODALITIES = "modalities"
    HOURS = "hours"
    MINUTES = "minutes"
    OVERBOOKING = "overbooking"
    ACTIVE = "active"


class Department(Record):
    """One department of a facility, on one floor, with its rooms."""

    name: Name
    floor: str = ""
    rooms: tuple[Name, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rooms_are_unique(self) -> Self:
        if len({room.casefold() for room in self.rooms}) != len(self.rooms):
            raise ValueError(f"department {self.name}: two rooms share one name")
        return self


class Resource(Record):
    """One resource of PowerServer, which is one healthcare service of OmegaAI."""

    key: str = Field(pattern=SLUG)
    """Our own name of it; it never changes, so that a rename stays a rename."""
    name: Name
    """Exactly the same in both systems, and unique."""
    department: Name
    room: Name
    modalities: frozenset[Modality] = Field(min_length=1)
    resource_type: str = "MODALITY"
    resource_class: ClassOrNone = ""
    """PowerServer's Class, a modality code; '' takes the only modality."""
    active: bool = True
    colour: str = Field(default="", pattern=r"^(#[0-9A-Fa-f]{6})?$")
    default_duration: Duration = "01:00"
    working_days: WorkingDays = Field(min_length=1)
    overbooking: bool = False
    protected: bool = False
    """Whether it may never be retired by a file, also once these lines have gone from it."""
    user_groups: tuple[str, ...] = ()
    """Who sees it in PowerServer's scheduler; a person assigns them."""

    @model_validator(mode="after")
    def _its_class_is_one_of_its_modalities(self) -> Self:
        if not self.resource_class and len(self.modalities) > 1:
            raise ValueError("resource_class: several modalities; say which one is the Class")
        if self.resource_class and self.resource_class not in self.modalities:
            raise ValueError("resource_class: must be one of `modalities`")
        return self

    @property
    def powerserver_class(self) -> str:
        """PowerServer's Class."""
        return self.resource_class or next(iter(self.modalities))

    @property
    def default_minutes(self) -> int:
        """The default duration, in minutes as PowerServer says it."""
        return minutes_of(self.default_duration)

    @property
    def hours(self) -> dict[Weekday, Span]:
        """Working hours by day, in minutes after the facility's midnight."""
        return {day: span_of(text) for day, text in self.working_days.items()}


class Catalogues(Record):
    """What both systems must know before anything is booked, by name or code."""

    modalities: frozenset[Modality] = frozenset()
    study_sets: frozenset[Name] = frozenset()
    procedure_codes: frozenset[Name] = frozenset()


def wrong_in(departments: tuple[Department, ...], resources: tuple[Resource, ...]) -> str:
    """Say what is wrong between departments and resources of one facility; '' if nothing is."""
    rooms = {department.name: department.rooms for department in departments}
    if len(rooms) != len(departments):
        return "departments: two share one name"
    for attribute, what in (("key", "key"), ("name", "name")):
        values = [getattr(resource, attribute).casefold() for resource in resources]
        if len(set(values)) != len(values):
            return f"resources: two share one {what}"
    for resource in resources:
        if resource.department not in rooms:
            return f"resource {resource.key}: `department` names none of this facility's"
        if resource.room not in rooms[resource.department]:
            return f"resource {resource.key}: `room` names none of its department's"
    return ""
