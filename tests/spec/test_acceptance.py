"""
Accepting a site: what its PowerServer really takes

Nothing that the vendor has published says which messages a site's PowerServer takes, or whether it
does what it answers. So a synthetic patient walks every route, with a person watching. What was
seen by another way than the one that wrote it is a capability; an answer alone is none.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from accord.acceptance.walk import ACCEPT
from accord.ledger.approvals import Decision
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy
from deployments.local_server import LocalServer
from flows.accept_site import accept_site
from flows.attest_task import attest_task
from flows.set_mode import set_mode
from tests.orchestration.runs import artifact
from tests.orchestration.towns import EnrolledTown, enrolled_town

pytestmark = pytest.mark.prefect_server

QUICK = "  acceptance: {wait: PT0.2S, tries: [ADT, ORM, T02, T10, T11]}\n"


@pytest.fixture
def town(
    prefect_server: LocalServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[EnrolledTown]:
    """A site whose file says that it takes T02, T10 and T11."""
    with enrolled_town(tmp_path, f"accept-{abs(hash(request.node.name)) % 10**8}") as enrolled:
        enrolled.change_file("  locale: pt-BR\n", f"  locale: pt-BR\n{QUICK}")
        yield enrolled


def page(town: EnrolledTown) -> str:
    return artifact(f"{ACCEPT}-{town.slug}")


def cards(town: EnrolledTown) -> dict[str, str]:
    """The open tasks' ids, by what they ask for."""
    rows = json.loads(artifact(f"{ACCEPT}-{town.slug}-to-do"))
    return {row["Onde"]: row["Tarefa"] for row in rows}


def run(town: EnrolledTown, who: str | None = None) -> State[Any]:
    return accept_site(town.slug, who=who, return_state=True)


def attest(town: EnrolledTown, screen: str) -> None:
    attest_task(town.slug, cards(town)[screen], "Ana Souza", "seen on the screen")


VIEWER, THE_FILE = "PowerReader: Document Viewer; Scheduler", "deployments/organizations"


def test_without_somebody_who_watches_it_only_looks(town: EnrolledTown) -> None:
    """
    The run says that nobody has walked the site yet, and sends nothing. Where somebody has
    switched the process to `watch`, it sends nothing either, whoever watches.
    """
    before = town.town.powerserver.messages_received
    assert run(town).name == "CompletedUnwalked"

    set_mode(town.slug, "watch", "Rui Lima", "not today", process="accept-site")
    assert run(town, "Ana Souza").name == "CompletedUnsettled"
    assert town.town.powerserver.messages_received == before


def test_every_route_is_tried_once_and_cleaned_up_after_a_person_has_looked(
    town: EnrolledTown,
) -> None:
    """
    Patient, order, registration and clinical document, replacement and withdrawal, each sent once
    and read back. The report names each route, what was answered and what was seen, and nobody:
    not the synthetic patient's number either. What was filed stays until a person has looked in
    the Document Viewer and said so; the next run takes it back and cancels the order. After that
    a run sends nothing more.
    """
    sim = town.town.powerserver
    walked = run(town, "Ana Souza")

    assert walked.name == "CompletedForPeople", walked.message
    assert "| Versão nova no lugar da antiga | MDM^T10 | aceito e conferido | AA |" in page(town)
    assert "Nada a mudar: o arquivo já diz isso." in page(town)
    assert "*TESTE ACCORD cadastro*" in page(town)
    assert "ACCORD-TEST" not in page(town)
    assert len([d for d in sim.documents if d.is_current and d.source == "accord"]) == 2

    attest(town, VIEWER)
    cleaned = run(town, "Ana Souza")
    assert cleaned.name == "Completed", cleaned.message
    assert not [d for d in sim.documents if d.is_current and d.source == "accord"]
    assert "nenhum pedido em aberto" in page(town)

    sent = sim.messages_received
    assert run(town, "Ana Souza").name == "Completed"
    assert sim.messages_received == sent


def test_what_is_answered_and_not_done_is_no_capability(town: EnrolledTown) -> None:
    """
    PowerServer answers AA to a withdrawal and withdraws nothing: the report calls it unproven and
    proposes to take T11 from the organization file. Whoever changes the file, and says so, has
    approved the proposal; what is left in PowerServer is a person's to remove.
    """
    town.town.powerserver.faults.keep_withdrawn = True
    run(town, "Ana Souza")

    assert "| Retirada | MDM^T11 | não comprovado | AA |" in page(town)
    line = "site.powerservers.main.hl7.accepts: [T02, T10, T11] -> [T02, T10]"
    assert line in page(town)

    attest(town, THE_FILE)
    attest(town, VIEWER)
    run(town, "Ana Souza")
    with town.database.open() as ledger:
        [plan] = ledger.plans(town.slug)
        kinds = {task.kind for task in ledger.tasks(town.slug)}
    assert (plan.decision, plan.decided_by) == (Decision.APPROVED, "Ana Souza")
    assert kinds == {"accept-site-clean-up"}


def test_somebody_else_with_the_synthetic_number_is_not_touched(town: EnrolledTown) -> None:
    """
    Before the first message it looks whose the number is; the run fails and says which setting to
    change, and not whose it is. A patient without any study is not shown over DICOM, and so not
    seen here either: take a number that surely nobody has.
    """
    sim = town.town.powerserver
    issuer = town.town.world.setting.issuer
    sim.archive.put_patient(HeldPatient("ACCORD-TEST", issuer, "SOUZA", "MARIA"))
    sim.archive.put_study(
        HeldStudy(
            uid="2.25.99",
            patient=(issuer, "ACCORD-TEST"),
            accession="REAL1",
            placer_order="",
            modality="CT",
            description="",
            start=sim.now(),
        )
    )
    before = sim.messages_received
    failed = run(town, "Ana Souza")

    assert failed.is_failed()
    assert "`site.acceptance.number`" in str(failed.message)
    assert "SOUZA" not in str(failed.message)
    assert sim.messages_received == before
