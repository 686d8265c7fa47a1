from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select, update

from accord.domain.effects import CLEARED, EffectState, Mode
from accord.ledger.records import Claim
from accord.ledger.rows import as_row
from accord.ledger.tables import BARRIER, EFFECT, MODE

WRITING_MODES = (Mode.BACK_UP, Mode.DELIVER)


@dataclass(frozen=True, slots=True)
class Want:
    """What a worker asks for: effects of one organization and process, and for how long."""

    organization: str
    process: str
    keys: Sequence[str] | None
    holder: str
    lease: timedelta
    limit: int


def take(connection: Connection, want: Want, *, now: datetime) -> list[Claim]:
    """
    Give a worker what it may work on now, by one statement; others skip what it takes.

    Only heads of chains, planned, with their time come, no barrier up, and a mode that writes.
    """
    picked = _claimable(want, now).cte("picked")
    statement = (
        update(EFFECT)
        .where(EFFECT.c.key.in_(select(picked.c.key)))
        .values(
            state=EffectState.CLAIMED,
            lease_holder=want.holder,
            lease_token=EFFECT.c.lease_token + 1,
            lease_until=now + want.lease,
            moved_by=want.holder,
            moved_why="claim",
            updated_at=now,
        )
        .returning(EFFECT)
    )
    rows = [as_row(mapping) for mapping in connection.execute(statement).mappings()]
    rows.sort(key=lambda row: (row.planned_at, row.chain, row.position))
    return [
        Claim(
            key=row.key,
            holder=want.holder,
            token=row.lease_token,
            until=now + want.lease,
            effect=row,
        )
        for row in rows
    ]


def heads_only() -> ColumnElement[bool]:
    """Say in SQL that nothing earlier in the chain still waits, is in doubt or with a person."""
    earlier = EFFECT.alias("earlier")
    return ~exists().where(
        earlier.c.organization == EFFECT.c.organization,
        earlier.c.chain == EFFECT.c.chain,
        earlier.c.position < EFFECT.c.position,
        earlier.c.state.not_in(sorted(CLEARED)),
    )


def no_barrier() -> ColumnElement[bool]:
    """Say in SQL that no barrier of the effect's name is up."""
    return ~exists().where(
        BARRIER.c.organization == EFFECT.c.organization,
        BARRIER.c.name == EFFECT.c.barrier,
        BARRIER.c.lifted_at.is_(None),
    )


def mode_writes() -> ColumnElement[bool]:
    """Say in SQL that the mode lets effects leave; no row means `watch`."""
    return exists().where(
        MODE.c.organization == EFFECT.c.organization,
        MODE.c.process == EFFECT.c.process,
        MODE.c.mode.in_(WRITING_MODES),
    )


def _claimable(want: Want, now: datetime) -> Select[tuple[str]]:
    query = (
        select(EFFECT.c.key)
        .where(
            and_(
                EFFECT.c.organization == want.organization,
                EFFECT.c.process == want.process,
                EFFECT.c.state == EffectState.PLANNED,
                or_(EFFECT.c.not_before.is_(None), EFFECT.c.not_before <= now),
            ),
            heads_only(),
            no_barrier(),
            mode_writes(),
        )
        .order_by(EFFECT.c.planned_at, EFFECT.c.chain, EFFECT.c.position)
        .limit(want.limit)
        .with_for_update(of=EFFECT, skip_locked=True)
    )
    if want.keys is not None:
        query = query.where(EFFECT.c.key.in_(sorted(set(want.keys))))
    return query
