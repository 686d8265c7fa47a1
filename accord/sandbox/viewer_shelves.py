"""What a PowerServer user sees of the archive: worklist rows, and documents by section."""

from dataclasses import dataclass
from datetime import datetime

from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_filing import DOCUMENTS, PATIENT_DOCUMENTS, REPORTS
from accord.sandbox.powerserver_records import FiledDocument, HeldPatient, HeldStudy, PatientKey

PRIOR_REPORTS = "Prior Reports"
SECTIONS = (REPORTS, PRIOR_REPORTS, DOCUMENTS, PATIENT_DOCUMENTS)
"""The four sections, in the order of the Document Viewer."""


@dataclass(frozen=True)
class Row:
    """One line of the worklist. `place` is the study's, counted from 1."""

    place: int
    study: HeldStudy
    patient: HeldPatient
    documents: int


@dataclass(frozen=True)
class Shelf:
    """One section of the Document Viewer: documents by type, newest first."""

    section: str
    by_type: dict[str, list[FiledDocument]]

    @property
    def count(self) -> int:
        """How many documents stand here."""
        return sum(len(documents) for documents in self.by_type.values())


def worklist(archive: Archive, sought: str = "") -> list[Row]:
    """List the studies whose patient, number or accession holds `sought`, by their start."""
    with archive.lock:
        rows = [
            Row(place, study, _owner(archive, study.patient), _count(archive, study))
            for place, study in enumerate(archive.studies.values(), start=1)
            if not study.documents_only or len(archive.studies_of(study.patient)) == 1
        ]
    wanted = sought.casefold().split()
    found = [row for row in rows if all(word in _words(row) for word in wanted)]
    return sorted(found, key=lambda row: (row.study.start, row.place))


def row_at(archive: Archive, place: int) -> Row | None:
    """Give the worklist's row of a study by its place."""
    with archive.lock:
        studies = list(archive.studies.values())
        if not 1 <= place <= len(studies):
            return None
        study = studies[place - 1]
        return Row(place, study, _owner(archive, study.patient), _count(archive, study))


def shelves(archive: Archive, study: HeldStudy) -> list[Shelf]:
    """Give the four sections: what is filed with the study, and what is filed with its patient."""
    with archive.lock:
        found = [
            document
            for each in archive.studies_of(study.patient)
            if each.uid == study.uid or each.documents_only
            for document in archive.documents_of(each.uid)
        ]
    return [_shelf(section, found) for section in SECTIONS]


def is_hidden(document: FiledDocument, now: datetime) -> bool:
    """Tell whether DICOM does not show the document yet."""
    return document.visible_at > now


def _shelf(section: str, found: list[FiledDocument]) -> Shelf:
    by_type: dict[str, list[FiledDocument]] = {}
    for document in sorted(found, key=lambda each: each.number, reverse=True):
        if document.section == section:
            by_type.setdefault(document.document_type, []).append(document)
    return Shelf(section, dict(sorted(by_type.items())))


def _count(archive: Archive, study: HeldStudy) -> int:
    return sum(shelf.count for shelf in shelves(archive, study))


def _owner(archive: Archive, key: PatientKey) -> HeldPatient:
    return archive.patients.get(key) or HeldPatient(number=key[1], issuer=key[0], family="")


def _words(row: Row) -> str:
    patient = row.patient
    return " ".join((patient.family, patient.given, patient.number, row.study.accession)).casefold()
