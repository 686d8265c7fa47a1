"""A real process worker: runs, alerts, and what is left when everything is killed at once."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Scheduled

from deployments.automations import SILENCE
from deployments.bootstrap import bootstrap
from deployments.catalogue import ROOT, read
from deployments.children import Child
from deployments.local_server import LocalServer, start_worker
from deployments.secrets_given import new_site_key
from tasks.alerts import alert_key
from tasks.turns import SLOT_LEASE_S
from tests.orchestration.runs import ended, heartbeats, slots_taken, soon, start_run

pytestmark = pytest.mark.prefect_server

TEXT = (ROOT / "deployments/organizations/lakeside.yaml").read_text(encoding="utf-8")
SLUG = "worked"
REPOSSESSOR_LOOP_S = 15
LONGER_THAN_AN_ALERT_TAKES_S = 20


@pytest.fixture(scope="module")
def client(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SyncPrefectClient]:
    """A client of a server with the tiny flows deployed, all schedules paused."""
    bootstrap(
        [(TEXT.replace("slug: lakeside\n", f"slug: {SLUG}\n"), "worked.yaml")],
        catalogue=read(ROOT / "tests/orchestration/tiny_prefect.yaml"),
        environment={
            "ACCORD_SITE_KEY": new_site_key(),
            "ACCORD_OMEGAAI_CLIENT_SECRET": "x",
            "ACCORD_PRIVATE_DIRECTORY": str(tmp_path_factory.mktemp("private")),
        },
        active=False,
    )
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def worker(client: SyncPrefectClient, prefect_server: LocalServer) -> Iterator[Child]:
    """A process worker; it and its runs are gone afterwards, whatever happens."""
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "worker.log")
    try:
        yield worker
    finally:
        worker.stop(grace_s=3)


def _alert(client: SyncPrefectClient, starting_with: str) -> Callable[[], str | None]:
    def look() -> str | None:
        texts = [str(text) for text in _versions(client)]
        return next((text for text in texts if text.startswith(starting_with)), None)

    return look


def _versions(client: SyncPrefectClient, organization: str = SLUG) -> list[object]:
    answer = client.request(
        "POST",
        "/artifacts/filter",
        json={"artifacts": {"key": {"any_": [alert_key("tiny", organization)]}}},
    )
    return [artifact["data"] for artifact in answer.json()]


def _noted(client: SyncPrefectClient, failed: UUID) -> Callable[[], FlowRun | None]:
    """Give a look for `soon`: the automation's run about a failed one, once it is over."""
    name = FlowRunFilter(name=FlowRunFilterName(any_=[f"note-alert/{failed}"]))

    def look() -> FlowRun | None:
        found = client.read_flow_runs(flow_run_filter=name)
        return next((run for run in found if run.state and run.state.is_final()), None)

    return look


@pytest.mark.long
def test_a_failure_opens_one_alert_and_success_closes_it(
    client: SyncPrefectClient, worker: Child
) -> None:
    """
    The whole way: a run through a real worker fails, an automation starts note-alert, which
    opens the alert; the next good run closes it, and a dry run does not. Runs have the heartbeat
    of the work pool.
    Told of that failure once more, as when the news comes late, nothing is opened again.
    """
    failed = soon(ended(client, start_run(client, "tiny/sweep", organization=SLUG, fail=True)))
    assert failed.state and failed.state.type is StateType.FAILED
    opened = soon(_alert(client, "# Open"))
    assert str(failed.id) in opened

    rehearsed = start_run(client, "tiny/sweep", organization=SLUG, dry_run=True)
    assert soon(ended(client, rehearsed)).state_type is StateType.COMPLETED
    assert len(_versions(client)) == 1

    good = soon(ended(client, start_run(client, "tiny/sweep", organization=SLUG)))
    assert good.state and good.state.name == "CompletedWithHolds"
    assert good.state.message == "heartbeat 30"
    closed = soon(_alert(client, "# Closed"))
    assert f"run `{good.id}` ended as CompletedWithHolds" in closed

    again = start_run(client, "note-alert/automation", run=str(failed.id))
    assert soon(ended(client, again)).state_type is StateType.COMPLETED
    assert len(_versions(client)) == 2


@pytest.mark.long
def test_a_mistyped_organization_fails_and_is_no_alert(
    client: SyncPrefectClient, worker: Child
) -> None:
    """Nothing would ever close it; who typed it sees the failed run."""
    failed = soon(ended(client, start_run(client, "tiny/sweep", organization="wroked")))
    assert failed.state and failed.state.type is StateType.FAILED
    assert "check the slug" in (failed.state.message or "")
    assert soon(_noted(client, failed.id)).state_type is StateType.COMPLETED
    assert _versions(client, "wroked") == []


@pytest.mark.long
def test_without_its_automation_a_failure_is_told_to_nobody(
    client: SyncPrefectClient, worker: Child
) -> None:
    """The automation is what opens alerts: switched off, the same failure leaves none."""
    (opens,) = client.read_automations_by_name("accord: a failure opens an alert")
    before = len(_versions(client))
    client.pause_automation(opens.id)
    try:
        failed = soon(ended(client, start_run(client, "tiny/sweep", organization=SLUG, fail=True)))
        assert failed.state_type is StateType.FAILED
        time.sleep(LONGER_THAN_AN_ALERT_TAKES_S)
        assert _noted(client, failed.id)() is None
        assert len(_versions(client)) == before
    finally:
        client.resume_automation(opens.id)


@pytest.mark.long
def test_a_killed_run_is_reported_crashed_and_its_turn_comes_free(
    client: SyncPrefectClient,
    prefect_server: LocalServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    SIGKILL to worker and run at once, as when the machine dies: nobody says that the run is
    over. Its heartbeats stop, and the automation marks it Crashed. Its strict limit comes free
    by its own lease. Both times are stated; the limits asserted are those of the settings.
    """
    mark = tmp_path / "has-the-turn"
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "killed.log")
    try:
        run = start_run(client, "holder/by-hand", organization=SLUG, mark=str(mark))
        soon(lambda: mark.exists() or None)
        soon(lambda: heartbeats(client, run) or None)
        assert len(worker.family) > 1
    finally:
        worker.kill()
    killed = time.monotonic()
    free_s = crashed_s = None
    while free_s is None or crashed_s is None:
        now = time.monotonic() - killed
        if free_s is None and slots_taken(client, f"tiny-{SLUG}") == 0:
            free_s = now
        state = client.read_flow_run(run).state
        if crashed_s is None and state and state.type is StateType.CRASHED:
            crashed_s = now
        assert now < 2 * (SILENCE.total_seconds() + SLOT_LEASE_S), "neither came"
        time.sleep(0.5)
    with capsys.disabled():
        print(  # noqa: T201 - the measured times are the point
            f"\nafter kill -9 of worker and run: slot free after {free_s:.0f} s "
            f"(lease {SLOT_LEASE_S} s + {REPOSSESSOR_LOOP_S} s), Crashed after {crashed_s:.0f} s "
            f"(silence {SILENCE.total_seconds():.0f} s)"
        )
    final = client.read_flow_run(run)
    assert final.state and "heartbeat" in (final.state.message or "")


@pytest.mark.long
def test_a_killed_run_under_a_living_worker_crashes_at_once_and_its_retry_finishes(
    client: SyncPrefectClient, worker: Child, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    SIGKILL to the run's process alone, as by the kernel when memory is short: the worker sees it
    and says Crashed. Retry, as the UI's button does it, runs the same run again: it waits for the
    dead process's turn to come free, and finishes.
    """
    mark = tmp_path / "has-the-turn"
    run = start_run(client, "holder/by-hand", organization=SLUG, mark=str(mark))
    process = int(soon(lambda: (mark.exists() and mark.read_text()) or None))
    os.kill(process, signal.SIGKILL)
    killed = time.monotonic()
    crashed = soon(ended(client, run))
    crashed_s = time.monotonic() - killed
    assert crashed.state and crashed.state.type is StateType.CRASHED
    soon(lambda: len(worker.family) == 1)
    time.sleep(3)  # a person's moment: two parts of Prefect report the crash, one after the other
    client.set_flow_run_state(run, Scheduled(name="AwaitingRetry"), force=True)
    finished = soon(ended(client, run), timeout_s=2 * (SLOT_LEASE_S + REPOSSESSOR_LOOP_S) + 60)
    assert finished.state and finished.state.is_completed()
    assert finished.run_count == 2
    with capsys.disabled():
        print(  # noqa: T201 - the measured times are the point
            f"\nafter kill -9 of the run alone: Crashed after {crashed_s:.0f} s, "
            f"retried and finished after {time.monotonic() - killed:.0f} s"
        )
