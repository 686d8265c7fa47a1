"""Encapsulated PDF: an order as a DICOM object, and an object's bytes again."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian

from accord.adapters.dicom_limits import fitting
from accord.adapters.dicom_partial import OddObject
from accord.adapters.dicom_rows import (
    DOCUMENT_TYPE,
    LEVEL_CODE,
    LEVEL_SCHEME,
    MEANINGS,
    PRIVATE_CREATOR,
)
from accord.adapters.dicom_studies import StudyState
from accord.adapters.errors import Phase
from accord.domain.documents import DocumentOrder
from accord.domain.forms import Section
from accord.domain.identifiers import EffectKey, Uid
from accord.domain.people import Patient

_OURS = uuid.UUID("5f0b1c52-6a53-5d53-9a54-61636f726430")  # namespace of our own UIDs; never change
_PN_FORBIDDEN = "^=\\"


def uid_of(key: EffectKey, part: str = "sop") -> Uid:
    """
    Name a part of an effect's object: the same key always gives the same UID.

    So a document sent twice is one object at the peer. Source: DICOM PS3.5 annex B.2
    """
    return Uid(f"2.25.{uuid.uuid5(_OURS, f'{key}/{part}').int}")


def encapsulate(
    order: DocumentOrder, *, study: StudyState | None, zone: ZoneInfo, private_creator: str
) -> Dataset:
    """
    Build the Encapsulated PDF of an order; the same order and study give the same bytes.

    Args:
        order: what is to be filed.
        study: the study it joins; None puts it into a study of its own.
        zone: the peer's declared zone: DICOM times carry no offset.
        private_creator: who reserves block 10 of group 311B at this site.

    Raises:
        UnfitForDicom: a text does not fit its attribute.

    Source: DICOM PS3.3 A.45.1; OmegaAI DICOM conformance statement (docs/sources.md#dicom-pdf)
    """
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    _describe_patient(ds, order.patient)
    _describe_study(ds, order, study, zone)
    ds.SeriesInstanceUID, ds.SeriesNumber = uid_of(order.key, "series"), "1"
    ds.Modality, ds.Manufacturer, ds.ConversionType = "DOC", "Accord", "WSD"
    ds.SOPClassUID, ds.SOPInstanceUID = EncapsulatedPDFStorage, UID(uid_of(order.key))
    ds.InstanceNumber = "1"
    ds.InstanceCreationDate, ds.InstanceCreationTime = _stamp(order.at, zone)
    ds.ContentDate, ds.ContentTime = _stamp(order.submitted_at, zone)
    ds.AcquisitionDateTime = ""
    ds.BurnedInAnnotation = "YES"  # a form names its patient on the page
    ds.DocumentTitle = fitting("DocumentTitle", order.title, 1024, forbidden="")
    ds.ConceptNameCodeSequence = Sequence([_level(order.section)])
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = order.content + b"\0" * (len(order.content) % 2)
    ds.EncapsulatedDocumentLength = len(order.content)
    ds.add_new(PRIVATE_CREATOR, "LO", private_creator)
    ds.add_new(DOCUMENT_TYPE, "LO", fitting("(311B,1010)", order.document_type, 64))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def content_of(ds: Dataset) -> bytes:
    """
    Give a document's own bytes: DICOM pads to an even length.

    (0042,0015) tells the true length; where the writer left it out, one trailing NUL is padding.

    Raises:
        OddObject: there is no document, or less of it than its length says.
    """
    raw = ds.get("EncapsulatedDocument")
    if not isinstance(raw, bytes):
        raise OddObject("the object holds no document (0042,0011)", Phase.VERIFY)
    length = ds.get("EncapsulatedDocumentLength")
    if not length:
        return raw[:-1] if raw.endswith(b"\0") else raw
    if int(length) > len(raw):
        raise OddObject("the document is shorter than (0042,0015) says", Phase.VERIFY)
    return raw[: int(length)]


def _describe_patient(ds: Dataset, patient: Patient) -> None:
    name = "^".join(
        fitting("PatientName", part, 64, forbidden=_PN_FORBIDDEN)
        for part in (patient.family, patient.given, patient.middle)
    ).rstrip("^")
    ds.PatientName = fitting("PatientName", name, 64)
    ds.PatientID = fitting("PatientID", patient.id.number, 64)
    ds.IssuerOfPatientID = fitting("IssuerOfPatientID", patient.id.issuer, 64)
    ds.PatientBirthDate = f"{patient.birth_date:%Y%m%d}" if patient.birth_date else ""
    ds.PatientSex = patient.sex if patient.sex in {"M", "F", "O"} else ""


def _describe_study(
    ds: Dataset, order: DocumentOrder, study: StudyState | None, zone: ZoneInfo
) -> None:
    if study is None:
        ds.StudyInstanceUID = uid_of(order.key, "study")
        ds.StudyDate, ds.StudyTime = _stamp(order.submitted_at, zone)
    else:
        ds.StudyInstanceUID = study.study_uid
        ds.StudyDate, ds.StudyTime = study.date_text, study.time_text
    accession = (study.accession if study else None) or ""
    ds.AccessionNumber = fitting("AccessionNumber", accession, 16)
    ds.ReferringPhysicianName = ds.StudyID = ""


def _level(section: Section) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = LEVEL_CODE, LEVEL_SCHEME
    code.CodeMeaning = MEANINGS[section]
    return code


def _stamp(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    local = at.astimezone(zone)
    return f"{local:%Y%m%d}", f"{local:%H%M%S}"
