"""What PowerServer's DICOM side finds: studies, series, documents and the modality worklist."""

from collections.abc import Callable, Iterable
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_instances import describe, describe_study
from accord.sandbox.powerserver_matching import days_of, matches, values_of
from accord.sandbox.powerserver_records import FiledDocument, HeldPatient, HeldStudy, PatientKey
from accord.sandbox.powerserver_values import fitted, put

IDENTIFIER_DOES_NOT_MATCH = 0xA900
BEFORE_EXAM = frozenset({"ORDERED", "SCHEDULED", "CONFIRMED", "ARRIVED", "READYFORSCAN"})
"""Study statuses that stand on the modality worklist."""
KEYS_ABOVE = {
    "STUDY": (),
    "SERIES": ("StudyInstanceUID",),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
}
"""Hierarchical queries only: each level needs one value for the unique keys above it."""


class NotHierarchical(Exception):
    """The query names no level, or lacks a unique key above it."""


class Finder:
    """Answers queries from one archive, by index."""

    def __init__(self, archive: Archive, now: Callable[[], datetime], ae_title: str) -> None:
        self._archive, self._now, self._ae_title = archive, now, ae_title
        self._described: dict[int, tuple[PatientKey, Dataset]] = {}

    def rows(self, identifier: Dataset) -> list[Dataset]:
        """
        Give every row the query matches, whole; the caller cuts and selects.

        Raises:
            NotHierarchical: a relational query.
        """
        level = str(identifier.get("QueryRetrieveLevel", ""))
        if level not in KEYS_ABOVE or any(
            len(values_of(identifier, key)) != 1 for key in KEYS_ABOVE[level]
        ):
            raise NotHierarchical
        with self._archive.lock:
            if level == "STUDY":
                rows = [self._study_row(study) for study in self._candidates(identifier)]
            else:
                found = [self._describe(each) for each in self._documents(identifier)]
                rows = _one_per_series(found) if level == "SERIES" else found
        return [row for row in rows if matches(row, identifier)]

    def documents(self, identifier: Dataset) -> list[FiledDocument]:
        """
        Give the documents a retrieval asks for, by the unique keys down to its level.

        Raises:
            NotHierarchical: as for `rows`.
        """
        level = str(identifier.get("QueryRetrieveLevel", ""))
        if level not in KEYS_ABOVE:
            raise NotHierarchical
        uids = values_of(identifier, "SOPInstanceUID")
        if level == "IMAGE" and uids:
            found = [self._archive.document_by_sop(uid) for uid in uids]
            return [each for each in found if each is not None and self.shows(each)]
        if not values_of(identifier, "StudyInstanceUID"):
            raise NotHierarchical
        series = values_of(identifier, "SeriesInstanceUID")
        return [
            each for each in self._documents(identifier) if not series or each.series_uid in series
        ]

    def worklist(self, identifier: Dataset) -> list[Dataset]:
        """Give the modality worklist's rows that the query matches."""
        with self._archive.lock:
            rows = [
                self._worklist_row(study)
                for study in self._archive.studies.values()
                if study.status in BEFORE_EXAM and not study.documents_only
            ]
        return [row for row in rows if matches(row, identifier)]

    def shows(self, document: FiledDocument) -> bool:
        """Tell whether DICOM shows the document now."""
        return document.is_current and document.visible_at <= self._now()

    def owner(self, study: HeldStudy) -> HeldPatient:
        """Give a study's patient."""
        issuer, number = study.patient
        return self._archive.patients.get(study.patient) or HeldPatient(number, issuer, "")

    def _candidates(self, identifier: Dataset) -> Iterable[HeldStudy]:
        archive = self._archive
        if uids := values_of(identifier, "StudyInstanceUID"):
            found = [archive.studies[uid] for uid in uids if uid in archive.studies]
        elif (exact := _exact(identifier, "AccessionNumber")) is not None:
            study = archive.study_by(accession=exact)
            found = [study] if study else []
        elif (exact := _exact(identifier, "PatientID")) is not None:
            found = archive.studies_of_number(exact)
        elif days := days_of("".join(values_of(identifier, "StudyDate"))):
            found = archive.studies_on(days)
        else:
            found = list(archive.studies.values())
        return [study for study in found if not study.documents_only or self._shown_of(study)]

    def _shown_of(self, study: HeldStudy) -> list[FiledDocument]:
        return [each for each in self._archive.documents_of(study.uid) if self.shows(each)]

    def _documents(self, identifier: Dataset) -> list[FiledDocument]:
        return [
            each
            for uid in values_of(identifier, "StudyInstanceUID")
            for each in self._archive.documents_of(uid)
            if self.shows(each)
        ]

    def _describe(self, document: FiledDocument) -> Dataset:
        """Describe a document once; again after a merge."""
        study = self._archive.studies[document.study_uid]
        owner, described = self._described.get(document.number, (None, Dataset()))
        if owner != study.patient:
            described = describe(document, self.owner(study), study)
            self._described[document.number] = (study.patient, described)
        return described

    def _study_row(self, study: HeldStudy) -> Dataset:
        row, shown = self._row(study), self._shown_of(study)
        modality = fitted("CS", study.modality) or "OT"
        row.ModalitiesInStudy = sorted({modality} | ({"DOC"} if shown else set()))
        row.NumberOfStudyRelatedSeries = len({each.series_uid for each in shown})
        row.NumberOfStudyRelatedInstances = len(shown)
        return row

    def _row(self, study: HeldStudy) -> Dataset:
        row = describe_study(study, self.owner(study))
        put(row, StudyStatusID=study.status, StudyPriorityID=study.priority)
        return row

    def _worklist_row(self, study: HeldStudy) -> Dataset:
        row, step = self._row(study), Dataset()
        put(row, RequestedProcedureID=study.placer_order)
        put(row, RequestedProcedureDescription=study.description)
        put(step, Modality=study.modality, ScheduledStationAETitle=self._ae_title)
        step.ScheduledProcedureStepStartDate = row.StudyDate
        step.ScheduledProcedureStepStartTime = row.StudyTime
        put(step, ScheduledProcedureStepDescription=study.description)
        put(step, ScheduledProcedureStepID=study.placer_order)
        row.ScheduledProcedureStepSequence = Sequence([step])
        return row


def _one_per_series(documents: list[Dataset]) -> list[Dataset]:
    rows: dict[str, Dataset] = {}
    for document in documents:
        if document.SeriesInstanceUID not in rows:
            rows[document.SeriesInstanceUID] = Dataset(document)
        row = rows[document.SeriesInstanceUID]
        row.NumberOfSeriesRelatedInstances = 1 + int(row.get("NumberOfSeriesRelatedInstances", 0))
    return list(rows.values())


def _exact(identifier: Dataset, keyword: str) -> str | None:
    """Give a key's one value without wildcards; None where no index can serve it."""
    values = values_of(identifier, keyword)
    if len(values) != 1 or "*" in values[0] or "?" in values[0]:
        return None
    return values[0]
