"""A filed document as a DICOM instance, the way the vendor's own systems write it."""

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian

from accord.sandbox.powerserver_filing import PATIENT_DOCUMENTS
from accord.sandbox.powerserver_records import FiledDocument, HeldPatient, HeldStudy
from accord.sandbox.powerserver_values import fitted, person_name, put

RAMSOFT_GROUP, TYPE_ELEMENT = 0x311B, 0x10
PRIVATE_CREATOR = "RAMSOFT"
"""What reserves (311B,0010): not published [assumed]."""
LEVEL_CODE, LEVEL_SCHEME = "DT.01", "99RAMSOFT"
PATIENT_LEVEL, STUDY_LEVEL = "Patient Level", "Study Level"


def level_of(document: FiledDocument) -> str:
    """Give the meaning of DT.01 for a document's section."""
    return PATIENT_LEVEL if document.section == PATIENT_DOCUMENTS else STUDY_LEVEL


def describe(document: FiledDocument, patient: HeldPatient, study: HeldStudy) -> Dataset:
    """
    Give a document's attributes without its bytes, with all that queries may return.

    Content date and time are the server's wall, without an offset.

    Source: OmegaAI DICOM conformance statement Rev C, Encapsulated PDF; docs/sources.md#ps-dicom
    """
    ds = describe_study(study, patient)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = EncapsulatedPDFStorage
    ds.SOPInstanceUID, ds.SeriesInstanceUID = UID(document.sop_uid), UID(document.series_uid)
    ds.Modality, ds.ConversionType, ds.InstanceNumber = "DOC", "WSD", document.number
    ds.SeriesNumber = 9001
    ds.ContentDate = document.content_at.strftime("%Y%m%d")
    ds.ContentTime = document.content_at.strftime("%H%M%S")
    ds.InstanceCreationDate = document.filed_at.strftime("%Y%m%d")
    ds.InstanceCreationTime = document.filed_at.strftime("%H%M%S")
    put(ds, Manufacturer="RamSoft (sandbox)", BurnedInAnnotation="YES")
    put(ds, DocumentTitle=document.title)
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = len(document.content)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = LEVEL_CODE, LEVEL_SCHEME
    code.CodeMeaning = level_of(document)
    ds.ConceptNameCodeSequence = Sequence([code])
    block = ds.private_block(RAMSOFT_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(TYPE_ELEMENT, "LO", fitted("LO", document.document_type))
    return ds


def describe_study(study: HeldStudy, patient: HeldPatient) -> Dataset:
    """Give what stands in every object of a study: whose it is, and the study itself."""
    ds = Dataset()
    put(ds, PatientID=patient.number, IssuerOfPatientID=patient.issuer)
    put(ds, PatientName=person_name(patient), PatientSex=patient.sex)
    ds.PatientBirthDate = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    ds.StudyInstanceUID = UID(study.uid)
    put(ds, AccessionNumber=study.accession, StudyID=study.accession)
    ds.StudyDate, ds.StudyTime = study.start.strftime("%Y%m%d"), study.start.strftime("%H%M%S")
    put(ds, StudyDescription=study.description, ReferringPhysicianName=study.referring)
    return ds


def instance(document: FiledDocument, patient: HeldPatient, study: HeldStudy) -> Dataset:
    """Give the whole instance; an odd number of bytes is padded with one NUL (PS3.5 section 8)."""
    ds = describe(document, patient, study)
    content = document.content
    ds.EncapsulatedDocument = content + b"\x00" if len(content) % 2 else content
    ds.file_meta = _file_meta(document)
    return ds


def _file_meta(document: FiledDocument) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    meta.MediaStorageSOPInstanceUID = UID(document.sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return meta


def document_type_in(ds: Dataset) -> str:
    """Read (311B,10xx) element 10 of whoever reserved it; '' where it is absent."""
    for element in ds.group_dataset(RAMSOFT_GROUP):
        if element.tag.elem == 0x1000 | TYPE_ELEMENT and element.value:
            return _text(element.value)
    return ""


def level_in(ds: Dataset) -> str:
    """Read the meaning of DT.01/99RAMSOFT; '' where it is absent."""
    for code in ds.get("ConceptNameCodeSequence") or ():
        if code.get("CodingSchemeDesignator") == LEVEL_SCHEME:
            return str(code.get("CodeMeaning", ""))
    return ""


def content_in(ds: Dataset) -> bytes:
    """Give the encapsulated bytes without their padding."""
    content = bytes(ds.get("EncapsulatedDocument") or b"")
    length = ds.get("EncapsulatedDocumentLength")
    if length:
        return content[: int(length)]
    return content[:-1] if content.endswith(b"\x00") else content


def _text(found: object) -> str:
    if isinstance(found, bytes):  # sent as UN, under implicit VR
        return found.decode("utf-8", "replace").strip(" \x00")
    return str(found).strip()
