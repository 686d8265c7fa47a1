"""The HL7 view and builder: no byte lost, no character guessed, nothing cut."""

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.adapters.hl7 import Message
from accord.adapters.hl7_ack import (
    AckCode,
    accept_code,
    acknowledgement,
    error_code,
    refusal,
    refusal_code,
)
from accord.adapters.hl7_build import Draft, build, header, timestamp
from accord.adapters.hl7_errors import (
    DoesNotFit,
    Hl7Error,
    NotHl7,
    UndecodableText,
    Unencodable,
)
from accord.adapters.hl7_escapes import STANDARD, Delimiters, escape, unescape
from accord.domain.wires import Hl7Wire

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


def one(name: str, field: int, value: object, charset: str = "UNICODE UTF-8") -> bytes:
    drafts: list[Draft] = [("MSH", {9: ("ADT", "A04"), 10: "M1"}), (name, {field: value})]  # type: ignore[dict-item]
    return build(drafts, charset=charset)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=4)
)
def test_what_is_built_reads_the_same(texts: list[str]) -> None:
    view = Message.parse(one("ZZZ", 3, [tuple(texts), ("x", ("y", *texts))]))
    segment = view.segment("ZZZ")
    assert segment is not None
    assert [segment.text(3, n) for n in range(1, len(texts) + 1)] == texts
    found = [segment.text(3, 2, repetition=2, subcomponent=n) for n in range(2, len(texts) + 2)]
    assert found == texts


def test_the_header_is_what_the_wire_says() -> None:
    wire = Hl7Wire.model_validate({"host": "x", "port": 1, "ack_mode": "enhanced"})
    drafts = [header(wire, event=("MDM", "T02"), control_id="K" * 20, at=AT)]
    assert build(drafts, charset="8859/1") == (
        b"MSH|^~\\&|ACCORD||RAMSOFT||20260105083000-0300||MDM^T02|KKKKKKKKKKKKKKKKKKKK|P|2.3.1"
        b"|||AL|AL||8859/1\r"
    )


@pytest.mark.parametrize(
    ("name", "field", "value", "limit", "label"),
    [
        ("TXA", 12, "{}", 30, "TXA-12"),
        ("TXA", 16, "{}", 30, "TXA-16"),
        ("TXA", 15, "{}", 16, "TXA-15.1"),
        ("TXA", 2, "{}", 30, "TXA-2"),
        ("PID", 3, ("{}", "", "", "I"), 64, "PID-3.1"),
        ("PID", 5, "{}", 64, "PID-5"),
    ],
)
def test_a_text_that_does_not_fit_is_refused_and_never_cut(
    name: str, field: int, value: str | tuple[str, ...], limit: int, label: str
) -> None:
    def filled(length: int) -> str | tuple[str, ...]:
        text = "x" * length
        return text if isinstance(value, str) else (text, *value[1:])

    assert b"x" * limit in one(name, field, filled(limit))
    with pytest.raises(DoesNotFit) as caught:
        one(name, field, filled(limit + 1))
    assert (caught.value.field, caught.value.limit) == (label, limit)


def test_msh_10_holds_twenty_characters() -> None:
    with pytest.raises(DoesNotFit, match="MSH-10 holds 20"):
        build([("MSH", {10: "x" * 21})], charset="ASCII")


def test_escapes_count_where_a_field_is_measured() -> None:
    with pytest.raises(DoesNotFit):
        one("TXA", 16, "&" * 11)


@pytest.mark.parametrize(
    ("charset", "text"), [("8859/1", "Łódź"), ("ASCII", "é"), ("UNICODE UTF-8", "\ud800")]
)
def test_text_the_character_set_cannot_carry_is_refused(charset: str, text: str) -> None:
    with pytest.raises(Unencodable) as caught:
        one("PID", 5, text, charset)
    assert caught.value.field == "PID-5"
    assert text not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [NotHl7("x"), UndecodableText("x"), DoesNotFit("TXA-16", 30), Unencodable("PID-5", "8859/1")],
)
def test_errors_survive_pickling(error: Hl7Error) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))


def test_a_time_without_a_zone_is_not_sent() -> None:
    assert timestamp(AT) == "20260105083000-0300"
    with pytest.raises(ValueError, match="zone"):
        timestamp(AT.replace(tzinfo=None))


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


def test_a_view_shows_nothing_of_its_content() -> None:
    view = Message.parse(a_message(b"SECRET-NUMBER"))
    assert "SECRET" not in f"{view!r} {view} {view.segment('PID')!r}"
