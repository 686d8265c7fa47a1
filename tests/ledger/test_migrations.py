"""The database's version: forwards only, and only the code's own is opened."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from accord.ledger import migrate as migrations
from accord.ledger.database import Database
from accord.ledger.errors import LedgerNotCurrent
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import code_version, migrate
from accord.ledger.tables import LedgerTable
from tests.ledger.builders import SITE_KEY, Clock, an_effect


def _open(url: str) -> Ledger:
    return Ledger(url, site_key=SITE_KEY, now=Clock())


def _execute(url: str, statement: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


def test_an_empty_database_is_brought_up(empty_url: str) -> None:
    """From nothing to a ledger that plans; once more changes nothing."""
    assert migrate(empty_url) == code_version()
    with _open(empty_url) as ledger:
        ledger.plan([an_effect("one")])
    assert migrate(empty_url) == code_version()
    with _open(empty_url) as ledger:
        assert ledger.plan([an_effect("one")])[0].position == 0


def test_the_migrated_tables_are_the_models(url: str) -> None:
    """What the migrations make is what the code reads and writes: no column more or less."""
    database = Database(url)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, LedgerTable.metadata)
    database.close()
    assert differences == []


def test_two_may_migrate_at_once(empty_url: str) -> None:
    """Two workers start on a new machine: one makes the tables, the other finds them."""
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(migrate, [empty_url] * 4)) == {code_version()}


def test_an_empty_database_is_not_opened(empty_url: str) -> None:
    """Tables are made by the command alone, never on the way; the refusal names it."""
    with pytest.raises(LedgerNotCurrent, match=r"empty.*python -m accord.ledger migrate"):
        _open(empty_url)


def test_a_newer_database_is_neither_opened_nor_migrated(url: str) -> None:
    """Older code beside a newer database would not know what it sees."""
    _execute(url, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (_open, migrate):
        with pytest.raises(LedgerNotCurrent, match=r"9999.*newer"):
            attempt(url)


def test_an_older_database_is_not_opened(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer code says which command brings the database forward."""
    current = code_version()
    monkeypatch.setattr(migrations, "code_version", lambda: "9999")
    with pytest.raises(LedgerNotCurrent, match=rf"version {current}.*needs 9999.*migrate"):
        _open(url)


def test_somebody_elses_database_is_left_alone(empty_url: str) -> None:
    """A table `effect` that we did not make: nothing is touched."""
    _execute(empty_url, "CREATE TABLE effect (id INTEGER)")
    with pytest.raises(LedgerNotCurrent, match="of its own"):
        migrate(empty_url)


def test_a_downgrade_is_refused(url: str) -> None:
    """Also for somebody who calls Alembic: nothing is dropped."""
    database = Database(url)
    with (
        pytest.raises(LedgerNotCurrent, match="never downgraded"),
        database.write() as connection,
    ):
        command.downgrade(migrations._config(connection), "base")
    with database.read() as connection:
        assert inspect(connection).has_table("effect")
    database.close()
    _open(url).close()


def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails halfway, or a statement does: the database is as empty as before."""
    from accord.ledger.migrations import guards_0001

    for dialect in ("SQLITE", "POSTGRES"):
        statements = (*getattr(guards_0001, dialect), "CREATE NONSENSE")
        monkeypatch.setattr(guards_0001, dialect, statements)
    with pytest.raises(Exception, match="NONSENSE"):
        migrate(empty_url)
    database = Database(empty_url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


def _command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accord.ledger", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_that_the_refusals_name(empty_url: str) -> None:
    """`python -m accord.ledger migrate`, with the URL in the environment."""
    done = _command("migrate", ACCORD_LEDGER_URL=empty_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert code_version() in done.stdout
    _open(empty_url).close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param("", "ACCORD_LEDGER_URL is not set", id="no URL"),
        pytest.param("sqlite://", "neither a SQLite file nor PostgreSQL", id="in memory"),
        pytest.param("mysql://somewhere/db", "neither a SQLite file nor PostgreSQL", id="other"),
    ],
)
def test_the_command_says_what_is_wrong(given: str, says: str) -> None:
    """One line that names the variable and what it takes; no traceback."""
    done = _command("migrate", ACCORD_LEDGER_URL=given)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
