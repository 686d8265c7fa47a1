"""
How one effect goes from state to state: pure functions from a row to the row after.

The database holds the same line with triggers; here each refusal gets its name.
"""

from datetime import datetime
from typing import Any

from accord.domain.effects import MOVES, EffectState, Mode
from accord.ledger.errors import IllegalMove, LateWorker
from accord.ledger.records import Answered, Claim, EffectRow, GivenBack, Move

IN_HAND = frozenset({EffectState.CLAIMED, EffectState.SENT})
"""States in which a worker has the effect; only its claim, or the lease's end, moves it on."""

LOOKED_FOR = frozenset({EffectState.IN_DOUBT, EffectState.REJECTED})
"""States of which it is kept when a look found nothing: sent, and no word says that it is there."""

WORKER_LOST = "worker-lost"

_NO_LEASE: dict[str, Any] = {"lease_holder": "", "lease_until": None}


def is_fenced_off(row: EffectRow, claim: Claim) -> bool:
    """Whether the effect has been given to somebody else since `claim`, or taken back."""
    return row.lease_token != claim.token or row.lease_holder != claim.holder


def send(row: EffectRow, claim: Claim, mode: Mode, *, now: datetime) -> EffectRow:
    """
    Write down that the bytes may leave now; in `watch` mode the effect goes back instead.

    Raises:
        LateWorker: the lease is over, or another worker has it.
    """
    if row.state is not EffectState.CLAIMED or is_fenced_off(row, claim):
        raise LateWorker(row.key)
    if mode is Mode.WATCH:
        return _unsent(row, now=now, who=claim.holder, why="mode is watch")
    if row.lease_until is None or row.lease_until <= now:
        raise LateWorker(row.key)
    return _after(
        row, EffectState.SENT, now=now, who=claim.holder, why="send",
        attempts=row.attempts + 1, sent_at=now, absent_at=None, reason="",
    )  # fmt: skip


def answer(row: EffectRow, answered: Answered, *, now: datetime) -> EffectRow:
    """
    Write down what became of what was sent.

    Raises:
        LateWorker: the lease was taken over: somebody else resolves it by looking.
    """
    if row.state is not EffectState.SENT or is_fenced_off(row, answered.claim):
        raise LateWorker(row.key)
    times = {"landed_at": now} if answered.to is EffectState.LANDED else {}
    return _after(
        row, answered.to, now=now, who=answered.claim.holder, why="answer",
        reason=answered.reason, evidence={**row.evidence, **answered.evidence},
        **times, **_NO_LEASE,
    )  # fmt: skip


def give_back(row: EffectRow, given: GivenBack, *, now: datetime) -> EffectRow:
    """
    Give a claimed effect back: nothing of it has left.

    Raises:
        LateWorker: another worker has it.
    """
    if row.state is not EffectState.CLAIMED or is_fenced_off(row, given.claim):
        raise LateWorker(row.key)
    return _after(
        row, given.to, now=now, who=given.claim.holder, why="nothing was sent",
        reason=given.reason, lease_token=row.lease_token + 1,
        not_before=given.not_before or row.not_before, **_NO_LEASE,
    )  # fmt: skip


def expire(row: EffectRow, *, now: datetime, who: str) -> EffectRow:
    """
    Take an effect from a worker whose lease is over; the token grows, so it stays fenced off.

    What was only claimed is planned again; what may have left is in doubt.
    """
    if row.state is EffectState.CLAIMED:
        return _unsent(row, now=now, who=who, why="the lease is over")
    return _after(
        row, EffectState.IN_DOUBT, now=now, who=who, why="the lease is over",
        reason=WORKER_LOST, lease_token=row.lease_token + 1, **_NO_LEASE,
    )  # fmt: skip


def move(row: EffectRow, wanted: Move, *, now: datetime) -> EffectRow:
    """
    Carry out a move that needs no lease.

    Raises:
        IllegalMove: not a legal move, not the expected state, in a worker's hand, verified
            without a rung, or sent again without having been seen absent before.
    """
    refusal = _why_not(row, wanted)
    if refusal is not None:
        raise IllegalMove(row.key, row.state, wanted.to, refusal)
    changes: dict[str, Any] = {"reason": wanted.reason, **_NO_LEASE}
    if wanted.evidence:
        changes["evidence"] = {**row.evidence, **wanted.evidence}
    if wanted.to is EffectState.PLANNED:
        changes |= {"lease_token": row.lease_token + 1, "absent_at": None}
        changes |= {"not_before": wanted.not_before or row.not_before}
    if row.state is EffectState.REJECTED and wanted.to is EffectState.PLANNED:
        changes |= {"digest": ""}  # nothing of it is there: it is made anew, from what stands now
    if wanted.to is EffectState.LANDED:
        changes |= {"landed_at": now, "absent_at": None}
    if wanted.to is EffectState.VERIFIED:
        changes |= {"verified_at": now, "rung": wanted.rung}
    return _after(row, wanted.to, now=now, who=wanted.who, why=wanted.why, **changes)


def see_absent(row: EffectRow, at: datetime) -> EffectRow:
    """
    Keep when a look first found nothing; later looks do not move it.

    Raises:
        IllegalMove: the effect is neither in doubt nor rejected.
    """
    if row.state not in LOOKED_FOR:
        raise IllegalMove(row.key, row.state, row.state, "only what may be there is looked for")
    return row if row.absent_at is not None else row.model_copy(update={"absent_at": at})


def _why_not(row: EffectRow, wanted: Move) -> str | None:
    if row.state in IN_HAND or wanted.to in IN_HAND:
        return "a worker has it; only a claim moves it"
    if wanted.expected is not None and row.state is not wanted.expected:
        return f"it was expected to be `{wanted.expected}`"
    if (row.state, wanted.to) not in MOVES:
        return "not a legal move"
    if wanted.to is EffectState.VERIFIED and wanted.rung is None:
        return "a verification states its rung"
    doubted = row.state is EffectState.IN_DOUBT and wanted.to is EffectState.PLANNED
    if doubted and row.absent_at is None:
        return "it was never seen absent before"
    return None


def _unsent(row: EffectRow, *, now: datetime, who: str, why: str) -> EffectRow:
    return _after(
        row, EffectState.PLANNED, now=now, who=who, why=why,
        lease_token=row.lease_token + 1, **_NO_LEASE,
    )  # fmt: skip


def _after(
    row: EffectRow, state: EffectState, *, now: datetime, who: str, why: str, **changes: Any
) -> EffectRow:
    return row.model_copy(
        update={"state": state, "moved_by": who, "moved_why": why, "updated_at": now, **changes}
    )
