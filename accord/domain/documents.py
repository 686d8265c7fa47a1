from datetime import datetime
from enum import StrEnum

from accord.domain.base import Record
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import AccessionNumber, Digest, EffectKey, Uid
from accord.domain.people import Patient, PatientId


class DocumentOrder(Record):
    """
    What PowerServer is asked to file: one effect's whole content, so that a resend is byte-equal.

    Times are aware; `at` is the effect's own time and becomes MSH-7, EVN-2 and TXA-4.
    """

    key: EffectKey
    """Becomes MSH-10 and the stem of TXA-12; 20 characters."""
    intent: Intent
    patient: Patient
    section: Section
    document_type: str
    """What this site calls it: TXA-2, (311B,1010). Never `DI`."""
    title: str
    kind: FormKind
    form: str = ""
    """The form's own name, for titles."""
    is_rendered: bool = False
    """Whether we made its bytes; a PDF form's are the patient's own."""
    is_amended: bool = False
    """Whether OmegaAI says that it changes what was submitted before."""
    accession: AccessionNumber | None = None
    placer_order: str = ""
    at: datetime
    submitted_at: datetime
    content: bytes
    digest: Digest
    parent_key: EffectKey | None = None
    """The effect whose document this one replaces or withdraws: TXA-13."""

    def __str__(self) -> str:
        return f"DocumentOrder({self.key})"

    __repr__ = __str__


class DocumentSeen(Record):
    """A document as PowerServer shows it over DICOM."""

    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid
    patient: PatientId
    section: Section | None
    """From the level code DT.01/99RAMSOFT; None where the peer does not say."""
    document_type: str = ""
    title: str = ""
    accession: AccessionNumber | None = None
    issuer_returned: bool = True
    """False: the peer left the issuer out, and `patient` repeats the one we asked for."""
    at: datetime | None = None
    """Content (or instance creation) date and time, read in the peer's declared zone."""

    def __str__(self) -> str:
        return f"DocumentSeen({self.sop_uid})"

    __repr__ = __str__


class AnswerKind(StrEnum):
    """What the peer's answer says about one send."""

    LANDED = "landed"  # the application took it
    ACCEPTED = "accepted"  # commit acknowledgement only: not landed
    REJECTED = "rejected"


class Answer(Record):
    """A peer's whole answer to one send. `code` and `error_code` are codes, never texts."""

    kind: AnswerKind
    code: str
    """MSA-1 (AA, AE, AR, CA, CE, CR) or the DIMSE status in hex."""
    error_code: str = ""
    """ERR-1.4/ERR-3, where the peer gives one."""
    peer_id: str = ""
    """What the peer calls the result, where it says so (a SOP Instance UID)."""
