"""Fetching objects by C-GET or C-MOVE until each asked for came, or was asked for twice."""

import contextlib
from collections.abc import Iterator
from itertools import groupby
from threading import Lock

from pydicom.dataset import Dataset

from accord.adapters.dicom_association import MODELS, Line, LineLost, Service
from accord.adapters.dicom_objects import Inbox, ObjectRef, Receiver, Retrieved
from accord.adapters.dicom_partial import NotHandedOut
from accord.adapters.dicom_pool import AssociationPool, BrokeOff
from accord.adapters.dicom_status import (
    PENDING,
    SUCCESS,
    UNPERFORMED,
    code_of,
    failure_of,
    is_warning,
)
from accord.adapters.errors import PeerError, Phase, Rejected
from accord.domain.wires import DicomWire, Retrieve

SERIES_AT_ONCE = 50  # a list of UIDs in one request


class Retrieval:
    """Fetches from one station, by the way its wire names."""

    def __init__(self, wire: DicomWire, pool: AssociationPool, move_host: str) -> None:
        if wire.retrieve is Retrieve.MOVE and not wire.move_port:
            raise ValueError("dicom.move_port: `retrieve: move` needs our own storage port")
        self._wire, self._pool, self._move_host = wire, pool, move_host
        self._service = Service.GET if wire.retrieve is Retrieve.GET else Service.MOVE
        self._receiver: Receiver | None = None
        self._lock = Lock()

    def fetch(self, wanted: list[ObjectRef]) -> Retrieved:
        """Fetch `wanted`; ask once more, one by one, for what did not come."""
        inbox = Inbox(frozenset(ref.sop_uid for ref in wanted))
        with self._receiving(inbox):
            self._at_first(wanted, inbox)
            self._again(wanted, inbox)
        inbox.checked()
        return Retrieved(inbox.objects, inbox.missing_of(wanted))

    def close(self) -> None:
        """Close our own storage port, if it was opened."""
        with self._lock:
            if self._receiver is not None:
                self._receiver.close()
            self._receiver = None

    def _at_first(self, wanted: list[ObjectRef], inbox: Inbox) -> None:
        """Ask for all, by series where there are several; a station may refuse such lists."""
        tolerated = (BrokeOff,) if len(wanted) == 1 else (BrokeOff, Rejected)
        for keys in _requests(wanted):
            with contextlib.suppress(*tolerated):
                self._ask(keys, inbox)

    def _again(self, wanted: list[ObjectRef], inbox: Inbox) -> None:
        refusal: Rejected | None = None
        for ref in inbox.missing_of(wanted):
            try:
                self._ask(_image_keys(ref), inbox)
            except Rejected as error:
                refusal = error
        if refusal is not None and not inbox.objects:
            raise refusal

    def _ask(self, keys: Dataset, inbox: Inbox) -> None:
        self._pool.read(self._service, lambda line: self._pulled(line, keys, inbox))

    def _pulled(self, line: Line, keys: Dataset, inbox: Inbox) -> None:
        line.on_object = inbox.take
        model = MODELS[self._service]
        with line.request() as association:
            answers = (
                association.send_c_get(keys, model)
                if self._service is Service.GET
                else association.send_c_move(keys, self._wire.calling_ae_title, model)
            )
            for status, _ in answers:
                code = line.answered(status)
                if code in PENDING:
                    continue
                if code != SUCCESS and not is_warning(code):
                    raise self._failure_of(code)
                return
        raise LineLost

    def _failure_of(self, code: int) -> PeerError:
        """Tell a station that cannot send these objects from one that sends nobody anything."""
        # by C-MOVE, nothing sent may also mean that our own port cannot be reached
        unperformed = code == UNPERFORMED and self._service is Service.GET
        if unperformed or 0xC000 <= code <= 0xCFFF:
            text = f"{self._service.value}: the station could not send what it shows"
            return NotHandedOut(text, Phase.PROCESS, code_of(code))
        return failure_of(code, self._service.value)

    @contextlib.contextmanager
    def _receiving(self, inbox: Inbox) -> Iterator[None]:
        if self._service is Service.GET:
            yield
            return
        with self._lock:
            if self._receiver is None:
                self._receiver = Receiver(
                    self._wire.calling_ae_title, self._move_host, self._wire.move_port
                )
            receiver = self._receiver
        receiver.expect(inbox)
        try:
            yield
        finally:
            receiver.forget(inbox)


def _requests(wanted: list[ObjectRef]) -> Iterator[Dataset]:
    if len(wanted) == 1:
        yield _image_keys(wanted[0])
        return
    for study_uid, refs in groupby(sorted(wanted), key=lambda ref: ref.study_uid):
        series = sorted({ref.series_uid for ref in refs})
        for start in range(0, len(series), SERIES_AT_ONCE):
            keys = Dataset()
            keys.QueryRetrieveLevel = "SERIES"
            keys.StudyInstanceUID = study_uid
            keys.SeriesInstanceUID = series[start : start + SERIES_AT_ONCE]
            yield keys


def _image_keys(ref: ObjectRef) -> Dataset:
    keys = Dataset()
    keys.QueryRetrieveLevel = "IMAGE"
    keys.StudyInstanceUID = ref.study_uid
    keys.SeriesInstanceUID = ref.series_uid
    keys.SOPInstanceUID = ref.sop_uid
    return keys
