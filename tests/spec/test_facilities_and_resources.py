"""
Facilities and resources, alike on both sides

A room or a machine is set up twice: as a resource in PowerServer and as a healthcare service in
OmegaAI, with exactly equal values. The flow `sync-facilities-and-resources` compares the two and
hands people one card for each change; it changes neither system.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from accord.ledger.humantasks import TaskState
from accord.sandbox.set_up import IN_OMEGAAI, WEEK, load_services, powerserver_grid
from accord.setup.signing import public_key_of
from deployments import door, drift, wave
from deployments.local_server import LocalServer
from deployments.secrets_given import new_site_key
from flows.attest_task import attest_task
from flows.certify_parity import certify_parity
from flows.sync_facilities_and_resources import sync_facilities_and_resources
from tasks.resources import SYNC
from tests.orchestration.towns import EnrolledTown, enrol, enrolled_town

pytestmark = pytest.mark.prefect_server


@pytest.fixture
def town(
    prefect_server: LocalServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[EnrolledTown]:
    """A site whose OmegaAI is set up as in the vendor's guide."""
    with enrolled_town(tmp_path, f"parity-{abs(hash(request.node.name)) % 10**8}") as enrolled:
        load_services(enrolled.town.omegaai, enrolled.town.world.setting)
        yield enrolled


def fill_in(town: EnrolledTown, content: bytes | None = None, *, later_s: float = 0) -> None:
    """Put PowerServer's grid where people put it; `later_s` moves the file's time on."""
    path = town.private / "grids" / "main.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or powerserver_grid(town.town.world.setting))
    at = (datetime.now(UTC) + timedelta(seconds=later_s)).timestamp()
    os.utime(path, (at, at))


def compare(town: EnrolledTown) -> State[Any]:
    return sync_facilities_and_resources(town.slug, return_state=True)


def cards(town: EnrolledTown) -> list[dict[str, str]]:
    with get_client(sync_client=True) as client:
        found = client.request(
            "POST",
            "/artifacts/latest/filter",
            json={"artifacts": {"key": {"any_": [f"{SYNC}-{town.slug}-cards"]}}},
        ).json()
    return list(json.loads(found[0]["data"])) if found else []


def every_day(hours: str) -> str:
    return " ".join(f"{day} {hours}" for day in WEEK)


def states(town: EnrolledTown) -> dict[str, TaskState]:
    with town.database.open() as ledger:
        tasks = ledger.tasks(town.slug, list(TaskState))
        return {task.kind: task.state for task in tasks if task.process == SYNC}


def alike(town: EnrolledTown) -> None:
    """OmegaAI is brought to what PowerServer shows."""
    ct, mr, xr = IN_OMEGAAI
    fixed = (ct._replace(minutes=30, overbooking=True), mr, xr._replace(end="22:59"))
    load_services(town.town.omegaai, town.town.world.setting, fixed)


def test_the_first_run_says_where_the_grid_belongs(town: EnrolledTown) -> None:
    """
    PowerServer's resources cannot be asked for: a person copies them from the screen into a file.
    The first run puts a template in its place and fails with what to do; the template alone is
    not taken for an empty PowerServer.
    """
    for _ in range(2):
        state = compare(town)
        assert state.name == "Failed"
        assert "NoGrid: PowerServer main: nobody has filled in its resources" in str(state.message)
    assert (town.private / "grids" / "main.csv").read_text("utf-8-sig").startswith("Facility;")


def test_the_guides_own_example_differs_three_times(town: EnrolledTown) -> None:
    """
    The vendor's guide asks for equal values, and its pictures break that rule: BLUME CT lasts 30
    minutes with overbooking in PowerServer and 01:00 without in OmegaAI, and BLUME XR ends at 10:59
    PM on one side only. BLUME MR, which Excel in Portuguese wrote as `60,0`, is alike.
    """
    fill_in(town)

    state = compare(town)

    assert state.name == "CompletedWithDrift"
    assert [(card["Recurso"], card["PowerServer"], card["OmegaAI"]) for card in cards(town)] == [
        ("BLUME CT", "30", "60"),
        ("BLUME CT", "True", "False"),
        ("BLUME XR", every_day("00:00-22:59"), every_day("00:00-23:59")),
    ]
    assert set(states(town).values()) == {TaskState.OPEN}


def test_a_card_is_closed_when_both_sides_agree_and_opened_again_when_not(
    town: EnrolledTown,
) -> None:
    """
    Nobody has to close a card: the comparison does, once the two agree. It opens the same card
    again when they differ later.
    """
    fill_in(town)
    compare(town)
    alike(town)
    agreed = compare(town)
    assert agreed.name == "Completed"
    assert set(states(town).values()) == {TaskState.OBSERVED}

    load_services(town.town.omegaai, town.town.world.setting)
    assert compare(town).name == "CompletedWithDrift"
    assert set(states(town).values()) == {TaskState.OPEN}


@pytest.mark.long
def test_a_persons_word_stands_until_something_later_is_seen(town: EnrolledTown) -> None:
    """
    A person says with `attest-task` that a card is done. The grid was written before that, so it
    proves nothing against their word; a grid of later that still differs opens the card again.
    """
    fill_in(town)
    compare(town)
    task = next(card["Tarefa"] for card in cards(town) if card["PowerServer"] == "30")
    attest_task(town.slug, task, "Ana", "changed in PowerServer", return_state=True)

    compare(town)
    assert states(town)["duration"] is TaskState.ATTESTED

    fill_in(town, later_s=60)
    compare(town)
    assert states(town)["duration"] is TaskState.OPEN


def test_a_wrong_cell_is_named_and_nothing_is_compared(town: EnrolledTown) -> None:
    """Half a grid is no grid: what is missing from it would count as missing from PowerServer."""
    wrong = powerserver_grid(town.town.world.setting).replace(b"06:00 PM", b"six")
    fill_in(town, wrong)

    state = compare(town)

    assert state.name == "Failed"
    assert "line 3, column end time: must be HH:MM" in str(state.message)
    assert states(town) == {}


def test_what_cannot_be_compared_is_never_green(town: EnrolledTown) -> None:
    """
    A resource of a facility that the organization file does not have is named with the rule that it
    breaks. The others are compared, and the run ends as *CompletedPartly*, not as alike.
    """
    alike(town)
    grid = powerserver_grid(town.town.world.setting)
    fill_in(town, grid.replace(b"LAKESIDE PAULISTA;Diagn\xf3stico;Sala 2", b"NOWHERE;D;Sala 2"))

    state = compare(town)

    assert state.name == "CompletedPartly"
    assert "not compared 1" in str(state.message)


def expecting(town: EnrolledTown, until: str) -> None:
    """Enrol the site with all three differences expected until a day."""
    facility = town.town.world.setting.facility
    entries = "".join(
        f"\n  - facility: {facility}\n    resource: {name}\n    finding: {finding}\n"
        f"    reason: agreed with the clinic\n    until: {until}"
        for name, finding in (
            ("BLUME CT", "duration"),
            ("BLUME CT", "overbooking"),
            ("BLUME XR", "hours"),
        )
    )
    town.change_file("organization:\n", f"organization:\n  expected_differences:{entries}\n")


def test_an_expected_difference_is_excused_until_its_day(town: EnrolledTown) -> None:
    """
    A site may accept a difference in its file, with a reason and a last day. A card that was open
    says then that the file accepts it, not that the two were seen to agree; and it is open again
    once the day is over.
    """
    fill_in(town)
    compare(town)
    expecting(town, "2099-12-31")

    state = compare(town)

    assert state.name == "Completed"
    assert "expected differences 3" in str(state.message)
    assert set(states(town).values()) == {TaskState.ATTESTED}

    expecting(town, "2026-01-01")
    assert compare(town).name == "CompletedWithDrift"
    assert set(states(town).values()) == {TaskState.OPEN}


@pytest.mark.long
def test_a_timer_reads_the_drift_from_the_exit_code(
    town: EnrolledTown, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `python -m deployments.drift` compares at once and ends with 0 where all is alike, 1 where the
    two differ, 3 where something could not be compared and 2 where it could not be done. Of several
    organizations it tells the worst: what is not known outweighs what differs.
    """
    grid = powerserver_grid(town.town.world.setting)
    assert drift.main([town.slug]) == 2  # nobody has filled in the grid
    fill_in(town)
    assert drift.main([town.slug]) == 1
    assert drift.main([town.slug, "nobody"]) == 2
    alike(town)
    assert drift.main([town.slug]) == 0
    fill_in(town, grid.replace(b"LAKESIDE PAULISTA;Diagn\xf3stico;Sala 2", b"NOWHERE;D;Sala 2"))
    assert drift.main([town.slug]) == 3
    assert f"{town.slug}: CompletedPartly: not everything" in capsys.readouterr().out


@pytest.mark.long
def test_half_an_answer_is_no_wave_of_missing_resources(town: EnrolledTown) -> None:
    """
    OmegaAI shows one service where it showed three: an account that lost its rights, or half a
    page. The run fails and opens no card, until a person who knows why says that fewer is right.
    """
    alike(town)
    fill_in(town)
    assert compare(town).name == "Completed"
    elsewhere = {"resourceType": "Organization", "id": "elsewhere", "name": "Elsewhere"}
    town.town.omegaai.load([elsewhere])
    hidden = [f"{town.town.world.setting.facility}-service-{number}" for number in (2, 3)]
    for id_ in hidden:
        town.town.omegaai.load([_of_another_site(id_)])

    state = compare(town)

    assert state.name == "Failed"
    assert "1 rows after 3 before" in str(state.message)
    assert states(town) == {}
    known = sync_facilities_and_resources(town.slug, fewer_is_right=True, return_state=True)
    assert known.name == "CompletedWithDrift"
    assert set(states(town)) == {"only-in-powerserver"}


def _of_another_site(id_: str) -> dict[str, Any]:
    return {
        "resourceType": "HealthcareService",
        "id": id_,
        "active": True,
        "name": "ELSEWHERE",
        "providedBy": {"reference": "Organization/elsewhere"},
    }


def test_what_is_alike_can_be_certified(town: EnrolledTown) -> None:
    """
    While the two differ nothing is signed. Once they agree, `certify-parity` compares them once
    more and keeps a signed certificate in the site's private directory; `accord
    verify-certificate` tells it from any other file, on any machine.
    """
    fill_in(town)
    refused = certify_parity(town.slug, return_state=True)
    assert refused.name == "Failed"
    assert "nothing to certify: 3 differences" in str(refused.message)

    alike(town)
    state = certify_parity(town.slug, return_state=True)

    assert state.name == "Completed", state.message
    [path] = (town.private / "certificates").glob("*.json")
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    key = public_key_of(town.database.key)
    assert door.main(["verify-certificate", str(path), "--key", key]) == door.Exit.FOUND
    path.write_text(path.read_text("utf-8").replace('"count": 3', '"count": 4'), "utf-8")
    assert door.main(["verify-certificate", str(path)]) == door.Exit.NOT_GENUINE


@pytest.mark.long
def test_a_wave_of_organizations_halts_at_the_first_that_fails(
    town: EnrolledTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `python -m deployments.wave WAVE.yaml` certifies many organizations, ring by ring. The first
    that does not agree halts it, and nothing after it is touched; started again after mending, it
    does not ask those that are certified already.
    """
    fill_in(town)
    alike(town)
    second = f"{town.slug}-b"
    text = town.town.organization_file.read_text(encoding="utf-8")
    private = tmp_path / "second"
    enrol(
        text.replace(f"slug: {town.slug}\n", f"slug: {second}\n"),
        {"ACCORD_SITE_KEY": new_site_key(), "ACCORD_PRIVATE_DIRECTORY": str(private)}
        | {"ACCORD_OMEGAAI_CLIENT_SECRET": town.town.omegaai.client_secret},
    )
    path = tmp_path / "wave.yaml"
    path.write_text(f"since: 2026-01-01\nrings: [[{town.slug}], [{second}], [nobody]]\n", "utf-8")

    assert wave.main([str(path)]) == wave.HALTED
    told = capsys.readouterr().out.splitlines()
    assert "certified: powerserver 3, omegaai 3" in told[0]
    assert told[1:] == [f"ring 2, {second}: failed", told[2]]
    assert told[2].startswith(f"halted at {second}")

    grid = private / "grids" / "main.csv"
    grid.write_bytes(powerserver_grid(town.town.world.setting))
    path.write_text(f"since: 2026-01-01\nrings: [[{town.slug}], [{second}]]\n", "utf-8")
    assert wave.main([str(path)]) == 0
    assert f"ring 1, {town.slug}: certified before" in capsys.readouterr().out

    path.write_text(f"since: 2026-01-01\nrings: [[{second}, {second}]]\n", "utf-8")
    assert wave.main([str(path)]) == wave.REFUSED
    assert "each organization once" in capsys.readouterr().err
