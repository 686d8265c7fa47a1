"""The HL7 view and builder: no byte lost, no character guessed, nothing cut."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.adapters.hl7 import Message
from accord.adapters.hl7_errors import (
    NotHl7,
    UndecodableText,
)
from accord.adapters.hl7_escapes import STANDARD, Delimiters, escape, unescape

AT = datetime(2026, 1, 5, 8, 30, tzinfo=timezone(timedelta(hours=-3)))
MSH = "MSH|^~\\&|A|B|C|D|20260105083000||ADT^A04|M1|P|2.3.1||||||{charset}\r"


def a_message(pid: bytes, charset: str = "") -> bytes:
    return MSH.format(charset=charset).encode() + b"PID|1|" + pid + b"\r"


def read(pid: bytes, charset: str = "", absent: str | None = None) -> str:
    return Message.parse(a_message(pid, charset), charset_when_absent=absent).text("PID", 2)


def test_fields_count_from_one_and_msh_counts_its_separator() -> None:
    view = Message.parse(a_message(b"7^^^ISS&1.2&ISO~8||DOE^ANNA"))
    pid = view.segment("PID")
    assert pid is not None
    assert view.header.text(1) == "|"
    assert view.header.text(2) == "^~\\&"
    assert (view.event, view.control_id, view.version) == (("ADT", "A04"), "M1", "2.3.1")
    assert pid.repetitions(2) == 2
    assert pid.text(2, repetition=2) == "8"
    assert [pid.text(2, 4, subcomponent=n) for n in (1, 2, 3, 4)] == ["ISS", "1.2", "ISO", ""]
    assert pid.components(4) == ("DOE", "ANNA")


@pytest.mark.parametrize(("field", "component", "repetition"), [(9, 1, 1), (2, 7, 1), (2, 1, 3)])
def test_what_is_not_there_reads_as_empty(field: int, component: int, repetition: int) -> None:
    view = Message.parse(a_message(b"7"))
    assert view.text("PID", field, component, repetition=repetition) == ""
    assert view.text("ZZZ", 1) == ""


def test_other_delimiters_are_taken_from_the_message() -> None:
    view = Message.parse(b"MSH#*!?%#A#B#C#D#1##ADT*A04#M1#P#2.5\rPID#1#x*y!z%w#?F??S?\r")
    pid = view.segment("PID")
    assert pid is not None
    assert pid.components(2) == ("x", "y")
    assert pid.text(2, repetition=2, subcomponent=2) == "w"
    assert pid.text(3) == "#*"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xef\xbb\xbf" + a_message(b"7"), id="byte-order-mark"),
        pytest.param(b"\r\n" + a_message(b"7"), id="line-break-before"),
        pytest.param(a_message(b"7").replace(b"\r", b"\n"), id="lf"),
        pytest.param(a_message(b"7").replace(b"\r", b"\r\n"), id="crlf"),
        pytest.param(a_message(b"7").rstrip(b"\r"), id="no-last-cr"),
    ],
)
def test_a_careless_sender_is_understood_and_its_bytes_are_kept(raw: bytes) -> None:
    view = Message.parse(raw)
    assert view.text("PID", 2) == "7"
    assert [segment.name for segment in view] == ["MSH", "PID"]
    assert view.raw == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH||||",
        b"MSH|^^~\\&|",
        b"MSHabcde",
        b"<x/>",
        b"PID|1",
        b"MSH|^~ &|",
    ],
)
def test_what_is_not_hl7_is_refused(raw: bytes) -> None:
    with pytest.raises(NotHl7):
        Message.parse(raw)


@pytest.mark.parametrize(
    ("charset", "raw", "expected"),
    [
        ("", b"JOSE", "JOSE"),
        ("ASCII", b"JOSE", "JOSE"),
        ("8859/1", "JOSÉ".encode("latin-1"), "JOSÉ"),
        ("8859/15", "Œ€".encode("iso8859-15"), "Œ€"),
        ("8859/5", "Иван".encode("iso8859-5"), "Иван"),
        ("UNICODE UTF-8", "JOSÉ ✓".encode(), "JOSÉ ✓"),
        ("unicode utf-8", "JOSÉ".encode(), "JOSÉ"),
        ("UNICODE", "JOSÉ".encode(), "JOSÉ"),
        ("ISO IR100", "JOSÉ".encode("latin-1"), "JOSÉ"),
        ("ISO_IR 192", "JOSÉ".encode(), "JOSÉ"),
        ("8859/1~UNICODE UTF-8", "JOSÉ".encode("latin-1"), "JOSÉ"),
        ("GB 18030-2000", b"JOSE", "JOSE"),
        ("8859/1", b"JOS\\XC9\\", "JOSÉ"),
        ("UNICODE UTF-8", b"JOS\\XC3\\\\X89\\", "JOSÉ"),
    ],
)
def test_text_is_read_in_the_declared_character_set(
    charset: str, raw: bytes, expected: str
) -> None:
    assert read(raw, charset) == expected


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        pytest.param("", "JOSÉ".encode(), id="empty"),
        pytest.param("ASCII", "JOSÉ".encode(), id="ascii-contradicted"),
        pytest.param("UNICODE UTF-8", "JOSÉ".encode("latin-1"), id="latin-1-said-to-be-utf-8"),
        pytest.param("GB 18030-2000", "张".encode("gb18030"), id="set-with-delimiters-inside"),
        pytest.param("ISO IR87", b"\x1b$B;3\x1b(B", id="set-that-switches"),
        pytest.param("KLINGON", "É".encode(), id="unknown"),
        pytest.param("UNICODE UTF-8", b"a\\C2842\\b", id="switch-by-escape"),
    ],
)
def test_uncertain_text_is_held_and_never_replaced(charset: str, raw: bytes) -> None:
    with pytest.raises(UndecodableText) as caught:
        read(raw, charset)
    assert "JOS" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(UndecodableText):
        Message.parse(a_message(raw, charset)).require_text()
    assert Message.parse(a_message(raw, charset)).raw == a_message(raw, charset)


def test_the_site_may_say_how_an_empty_msh_18_is_read() -> None:
    assert read("JOSÉ".encode("cp1252"), "", absent="WINDOWS-1252") == "JOSÉ"
    assert read("JOSÉ".encode("latin-1"), "", absent="8859/1") == "JOSÉ"
    with pytest.raises(UndecodableText):
        read(b"\x81", "", absent="WINDOWS-1252")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a\\F\\b", b"a|b"),
        (b"\\S\\\\T\\\\R\\\\E\\", b"^&~\\"),
        (b"line\\.br\\line", b"line\nline"),
        (b"a\\.sp3\\b", b"a\n\n\nb"),
        (b"\\H\\bold\\N\\", b"bold"),
        (b"\\X0D0A\\", b"\r\n"),
        (b"\\x41\\", b"A"),
        (b"C:\\dir\\F\\x", b"C:\\dir|x"),
        (b"\\Zown\\", b"\\Zown\\"),
        (b"\\X4\\", b"\\X4\\"),
        (b"\\", b"\\"),
        (b"\\.sp999999999\\", b"\n" * 100),
    ],
)
def test_escape_sequences_are_carried_out_and_the_rest_stands(raw: bytes, expected: bytes) -> None:
    assert unescape(raw, STANDARD) == expected


def test_a_sequence_for_a_delimiter_the_message_has_not_stays() -> None:
    assert unescape(b"\\T\\", Delimiters(subcomponent=b"")) == b"\\T\\"


@given(st.text())
def test_what_is_escaped_comes_back(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped) & set("|^~&\r\n\x0b\x1c")
    assert unescape(escaped.encode("utf-8", "surrogatepass"), STANDARD) == text.encode(
        "utf-8", "surrogatepass"
    )


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_view(body: bytes) -> None:
    raw = MSH.format(charset="8859/1").encode() + b"PID|" + body
    view = Message.parse(raw)
    for segment in view:
        for field in range(4):
            try:
                segment.text(field)
                segment.whole(field)
                segment.components(field)
            except UndecodableText:
                pass
    assert view.raw == raw


def test_a_view_shows_nothing_of_its_content() -> None:
    view = Message.parse(a_message(b"SECRET-NUMBER"))
    assert "SECRET" not in f"{view!r} {view} {view.segment('PID')!r}"
