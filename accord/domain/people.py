from datetime import date

from accord.domain.base import Record
from accord.domain.identifiers import Issuer, PatientNumber


class PatientId(Record):
    """A patient's number together with who issued it; neither means anything alone."""

    number: PatientNumber
    issuer: Issuer

    def __str__(self) -> str:
        return "PatientId(…)"  # patient data never reaches a text by accident

    __repr__ = __str__


class Patient(Record):
    """A person as OmegaAI describes them, as far as a document's delivery needs it."""

    id: PatientId
    family: str
    given: str = ""
    middle: str = ""
    birth_date: date | None = None
    sex: str = ""
    """HL7 table 0001: M, F, O, U, or empty."""

    def __str__(self) -> str:
        return "Patient(…)"

    __repr__ = __str__
