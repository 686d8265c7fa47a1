"""Documents by C-STORE: the route of sites whose acceptance run allowed it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.totals import Bucket
from accord.sandbox.omegaai_world import order_resource
from accord.sandbox.world import Visit
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_faults import a_person_sends_again, run
from tests.delivery.test_killed import kill_a_run, rerun_until_settled

S = EffectState
OWN = {"patient_level": "own"}
CLINICAL, REGISTRATION = "clinical", "registration"


def by_c_store(**filing: Any) -> dict[str, Any]:
    return {"document_route": "c-store", "filing": {**OWN, **filing}}


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path, powerserver=by_c_store()) as opened:
        yield opened


def statuses(clinic: Clinic) -> dict[str, str]:
    """Give the status of every study that an order stands behind."""
    studies = clinic.powerserver.archive.studies.values()
    return {study.uid: study.status for study in studies if study.accession}


def with_unknown_accession(clinic: Clinic) -> Visit:
    """Give a visit whose order carries an accession number that PowerServer does not know."""
    visit = replace(clinic.world.visits[0], accession="NOSUCHSTUDY")
    clinic.omegaai.load([order_resource(visit, clinic.world.setting)])
    return visit


async def test_both_kinds_arrive_without_hl7(clinic: Clinic) -> None:
    """Clinical with its study, registration in a study of the patient's own; bytes equal."""
    clinic.blume.submit_day(2, 2)
    before = statuses(clinic)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 4}
    assert {line.rung for line in report.verified} == {Rung.BYTES}
    assert clinic.powerserver.messages_received == 0
    documents = clinic.powerserver.documents
    assert sorted(d.section for d in documents) == ["Documents"] * 2 + ["Patient Documents"] * 2
    assert statuses(clinic) == before


async def test_where_patient_level_is_undecided_only_those_wait(tmp_path: Path) -> None:
    """The default decides nothing: registration forms are parked, clinical ones go."""
    undecided = by_c_store(patient_level="undecided")
    with a_clinic(tmp_path, powerserver=undecided) as clinic:
        clinic.blume.submit_day(2, 2)

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.VERIFIED: 2, Bucket.PARKED: 2}
        assert {row.reason for row in clinic.rows()} == {"", "patient-level-undecided"}
        assert "filing.patient_level" in report.attention[0].what_to_do


async def test_a_form_without_its_study_stops_no_other(clinic: Clinic) -> None:
    """No such study is that form's matter: it is parked, and the link goes on."""
    unknown = with_unknown_accession(clinic)
    for _ in range(4):
        clinic.blume.submit_normal(unknown, CLINICAL)
    for visit in clinic.world.visits[1:4]:
        clinic.blume.submit_normal(visit, CLINICAL)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 3, Bucket.PARKED: 4}
    assert {row.reason for row in clinic.rows()} == {"", "no-such-study"}
    assert {row.attempts for row in clinic.rows() if row.state is S.PARKED} == {0}


async def test_a_study_that_moves_stops_the_route_for_good(clinic: Clinic) -> None:
    """
    The danger that PowerServer documents: a stored object completes the study. The first one that
    does so is the last: the mode is watch, one card says why, and the document itself is found.
    """
    clinic.powerserver.faults.advance_status_on_store = True
    for visit in clinic.world.visits[:4]:
        clinic.blume.submit_normal(visit, CLINICAL)

    await run(clinic)
    await run(clinic)

    assert len(clinic.powerserver.documents) == 1
    assert clinic.ledger.mode("lakeside", "relay-forms") is Mode.WATCH
    assert clinic.task_kinds() == ["study-status-moved"]
    assert clinic.states() == {S.VERIFIED: 1, S.PLANNED: 3}
    mode = clinic.ledger.mode_row("lakeside", "relay-forms")
    assert mode is not None and "C-STORE" in mode.why


async def test_after_that_a_person_goes_on_by_mdm(clinic: Clinic) -> None:
    """The site's file says `mdm` again, on-call sets the mode: the rest goes, each once."""
    clinic.powerserver.faults.advance_status_on_store = True
    for visit in clinic.world.visits[:4]:
        clinic.blume.submit_normal(visit, CLINICAL)
    await run(clinic)
    wire = clinic.file.site.powerservers["main"].model_copy(update={"document_route": "mdm"})
    site = clinic.file.site.model_copy(update={"powerservers": {"main": wire}})
    clinic.file = clinic.file.model_copy(update={"site": site})
    clinic.mode(Mode.DELIVER)

    clinic.forward(minutes=1)
    await run(clinic)

    assert clinic.states() == {S.VERIFIED: 4}
    assert len(clinic.powerserver.documents) == 4


@pytest.mark.parametrize(
    "point", ["after-sent", pytest.param("after-answer", marks=pytest.mark.long)]
)
async def test_sent_again_by_itself_after_a_kill(clinic: Clinic, point: str) -> None:
    """The SOP Instance UID is the form's own, so that PowerServer keeps one: nobody is asked."""
    clinic.blume.submit_day(3, 2)
    kill_a_run(clinic, point)

    assert await rerun_until_settled(clinic) == {S.VERIFIED: 5}
    assert len({d.sha256 for d in clinic.powerserver.documents}) == 5
    assert len(clinic.powerserver.documents) == 5


async def test_versions_leave_the_old_one_to_a_person(clinic: Clinic) -> None:
    """C-STORE only adds: a new version and a withdrawal are each a card."""
    amended = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    withdrawn = clinic.blume.submit_normal(clinic.world.visits[1], CLINICAL)
    await clinic.relay()
    clinic.blume.amend(amended)
    clinic.blume.withdraw(withdrawn)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.HUMAN_TASK: 1}
    assert sorted(clinic.task_kinds()) == ["retire-by-hand", "retire-old-version"]
    assert len(clinic.powerserver.documents) == 3


async def test_a_person_may_retry_once_the_study_is_there(clinic: Clinic) -> None:
    """Parked for want of a study; the order arrives, and a retry files it."""
    unknown = with_unknown_accession(clinic)
    clinic.blume.submit_normal(unknown, CLINICAL)
    await clinic.relay()
    clinic.powerserver.load(replace(clinic.world, visits=(replace(unknown, study_uid="2.25.7"),)))

    a_person_sends_again(clinic)
    clinic.forward(minutes=1)
    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 1}
