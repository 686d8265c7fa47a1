"""What happens in the demo, step by step, through Prefect's API as the UI would."""

import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from rich.console import Console
from rich.markdown import Markdown

from accord.domain.totals import Bucket
from deployments.bootstrap import bootstrap, ensure_pool
from deployments.demo_house import House
from deployments.secrets_given import new_site_key
from flows.set_mode import set_mode

DEPLOYMENT = "relay-forms/every-five-minutes"
PATIENCE_S = 300.0
Tell = Callable[[str], None]


class TooSlow(Exception):
    """The run was not over in time."""


def prepare_pool() -> None:
    """Make the work pool first, so that the worker can start while the rest is registered."""
    with get_client(sync_client=True) as client:
        ensure_pool(client)


def enrol(house: House, addresses: dict[str, Any], tell: Tell) -> str:
    """Run the bootstrap for the town's organization, schedules paused, and return its slug."""
    path = Path(addresses["organization_file"])
    text = path.read_text(encoding="utf-8").replace("locale: pt-BR", f"locale: {_locale()}")
    bootstrap(
        [(text, path.name)],
        environment={
            "ACCORD_SITE_KEY": new_site_key(),
            "ACCORD_OMEGAAI_CLIENT_SECRET": addresses["omegaai"]["client_secret"],
            "ACCORD_PRIVATE_DIRECTORY": str(house.directory / "private"),
        },
        active=False,
        say=tell,
    )
    return "lakeside"


def switch_to_deliver(slug: str) -> None:
    """Let Accord write, as the person in charge would."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.WARNING)  # this process is the demo's screen
    set_mode(slug, "deliver", who="demo", why="the demo shows deliveries")


def trigger(slug: str, deployment: str = DEPLOYMENT, **parameters: Any) -> UUID:
    """Start a deployment, the relay's unless another is named, and return its run's id."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(deployment)
        run = client.create_flow_run_from_deployment(
            found.id, parameters={"organization": slug, **parameters}
        )
    return run.id


def follow(run_id: UUID, tell: Tell, *, until: str = "") -> str:
    """
    Tell of each new state of the run and of its tasks, and return the last state in words.

    Args:
        until: the name of a state that is waited for, beside those that are final.

    Raises:
        TooSlow: it was not over after five minutes.
    """
    told: set[str] = set()
    patient_until = time.monotonic() + PATIENCE_S
    with get_client(sync_client=True) as client:
        while time.monotonic() < patient_until:
            run = client.read_flow_run(run_id)
            for line in [f"run: {run.state_name}", *_tasks(client, run)]:
                if line not in told:
                    told.add(line)
                    tell(f"    {line}")
            if run.state and (run.state.is_final() or run.state.name == until):
                return f"{run.state.name}: {run.state.message or ''}"
            time.sleep(0.5)
    raise TooSlow(f"the run was not over after {PATIENCE_S:.0f} s; see the worker's log")


def summarize(run_id: UUID, slug: str, submitted: dict[str, Any]) -> bool:
    """Print the run's report as the UI shows it; say whether each form ended as it must."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
    is_shown = show(run_id, f"relay-forms-{slug}")
    must = ", ".join(f"{where} {count}" for where, count in submitted["must_end"].items())
    print(f"\nWhat the patients did, written down before anybody looked: {must}.")
    message = str(run.state.message) if run.state and run.state.is_completed() else ""
    if not as_written_down(message, submitted["must_end"]):
        print("This run did not end so: see the run's logs.")
        return False
    return is_shown


def show(run_id: UUID, key: str) -> bool:
    """Print the pages that a run wrote under one key, as the UI shows them; say if there are."""
    with get_client(sync_client=True) as client:
        wanted = {"flow_run_id": {"any_": [str(run_id)]}, "key": {"any_": [key]}}
        asked = {"artifacts": wanted, "sort": "CREATED_DESC"}
        pages = client.request("POST", "/artifacts/filter", json=asked).json()
    console = Console(width=100, highlight=False)
    for page in pages[:1]:
        console.print(Markdown(page["data"]))
    return bool(pages)


def as_written_down(message: str, must_end: dict[str, int]) -> bool:
    """Compare a run's one line, `observed 25: verified 16, held 4`, with what must be."""
    told = {where.strip(): int(count) for where, count in re.findall(r"([a-z ]+) (\d+)", message)}
    filed = sum(count for where, count in must_end.items() if where in PLACES)
    done = told.get(Bucket.VERIFIED, 0) + told.get(Bucket.ALREADY_THERE, 0)
    return (done, told.get(Bucket.HELD, 0)) == (filed, must_end.get("held", 0))


PLACES = ("Patient Docs", "Documents")
"""Where the Document Viewer shows a form that is not held."""


def let_the_schedule_run(slug: str) -> None:
    """Set the paused schedule going, for a demo that is kept."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(DEPLOYMENT)
        for schedule in client.read_deployment_schedules(deployment.id):
            # All of it is said again: what is left out, Prefect 3.8 empties.
            client.update_deployment_schedule(
                deployment.id, schedule.id, active=True, parameters={"organization": slug}
            )


def _tasks(client: SyncPrefectClient, run: FlowRun) -> list[str]:
    answer = client.request(
        "POST",
        "/task_runs/filter",
        json={"flow_runs": {"id": {"any_": [str(run.id)]}}, "sort": "EXPECTED_START_TIME_ASC"},
    )
    return [
        f"{task['name'].rsplit('-', 1)[0]}: {task['state_name']}"
        for task in answer.json()
        if task["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}
    ]


def _locale() -> str:
    return "pt-BR" if os.environ.get("LANG", "").startswith("pt") else "en-US"
