import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text

BUSY_S = 10
"""How long a writer waits for another process's transaction before it gives up."""

SQLITE_PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",  # NORMAL loses acknowledged commits when the power fails
    "foreign_keys": "ON",
    "recursive_triggers": "ON",  # else INSERT OR REPLACE deletes rows behind the triggers' back
}
POSTGRES_OPTIONS = (
    "-c synchronous_commit=on -c timezone=UTC -c lock_timeout=10s "
    "-c idle_in_transaction_session_timeout=60s"
)


class Database:
    """
    One database of SQLite or PostgreSQL, with short transactions to read and to write in.

    Threads may share it. Within one process SQLite's writers queue on a lock, since SQLite's own
    waiting sleeps and is unfair; between processes its busy timeout serves.
    """

    def __init__(self, url: str | URL) -> None:
        self.engine = open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(accord_writes=True)
        self._turn = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection to read from; what it reads is one moment on SQLite."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Lend a connection in a transaction: committed, durably, when the block ends well."""
        with self._turn if self.is_sqlite else nullcontext(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def lock(connection: Connection, name: str) -> None:
    """
    Let one transaction at a time past this point, by `name`, until it ends.

    SQLite needs nothing: its write transactions are alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


def open_engine(url: str | URL) -> Engine:
    """
    Open an engine with every setting that durability and privacy rest on.

    Raises:
        ValueError: neither a SQLite file nor PostgreSQL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"options": POSTGRES_OPTIONS},
        )
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise ValueError("the ledger's URL names neither a SQLite file nor PostgreSQL")
    _make_private(Path(str(parsed.database)))
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Only the owner reads it; SQLite gives its -wal and -shm the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin late and deferred; ours begin by `_begin_sqlite`.
    connection.isolation_level = None
    for name, value in SQLITE_PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("accord_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
