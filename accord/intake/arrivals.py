from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Flag(StrEnum):
    """What is odd about a stored message; it was answered all the same (domain.md 5.14)."""

    NONE = ""
    REUSED_CONTROL_ID = "control id reused"  # the same MSH-10 came before with other bytes
    NO_CONTROL_ID = "no control id"  # MSH-10 is empty: only equal bytes show a repeat


@dataclass(frozen=True, slots=True, repr=False)
class Arrival:
    """A message as it came off the wire, with the answer it shall get once it is stored."""

    received_at: datetime
    peer: str
    sender: str
    control_id: str
    type: str
    sha256: bytes
    answer: bytes
    """Framed."""
    raw: bytes


@dataclass(frozen=True, slots=True, repr=False)
class StoredMessage:
    """One message of the store. `raw` is patient data."""

    id: int
    received_at: datetime
    peer: str
    control_id: str
    type: str
    flag: Flag
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a message about something came, and when; nothing of its content."""

    id: int
    received_at: datetime
    control_id: str
    type: str
    flag: Flag


def to_microseconds(at: datetime) -> int:
    """Give an aware time as microseconds since 1970, UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """Give back what `to_microseconds` was given, in UTC."""
    return _EPOCH + timedelta(microseconds=value)
