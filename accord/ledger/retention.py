from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from accord.domain.effects import FINISHED
from accord.ledger.humantasks import TaskState
from accord.ledger.tables import EFFECT, HUMAN_TASK

PAGE = 500


def retire(connection: Connection, *, before: datetime, now: datetime) -> int:
    """
    Turn up to a page of old effects into tombstones; give how many.

    Key, digest, chain, state and times stay, so nothing is ever done again; ids at the peers,
    evidence and names of people are emptied. What is not over, or has an open human task,
    stays whole however old it is.
    """
    waits_for_a_person = exists().where(
        HUMAN_TASK.c.key == EFFECT.c.key, HUMAN_TASK.c.state == TaskState.OPEN
    )
    old = (
        select(EFFECT.c.key)
        .where(
            EFFECT.c.retired_at.is_(None),
            EFFECT.c.state.in_(sorted(FINISHED)),
            EFFECT.c.updated_at < before,
            ~waits_for_a_person,
        )
        .order_by(EFFECT.c.key)
        .limit(PAGE)
        .with_for_update(of=EFFECT, skip_locked=True)
        .cte("old")
    )
    statement = (
        update(EFFECT)
        .where(EFFECT.c.key.in_(select(old.c.key)))
        .values(
            occasion="", source="", source_updated_at=None, evidence={}, run="",
            moved_by="retention", moved_why="", retired_at=now, updated_at=now,
        )
    )  # fmt: skip
    return len(connection.execute(statement.returning(EFFECT.c.key)).all())
