"""What a chain of versions leaves behind: withdrawals proven or asked for, held and gone forms."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from accord.delivery.asking import note_word
from accord.delivery.sweeping import sweep
from accord.domain.effects import EffectState, Intent, Rung
from accord.domain.totals import Bucket
from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.powerserver_records import FiledDocument
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
CLINICAL = "clinical"
RETIRE_BY_HAND = "retire-by-hand"
FORMS = ["normal", pytest.param("pdf", marks=pytest.mark.long)]


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
    return next(row for row in clinic.rows() if row.source.endswith(f"/_history/{number}"))


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


async def test_what_powerserver_refuses_to_withdraw_is_retired_by_hand(tmp_path: Path) -> None:
    """T11 was promised by the site's file and is refused: a person is asked, with the words."""
    with accepting(tmp_path, "T11") as clinic:
        note = submit(clinic)
        await clinic.relay()
        clinic.blume.withdraw(note)
        clinic.powerserver.faults.change({"answer_code": "AE", "answer_code_times": 1})

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.REJECTED: 1}
        (attention,) = report.attention
        assert attention.reason.startswith("answer-")
        assert "retire a versão antiga" in attention.what_to_do
        assert clinic.task_kinds() == [RETIRE_BY_HAND]


async def test_a_withdrawal_done_by_hand_is_over(clinic: Clinic) -> None:
    """Once a person has attested it, the report counts it as done by hand."""
    note = submit(clinic)
    await clinic.relay()
    clinic.blume.withdraw(note)
    await clinic.relay()
    row = version(clinic, 2)
    clinic.ledger.move(row.key, S.DONE_BY_HAND, who="on-call", why="retired in the viewer")
    note_word(clinic.desk, row.key, "on-call", "retired")

    report = await clinic.relay(since=row.source_updated_at)

    assert report.totals.buckets == {Bucket.DONE_BY_HAND: 1}
    assert report.attention == ()
    assert clinic.task_kinds() == []


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


async def test_a_source_deleted_before_it_was_read(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the sweep and gone when it was to be read: nothing is called for."""
    note = submit(clinic)

    async def sweep_and_delete(*arguments: Any, **named: Any) -> Any:
        observed = await sweep(*arguments, **named)
        clinic.omegaai.remove(*note.source_id.split("/"))
        return observed

    with monkeypatch.context() as patched:
        patched.setattr("tests.delivery.clinic.sweep", sweep_and_delete)
        report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert [row.reason for row in clinic.rows()] == ["source-gone"]
    assert clinic.powerserver.messages_received == 0


async def test_withdrawn_and_submitted_again(clinic: Clinic) -> None:
    """
    A site that takes no withdrawals asks a person to remove the document. Submitted again before
    anybody did, it holds: nobody is asked any more, and nothing is filed twice.
    """
    note = submit(clinic)
    await clinic.relay()
    clinic.blume.withdraw(note)
    await clinic.relay()
    assert clinic.task_kinds() == [RETIRE_BY_HAND]

    resubmit(clinic, note, status="completed")
    report = await clinic.relay()

    assert clinic.task_kinds() == []
    assert report.attention == ()
    assert clinic.states() == {S.VERIFIED: 1, S.SUPERSEDED: 2}
    assert len(current(clinic)) == 1
