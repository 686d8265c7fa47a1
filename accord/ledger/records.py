"""What goes into the ledger and what comes out of it. No patient data in any of them."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from accord.domain.base import Record
from accord.domain.effects import EffectState, Intent, Mode, Rung
from accord.domain.identifiers import EffectKey
from accord.ledger.bootclock import Deadline

Key = Annotated[EffectKey, StringConstraints(pattern=r"^[A-Z2-7]{20}$")]
Opaque = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Code = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:-]{0,63})?$")]
"""A short closed code, such as the name of a rule; '' for none."""
IdOrNothing = Annotated[str, StringConstraints(pattern=r"^[^\s^|]{0,256}$")]
"""An id at a peer: no blanks, no HL7 separators, so that no name slips in."""
Short = Annotated[str, StringConstraints(max_length=200)]
Evidence = dict[Code, IdOrNothing | int]
"""Ids and codes that prove a state: UIDs, MSA-1, never texts."""


UNKNOWN_SUBJECT = "unknown"
"""The subject of an effect that was held before anybody could tell whom it is about."""


class PlannedEffect(Record):
    """
    One intended change, as a plan names it.

    `disposition` other than `planned` is taken at once, in the transaction that adds the row:
    held by a rule, parked, or superseded because it is there already (`already-there`).
    """

    key: Key
    organization: Name
    process: Name
    intent: Intent
    subject: Opaque
    chain: Opaque
    occasion: IdOrNothing = ""
    source: IdOrNothing = ""
    source_updated_at: AwareDatetime | None = None
    section: Short = ""
    document_type: Short = ""
    facility: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,63})?$")] = ""
    digest: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    parent: Annotated[str, StringConstraints(pattern=r"^([A-Z2-7]{20})?$")] = ""
    barrier: Annotated[str, StringConstraints(max_length=128)] = ""
    not_before: AwareDatetime | None = None
    disposition: Literal[
        EffectState.PLANNED, EffectState.HELD, EffectState.PARKED, EffectState.SUPERSEDED
    ] = EffectState.PLANNED
    reason: Code = ""
    evidence: Evidence = Field(default_factory=dict)


class Description(Record):
    """
    What became known of an effect after it was planned; None leaves a field as it is.

    `subject` and `barrier` can only be told where they were unknown before.
    """

    subject: Opaque | None = None
    barrier: Annotated[str, StringConstraints(max_length=128)] | None = None
    section: Short | None = None
    document_type: Short | None = None
    facility: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] | None = None
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class EffectRow(Record):
    """One effect as the ledger has it; the fields are those of `accord.ledger.tables.Effect`."""

    key: EffectKey
    organization: str
    process: str
    intent: Intent
    subject: str
    chain: str
    position: int
    occasion: str
    source: str
    source_updated_at: datetime | None
    section: str
    document_type: str
    facility: str
    digest: str
    parent: str
    barrier: str
    state: EffectState
    reason: str
    rung: Rung | Literal[""]
    evidence: Evidence
    attempts: int
    lease_holder: str
    lease_token: int
    lease_until: datetime | None
    not_before: datetime | None
    planned_at: datetime
    sent_at: datetime | None
    landed_at: datetime | None
    verified_at: datetime | None
    absent_at: datetime | None
    moved_by: str
    moved_why: str
    updated_at: datetime
    run: str
    retired_at: datetime | None

    @property
    def is_unsent(self) -> bool:
        """Whether no byte has left of it, or the peer refused it and it is made anew."""
        refused = not self.digest and self.intent is not Intent.WITHDRAW_DOCUMENT
        return not self.attempts or refused

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come: its grace is over, or it was given back long enough ago."""
        return self.not_before is None or self.not_before <= now


class Claim(Record):
    """A worker's right to one effect until `until`; `token` fences off whoever had it before."""

    key: EffectKey
    holder: str
    token: int
    until: datetime
    effect: EffectRow


class Sent(Record):
    """
    The ledger knows now that the bytes may leave.

    `boot_s` was read before the commit: what is to be sent within a time is counted from there,
    so that a worker frozen in between sees that its time is over.
    """

    claim: Claim
    at: datetime
    boot_s: float

    def deadline(self, within: timedelta) -> Deadline:
        """Give the last moment, on this machine's boot clock, at which a byte may leave."""
        return Deadline.after(self.boot_s, within)


class Answered(Record):
    """What became of what was sent: the peer took it, refused it, or nobody can tell."""

    claim: Claim
    to: Literal[EffectState.LANDED, EffectState.REJECTED, EffectState.IN_DOUBT]
    reason: Code = ""
    evidence: Evidence = Field(default_factory=dict)


class GivenBack(Record):
    """A claimed effect of which nothing has left goes back, or is not called for any more."""

    claim: Claim
    to: Literal[EffectState.PLANNED, EffectState.SUPERSEDED] = EffectState.PLANNED
    reason: Code = ""
    not_before: AwareDatetime | None = None


class Move(Record):
    """
    A change of state by verification, by resolving a doubt, or by a person.

    `expected` guards against a change in between; None takes the effect as it is.
    """

    key: EffectKey
    to: EffectState
    who: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    why: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Code = ""
    evidence: Evidence = Field(default_factory=dict)
    rung: Rung | None = None
    expected: EffectState | None = None
    not_before: AwareDatetime | None = None


class EffectMoveRow(Record):
    """One entry of the log of moves; `before` is '' at birth."""

    key: EffectKey
    before: EffectState | Literal[""]
    after: EffectState
    at: datetime
    who: str
    why: str
    reason: str
    token: int
    run: str


class ModeRow(Record):
    """A mode with who set it, when and why."""

    organization: str
    process: str
    mode: Mode
    who: str
    why: str
    set_at: datetime


class BarrierRow(Record):
    """A stop for all effects that carry its name, and who put it up."""

    organization: str
    name: str
    who: str
    why: str
    raised_at: datetime
    lifted_at: datetime | None = None
