"""Search terms: identifiers as HMACs, so that the index itself names nobody."""

import sqlite3
from collections.abc import Iterator

from accord.adapters.hl7 import Message
from accord.adapters.hl7_errors import Hl7Error, UndecodableText
from accord.domain.keys import opaque
from accord.intake.database import index_key

_IDENTIFIERS: dict[str, tuple[int, ...]] = {
    "PID": (2, 3, 4, 18),
    "MRG": (1,),
    "PV1": (19,),
    "ORC": (2, 3),
    "OBR": (2, 3, 18),
    "SCH": (1, 2),
    "TXA": (12, 14, 15, 16),
    "MSA": (2,),
}
"""Where messages name patients, visits, orders, accessions, appointments and documents."""


def term(key: bytes, identifier: str) -> str:
    """Give the search term of one identifier; case does not count (PowerServer upper-cases)."""
    return opaque(key, "intake", identifier.strip().casefold())


def terms(key: bytes, raw: bytes) -> set[str]:
    """Give the search terms of a message: its control id and every identifier in it."""
    try:
        message = Message.parse(raw)
    except Hl7Error:
        return set()
    return {term(key, identifier) for identifier in _identifiers(message)}


def bring_up_to_date(connection: sqlite3.Connection, most: int = 200) -> int:
    """Index up to `most` messages that are not indexed yet; give how many were."""
    key, start = index_key(connection), indexed_up_to(connection)
    rows = connection.execute(
        "SELECT id, raw FROM message WHERE id > ? ORDER BY id LIMIT ?", (start, most)
    ).fetchall()
    connection.executemany(
        "INSERT OR IGNORE INTO term VALUES (?, ?)",
        [(found, id_) for id_, raw in rows for found in terms(key, raw)],
    )
    if rows:
        connection.execute(
            "UPDATE setting SET value = ? WHERE name = 'indexed_up_to'", (rows[-1][0],)
        )
    return len(rows)


def indexed_up_to(connection: sqlite3.Connection) -> int:
    """Give the id of the last indexed message, 0 before the first."""
    (value,) = connection.execute(
        "SELECT value FROM setting WHERE name = 'indexed_up_to'"
    ).fetchone()
    return int(value)


def _identifiers(message: Message) -> Iterator[str]:
    for segment in message:
        for field in (10,) if segment.name == "MSH" else _IDENTIFIERS.get(segment.name, ()):
            for repetition in range(1, segment.repetitions(field) + 1):
                try:
                    identifier = segment.text(field, repetition=repetition)
                except UndecodableText:
                    continue  # its bytes are kept; only the search does not find it
                if identifier.strip():
                    yield identifier
