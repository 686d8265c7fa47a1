"""One association with a station: opened for a service, kept, rested, and closed for certain."""

import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from threading import current_thread
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made by pynetdicom at import
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from accord.adapters.dicom_refusals import refusal_of, unoffered
from accord.adapters.dicom_socket import WatchedSocket
from accord.adapters.dicom_status import PENDING
from accord.adapters.errors import Phase, Unavailable
from accord.domain.wires import DicomWire

_ACTIVE_S, _RESTING_S = 0.0002, 0.02  # pause of pynetdicom's reading loop
_PARTING_S = 2.0  # how long a station has to answer our release


class Service(StrEnum):
    """What an association is for; each kind is negotiated and pooled apart."""

    QUERY = "C-FIND"
    WORKLIST = "worklist C-FIND"
    GET = "C-GET"
    MOVE = "C-MOVE"
    STORE = "C-STORE"


MODELS: dict[Service, UID] = {
    Service.QUERY: UID(StudyRootQueryRetrieveInformationModelFind),
    Service.WORKLIST: UID(ModalityWorklistInformationFind),
    Service.GET: UID(StudyRootQueryRetrieveInformationModelGet),
    Service.MOVE: UID(StudyRootQueryRetrieveInformationModelMove),
    Service.STORE: EncapsulatedPDFStorage,
}


class LineLost(Exception):
    """The association ended before the answer came."""


class Line:
    """
    An open association; one thread uses it at a time.

    `on_object` receives what the peer sends us over C-GET and gives the status to answer.
    """

    def __init__(self, wire: DicomWire, service: Service) -> None:
        self.service = service
        self.on_object: Callable[[evt.Event], int] = lambda _event: 0x0124
        self.used = False
        self.rested_at = 0.0
        self._timeout_s = wire.timeout_s
        self._busy = False
        self.association, self.socket = _associate(wire, service, self._take)
        keep_answers_from_the_reactor(self.association)
        self.association.dul._run_loop_delay = _ACTIVE_S

    def _take(self, event: evt.Event) -> int:
        return self.on_object(event)

    @contextlib.contextmanager
    def request(self, *, longer_s: float = 0.0) -> Iterator[Association]:
        """
        Give the association for one request whose answer may take `longer_s` above the usual.

        Raises:
            LineLost: it has ended.
        """
        if not self.association.is_established:
            raise LineLost
        self.association.dimse_timeout = self._timeout_s + longer_s
        self._busy = True
        try:
            yield self.association
        except RuntimeError as error:  # pynetdicom: ended between our look and the request
            raise LineLost from error

    def answered(self, status: Dataset) -> int:
        """
        Give the code of one answer, noting whether it is the request's last.

        Raises:
            LineLost: the peer ended the association first.
            Unavailable: no answer in time.
        """
        if "Status" in status:
            code = int(status.Status)
            self._busy = code in PENDING
            return code
        if not self.association._sent_abort:  # it is not we who gave up
            raise LineLost
        raise Unavailable(
            f"no valid answer to our request within {self.association.dimse_timeout:g} s"
            " (dicom.timeout_s)",
            Phase.PROCESS,
        )

    @property
    def reusable(self) -> bool:
        """Whether nothing is outstanding and both sides still hold the association."""
        association = self.association
        ended = association.dul.peek_next_pdu() is not None or not association.dul.is_alive()
        return association.is_established and not self._busy and not ended

    def offers(self, sop_class: UID) -> bool:
        """Tell whether the station accepted this SOP class here."""
        return any(c.abstract_syntax == sop_class for c in self.association.accepted_contexts)

    def rest(self, now: float) -> None:
        """Keep the association open without pynetdicom's polling (4 % of a core each)."""
        self.rested_at = now
        self.association._reactor_checkpoint.clear()
        self.association.dul._run_loop_delay = _RESTING_S

    def wake(self) -> None:
        """Take up a rested association."""
        self.used = True
        self.association.dul._run_loop_delay = _ACTIVE_S
        self.association._reactor_checkpoint.set()

    def close(self) -> None:
        """Release the association, or abort it if a request is outstanding; end its threads."""
        self.wake()
        self.association.acse_timeout = min(self._timeout_s, _PARTING_S)
        if self.reusable:
            self.association.release()
        elif self.association.is_established:
            self.association.abort()
        finish(self.association, self.socket)


def keep_answers_from_the_reactor(association: Association) -> None:
    """
    Let nobody but the requesting thread take answers off the queue.

    pynetdicom pauses its idle loop for each request, but a pass that has just begun still takes
    a message (its issue 875): a row would be missing from a result that says success, and an
    absence that is not real would be believed. A requestor's idle loop has nothing to serve.
    """
    take = association.dimse.get_msg

    def take_unless_idle(block: bool = False) -> Any:
        return (None, None) if current_thread() is association else take(block)

    association.dimse.get_msg = take_unless_idle  # type: ignore[method-assign]  # no public seam


class _Caller(AE):
    """pynetdicom's application entity, with our socket under each association."""

    def __init__(self, wire: DicomWire) -> None:
        super().__init__(wire.calling_ae_title)
        self.acse_timeout = self.dimse_timeout = self.connection_timeout = wire.timeout_s
        self.network_timeout = None  # the pool decides how long an association is kept
        self._timeout_s = wire.timeout_s

    def _create_socket(self, assoc: Association, address: Any, tls_args: Any) -> WatchedSocket:
        self.watched = WatchedSocket(assoc, address=address)
        self.watched.timeout_s = self._timeout_s
        self.association = assoc
        return self.watched


def _associate(
    wire: DicomWire, service: Service, take: Callable[[evt.Event], int]
) -> tuple[Association, WatchedSocket]:
    caller = _Caller(wire)
    contexts, roles = _proposal(service)
    handlers: list[Any] = [(evt.EVT_C_STORE, take), (evt.EVT_ABORTED, _hang_up)]
    try:
        association = caller.associate(
            wire.host,
            wire.port,
            contexts=contexts,
            ae_title=wire.ae_title,
            ext_neg=roles,
            evt_handlers=handlers,
        )
    except OSError as error:
        raise Unavailable(
            "the station's name has no address (dicom.host)", Phase.RESOLVE
        ) from error
    if association.is_established:
        missing = unoffered(association, MODELS[service], service)
        if missing is None:
            return association, caller.watched
        association.release()
        finish(association, caller.watched)
        raise missing
    finish(association, caller.watched)
    raise refusal_of(association, caller.watched, wire)


def _proposal(service: Service) -> tuple[list[Any], list[Any]]:
    syntaxes: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    contexts = [build_context(MODELS[service], syntaxes), build_context(Verification, syntaxes)]
    roles: list[Any] = []
    if service is Service.GET:
        contexts.append(build_context(EncapsulatedPDFStorage, syntaxes))
        roles.append(build_role(EncapsulatedPDFStorage, scp_role=True))
    return contexts, roles


def _hang_up(event: evt.Event) -> None:
    """Wake a thread that waits inside half a PDU: an abort would else wait for it."""
    socket = event.assoc.dul.socket
    if isinstance(socket, WatchedSocket):
        socket.hang_up_soon()


def finish(association: Association, socket: WatchedSocket) -> None:
    """End both threads of an association and close its socket, whatever state it is in."""
    association.dul.kill_dul()
    association._kill = True
    association._reactor_checkpoint.set()
    socket.hang_up()
    for thread in (association.dul, association):
        with contextlib.suppress(RuntimeError):  # never started
            thread.join()
    socket.dispose()
