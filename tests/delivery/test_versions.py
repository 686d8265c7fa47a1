"""Versions of one form over a whole clinic: replaced, withdrawn, unchanged, held and mended."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from accord.delivery.sweeping import sweep
from accord.domain.effects import EffectState, Intent, Mode, Rung
from accord.domain.totals import Bucket
from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.questionnaires import NEVER_PUBLISHED
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
REGISTRATION, CLINICAL = "registration", "clinical"
RETIRE_OLD, RETIRE_BY_HAND = "retire-old-version", "retire-by-hand"
FORMS = ["normal", "pdf"]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def accepting(directory: Path, *events: str, **how: Any) -> AbstractContextManager[Clinic]:
    """A site whose PowerServer takes these events, and says so in its organization file."""
    taken = ["T02", *events]
    return a_clinic(directory, hl7={"accepts": taken}, accepts=frozenset(taken), **how)


def submit(clinic: Clinic, form: str = "normal", kind: str = CLINICAL) -> Submitted:
    visit = clinic.world.visits[0]
    if form == "pdf":
        return clinic.blume.submit_pdf(visit, kind)
    return clinic.blume.submit_normal(visit, kind)


def current(clinic: Clinic) -> list[FiledDocument]:
    return [document for document in clinic.powerserver.documents if document.is_current]


def events(clinic: Clinic) -> list[str]:
    """Give MSH-9.2 of each message that PowerServer received."""
    return [
        message.split(b"|")[8].split(b"^")[1].decode() for message in clinic.powerserver.messages
    ]


def resubmit(clinic: Clinic, note: Submitted, **changes: Any) -> None:
    """Store a form once more at OmegaAI: a new version of it. None takes an element away."""
    source = dict(clinic.omegaai.read(*note.source_id.split("/")))
    source.pop("meta", None)
    source |= changes
    clinic.omegaai.load([{name: value for name, value in source.items() if value is not None}])


def version(clinic: Clinic, number: int) -> EffectRow:
    return next(row for row in clinic.rows() if row.occasion == str(number))


def release(clinic: Clinic, row: EffectRow) -> None:
    """What `release-effect` does."""
    clinic.ledger.move(row.key, S.PLANNED, who="on-call", why="it is right", expected=S.HELD)


# -- amended -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [CLINICAL, REGISTRATION])
async def test_a_new_version_replaces_the_old_one(tmp_path: Path, form: str, kind: str) -> None:
    """Where PowerServer takes T10 it retires the old document itself: one stays current."""
    with accepting(tmp_path, "T10") as clinic:
        note = submit(clinic, form, kind)
        await clinic.relay()
        clinic.blume.amend(note)

        report = await clinic.relay()

        old, new = clinic.powerserver.documents
        assert (old.replaced, new.parent_number) == (True, old.unique_number)
        assert [document.sop_uid for document in current(clinic)] == [new.sop_uid]
        assert events(clinic) == ["T02", "T10"]
        assert report.totals.buckets == {Bucket.VERIFIED: 1}
        assert version(clinic, 2).intent is Intent.REPLACE_DOCUMENT
        assert clinic.task_kinds() == []


@pytest.mark.parametrize("form", FORMS)
async def test_where_only_adding_is_possible_a_person_retires_the_old_one(
    clinic: Clinic, form: str
) -> None:
    """Both show; the new title says that it replaces one, and the old one is asked for once."""
    note = submit(clinic, form)
    await clinic.relay()
    amended = clinic.blume.amend(note)

    report = await clinic.relay()
    await clinic.relay()

    old, new = current(clinic)
    assert "substitui" in new.title
    assert "substitui" not in old.title
    assert events(clinic) == ["T02", "T02"]
    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    (task,) = clinic.ledger.tasks("lakeside")
    assert (task.kind, task.key) == (RETIRE_OLD, version(clinic, 2).key)
    assert task.details["replaced"] == version(clinic, 1).key
    assert amended.pdf_digest in (None, new.sha256)


async def test_every_version_names_the_one_before_it(tmp_path: Path) -> None:
    """Amended twice between two sweeps or one by one: each replaces what is there then."""
    with accepting(tmp_path, "T10") as clinic:
        note = submit(clinic)
        for _ in range(3):
            await clinic.relay()
            clinic.blume.amend(note)
        await clinic.relay()

        numbers = [d.unique_number for d in clinic.powerserver.documents]
        parents = [d.parent_number for d in clinic.powerserver.documents]
        assert parents == ["", *numbers[:-1]]
        assert len(current(clinic)) == 1
        assert clinic.states() == {S.VERIFIED: 4}


async def test_a_version_overtaken_before_it_left_is_not_sent(clinic: Clinic) -> None:
    """Amended within the grace: the first version was never there, so nothing is replaced."""
    clinic.mode(Mode.BACK_UP)
    note = submit(clinic)
    await clinic.relay()
    clinic.blume.amend(note)
    await clinic.relay()
    clinic.forward(minutes=31)

    await clinic.relay()

    (document,) = clinic.powerserver.documents
    assert "substitui" not in document.title
    assert version(clinic, 1).state is S.SUPERSEDED
    assert version(clinic, 1).reason == "newer-version"
    assert clinic.task_kinds() == []


@pytest.mark.parametrize("form", FORMS)
async def test_unchanged_content_under_a_new_version_sends_nothing(
    clinic: Clinic, form: str
) -> None:
    """OmegaAI may store the same answers anew; nobody wants the same document twice."""
    note = submit(clinic, form)
    await clinic.relay()
    resubmit(clinic, note)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert version(clinic, 2).reason == "unchanged"
    assert clinic.powerserver.messages_received == 1
    assert clinic.task_kinds() == []


async def test_finished_later(clinic: Clinic) -> None:
    """A form left in progress is no item; pressed Submit on, it is a form like any other."""
    note = submit(clinic)
    resubmit(clinic, note, status="in-progress")
    saved = await clinic.relay()
    clinic.blume.finish(note)

    finished = await clinic.relay()

    assert (saved.totals.observed, saved.not_submitted) == (0, 1)
    assert finished.totals.buckets == {Bucket.VERIFIED: 1}
    assert len(current(clinic)) == 1


# -- withdrawn -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
async def test_a_withdrawal_takes_the_document_back(tmp_path: Path, form: str) -> None:
    """Where PowerServer takes T11 the document goes, and that it is gone is seen over DICOM."""
    with accepting(tmp_path, "T11") as clinic:
        another = clinic.blume.submit_normal(clinic.world.visits[1], CLINICAL)
        note = submit(clinic, form)
        await clinic.relay()
        clinic.blume.withdraw(note)

        report = await clinic.relay()

        assert [document.accession for document in current(clinic)] == [another.accession]
        assert events(clinic) == ["T02", "T02", "T11"]
        assert report.totals.buckets == {Bucket.VERIFIED: 1}
        row = version(clinic, 2)
        assert (row.intent, row.rung) == (Intent.WITHDRAW_DOCUMENT, Rung.PRESENT)
        assert clinic.task_kinds() == []


async def test_nothing_shown_at_all_does_not_prove_a_withdrawal(tmp_path: Path) -> None:
    """
    The only document known to be there was withdrawn: a station that shows nothing at all would
    look the same. It stays landed until something else is found.
    """
    with accepting(tmp_path, "T11") as clinic:
        note = submit(clinic)
        await clinic.relay()
        clinic.blume.withdraw(note)
        alone = await clinic.relay(patience_s=0)
        clinic.blume.submit_normal(clinic.world.visits[1], CLINICAL)

        proven = await clinic.relay()

        assert alone.totals.buckets == {Bucket.NOT_YET_VISIBLE: 1}
        assert proven.totals.buckets == {Bucket.VERIFIED: 2}
        assert current(clinic) == clinic.powerserver.documents[1:]


@pytest.mark.parametrize("form", FORMS)
async def test_where_it_cannot_be_taken_back_a_person_is_asked(clinic: Clinic, form: str) -> None:
    """One human task, in the run's report with the words for it; nothing more is sent."""
    note = submit(clinic, form)
    await clinic.relay()
    clinic.blume.withdraw(note)

    report = await clinic.relay()
    again = await clinic.relay()

    assert report.totals.buckets == {Bucket.HUMAN_TASK: 1}
    (attention,) = report.attention
    assert attention.reason == RETIRE_BY_HAND
    assert "Document Viewer" in attention.what_to_do
    assert clinic.task_kinds() == [RETIRE_BY_HAND]
    assert again.is_empty
    assert events(clinic) == ["T02"]


async def test_a_withdrawal_done_by_hand_is_over(clinic: Clinic) -> None:
    """Once a person has attested it, the report counts it as done by hand."""
    note = submit(clinic)
    await clinic.relay()
    clinic.blume.withdraw(note)
    await clinic.relay()
    row = version(clinic, 2)
    clinic.ledger.move(row.key, S.DONE_BY_HAND, who="on-call", why="retired in the viewer")

    report = await clinic.relay(since=row.source_updated_at)

    assert report.totals.buckets == {Bucket.DONE_BY_HAND: 1}
    assert report.attention == ()


async def test_withdrawn_before_it_left(clinic: Clinic) -> None:
    """Within the grace nothing has left, so there is nothing to withdraw, by nobody."""
    clinic.mode(Mode.BACK_UP)
    note = submit(clinic)
    await clinic.relay()
    clinic.blume.withdraw(note)
    await clinic.relay()
    clinic.forward(minutes=31)

    await clinic.relay()

    assert clinic.states() == {S.SUPERSEDED: 2}
    assert version(clinic, 2).reason == "nothing-to-withdraw"
    assert clinic.powerserver.messages_received == 0
    assert clinic.task_kinds() == []


async def test_submitted_anew_after_a_withdrawal(tmp_path: Path) -> None:
    """What comes after a withdrawal replaces nothing: nothing is there."""
    with accepting(tmp_path, "T10", "T11") as clinic:
        note = submit(clinic)
        await clinic.relay()
        clinic.blume.withdraw(note)
        await clinic.relay()
        resubmit(clinic, note, status="completed")

        await clinic.relay()

        assert events(clinic) == ["T02", "T11", "T02"]
        assert len(current(clinic)) == 1
        assert clinic.states() == {S.VERIFIED: 3}


# -- held ----------------------------------------------------------------------------------------


async def test_what_is_mended_at_omegaai_goes_out_by_itself(clinic: Clinic) -> None:
    """The patient's number had no known issuer; corrected there, the held form goes on."""
    visit = clinic.world.visits[0]
    patient = dict(clinic.omegaai.read("Patient", visit.patient_id))
    patient.pop("meta", None)
    wrong = [one | {"system": "urn:oid:2.16.76.1.99.404"} for one in patient["identifier"]]
    clinic.omegaai.load([patient | {"identifier": wrong}])
    submit(clinic, kind=REGISTRATION)
    held = await clinic.relay()
    clinic.omegaai.load([patient])

    mended = await clinic.relay()

    assert held.totals.buckets == {Bucket.HELD: 1}
    assert mended.totals.buckets == {Bucket.VERIFIED: 1}
    (row,) = clinic.rows()
    assert (row.section, row.document_type) == ("Patient Docs", "PATIENT REGISTRATION FORM")
    assert row.subject != "unknown"


async def test_a_corrected_version_takes_a_held_ones_place(clinic: Clinic) -> None:
    """Mended by a new version of the form: that one goes, the held one is called for no more."""
    note = submit(clinic)
    order = clinic.omegaai.read(*note.source_id.split("/"))["basedOn"]
    resubmit(clinic, note, basedOn=None)
    await clinic.relay()
    resubmit(clinic, note, basedOn=order)

    await clinic.relay()

    assert clinic.states() == {S.SUPERSEDED: 1, S.VERIFIED: 1}
    assert len(current(clinic)) == 1


async def test_what_a_person_released_goes_although_the_rule_still_holds_it(
    clinic: Clinic,
) -> None:
    """The person's word stands; the row then says where it went, as of any other form."""
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL, NEVER_PUBLISHED)
    await clinic.relay()
    (held,) = clinic.rows()
    assert held.state is S.HELD
    release(clinic, held)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    (row,) = clinic.rows()
    (document,) = current(clinic)
    assert (row.digest, row.section) == (document.sha256, "Documents")
    assert row.document_type == document.document_type
    assert row.facility == "lakeside-paulista"


async def test_what_was_released_and_cannot_be_prepared_is_parked(clinic: Clinic) -> None:
    """Without an accession number there is no study to file it with, whoever releases it."""
    note = submit(clinic)
    resubmit(clinic, note, basedOn=None)
    await clinic.relay()
    release(clinic, clinic.rows()[0])

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.PARKED: 1}
    assert [each.reason for each in report.attention] == ["cannot-prepare"]
    assert clinic.powerserver.messages_received == 0


# -- gone ----------------------------------------------------------------------------------------


async def test_a_source_deleted_before_it_was_read(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the sweep and gone when it was to be read: nothing is called for."""
    note = submit(clinic)

    async def sweep_and_delete(*arguments: Any) -> Any:
        observed = await sweep(*arguments)
        clinic.omegaai.remove(*note.source_id.split("/"))
        return observed

    with monkeypatch.context() as patched:
        patched.setattr("tests.delivery.clinic.sweep", sweep_and_delete)
        report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert [row.reason for row in clinic.rows()] == ["source-gone"]
    assert clinic.powerserver.messages_received == 0


async def test_a_held_forms_source_deleted(clinic: Clinic) -> None:
    """A held form that its patient deleted waits for nobody any more."""
    note = submit(clinic)
    resubmit(clinic, note, basedOn=None)
    await clinic.relay()
    clinic.omegaai.remove(*note.source_id.split("/"))

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert [row.reason for row in clinic.rows()] == ["source-gone"]
    assert report.attention == ()
