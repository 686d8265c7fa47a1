from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from accord.domain.effects import EffectState
from accord.ledger.database import lock
from accord.ledger.errors import IllegalMove, UnknownEffect
from accord.ledger.records import UNKNOWN_SUBJECT, Description, EffectRow, PlannedEffect
from accord.ledger.rows import load, pages, save
from accord.ledger.tables import EFFECT

PLANNER = "plan"

_UNTOUCHED: dict[str, Any] = {
    "state": EffectState.PLANNED,
    "reason": "",
    "rung": "",
    "attempts": 0,
    "lease_holder": "",
    "lease_token": 0,
    "moved_by": PLANNER,
    "moved_why": "called for",
    **dict.fromkeys(("lease_until", "sent_at", "landed_at", "verified_at", "absent_at")),
    "retired_at": None,
}

DESCRIBABLE = frozenset(
    {EffectState.PLANNED, EffectState.HELD, EffectState.PARKED, EffectState.REJECTED}
)


def add(
    connection: Connection, effects: Sequence[PlannedEffect], *, run: str, now: datetime
) -> list[EffectRow]:
    """
    Add the effects that are not there yet; leave those that are as they are.

    New ones go to the end of their chain, in the order given. Returns all of them as they
    stand now, in the order given.
    """
    for organization in sorted({effect.organization for effect in effects}):
        lock(connection, f"plan of {organization}")  # two planners may not take one position
    there = load(connection, (effect.key for effect in effects))
    new = {effect.key: effect for effect in effects if effect.key not in there}
    if new:
        planned = _planned(connection, list(new.values()), run=run, now=now)
        connection.execute(insert(EFFECT), [row.model_dump() for row in planned])
        there |= {row.key: row for row in planned}
        disposed = _disposed(new.values(), there, now)
        save(connection, disposed)
        there |= {row.key: row for row in disposed}
    return [there[effect.key] for effect in effects]


def may_change_subject(row: EffectRow) -> bool:
    """Say whether an effect may turn out to be about another patient: nothing of it has left."""
    waits = row.state in (EffectState.PLANNED, EffectState.HELD)
    return row.subject == UNKNOWN_SUBJECT or (waits and row.is_unsent)


def describe(
    connection: Connection, key: str, description: Description, *, now: datetime
) -> EffectRow:
    """
    Fill in what was not known when the effect was planned, such as a held form's section.

    Raises:
        UnknownEffect: no such key.
        IllegalMove: a worker has it, the peer has it, it is over, or it was sent and would be
            about another patient.
    """
    row = load(connection, [key], lock=True).get(key)
    if row is None:
        raise UnknownEffect(key)
    if row.state not in DESCRIBABLE:
        raise IllegalMove(key, row.state, row.state, "it can no longer be described")
    values = description.model_dump(exclude_none=True)
    whom = (values.get("subject", row.subject), values.get("barrier", row.barrier))
    if whom != (row.subject, row.barrier) and not may_change_subject(row):
        raise IllegalMove(key, row.state, row.state, "it is about another subject")
    if values:
        values["updated_at"] = now
        connection.execute(update(EFFECT).where(EFFECT.c.key == key).values(**values))
    return row.model_copy(update=values)


def _planned(
    connection: Connection, new: Sequence[PlannedEffect], *, run: str, now: datetime
) -> list[EffectRow]:
    ends = _chain_ends(connection, new)
    rows = []
    for effect in new:
        chain = (effect.organization, effect.chain)
        ends[chain] = ends.get(chain, -1) + 1
        rows.append(_row(effect, position=ends[chain], run=run, now=now))
    return rows


def _chain_ends(
    connection: Connection, effects: Iterable[PlannedEffect]
) -> dict[tuple[str, str], int]:
    ends: dict[tuple[str, str], int] = {}
    for page in pages(effect.chain for effect in effects):
        query = (
            select(EFFECT.c.organization, EFFECT.c.chain, func.max(EFFECT.c.position))
            .where(EFFECT.c.chain.in_(page))
            .group_by(EFFECT.c.organization, EFFECT.c.chain)
        )
        ends |= {
            (organization, chain): end for organization, chain, end in connection.execute(query)
        }
    return ends


def _row(effect: PlannedEffect, *, position: int, run: str, now: datetime) -> EffectRow:
    return EffectRow.model_validate(
        _UNTOUCHED
        | effect.model_dump(exclude={"disposition", "reason"})
        | {"position": position, "planned_at": now, "updated_at": now, "run": run}
    )


def _disposed(
    effects: Iterable[PlannedEffect], rows: dict[str, EffectRow], now: datetime
) -> list[EffectRow]:
    return [
        rows[effect.key].model_copy(
            update={
                "state": effect.disposition, "reason": effect.reason, "updated_at": now,
                "moved_by": PLANNER, "moved_why": effect.reason or effect.disposition,
            }
        )
        for effect in effects
        if effect.disposition is not EffectState.PLANNED
    ]  # fmt: skip
