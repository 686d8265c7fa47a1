"""One document as a station shows it: asked for, read from a row, completed by the object."""

from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage

from accord.adapters.dicom_encapsulated import content_of
from accord.adapters.dicom_partial import OddObject
from accord.adapters.dicom_rows import (
    DOCUMENT_TYPE,
    PRIVATE_CREATOR,
    document_type_of,
    moment_of,
    section_of,
    text_of,
)
from accord.adapters.dicom_studies import StudyState
from accord.adapters.errors import Phase
from accord.domain.base import Record
from accord.domain.documents import DocumentSeen
from accord.domain.identifiers import Uid

_IMAGE_KEYS = (
    "SOPInstanceUID",
    "SOPClassUID",
    "DocumentTitle",
    "ContentDate",
    "ContentTime",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "TimezoneOffsetFromUTC",
)


class DocumentsFound(Record):
    """Documents of one patient. Not `complete`: absence from the list proves nothing."""

    documents: tuple[DocumentSeen, ...]
    complete: bool
    doubled: tuple[Uid, ...] = ()
    """SOP Instance UIDs that the peer shows in more than one place."""

    def __str__(self) -> str:
        return f"DocumentsFound({len(self.documents)}, complete={self.complete})"

    __repr__ = __str__


class FetchedDocument(Record):
    """A document with its bytes; `seen` now says what a C-FIND may have left out."""

    seen: DocumentSeen
    content: bytes

    def __str__(self) -> str:
        return f"FetchedDocument({self.seen.sop_uid})"

    __repr__ = __str__


class DocumentsFetched(Record):
    """What a bulk retrieval brought, and what it did not."""

    documents: tuple[FetchedDocument, ...]
    missing: tuple[Uid, ...]

    def __str__(self) -> str:
        return f"DocumentsFetched({len(self.documents)}, missing={len(self.missing)})"

    __repr__ = __str__


def image_keys(study: Uid, series: Dataset) -> Dataset:
    """Ask for the documents of a series, with all that tells one from another."""
    keys = Dataset()
    keys.StudyInstanceUID = study
    keys.SeriesInstanceUID = text_of(series, "SeriesInstanceUID")
    for keyword in _IMAGE_KEYS:
        setattr(keys, keyword, "")
    code = Dataset()
    code.CodeValue = code.CodingSchemeDesignator = code.CodeMeaning = ""
    keys.ConceptNameCodeSequence = Sequence([code])
    keys.add_new(PRIVATE_CREATOR, "LO", "")
    keys.add_new(DOCUMENT_TYPE, "LO", "")
    return keys


def is_pdf(row: Dataset) -> bool:
    """Tell whether a row may be an Encapsulated PDF; where the peer does not say, it may."""
    return text_of(row, "SOPClassUID") in ("", EncapsulatedPDFStorage)


def seen_of(row: Dataset, study: StudyState, series: Uid, zone: ZoneInfo) -> DocumentSeen:
    """Read one row of an IMAGE query; its patient is the study's."""
    return DocumentSeen(
        study_uid=study.study_uid,
        series_uid=series,
        sop_uid=Uid(text_of(row, "SOPInstanceUID")),
        patient=study.patient,
        issuer_returned=study.issuer_returned,
        section=section_of(row),
        document_type=document_type_of(row),
        title=text_of(row, "DocumentTitle"),
        accession=study.accession,
        at=moment_of(row, "ContentDate", "ContentTime", zone)
        or moment_of(row, "InstanceCreationDate", "InstanceCreationTime", zone),
    )


def fetched_of(seen: DocumentSeen, ds: Dataset, zone: ZoneInfo) -> FetchedDocument:
    """
    Join a document's object to what a query said of it.

    Raises:
        OddObject: the object holds no document, or names another patient than the query did.
    """
    issuer = text_of(ds, "IssuerOfPatientID")
    if text_of(ds, "PatientID") != seen.patient.number or issuer not in (
        "",
        seen.patient.issuer,
    ):
        raise OddObject(
            "the object names another patient (0010,0020) than the query did", Phase.VERIFY
        )
    update = {
        "section": section_of(ds) or seen.section,
        "document_type": document_type_of(ds) or seen.document_type,
        "title": text_of(ds, "DocumentTitle") or seen.title,
        "issuer_returned": seen.issuer_returned or bool(issuer),
        "at": seen.at
        or moment_of(ds, "ContentDate", "ContentTime", zone)
        or moment_of(ds, "InstanceCreationDate", "InstanceCreationTime", zone),
    }
    return FetchedDocument(seen=seen.model_copy(update=update), content=content_of(ds))
