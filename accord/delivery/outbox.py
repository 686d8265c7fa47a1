"""
Where prepared documents wait between screening and verification.

A database of its own beside the message store: it holds patient data (mode 0600), so that
nothing of it passes through Prefect, and so that a resend is byte-equal even after an upgrade
of the renderer. A document leaves it once its effect is finished.
"""

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from accord.domain.documents import DocumentOrder
from accord.domain.effects import FINISHED
from accord.domain.identifiers import EffectKey
from accord.ledger.effects import EffectLedger

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    key TEXT PRIMARY KEY,
    powerserver TEXT NOT NULL,
    document_order TEXT NOT NULL,
    content BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrapping (
    key TEXT PRIMARY KEY REFERENCES waiting ON DELETE CASCADE,
    head BLOB NOT NULL,
    tail BLOB NOT NULL
) WITHOUT ROWID;
"""
"""What surrounds a document is apart: writing it down must not write the document again."""
_CHUNK = 400  # keys in one statement; SQLite's oldest limit on variables is 999


class Outbox:
    """
    The prepared documents of one organization, on this machine's disk.

    Safe for several processes (WAL). A document that is missing is no loss: it is prepared
    again from its source, and goes out only if its digest is still the one that was planned.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        with closing(self._connect()) as db, db:
            db.executescript(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=30)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        db.execute("PRAGMA foreign_keys=ON")
        return db

    def put(
        self,
        orders: Iterable[tuple[str, DocumentOrder]],
        *,
        unsent: Collection[EffectKey] = (),
    ) -> None:
        """
        Keep prepared documents, each with the name of its PowerServer.

        Of what was sent, the first one stays. Of what is `unsent` the newest does: its patient,
        its type or the site's file may have changed since it was first prepared.
        """
        rows = [
            (order.key, powerserver, order.model_dump_json(exclude={"content"}), order.content)
            for powerserver, order in orders
        ]
        with closing(self._connect()) as db, db:
            db.executemany(
                "DELETE FROM waiting WHERE key = ?", [(row[0],) for row in rows if row[0] in unsent]
            )
            db.executemany(
                "INSERT INTO waiting (key, powerserver, document_order, content) "
                "VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                rows,
            )

    def orders(
        self, keys: Sequence[EffectKey], *, contents: bool = True
    ) -> dict[EffectKey, tuple[str, DocumentOrder]]:
        """
        Give those of `keys` that wait here, each with the name of its PowerServer.

        Without `contents` their bytes stay on the disk: a look needs no more than digests.
        """
        column = "content" if contents else "x''"
        found = {}
        with closing(self._connect()) as db:
            for some in _chunks(keys):
                for key, powerserver, text, content in db.execute(  # question marks only
                    f"SELECT key, powerserver, document_order, {column} FROM waiting "  # noqa: S608
                    f"WHERE key IN ({_marks(some)})",
                    some,
                ):
                    order = DocumentOrder.model_validate_json(
                        text[:-1] + ',"content":""}', strict=False
                    )
                    found[EffectKey(key)] = (
                        powerserver,
                        order.model_copy(update={"content": content}),
                    )
        return found

    def content(self, key: EffectKey) -> bytes:
        """Give one document's bytes; nothing where it does not wait here."""
        with closing(self._connect()) as db:
            row = db.execute("SELECT content FROM waiting WHERE key = ?", [key]).fetchone()
        return bytes(row[0]) if row else b""

    def keys(self) -> list[EffectKey]:
        """Give the keys of all documents that wait here."""
        with closing(self._connect()) as db:
            return [EffectKey(key) for (key,) in db.execute("SELECT key FROM waiting")]

    def holds(self, keys: Sequence[EffectKey]) -> set[EffectKey]:
        """Say which of `keys` wait here."""
        with closing(self._connect()) as db:
            return {
                EffectKey(key)
                for some in _chunks(keys)
                for (key,) in db.execute(
                    f"SELECT key FROM waiting WHERE key IN ({_marks(some)})",  # noqa: S608
                    some,
                )
            }

    def wrappings(
        self,
        built: Mapping[EffectKey, tuple[bytes, bytes]],
        *,
        unsent: Collection[EffectKey] = (),
    ) -> dict[EffectKey, tuple[bytes, bytes]]:
        """
        Give each message's bytes before and after its document, as they were first sent.

        What was once sent is what is sent again, to the byte: `built` is kept only where nothing
        was kept before, or where the effect is `unsent`: the site's file or what it replaces may
        have changed since. A document that goes without a message keeps nothing.
        """
        keys = [key for key, wrapping in built.items() if any(wrapping)]
        with closing(self._connect()) as db, db:
            db.executemany(
                "DELETE FROM wrapping WHERE key = ?", [(key,) for key in keys if key in unsent]
            )
            db.executemany(
                "INSERT INTO wrapping (key, head, tail) SELECT key, ?, ? FROM waiting "
                "WHERE key = ? ON CONFLICT (key) DO NOTHING",
                [(*built[key], key) for key in keys],
            )
            kept = {
                EffectKey(key): (head, tail)
                for some in _chunks(keys)
                for key, head, tail in db.execute(
                    f"SELECT key, head, tail FROM wrapping WHERE key IN ({_marks(some)})",  # noqa: S608
                    some,
                )
            }
        return {**built, **kept}

    def forget(self, keys: Sequence[EffectKey]) -> None:
        """Remove documents whose effects are finished; the space is overwritten."""
        with closing(self._connect()) as db, db:
            for some in _chunks(keys):
                db.execute(
                    f"DELETE FROM waiting WHERE key IN ({_marks(some)})",  # noqa: S608
                    some,
                )

    def waiting(self) -> int:
        """Count the documents that wait."""
        with closing(self._connect()) as db:
            (count,) = db.execute("SELECT count(*) FROM waiting").fetchone()
        return int(count)


def tidy(outbox: Outbox, ledger: EffectLedger) -> None:
    """
    Remove documents that nobody will send or look for any more.

    Their effects are over, or there are none: a dry run prepares and writes nothing down.
    """
    keys = outbox.keys()
    rows = ledger.effects(keys) if keys else {}
    over = [key for key in keys if key not in rows or rows[key].state in FINISHED]
    if over:
        outbox.forget(over)


def _chunks(keys: Sequence[EffectKey]) -> Iterable[list[EffectKey]]:
    return (list(keys[start : start + _CHUNK]) for start in range(0, len(keys), _CHUNK))


def _marks(keys: Sequence[EffectKey]) -> str:
    return ",".join("?" * len(keys))
