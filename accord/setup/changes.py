"""What a plan of changes is made of: three views of an object, and what is to become of it."""

from enum import StrEnum

from accord.domain.base import Record
from accord.ledger.applied import Applied


class Declared(Record):
    """One object as the file has it."""

    key: str
    """The file's own name of it, which never changes: another name in a system is a rename."""
    fields: dict[str, str]
    owned: frozenset[str]
    """Fields that this file decides; the others are the system's own affair."""
    protected: bool = False
    """Whether it may never be retired, also once its lines have gone from the file."""


class Live(Record):
    """One object as the system shows it."""

    id: str
    fields: dict[str, str]
    version: str = ""
    key: str = ""
    """The file's own name of it, where it was made by that and says so; '' where it does not."""
    is_retired: bool = False
    booked: int | None = 0
    """Future appointments that rest on it; None: there is no telling."""


class Verdict(StrEnum):
    """What is to become of one object."""

    CREATE = "create"
    UPDATE = "update"
    RETIRE = "retire"
    FORGET = "forget"  # neither declared nor there any more: only our own note of it goes
    CONFLICT = "conflict"  # file and system changed the same field: a person decides
    PROTECTED = "protected"  # to be retired by the file, and may not be
    BOOKED = "booked"  # to be retired, and patients are booked on it
    TWICE = "twice"  # several objects of the system may be it: a person tells which
    UNPLACED = "unplaced"  # its facility or its room is not there, or is there twice
    MOVED = "moved"  # somebody changed it while the plan was made: plan again
    UNSEEN = "unseen"  # what the system shows and nobody understands may be it
    BY_HAND = "by hand"  # the system does not take this change over the wire


REFUSED = frozenset(
    {
        Verdict.CONFLICT,
        Verdict.PROTECTED,
        Verdict.BOOKED,
        Verdict.TWICE,
        Verdict.UNPLACED,
        Verdict.MOVED,
        Verdict.UNSEEN,
        Verdict.BY_HAND,
    }
)
"""Verdicts that nothing is done about until a person has decided."""


class Cause(StrEnum):
    """Who made a field differ."""

    FIRST = "first"  # never applied
    FILE = "file"
    SYSTEM = "system"  # drift
    BOTH = "both"


class FieldChange(Record):
    """One field, from what the system shows to what the file says."""

    name: str
    before: str
    after: str
    cause: Cause


class Change(Record):
    """What is to become of one object, and of which of its fields."""

    key: str
    verdict: Verdict
    live_id: str = ""
    """Of what is there; of a new object, of the one before it that somebody removed."""
    version: str = ""
    fields: tuple[FieldChange, ...] = ()
    booked: int | None = 0
    bookings: tuple[str, ...] = ()
    """Some of the appointments, by their ids at the system."""


def takes_away(change: Change) -> bool:
    """Say whether nobody can be booked on it afterwards: retired, or made inactive by its file."""
    makes_inactive = any((f.name, f.after) == ("active", "false") for f in change.fields)
    return change.verdict is Verdict.RETIRE or (change.verdict is Verdict.UPDATE and makes_inactive)


class Comparison(Record):
    """All changes, in the order of the file; what nobody declared is only named."""

    changes: tuple[Change, ...]
    agreed: tuple[Applied, ...] = ()
    """What is as the file says."""
    unmanaged: tuple[str, ...] = ()
    """Ids of what the system shows and no file ever declared: left alone."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done and nothing refused."""
        return not self.changes
