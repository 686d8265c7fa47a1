"""A small DICOM station for the tests of our client side, with faults that can be switched on."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import ThreadedAssociationServer

from accord.domain.wires import DicomWire

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
ALL = (
    Verification,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    ModalityWorklistInformationFind,
    EncapsulatedPDFStorage,
)
KEYS = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
IDENTITY = ("PatientID", "IssuerOfPatientID")


@dataclass
class Peer:
    """What the station holds, what it does wrong, and what it noticed."""

    port: int = 0
    host: str = "127.0.0.1"
    studies: list[Dataset] = field(default_factory=list)
    documents: list[Dataset] = field(default_factory=list)
    worklist: list[Dataset] = field(default_factory=list)

    services: tuple[Any, ...] = ALL
    grants_role: bool = True
    limit: int = 0
    """Rows a C-FIND gives at most; 0: all."""
    find_status: int = 0x0000
    returns_issuer: bool = True
    minds_issuer: bool = True
    image_rows_say_all: bool = True
    delay_s: float = 0.0
    abort_finds: int = 0
    abort_gets_after: int | None = None
    """Objects of the next C-GET or C-MOVE after which the association is aborted, once."""
    skip_once: set[str] = field(default_factory=set)
    """SOP Instance UIDs left out of the next retrieval (0xB000)."""
    lose: set[str] = field(default_factory=set)
    """SOP Instance UIDs that no retrieval brings."""
    withheld: dict[str, int] = field(default_factory=dict)
    """SOP Instance UIDs whose retrieval ends with this status, and nothing sent."""
    refuses_lists: bool = False
    store_status: int = 0x0000
    abort_store: str = ""
    """`before` or `after` filing."""
    status_after_store: str = ""
    destination_port: int = 0

    noted: Counter[str] = field(default_factory=Counter)
    no_delay: list[bool] = field(default_factory=list)
    queries: list[Dataset] = field(default_factory=list)
    associations: list[Any] = field(default_factory=list)

    def wire(self, **changes: Any) -> DicomWire:
        settings: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "ae_title": "PEER",
            "timeout_s": 5,
        }
        return DicomWire(**(settings | changes))

    def _opened(self, event: evt.Event) -> None:
        sock = event.assoc.dul.socket.socket  # type: ignore[union-attr]
        assert sock is not None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.associations.append(event.assoc)
        self.noted["connections"] += 1

    def _accepted(self, _event: evt.Event) -> None:
        self.noted["associations"] += 1

    def _echo(self, _event: evt.Event) -> int:
        self.noted["echo"] += 1
        return 0x0000

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        self.noted["find"] += 1
        time.sleep(self.delay_s)
        query = event.identifier
        self.queries.append(query)
        if self.abort_finds:
            self.abort_finds -= 1
            event.assoc.abort()
            return
        rows = [row for row in self._candidates(query) if self._matches(query, row)]
        for row in rows[: self.limit or None]:
            yield 0xFF00, self._answer(query, row)
        if self.find_status:
            yield self.find_status, None

    def _candidates(self, query: Dataset) -> list[Dataset]:
        match query.get("QueryRetrieveLevel"):
            case None:
                return self.worklist
            case "STUDY":
                return self.studies
            case "SERIES":
                return [*{d.SeriesInstanceUID: d for d in self.documents}.values()]
            case _:
                return self.documents

    def _matches(self, query: Dataset, row: Dataset) -> bool:
        keys = [*KEYS.values(), "PatientID", "AccessionNumber", "Modality"]
        if self.minds_issuer:
            keys.append("IssuerOfPatientID")
        if any(query.get(key) and query.get(key) != row.get(key) for key in keys):
            return False
        return all(
            _in_range(str(query.get(key, "")), str(row.get(key, "")))
            for key in ("StudyDate", "StudyTime")
        )

    def _answer(self, query: Dataset, row: Dataset) -> Dataset:
        answer = Dataset()
        answer.SpecificCharacterSet = row.get("SpecificCharacterSet", "ISO_IR 192")
        if query.get("QueryRetrieveLevel"):
            answer.QueryRetrieveLevel = query.QueryRetrieveLevel
        for element in query:
            if element.tag in (Tag(0x0008, 0x0052), Tag(0x0008, 0x0005)):
                continue
            if not self.returns_issuer and element.keyword == "IssuerOfPatientID":
                continue
            silent = not self.image_rows_say_all and element.keyword not in KEYS.values()
            if query.get("QueryRetrieveLevel") == "IMAGE" and silent:
                continue
            if element.tag in row:
                answer[element.tag] = row[element.tag]
        return answer

    def _asked_for(self, query: Dataset) -> list[Dataset]:
        def fits(document: Dataset) -> bool:
            for key in KEYS.values():
                wanted = query.get(key)
                several = [wanted] if isinstance(wanted, str) else list(wanted or [])
                if several and document.get(key) not in several:
                    return False
            return True

        return [d for d in self.documents if fits(d) and d.SOPInstanceUID not in self.lose]

    def _retrieve(self, event: evt.Event) -> Iterator[Any]:
        query = event.identifier
        self.queries.append(query)
        several = any(
            isinstance(query.get(k), list) or hasattr(query.get(k), "sort") for k in KEYS.values()
        )
        if self.refuses_lists and several:
            yield 1
            yield 0xA900, None
            return
        found = self._asked_for(query)
        for document in found:
            if document.SOPInstanceUID in self.withheld:
                yield 1
                yield self.withheld[document.SOPInstanceUID], None
                return
        skipped = [d for d in found if d.SOPInstanceUID in self.skip_once]
        abort_after, self.abort_gets_after = self.abort_gets_after, None
        yield len(found)
        sent = 0
        for document in found:
            if document in skipped:
                self.skip_once.discard(document.SOPInstanceUID)
                continue
            if abort_after is not None and sent >= abort_after:
                event.assoc.abort()
                return
            yield 0xFF00, document
            sent += 1
            self.noted["objects"] += 1
        if skipped:
            failed = Dataset()
            failed.FailedSOPInstanceUIDList = [d.SOPInstanceUID for d in skipped]
            yield 0xB000, failed

    def _get(self, event: evt.Event) -> Iterator[Any]:
        self.noted["get"] += 1
        yield from self._retrieve(event)

    def _move(self, event: evt.Event) -> Iterator[Any]:
        self.noted["move"] += 1
        if not self.destination_port:
            yield None, None
            return
        yield "127.0.0.1", self.destination_port
        yield from self._retrieve(event)

    def _store(self, event: evt.Event) -> int:
        self.noted["store"] += 1
        time.sleep(self.delay_s)
        if self.abort_store == "before":
            event.assoc.abort()
            return 0x0000
        if self.store_status < 0xA000:
            arrived = event.dataset
            arrived.file_meta = event.file_meta
            self.documents = [
                d for d in self.documents if d.SOPInstanceUID != arrived.SOPInstanceUID
            ] + [arrived]
        if self.status_after_store:
            for study in self.studies:
                study.StudyStatusID = self.status_after_store
        if self.abort_store == "after":
            event.assoc.abort()
        return self.store_status


def _in_range(wanted: str, value: str) -> bool:
    if not wanted:
        return True
    first, dash, last = wanted.partition("-")
    return first <= value and (not last or value[: len(last)] <= last) if dash else wanted == value


@contextmanager
def serving(peer: Peer, *, knows: tuple[str, ...] = (), called: bool = False) -> Iterator[Peer]:
    """Run `peer` on a free loopback port."""
    entity = AE("PEER")
    entity.require_called_aet = called
    entity.require_calling_aet = list(knows)
    entity.acse_timeout = entity.dimse_timeout = 5
    entity.network_timeout = 30
    for service in peer.services:
        if service == EncapsulatedPDFStorage and peer.grants_role:
            entity.add_supported_context(service, SYNTAXES, scu_role=True, scp_role=True)
        else:
            entity.add_supported_context(service, SYNTAXES)
    if StudyRootQueryRetrieveInformationModelMove in peer.services:
        entity.add_requested_context(EncapsulatedPDFStorage, SYNTAXES)
    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, peer._opened),
        (evt.EVT_ACCEPTED, peer._accepted),
        (evt.EVT_C_ECHO, peer._echo),
        (evt.EVT_C_FIND, peer._find),
        (evt.EVT_C_GET, peer._get),
        (evt.EVT_C_MOVE, peer._move),
        (evt.EVT_C_STORE, peer._store),
    ]
    server = entity.make_server(
        ("127.0.0.1", 0), evt_handlers=handlers, server_class=ThreadedAssociationServer
    )
    entity._servers.append(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    peer.port = server.server_address[1]
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join(5)
        for association in peer.associations:
            association.join(5)
            association.dul.join(5)


@contextmanager
def raw_port(talk: Any) -> Iterator[int]:
    """Listen on loopback and let `talk(connection)` answer whoever connects."""
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            try:
                talk(connection)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in connections:
                connection.close()


class Pipe:
    """A connection's bytes on their way; `freeze` lets a few more of the answer through."""

    def __init__(self) -> None:
        self.port = 0
        self._left: int | None = None

    def freeze(self, after: int) -> None:
        """Let `after` bytes of the answer through, then nothing; the connection stays open."""
        self._left = after

    def pump(self, source: socket.socket, sink: socket.socket, *, answer: bool) -> None:
        """Carry bytes one way until either end closes."""
        with suppress(OSError):
            while data := source.recv(65536):
                if answer and self._left is not None:
                    data, self._left = data[: self._left], max(0, self._left - len(data))
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def freezing(port: int) -> Iterator[Pipe]:
    """Put a pipe in front of `port` that can fall silent in the middle of a PDU."""
    pipe, ends, threads = Pipe(), list[socket.socket](), list[threading.Thread]()

    def talk(connection: socket.socket) -> None:
        onward = socket.create_connection(("127.0.0.1", port))
        ends.append(onward)
        for source, sink, answer in ((connection, onward, False), (onward, connection, True)):
            thread = threading.Thread(
                target=pipe.pump, args=(source, sink), kwargs={"answer": answer}
            )
            threads.append(thread)
            thread.start()

    try:
        with raw_port(talk) as pipe.port:
            yield pipe
    finally:
        for thread in threads:
            thread.join(5)
        for end in ends:
            end.close()
