"""Looking into the message store, while its writer is at work."""

import hashlib
import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Self

from accord.intake.arrivals import Flag, Sighting, StoredMessage, from_microseconds
from accord.intake.database import index_key, open_for_reading
from accord.intake.index import indexed_up_to, term, terms

_MESSAGES = "SELECT id, received_at, peer, control_id, type, flag, raw, sha256 FROM message "


class DamagedMessage(Exception):
    """
    A stored message is not what was received: its digest differs. It is never served.

    Args:
        id: which one.
    """

    def __init__(self, id: int) -> None:
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"message {self.id} of the store is damaged: restore the store from its backup"


class IntakeReader:
    """
    Reads the message store; use it in a `with` statement.

    Args:
        path: the store.

    Raises:
        StoreUnusable: there is none.
    """

    def __init__(self, path: Path) -> None:
        self._connection: sqlite3.Connection = open_for_reading(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._connection.close()

    def count(self) -> int:
        """Give how many messages are kept."""
        (count,) = self._connection.execute("SELECT count(*) FROM message").fetchone()
        return int(count)

    def message(self, id: int) -> StoredMessage:
        """
        Give one message with its bytes.

        Raises:
            KeyError: there is none of that id.
            DamagedMessage: its bytes are not those that were received.
        """
        row = self._connection.execute(
            _MESSAGES + "WHERE id = ?",
            (id,),
        ).fetchone()
        if row is None:
            raise KeyError(id)
        return _stored(row)

    def messages(self, *, after: int = 0, most: int = 500) -> list[StoredMessage]:
        """
        Give messages in the order of their arrival, from the first after an id on.

        Raises:
            DamagedMessage: one of them is not what was received.
        """
        rows = self._connection.execute(
            _MESSAGES + "WHERE id > ? ORDER BY id LIMIT ?",
            (after, most),
        )
        return [_stored(row) for row in rows]

    def trace(self, identifier: str) -> list[Sighting]:
        """
        Give the messages that name an identifier, in the order of their arrival.

        Args:
            identifier: a control id, or a patient's, visit's, order's, appointment's or
                document's number; case does not count.
        """
        key = index_key(self._connection)
        wanted = term(key, identifier)
        found = self._connection.execute(
            "SELECT message_id FROM term WHERE term = ? ORDER BY message_id", (wanted,)
        ).fetchall()
        ids = {id_ for (id_,) in found} | set(self._not_indexed(key, wanted))
        rows = (self._summary(id_) for id_ in sorted(ids))
        return [
            Sighting(id_, from_microseconds(at), control_id, type_, Flag(flag))
            for id_, at, control_id, type_, flag in chain.from_iterable(rows)
        ]

    def damaged(self) -> Iterator[int]:
        """Give the ids of messages whose bytes are not those that were received."""
        for id_, raw, sha256 in self._connection.execute(
            "SELECT id, raw, sha256 FROM message ORDER BY id"
        ):
            if hashlib.sha256(raw).digest() != sha256:
                yield id_

    def _not_indexed(self, key: bytes, wanted: str) -> Iterator[int]:
        start = indexed_up_to(self._connection)
        for id_, raw in self._connection.execute(
            "SELECT id, raw FROM message WHERE id > ? ORDER BY id", (start,)
        ):
            if wanted in terms(key, raw):
                yield id_

    def _summary(self, id_: int) -> list[tuple[Any, ...]]:
        # Empty where retention was faster.
        return self._connection.execute(
            "SELECT id, received_at, control_id, type, flag FROM message WHERE id = ?", (id_,)
        ).fetchall()


def _stored(row: tuple[Any, ...]) -> StoredMessage:
    id_, at, peer, control_id, type_, flag, raw, sha256 = row
    if hashlib.sha256(raw).digest() != sha256:
        raise DamagedMessage(id_)
    return StoredMessage(id_, from_microseconds(at), peer, control_id, type_, Flag(flag), raw)
