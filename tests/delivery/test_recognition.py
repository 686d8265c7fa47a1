"""The vendor's copies, over a whole clinic: what is there is not doubled, and nothing is lost."""

import base64
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.domain.effects import EffectState, Mode
from accord.domain.totals import Bucket
from accord.ledger.ledger import Ledger
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.powerserver_filing import Filing
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.questionnaires import NEVER_PUBLISHED
from accord.sandbox.vendor import TYPES
from accord.sandbox.world import Visit
from tests.delivery.clinic import SITE_KEY, Clinic, a_clinic
from tests.delivery.test_faults import a_person_sends_again, documents_by_form

S = EffectState
CLINICAL, REGISTRATION = "clinical", "registration"
KINDS = [CLINICAL, REGISTRATION]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def the_vendor_brings(
    clinic: Clinic,
    visit: Visit,
    kind: str,
    content: bytes = b"%PDF-1.4 the vendor's own print",
    *,
    late: timedelta = timedelta(minutes=7),
    **changes: object,
) -> FiledDocument:
    """File a copy as the vendor does: its own UID, title and time, a while after submission."""
    study = clinic.powerserver.archive.study_by(accession=visit.accession)
    filing = Filing(
        patient=(visit.issuer, visit.patient_number),
        study=study if kind == CLINICAL else None,
        document_type=TYPES[kind],
        title="Form",
        content=content,
        source="vendor",
        at=datetime.now(UTC) + late,
    )
    filed = clinic.powerserver.file(replace(filing, **changes))  # type: ignore[arg-type]
    assert filed is not None
    return filed


def sent_by_us(clinic: Clinic) -> int:
    return len([d for d in clinic.powerserver.documents if d.source == "accord"])


def ends(clinic: Clinic) -> dict[str, str]:
    """Give the state and reason of each form's effect, by the form's id at OmegaAI."""
    return {row.source.split("/")[1]: f"{row.state} {row.reason}".strip() for row in clinic.rows()}


def end_of(clinic: Clinic, note: Submitted) -> str:
    return ends(clinic)[note.source_id.split("/")[1]]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_the_vendor_printed_is_already_there(clinic: Clinic, kind: str) -> None:
    """A Normal form is known by patient, section, type, accession and time, not by its bytes."""
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, kind)
    the_vendor_brings(clinic, visit, kind)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.ALREADY_THERE: 1}
    assert sent_by_us(clinic) == 0


async def test_two_forms_of_one_type_on_one_day_and_one_copy_is_for_a_person(
    clinic: Clinic,
) -> None:
    """
    Two clinical forms of one study within minutes, and one copy of the vendor's: nobody can tell
    which form it is. Both wait for a person; neither is sent, neither counts as there.
    """
    visit = clinic.world.visits[0]
    notes = [clinic.blume.submit_normal(visit, CLINICAL) for _ in range(2)]
    the_vendor_brings(clinic, visit, CLINICAL)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.PARKED: 2}
    assert {end_of(clinic, note) for note in notes} == {"parked ambiguous-copy"}
    assert sent_by_us(clinic) == 0


async def test_a_person_who_has_told_them_apart_has_the_other_sent(clinic: Clinic) -> None:
    """One is attested as there, the other sent again: both are at PowerServer once."""
    visit = clinic.world.visits[0]
    for _ in range(2):
        clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL, late=timedelta())
    await clinic.relay()
    there, missing = [row.key for row in clinic.rows()]

    clinic.ledger.move(there, S.DONE_BY_HAND, who="ana", why="the vendor's, by its answers")
    clinic.ledger.move(missing, S.PLANNED, who="ana", why="not there")
    clinic.forward(minutes=1)
    await clinic.relay()

    rows = {row.key: row.state for row in clinic.rows()}
    assert rows == {there: S.DONE_BY_HAND, missing: S.VERIFIED}
    assert sent_by_us(clinic) == 1


async def test_an_earlier_form_that_is_told_apart_leaves_the_later_one_free(
    clinic: Clinic,
) -> None:
    """
    The vendor delivered the first form and that was recognised. A second form of the same type on
    the same day is another one: the first one's copy is not taken for it.
    """
    visit = clinic.world.visits[0]
    first = clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL)
    await clinic.relay()
    second = clinic.blume.submit_normal(visit, CLINICAL)

    report = await clinic.relay()

    assert end_of(clinic, first) == "superseded already-there"
    assert end_of(clinic, second) == "verified"
    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    assert sent_by_us(clinic) == 1


async def test_a_copy_of_the_first_version_is_not_the_second(clinic: Clinic) -> None:
    """
    The vendor brought a form before it was amended, and we see only the amended one: the copy may
    be the old version's. Nobody can tell, so the new version waits for a person and is not lost.
    """
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL)
    clinic.blume.amend(note)

    await clinic.relay()

    assert [row.reason for row in clinic.rows()] == ["ambiguous-copy"]
    a_person_sends_again(clinic)
    clinic.forward(minutes=1)
    await clinic.relay()
    assert clinic.states() == {S.VERIFIED: 1}


@pytest.mark.parametrize("end", ["withdrawn", "amended"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_copy_of_a_form_that_ended_unseen_is_no_other_forms(
    clinic: Clinic, kind: str, end: str
) -> None:
    """The vendor brought a form that is withdrawn or amended before we looked; another stands."""
    visit = clinic.world.visits[0]
    first = clinic.blume.submit_normal(visit, kind)
    second = clinic.blume.submit_normal(visit, kind)
    the_vendor_brings(clinic, visit, kind)
    (clinic.blume.withdraw if end == "withdrawn" else clinic.blume.amend)(first)

    await clinic.relay()

    assert end_of(clinic, second) == "parked ambiguous-copy"
    assert sent_by_us(clinic) == 0


async def test_nor_is_it_when_an_earlier_run_met_its_end(clinic: Clinic) -> None:
    """The form was withdrawn a run ago; its copy is still nobody else's."""
    visit = clinic.world.visits[0]
    clinic.blume.withdraw(clinic.blume.submit_normal(visit, REGISTRATION))
    the_vendor_brings(clinic, visit, REGISTRATION)
    await clinic.relay()
    second = clinic.blume.submit_normal(visit, REGISTRATION)

    clinic.forward(minutes=1)
    await clinic.relay()

    assert end_of(clinic, second) == "parked ambiguous-copy"


@pytest.mark.parametrize("pdf", [True, False], ids=["pdf", "normal"])
async def test_nor_when_the_amended_one_has_been_filed_since(clinic: Clinic, pdf: bool) -> None:
    """The new version is ours and known; the vendor's copy of the first is still nobody else's."""
    visit = clinic.world.visits[0]
    submit = clinic.blume.submit_pdf if pdf else clinic.blume.submit_normal
    first = submit(visit, REGISTRATION)
    content = pdf_of(clinic, first) if pdf else b"%PDF-1.4 the vendor's own print"
    the_vendor_brings(clinic, visit, REGISTRATION, content)
    clinic.blume.amend(first)
    await clinic.relay()
    if not pdf:
        a_person_sends_again(clinic)
        clinic.forward(minutes=1)
        await clinic.relay()
    assert sent_by_us(clinic) == 1
    second = clinic.blume.submit_normal(visit, REGISTRATION)

    clinic.forward(minutes=1)
    await clinic.relay()

    assert end_of(clinic, second) == "parked ambiguous-copy"


async def test_a_copy_after_the_withdrawal_is_not_the_withdrawn_forms(clinic: Clinic) -> None:
    """The vendor brings nothing that was withdrawn long before: the copy is the other form's."""
    visit = clinic.world.visits[0]
    clinic.blume.withdraw(clinic.blume.submit_normal(visit, REGISTRATION))
    await clinic.relay()
    backdate(clinic, hours=2)
    second = clinic.blume.submit_normal(visit, REGISTRATION)
    the_vendor_brings(clinic, visit, REGISTRATION)

    clinic.forward(minutes=1)
    await clinic.relay()

    assert end_of(clinic, second) == "superseded already-there"


def backdate(clinic: Clinic, **by: float) -> None:
    """Let what the ledger knows have happened earlier."""
    with sqlite3.connect(clinic.directory / "ledger.db") as db:
        for key, at in db.execute("SELECT key, source_updated_at FROM effect").fetchall():
            earlier = datetime.fromisoformat(at) - timedelta(**by)
            db.execute(
                "UPDATE effect SET source_updated_at = ? WHERE key = ?",
                [earlier.isoformat(sep=" "), key],
            )
    db.close()


async def test_each_version_may_have_its_copy(clinic: Clinic) -> None:
    """The first version's copy is known; the next copy is the next version's."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL)
    await clinic.relay()
    clinic.blume.amend(note)
    the_vendor_brings(clinic, visit, CLINICAL, b"%PDF the second version")

    await clinic.relay()

    assert [row.reason for row in clinic.rows()] == ["already-there"] * 2
    assert sent_by_us(clinic) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_our_own_rewritten_copy_is_nobody_elses(clinic: Clinic, kind: str) -> None:
    """
    PowerServer may write a document anew on filing, in other bytes. Our first form's document must
    not pass for the vendor's copy of the second: the second would be lost.
    """
    clinic.powerserver.faults.alter_bytes = True
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, kind)
    await clinic.relay()
    clinic.blume.submit_normal(visit, kind)

    await clinic.relay()

    assert [row.state for row in clinic.rows()] == [S.VERIFIED] * 2
    assert set(documents_by_form(clinic).values()) == {1}
    assert sent_by_us(clinic) == 2


async def test_nor_while_it_has_not_been_read_back(clinic: Clinic) -> None:
    """The same while the first one has only landed: its title and content tell whose it is."""
    clinic.powerserver.faults.change({"alter_bytes": True, "hide_documents_for_s": 0.3})
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)
    await clinic.relay(steps=["deliver"])
    clinic.blume.submit_normal(visit, CLINICAL)

    await clinic.relay()
    await clinic.relay()

    assert [row.state for row in clinic.rows()] == [S.VERIFIED] * 2
    assert sent_by_us(clinic) == 2


async def test_a_copy_that_may_be_a_held_forms_is_nobodys(clinic: Clinic) -> None:
    """A held form has a claim on the vendor's copy too: the other one waits for a person."""
    visit = clinic.world.visits[0]
    held = clinic.blume.submit_normal(visit, CLINICAL, NEVER_PUBLISHED)
    the_vendor_brings(clinic, visit, CLINICAL)
    fine = clinic.blume.submit_normal(visit, CLINICAL)

    await clinic.relay()

    assert end_of(clinic, held).startswith("held")
    assert end_of(clinic, fine) == "parked ambiguous-copy"
    assert sent_by_us(clinic) == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_pdf_form_is_known_by_its_bytes(clinic: Clinic, kind: str) -> None:
    """The vendor's copy of a PDF form is byte-equal, whatever it is called and whenever it came."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_pdf(visit, kind)
    other = clinic.blume.submit_pdf(visit, kind)
    content = pdf_of(clinic, note)
    the_vendor_brings(clinic, visit, kind, content, late=timedelta(hours=5))

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.ALREADY_THERE: 1, Bucket.VERIFIED: 1}
    assert end_of(clinic, note) == "superseded already-there"
    assert end_of(clinic, other) == "verified"


async def test_one_pdf_submitted_twice_is_two_forms(clinic: Clinic) -> None:
    """The same bytes in two submissions: two documents, and no false alarm about a duplicate."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_pdf(visit, REGISTRATION)
    clinic.blume.submit_pdf(visit, REGISTRATION, pdf_of(clinic, note))

    await clinic.relay()
    clinic.blume.submit_pdf(visit, REGISTRATION, pdf_of(clinic, note))
    await clinic.relay()

    assert [row.state for row in clinic.rows()] == [S.VERIFIED] * 3
    assert len({row.evidence["sop"] for row in clinic.rows()}) == 3
    assert clinic.task_kinds() == []


async def test_one_pdf_twice_and_one_copy_of_the_vendors_is_for_a_person(clinic: Clinic) -> None:
    """Two forms of the same bytes and one copy: whose it is cannot be told."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_pdf(visit, REGISTRATION)
    clinic.blume.submit_pdf(visit, REGISTRATION, pdf_of(clinic, note))
    the_vendor_brings(clinic, visit, REGISTRATION, pdf_of(clinic, note))

    await clinic.relay()

    assert [row.reason for row in clinic.rows()] == ["ambiguous-copy"] * 2
    assert sent_by_us(clinic) == 0


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"document_type": "REFERRAL"}, id="of-another-type"),
        pytest.param({"study": None}, id="in-another-section"),
        pytest.param({"late": timedelta(hours=2)}, id="at-another-time"),
    ],
)
async def test_what_differs_in_a_trait_is_another_document(
    clinic: Clinic, changes: dict[str, object]
) -> None:
    """What cannot be this form's copy is left alone, and the form is delivered."""
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL, **changes)  # type: ignore[arg-type]

    await clinic.relay()

    assert [row.state for row in clinic.rows()] == [S.VERIFIED]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["normal", "pdf"])
async def test_a_copy_between_our_look_and_our_send_is_reported(
    clinic: Clinic, form: str, kind: str
) -> None:
    """It could not be known, so both are there; it is found when ours is read back."""
    visit = clinic.world.visits[0]
    submit = clinic.blume.submit_normal if form == "normal" else clinic.blume.submit_pdf
    note = submit(visit, kind)
    content = b"%PDF-1.4 print" if form == "normal" else pdf_of(clinic, note)

    await clinic.relay(before={"deliver": lambda: the_vendor_brings(clinic, visit, kind, content)})

    (row,) = clinic.rows()
    assert row.state is S.VERIFIED
    assert [(t.kind, t.key) for t in clinic.ledger.tasks("lakeside")] == [
        ("duplicate-document", row.key)
    ]


async def test_another_forms_copy_is_no_false_alarm(clinic: Clinic) -> None:
    """What was recognised as an earlier form's copy is not reported as a duplicate of ours."""
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)
    the_vendor_brings(clinic, visit, CLINICAL)
    await clinic.relay()
    clinic.blume.submit_normal(visit, CLINICAL)
    await clinic.relay()

    assert {row.state for row in clinic.rows()} == {S.SUPERSEDED, S.VERIFIED}
    assert clinic.task_kinds() == []


@pytest.mark.parametrize(
    "altered",
    [
        pytest.param(False, id="kept-bytes"),
        pytest.param(True, id="rewritten-bytes", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize(
    "when",
    [
        pytest.param("before-planning", marks=pytest.mark.long),
        pytest.param("planned", marks=pytest.mark.long),
        "landed",
    ],
)
async def test_a_restored_ledger_sends_nothing_twice(
    tmp_path: Path, when: str, altered: bool
) -> None:
    """
    The ledger comes back from an older backup, and with it the outbox is gone: what was sent since
    is found by its bytes, or by its title and content. Nothing goes out a second time.
    """
    with a_clinic(tmp_path) as clinic:
        clinic.powerserver.faults.alter_bytes = altered
        clinic.blume.submit_day(1, 0)
        await clinic.relay()
        if when != "before-planning":
            clinic.blume.submit_day(2, 2)
            await clinic.relay(steps=[] if when == "planned" else ["deliver"])
        backup = shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-backup")
        if when == "before-planning":
            clinic.blume.submit_day(2, 2)
        await clinic.relay()
        received = clinic.powerserver.messages_received
        restore(clinic, backup)

        clinic.forward(minutes=1)
        await clinic.relay()
        await clinic.relay()

        assert clinic.powerserver.messages_received == received
        assert set(documents_by_form(clinic).values()) == {1}
        assert clinic.states().keys() <= {S.VERIFIED, S.SUPERSEDED}
        assert {row.reason for row in clinic.rows()} <= {"", "already-there"}


def restore(clinic: Clinic, backup: Path) -> None:
    """Put the ledger of a backup in place; the outbox is lost with the machine."""
    clinic.ledger.close()
    for left in clinic.directory.glob("*.db*"):
        left.unlink()
    for part in backup.glob("ledger.db*"):
        shutil.copy(part, clinic.directory / part.name)
    url = f"sqlite:///{clinic.directory / 'ledger.db'}"
    clinic.ledger = Ledger(url, site_key=SITE_KEY, now=clinic.now)


async def test_a_retry_of_what_is_there_sends_nothing(clinic: Clinic) -> None:
    """A person sends again what was parked as not visible; it shows by now, so nothing leaves."""
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    clinic.blume.submit_day(1, 1)
    clinic.powerserver.faults.change({"hide_documents_for_s": 3600, "alter_bytes": True})
    await clinic.relay(patience_s=0)
    clinic.forward(hours=1)
    await clinic.relay(patience_s=0)
    assert clinic.states() == {S.VERIFIED: 1, S.PARKED: 2}
    for document in clinic.powerserver.documents:
        document.visible_at = clinic.powerserver.now()

    a_person_sends_again(clinic)
    clinic.forward(minutes=1)
    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 1, S.SUPERSEDED: 2}
    assert sent_by_us(clinic) == 3


@pytest.mark.parametrize("minutes", [1, 31], ids=["within-grace", "after-grace"])
async def test_in_watch_mode_the_vendors_copies_are_counted(clinic: Clinic, minutes: int) -> None:
    """What the vendor brings after we first looked is seen by the next look."""
    clinic.mode(Mode.WATCH)
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)
    first = await clinic.relay()
    the_vendor_brings(clinic, visit, CLINICAL)
    clinic.forward(minutes=minutes)

    second = await clinic.relay()

    assert first.totals.buckets == {Bucket.WOULD_DO: 1}
    assert second.totals.buckets == {Bucket.ALREADY_THERE: 1}


def pdf_of(clinic: Clinic, note: Submitted) -> bytes:
    """Give the bytes of a PDF form as the patient submitted them."""
    binary = clinic.omegaai.read("Binary", f"{note.source_id.split('/')[1]}-b")
    return base64.b64decode(binary["data"])
