"""What PowerServer announces: appointments (SIU) and patients (ADT), to one MLLP listener."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from accord.sandbox.powerserver_mllp import FrameBuffer, frame
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy

SIU_STATUS = {"S12": "Booked", "S14": "Booked", "S15": "Cancelled"}
"""SCH-25 by event, where the caller says nothing else (HL7 table 0278)."""
MINUTES = 15


class NoAnswer(Exception):
    """The listener gave no whole answer in time; PowerServer would send again."""


class PowerServerFeed:
    """
    Sends one message at a time, each over a connection of its own, as the schedule's owner.

    In 2.3.1 an SIU carries no order numbers: SCH-1 is the placer order number.

    Args:
        address: host and port of the listener.
        now: gives the time on the server's wall; becomes MSH-7.
        timeout_s: seconds to wait for an answer; Mirth's default is five.
    """

    def __init__(
        self, address: tuple[str, int], now: Callable[[], datetime], *, timeout_s: float = 5.0
    ) -> None:
        self._address, self._now, self._timeout_s = address, now, timeout_s
        self._sent = 0

    def announce(self, event: str, study: HeldStudy, patient: HeldPatient, status: str = "") -> str:
        """
        Announce an appointment's booking (S12), change (S14) or cancellation (S15); give the
        listener's whole answer.

        Raises:
            OSError: the listener cannot be reached, or broke off.
            NoAnswer: no whole answer in time.
        """
        start = study.start.strftime("%Y%m%d%H%M%S%z")
        end = (study.start + timedelta(minutes=MINUTES)).strftime("%Y%m%d%H%M%S%z")
        schedule = [""] * 26
        schedule[1] = schedule[2] = study.placer_order
        schedule[6] = schedule[7] = schedule[8] = "ROUTINE"
        schedule[9], schedule[10] = str(MINUTES), "MIN"
        schedule[11] = f"^^{MINUTES}^{start}^{end}"
        schedule[16] = schedule[20] = "RAMSOFT"
        schedule[25] = status or SIU_STATUS.get(event, "Booked")
        return self._send(
            "SIU",
            event,
            "|".join(["SCH", *schedule[1:]]),
            _pid(patient),
            "RGS|1|U",
            f"AIS|1|U|{study.description}|{start}|||{MINUTES}|MIN||{schedule[25]}",
            f"AIG|1|U|{study.modality}|MODALITY",
        )

    def introduce(self, event: str, patient: HeldPatient, *more: str) -> str:
        """Announce a patient: A04, A08, or A40 with an MRG segment in `more`; as `announce`."""
        return self._send(
            "ADT", event, f"EVN|{event}|{self._stamp()}", _pid(patient), *more, "PV1|1|O"
        )

    def _send(self, kind: str, event: str, *segments: str) -> str:
        self._sent += 1
        header = (
            f"MSH|^~\\&|RAMSOFT||ACCORD||{self._stamp()}||{kind}^{event}"
            f"|PSF{self._sent:010d}|P|2.3.1||||||UNICODE UTF-8"
        )
        payload = "\r".join((header, *segments)).encode() + b"\r"
        with socket.create_connection(self._address, self._timeout_s) as connection:
            connection.sendall(frame(payload))
            return self._answer(connection)

    def _answer(self, connection: socket.socket) -> str:
        buffer = FrameBuffer()
        try:
            while piece := connection.recv(65536):
                for payload in buffer.feed(piece):
                    return payload.decode()
        except TimeoutError as error:
            raise NoAnswer from error
        raise NoAnswer

    def _stamp(self) -> str:
        return self._now().strftime("%Y%m%d%H%M%S%z")


def _pid(patient: HeldPatient) -> str:
    number = f"{patient.number}^^^{patient.issuer}"
    born = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    name = f"{_escaped(patient.family)}^{_escaped(patient.given)}"
    mail = f"^^^{_escaped(patient.email)}"
    return f"PID|1|{number}|{number}||{name}||{born}|{patient.sex}|||||{mail}"


def _escaped(text: str) -> str:
    for character, code in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(character, f"\\{code}\\")
    return text
