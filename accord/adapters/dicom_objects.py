"""Objects on their way to us: what was asked for, what came, what is missing."""

import contextlib
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE

from accord.adapters.dicom_partial import OddObject
from accord.adapters.dicom_socket import acknowledge_at_once
from accord.adapters.errors import Phase, Unavailable
from accord.domain.identifiers import Uid

_TAKEN, _NOT_AUTHORIZED = 0x0000, 0x0124


class ObjectRef(NamedTuple):
    """Where an object stands: a retrieval is hierarchical and needs all three."""

    study_uid: Uid
    series_uid: Uid
    sop_uid: Uid


@dataclass(frozen=True, repr=False)
class Retrieved:
    """What a retrieval brought. `missing` stays empty when all came."""

    objects: dict[Uid, Dataset]
    missing: tuple[ObjectRef, ...]

    @property
    def complete(self) -> bool:
        """Whether each object asked for came; by UID, since a count can agree by accident."""
        return not self.missing


@dataclass(repr=False)
class Inbox:
    """Takes objects as they arrive, from any thread, and keeps those that were asked for."""

    wanted: frozenset[Uid]
    objects: dict[Uid, Dataset] = field(default_factory=dict)
    conflicting: bool = False
    """Whether two different objects came under one SOP Instance UID."""

    def take(self, event: evt.Event) -> int:
        """Keep an object that was asked for; give the status to answer."""
        uid = _uid_of(event)
        if uid not in self.wanted:
            return _TAKEN  # a series was asked for, and holds more than we want
        arrived = event.dataset
        if uid in self.objects and self.objects[uid] != arrived:
            self.conflicting = True
        self.objects[uid] = arrived
        return _TAKEN

    def missing_of(self, asked: Iterable[ObjectRef]) -> tuple[ObjectRef, ...]:
        """Name what was asked for and did not come."""
        return tuple(ref for ref in asked if ref.sop_uid not in self.objects)

    def checked(self) -> None:
        """
        Refuse contents that contradict each other.

        Raises:
            OddObject: two different objects under one SOP Instance UID.
        """
        if self.conflicting:
            raise OddObject(
                "two different objects came under one SOP Instance UID (0008,0018)", Phase.VERIFY
            )


class Receiver:
    """
    Our own storage port, for C-MOVE: takes only what one of our retrievals asked for.

    Args:
        host: the address to listen on.
        port: 0 is no use here, since the station must know it beforehand.

    Raises:
        Unavailable: the port is taken or not ours to open.
    """

    def __init__(self, ae_title: str, host: str, port: int) -> None:
        self._inboxes: list[Inbox] = []
        self._lock = threading.Lock()
        entity = AE(ae_title)
        entity.require_called_aet = True
        entity.add_supported_context(
            EncapsulatedPDFStorage, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        )
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_CONN_OPEN, _no_delay),
            (evt.EVT_DATA_RECV, _acknowledge),
            (evt.EVT_C_STORE, self._take),
        ]
        try:
            self._server = entity.start_server((host, port), block=False, evt_handlers=handlers)
        except OSError as error:
            raise Unavailable(
                "our own storage port cannot be opened: is `dicom.move_port` in use?",
                Phase.CONNECT,
            ) from error

    def expect(self, inbox: Inbox) -> None:
        """Take the objects of `inbox` from now on."""
        with self._lock:
            self._inboxes.append(inbox)

    def forget(self, inbox: Inbox) -> None:
        """Take them no longer."""
        with self._lock:
            self._inboxes = [other for other in self._inboxes if other is not inbox]

    def _take(self, event: evt.Event) -> int:
        uid = _uid_of(event)
        with self._lock:
            takers = [inbox for inbox in self._inboxes if uid in inbox.wanted]
        for inbox in takers:
            inbox.take(event)
        return _TAKEN if takers else _NOT_AUTHORIZED

    def close(self) -> None:
        """Stop listening; end what is connected, even a peer that is silent inside a PDU."""
        if self._server is None:
            return
        connected = self._server.active_associations
        self._server.shutdown()
        for association in connected:
            wrapped = association.dul.socket
            if wrapped is not None and wrapped.socket is not None:
                with contextlib.suppress(OSError):
                    wrapped.socket.shutdown(socket.SHUT_RDWR)
            # pynetdicom reads None as "no request came" and stops waiting for one
            association.dul.to_user_queue.put(None)  # type: ignore[arg-type,unused-ignore]
            association.join()


def _uid_of(event: evt.Event) -> Uid:
    request = event.request
    return Uid(str(request.AffectedSOPInstanceUID if isinstance(request, C_STORE) else ""))


def _no_delay(event: evt.Event) -> None:
    wrapped = event.assoc.dul.socket
    if wrapped is not None and wrapped.socket is not None:
        wrapped.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acknowledge(event: evt.Event) -> None:
    wrapped = event.assoc.dul.socket
    if wrapped is not None and wrapped.socket is not None:
        acknowledge_at_once(wrapped.socket)
