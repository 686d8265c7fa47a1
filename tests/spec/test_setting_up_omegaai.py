"""
Setting up OmegaAI from one file

An organization's resources stand in its file. The flow `onboard-organization` shows what would
have to change at OmegaAI so that it agrees, asks a person, and writes what was approved: each
object once, and only while it is still as the plan found it.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_runs import resume_flow_run
from prefect.states import Scheduled

from accord.domain.effects import EffectState as S
from accord.ledger.approvals import Decision
from accord.sandbox.set_up import load_services
from deployments import export
from deployments.bootstrap import bootstrap
from deployments.children import Child
from deployments.local_server import LocalServer, start_worker
from flows.onboard_organization import onboard_organization
from tasks.onboarding import ONBOARD
from tests.orchestration.runs import artifact, ended, soon, start_run
from tests.orchestration.towns import EnrolledTown, enrol, enrolled_town

pytestmark = pytest.mark.prefect_server

RESOURCES = """
    departments:
      - name: Diagnóstico
        rooms: [Sala 1, Sala 2, Sala 3]
    resources:
      - {key: ct, name: BLUME CT, department: Diagnóstico, room: Sala 1, modalities: [CT],
         default_duration: "00:30", overbooking: true, working_days: {mon-sun: "00:00-23:59"}}
      - {key: mr, name: BLUME MR, department: Diagnóstico, room: Sala 2, modalities: [MR],
         working_days: {mon-sun: "08:00-18:00"}}
      - {key: us, name: BLUME US, department: Diagnóstico, room: Sala 3, modalities: [US],
         working_days: {mon-fri: "08:00-18:00"}}
"""


@pytest.fixture
def town(
    prefect_server: LocalServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[EnrolledTown]:
    """A site whose OmegaAI is set up as in the vendor's guide; its file wants it otherwise."""
    with enrolled_town(tmp_path, f"set-up-{abs(hash(request.node.name)) % 10**8}") as enrolled:
        setting = enrolled.town.world.setting
        load_services(enrolled.town.omegaai, setting)
        text = enrolled.town.organization_file.read_text(encoding="utf-8")
        line = f"    issuer: {setting.issuer}\n"
        assert line in text
        declared = text.replace(line, line.rstrip("\n") + RESOURCES, 1)
        enrol(declared, {"ACCORD_PRIVATE_DIRECTORY": str(enrolled.private)})
        enrolled.town.omegaai.app.writes.clear()
        yield enrolled


@pytest.fixture
def client(prefect_server: LocalServer) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def worker(prefect_server: LocalServer) -> Iterator[Child]:
    """A process worker; it and its runs are gone afterwards, whatever happens."""
    bootstrap(active=False)
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "onboard.log")
    try:
        yield worker
    finally:
        worker.stop(grace_s=3)


def plan_of(town: EnrolledTown) -> list[list[str]]:
    """The plan's table, row by row."""
    lines = artifact(f"{ONBOARD}-{town.slug}").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return rows[2:]


def suspended(client: SyncPrefectClient, run: Any) -> Callable[[], FlowRun | None]:
    """Give a look for `soon`: the run once it waits for a person."""

    def look() -> FlowRun | None:
        found = client.read_flow_run(run)
        assert not (found.state and found.state.is_final()), found.state
        return found if found.state and found.state.name == "Suspended" else None

    return look


def states(town: EnrolledTown) -> dict[S, int]:
    with town.database.open() as ledger:
        return dict(ledger.counts(town.slug, ONBOARD))


def plan(town: EnrolledTown) -> State[Any]:
    return onboard_organization(town.slug, return_state=True)


def test_a_plan_says_what_would_change_and_changes_nothing(town: EnrolledTown) -> None:
    """
    What, in which field, from what to what, who made it differ, and how many patients are booked.
    The service that no file declares is named and left alone.
    """
    state = plan(town)

    facility = town.town.world.setting.facility
    assert state.name == "CompletedWithChanges"
    page = artifact(f"{ONBOARD}-{town.slug}")
    assert "| Recurso | O que | Campo | De | Para | Quem mudou | Agendados |" in page
    assert plan_of(town)[:2] == [
        [f"{facility}/ct", "mudar", "minutes", "60", "30", "primeira vez", "0"],
        [f"{facility}/ct", "mudar", "overbooking", "false", "true", "primeira vez", "0"],
    ]
    assert {row[1] for row in plan_of(town) if row[0] == f"{facility}/us"} == {"criar"}
    assert town.town.omegaai.writes == []
    assert states(town) == {}


@pytest.mark.long
def test_what_was_approved_is_what_is_written(
    town: EnrolledTown, client: SyncPrefectClient, worker: Child
) -> None:
    """
    The run waits, suspended, until a person has read the plan and answered in its form. Who
    answered is kept, as declared, before the first write. Retried afterwards it asks nobody again
    and writes nothing; a new plan finds nothing to do.
    """
    run = start_run(client, f"{ONBOARD}/on-demand", organization=town.slug, apply=True)
    soon(suspended(client, run))
    assert town.town.omegaai.writes == []

    resume_flow_run(run, run_input={"approve": True, "who": "Ana Souza"})
    done = soon(ended(client, run))

    assert done.state and done.state.name == "Completed", done.state
    assert states(town) == {S.VERIFIED: 2}
    with town.database.open() as ledger:
        row = ledger.plan_of(town.slug, ONBOARD, str(run))
    assert row is not None
    assert (row.decision, row.decided_by) == (Decision.APPROVED, "Ana Souza")

    written = list(town.town.omegaai.writes)
    client.set_flow_run_state(run, Scheduled(name="AwaitingRetry"), force=True)
    again = soon(ended(client, run))
    assert again.state_name == "Completed", (again.state, again.run_count)
    assert town.town.omegaai.writes == written
    assert plan(town).name == "Completed"


@pytest.mark.long
def test_no_is_no(town: EnrolledTown, client: SyncPrefectClient, worker: Child) -> None:
    """
    A form that is sent as it stands says no. A refused plan ends its run as Cancelled, says by
    whom, and nothing is written.
    """
    run = start_run(client, f"{ONBOARD}/on-demand", organization=town.slug, apply=True)
    soon(suspended(client, run))
    resume_flow_run(run, run_input={"who": "Ana Souza"})
    done = soon(ended(client, run))

    assert done.state and done.state.name == "Cancelled"
    assert "refused by Ana Souza" in str(done.state.message)
    assert town.town.omegaai.writes == []


def test_a_missing_room_is_made_before_what_stands_in_it(town: EnrolledTown) -> None:
    """Rooms are planned like resources, and come first; OmegaAI is asked whether it takes them."""
    facility = town.town.world.setting.facility
    town.town.omegaai.remove("Location", f"{facility}-room-3")
    assert plan(town).name == "CompletedWithChanges"
    assert plan_of(town)[0][:2] == [f"{facility}/room/Sala 3", "criar"]


def test_what_no_plan_can_make_is_left_to_people(town: EnrolledTown) -> None:
    """A room in other letters may be the one that is meant: a card with its screen tells of it."""
    facility = town.town.world.setting.facility
    [room] = [r for r in town.town.omegaai.resources("Location") if r["name"] == "Sala 3"]
    town.town.omegaai.load([{**room, "name": "SALA 3"}])
    assert plan(town).name == "CompletedWithChanges"
    [card] = json.loads(artifact(f"{ONBOARD}-{town.slug}-cards"))
    assert (card["Recurso"], "Location" in card["Onde"]) == (f"{facility}/us", True)


def test_a_live_site_becomes_its_file(
    town: EnrolledTown, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `python -m deployments.export SLUG` writes the file as OmegaAI has it: a site that was set up
    by hand need not be typed again. With that file, a plan finds nothing to do.
    """
    code = export.main([town.slug])
    written = capsys.readouterr()
    assert (code, written.err) == (export.WHOLE, "")
    assert "name: BLUME XR" in written.out
    assert "BLUME US" not in written.out  # only the file had it

    enrol(written.out, {"ACCORD_PRIVATE_DIRECTORY": str(town.private)})

    assert plan(town).name == "Completed"
    assert town.town.omegaai.writes == []
    assert export.main(["nobody"]) == export.FAILED
