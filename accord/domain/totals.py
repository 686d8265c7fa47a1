from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from accord.domain.base import Record


class Bucket(StrEnum):
    """Where each observed item ends in a run's report; each item is in exactly one."""

    ALREADY_THERE = "already there"
    VERIFIED = "verified"
    NOT_YET_VISIBLE = "landed, not yet visible"
    UNVERIFIABLE = "landed, no read-back at this site"
    IN_DOUBT = "in doubt"
    WAITING = "waiting"
    HELD = "held"
    PARKED = "parked"
    HUMAN_TASK = "human task"
    DONE_BY_HAND = "done by hand"  # attested by a person: over, and not green
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WOULD_DO = "would do"


NEEDS_A_PERSON = frozenset({Bucket.HELD, Bucket.PARKED, Bucket.HUMAN_TASK, Bucket.REJECTED})


UNPROVEN = frozenset({Bucket.UNVERIFIABLE, Bucket.IN_DOUBT})
"""It left, and nothing shows that it arrived: never plain green."""


class DoesNotTieOut(Exception):
    """The buckets do not add up to what was observed: the run cannot be trusted."""


class Totals(Record):
    """A run's control totals."""

    observed: int
    buckets: dict[Bucket, int]

    @classmethod
    def of(cls, observed: int, buckets: Iterable[Bucket]) -> "Totals":
        """Count `buckets`, one for each observed item."""
        return cls(observed=observed, buckets=dict(Counter(buckets)))

    def tie_out(self) -> "Totals":
        """
        Return these totals if every observed item is in exactly one bucket.

        Raises:
            DoesNotTieOut: with both numbers.
        """
        total = sum(self.buckets.values())
        if total != self.observed:
            raise DoesNotTieOut(f"observed {self.observed}, but the buckets hold {total}")
        return self

    @property
    def needs_a_person(self) -> bool:
        """Whether something waits for a person."""
        return any(self.buckets.get(bucket, 0) for bucket in NEEDS_A_PERSON)
