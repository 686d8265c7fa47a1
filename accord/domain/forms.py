from datetime import datetime
from enum import StrEnum
from typing import Any

from accord.domain.base import Record
from accord.domain.identifiers import AccessionNumber, Digest
from accord.domain.people import Patient


class FormKind(StrEnum):
    """Blume's two templates (docs/sources.md#blume-forms)."""

    REGISTRATION = "registration"
    CLINICAL = "clinical"


class Section(StrEnum):
    """Where the Document Viewer of PowerServer shows a document."""

    PATIENT_DOCS = "Patient Docs"  # patient level
    DOCUMENTS = "Documents"  # study level


class Unplaceable(Exception):
    """No section may hold the form."""


def place(kind: FormKind, accession: AccessionNumber | None) -> Section:
    """
    Decide which section of the Document Viewer shall hold a form.

    A registration form describes the person: Patient Docs, at patient level. A clinical form
    belongs to one study: Documents, at study level, so it needs an accession number.

    Raises:
        Unplaceable: a clinical form without an accession number.

    Source: docs/sources.md#forms-target
    """
    if kind is FormKind.REGISTRATION:
        return Section.PATIENT_DOCS
    if accession is None:
        raise Unplaceable("a clinical form needs an accession number (field: accession)")
    return Section.DOCUMENTS


class SubmissionSource(StrEnum):
    """The two shapes in which a submitted form stands in OmegaAI."""

    RESPONSE = "QuestionnaireResponse"  # a Normal form: answers, rendered by us
    DOCUMENT = "DocumentReference"  # a PDF form: kept byte for byte


class SubmissionRef(Record):
    """One version of one submitted form, by OmegaAI's ids; no patient data."""

    source: SubmissionSource
    id: str
    version: str
    """`meta.versionId`; where the server gives none, `meta.lastUpdated`."""
    last_updated: datetime
    """The server's clock; what watermarks are made of."""

    def __str__(self) -> str:
        return f"{self.source}/{self.id}/_history/{self.version}"

    @classmethod
    def parse(cls, text: str, last_updated: datetime) -> "SubmissionRef":
        """Read back what `str()` wrote."""
        source, id_, _, version = text.split("/", 3)
        return cls(
            source=SubmissionSource(source), id=id_, version=version, last_updated=last_updated
        )


class SubmissionStatus(StrEnum):
    """What the source says of the submission (R4 QuestionnaireResponse.status)."""

    IN_PROGRESS = "in-progress"  # not submitted
    COMPLETED = "completed"
    AMENDED = "amended"  # a new version of what was submitted
    WITHDRAWN = "entered-in-error"
    STOPPED = "stopped"  # given up half filled in, so never submitted; or a document superseded
    UNKNOWN = "unknown"  # none of these words, or none at all


class Submission(Record):
    """
    One submitted form as read from OmegaAI, with all that screening and rendering need.

    A field that could not be resolved is None: the gate judges, the reader does not.
    Everything but `ref` and the digests is patient data and stays in this process.
    """

    ref: SubmissionRef
    status: SubmissionStatus
    kind: FormKind | None = None
    """From the element that the organization file names, never from a title."""
    title: str = ""
    submitted_at: datetime | None = None
    """Aware; when the patient pressed Submit (`authored`)."""
    author: str = ""
    """Reference type of who filled it in: Patient, RelatedPerson, Practitioner, …"""
    patient: Patient | None = None
    """None: the subject is unknown at OmegaAI, or names no number."""
    issuer_known: bool = True
    """Whether the issuer map knows the identifier's system."""
    facility: str = ""
    """Slug of the facility in the organization file, '' where none fits or two are named."""
    accession: AccessionNumber | None = None
    placer_order: str = ""
    appointment_subject_agrees: bool | None = None
    """Whether the appointment's patient is the submission's subject; None: no appointment."""
    questionnaire_status: str = ""
    """'active', 'retired', 'draft'; '' where the canonical (with its version) is unknown."""
    questionnaire_ever_published: bool = False
    questionnaire: dict[str, Any] | None = None
    response: dict[str, Any] | None = None
    pdf: bytes | None = None
    """The PDF form's own bytes; None for a Normal form, or where OmegaAI points elsewhere."""
    newer_version: str = ""
    """`meta.versionId` of the version that stands there now, if this one is no longer it."""
    replaces: str = ""
    """`DocumentReference/<id>` that the source says this one replaces under an id of its own."""

    def __str__(self) -> str:
        return f"Submission({self.ref})"

    __repr__ = __str__


class UnreadableReason(StrEnum):
    """Why a submission could not be read; codes only."""

    VANISHED = "vanished"  # deleted at the source, and the source proves it
    NOT_FOUND = "not-found-at-omegaai"  # not to be found, which proves nothing: rights may hide it
    VERSION_GONE = "version-gone"  # a newer one stands there, and no history tells the asked one
    MISSHAPEN = "misshapen"  # not a resource that can be understood
    NEIGHBOUR_MISSHAPEN = "neighbour-misshapen"  # its patient, order, place … cannot be understood
    ATTACHMENT_DIFFERS = "attachment-differs"  # size or hash is not the one declared
    FAILS = "fails-at-omegaai"  # a read of its own gets no answer, while others do
    MALFORMED = "malformed-at-omegaai"  # a read of its own is answered against the protocol
    REFUSED = "refused-by-omegaai"  # OmegaAI does not let us read it, its bytes or its template
    NOT_OFFERED = "not-offered-by-omegaai"  # it calls for a read that nobody vouches for
    NAMELESS = "nameless"  # an entry of a page without an id


class Unreadable(Record):
    """A submission that cannot be understood; it is reported and never stops its page."""

    source: SubmissionSource
    reason: UnreadableReason
    ref: SubmissionRef | None = None
    """None only for a nameless entry of a page; its version is '?' where the entry told none."""
    position: str = ""
    """Where on its page an unreadable entry stood, such as `page 2, entry 7`."""

    def __str__(self) -> str:
        return f"Unreadable({self.ref or self.position}, {self.reason})"

    __repr__ = __str__


class Document(Record):
    """A document ready to be filed: its bytes and what names them."""

    content: bytes
    digest: Digest
    title: str
    pages: int

    def __str__(self) -> str:
        return "Document(…)"

    __repr__ = __str__
