"""Filing a document by C-STORE: allowed only while it leaves the study's status alone."""

from collections.abc import Callable
from threading import Lock
from zoneinfo import ZoneInfo

from accord.adapters.dicom import DicomStation
from accord.adapters.dicom_documents import DicomDocuments
from accord.adapters.dicom_encapsulated import encapsulate
from accord.adapters.dicom_studies import StudyState
from accord.adapters.errors import PeerError, Phase, Rejected, Uncertain
from accord.domain.documents import Answer, DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import Section
from accord.domain.wires import FilingSettings, PatientLevelStudy


class StatusMoved(Uncertain):
    """
    A document sent by C-STORE moved its study's status: this route sends nothing more.

    The document itself was taken. A stored object may complete an appointment that has not
    taken place, and the patient would be shown so; a person puts the status back.

    Source: docs/sources.md#ps-study-status ("Started: first DICOM file")
    """


class StatusUnread(Uncertain):
    """The document was taken, but the study's status could not be read afterwards."""


class CannotWithdraw(Exception):
    """C-STORE only adds: a withdrawal is a human task, or goes by MDM^T11."""


class PatientLevelUndecided(Exception):
    """Nobody decided in which study this site's patient-level documents stand."""


class NoSuchStudy(Rejected):
    """The station shows no study with the document's accession number: nothing was sent."""


class DicomFiling:
    """
    Files documents at one station.

    Args:
        station: where to.
        documents: how it is read.
        zone: the peer's declared zone.
        settings: what the site's acceptance run decided.
    """

    def __init__(
        self,
        station: DicomStation,
        documents: DicomDocuments,
        zone: ZoneInfo,
        settings: FilingSettings | None = None,
    ) -> None:
        self._station, self._documents, self._zone = station, documents, zone
        self._settings = settings or FilingSettings()
        self._stopped = False
        self._lock = Lock()

    def store_document(
        self, order: DocumentOrder, before_send: Callable[[], None] = lambda: None
    ) -> Answer:
        """
        File one document, reading its study's status before and after.

        `before_send` is called after the association stands and before the first byte of the
        C-STORE leaves. Sending the same order again leaves one object at the peer.

        Raises:
            StatusMoved: the document was taken and the status changed; or, with nothing sent,
                it changed earlier and the route is stopped.
            StatusUnread: taken, but the status could not be read afterwards.
            NoSuchStudy: nothing was sent.
            Rejected: the peer does not say the study's status, and nothing was sent; or it
                refused the document.
            AmbiguousStudy, PatientLevelUndecided, CannotWithdraw, UnfitForDicom: nothing sent.
            PeerError: as `DicomStation.store`.
        """
        if order.intent is Intent.WITHDRAW_DOCUMENT:
            raise CannotWithdraw("a withdrawal cannot be sent by C-STORE")
        self._check_route()
        study = self._study_for(order)
        creator = self._settings.private_creator
        dataset = encapsulate(order, study=study, zone=self._zone, private_creator=creator)
        answer = self._station.store(dataset, before_send=before_send)
        if study is not None:
            self._check_unmoved(study, answer)
        return answer

    def _check_route(self) -> None:
        with self._lock:
            if self._stopped:
                raise StatusMoved(
                    "an earlier document moved a study's status: the C-STORE route is stopped;"
                    " set `document_route: mdm`",
                    Phase.SEND,
                )

    def _study_for(self, order: DocumentOrder) -> StudyState | None:
        if order.section is Section.PATIENT_DOCS:
            if self._settings.patient_level is PatientLevelStudy.UNDECIDED:
                raise PatientLevelUndecided(
                    "a patient-level document needs a study in DICOM: decide where it stands,"
                    " or set `document_route: mdm`"
                )
            if self._settings.patient_level is PatientLevelStudy.OWN:
                return None
        study = (
            self._documents.study_state(order.patient.id, order.accession)
            if order.accession
            else None
        )
        if study is None:
            raise NoSuchStudy(
                "the station shows no study with this accession number (0008,0050)", Phase.VERIFY
            )
        if self._settings.status_required and not study.status:
            raise Rejected(
                "the station does not return the study status (0032,000A), so a change by our"
                " C-STORE could not be seen: set `document_route: mdm`",
                Phase.VERIFY,
            )
        return study

    def _check_unmoved(self, before: StudyState, answer: Answer) -> None:
        try:
            after = self._documents.study_by_uid(before.study_uid, before.patient)
        except PeerError as error:
            raise StatusUnread(
                "the document was taken, but the study's status could not be read afterwards",
                Phase.VERIFY,
                answer.code,
            ) from error
        if after is None or after.status != before.status:
            with self._lock:
                self._stopped = True
            raise StatusMoved(
                "the document was taken and its study's status (0032,000A) changed: the C-STORE"
                " route is stopped; put the status back and set `document_route: mdm`",
                Phase.VERIFY,
                answer.code,
            )
