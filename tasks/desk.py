"""Each task opens what it needs by the organization's slug; nothing is passed between tasks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from prefect.runtime import flow_run

from accord.delivery.desk import Desk
from accord.delivery.outbox import Outbox
from blocks.ledger import LedgerDatabase
from blocks.site import Site


def now() -> datetime:
    """Read the clock, aware; only flows and tasks may."""
    return datetime.now(UTC)


@contextmanager
def desk_of(organization: str) -> Iterator[Desk]:
    """
    Lend the desk of one organization.

    Raises:
        UnknownOrganization: no blocks carry this slug.
        LedgerNotCurrent: the ledger is of another version than this code.
    """
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
