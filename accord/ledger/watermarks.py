from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

from accord.ledger.database import lock
from accord.ledger.errors import WatermarkRefused
from accord.ledger.rows import pages
from accord.ledger.tables import EFFECT, HUMAN_TASK, WATERMARK


@dataclass(frozen=True, slots=True)
class Mark:
    """One watermark's name: a process may sweep several kinds of things."""

    organization: str
    process: str
    name: str

    def matches(self) -> tuple[ColumnElement[bool], ...]:
        """Say in SQL that a row is this watermark's."""
        return (
            WATERMARK.c.organization == self.organization,
            WATERMARK.c.process == self.process,
            WATERMARK.c.name == self.name,
        )


def read(connection: Connection, mark: Mark) -> datetime | None:
    """Give up to where everything has a row; None: nothing was swept yet."""
    query = select(WATERMARK.c.at).where(*mark.matches())
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a sweep has come: up to `to` on the server's clock, said at `at` by `run`."""

    to: datetime
    at: datetime
    run: str


def advance(connection: Connection, mark: Mark, reach: Reach, sources: Iterable[str]) -> None:
    """
    Move the watermark forward, if every source up to it has an effect or a human task.

    Raises:
        WatermarkRefused: it would go backwards, or `missing` have no row.
    """
    lock(connection, f"watermark of {mark.organization}/{mark.process}/{mark.name}")
    before = read(connection, mark)
    if before is not None and reach.to < before:
        raise WatermarkRefused(mark.name)
    missing = _without_a_row(connection, mark, sources)
    if missing:
        raise WatermarkRefused(mark.name, missing)
    values = {"at": reach.to, "advanced_at": reach.at, "run": reach.run}
    if before is None:
        connection.execute(insert(WATERMARK).values(**asdict(mark), **values))
    else:
        connection.execute(update(WATERMARK).where(*mark.matches()).values(**values))


def _without_a_row(connection: Connection, mark: Mark, sources: Iterable[str]) -> tuple[str, ...]:
    missing: list[str] = []
    for page in pages(sources):
        there: set[str] = set()
        for table in (EFFECT, HUMAN_TASK):
            there |= _sources(connection, table, mark, page)
        missing += [source for source in page if source not in there]
    return tuple(missing)


def _sources(connection: Connection, table: Table, mark: Mark, page: list[str]) -> set[str]:
    query = select(table.c.source).where(
        table.c.organization == mark.organization,
        table.c.process == mark.process,
        table.c.source.in_(page),
    )
    return set(connection.execute(query).scalars())
