"""
An organization is set up by a person at Prefect's UI, from the first plan to the certificate.

Every button of the walk is pressed in a real browser. What it shows is asserted; pictures of each
stage go to `tests/screenshots`, which Git ignores, to be looked at.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accord.domain.effects import EffectState
from accord.ledger.approvals import Decision
from accord.ledger.humantasks import TaskState
from accord.sandbox.set_up import (
    IN_OMEGAAI,
    IN_POWERSERVER,
    Service,
    load_services,
    powerserver_grid,
)
from blocks.ledger import LedgerDatabase
from deployments.bootstrap import bootstrap
from deployments.children import Child
from deployments.local_server import LocalServer, start_worker
from tasks.certificates import CERTIFY
from tasks.onboarding import ONBOARD
from tasks.resources import SYNC
from tests.browser.chromium import chromium_program, screen_on
from tests.browser.operator_at_the_ui import Operator
from tests.orchestration.towns import EnrolledTown, enrol, enrolled_town

pytestmark = [
    pytest.mark.long,
    pytest.mark.chromium,
    pytest.mark.prefect_server,
    pytest.mark.timeout(900),
]

WHAT_PREFECTS_UI_ASKS = {"sr-client-cfg.amplitude.com"}
"""Whatever PREFECT_SERVER_ANALYTICS_ENABLED says (docs/privacy.md); refused here, not answered."""
TASK = re.compile(r"\b[A-Z2-7]{20}\b")
US_OF_THE_FILE = Service("BLUME US", "US", "08:00", "18:00", 60)
US_AT_POWERSERVER = US_OF_THE_FILE._replace(start="08:00 AM", end="06:00 PM")
RESOURCES = """
    departments:
      - name: Diagnóstico
        rooms: [Sala 1, Sala 2, Sala 3, Sala 4]
    resources:
      - {key: ct, name: BLUME CT, department: Diagnóstico, room: Sala 1, modalities: [CT],
         default_duration: "00:30", overbooking: true, working_days: {mon-sun: "00:00-23:59"}}
      - {key: mr, name: BLUME MR, department: Diagnóstico, room: Sala 2, modalities: [MR],
         working_days: {mon-sun: "08:00-18:00"}}
      - {key: xr, name: BLUME XR, department: Diagnóstico, room: Sala 3, modalities: [XR],
         working_days: {mon-sun: "00:00-22:59"}}
      - {key: us, name: BLUME US, department: Diagnóstico, room: Sala 4, modalities: [US],
         working_days: {mon-sun: "08:00-18:00"}}
"""


def write_grid(town: EnrolledTown, *more: Service) -> None:
    """PowerServer's resources, as a person copied them from its screen."""
    path = town.private / "grids" / "main.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(powerserver_grid(town.town.world.setting, (*IN_POWERSERVER, *more)))


@pytest.fixture
def town(prefect_server: LocalServer, tmp_path: Path) -> Iterator[EnrolledTown]:
    """
    A site whose OmegaAI is set up as in the vendor's guide, and has the ultrasound's room but not
    the ultrasound; PowerServer does not have it either.
    """
    chromium_program()  # before anything is started for nothing
    with enrolled_town(tmp_path, "browser") as enrolled:
        omegaai, setting = enrolled.town.omegaai, enrolled.town.world.setting
        load_services(omegaai, setting, (*IN_OMEGAAI, US_OF_THE_FILE))
        omegaai.remove("HealthcareService", f"{setting.facility}-service-4")
        line = f"    issuer: {setting.issuer}\n"
        text = enrolled.town.organization_file.read_text(encoding="utf-8")
        assert line in text
        enrol(
            text.replace(line, line.rstrip("\n") + RESOURCES, 1),
            {"ACCORD_PRIVATE_DIRECTORY": str(enrolled.private)},
        )
        write_grid(enrolled)
        yield enrolled


@pytest.fixture
def database(town: EnrolledTown) -> LedgerDatabase:
    """The organization's ledger, known before a browser is open."""
    return town.database


@pytest.fixture
def worker(prefect_server: LocalServer) -> Iterator[Child]:
    """A process worker; it and its runs are gone afterwards, whatever happens."""
    bootstrap(active=False)
    worker = start_worker(prefect_server.environment, log=prefect_server.home / "browser.log")
    try:
        yield worker
    finally:
        worker.stop(grace_s=3)


def services(town: EnrolledTown) -> set[str]:
    return {each["name"] for each in town.town.omegaai.resources("HealthcareService")}


def test_a_person_sets_up_an_organization_at_the_ui(
    town: EnrolledTown, database: LedgerDatabase, worker: Child, prefect_server: LocalServer
) -> None:
    with screen_on(prefect_server.ui_url, pictures="onboarding") as screen:
        operator = Operator(screen, prefect_server.ui_url)
        plan_and_approve(operator, town, database)
        task = read_the_card(operator, town)
        write_grid(town, US_AT_POWERSERVER)  # what a person does at PowerServer, and copies
        attest(operator, town, database, task)
        certify(operator, town)
    assert set(screen.strangers) <= WHAT_PREFECTS_UI_ASKS


def plan_and_approve(operator: Operator, town: EnrolledTown, database: LedgerDatabase) -> None:
    """Start the plan, read the difference, say yes; OmegaAI then shows what the file declares."""
    operator.fill_in_a_run(ONBOARD, organization=town.slug)
    operator.page.get_by_label("apply (Optional)", exact=True).click()
    operator.screen.picture("01-form-of-the-run")
    operator.submit()
    operator.see_state("Suspended")
    operator.screen.picture("02-suspended")
    run = operator.page.url

    shown = operator.read_artifact(f"{ONBOARD}-{town.slug}")
    facility = town.town.world.setting.facility
    rows = shown.get_by_role("row")
    for wanted in (
        [f"{facility}/ct", "mudar", "minutes", "60", "30", "primeira vez", "0"],
        [f"{facility}/ct", "mudar", "overbooking", "false", "true", "primeira vez", "0"],
    ):
        row = rows.filter(has_text=wanted[0]).filter(has_text=wanted[2])
        expect(row.get_by_role("cell")).to_have_text(wanted)
    expect(rows.filter(has_text=f"{facility}/us").first).to_contain_text("criar")
    operator.screen.picture("03-plan")
    assert town.town.omegaai.writes == []

    operator.page.goto(run)
    form = operator.open_form()
    expect(form).to_contain_text(f"{ONBOARD}-{town.slug}")
    form.get_by_label("Aprovar / Approve (Optional)", exact=True).click()
    form.get_by_label("Quem / Who", exact=True).fill("Ana Souza")
    operator.screen.picture("04-approval")
    operator.resume(form)
    operator.see_state("Completed")
    operator.screen.picture("05-applied")

    assert services(town) == {"BLUME CT", "BLUME MR", "BLUME XR", "BLUME US"}
    with database.open() as ledger:
        assert ledger.counts(town.slug, ONBOARD) == {EffectState.VERIFIED: 3}
        [plan] = ledger.plans(town.slug)
    assert (plan.decision, plan.decided_by) == (Decision.APPROVED, "Ana Souza")


def read_the_card(operator: Operator, town: EnrolledTown) -> str:
    """Compare both systems, and read the one card that is left to people; give its task."""
    operator.fill_in_a_run(SYNC, organization=town.slug)
    operator.submit()
    operator.see_state("CompletedWithDrift")
    operator.screen.picture("06-compared")
    run = operator.page.url
    shown = operator.read_artifact(f"{SYNC}-{town.slug}")
    for told in ("PowerServer e OmegaAI diferem", "BLUME US", "Imaging Facilities > Resource"):
        expect(shown).to_contain_text(told)
    operator.screen.picture("07-card")
    card = shown.get_by_text(TASK)
    expect(card).to_have_count(1)
    [task] = TASK.findall(card.inner_text())

    operator.page.goto(run)
    operator.open_artifact(f"{SYNC}-{town.slug}-cards")
    expect(operator.page.get_by_role("row").nth(1)).to_contain_text(task)
    operator.screen.picture("08-card-in-a-table")
    return str(task)


def attest(operator: Operator, town: EnrolledTown, database: LedgerDatabase, task: str) -> None:
    """Say that the card is done, and what was seen."""
    typed = {"organization": town.slug, "task": task, "who": "Bruno Lima"}
    operator.fill_in_a_run("attest-task", **typed, why="criado na Sala 4, visto na agenda")
    operator.screen.picture("09-evidence")
    operator.submit()
    operator.see_state("Completed")
    operator.screen.picture("10-attested")
    with database.open() as ledger:
        rows = [row for row in ledger.tasks(town.slug, list(TaskState)) if row.id == task]
    assert [(row.state, row.attested_by, row.attested_why) for row in rows] == [
        (TaskState.ATTESTED, "Bruno Lima", "criado na Sala 4, visto na agenda")
    ]


def certify(operator: Operator, town: EnrolledTown) -> None:
    """Certify that both are alike, and see by whose word."""
    operator.fill_in_a_run(CERTIFY, organization=town.slug)
    operator.submit()
    operator.see_state("Completed")
    operator.screen.picture("11-certified")
    shown = operator.read_artifact(f"{CERTIFY}-{town.slug}")
    for told in ("Certificado de paridade", "atestado por pessoas 1", "planos aprovados 1"):
        expect(shown).to_contain_text(told)
    operator.screen.picture("12-certificate")
    assert len(list((town.private / "certificates").glob("*.json"))) == 1
