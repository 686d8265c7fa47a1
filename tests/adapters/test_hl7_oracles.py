"""The HL7 view against two libraries of other hands, field by field."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hl7
import pytest
from hl7apy.parser import parse_message

from accord.adapters.hl7 import Message, Segment
from accord.adapters.hl7_ack import AckCode, acknowledgement
from tests.adapters.hl7_messages import OWN, message, sample_bytes, samples

Path_ = tuple[int, int, int, int]


def agree_with_hl7(raw: str) -> int:
    """Compare every subcomponent with what `hl7` sees; give how many there were."""
    ours, theirs = Message.parse(raw.encode()), hl7.parse(raw)
    assert [segment.name for segment in ours] == [str(segment[0]) for segment in theirs]
    compared = 0
    for our, their in zip(ours, theirs, strict=True):
        for (field, repetition, component, subcomponent), text in _leaves(their):
            if our.name == "MSH" and field <= 2:
                continue
            expected = theirs.unescape(text)
            found = our.text(field, component, repetition=repetition, subcomponent=subcomponent)
            assert found == expected, (our.name, field, repetition, component, subcomponent)
            compared += 1
        assert not our.bytes_of(len(their))
    return compared


def _leaves(segment: hl7.Segment) -> Iterator[tuple[Path_, str]]:
    for number, field in enumerate(segment[1:], start=1):
        for r, repetition in enumerate(field, start=1):
            components = repetition if isinstance(repetition, hl7.Repetition) else [repetition]
            for c, component in enumerate(components, start=1):
                parts = component if isinstance(component, hl7.Component) else [component]
                for s, part in enumerate(parts, start=1):
                    yield (number, r, c, s), str(part)


def agree_with_hl7apy(raw: str) -> int:
    """Compare every repetition of every field with what `hl7apy` sees."""
    ours, theirs = Message.parse(raw.encode()), parse_message(raw, find_groups=False)
    compared = 0
    for our, their in zip(ours, theirs.children, strict=True):
        assert our.name == their.name
        seen = dict[int, int]()
        for field in their.children:
            if field.name is None:
                # hl7apy gives up the number of a field whose type has no such parts.
                assert _trimmed(field.to_er7()) in _repetitions(our)
            else:
                number = int(field.name.rsplit("_", 1)[1])
                seen[number] = seen.get(number, 0) + 1
                assert _er7(our, number, seen[number]) == _trimmed(field.to_er7())
            compared += 1
    return compared


def _repetitions(segment: Segment) -> list[str]:
    fields = segment.raw.decode().split("|")
    return [_trimmed(part) for field in fields for part in field.split("~")]


def _trimmed(er7: str) -> str:
    # hl7apy leaves empty parts out at the end, and numbers (NM) without their leading zeros.
    er7 = re.sub(r"(?<![^&^])0+(?=\d+(?:[&^]|$))", "", er7)
    return "^".join(component.rstrip("&") for component in er7.split("^")).rstrip("^")


def _er7(segment: Segment, number: int, repetition: int) -> str:
    raw = segment.bytes_of(number)
    if segment.name == "MSH" and number <= 2:
        return _trimmed(raw.decode())
    return _trimmed(raw.split(b"~")[repetition - 1].decode())


def test_twenty_thousand_messages_read_as_hl7_reads_them() -> None:
    draw = random.Random(20260105)
    assert sum(agree_with_hl7(message(draw)) for _ in range(20_000)) > 400_000


def test_five_hundred_messages_read_as_hl7apy_reads_them() -> None:
    draw = random.Random(20260106)
    assert sum(agree_with_hl7apy(message(draw, names=("NTE",))) for _ in range(500)) > 5_000


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_thousand_more_read_as_hl7_reads_them(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(20_000):
        agree_with_hl7(message(draw))


@pytest.mark.long
def test_five_thousand_more_read_as_hl7apy_reads_them() -> None:
    draw = random.Random(11)
    for _ in range(5_000):
        agree_with_hl7apy(message(draw, names=("NTE",)))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_public_samples_read_as_hl7_reads_them(path: Path) -> None:
    raw = sample_bytes(path)
    view = Message.parse(raw, charset_when_absent="UNICODE UTF-8")
    theirs = hl7.parse(raw.removeprefix(b"\xef\xbb\xbf").decode().strip())
    assert view.raw == raw
    assert [segment.name for segment in view] == [str(s[0]) for s in theirs if str(s[0])]
    assert view.control_id == str(theirs.segment("MSH")[10])
    view.require_text()


def test_the_samples_of_this_repository_are_there() -> None:
    assert len(list(OWN.glob("*.hl7"))) == 3


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_our_acknowledgement_of_a_sample_reads_well_elsewhere(path: Path) -> None:
    view = Message.parse(sample_bytes(path))
    answer = acknowledgement(view, AckCode.AA, control_id="A1", at=datetime(2026, 1, 5, tzinfo=UTC))
    theirs = hl7.parse(answer.decode())
    assert str(theirs.segment("MSA")[1]) == "AA"
    assert str(theirs.segment("MSA")[2]) == view.control_id
    assert str(theirs.segment("MSH")[9][0][0]) == "ACK"
