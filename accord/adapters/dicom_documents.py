"""The documents a PowerServer holds, as its DICOM side shows them, in the domain's words."""

from collections.abc import Callable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset

from accord.adapters.dicom import DicomStation, FindResult, Level
from accord.adapters.dicom_objects import ObjectRef
from accord.adapters.dicom_rows import text_of
from accord.adapters.dicom_seen import (
    DocumentsFetched,
    DocumentsFound,
    FetchedDocument,
    fetched_of,
    image_keys,
    is_pdf,
    seen_of,
)
from accord.adapters.dicom_studies import (
    StudiesFound,
    StudyState,
    in_window,
    of_patient,
    state_of,
    study_keys,
)
from accord.adapters.errors import Phase, Unavailable
from accord.domain.documents import DocumentSeen
from accord.domain.identifiers import AccessionNumber, Uid
from accord.domain.people import PatientId


class AmbiguousStudy(Exception):
    """One accession number of one patient leads to several studies: a person decides."""


class DicomDocuments:
    """
    Reads studies and documents from one station.

    Queries are hierarchical; Patient ID goes with its issuer, and both are compared again here.

    Args:
        station: the station; several readers may share it.
        zone: the peer's declared zone, in which times without an offset are read.
    """

    def __init__(self, station: DicomStation, zone: ZoneInfo) -> None:
        self._station, self._zone = station, zone

    def documents_of(
        self, patient: PatientId, accession: AccessionNumber | None = None
    ) -> DocumentsFound:
        """
        List a patient's documents: of one study, or of all if `accession` is None.

        Raises:
            PeerError: the peer could not be asked; nothing may be concluded.
            UnfitForDicom: the number cannot be asked for over DICOM.
        """
        studies, complete = self._studies(patient, accession)
        documents: list[DocumentSeen] = []
        for study in studies:
            found, whole = self._documents_in(study)
            documents += found
            complete = complete and whole
        uids = [document.sop_uid for document in documents]
        doubled = tuple(sorted({uid for uid in uids if uids.count(uid) > 1}))
        return DocumentsFound(documents=tuple(documents), complete=complete, doubled=doubled)

    def fetch(self, seen: DocumentSeen) -> FetchedDocument:
        """
        Fetch one document with its bytes.

        Raises:
            Unavailable: the station shows it but did not send it.
            OddObject: it holds no document, or belongs to another patient than it seemed.
            PeerError: as for any retrieval.
        """
        fetched = self.fetch_many([seen])
        if fetched.missing:
            raise Unavailable("the station did not send the document", Phase.PROCESS)
        return fetched.documents[0]

    def fetch_many(self, seen: Sequence[DocumentSeen]) -> DocumentsFetched:
        """
        Fetch several documents on one association, by series; what did not come is named.

        Raises:
            PeerError: as for `fetch`.
        """
        wanted = [ObjectRef(s.study_uid, s.series_uid, s.sop_uid) for s in seen]
        retrieved = self._station.retrieve(wanted) if wanted else None
        objects = retrieved.objects if retrieved is not None else {}
        return DocumentsFetched(
            documents=tuple(
                fetched_of(s, objects[s.sop_uid], self._zone) for s in seen if s.sop_uid in objects
            ),
            missing=tuple(s.sop_uid for s in seen if s.sop_uid not in objects),
        )

    def read(self, seen: DocumentSeen) -> DocumentSeen:
        """Complete what a C-FIND left out, from the document itself; raises as `fetch` does."""
        return self.fetch(seen).seen

    def study_state(self, patient: PatientId, accession: AccessionNumber) -> StudyState | None:
        """
        Give the study with this accession number; None if the peer shows none.

        Raises:
            AmbiguousStudy: there are several.
            PeerError: the peer could not be asked, or would not say all.
        """
        studies, complete = self._studies(patient, accession)
        if len(studies) > 1:
            raise AmbiguousStudy("several studies share one accession number (0008,0050)")
        if not studies and not complete:
            raise Unavailable("the result was cut short before the study", Phase.VERIFY)
        return studies[0] if studies else None

    def study_by_uid(self, uid: Uid, patient: PatientId) -> StudyState | None:
        """Give a patient's study by its UID; raises as `study_state` does."""
        keys = study_keys(patient)
        keys.StudyInstanceUID = uid
        states = [state_of(row, self._zone, patient) for row in self._at_study(keys).rows]
        return next((s for s in states if s.study_uid == uid and s.patient == patient), None)

    def studies_on(self, first: date, last: date, patient: PatientId | None = None) -> StudiesFound:
        """
        Find the studies of days `first` to `last`, both included, in the peer's own zone.

        Raises:
            ValueError: the window ends before it starts.
            PeerError: the peer could not be asked.
        """
        if last < first:
            raise ValueError("the window ends before it starts")
        rows, complete = in_window(self._at_study, study_keys(patient), first, last)
        states = (state_of(row, self._zone, patient) for row in rows)
        inside = tuple(
            s
            for s in states
            if (s.day is None or first <= s.day <= last)
            and (patient is None or s.patient == patient)
        )
        return StudiesFound(studies=inside, complete=complete)

    def sees(self, study: Uid, series: Uid, sop: Uid) -> bool:
        """
        Say whether an object known to be there is found: is the way of reading alive?

        Raises:
            PeerError: the way of reading is down.
        """
        keys = Dataset()
        keys.StudyInstanceUID, keys.SeriesInstanceUID, keys.SOPInstanceUID = study, series, sop
        rows = self._station.find(Level.IMAGE, keys).rows
        return any(text_of(row, "SOPInstanceUID") == sop for row in rows)

    @property
    def _at_study(self) -> Callable[[Dataset], FindResult]:
        return lambda keys: self._station.find(Level.STUDY, keys)

    def _studies(
        self, patient: PatientId, accession: AccessionNumber | None
    ) -> tuple[list[StudyState], bool]:
        rows, complete = of_patient(self._at_study, study_keys(patient, accession))
        states = [state_of(row, self._zone, patient) for row in rows]
        return [
            s
            for s in states
            if s.patient == patient and accession in (None, s.accession or accession)
        ], complete

    def _documents_in(self, study: StudyState) -> tuple[list[DocumentSeen], bool]:
        keys = Dataset()
        keys.StudyInstanceUID = study.study_uid
        keys.SeriesInstanceUID, keys.Modality = "", "DOC"
        series = self._station.find(Level.SERIES, keys)
        documents: list[DocumentSeen] = []
        complete = not series.truncated
        for row in series.rows:
            if text_of(row, "Modality") not in ("", "DOC"):
                continue
            found = self._station.find(Level.IMAGE, image_keys(study.study_uid, row))
            complete = complete and not found.truncated
            uid = Uid(text_of(row, "SeriesInstanceUID"))
            documents += [
                seen_of(image, study, uid, self._zone) for image in found.rows if is_pdf(image)
            ]
        return documents, complete
