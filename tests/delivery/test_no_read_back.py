"""Sites that let a person look, or nobody: what counts as done there, and what never is green."""

from pathlib import Path
from typing import Any

import pytest

from accord.domain.effects import EffectState, Rung
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from tests.delivery.clinic import a_clinic
from tests.delivery.test_faults import documents_by_form

S = EffectState
WITHOUT_DICOM = [
    pytest.param({"dicom": None}, id="no-dicom-wire"),
    pytest.param({}, id="dicom-not-to-be-asked"),
]


def site(read_back: str, more: dict[str, Any]) -> dict[str, Any]:
    return {"read_back": read_back, **more}


@pytest.mark.parametrize("more", WITHOUT_DICOM)
async def test_without_read_back_nothing_is_green(tmp_path: Path, more: dict[str, Any]) -> None:
    """Landed is all there is to know: amber, over, and never verified."""
    with a_clinic(tmp_path, powerserver=site("none", more)) as clinic:
        clinic.blume.submit_day(2, 1)

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.UNVERIFIABLE: 3}
        assert report.verified == ()
        assert clinic.states() == {S.UNVERIFIABLE: 3}
        assert (await clinic.relay()).is_empty
        assert set(documents_by_form(clinic).values()) == {1}


@pytest.mark.parametrize("more", WITHOUT_DICOM)
async def test_where_a_person_looks_each_form_waits_for_one(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    """One card for each form, once; attested, it is verified on the rung that says so."""
    with a_clinic(tmp_path, powerserver=site("person", more)) as clinic:
        clinic.blume.submit_day(2, 1)

        report = await clinic.relay()
        again = await clinic.relay()

        assert report.totals.buckets == again.totals.buckets == {Bucket.HUMAN_TASK: 3}
        assert report.verdict is Verdict.WITH_HOLDS
        assert {each.reason for each in report.attention} == {"attest-by-hand"}
        assert clinic.task_kinds() == ["attest-by-hand"] * 3

        for row in clinic.rows():
            why = "seen in the viewer"
            clinic.ledger.move(row.key, S.VERIFIED, who="ana", why=why, rung=Rung.ATTESTED)
        assert (await clinic.relay()).is_empty
        assert set(documents_by_form(clinic).values()) == {1}


@pytest.mark.parametrize("read_back", ["person", "none"])
async def test_in_doubt_is_a_persons_at_once(tmp_path: Path, read_back: str) -> None:
    """Nobody but a person can tell whether it arrived, and it is never sent again by itself."""
    hl7 = {"answer_timeout_s": 0.5}
    with a_clinic(tmp_path, hl7=hl7, powerserver=site(read_back, {})) as clinic:
        clinic.powerserver.faults.lose_answers = 1
        clinic.blume.submit_day(1, 0)

        report = await clinic.relay()

        (row,) = clinic.rows()
        assert report.totals.buckets == {Bucket.PARKED: 1}
        assert row.reason == {"person": "look-by-hand", "none": "no-read-back"}[read_back]
        clinic.ledger.move(row.key, S.DONE_BY_HAND, who="ana", why="it is there")
        await clinic.relay()
        assert clinic.powerserver.messages_received == 1


async def test_a_new_version_still_asks_for_the_old_one_to_be_retired(tmp_path: Path) -> None:
    """Where nothing is read back, the card is opened when the new version has landed."""
    with a_clinic(tmp_path, powerserver=site("none", {})) as clinic:
        note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
        await clinic.relay()
        clinic.blume.amend(note)

        await clinic.relay()

        assert clinic.states() == {S.UNVERIFIABLE: 2}
        assert clinic.task_kinds() == ["retire-old-version"]
