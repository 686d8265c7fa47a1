"""What we last made true in a system's set-up: the middle one of a three-way comparison."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, delete, insert, select

from accord.domain.base import Record
from accord.ledger.records import Name
from accord.ledger.tables import APPLIED_OBJECT


class Applied(Record):
    """One object as it was last made true."""

    key: str = Field(min_length=1, max_length=128)
    """The file's own name of it."""
    live_id: str = Field(min_length=1, max_length=256)
    fields: dict[str, str]
    protected: bool = False


class Owner(Record):
    """Whose objects: one organization's, as one process made them true."""

    organization: Name
    process: Name


def put(connection: Connection, owner: Owner, applied: Applied, *, run: str, now: datetime) -> None:
    """Keep an object as it is now, in the place of what was kept of it before."""
    forget(connection, owner, applied.key)
    values = {**owner.model_dump(), **applied.model_dump(), "applied_at": now, "run": run}
    connection.execute(insert(APPLIED_OBJECT).values(values))


def forget(connection: Connection, owner: Owner, key: str) -> None:
    """Keep nothing of an object any more; of one that is not kept, that is no harm."""
    connection.execute(delete(APPLIED_OBJECT).where(*_of(owner), APPLIED_OBJECT.c.key == key))


def listed(connection: Connection, owner: Owner) -> list[Applied]:
    """Give all objects that are kept, by key."""
    columns = (APPLIED_OBJECT.c[name] for name in Applied.model_fields)
    query = select(*columns).where(*_of(owner)).order_by(APPLIED_OBJECT.c.key)
    return [Applied.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _of(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    table = APPLIED_OBJECT.c
    return table.organization == owner.organization, table.process == owner.process
