"""The message store's file: a SQLite database of its own, readable by its owner only."""

import os
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE message (
    id INTEGER PRIMARY KEY,          -- order of arrival
    received_at INTEGER NOT NULL,    -- microseconds since 1970, UTC
    peer TEXT NOT NULL,              -- the sender's address
    sender TEXT NOT NULL,            -- MSH-3 and MSH-4
    control_id TEXT NOT NULL,        -- MSH-10
    type TEXT NOT NULL,              -- MSH-9
    flag TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    answer BLOB NOT NULL,            -- framed, as it was written back
    raw BLOB NOT NULL                -- last, so that the rest is read without it
) STRICT;
CREATE INDEX message_by_identity ON message (control_id, sha256);
CREATE TABLE term (
    term TEXT NOT NULL,              -- HMAC of an identifier
    message_id INTEGER NOT NULL,
    PRIMARY KEY (term, message_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (
    consumer TEXT PRIMARY KEY,
    up_to INTEGER NOT NULL           -- every message up to this id has been processed
) STRICT;
CREATE TABLE setting (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
"""

_SYNCHRONOUS = "FULL"  # with less, what was answered is gone after a power failure
_BUSY_TIMEOUT_S = 5.0
_CHECKPOINT_PAGES = 1000
_WAL_BYTES = 6_000_000  # more than the WAL grows to between two checkpoints


class StoreUnusable(Exception):
    """The file cannot serve as message store; nothing in it was changed."""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """
    Open the store, making it first where there is none; mode 0600 either way.

    A commit is on the disk when it returns (WAL, `synchronous=FULL`).

    Raises:
        StoreUnusable: another kind of file, or a newer Accord's store.
        sqlite3.OperationalError: it cannot be opened just now (locked, disk full).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)  # an older file, or one copied back from a backup
    except OSError as error:
        raise StoreUnusable(f"cannot open {path}: {error.strerror}") from error
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first page
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        _migrate(connection, path)
        _lay_out_wal(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError) or not isinstance(error, sqlite3.Error):
            raise
        raise StoreUnusable(f"{path} is damaged or no message store") from error
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """
    Open the store for looking only; a writer may be at work.

    Raises:
        StoreUnusable: there is none, or a newer Accord's.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S
        )
    except sqlite3.Error as error:
        raise StoreUnusable(f"{path} cannot be opened") from error
    try:
        if _version(connection, path) == 0:
            raise StoreUnusable(f"{path} is no message store")
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnusable(f"{path} is damaged or no message store") from error
    except BaseException:
        connection.close()
        raise
    return connection


def index_key(connection: sqlite3.Connection) -> bytes:
    """Give the store's own key, with which identifiers are turned into search terms."""
    (key,) = connection.execute("SELECT value FROM setting WHERE name = 'index_key'").fetchone()
    return bytes(key)


def roll_back(connection: sqlite3.Connection) -> None:
    """Leave a transaction that failed, as far as the connection still can."""
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection, path) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection, path) == 0:  # nobody else was faster
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO setting VALUES ('index_key', ?)", (secrets.token_bytes(32),)
            )
            connection.execute("INSERT INTO setting VALUES ('indexed_up_to', 0)")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _lay_out_wal(connection: sqlite3.Connection) -> None:
    # To sync a file that grows costs three times a sync of one that is written over: let the
    # WAL have its size before the first message comes.
    try:
        connection.execute("CREATE TABLE padding (content BLOB)")
        connection.execute("INSERT INTO padding VALUES (zeroblob(?))", (_WAL_BYTES,))
    except sqlite3.OperationalError:
        pass  # no room: messages may fit all the same
    finally:
        connection.execute("DROP TABLE IF EXISTS padding")
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise StoreUnusable(f"{path} was written by a newer Accord: update this one")
    if version == 0:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables:
            raise StoreUnusable(f"{path} is another program's database")
    return int(version)
