"""What the ledger says of a walk: the outcome of each step, by its effect alone."""

from accord.acceptance.stages import CLEAN_UP, STAGES, WALK
from accord.acceptance.walk import Walk
from accord.domain.acceptance import Harm, Outcome, Remark, Step, Tried
from accord.domain.effects import EffectState
from accord.domain.identifiers import EffectKey
from accord.ledger.records import EffectRow

REFUSED, UNPROVEN = "refused", "unproven"
"""Why an effect is over that was not verified; the first also marks the answer, in its evidence."""

_O, _S = Outcome, EffectState
_NOT_SENT = frozenset({_S.PLANNED, _S.CLAIMED, _S.HELD})


def tried(walk: Walk) -> tuple[Tried, ...]:
    """Give what became of every step so far, in the walk's order."""
    rows = rows_of(walk)
    return tuple(_told(stage.step, rows.get(stage.step)) for stage in (*WALK, *CLEAN_UP))


def rows_of(walk: Walk) -> dict[Step, EffectRow]:
    """Give the effects of a walk, by their step."""
    keys = {walk.key_of(step): step for step in STAGES}
    return {keys[EffectKey(key)]: row for key, row in walk.desk.ledger.effects(keys).items()}


def outcome_of(row: EffectRow | None) -> Outcome:
    """Say what a step's effect shows."""
    if row is None or row.retired_at is not None:
        return _O.NOT_TRIED  # of what is forgotten nothing is concluded
    if row.state in _NOT_SENT:
        return _O.WAITING
    if row.state is _S.VERIFIED:
        return _verified(row)
    if row.state is _S.SUPERSEDED:
        if _harms(row) & {Harm.STATUS_MOVED, Harm.PHANTOM_STUDY}:
            return _O.HARMFUL
        return _O.REFUSED if row.reason == REFUSED else _O.UNPROVEN
    if row.state in (_S.UNVERIFIABLE, _S.DONE_BY_HAND):
        return _O.UNPROVEN
    return _O.IN_DOUBT


def _verified(row: EffectRow) -> Outcome:
    if row.rung == "attested by a person":
        return _O.UNPROVEN  # what a person saw is not what the wire showed
    if _harms(row):
        return _O.HARMFUL
    return _O.CONTRADICTORY if row.evidence.get(REFUSED) else _O.ACCEPTED


def answer_of(row: EffectRow) -> str:
    """Give the peer's own code, '' where none came."""
    return str(row.evidence.get("answer", ""))


def _harms(row: EffectRow) -> frozenset[Harm]:
    return frozenset(harm for harm in Harm if row.evidence.get(harm))


def _copies(step: Step, row: EffectRow) -> str:
    copies = row.evidence.get("copies", "")
    return str(copies) if step is Step.REPEAT or copies not in ("", 1) else ""


def _told(step: Step, row: EffectRow | None) -> Tried:
    if row is None or row.retired_at is not None:
        return Tried(step=step, outcome=_O.NOT_TRIED, key=row.key if row is not None else "")
    evidence = row.evidence
    return Tried(
        step=step,
        outcome=outcome_of(row),
        key=row.key,
        answer=answer_of(row),
        rung=row.rung,
        seen=str(evidence.get("status", "")) or _copies(step, row),
        harms=tuple(harm for harm in Harm if evidence.get(harm)),
        remarks=tuple(remark for remark in Remark if evidence.get(remark)),
    )
