import io
from functools import cache
from pathlib import Path
from typing import NoReturn

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from accord.ledger.database import Database, lock
from accord.ledger.errors import LedgerNotCurrent

COMMAND = "python -m accord.ledger migrate"


def migrate(url: str) -> str:
    """
    Bring the database at `url` to the version of this code and return that version.

    One transaction: it happens as a whole or not at all, also when two start it at once.

    Raises:
        LedgerNotCurrent: the database is newer than this code; there is no way back.
    """
    database = Database(url)
    try:
        with database.write() as connection:
            lock(connection, "accord ledger migration")
            _refuse_newer(connection)
            command.upgrade(_config(connection), "head")
    finally:
        database.close()
    return code_version()


def require_current(database: Database) -> None:
    """
    Let only a database of this code's own version pass.

    Raises:
        LedgerNotCurrent: it is empty, older or newer; the text names the command.
    """
    with database.read() as connection:
        _refuse_newer(connection)
        found = database_version(connection)
    if found != code_version():
        was = f"of version {found}" if found else "empty"
        raise LedgerNotCurrent(
            f"the ledger's database is {was}, this code needs {code_version()}: run `{COMMAND}`"
        )


def database_version(connection: Connection) -> str | None:
    """Give the version of the database; None: it holds no ledger."""
    return MigrationContext.configure(connection).get_current_revision()


def code_version() -> str:
    """Give the version of the tables that this code was written for."""
    return _versions()[-1]


def refuse_downgrade() -> NoReturn:
    """
    Every migration's way back.

    Raises:
        LedgerNotCurrent: always; going back would drop what was done and cannot be undone.
    """
    raise LedgerNotCurrent(
        "the ledger is never downgraded: it would forget what was done, and it would be done"
        " again; restore a backup beside it, or install the newer code"
    )


def _refuse_newer(connection: Connection) -> None:
    found = database_version(connection)
    if found is None:
        if inspect(connection).has_table("effect"):
            raise LedgerNotCurrent(
                "the database holds a table `effect` that no migration of the ledger made:"
                " give the ledger a database of its own"
            )
        return
    if found not in _versions():
        raise LedgerNotCurrent(
            f"the ledger's database is of version {found}, which this code ({code_version()})"
            " does not know: it is newer; install the code it was made by"
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def _versions() -> tuple[str, ...]:
    """All versions this code knows, the first one first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]
