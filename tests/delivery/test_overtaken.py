"""Versions planned again too late, and forms of equal words: none takes the place of another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.delivery import replacing
from accord.domain.effects import EffectState
from accord.sandbox.blume_forms import Submitted
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_versions import row_of

S = EffectState


@pytest.fixture(
    params=[
        pytest.param(["T02"], id="new-only"),
        pytest.param(["T02", "T10", "T11"], id="replaces", marks=pytest.mark.long),
    ]
)
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    """A site that takes new documents only, and one that replaces and withdraws."""
    with a_clinic(tmp_path, hl7={"accepts": request.param}) as opened:
        yield opened


async def one_that_never_shows(clinic: Clinic) -> Submitted:
    """Send a form that PowerServer takes and drops; another is seen, so looking works."""
    visit, other = clinic.world.visits[:2]
    clinic.blume.submit_normal(other, "registration")
    await clinic.relay()
    note = clinic.blume.submit_normal(visit, "clinical")
    clinic.powerserver.faults.drop_document_silently = 1
    await clinic.relay(patience_s=0)
    return note


async def given_up_too_late(clinic: Clinic, note: Submitted, *also: Submitted) -> None:
    """
    Its time runs out in the very run that lets the newer version go; on-call retries it.

    A PowerServer that replaces refuses the newer version, whose parent it does not know. It also
    refuses to withdraw it; nothing stands there, so that both are over and nobody can retry.
    """
    clinic.forward(minutes=31)
    await clinic.relay(patience_s=0)
    for each in (note, *also):
        row = row_of(clinic, each)
        assert row.attempts == 1
        if row.state in (S.PARKED, S.REJECTED):
            clinic.ledger.move(row.key, S.PLANNED, who="on-call", why="looked: not there")
    is_over = "T11" in clinic.file.site.powerservers["main"].hl7.accepts and not also
    assert row_of(clinic, note).state is (S.SUPERSEDED if is_over else S.PLANNED)
    clinic.forward(minutes=1)
    await clinic.relay()


def shown(clinic: Clinic) -> list[str]:
    """Give the numbers of the clinical documents that stand there, in the order they came."""
    documents = clinic.powerserver.documents
    return [d.control_id for d in documents if d.is_current and d.accession]


async def test_an_old_version_never_comes_after_the_new_one(clinic: Clinic) -> None:
    """Both would stand there, the older as the last one."""
    note = await one_that_never_shows(clinic)
    newer = clinic.blume.amend(note)

    await given_up_too_late(clinic, note, newer)

    assert shown(clinic) == [row_of(clinic, newer).key]
    assert clinic.states() == {S.VERIFIED: 2, S.SUPERSEDED: 1}


async def test_what_the_patient_has_withdrawn_never_goes(clinic: Clinic) -> None:
    """However far the withdrawal has come: refused, with nothing there, or left to a person."""
    note = await one_that_never_shows(clinic)
    clinic.blume.withdraw(note)

    await given_up_too_late(clinic, note)

    assert shown(clinic) == []


@pytest.mark.parametrize("clinic", [["T02"]], indirect=True)
async def test_without_the_rule_it_would_go(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule is what keeps it: taken away, what the patient has withdrawn stands there."""
    monkeypatch.setattr(replacing, "is_overtaken", lambda _: False)
    note = await one_that_never_shows(clinic)
    clinic.blume.withdraw(note)

    await given_up_too_late(clinic, note)

    assert len(shown(clinic)) == 1


@pytest.mark.parametrize("rewritten", [False, True], ids=["as-sent", "bytes-rewritten"])
async def test_a_form_that_says_the_same_in_the_same_minute_goes_too(
    tmp_path: Path, rewritten: bool
) -> None:
    """The first is there and not read back yet: its document is not taken for the second's."""
    with a_clinic(tmp_path) as clinic:
        visit = clinic.world.visits[0]
        clinic.powerserver.faults.change({"alter_bytes": rewritten, "hide_documents_for_s": 3600.0})
        clinic.blume.submit_pdf(visit, "registration")
        await clinic.relay(patience_s=0)
        clinic.blume.submit_pdf(visit, "registration")
        for document in clinic.powerserver.documents:
            document.visible_at = clinic.powerserver.now()
        clinic.powerserver.faults.hide_documents_for_s = 0.0
        await clinic.relay()

        rows = clinic.rows()
        assert clinic.states() == {S.VERIFIED: 2}
        assert len(clinic.powerserver.documents) == len({r.evidence["sop"] for r in rows}) == 2
