from datetime import datetime
from enum import StrEnum

from accord.domain.base import Record
from accord.domain.identifiers import EffectKey, OrganizationSlug
from accord.domain.totals import Bucket, Totals


class Verdict(StrEnum):
    """What a run says of itself; each is also the name of its final Prefect state."""

    COMPLETED = "Completed"  # all green, or waiting within grace
    WITH_HOLDS = "CompletedWithHolds"  # something waits for a person
    FAILED = "Failed"  # cannot judge, cannot tie out, peer down, or a guard tripped


class Line(Record):
    """How many documents of one section were verified on one rung."""

    section: str
    rung: str
    count: int


class Attention(Record):
    """One item that waits for a person: its opaque key, why, and what to do."""

    key: EffectKey
    bucket: Bucket
    reason: str
    """A rule's name or a short code; never a value."""
    facility: str
    what_to_do: str


class RelayReport(Record):
    """One run of relay-forms, in counts and opaque keys only."""

    organization: OrganizationSlug
    since: datetime | None
    until: datetime
    dry_run: bool
    mode: str
    totals: Totals
    not_submitted: int = 0
    """Forms seen that nobody has submitted yet (`in-progress`): not items of this run."""
    verified: tuple[Line, ...] = ()
    attention: tuple[Attention, ...] = ()
    audit_head: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was to be seen or done."""
        return self.totals.observed == 0 and not self.attention

    @property
    def verdict(self) -> Verdict:
        """Judge the run by its totals."""
        return Verdict.WITH_HOLDS if self.totals.needs_a_person else Verdict.COMPLETED
