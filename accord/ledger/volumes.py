"""How many rows each seam of a process saw when it last saw everything."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from accord.ledger.database import lock
from accord.ledger.tables import VOLUME


def put(
    connection: Connection,
    organization: str,
    process: str,
    rows: Mapping[str, int],
    *,
    now: datetime,
) -> None:
    """Keep what was seen, by the seam's name, in the place of what was seen before."""
    lock(connection, f"volumes of {organization}/{process}")
    connection.execute(delete(VOLUME).where(*_of(organization, process)))
    values = [
        {
            "organization": organization,
            "process": process,
            "name": name,
            "rows": count,
            "seen_at": now,
        }
        for name, count in sorted(rows.items())
    ]
    if values:
        connection.execute(insert(VOLUME), values)


def get(connection: Connection, organization: str, process: str) -> dict[str, int]:
    """Give what was seen last, by the seam's name; empty where nothing ever was."""
    query = select(VOLUME.c.name, VOLUME.c.rows).where(*_of(organization, process))
    return {row.name: row.rows for row in connection.execute(query)}


def _of(organization: str, process: str) -> tuple[ColumnElement[bool], ...]:
    return VOLUME.c.organization == organization, VOLUME.c.process == process
