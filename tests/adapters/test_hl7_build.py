"""Building HL7 messages: what does not fit or cannot be carried is refused, never cut."""

import pickle
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.adapters.hl7 import Message
from accord.adapters.hl7_build import Draft, build, header, timestamp
from accord.adapters.hl7_errors import (
    DoesNotFit,
    Hl7Error,
    NotHl7,
    UndecodableText,
    Unencodable,
)
from accord.domain.wires import Hl7Wire

AT = datetime(2026, 1, 5, 8, 30, tzinfo=timezone(timedelta(hours=-3)))
MSH = "MSH|^~\\&|A|B|C|D|20260105083000||ADT^A04|M1|P|2.3.1||||||{charset}\r"


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
