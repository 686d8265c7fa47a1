"""A PostgreSQL of our own: made, started, and gone with the test session; no root needed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, text

from accord.ledger.tables import LedgerTable


def _programs() -> Path | None:
    """Where initdb and pg_ctl are: Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_user() -> list[str] | None:
    """PostgreSQL refuses to run as root; as anybody else it runs as we are."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser") and _user_exists("postgres"):
        return ["runuser", "-u", "postgres", "--"]
    return None


def _user_exists(name: str) -> bool:
    return subprocess.run(["id", name], capture_output=True, check=False).returncode == 0


def _give_up(reason: str) -> None:
    if os.environ.get("ACCORD_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def private_cluster() -> Iterator[str]:
    """
    Lend the URL of a private cluster's maintenance database; it listens on a socket only.

    Skips when PostgreSQL's programs are not installed; fails under ACCORD_REQUIRE_SERVERS=1.
    """
    programs, user = _programs(), _as_user()
    if programs is None:
        _give_up("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    if user is None:
        _give_up("running as root without a `postgres` user to run PostgreSQL as")
    assert programs is not None and user is not None
    home = Path(tempfile.mkdtemp(prefix="accord-pg-", dir="/tmp"))  # a socket's path is short
    if user:
        shutil.chown(home, "postgres")
    data = home / "data"

    def run(*command: str) -> None:
        done = subprocess.run(
            [*user, *command], cwd=home, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr + _tail(home / "log")

    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", "accord", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        settings = f"-c listen_addresses='' -k {home} -c fsync=off -c max_connections=60"
        run(str(programs / "pg_ctl"), "-D", str(data), "-l", str(home / "log"), "-w",
            "-t", "60", "-o", settings, "start")  # fmt: skip
        try:
            yield f"postgresql://accord@/postgres?host={home}"
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def scratch_database(cluster: str, name: str) -> Iterator[str]:
    """Lend the URL of a new database of this name, and drop it."""
    engine = create_engine(
        cluster.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield cluster.replace("/postgres?", f"/{name}?")
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()


def _tail(path: Path) -> str:
    return path.read_text()[-2000:] if path.exists() else ""


def emptied(url: str, version: str) -> str:
    """
    Empty a migrated ledger for the next test, which is much faster than a new database.

    The guards are set aside for it, as only a superuser can: no test could do it by accident.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in reversed(LedgerTable.metadata.sorted_tables):
            if table.name != "legal_move":
                connection.execute(delete(table))
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    engine.dispose()
    return url
