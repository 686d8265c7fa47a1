"""What PowerServer holds, record by record."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

PatientKey = tuple[str, str]
"""(issuer of patient ID, patient number): neither names anyone alone."""

PATIENT_DOCUMENTS = "PATIENT DOCUMENTS"
"""Description of the study that carries a patient's own documents over DICOM [assumed]."""


class Unknown(Exception):
    """What a message or an object refers to is not held here."""


@dataclass
class HeldPatient:
    """A patient as PowerServer holds them. Everybody here is made up."""

    number: str
    issuer: str
    family: str
    given: str = ""
    birth_date: date | None = None
    sex: str = ""
    email: str = ""

    @property
    def key(self) -> PatientKey:
        """What the patient is found by."""
        return (self.issuer, self.number)


@dataclass
class HeldStudy:
    """A study, from its order to its images; `start` is aware, in the server's zone."""

    uid: str
    patient: PatientKey
    accession: str
    placer_order: str
    modality: str
    description: str
    start: datetime
    status: str = "CONFIRMED"
    priority: str = "MED"
    referring: str = ""
    documents_only: bool = False
    """Made by filing at patient level; no exam stands behind it."""


@dataclass
class FiledDocument:
    """One document in the Document Viewer. `content` is exactly what arrived."""

    section: str
    """'Documents', 'Patient Documents', 'Reports' or 'Prior Reports', as the viewer says."""
    document_type: str
    title: str
    patient_number: str
    issuer: str
    accession: str
    study_uid: str
    series_uid: str
    sop_uid: str
    sha256: str
    source: str
    """'accord', 'vendor' or 'person', as far as PowerServer can know."""
    content_at: datetime
    """Aware, in the server's zone: what the document says of itself; content date and time."""
    filed_at: datetime
    """Aware, in the server's zone; becomes instance creation date and time."""
    visible_at: datetime
    """From when DICOM shows it."""
    content: bytes = field(repr=False)
    unique_number: str = ""
    """TXA-12 as received."""
    parent_number: str = ""
    """TXA-13 as received."""
    control_id: str = ""
    """MSH-10 of the message that brought it."""
    replaced: bool = False
    withdrawn: bool = False
    number: int = 0
    """Place in the archive, from 1; what the viewer's addresses are made of."""

    @property
    def is_current(self) -> bool:
        """Neither replaced nor withdrawn."""
        return not (self.replaced or self.withdrawn)

    def to_json(self) -> dict[str, Any]:
        """Give everything but the bytes."""
        whole = asdict(self)
        del whole["content"]
        for name in ("content_at", "filed_at", "visible_at"):
            whole[name] = whole[name].isoformat()
        return {**whole, "bytes": len(self.content)}


def sha256_of(content: bytes) -> str:
    """Give the SHA-256 of a document's bytes in lower-case hex."""
    return hashlib.sha256(content).hexdigest()
