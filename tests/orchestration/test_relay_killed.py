"""The relay itself, killed with signal 9 under a real worker, while bytes are on their way."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Scheduled

from accord.domain.effects import EffectState, Mode
from deployments.bootstrap import bootstrap
from deployments.children import Child
from deployments.local_server import LocalServer, start_worker
from tests.orchestration.runs import ended, soon, start_run
from tests.orchestration.towns import EnrolledTown, enrolled_town

pytestmark = [pytest.mark.prefect_server, pytest.mark.long]

FORMS = 6
SETTLED_WITHIN_S = 400
ON_CALL = "relay-forms/on-call"


@pytest.fixture
def clinic(prefect_server: LocalServer, tmp_path: Path) -> Iterator[EnrolledTown]:
    """A town whose relay is deployed, with forms waiting and PowerServer frozen."""
    slug = f"killed-{time.monotonic_ns()}"
    with enrolled_town(tmp_path, slug, mode=Mode.DELIVER) as town:
        bootstrap(active=False)
        town.town.submit_day(normal=FORMS - 2, pdf=2)
        town.town.powerserver.faults.pause = True
        yield town


@pytest.fixture
def client(prefect_server: LocalServer) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


def bytes_are_on_their_way(town: EnrolledTown) -> bool:
    with town.database.open() as ledger:
        return bool(ledger.open_effects(town.slug, "relay-forms", [EffectState.SENT]))


def states(town: EnrolledTown) -> Counter[EffectState]:
    with town.database.open() as ledger:
        return Counter(ledger.counts(town.slug, "relay-forms"))


def copies(town: EnrolledTown) -> Counter[str]:
    return Counter(document.sha256 for document in town.town.powerserver.documents)


def settle(client: SyncPrefectClient, town: EnrolledTown) -> None:
    """Let the relay run, as its schedule would, until nothing is open: the lease must be over."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < until:
        run = start_run(client, ON_CALL, organization=town.slug)
        soon(ended(client, run), timeout_s=300)
        if set(states(town)) == {EffectState.VERIFIED}:
            return
        time.sleep(5)


def test_a_killed_relay_is_finished_by_its_retry(
    prefect_server: LocalServer, client: SyncPrefectClient, clinic: EnrolledTown
) -> None:
    """
    The run's process dies while PowerServer has its bytes and has not answered. The worker says
    Crashed; Retry, as the UI's button does it, finishes the job; no form is there twice.
    """
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "relay.log")
    try:
        run = start_run(client, ON_CALL, organization=clinic.slug)
        soon(lambda: bytes_are_on_their_way(clinic))
        kill_the_runs(worker)
        crashed = soon(ended(client, run))
        assert crashed.state and crashed.state.type is StateType.CRASHED
        clinic.town.powerserver.faults.pause = False
        soon(lambda: len(worker.family) == 1)
        time.sleep(3)  # two parts of Prefect report the crash, one after the other
        client.set_flow_run_state(run, Scheduled(name="AwaitingRetry"), force=True)
        retried = soon(ended(client, run), timeout_s=300)
        assert retried.state and retried.state.is_completed()
        settle(client, clinic)
    finally:
        worker.stop(grace_s=3)

    assert states(clinic) == {EffectState.VERIFIED: FORMS}
    assert set(copies(clinic).values()) == {1}


def test_a_relay_killed_with_its_worker_is_finished_by_another_run(
    prefect_server: LocalServer, client: SyncPrefectClient, clinic: EnrolledTown
) -> None:
    """
    The whole machine's worth dies: worker and run. Another worker's next run waits for the
    turn's lease, finds what had left, and sends the rest.
    """
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "gone.log")
    try:
        start_run(client, ON_CALL, organization=clinic.slug)
        soon(lambda: bytes_are_on_their_way(clinic))
    finally:
        worker.kill()
    clinic.town.powerserver.faults.pause = False
    another = start_worker(prefect_server.environment, log=prefect_server.home / "another.log")
    try:
        settle(client, clinic)
    finally:
        another.stop(grace_s=3)

    assert states(clinic) == {EffectState.VERIFIED: FORMS}
    assert set(copies(clinic).values()) == {1}


def kill_the_runs(worker: Child) -> None:
    """SIGKILL every process that the worker started; the worker lives."""
    for pid in set(worker.family) - {worker.pid}:
        os.kill(pid, signal.SIGKILL)
