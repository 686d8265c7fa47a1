"""The `accord` command: from a shell on the site's machine, past a real Prefect server."""

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted
from deployments.door import Exit, main
from deployments.local_server import LocalServer
from tests.orchestration.canary import leaks, sinks
from tests.orchestration.towns import EnrolledTown, enrolled_town

pytestmark = pytest.mark.prefect_server

SLUG = "door-town"
ROOT = Path(__file__).parents[2]


@dataclass
class Scene:
    """A town after one run: one form delivered, one held."""

    town: EnrolledTown
    delivered: Submitted
    held: Submitted

    def row_of(self, note: Submitted) -> EffectRow:
        """Give the effect of one submitted form."""
        with self.town.database.open() as ledger:
            (row,) = ledger.by_source(SLUG, f"{note.source_id}/_history/{note.version}")
        return row


@pytest.fixture(scope="module")
def scene(prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One town for all; nobody here changes it."""
    with enrolled_town(tmp_path_factory.mktemp("door"), SLUG) as enrolled:
        visit = enrolled.town.world.visits[0]
        delivered = enrolled.town.blume.submit_normal(visit, "clinical")
        held = enrolled.town.blume.misbehave("clinical-without-accession")
        enrolled.town.meet()
        assert enrolled.relay().name == "CompletedWithHolds"
        yield Scene(enrolled, delivered, held)


def _run(*arguments: str, typed: str = "") -> int:
    command, *rest = arguments
    return main([command, "--organization", SLUG, *rest], stdin=io.StringIO(typed))


def test_show_names_the_patient(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends with 0."""
    assert _run("show", "--who", "Ana", scene.row_of(scene.delivered).key) == Exit.FOUND
    shown = capsys.readouterr().out
    visit = scene.town.town.world.visits[0]
    assert visit.family in shown
    assert f"{visit.patient_number}^^^LAKESIDE" in shown


def test_a_patients_number_may_be_typed_where_nobody_sees_it(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """From standard input, instead of the list of processes."""
    number = scene.town.town.world.visits[0].patient_number
    assert _run("trace", "-", typed=f"{number}^^^LAKESIDE\n") == Exit.FOUND
    assert scene.row_of(scene.delivered).key in capsys.readouterr().out


def test_the_document_is_its_owners_alone(scene: Scene, tmp_path: Path) -> None:
    """Whatever the umask says."""
    path, before = tmp_path / "form.pdf", os.umask(0)
    try:
        key = scene.row_of(scene.delivered).key
        assert _run("show", key, "--document", str(path)) == Exit.FOUND
    finally:
        os.umask(before)
    assert path.read_bytes().startswith(b"%PDF")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_waits_for_a_person_ends_with_one(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a script can ask."""
    assert _run("attention") == Exit.NOT_FOUND
    assert scene.row_of(scene.held).key in capsys.readouterr().out
    assert _run("audit", "--verify") == Exit.FOUND


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(
            ["show", "A" * 20], Exit.NOT_FOUND, "the ledger has no effect AAAA", id="unknown key"
        ),
        pytest.param(["trace", "nothing-like-it"], Exit.NOT_FOUND, "", id="nothing found"),
        pytest.param(["trace", "-"], Exit.REFUSED, "no id was given", id="empty standard input"),
        pytest.param(
            ["trace", "1^^^ELSEWHERE"], Exit.REFUSED, "it has: LAKESIDE", id="unknown issuer"
        ),
        pytest.param(
            ["audit", "--reported", "beef"], Exit.AUDIT_BROKEN, "", id="a head that is not there"
        ),
    ],
)
def test_exit_codes_tell_what_happened(
    scene: Scene,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: Exit,
    said: str,
) -> None:
    """Each with its reason on standard error, and no trace of a traceback."""
    assert _run(*arguments) == code
    assert said in capsys.readouterr().err


def test_an_organization_that_is_not_there_is_named(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do about it."""
    assert main(["attention", "--organization", "nowhere"]) == Exit.REFUSED
    assert "'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9/api"], ids=["unset", "nobody there"])
def test_without_its_prefect_server_the_door_stays_shut(
    url: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks are there; it never starts a server of its own."""
    with temporary_settings({PREFECT_API_URL: url}):
        assert main(["attention"]) == Exit.REFUSED
    assert "PREFECT_API_URL" in capsys.readouterr().err


def test_nothing_of_it_goes_to_prefect(
    scene: Scene, prefect_server: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """After every kind of look, no name and no number lies in Prefect's files or the ledger."""
    visit = scene.town.town.world.visits[0]
    _run("show", scene.row_of(scene.delivered).key)
    _run("trace", f"{visit.patient_number}^^^LAKESIDE")
    _run("trace", visit.accession)
    assert visit.family in capsys.readouterr().out
    markers = [visit.email, visit.accession, f"{visit.family} {visit.given}"]
    places = sinks(prefect_server.home, scene.town.private / "ledger.db")
    assert leaks(places, markers) == []


def test_the_installed_command_runs_from_anywhere(
    prefect_server: LocalServer, tmp_path: Path
) -> None:
    """`make setup` writes it; another `tasks` package where one stands does not disturb it."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "__init__.py").write_text("raise SystemExit('the wrong tasks')")
    done = subprocess.run(
        ["make", "-s", ".venv/bin/accord"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0
    command = ROOT / ".venv/bin/accord"
    environment = {**prefect_server.environment, "PATH": str(Path(sys.executable).parent)}
    shown = subprocess.run(
        [command, "attention", "--organization", "nowhere"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == Exit.REFUSED
    assert "'nowhere'" in shown.stderr
