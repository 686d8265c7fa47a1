"""A worker's writes, and moves without a lease, carried out together in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from accord.domain.effects import EffectState, Mode
from accord.ledger import transitions
from accord.ledger.errors import IllegalMove, LateWorker, SwitchedOff, UnknownEffect
from accord.ledger.records import Answered, Claim, EffectRow, GivenBack, Move, Sent
from accord.ledger.rows import as_row, load, save
from accord.ledger.tables import EFFECT, MODE

Step = Claim | Answered | GivenBack | Move
"""A claim given here means: it is about to be sent."""

Refusal = LateWorker | SwitchedOff | IllegalMove | UnknownEffect
Outcome = Sent | EffectRow | Refusal
"""A refusal is returned, not raised: one late item does not undo what stands beside it."""

EXPIRY_PAGE = 500

_MODE_LOCKED = (
    select(MODE.c.mode)
    .where(
        MODE.c.organization == bindparam("organization_"), MODE.c.process == bindparam("process_")
    )
    .with_for_update(read=True)
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The clocks of one transaction: the wall's, and the machine's in seconds since boot."""

    now: datetime
    boot_s: float


def carry_out(connection: Connection, steps: Sequence[Step], moment: Moment) -> list[Outcome]:
    """Carry out each step that may be; give what became of each, in the order given."""
    rows = load(connection, (_key(step) for step in steps), lock=True)
    mode_of = _modes(connection, rows, steps)
    outcomes: list[Outcome] = []
    changed: list[EffectRow] = []
    for step in steps:
        row = rows.get(_key(step))
        if row is None:
            outcomes.append(UnknownEffect(_key(step)))
            continue
        try:
            after = _after(row, step, mode_of, moment.now)
        except (LateWorker, IllegalMove) as refusal:
            outcomes.append(refusal)
            continue
        rows[after.key] = after
        changed.append(after)
        outcomes.append(_outcome(after, step, moment))
    save(connection, changed)
    return outcomes


def expire(connection: Connection, *, now: datetime, who: str) -> list[EffectRow]:
    """Take up to a page of effects from workers whose lease is over."""
    query = (
        select(EFFECT)
        .where(EFFECT.c.lease_until <= now, EFFECT.c.state.in_(sorted(transitions.IN_HAND)))
        .order_by(EFFECT.c.key)
        .limit(EXPIRY_PAGE)
        .with_for_update(skip_locked=True)
    )
    held = [as_row(mapping) for mapping in connection.execute(query).mappings()]
    taken = [transitions.expire(row, now=now, who=who) for row in held]
    save(connection, taken)
    return taken


def see_absent(connection: Connection, looks: Sequence[tuple[str, datetime]]) -> list[EffectRow]:
    """
    Keep when each effect in doubt, or rejected, was first looked for and not found.

    Raises:
        UnknownEffect: a key without an effect.
        IllegalMove: one of them is neither.
    """
    rows = load(connection, (key for key, _ in looks), lock=True)
    for key, _ in looks:
        if key not in rows:
            raise UnknownEffect(key)
    seen = [transitions.see_absent(rows[key], at) for key, at in looks]
    save(connection, seen)
    return seen


def _after(
    row: EffectRow, step: Step, mode_of: Callable[[EffectRow], Mode], now: datetime
) -> EffectRow:
    match step:
        case Claim():
            return transitions.send(row, step, mode_of(row), now=now)
        case Answered():
            return transitions.answer(row, step, now=now)
        case GivenBack():
            return transitions.give_back(row, step, now=now)
        case Move():
            return transitions.move(row, step, now=now)


def _outcome(after: EffectRow, step: Step, moment: Moment) -> Outcome:
    if not isinstance(step, Claim):
        return after
    if after.state is EffectState.PLANNED:
        return SwitchedOff(after.key)
    return Sent(claim=step, at=moment.now, boot_s=moment.boot_s)


def _modes(
    connection: Connection, rows: dict[str, EffectRow], steps: Sequence[Step]
) -> Callable[[EffectRow], Mode]:
    """Read the modes that sending rests on; nobody changes them until the commit."""
    sending = [rows[step.key] for step in steps if isinstance(step, Claim) and step.key in rows]
    found: dict[tuple[str, str], Mode] = {}
    for organization, process in sorted({(row.organization, row.process) for row in sending}):
        asked = {"organization_": organization, "process_": process}
        mode = connection.execute(_MODE_LOCKED, asked).scalar_one_or_none()
        found[organization, process] = Mode.WATCH if mode is None else Mode(mode)
    return lambda row: found[row.organization, row.process]


def _key(step: Step) -> str:
    return step.key if isinstance(step, Claim | Move) else step.claim.key
