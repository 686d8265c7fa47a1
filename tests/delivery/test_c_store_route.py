"""Clinical forms by C-STORE, over a whole clinic: the study's status is never moved twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.adapters.dicom_filing import StatusMoved
from accord.domain.effects import EffectState, Mode
from accord.domain.totals import Bucket
from accord.sandbox.blume_forms import Submitted
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
CLINICAL, REGISTRATION = "clinical", "registration"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path, powerserver={"document_route": "c-store"}) as opened:
        yield opened


def statuses(clinic: Clinic) -> dict[str, str]:
    with clinic.powerserver.archive.lock:
        return {
            study.accession: study.status for study in clinic.powerserver.archive.studies.values()
        }


def submit_some(clinic: Clinic) -> list[Submitted]:
    first, second, third, *_ = clinic.world.visits
    return [
        clinic.blume.submit_normal(first, CLINICAL),
        clinic.blume.submit_pdf(second, CLINICAL),
        clinic.blume.submit_normal(third, CLINICAL),
    ]


async def test_clinical_forms_are_found_again_and_change_no_study(clinic: Clinic) -> None:
    """Each stands with its study, byte for byte; every study is as far as it was before."""
    before = statuses(clinic)
    notes = submit_some(clinic)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 3}
    assert [(line.section, line.rung) for line in report.verified] == [("Documents", "bytes equal")]
    documents = clinic.powerserver.documents
    assert sorted(d.accession for d in documents) == sorted(str(n.accession) for n in notes)
    assert notes[1].pdf_digest in {document.sha256 for document in documents}
    assert {document.section for document in documents} == {"Documents"}
    assert statuses(clinic) == before
    assert clinic.powerserver.messages_received == 0


async def test_running_it_again_stores_nothing(clinic: Clinic) -> None:
    """What was stored is known by its UID."""
    submit_some(clinic)
    await clinic.relay()

    report = await clinic.relay()

    assert report.is_empty
    assert len(clinic.powerserver.documents) == 3


async def test_a_status_that_moves_stops_the_route_for_good(clinic: Clinic) -> None:
    """
    The documented danger: storing completes the study. After the first document nothing leaves,
    in this run or a later one; a person is asked, and only a person switches it on again.
    """
    submit_some(clinic)
    clinic.powerserver.faults.advance_status_on_store = True

    with pytest.raises(StatusMoved):
        await clinic.relay()
    clinic.forward(hours=1)
    for _ in range(2):
        after = await clinic.relay()

    assert len(clinic.powerserver.documents) == 1
    assert list(statuses(clinic).values()).count("COMPLETED") == 1
    assert clinic.ledger.mode("lakeside", "relay-forms") is Mode.WATCH
    assert clinic.task_kinds() == ["study-status-moved"]
    assert after.totals.buckets[Bucket.WOULD_DO] == 2
    assert clinic.states() == {S.VERIFIED: 1, S.PLANNED: 2}


async def test_a_moved_status_stops_every_link(tmp_path: Path) -> None:
    """Links work side by side; each learns of it before its next document."""
    with a_clinic(tmp_path, hl7={"links": 3}, powerserver={"document_route": "c-store"}) as clinic:
        for visit in clinic.world.visits:
            clinic.blume.submit_normal(visit, CLINICAL)
        clinic.powerserver.faults.advance_status_on_store = True

        with pytest.raises(StatusMoved):
            await clinic.relay()

        assert len(clinic.powerserver.documents) <= 3
        assert clinic.ledger.mode("lakeside", "relay-forms") is Mode.WATCH


async def test_an_unknown_study_parks_its_form_alone(clinic: Clinic) -> None:
    """PowerServer has no such study yet: that form waits for a person, the others are stored."""
    submit_some(clinic)
    clinic.blume.misbehave("retired-template")  # of a patient whom PowerServer does not know

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 3, Bucket.PARKED: 1}
    assert [each.reason for each in report.attention] == ["no-such-study"]
    assert len(clinic.powerserver.documents) == 3


async def test_a_patients_own_documents_wait_until_their_place_is_decided(clinic: Clinic) -> None:
    """DICOM knows no document without a study, and nobody has said which: nothing is guessed."""
    clinic.blume.submit_normal(clinic.world.visits[0], REGISTRATION)
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.PARKED: 1}
    assert [each.reason for each in report.attention] == ["patient-level-undecided"]
    assert [document.section for document in clinic.powerserver.documents] == ["Documents"]


async def test_a_new_version_is_added_and_the_old_one_is_a_persons(clinic: Clinic) -> None:
    """C-STORE only adds, whatever MDM events the site takes."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    clinic.blume.amend(note)
    await clinic.relay()
    clinic.blume.withdraw(note)

    report = await clinic.relay()

    assert len(clinic.powerserver.documents) == 2
    assert report.totals.buckets == {Bucket.HUMAN_TASK: 1}
    assert sorted(clinic.task_kinds()) == ["retire-by-hand", "retire-old-version"]
