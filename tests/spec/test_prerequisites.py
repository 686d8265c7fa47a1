"""
Prerequisites of an organization

Before anything is set up, both systems must know the organization, its catalogues, its issuer of
patient ID and the priority of Blume's requests. The flow `check-prerequisites` says what is
missing, on which screen it is mended and who can do it. It reads only; what no system shows, it
asks of people.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from accord.sandbox.set_up import load_hierarchy, load_services
from accord.setup.words_given import CHECK_PREREQUISITES
from deployments.local_server import LocalServer
from flows.attest_task import attest_task
from flows.check_prerequisites import check_prerequisites
from tests.orchestration.towns import EnrolledTown, enrol, enrolled_town

pytestmark = pytest.mark.prefect_server

LISTS = "Catálogo;Entrada\r\nModalidade;CT\r\nConjunto de exames;TC de crânio\r\n"
WHAT, STATE, TASK = "O que deve valer", "Situação", "Tarefa"


@pytest.fixture
def town(
    prefect_server: LocalServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[EnrolledTown]:
    """A site that is set up as it should be, as far as a system can show it."""
    with enrolled_town(tmp_path, f"ready-{abs(hash(request.node.name)) % 10**8}") as enrolled:
        setting = enrolled.town.world.setting
        load_hierarchy(enrolled.town.omegaai, setting)
        load_services(enrolled.town.omegaai, setting)
        enrol(_written_down(enrolled), {"ACCORD_PRIVATE_DIRECTORY": str(enrolled.private)})
        for side in ("powerserver", "omegaai"):
            path = enrolled.private / "catalogues" / f"{side}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(LISTS.encode("cp1252"))
        yield enrolled


def _written_down(town: EnrolledTown) -> str:
    """Give the town's file with what only people know of a site."""
    setting = town.town.world.setting
    text = town.town.organization_file.read_text(encoding="utf-8")
    for line, more in (
        (
            "  facilities:\n",
            f"  place: {{master: Sandbox Master, managing: {setting.organization_name}}}\n",
        ),
        (f"    issuer: {setting.issuer}\n", "    licence: AFD\n"),
        ("    main:\n", "      mirth_version: 4.4.2\n"),
    ):
        assert line in text
        text = text.replace(line, more + line if "place" in more else line + more)
    return text


def check(town: EnrolledTown) -> State[Any]:
    return check_prerequisites(town.slug, return_state=True)


def to_do(town: EnrolledTown) -> list[dict[str, str]]:
    """Give the table of what is missing, as the Prefect UI shows it."""
    key = f"{CHECK_PREREQUISITES}-{town.slug}-to-do"
    with get_client(sync_client=True) as client:
        found = client.request(
            "POST", "/artifacts/latest/filter", json={"artifacts": {"key": {"any_": [key]}}}
        ).json()
    return list(json.loads(found[0]["data"])) if found else []


def test_what_no_system_shows_is_asked_of_people(town: EnrolledTown) -> None:
    """
    A new site shows no study with the priority of Blume's requests, and no system says that storage
    is shared. Each is a task with its screen; the run is not green until a person has answered
    with `attest-task`.
    """
    state = check(town)
    assert state.name == "CompletedPartly"
    rows = to_do(town)
    assert {row[STATE] for row in rows} == {"ninguém viu"}
    assert all(row[TASK] and row["Onde"] and row["Quem"] for row in rows)

    for row in rows:
        attest_task(town.slug, row[TASK], "Ana", "seen on the screen", return_state=True)

    state = check(town)
    assert state.name == "Completed"
    assert "attested by a person" in str(state.message)


def test_what_is_missing_is_named_with_who_can_mend_it(town: EnrolledTown) -> None:
    """The facility was made inactive in OmegaAI, and a modality is known on one side only."""
    setting = town.town.world.setting
    facility = {
        "resourceType": "Organization",
        "id": setting.facility,
        "active": False,
        "name": setting.facility_name.upper(),
        "partOf": {"reference": f"Organization/{setting.organization}"},
    }
    town.town.omegaai.load([facility])
    (town.private / "catalogues" / "omegaai.csv").write_text(LISTS + "Modalidade;MR\r\n", "utf-8")

    state = check(town)

    assert state.name == "CompletedNotReady"
    missing = [row for row in to_do(town) if row[STATE] == "falta"]
    assert [(row["Encontrado"], row["Quem"]) for row in missing] == [
        ("inactive", "administrador do OmegaAI"),
        ("powerserver - MR", "administrador do OmegaAI"),
    ]


def test_a_wire_that_is_dead_is_told_and_hides_nothing(town: EnrolledTown) -> None:
    """
    OmegaAI refuses our secret. That is said with its message; what only OmegaAI could show is
    *not seen*, never *missing*, and PowerServer is checked all the same.
    """
    town.town.omegaai.office.client_secret = "another"

    state = check(town)

    assert state.name == "CompletedNotReady"
    rows = to_do(town)
    assert [row["De quê"] for row in rows if row[STATE] == "falta"] == ["OmegaAI"]
    assert "A unidade existe no OmegaAI e está ativa." in {
        row[WHAT] for row in rows if row[STATE] == "ninguém viu"
    }


def test_nothing_is_written_at_any_system(town: EnrolledTown) -> None:
    """Every request to OmegaAI reads, PowerServer gets no message and no document."""
    omegaai, powerserver = town.town.omegaai, town.town.powerserver
    before, received = len(omegaai.requests), powerserver.messages_received
    documents = len(powerserver.documents)

    check(town)

    asked = omegaai.requests[before:]
    assert asked
    assert [each for each in asked if not _reads(each)] == []
    assert (powerserver.messages_received, len(powerserver.documents)) == (received, documents)


def _reads(request: str) -> bool:
    method, path = request.split(" ", 1)
    return method == "GET" or path.endswith(("/_search", "/token"))
