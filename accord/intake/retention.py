"""How long messages are kept, and who has worked through them."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from accord.intake.arrivals import to_microseconds
from accord.intake.database import index_key
from accord.intake.index import indexed_up_to, terms

_PAGES_RETURNED = 2000  # 8 MB of free pages a step


def mark_processed(connection: sqlite3.Connection, consumer: str, up_to: int) -> None:
    """Note that a consumer has dealt with every message up to this id; never goes back."""
    connection.execute(
        "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (consumer)"
        " DO UPDATE SET up_to = max(up_to, excluded.up_to)",
        (consumer, up_to),
    )


def processed_up_to(connection: sqlite3.Connection, consumer: str) -> int:
    """Give how far a consumer has come, 0 before its first message."""
    row = connection.execute("SELECT up_to FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
    return 0 if row is None else int(row[0])


def forget(
    connection: sqlite3.Connection,
    *,
    before: datetime,
    consumers: Collection[str] = (),
    most: int = 500,
) -> int:
    """
    Delete up to `most` of the oldest messages received before `before`; give how many.

    A message that a consumer has yet to process stays, however old. So does one that is not
    indexed yet. Freed space goes back to the file system.

    Args:
        connection: in a transaction.
        before: aware.
        consumers: who must have processed a message, beside whoever ever marked one.
        most: rows a step, so that arrivals wait for milliseconds only.
    """
    limit = min([indexed_up_to(connection), *_progress(connection, consumers)])
    oldest = connection.execute(
        "SELECT id, received_at FROM message WHERE id <= ? ORDER BY id LIMIT ?", (limit, most)
    ).fetchall()
    horizon = to_microseconds(before)
    gone = []
    for id_, received_at in oldest:
        if received_at >= horizon:
            break
        gone.append(id_)
    for id_ in gone:
        _delete(connection, id_)
    if gone:
        _return_space(connection)
    return len(gone)


def _return_space(connection: sqlite3.Connection) -> None:
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(free, _PAGES_RETURNED)):
        # Python steps this statement once, and each step returns one page.
        connection.execute("PRAGMA incremental_vacuum(1)")


def _progress(connection: sqlite3.Connection, consumers: Collection[str]) -> list[int]:
    known = dict(connection.execute("SELECT consumer, up_to FROM cursor").fetchall())
    return [int(known.get(consumer, 0)) for consumer in {*consumers, *known}]


def _delete(connection: sqlite3.Connection, id_: int) -> None:
    (raw,) = connection.execute("SELECT raw FROM message WHERE id = ?", (id_,)).fetchone()
    connection.executemany(
        "DELETE FROM term WHERE term = ? AND message_id = ?",
        [(found, id_) for found in terms(index_key(connection), raw)],
    )
    connection.execute("DELETE FROM message WHERE id = ?", (id_,))
