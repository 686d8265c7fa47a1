"""Acknowledgements as a receiver gives them, in the sender's own delimiters and mode."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from accord.adapters.hl7 import Message
from accord.adapters.hl7_ack import (
    AckCode,
    accept_code,
    acknowledgement,
    error_code,
    refusal,
    refusal_code,
)

AT = datetime(2026, 1, 5, 8, 30, tzinfo=timezone(timedelta(hours=-3)))
MSH = "MSH|^~\\&|A|B|C|D|20260105083000||ADT^A04|M1|P|2.3.1||||||{charset}\r"


def with_header(fields: str) -> Message:
    return Message.parse(f"MSH|^~\\&|{fields}\r".encode())


PLAIN = "A|B|C|D|1||ADT^A04|M1|P|2.3.1"


def test_an_acknowledgement_turns_the_parties_round_and_repeats_the_control_id() -> None:
    raw = acknowledgement(with_header(PLAIN), AckCode.AA, control_id="X1", at=AT)
    assert raw == (b"MSH|^~\\&|C|D|A|B|20260105083000-0300||ACK^A04|X1|P|2.3.1\rMSA|AA|M1\r")


def test_an_acknowledgement_speaks_the_senders_delimiters_and_bytes() -> None:
    message = Message.parse(b"MSH#*!?%#A#B#C#D\xe9#1##ADT*A04#M\xe9#P#2.5######8859/1\r")
    raw = acknowledgement(message, AckCode.AE, control_id="X1", at=AT, error_code="207")
    assert raw.startswith(b"MSH#*!?%#C#D\xe9#A#B#")
    assert b"\rMSA#AE#M\xe9\r" in raw
    assert raw.endswith(b"\rERR###207#E\r")


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.3.1", b"ERR|^^^207"), ("2.4", b"ERR|^^^207"), ("2.5.1", b"ERR|||207|E")],
)
def test_the_error_code_stands_where_the_version_has_it(version: str, expected: bytes) -> None:
    message = with_header(PLAIN.replace("2.3.1", version))
    raw = acknowledgement(message, AckCode.AE, control_id="X", at=AT, error_code="207")
    assert raw.rstrip(b"\r").endswith(expected)
    assert error_code(Message.parse(raw)) == "207"


@pytest.mark.parametrize("error", ["ERR|||{}|E", "ERR|^^^{}&unknown patient {}"])
def test_only_a_code_of_the_table_is_repeated(error: str) -> None:
    """Else it may be the patient's number, and would stand in the ledger and in Prefect."""

    def told(code: str) -> str:
        answer = f"MSH|^~\\&|{PLAIN}\rMSA|AE|M1\r{error.replace('{}', code)}\r"
        return error_code(Message.parse(answer.encode()))

    table = {"0", *map(str, range(100, 104)), *map(str, range(200, 208))}
    numbers = {*map(str, range(5000)), "AB12", "A207", "0207"}
    assert {number for number in numbers if told(number) == number} == table
    assert {told(number) for number in numbers - table} == {"other"}
    assert told("4711") == "other"


@pytest.mark.parametrize(
    ("commit", "application", "expected"),
    [
        ("", "", AckCode.AA),
        ("AL", "", AckCode.CA),
        ("AL", "AL", AckCode.CA),
        ("SU", "NE", AckCode.CA),
        ("NE", "AL", AckCode.AA),
        ("NE", "NE", None),
        ("ER", "ER", None),
    ],
)
def test_the_sender_says_which_acceptance_it_wants(
    commit: str, application: str, expected: AckCode | None
) -> None:
    assert accept_code(with_header(f"{PLAIN}|||{commit}|{application}")) is expected


def test_refusals_follow_the_senders_mode() -> None:
    enhanced = with_header(f"{PLAIN}|||AL|NE")
    assert refusal_code(with_header(PLAIN), never=True) is AckCode.AR
    assert refusal_code(with_header(PLAIN), never=False) is AckCode.AE
    assert refusal_code(enhanced, never=True) is AckCode.CR
    assert refusal_code(enhanced, never=False) is AckCode.CE


def test_even_what_is_not_hl7_gets_an_answer() -> None:
    raw = refusal(b"GET / HTTP/1.1", never=True, control_id="X", at=AT.astimezone(UTC))
    assert Message.parse(raw).text("MSA", 1) == "AR"
    assert Message.parse(raw).text("MSA", 2) == ""
