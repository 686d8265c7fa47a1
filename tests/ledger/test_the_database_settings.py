"""The settings that durability, order and privacy rest on."""

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from accord.ledger.bootclock import boot_seconds
from accord.ledger.database import Database
from accord.ledger.ledger import Ledger
from tests.ledger.builders import Clock, an_effect, key_of


def _ask(url: str, question: str) -> object:
    database = Database(url)
    with database.read() as connection:
        answer = connection.execute(text(question)).scalar_one()
    database.close()
    return answer


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("recursive_triggers", 1),
     ("busy_timeout", 10_000)],
)  # fmt: skip
def test_sqlite_is_durable_and_strict(tmp_path: Path, pragma: str, expected: object) -> None:
    """WAL, every commit fsynced (2 is FULL), foreign keys kept, and writers that wait."""
    assert _ask(f"sqlite:///{tmp_path}/x.db", f"PRAGMA {pragma}") == expected


@pytest.mark.postgres
def test_postgres_commits_are_durable_whatever_its_default(postgres_cluster: str) -> None:
    """A cluster set to acknowledge early does not get its way with our sessions."""
    assert _ask(postgres_cluster, "SHOW synchronous_commit") == "on"
    assert _ask(postgres_cluster, "SHOW timezone") == "UTC"


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    """The file and its companions are 0600, also when it was found wider open."""
    path = tmp_path / "deep" / "ledger.db"
    path.parent.mkdir()
    path.touch(0o644)
    database = Database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    database.close()
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_a_failing_statement_does_not_tell_its_values(url: str) -> None:
    """SQLAlchemy prints parameters by default; Prefect would store them."""
    database = Database(url)
    with pytest.raises(DBAPIError) as failed, database.write() as connection:
        connection.execute(text("INSERT INTO mode (mode) VALUES (:mode)"), {"mode": "MARKER"})
    database.close()
    assert "parameters hidden" in str(failed.value)
    assert "[parameters: {" not in str(failed.value)


def test_times_keep_their_moment_whatever_their_zone(ledger: Ledger) -> None:
    """Written in Manaus, read back in UTC: the same moment, on both databases."""
    manaus = timezone(timedelta(hours=-4))
    at = datetime(2026, 11, 23, 3, 30, 0, 123456, tzinfo=manaus)
    ledger.plan([an_effect("one", source_updated_at=at)])
    found = ledger.effect(key_of("one")).source_updated_at
    assert found == at
    assert found is not None
    assert found.tzinfo is UTC


def test_a_clock_without_a_zone_is_refused(ledger: Ledger, clock: Clock) -> None:
    """A naive time is a bug of ours; nothing is stored, and later comparisons stay right."""
    clock.at = clock.at.replace(tzinfo=None)
    with pytest.raises(StatementError, match="aware times only"):
        ledger.plan([an_effect("one")])
    assert ledger.effects([key_of("one")]) == {}


def test_readers_do_not_wait_for_a_writer(url: str) -> None:
    """The report reads while the night writes."""
    database = Database(url)
    with database.write() as writer:
        writer.execute(text("INSERT INTO watermark VALUES ('o','p','n',:at,:at,'')"),
                       {"at": "2026-01-01 00:00:00+00"})  # fmt: skip
        with database.read() as reader:
            assert reader.execute(text("SELECT count(*) FROM watermark")).scalar_one() == 0
    database.close()


def test_the_boot_clock_runs_forward() -> None:
    """It is never set, and goes on during sleep."""
    first = boot_seconds()
    assert 0 < first <= boot_seconds()
