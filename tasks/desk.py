"""Each task opens what it needs by the organization's slug; nothing is passed between tasks."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from prefect.runtime import flow_run

from accord.delivery.desk import Desk
from accord.delivery.outbox import Outbox
from blocks.ledger import LedgerDatabase
from blocks.site import Site

_KEPT: ContextVar[Desk | None] = ContextVar("kept desk", default=None)


def now() -> datetime:
    """Read the clock, aware; only flows and tasks may."""
    return datetime.now(UTC)


@contextmanager
def desk_of(organization: str) -> Iterator[Desk]:
    """
    Lend the desk of one organization: the run's own where it keeps one, else a fresh one.

    Raises:
        UnknownOrganization: no blocks carry this slug.
        LedgerNotCurrent: the ledger is of another version than this code.
    """
    kept = _KEPT.get()
    if kept is not None and kept.slug == organization:
        yield kept
        return
    site, database = Site.of(organization), LedgerDatabase.of(organization)
    with database.open(now) as ledger:
        yield Desk(
            file=site.file,
            ledger=ledger,
            outbox=Outbox(site.private_path / "outbox.db"),
            site_key=database.key,
            now=now,
            run=str(flow_run.id or ""),
        )


@contextmanager
def desk_kept(organization: str) -> Iterator[Desk]:
    """Keep one desk open for all tasks of a run, which then need not open it again."""
    with desk_of(organization) as desk:
        before = _KEPT.set(desk)
        try:
            yield desk
        finally:
            _KEPT.reset(before)
