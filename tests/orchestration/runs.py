"""What tests ask of Prefect's API, as the UI would: start a run, wait for its end, count slots."""

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun

Found = TypeVar("Found")


def start_run(client: SyncPrefectClient, deployment: str, **parameters: object) -> UUID:
    """Start a deployment's run through the API and return its id."""
    found = client.read_deployment_by_name(deployment)
    return client.create_flow_run_from_deployment(found.id, parameters=dict(parameters)).id


def soon(look: Callable[[], Found | None], timeout_s: float = 120) -> Found:
    """Look again and again until there is something, and return it."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"not within {timeout_s} s")


def ended(client: SyncPrefectClient, run: UUID) -> Callable[[], FlowRun | None]:
    """Give a look for `soon`: the run once it is over."""

    def look() -> FlowRun | None:
        found = client.read_flow_run(run)
        return found if found.state and found.state.is_final() else None

    return look


def artifact(key: str) -> str:
    """The newest artifact of this key, as the Prefect UI shows it."""
    with get_client(sync_client=True) as client:
        found = client.request(
            "POST", "/artifacts/latest/filter", json={"artifacts": {"key": {"any_": [key]}}}
        ).json()
    return str(found[0]["data"]) if found else ""


def heartbeats(client: SyncPrefectClient, run: UUID) -> int:
    """Count the heartbeats that a run has shown."""
    answer = client.request(
        "POST",
        "/events/filter",
        json={
            "filter": {
                "event": {"name": ["prefect.flow-run.heartbeat"]},
                "resource": {"id": [f"prefect.flow-run.{run}"]},
            }
        },
    )
    return len(answer.json()["events"])


def slots_taken(client: SyncPrefectClient, limit: str) -> int:
    """Count the slots of a global limit that are taken."""
    return client.read_global_concurrency_limit_by_name(limit).active_slots
