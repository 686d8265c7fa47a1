from datetime import datetime
from enum import StrEnum

from accord.domain.base import Record
from accord.domain.identifiers import EffectKey, OrganizationSlug
from accord.domain.totals import UNPROVEN, Bucket, Totals


class Verdict(StrEnum):
    """What a run says of itself; each is also the name of its final Prefect state."""

    COMPLETED = "Completed"  # all green, or waiting within grace
    UNPROVEN = "CompletedUnproven"  # something left, and no read-back can or could prove it yet
    WITH_HOLDS = "CompletedWithHolds"  # something waits for a person
    FAILED = "Failed"  # cannot judge, cannot tie out, peer down, or a guard tripped


class Line(Record):
    """How many documents of one section were verified on one rung."""

    section: str
    rung: str
    count: int


class Attention(Record):
    """One item that waits for a person: its opaque key, why, and what to do."""

    key: EffectKey | None
    """None: a task about no effect."""
    bucket: Bucket
    reason: str
    """A rule's name or a short code; never a value."""
    facility: str
    what_to_do: str
    task: str = ""
    """Id of the human task, where it is one that `attest-task` ends."""


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
    """All that waits for a person, also what earlier runs left to one."""
    waiting_from_before: int = 0
    """How many of `attention` are no items of this run."""
    nameless: int = 0
    """Entries of OmegaAI's pages without an id: nobody can ask for them again."""
    leaned_on: tuple[str, ...] = ()
    """What OmegaAI does not declare and the site vouches for (`assume_supported`)."""
    audit_head: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether this run saw nothing and had nothing to do."""
        return self.totals.observed == 0 and not self.nameless

    @property
    def verdict(self) -> Verdict:
        """Judge the run: a person's work stays open until it is done, not until the next run."""
        if self.totals.needs_a_person or self.attention or self.nameless:
            return Verdict.WITH_HOLDS
        unproven = any(self.totals.buckets.get(each) for each in UNPROVEN)
        return Verdict.UNPROVEN if unproven else Verdict.COMPLETED
