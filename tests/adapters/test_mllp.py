"""MLLP framing: no cut of the stream loses a message, and none makes it hang."""

import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from accord.adapters.mllp import Broken, Deframer, Event, Frame, Junk, Oversize, frame

SB, FS, EB = b"\x0b", b"\x1c", b"\x1c\r"
MESSAGE = b"MSH|^~\\&|A|B|C|D|20260105||ADT^A04|1|P|2.3.1\rPID|1\r"
LIMIT = 1 << 16


def events(stream: bytes, cut: int = 1 << 30, limit: int = LIMIT) -> list[Event]:
    deframer = Deframer(limit)
    found = [e for at in range(0, len(stream), cut) for e in deframer.feed(stream[at : at + cut])]
    return [*found, *deframer.settle()]


def contents(stream: bytes, cut: int = 1 << 30, limit: int = LIMIT) -> list[bytes]:
    return [event.content for event in events(stream, cut, limit) if isinstance(event, Frame)]


def kinds(stream: bytes, cut: int = 1 << 30, limit: int = LIMIT) -> list[type[Event]]:
    return [type(event) for event in events(stream, cut, limit) if not isinstance(event, Junk)]


OTHER = MESSAGE + b"NTE|1||caf\xc3\xa9\r"

STREAMS = [
    pytest.param(frame(MESSAGE), [MESSAGE], id="one"),
    pytest.param(frame(MESSAGE) * 3, [MESSAGE] * 3, id="several-in-one-write"),
    pytest.param(b"xyz" + frame(MESSAGE), [MESSAGE], id="junk-before"),
    pytest.param(frame(MESSAGE) + b"xyz" + frame(OTHER), [MESSAGE, OTHER], id="junk-between"),
    pytest.param(b"\r\n" + frame(MESSAGE) + b"\r\n", [MESSAGE], id="line-ends-around"),
    pytest.param(SB + MESSAGE + FS, [MESSAGE], id="no-final-cr"),
    pytest.param(SB + MESSAGE + FS + frame(OTHER), [MESSAGE, OTHER], id="no-final-cr-then-another"),
    pytest.param(SB + MESSAGE + FS + b"\n" + frame(OTHER), [MESSAGE, OTHER], id="lf-for-cr"),
    pytest.param(SB + MESSAGE[:20] + frame(OTHER), [OTHER], id="gave-up-and-began-again"),
    pytest.param(SB + frame(MESSAGE), [MESSAGE], id="start-byte-twice"),
    pytest.param(frame(MESSAGE + b"OBX|\x0bx\r"), [MESSAGE + b"OBX|\x0bx\r"], id="vt-inside"),
    pytest.param(frame(MESSAGE + b"OBX|\x1cx\r"), [MESSAGE + b"OBX|\x1cx\r"], id="fs-inside"),
    pytest.param(frame(b""), [b""], id="empty"),
    pytest.param(frame(b"<xml/>"), [b"<xml/>"], id="not-hl7"),
    pytest.param(b"no start at all", [], id="only-junk"),
]


@pytest.mark.parametrize(("stream", "expected"), STREAMS)
def test_messages_are_found_wherever_the_stream_is_cut(
    stream: bytes, expected: list[bytes]
) -> None:
    for cut in range(1, len(stream) + 1):
        assert contents(stream, cut) == expected


def test_an_fs_at_the_very_end_waits_for_what_follows() -> None:
    """It may be content or the end; only silence decides."""
    deframer = Deframer(LIMIT)
    assert deframer.feed(SB + MESSAGE + FS) == []
    assert deframer.ends_in_doubt
    assert deframer.feed(b"more" + EB) == [Frame(MESSAGE + FS + b"more")]
    assert deframer.feed(SB + MESSAGE + FS) == []
    assert deframer.settle() == [Frame(MESSAGE)]
    assert deframer.feed(b"\r" + frame(OTHER)) == [Frame(OTHER)]


def test_a_message_that_never_ends_is_given_up_and_the_next_is_found() -> None:
    deframer = Deframer(LIMIT)
    deframer.feed(SB + MESSAGE)
    assert deframer.abandon() == [Broken(MESSAGE, len(MESSAGE))]
    assert deframer.abandon() == []
    found = deframer.feed(b"its late rest" + EB + frame(OTHER))
    assert [event for event in found if isinstance(event, Frame)] == [Frame(OTHER)]


@pytest.mark.parametrize("cut", [1, 7, 1000, 1 << 30])
@pytest.mark.parametrize("over", [0, 1, 2, 5000])
def test_the_limit_is_exact_and_what_is_over_is_told_not_kept(cut: int, over: int) -> None:
    content = MESSAGE.ljust(10_000 + over, b"x")
    stream = frame(content) + frame(OTHER)
    first, second = events(stream, cut, limit=10_000)
    if over:
        assert first == Oversize(content[:4096], 10_000 + over)
    else:
        assert first == Frame(content)
    assert second == Frame(OTHER)


def test_beyond_the_limit_nothing_is_held() -> None:
    deframer = Deframer(1000)
    deframer.feed(SB + MESSAGE)
    for _ in range(100):
        deframer.feed(b"x" * 10_000)
        assert deframer.held_bytes < 2000
    (event,) = deframer.feed(EB)
    assert isinstance(event, Oversize)
    assert event.size == len(MESSAGE) + 1_000_000


class Counting(bytearray):
    """A buffer that counts the bytes that are searched."""

    searched = 0

    def find(self, sub: Any, start: Any = 0, end: Any = None) -> int:
        until = len(self) if end is None else end
        found = super().find(sub, start, until)
        self.searched += max(0, (until if found < 0 else found + 1) - start)
        return found


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"QUJD", id="base64"),
        pytest.param(b"\x1c", id="only-fs"),
        pytest.param(b"\x0b", id="only-vt"),
        pytest.param(b"\x0bMS", id="almost-new-messages"),
        pytest.param(b"\r\n", id="line-ends"),
    ],
)
@pytest.mark.parametrize("piece", [1, 64, 4096, 1 << 20])
def test_each_byte_is_searched_a_few_times_however_it_comes(content: bytes, piece: int) -> None:
    """A framer that searched its buffer anew for each piece would take hours for 10 MB."""
    deframer = Deframer(1 << 30)
    deframer._buffer = counting = Counting()
    stream = SB + b"MSH" + content * (200_000 // len(content))
    for at in range(0, len(stream), piece):
        deframer.feed(stream[at : at + piece])
    # A few bytes are looked at again at each seam, since an end may lie across it.
    assert counting.searched < 3 * len(stream) + 12 * (len(stream) // piece + 1)


def test_ten_megabytes_in_small_pieces_arrive_whole() -> None:
    content = MESSAGE + b"OBX|1|ED|||" + b"QUJD" * 2_600_000
    (arrived,) = contents(frame(content), 53, limit=1 << 25)
    assert arrived == content


def test_memory_holds_one_message_not_several() -> None:
    content = MESSAGE + b"x" * 8_000_000
    chunk = frame(content)
    tracemalloc.start()
    try:
        deframer = Deframer(1 << 24)
        for at in range(0, len(chunk), 1 << 16):
            found = deframer.feed(chunk[at : at + (1 << 16)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 1
    assert peak < 3.5 * len(content)


def clean(draw: random.Random) -> bytes:
    """A message's bytes with anything in it but what frames it."""
    body = draw.randbytes(draw.choice((0, 3, 20, 200)))
    body = body.translate(None, b"\x0b\x1c")
    return MESSAGE + body + str(draw.random()).encode()


def dirt(draw: random.Random) -> bytes:
    """What careless peers put between two messages; it may not cost either of them."""
    return draw.choice(
        (b"", b"", b"", b"\r", b"\n", b"junk", SB, SB + MESSAGE[: draw.randrange(3, 30)], b"\x00")
    )


def conversation(draw: random.Random, messages: int) -> tuple[bytes, list[bytes]]:
    sent, parts = [], []
    for _ in range(messages):
        content = clean(draw)
        # FS alone ends a message only when the next start byte follows at once.
        bare = draw.random() < 0.1
        parts.append(SB + content + (FS if bare else EB))
        parts.append(b"" if bare else dirt(draw))
        sent.append(content)
    return b"".join(parts), sent


def pieces(draw: random.Random, stream: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        size = draw.choice((1, 2, 3, 7, 64, 500, 1460, 65536))
        yield stream[at : at + size]
        at += size


def campaign(conversations: int, messages: int, seed: int) -> int:
    """Play conversations cut at random; give how many messages arrived, all in order."""
    draw, arrived = random.Random(seed), 0
    for _ in range(conversations):
        stream, sent = conversation(draw, messages)
        deframer, found = Deframer(LIMIT), list[bytes]()
        for piece in pieces(draw, stream):
            found += [e.content for e in deframer.feed(piece) if isinstance(e, Frame)]
        found += [e.content for e in deframer.settle() if isinstance(e, Frame)]
        assert found == sent
        arrived += len(found)
    return arrived


def test_a_hundred_thousand_frames_arrive_in_order_however_the_stream_is_cut() -> None:
    assert campaign(conversations=2000, messages=50, seed=20260105) == 100_000


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_million_frames_arrive_in_order(seed: int) -> None:
    assert campaign(conversations=1000, messages=100, seed=seed) == 100_000


def test_random_bytes_never_hang_and_never_hide_the_next_message() -> None:
    """After any rubbish, two clean messages: the second is always found."""
    draw = random.Random(7)
    for _ in range(20_000):
        rubbish = bytes(draw.choices(b"\x0b\x1c\rMSH|x\n\x00", k=draw.randrange(40)))
        deframer = Deframer(LIMIT)
        found: list[Event] = []
        for piece in pieces(draw, rubbish + frame(MESSAGE) + frame(OTHER)):
            found += deframer.feed(piece)
        assert found[-1] == Frame(OTHER)


def test_without_resynchronising_a_good_message_would_be_lost() -> None:
    """The guard removed: a framer that only looks for FS CR swallows the second message."""

    class Naive(Deframer):
        def _within(self, start: int, events: list[Event]) -> int:
            end = self._end()
            if end < 0:
                return start
            events.append(self._whole(start, end))
            self._inside = False
            return end + 2

    stream = SB + MESSAGE[:20] + frame(OTHER)
    naive = [event.content for event in Naive(LIMIT).feed(stream) if isinstance(event, Frame)]
    assert naive != [OTHER]
    assert contents(stream) == [OTHER]
