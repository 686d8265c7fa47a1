"""
MLLP framing: `<VT> message <FS><CR>` (Minimal Lower Layer Protocol, release 1).

The deframer is pure and linear in what it is fed, however it is cut: each byte is looked at
a fixed number of times, and nothing beyond the limit is held.
"""

from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c"
CARRIAGE_RETURN = b"\r"

_NEW_MESSAGE = START + b"MSH"
_AFTER_END = b"\r\n\x0b"
_HEAD_BYTES = 4096  # holds any MSH segment, of which an answer is made


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One whole message, without its framing."""

    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Oversize:
    """A message that went over the limit; it was counted, not held."""

    head: bytes
    """Its first bytes: enough for its MSH segment."""
    size: int


@dataclass(frozen=True, slots=True, repr=False)
class Broken:
    """A message that never ended: another began, or its sender fell silent."""

    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Junk:
    """Bytes outside any message."""

    size: int


Event = Frame | Oversize | Broken | Junk


def frame(content: bytes) -> bytes:
    """Wrap one message."""
    return b"%b%b%b%b" % (START, content, END, CARRIAGE_RETURN)


class Deframer:
    """
    Finds messages in a stream of bytes.

    - Before a start byte: junk, skipped; line ends there are silently skipped.
    - FS ends a message when CR, LF or VT follows; before anything else it is content.
      Whether an FS at the very end of what came is the end, `settle` decides.
    - VT inside a message is content, unless MSH follows: then the sender gave up the first
      message and began another.

    Args:
        limit_bytes: the largest content that is kept.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._head_limit = min(_HEAD_BYTES, limit_bytes)
        self._buffer = bytearray()
        self._inside = False
        self._looked = 0  # up to here the buffer holds no end of this message
        self._head = b""  # of a message over the limit
        self._dropped = 0  # bytes of it that are no longer held

    @property
    def ends_in_doubt(self) -> bool:
        """Whether the last byte is an FS that may or may not end the message."""
        return self._inside and self._buffer.endswith(END)

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    @property
    def held_bytes(self) -> int:
        """How many bytes are held just now."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[Event]:
        """Take what the socket gave, in any portion; give what became whole, in order."""
        if not self._inside and _is_one_message(chunk, self._limit):
            return [Frame(chunk[1:-2])]
        self._buffer += chunk
        events: list[Event] = []
        start = 0
        while start < len(self._buffer):
            after = (self._within if self._inside else self._outside)(start, events)
            if after == start:
                break
            start = after
        del self._buffer[:start]
        self._looked -= start
        if self._inside and self._dropped + len(self._buffer) > self._limit + 1:
            self._shed()
        return events

    def settle(self) -> list[Event]:
        """Take an FS at the very end for the end: nothing came after it for a while."""
        if not self.ends_in_doubt:
            return []
        event = self._whole(0, len(self._buffer) - 1)
        self._leave()
        return [event]

    def abandon(self) -> list[Event]:
        """Give up an unfinished message: its sender fell silent, or hung up."""
        if not self._inside:
            return []
        event = self._broken(0, len(self._buffer))
        self._leave()
        return [event]

    def _outside(self, start: int, events: list[Event]) -> int:
        begin = self._buffer.find(START, start)
        end = len(self._buffer) if begin < 0 else begin
        junk = end - start - sum(self._buffer.count(mark, start, end) for mark in b"\r\n")
        if junk:
            events.append(Junk(junk))
        if begin < 0:
            return end
        self._enter(begin + 1)
        return begin + 1

    def _within(self, start: int, events: list[Event]) -> int:
        end = self._end()
        until = len(self._buffer) if end < 0 else end
        renewed = self._buffer.find(_NEW_MESSAGE, max(start, self._looked - 3), until)
        if renewed >= 0:
            events.append(self._broken(start, renewed))
            self._enter(renewed + 1)
            return renewed + 1
        if end < 0:
            self._looked = len(self._buffer) - self._buffer.endswith(END)
            return start
        events.append(self._whole(start, end))
        self._inside = False
        self._head, self._dropped = b"", 0
        # VT is the next message's; CR and LF belong to this one.
        return end + 1 + (self._buffer[end + 1] != START[0])

    def _end(self) -> int:
        found = self._buffer.find(END, self._looked)
        while 0 <= found < len(self._buffer) - 1:
            if self._buffer[found + 1] in _AFTER_END:
                return found
            found = self._buffer.find(END, found + 1)
        return -1

    def _whole(self, start: int, end: int) -> Frame | Oversize:
        size = self._dropped + end - start
        if size > self._limit:
            return Oversize(self._head_from(start, end), size)
        return Frame(bytes(self._buffer[start:end]))

    def _broken(self, start: int, end: int) -> Broken:
        return Broken(self._head_from(start, end), self._dropped + end - start)

    def _head_from(self, start: int, end: int) -> bytes:
        return self._head or bytes(self._buffer[start : min(end, start + self._head_limit)])

    def _shed(self) -> None:
        self._head = self._head_from(0, len(self._buffer))
        # The last bytes may be the beginning of an end, or of another message.
        surplus = max(0, min(self._looked, len(self._buffer) - len(_NEW_MESSAGE)))
        del self._buffer[:surplus]
        self._dropped += surplus
        self._looked -= surplus

    def _enter(self, at: int) -> None:
        self._inside, self._looked = True, at
        self._head, self._dropped = b"", 0

    def _leave(self) -> None:
        self._inside, self._looked = False, 0
        self._head, self._dropped = b"", 0
        self._buffer.clear()


def _is_one_message(chunk: bytes, limit: int) -> bool:
    # Nearly every message of a lock-step sender comes alone and whole: no copy but one.
    last = len(chunk) - 2
    return (
        0 < last <= limit + 1
        and chunk.startswith(START)
        and chunk.endswith(b"\x1c\r")
        and chunk.find(END) == last
        and chunk.find(_NEW_MESSAGE, 1) < 0
    )
