"""
New versions, withdrawals and modes

A patient may correct a submitted form or take it back, and a site decides how much Accord may do
by itself. Whatever becomes of a form, the Document Viewer shows what the patient means now, or a
person is told what is left to do there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.adapters.dicom_filing import StatusMoved
from accord.adapters.powerserver import PowerServerClient
from accord.domain.effects import EffectState, Mode, Rung
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.questionnaires import NEVER_PUBLISHED
from tests.delivery.clinic import Clinic, a_clinic

CLINICAL = "clinical"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def shown(clinic: Clinic) -> list[FiledDocument]:
    return [document for document in clinic.powerserver.documents if document.is_current]


async def test_a_corrected_form_replaces_the_old_one(tmp_path: Path) -> None:
    """
    Where PowerServer takes the message for it (MDM^T10, `hl7.accepts`), the new version takes the
    old one's place: the Document Viewer shows one.
    """
    events = ["T02", "T10"]
    with a_clinic(tmp_path, hl7={"accepts": events}, accepts=frozenset(events)) as clinic:
        note = clinic.blume.submit_pdf(clinic.world.visits[0], CLINICAL)
        await clinic.relay()
        corrected = clinic.blume.amend(note)

        await clinic.relay()

        assert [document.sha256 for document in shown(clinic)] == [corrected.pdf_digest]


async def test_where_powerserver_only_adds_a_person_retires_the_old_one(clinic: Clinic) -> None:
    """
    Elsewhere both show. The title of the new one says when the one that it replaces was
    submitted, and a person is asked, once, to retire the old one.
    """
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    clinic.blume.amend(note)

    await clinic.relay()
    await clinic.relay()

    _, new = shown(clinic)
    assert "substitui" in new.title
    assert clinic.task_kinds() == ["retire-old-version"]


async def test_what_a_person_was_asked_is_told_until_it_is_done(clinic: Clinic) -> None:
    """
    Every run's report repeats a task with its id, and the run is *CompletedWithHolds*, until the
    read-back shows that it is done or somebody says so with `attest-task`.
    """
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    clinic.blume.amend(note)
    await clinic.relay()

    reminded = await clinic.relay()
    (task,) = clinic.ledger.tasks("lakeside")
    clinic.ledger.attest(task.id, who="Ana", why="the old version is retired")
    done = await clinic.relay()

    assert [(each.reason, each.task) for each in reminded.attention] == [(task.kind, task.id)]
    assert reminded.verdict is Verdict.WITH_HOLDS
    assert (done.attention, done.verdict) == ((), Verdict.COMPLETED)


async def test_a_form_that_the_patient_withdraws_is_taken_back(tmp_path: Path) -> None:
    """
    A form entered in error leaves the Document Viewer, where PowerServer takes MDM^T11; that it
    is gone is looked for as surely as that another is there.
    """
    events = ["T02", "T11"]
    with a_clinic(tmp_path, hl7={"accepts": events}, accepts=frozenset(events)) as clinic:
        kept, wrong = (clinic.blume.submit_normal(v, CLINICAL) for v in clinic.world.visits[:2])
        await clinic.relay()
        clinic.blume.withdraw(wrong)

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.VERIFIED: 1}
        assert [document.accession for document in shown(clinic)] == [kept.accession]


async def test_what_powerserver_cannot_take_back_is_a_human_task(clinic: Clinic) -> None:
    """Elsewhere a person retires it by hand; the report says where and with which command."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    clinic.blume.withdraw(note)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.HUMAN_TASK: 1}
    assert "No Document Viewer, retire a versão antiga" in report.attention[0].what_to_do


async def test_the_same_answers_stored_anew_are_not_sent_again(clinic: Clinic) -> None:
    """A new version at OmegaAI whose document would be the very same one calls for nothing."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    stored = dict(clinic.omegaai.read(*note.source_id.split("/")))
    clinic.omegaai.load([{name: value for name, value in stored.items() if name != "meta"}])

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert clinic.powerserver.messages_received == 1


async def test_a_person_may_release_what_a_rule_holds(clinic: Clinic) -> None:
    """After `release-hold` the form goes out, although the rule would still hold it."""
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL, NEVER_PUBLISHED)
    await clinic.relay()
    (held,) = clinic.rows()
    clinic.ledger.move(held.key, EffectState.PLANNED, who="on-call", why="it is right")

    report = await clinic.relay()

    assert held.state is EffectState.HELD
    assert report.totals.buckets == {Bucket.VERIFIED: 1}


async def test_back_up_leaves_the_vendor_its_time(clinic: Clinic) -> None:
    """
    In the mode *back-up* the vendor's synchronisation has a grace (`relay.grace`, 30 minutes);
    only what is missing after that is moved.
    """
    clinic.mode(Mode.BACK_UP)
    clinic.blume.submit_day(normal=1, pdf=1)

    within = await clinic.relay()
    clinic.forward(minutes=31)
    after = await clinic.relay()

    assert within.totals.buckets == {Bucket.WAITING: 2}
    assert after.totals.buckets == {Bucket.VERIFIED: 2}


async def test_the_switch_acts_at_once(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Set to *watch* while a run is sending: the document on its way arrives, and no other one
    leaves. Set back, the next run finishes.
    """
    clinic.blume.submit_day(normal=3, pdf=0)
    file = PowerServerClient.file

    async def file_then_switch(self: PowerServerClient, *order: object) -> object:
        answer = await file(self, *order)  # type: ignore[arg-type]  # handed through
        clinic.mode(Mode.WATCH)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(PowerServerClient, "file", file_then_switch)
        stopped = await clinic.relay()
    clinic.mode(Mode.DELIVER)
    clinic.forward(minutes=1)
    finished = await clinic.relay()

    assert stopped.totals.buckets == {Bucket.VERIFIED: 1, Bucket.WOULD_DO: 2}
    assert finished.totals.buckets == {Bucket.VERIFIED: 2}


async def test_a_site_without_a_read_back_is_never_green(tmp_path: Path) -> None:
    """
    Where PowerServer shows nothing over DICOM (`read_back: none`), what it took is counted as
    *landed, no read-back at this site*.
    """
    with a_clinic(tmp_path, powerserver={"read_back": "none"}) as clinic:
        clinic.blume.submit_day(normal=1, pdf=1)

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.UNVERIFIABLE: 2}


async def test_where_a_person_looks_their_word_is_the_proof(tmp_path: Path) -> None:
    """
    With `read_back: person` each document waits for somebody who opens the Document Viewer and
    runs `done-by-hand`. It is then verified, and says that it rests on a person's word.
    """
    with a_clinic(tmp_path, powerserver={"read_back": "person"}) as clinic:
        clinic.blume.submit_day(normal=1, pdf=0)
        report = await clinic.relay()
        (row,) = clinic.rows()

        attested = clinic.ledger.move(
            row.key, EffectState.VERIFIED, who="on-call", why="seen", rung=Rung.ATTESTED
        )

        assert report.totals.buckets == {Bucket.HUMAN_TASK: 1}
        assert attested.rung == "attested by a person"


async def test_a_document_that_completes_its_study_is_the_last_one(tmp_path: Path) -> None:
    """
    A site may have its clinical forms stored by DICOM (`document_route: c-store`). If one of them
    moves its study's status, the patient would be shown an exam that never took place: the route
    stops, the mode becomes *watch*, and a person is asked to put the status back.
    """
    with a_clinic(tmp_path, powerserver={"document_route": "c-store"}) as clinic:
        for visit in clinic.world.visits[:3]:
            clinic.blume.submit_normal(visit, CLINICAL)
        clinic.powerserver.faults.advance_status_on_store = True

        with pytest.raises(StatusMoved):
            await clinic.relay()
        await clinic.relay()

        assert len(shown(clinic)) == 1
        assert clinic.ledger.mode("lakeside", "relay-forms") is Mode.WATCH
        assert clinic.task_kinds() == ["study-status-moved"]
