"""What PowerServer announces to whoever listens."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import hl7
import pytest

from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.powerserver_feed import NoAnswer, PowerServerFeed
from tests.sandbox.powerserver_neighbours import ANA


@contextmanager
def listener(answer: bytes) -> Iterator[tuple[tuple[str, int], list[hl7.Message]]]:
    """Take one connection, keep its message, answer what is given, hang up."""
    heard: list[hl7.Message] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            connection, _ = server.accept()
            with connection:
                read = b""
                while b"\x1c\r" not in read:
                    read += connection.recv(65536)
                heard.append(hl7.parse(read[1:-2].decode()))
                connection.sendall(answer)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname(), heard
        finally:
            thread.join()


def feed_of(ps: PowerServerSim, address: tuple[str, int]) -> PowerServerFeed:
    return PowerServerFeed(address, ps.now, timeout_s=2)


@pytest.mark.parametrize(
    ("event", "status", "expected"),
    [
        pytest.param("S12", "Pending", "Pending", id="booked-and-unconfirmed"),
        pytest.param("S14", "", "Booked", id="confirmed"),
        pytest.param("S15", "", "Cancelled", id="cancelled"),
    ],
)
def test_an_appointment_is_announced(event: str, status: str, expected: str) -> None:
    """SIU in 2.3.1: the placer order number stands in SCH-1, the status in SCH-25."""
    with PowerServerSim([ANA]) as ps, listener(b"\x0bMSH|^~\\&|X\r\x1c\r") as (address, heard):
        study = ps.archive.studies["2.25.1001"]
        patient = ps.archive.patients[study.patient]
        answer = feed_of(ps, address).announce(event, study, patient, status)

    (siu,) = heard
    assert answer.startswith("MSH")
    assert siu.extract_field("MSH", 1, 9, 1, 2) == event
    assert siu.extract_field("MSH", 1, 12) == "2.3.1"
    assert siu.extract_field("SCH", 1, 1) == "PL-1"
    assert siu.extract_field("SCH", 1, 25) == expected
    assert siu.extract_field("SCH", 1, 11, 1, 4) == "20261124080000-0300"
    assert siu.extract_field("PID", 1, 3, 1, 4) == "LAKESIDE"
    assert siu.extract_field("AIG", 1, 3) == "CT"


def test_a_patient_is_introduced_with_separators_escaped() -> None:
    hostile = {**ANA, "family": "A|B^C&D~E\\F"}
    with PowerServerSim([hostile]) as ps, listener(b"\x0bMSH|^~\\&|X\r\x1c\r") as (address, heard):
        patient = ps.archive.patients["LAKESIDE", "LK-1001"]
        feed_of(ps, address).introduce("A08", patient)
    assert heard[0].extract_field("PID", 1, 5) == "A|B^C&D~E\\F"
    assert heard[0].extract_field("EVN", 1, 1) == "A08"


def test_half_an_answer_is_no_answer() -> None:
    with (
        PowerServerSim([ANA]) as ps,
        listener(b"\x0bMSH|^~\\&|X") as (address, _),
        pytest.raises(NoAnswer),
    ):
        feed_of(ps, address).introduce("A04", ps.archive.patients["LAKESIDE", "LK-1001"])
