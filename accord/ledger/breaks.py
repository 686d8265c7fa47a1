"""Open differences between peers: one identity across runs, with an age."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import Connection, insert, select, update

from accord.domain.base import Record
from accord.ledger.records import Evidence, Name, Opaque
from accord.ledger.tables import BREAK


class SeenBreak(Record):
    """A difference as one run saw it; `code` is one of the domain's break codes."""

    organization: Name
    process: Name
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
    subject: Opaque
    details: Evidence = Field(default_factory=dict)


class BreakRow(Record):
    """One break as the ledger has it."""

    id: str
    organization: str
    process: str
    code: str
    subject: str
    details: Evidence
    first_seen_at: datetime
    last_seen_at: datetime
    times_seen: int
    closed_at: datetime | None
    run: str


def saw(connection: Connection, id_: str, seen: SeenBreak, *, run: str, now: datetime) -> BreakRow:
    """Open the break, see it once more, or reopen it; its first time stays."""
    query = select(BREAK).where(BREAK.c.id == id_).with_for_update()
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        values = seen.model_dump() | {
            "id": id_, "first_seen_at": now, "last_seen_at": now, "times_seen": 1,
            "closed_at": None, "run": run,
        }  # fmt: skip
        connection.execute(insert(BREAK).values(values))
        return BreakRow.model_validate(values)
    changes = {
        "last_seen_at": now, "times_seen": found["times_seen"] + 1, "closed_at": None,
        "details": dict(seen.details), "run": run,
    }  # fmt: skip
    connection.execute(update(BREAK).where(BREAK.c.id == id_).values(**changes))
    return BreakRow.model_validate(dict(found) | changes)


def close(connection: Connection, id_: str, *, now: datetime) -> None:
    """Close the break if it is open."""
    connection.execute(
        update(BREAK).where(BREAK.c.id == id_, BREAK.c.closed_at.is_(None)).values(closed_at=now)
    )


def listed(connection: Connection, organization: str, process: str) -> list[BreakRow]:
    """Give the open breaks of one organization and process, oldest first."""
    query = (
        select(BREAK)
        .where(
            BREAK.c.organization == organization,
            BREAK.c.process == process,
            BREAK.c.closed_at.is_(None),
        )
        .order_by(BREAK.c.first_seen_at, BREAK.c.id)
    )
    return [BreakRow.model_validate(dict(found)) for found in connection.execute(query).mappings()]
