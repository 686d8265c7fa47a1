"""What shall become of one version of a submitted form: a pure decision."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from accord.domain.base import Record
from accord.domain.effects import EffectState, Intent
from accord.domain.forms import FormKind, Section, SubmissionStatus
from accord.domain.identifiers import Digest, EffectKey

PRESENT_AT_PEER = frozenset(
    {
        EffectState.LANDED,
        EffectState.VERIFIED,
        EffectState.UNVERIFIABLE,
        EffectState.DONE_BY_HAND,
    }
)
"""States in which the peer holds, as far as we know, what the effect meant to put there."""

FILED_BY_US = frozenset({EffectState.LANDED, EffectState.VERIFIED, EffectState.UNVERIFIABLE})
"""States in which the peer holds it under our own number: it can replace and withdraw it."""

ON_THE_WAY = frozenset({EffectState.CLAIMED, EffectState.SENT, EffectState.IN_DOUBT})
NOT_THERE = frozenset({EffectState.PLANNED, EffectState.HELD, EffectState.REJECTED})
"""
Not at the peer: a newer version may take their place. What is parked may be there, and so may
what was refused until somebody has looked (`Earlier.unlooked`).
"""

ALREADY_THERE = "already-there"
UNCHANGED = "unchanged"
NEWER_VERSION = "newer-version"
NOTHING_TO_WITHDRAW = "nothing-to-withdraw"
SOURCE_GONE = "source-gone"
AMBIGUOUS_COPY = "ambiguous-copy"
RETIRE_BY_HAND = "retire-by-hand"
OVER_UNSEEN = frozenset({NEWER_VERSION, NOTHING_TO_WITHDRAW, SOURCE_GONE})
"""Reasons for which a version is over that nobody looked for: the vendor may have brought it."""
CANNOT_PREPARE = "cannot-prepare"
CHANGED_SINCE_PLANNED = "changed-since-planned"


class Earlier(Record):
    """An effect for an earlier version of the same form, as the ledger has it."""

    key: EffectKey
    state: EffectState
    intent: Intent = Intent.FILE_DOCUMENT
    reason: str = ""
    digest: str = ""
    unlooked: bool = False
    """Refused, and not looked for yet where it can be: a peer may file what it refuses."""

    @property
    def is_there(self) -> bool:
        """Whether it was done at PowerServer, by our hand or by the vendor's."""
        return self.state in PRESENT_AT_PEER or (
            self.state is EffectState.SUPERSEDED and self.reason == ALREADY_THERE
        )

    @property
    def is_ours(self) -> bool:
        """Whether PowerServer knows it by our own number, or will if it arrives."""
        return self.state in FILED_BY_US or self.may_come

    @property
    def may_come(self) -> bool:
        """Whether it may be at PowerServer, and it will be known by looking."""
        return self.state in ON_THE_WAY or self.unlooked

    @property
    def is_moot(self) -> bool:
        """Whether nothing of it is at PowerServer: a newer version may take its place."""
        return self.state in NOT_THERE and not self.unlooked


def standing(earlier: Sequence[Earlier]) -> Earlier | None:
    """Give the version that PowerServer shows now: the last one there, unless withdrawn since."""
    shown = None
    for each in earlier:
        if each.is_there:
            shown = None if each.intent is Intent.WITHDRAW_DOCUMENT else each
    return shown


def is_overtaken(later: Sequence[Earlier]) -> bool:
    """
    Say whether a version may no longer go, by the versions that follow it in its chain.

    A newer one has gone, or may have: what comes now would stand beside it, or in its place. And
    what the patient has withdrawn does not go at all, however far the withdrawal has come.
    """
    return any(
        each.reason != NEWER_VERSION
        if each.intent is Intent.WITHDRAW_DOCUMENT
        else each.is_there or each.may_come or each.state is EffectState.PARKED
        for each in later
    )


class Recognition(StrEnum):
    """What looking for the form at PowerServer gave."""

    ABSENT = "absent"
    THERE = "there"
    AMBIGUOUS = "ambiguous"


class Prepared(Record):
    """One screened version, ready to be planned. No patient data: opaque names and codes."""

    key: EffectKey
    source: str
    source_updated_at: datetime
    status: SubmissionStatus
    kind: FormKind | None = None
    section: Section | None = None
    document_type: str = ""
    facility: str
    subject: str
    """Opaque name of the patient."""
    chain: str
    """Opaque name of the form whose versions follow one another."""
    digest: Digest = Digest("")
    held: tuple[str, ...] = ()
    """Rules that hold it; the first is the reason."""
    gone: bool = False
    """Whether this version no longer stands at its source: deleted, or a newer one is there."""


class Decision(Record):
    """What the plan says of one version."""

    key: EffectKey
    intent: Intent
    state: EffectState
    """PLANNED, HELD, PARKED or SUPERSEDED: where the effect starts its life."""
    reason: str = ""
    parent: EffectKey | None = None
    parent_is_ours: bool = True
    """Whether PowerServer knows the parent by our number: only then can a message name it."""
    supersedes: tuple[EffectKey, ...] = ()
    """Earlier effects that are no longer called for: nothing of theirs has left."""


def decide(item: Prepared, found: Recognition, earlier: tuple[Earlier, ...]) -> Decision:
    """
    Decide what one version of a form calls for, given what is there and what we did before.

    `earlier` are the effects of the form's earlier versions, oldest first.
    """
    there = standing(earlier)
    coming = next((e for e in reversed(earlier) if e.may_come), None)
    moot = tuple(e.key for e in earlier if e.is_moot)
    if item.status is SubmissionStatus.WITHDRAWN:
        maybe = next((e for e in reversed(earlier) if e.state is EffectState.PARKED), None)
        return _withdraw(item, found, there or coming or maybe, moot)
    if item.gone:
        return _superseded(item, SOURCE_GONE, ())
    if item.held:
        return Decision(
            key=item.key,
            intent=Intent.FILE_DOCUMENT,
            state=EffectState.HELD,
            reason=item.held[0],  # the version before it goes its way: it is what we can show
        )
    moot += tuple(e.key for e in earlier if _asks_to_retire(e))  # what holds again stays
    if there is not None and there.digest == item.digest and coming is None:
        return _superseded(item, UNCHANGED, moot)
    if found is Recognition.THERE:
        return _superseded(item, ALREADY_THERE, moot)
    return _file(item, found, coming or there, moot)


def _asks_to_retire(each: Earlier) -> bool:
    """Say whether a withdrawal still waits for a person: the document stands."""
    parked = each.intent is Intent.WITHDRAW_DOCUMENT and each.state is EffectState.PARKED
    return parked and each.reason == RETIRE_BY_HAND


def _file(
    item: Prepared, found: Recognition, behind: Earlier | None, moot: tuple[EffectKey, ...]
) -> Decision:
    is_ambiguous = found is Recognition.AMBIGUOUS
    return Decision(
        key=item.key,
        intent=Intent.REPLACE_DOCUMENT if behind else Intent.FILE_DOCUMENT,
        state=EffectState.PARKED if is_ambiguous else EffectState.PLANNED,
        reason=AMBIGUOUS_COPY if is_ambiguous else "",
        parent=behind.key if behind else None,
        parent_is_ours=behind is None or behind.is_ours,
        supersedes=moot,
    )


def _withdraw(
    item: Prepared, found: Recognition, there: Earlier | None, moot: tuple[EffectKey, ...]
) -> Decision:
    if there is None and found is not Recognition.ABSENT:
        return Decision(  # what stands there may be the vendor's copy: it cannot be named to it
            key=item.key,
            intent=Intent.WITHDRAW_DOCUMENT,
            state=EffectState.PARKED,
            reason=RETIRE_BY_HAND,
            supersedes=moot,
        )
    if there is None:
        decision = _superseded(item, NOTHING_TO_WITHDRAW, moot)
        return decision.model_copy(update={"intent": Intent.WITHDRAW_DOCUMENT})
    return Decision(
        key=item.key,
        intent=Intent.WITHDRAW_DOCUMENT,
        state=EffectState.HELD if item.held else EffectState.PLANNED,
        reason=item.held[0] if item.held else "",
        parent=there.key,
        parent_is_ours=there.is_ours or there.state is EffectState.PARKED,
        supersedes=moot,
    )


def _superseded(item: Prepared, reason: str, moot: tuple[EffectKey, ...]) -> Decision:
    return Decision(
        key=item.key,
        intent=Intent.FILE_DOCUMENT,
        state=EffectState.SUPERSEDED,
        reason=reason,
        supersedes=moot,
    )
