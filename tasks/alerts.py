"""Alerts: one for each process of an organization that fails unseen, open until it is well again.

A failure of a deployment tagged `alerts` starts `note-alert`, which opens the alert; every run that
completes, but for a dry run, closes what is open for its process, whichever is told first.
"""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from prefect import task
from prefect.artifacts import Artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from accord.delivery.sweeping import EmptyWindow
from blocks.base import UnknownOrganization
from blocks.site import Site
from tasks.guarded import guarded

LOOKED_THROUGH = 50
"""Of the runs that completed since; what is not seen here closes the alert when it completes."""
OPEN, CLOSED = "# Open", "# Closed"


@task(name="note-alert", cache_policy=NO_CACHE, persist_result=False, retries=2)
@guarded
def note_failure(run: str) -> str:
    """
    Open the alert of a run that failed; return 'opened', or 'unchanged'.

    Unchanged is what is open already, what has completed since, and what somebody mistyped: an
    organization that nobody enrolled, a window that is empty. Whoever typed it has seen so.
    """
    with get_client(sync_client=True) as client:
        failed = client.read_flow_run(UUID(run))
        process = client.read_flow(failed.flow_id).name
        organization = str(failed.parameters.get("organization", ""))
        if not _is_enrolled(organization) or _is_a_slip(failed):
            return "unchanged"
        if _well_since(client, process, organization, failed):
            return "unchanged"
    if _is_open(alert_key(process, organization)):
        return "unchanged"
    state = (failed.state and failed.state.name) or "failed"
    _write(OPEN, process, organization, run, state)
    return "opened"


def close_alert(process: str, organization: str, run: str, state: str) -> None:
    """Close what is open for a process of an organization, since a run of it has completed."""
    if _is_open(alert_key(process, organization)):
        _write(CLOSED, process, organization, run, state)


def alert_key(process: str, organization: str) -> str:
    """Name the alert as artifacts may be named: lower case, digits, dashes."""
    return f"alert-{process}-{organization}"


def _is_enrolled(organization: str) -> bool:
    try:
        Site.of(organization)
    except UnknownOrganization:
        return False
    return True


def _is_a_slip(failed: FlowRun) -> bool:
    """Whether only what a person typed for this run was wrong: no other run fails for that."""
    message = (failed.state and failed.state.message) or ""
    return f"{EmptyWindow.__name__}:" in message


def _well_since(
    client: SyncPrefectClient, process: str, organization: str, failed: FlowRun
) -> bool:
    """Whether a run of the same process completed after this one ended; no dry run counts."""
    completed = FlowRunFilter(
        name=FlowRunFilterName(any_=[f"{process}/{organization}"]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED])),
        end_time=FlowRunFilterEndTime(after_=failed.end_time),
    )
    runs = client.read_flow_runs(flow_run_filter=completed, limit=LOOKED_THROUGH)
    return any(not run.parameters.get("dry_run") for run in runs)


def _is_open(key: str) -> bool:
    latest = cast(Artifact | None, Artifact.get(key))  # a coroutine only in asynchronous code
    return latest is not None and str(latest.data).startswith(OPEN)


def _write(word: str, process: str, organization: str, run: str, state: str) -> None:
    what_next = "See the run's logs; it may be retried at any moment.\n" if word == OPEN else ""
    create_markdown_artifact(
        key=alert_key(process, organization),
        description=f"{process}/{organization}",
        markdown=(
            f"{word}: {process}/{organization}\n\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, "
            f"run `{run}` ended as {state}.\n\n{what_next}"
        ),
    )
