from datetime import datetime
from enum import StrEnum

from pydantic import Field

from accord.domain.base import Record
from accord.domain.identifiers import AccessionNumber, EffectKey, Uid
from accord.domain.people import Patient


class Physician(Record):
    """Who refers a patient; a booking needs one (docs/sources.md#ps-orders)."""

    number: str = Field(default="", max_length=20)
    """As the site knows them; in Brazil the CRM with its state."""
    family: str = Field(max_length=64)
    given: str = Field(default="", max_length=64)


class OrderControl(StrEnum):
    """ORC-1, HL7 table 0119, as far as we use it."""

    NEW = "NW"
    CHANGE = "XO"
    STATUS = "SC"
    CANCEL = "CA"


class ScheduleEvent(StrEnum):
    """MSH-9.2 of an SIU."""

    BOOKED = "S12"
    MOVED = "S13"
    CHANGED = "S14"
    CANCELLED = "S15"


class StudyOrder(Record):
    """
    An order for a study, or a message about one: a whole effect, so that a resend is byte-equal.

    Times are aware; `at` is the effect's own time and becomes MSH-7.
    """

    key: EffectKey
    """Becomes MSH-10."""
    patient: Patient
    accession: AccessionNumber
    placer_order: str
    """The order's own number at whoever places it: ORC-2, OBR-2, SCH-1."""
    study_uid: Uid
    procedure: str
    procedure_name: str
    modality: str
    facility: str
    """Name of the imaging facility."""
    referring: Physician
    start: datetime
    minutes: int = Field(gt=0)
    at: datetime

    def __str__(self) -> str:
        return f"StudyOrder({self.key})"

    __repr__ = __str__
