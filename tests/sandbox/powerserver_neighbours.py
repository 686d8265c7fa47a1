"""PowerServer's neighbours as tests need them: raw sockets, the `hl7` package, pynetdicom."""

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import hl7
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

PDF = b"%PDF-1.4\n" + bytes(range(256)) * 8 + b"%%EOF\n"
ODD_PDF = PDF + b"\n"
ANA: dict[str, Any] = {
    "patient_number": "LK-1001",
    "issuer": "LAKESIDE",
    "family": "Conceição",
    "given": "Ana",
    "birth_date": "1980-02-03",
    "sex": "F",
    "accession": "A2600001",
    "placer_order": "PL-1",
    "study_uid": "2.25.1001",
    "modality": "CT",
    "description": "TC de tórax",
    "start": "2026-11-24T08:00:00-03:00",
}
RUI: dict[str, Any] = {
    **ANA,
    "patient_number": "LK-1002",
    "family": "Sant'Anna",
    "given": "Rui",
    "sex": "M",
    "accession": "A2600002",
    "placer_order": "PL-2",
    "study_uid": "2.25.1002",
    "modality": "MR",
    "start": "2026-11-25T09:30:00-03:00",
}
REGISTRATION, CLINICAL = "PATIENT REGISTRATION FORM", "CLINICAL"


class SteppedClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def step(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def mdm(
    control_id: str = "CONTROL-0001",
    *,
    event: str = "T02",
    patient: str = "LK-1001^^^LAKESIDE",
    accession: str = "",
    placer: str = "",
    document_type: str = REGISTRATION,
    number: str | None = None,
    parent: str = "",
    content: bytes = PDF,
    title: str = "Ficha de cadastro",
    wishes: str = "|",
    charset: str = "UNICODE UTF-8",
    codec: str = "utf-8",
) -> bytes:
    """Write an MDM as a neighbour would, in HL7 2.3.1."""
    unique = control_id if number is None else number
    encoded = base64.b64encode(content).decode()
    segments = [
        f"MSH|^~\\&|ACCORD||RAMSOFT||20261123120000-0300||MDM^{event}|{control_id}|P|2.3.1"
        f"|||{wishes}||{charset}",
        f"EVN|{event}|20261123120000-0300",
        f"PID|1|{patient}|{patient}||Conceição^Ana||19800203|F",
        "PV1|1|O",
        f"TXA|1|{document_type}|AP|20261123113000-0300||||||||{unique}|{parent}|{placer}"
        f"|{accession}|{unique}.pdf|DO||AV",
        f"OBX|1|ED|PDF^{title}||^AP^PDF^Base64^{encoded}||||||F",
    ]
    return ("\r".join(segments) + "\r").encode(codec)


def clinical(control_id: str = "CONTROL-0001", **fields: Any) -> bytes:
    """Write an MDM that belongs to Ana's study."""
    return mdm(control_id, **{"accession": "A2600001", "document_type": CLINICAL, **fields})


class Sender:
    """A plain MLLP sender over one connection; reads whole answers, one at a time."""

    def __init__(self, port: int, *, timeout_s: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def put(self, message: bytes) -> None:
        self.socket.sendall(b"\x0b" + message + b"\x1c\r")

    def answer(self) -> hl7.Message:
        """Read the next whole answer; ConnectionError where the peer hangs up before its end."""
        while b"\x1c\r" not in self._read:
            piece = self.socket.recv(65536)
            if not piece:
                raise ConnectionError(self._read)
            self._read += piece
        whole, self._read = self._read.split(b"\x1c\r", 1)
        assert whole.startswith(b"\x0b")
        return hl7.parse(whole[1:].decode())

    def ask(self, message: bytes) -> hl7.Message:
        self.put(message)
        return self.answer()

    def is_silent_for(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True


def code(answer: hl7.Message) -> str:
    """Give MSA-1."""
    return str(answer.extract_field("MSA", 1, 1))


def answered(port: int, message: bytes) -> hl7.Message:
    """Send one message on a connection of its own and give the answer."""
    with Sender(port) as sender:
        return sender.ask(message)


class Reader:
    """A DICOM client with one association."""

    def __init__(self, association: Association, received: list[Dataset]) -> None:
        self.association, self.received = association, received

    def find(self, level: str, **keys: Any) -> list[Dataset]:
        """Query; AssertionError unless the peer says success."""
        status, rows = self.find_with_status(level, **keys)
        assert status == 0x0000, hex(status)
        return rows

    def find_with_status(self, level: str, **keys: Any) -> tuple[int, list[Dataset]]:
        asked = _identifier(level, keys)
        rows, final = [], -1
        for status, row in self.association.send_c_find(
            asked, StudyRootQueryRetrieveInformationModelFind
        ):
            final = status.Status if "Status" in status else -1
            if row is not None and final in (0xFF00, 0xFF01):
                rows.append(row)
        return final, rows

    def get(self, level: str = "IMAGE", **keys: Any) -> tuple[int, list[Dataset]]:
        self.received.clear()
        status = -1
        for answer, _ in self.association.send_c_get(
            _identifier(level, keys), StudyRootQueryRetrieveInformationModelGet
        ):
            status = answer.Status if "Status" in answer else -1
        return status, list(self.received)


def _identifier(level: str, keys: dict[str, Any]) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    asked.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in keys.items():
        if keyword == "document_type":
            asked.private_block(0x311B, "RAMSOFT", create=True).add_new(0x10, "LO", value)
        else:
            setattr(asked, keyword, value)
    return asked


def _give_back_what_the_reactor_takes(association: Association) -> None:
    """Undo a race of pynetdicom's requestor, whose idle loop may take a response (its #875)."""
    waiting = association.dimse.msg_queue

    def give_back(message: Any, context_id: int) -> None:
        with waiting.mutex:
            waiting.queue.appendleft((context_id, message))
            waiting.not_empty.notify()

    association._serve_request = give_back  # type: ignore[assignment, method-assign]  # no public seam


@contextmanager
def reader(port: int, *, calling: str = "ACCORD") -> Iterator[Reader]:
    """Open an association for reading and storing; release it at the end."""
    received: list[Dataset] = []
    opened: list[socket.socket] = []

    def without_delay(event: evt.Event) -> None:
        wrapped = event.assoc.dul.socket
        assert wrapped is not None and wrapped.socket is not None
        wrapped.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.append(wrapped.socket)

    def take(event: evt.Event) -> int:
        received.append(event.dataset)
        return 0x0000

    entity = AE(calling)
    for context in (
        Verification,
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
        ModalityWorklistInformationFind,
        EncapsulatedPDFStorage,
    ):
        entity.add_requested_context(context)
    association = entity.associate(
        "127.0.0.1",
        port,
        ae_title="RAMSOFT",
        ext_neg=[build_role(EncapsulatedPDFStorage, scu_role=True, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, take), (evt.EVT_CONN_OPEN, without_delay)],
    )
    _give_back_what_the_reactor_takes(association)
    try:
        yield Reader(association, received)
    finally:
        if association.is_established:
            association.release()
        for each in opened:
            each.close()  # pynetdicom leaves it open where the peer went away first
