import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.domain.effects import Mode
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import code_version, migrate
from tests.ledger.builders import SITE_KEY, Clock, switch
from tests.ledger.postgres import emptied, private_cluster, scratch_database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """A private PostgreSQL for the session."""
    with private_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_ledger(postgres_cluster: str) -> Iterator[str]:
    """A migrated PostgreSQL database, emptied before each test."""
    with scratch_database(postgres_cluster, "ledger") as url:
        migrate(url)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without anything in it, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    cluster = request.getfixturevalue("postgres_cluster")
    with scratch_database(cluster, f"empty_{next(_numbers)}") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated ledger of each kind."""
    if request.param == "sqlite":
        copy = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    yield emptied(request.getfixturevalue("postgres_ledger"), code_version())


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[Ledger]:
    """A ledger whose tests' process may deliver."""
    with Ledger(url, site_key=SITE_KEY, now=clock, boot=clock.boot) as opened:
        switch(opened, Mode.DELIVER)
        yield opened
