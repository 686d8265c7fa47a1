"""Peers whose errors quote the patient, in every place where a protocol has room for a text."""

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from tests.orchestration.marked_patients import Marks
from tests.spec.strangers import http


def quoting_outcome(marks: Marks, status: str = "422 Unprocessable Entity") -> bytes:
    """Give an OperationOutcome that names the patient in every text it has room for."""
    text = f"{marks.family}, {marks.given} ({marks.code}N001) {marks.birth_date}"
    issue = {
        "severity": "error",
        "code": "processing",
        "diagnostics": f"no consent for {text}",
        "details": {"text": text, "coding": [{"code": f"{marks.code}N001", "display": text}]},
        "expression": [f"Patient.where(name='{marks.family}')"],
        "location": [text],
    }
    outcome = {
        "resourceType": "OperationOutcome",
        "text": {"status": "generated", "div": f"<div>{text}</div>"},
        "issue": [issue],
    }
    return http(json.dumps(outcome), "application/fhir+json", status)


def quoting_token_endpoint(marks: Marks) -> bytes:
    """Give a token endpoint's refusal that quotes what it should not know."""
    answer = {"error": f"{marks.code}N001 is locked", "error_description": marks.family}
    return http(json.dumps(answer), "application/json", "400 Bad Request")


@contextlib.contextmanager
def quoting_hl7_listener(code: str = "AE") -> Iterator[int]:
    """Lend the port of an HL7 listener that refuses, and reads the whole PID out as it does."""

    class Listener(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            message = b""
            while chunk := self.request.recv(65536):
                message += chunk
                if message.endswith(b"\x1c\r"):
                    self.request.sendall(_refusal(message, code))
                    message = b""

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listener)) as port:
        yield port


def _refusal(message: bytes, code: str) -> bytes:
    segments = {s[:3].decode(): s for s in message.strip(b"\x0b\x1c\r").split(b"\r")}
    control_id = segments["MSH"].split(b"|")[9]
    pid = segments["PID"].split(b"|")
    number, name = pid[3], pid[5]
    quoted = b"cannot file " + number + b" " + name
    error = b"|".join([b"ERR", name, number, number, b"E", name, quoted, quoted, quoted])
    answer = [
        b"MSH|^~\\&|RAMSOFT||ACCORD||20260105||ACK|A1|P|2.3.1",
        b"|".join([b"MSA", code.encode(), control_id, quoted, b"", b"", name]),
        error,
        segments["PID"],
    ]
    return b"\x0b" + b"\r".join(answer) + b"\r\x1c\r"


@contextlib.contextmanager
def quoting_dicom_station(marks: Marks) -> Iterator[int]:
    """Lend the port of a DICOM station that fails every query, with the patient in its comment."""

    def refuse(_: evt.Event) -> Iterator[tuple[Dataset, None]]:
        status = Dataset()
        status.Status = 0xC001
        status.ErrorComment = f"no study of {marks.family} {marks.code}N001"
        status.OffendingElement = 0x00100020
        yield status, None

    entity = AE(ae_title="RAMSOFT")
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_supported_context(Verification)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, refuse)]
    )
    assert server is not None
    assert server.socket is not None
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


@contextlib.contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    if isinstance(server, socketserver.ThreadingTCPServer):
        server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
