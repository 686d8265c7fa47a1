"""The whole sandbox: in one process for tests, and as a program for people."""

import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from accord.domain.organization_text import parse
from accord.sandbox.__main__ import arguments
from accord.sandbox.town import Town
from accord.sandbox.vendor import Manners
from tests.sandbox.powerserver_neighbours import answered, code, mdm, reader

ROOT = Path(__file__).parents[2]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path / "sandbox", seed=3, patients=6) as built:
        yield built


def test_a_town_writes_an_organization_file_that_accord_reads(town: Town) -> None:
    """In the very shape a site writes by hand, with the ports of this town."""
    file = parse(town.organization_file.read_text(encoding="utf-8"), "lakeside.yaml")

    wire = file.powerserver_of("lakeside-paulista")
    assert (wire.hl7.host, wire.hl7.port) == ("127.0.0.1", town.powerserver.hl7_port)
    assert wire.dicom is not None
    assert wire.dicom.port == town.powerserver.dicom_port
    assert wire.hl7.accepts == {"T02", "T10", "T11"}
    assert file.site.omegaai.issuers == {"urn:oid:2.16.76.1.99.1": "LAKESIDE"}
    assert file.organization.slug == "lakeside"
    assert "secret" not in town.organization_file.read_text(encoding="utf-8")


def test_the_addresses_open_all_three_systems(town: Town) -> None:
    """`sandbox.json` is its owner's alone, since it holds a secret, if only of the sandbox."""
    assert stat.S_IMODE(town.sandbox_file.stat().st_mode) == 0o600
    facts = json.loads(town.sandbox_file.read_text(encoding="utf-8"))
    omegaai, powerserver = facts["omegaai"], facts["powerserver"]

    assert httpx.get(f"{omegaai['fhir_base']}/metadata").status_code in {200, 401}
    granted = httpx.post(
        omegaai["token_url"],
        data={
            "grant_type": "client_credentials",
            "client_id": omegaai["client_id"],
            "client_secret": omegaai["client_secret"],
        },
    )
    assert granted.status_code == 200
    assert httpx.get(powerserver["web_url"]).status_code == 200
    visit = town.world.visits[0]
    known = mdm(patient=f"{visit.patient_number}^^^{visit.issuer}")
    assert code(answered(powerserver["hl7_port"], known)) == "AA"
    with reader(powerserver["dicom_port"]) as dicom:
        assert len(dicom.find("STUDY", StudyInstanceUID="")) == 7


def test_the_three_systems_know_one_world(town: Town) -> None:
    for visit in town.world.visits:
        study = town.powerserver.archive.study_by(accession=visit.accession)
        assert study is not None
        assert study.uid == visit.study_uid
        assert study.patient == (visit.issuer, visit.patient_number)
    assert len(town.omegaai.resources("Patient")) == 6


def test_powerserver_meets_who_comes_later(town: Town) -> None:
    """A patient with an odd but valid form is known on both sides, as ADT and ORM would see to."""
    (note,) = town.submit_day(normal=0, pdf=0, wrong=["retired-template"])
    assert note.accession is not None
    study = town.powerserver.archive.study_by(accession=note.accession)
    assert study is not None
    assert study.patient == (note.issuer, note.patient_number)
    assert town.meet() == 0


def test_the_same_seed_makes_the_same_town(tmp_path: Path, town: Town) -> None:
    with Town(tmp_path / "other", seed=3, patients=6) as other:
        assert [v.patient_number for v in other.world.visits] == [
            v.patient_number for v in town.world.visits
        ]
        assert [v.study_uid for v in other.world.visits] == [v.study_uid for v in town.world.visits]
        assert other.powerserver.hl7_port != town.powerserver.hl7_port


def test_the_vendor_works_on_its_own_where_asked(tmp_path: Path) -> None:
    with Town(tmp_path, patients=2, vendor=Manners(share=1.0), vendor_every_s=0.05) as town:
        town.submit_day(normal=0, pdf=2)
        deadline = time.monotonic() + 20
        while len(town.powerserver.documents) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [each.source for each in town.powerserver.documents] == ["vendor"] * 2


def test_another_process_makes_patients_submit_and_the_vendor_look(town: Town) -> None:
    """By the web port, as a person with curl would; wrong wishes are refused with a reason."""
    with httpx.Client(base_url=town.powerserver.web_url) as client:
        notes = client.post("/sandbox/blume/day", json={"normal": 1, "pdf": 1}).json()
        assert {note["expected"] for note in notes} == {"Patient Docs"}
        swept = client.post("/sandbox/vendor/sweep").json()
        assert len(swept["delivered"]) + len(swept["left"]) == 2
        for wrong in ({"norml": 1}, {"wrong": ["no-such-thing"]}, {"normal": "many"}):
            refused = client.post("/sandbox/blume/day", json=wrong)
            assert refused.status_code == 422
            assert refused.json()["error"]


def test_another_process_sets_omegaais_faults(town: Town) -> None:
    with httpx.Client(base_url=town.powerserver.web_url) as client:
        assert client.post("/sandbox/omegaai/faults", json={"storm_503": True}).status_code == 200
        assert town.omegaai.faults.storm_503 is True
        assert client.get("/sandbox/omegaai/faults").json()["storm_503"] is True
        assert client.post("/sandbox/vendor/sweep").status_code == 503
        assert client.post("/sandbox/omegaai/faults", json={"strom": 1}).status_code == 422


def line_of(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    assert select.select([program.stdout], [], [], 60)[0], "the sandbox said nothing for a minute"
    return program.stdout.readline()


@pytest.mark.parametrize(
    ("number", "keep"),
    [
        pytest.param(signal.SIGTERM, False, id="told-to-end"),
        pytest.param(signal.SIGINT, True, id="interrupted-and-kept"),
    ],
)
def test_as_a_program_it_says_when_it_is_ready_and_ends_when_told(
    tmp_path: Path, number: signal.Signals, keep: bool
) -> None:
    command = [sys.executable, "-m", "accord.sandbox", "--directory", str(tmp_path)]
    more = ["--patients", "3", "--forms", "3", *(["--keep"] if keep else [])]
    with subprocess.Popen(
        [*command, *more],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert line_of(program).startswith("ready: Document Viewer at http://127.0.0.1:")
            facts = json.loads((tmp_path / "sandbox.json").read_text(encoding="utf-8"))
            assert httpx.get(facts["powerserver"]["web_url"]).status_code == 200
            program.send_signal(number)
            output, errors = program.communicate(timeout=20)
        finally:
            program.kill()
    assert (program.returncode, output, errors) == (0, "", "")
    assert (tmp_path / "lakeside.yaml").exists() is keep
    assert (tmp_path / "sandbox.json").exists() is keep


@pytest.mark.parametrize(
    "given",
    [
        pytest.param([], id="no-directory"),
        pytest.param(["--directory", "x", "--patients", "0"], id="nobody"),
        pytest.param(["--directory", "x", "--forms", "-1"], id="fewer-than-none"),
        pytest.param(["--directory", "x", "--vendor", "2"], id="more-than-all"),
    ],
)
def test_wrong_arguments_are_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(given)
    assert "error:" in capsys.readouterr().err
