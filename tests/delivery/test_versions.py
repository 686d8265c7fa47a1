"""Versions of a form: amended, withdrawn, held and mended, replaced under other ids."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.domain.effects import EffectState, Intent
from accord.domain.totals import Bucket
from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted, attachment, binary
from accord.sandbox.powerserver_records import FiledDocument
from accord.sandbox.questionnaires import NEVER_PUBLISHED
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_faults import a_person_sends_again
from tests.delivery.test_recognition import pdf_of, the_vendor_brings

S = EffectState
EVERYTHING = {"accepts": ["T02", "T10", "T11"]}
CLINICAL, REGISTRATION = "clinical", "registration"
FORMS = ["normal", pytest.param("pdf", marks=pytest.mark.long)]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A site that takes replacements and withdrawals."""
    with a_clinic(tmp_path, hl7=EVERYTHING) as opened:
        yield opened


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Clinic]:
    """A site that takes new documents only."""
    with a_clinic(tmp_path) as opened:
        yield opened


def shown(clinic: Clinic) -> list[FiledDocument]:
    return [document for document in clinic.powerserver.documents if document.is_current]


def ends(clinic: Clinic) -> list[str]:
    """Give state and reason of each effect, in the order of versions."""
    rows = sorted(clinic.rows(), key=lambda row: (row.chain, row.position))
    return [f"{row.state} {row.reason}".strip() for row in rows]


def row_of(clinic: Clinic, note: Submitted) -> EffectRow:
    (row,) = clinic.ledger.by_source("lakeside", f"{note.source_id}/_history/{note.version}")
    return row


def a_form(clinic: Clinic, form: str = "normal", kind: str = CLINICAL) -> Submitted:
    submit = clinic.blume.submit_normal if form == "normal" else clinic.blume.submit_pdf
    return submit(clinic.world.visits[0], kind)


@pytest.mark.parametrize("form", ["normal", "pdf"])
async def test_an_amended_form_replaces_the_one_before(clinic: Clinic, form: str) -> None:
    """MDM^T10 names its parent: PowerServer shows the new version only, and nobody is asked."""
    first = a_form(clinic, form)
    await clinic.relay()
    second = clinic.blume.amend(first)

    report = await clinic.relay()

    (document,) = shown(clinic)
    assert document.control_id == row_of(clinic, second).key
    assert document.parent_number == row_of(clinic, first).key
    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    assert clinic.task_kinds() == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("steps", [["deliver"], ["deliver", "verify"]], ids=["landed", "verified"])
async def test_where_both_stay_visible_a_person_retires_the_old_one(
    plain: Clinic, form: str, steps: list[str]
) -> None:
    """The title says what it replaces; one card, opened when the new version has landed."""
    first = a_form(plain, form)
    await plain.relay()
    second = plain.blume.amend(first)

    await plain.relay(steps=steps)

    old, new = shown(plain)
    assert ", substitui " in new.title
    assert new.parent_number == ""
    (task,) = plain.ledger.tasks("lakeside")
    assert (task.kind, task.key) == ("retire-old-version", row_of(plain, second).key)
    assert task.details == {"replaced": row_of(plain, first).key, "document": old.sop_uid}


async def test_the_card_is_done_when_the_old_version_is_gone(plain: Clinic) -> None:
    """Retired by hand: seen when somebody asks for the window, and no break."""
    first = a_form(plain)
    await plain.relay()
    plain.blume.amend(first)
    await plain.relay()
    shown(plain)[0].withdrawn = True

    await plain.relay(since=plain.now() - timedelta(days=1))

    assert plain.task_kinds() == []
    assert plain.ledger.breaks("lakeside", "relay-forms") == []


async def test_what_the_vendor_filed_cannot_be_named(clinic: Clinic) -> None:
    """A new version of the vendor's document goes as a new one; a person retires the vendor's."""
    first = a_form(clinic)
    copy = the_vendor_brings(clinic, clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    clinic.blume.amend(first)

    await clinic.relay()

    _, new = shown(clinic)
    assert (new.parent_number, clinic.task_kinds()) == ("", ["retire-old-version"])
    (task,) = clinic.ledger.tasks("lakeside")
    assert task.details["document"] == copy.sop_uid


@pytest.mark.parametrize("form", FORMS)
async def test_a_withdrawn_form_is_withdrawn(clinic: Clinic, form: str) -> None:
    """MDM^T11: the document shows no more, and that is read back."""
    a_form(clinic)  # another form, so that the way of reading can be proven
    note = a_form(clinic, form, REGISTRATION)
    await clinic.relay()
    withdrawn = clinic.blume.withdraw(note)

    report = await clinic.relay()

    assert [document.control_id for document in shown(clinic)] != [row_of(clinic, note).key]
    assert len(shown(clinic)) == 1
    assert row_of(clinic, withdrawn).intent is Intent.WITHDRAW_DOCUMENT
    assert report.totals.buckets == {Bucket.VERIFIED: 1}


@pytest.mark.parametrize("delivered", ["by-us", "by-the-vendor"])
async def test_else_a_person_withdraws_it(clinic: Clinic, plain: Clinic, delivered: str) -> None:
    """No T11 at this site, or the vendor's own document: a card, and nothing is sent."""
    site = plain if delivered == "by-us" else clinic
    note = a_form(site)
    if delivered == "by-the-vendor":
        the_vendor_brings(site, site.world.visits[0], CLINICAL)
    await site.relay()
    received = site.powerserver.messages_received
    withdrawn = site.blume.withdraw(note)

    report = await site.relay()

    assert report.totals.buckets == {Bucket.HUMAN_TASK: 1}
    assert site.task_kinds() == ["retire-by-hand"]
    assert site.powerserver.messages_received == received
    site.ledger.move(row_of(site, withdrawn).key, S.DONE_BY_HAND, who="ana", why="retired it")
    assert (await site.relay()).is_empty


async def test_withdrawn_before_it_left_nothing_leaves(clinic: Clinic) -> None:
    """The form was planned only: both the form and its withdrawal are over."""
    note = a_form(clinic)
    await clinic.relay(steps=[])
    clinic.blume.withdraw(note)

    await clinic.relay()

    assert ends(clinic) == ["superseded newer-version", "superseded nothing-to-withdraw"]
    assert clinic.powerserver.messages_received == 0


async def test_withdrawn_while_a_person_looks_for_it(clinic: Clinic) -> None:
    """
    The form is parked, so it may be there. Its withdrawal waits behind it: once the person says it
    is there, they are asked to retire it; the withdrawal never turns into a new document.
    """
    a_form(clinic, kind=REGISTRATION)
    await clinic.relay()
    note = a_form(clinic)
    clinic.powerserver.faults.drop_document_silently = 1
    await clinic.relay(patience_s=0)
    clinic.forward(minutes=31)
    await clinic.relay(patience_s=0)
    assert row_of(clinic, note).state is S.PARKED
    received = clinic.powerserver.messages_received
    withdrawn = clinic.blume.withdraw(note)
    await clinic.relay()
    assert row_of(clinic, withdrawn).state is S.PLANNED

    clinic.ledger.move(row_of(clinic, note).key, S.DONE_BY_HAND, who="ana", why="it is there")
    await clinic.relay()

    row = row_of(clinic, withdrawn)
    assert (row.state, row.reason) == (S.PARKED, "retire-by-hand")
    assert clinic.task_kinds() == ["retire-by-hand"]
    assert clinic.powerserver.messages_received == received


async def test_submitted_again_after_its_withdrawal(clinic: Clinic) -> None:
    """What was withdrawn is not replaced: it comes as a new document."""
    a_form(clinic, kind=REGISTRATION)
    note = a_form(clinic)
    await clinic.relay()
    await_withdrawn = clinic.blume.withdraw(note)
    await clinic.relay()
    again = clinic.blume.finish(await_withdrawn)

    await clinic.relay()

    document = shown(clinic)[-1]
    assert document.control_id == row_of(clinic, again).key
    assert document.parent_number == ""
    assert ends(clinic).count("verified") == 4
    assert clinic.task_kinds() == []


async def test_in_progress_then_finished(clinic: Clinic) -> None:
    """Nothing is known of it until the patient presses Submit; then it goes like any other."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_normal(visit, CLINICAL)
    change(clinic, note, status="in-progress")
    first = await clinic.relay()
    change(clinic, note, status="completed")

    second = await clinic.relay()

    assert (first.totals.observed, first.not_submitted) == (0, 1)
    assert second.totals.buckets == {Bucket.VERIFIED: 1}
    assert len(shown(clinic)) == 1


@pytest.mark.parametrize("form", FORMS)
async def test_a_new_version_of_the_same_content_is_not_sent(clinic: Clinic, form: str) -> None:
    """OmegaAI counts a version up without a change that anybody could see."""
    note = a_form(clinic, form)
    await clinic.relay()
    change(clinic, note, language="pt-BR")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.SUPERSEDED: 1}
    assert ends(clinic) == ["verified", "superseded unchanged"]
    assert clinic.powerserver.messages_received == 1


@pytest.mark.parametrize("sweeps", [1, 2, 3], ids=lambda n: f"in-{n}-sweeps")
async def test_a_pdf_replaced_under_new_ids_is_one_chain(clinic: Clinic, sweeps: int) -> None:
    """`relatesTo: replaces`, over several replacements: each version replaces the one before."""
    visit = clinic.world.visits[0]
    first = clinic.blume.submit_pdf(visit, CLINICAL)
    if sweeps > 1:
        await clinic.relay()
    second = replace_pdf(clinic, first, "segunda")
    if sweeps > 2:
        await clinic.relay()
    third = replace_pdf(clinic, second, "terceira")

    await clinic.relay()

    (document,) = shown(clinic)
    assert document.control_id == row_of(clinic, third).key
    assert len({row.chain for row in clinic.rows()}) == 1
    parents: list[Submitted] = {1: [], 2: [first], 3: [first, second]}[sweeps]
    assert [d.parent_number for d in clinic.powerserver.documents] == [
        "",
        *(row_of(clinic, note).key for note in parents),
    ]


async def test_a_replacement_before_the_first_was_shown_needs_nobody(clinic: Clinic) -> None:
    """
    The first version landed and was replaced before anybody could see it. It will never show; it is
    over when the second is verified, and is not parked as missing.
    """
    note = a_form(clinic)
    clinic.powerserver.faults.hide_documents_for_s = 3600
    await clinic.relay(patience_s=0)
    clinic.powerserver.faults.hide_documents_for_s = 0
    clinic.blume.amend(note)

    await clinic.relay()

    assert ends(clinic) == ["superseded newer-version", "verified"]


async def test_a_withdrawal_before_the_first_was_shown_needs_nobody(clinic: Clinic) -> None:
    """
    The form landed and was withdrawn before anybody could see it. It is not parked as missing: a
    person would have it sent again.
    """
    a_form(clinic, kind=REGISTRATION)
    await clinic.relay()
    note = a_form(clinic)
    clinic.powerserver.faults.hide_documents_for_s = 3600
    await clinic.relay(patience_s=0)
    withdrawn = clinic.blume.withdraw(note)
    await clinic.relay(patience_s=0)
    assert row_of(clinic, withdrawn).state is S.LANDED
    clinic.forward(minutes=31)

    await clinic.relay(patience_s=0)

    assert sorted(ends(clinic)) == ["superseded newer-version", "verified", "verified"]


async def test_amended_before_it_left_only_the_new_version_goes(clinic: Clinic) -> None:
    """What never left is overtaken."""
    note = a_form(clinic)
    await clinic.relay(steps=[])
    clinic.blume.amend(note)

    await clinic.relay()

    assert ends(clinic) == ["superseded newer-version", "verified"]
    assert len(clinic.powerserver.documents) == 1


async def test_a_new_version_waits_behind_a_parked_one(clinic: Clinic) -> None:
    """
    One bad item stops its own chain, and its chain only; a person's decision lets it go on: of
    what is not there, only the newest version goes.
    """
    visit, other = clinic.world.visits[:2]
    clinic.blume.submit_normal(other, REGISTRATION)
    await clinic.relay()
    note = clinic.blume.submit_normal(visit, CLINICAL)
    clinic.powerserver.faults.drop_document_silently = 1
    await clinic.relay(patience_s=0)
    clinic.forward(minutes=31)
    await clinic.relay(patience_s=0)
    clinic.blume.amend(note)
    clinic.blume.submit_normal(other, CLINICAL)
    report = await clinic.relay()
    assert report.totals.buckets == {Bucket.WAITING: 1, Bucket.VERIFIED: 1}

    a_person_sends_again(clinic)
    clinic.forward(minutes=1)
    await clinic.relay()

    assert row_of(clinic, note).state is S.SUPERSEDED
    assert [d.parent_number for d in clinic.powerserver.documents if d.accession][-1:] == [""]
    assert clinic.states() == {S.VERIFIED: 3, S.SUPERSEDED: 1}


async def test_held_and_mended_at_omegaai_goes_by_itself(tmp_path: Path) -> None:
    """
    Held for want of a patient, so nobody knew whose it was. The patient is completed at OmegaAI:
    the next run releases it, and the ledger now says what it is about.
    """
    with a_clinic(tmp_path, creates_unknown_patients=True) as clinic:
        note = clinic.blume.misbehave("unknown-patient")
        held = await clinic.relay()
        before = row_of(clinic, note)
        assert held.totals.buckets == {Bucket.HELD: 1}
        assert (before.subject, before.digest) == ("unknown", "")

        source = clinic.omegaai.read(*note.source_id.split("/"))
        patient = clinic.omegaai.read("Patient", clinic.world.visits[0].patient_id)
        patient["id"] = source["subject"]["reference"].split("/")[1]
        patient["identifier"][1]["value"] = "L-900"
        clinic.omegaai.load([patient])
        report = await clinic.relay()

        row = row_of(clinic, note)
        assert report.totals.buckets == {Bucket.VERIFIED: 1}
        assert row.subject == row.barrier != "unknown"
        assert (row.section, row.document_type) == ("Patient Docs", "PATIENT REGISTRATION FORM")
        assert row.digest == shown(clinic)[0].sha256
        assert row.facility == "lakeside-paulista"


async def test_held_and_released_by_a_person_goes(clinic: Clinic) -> None:
    """The rules still say no; a person's word stands over them."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL, NEVER_PUBLISHED)
    await clinic.relay()
    assert row_of(clinic, note).state is S.HELD
    clinic.ledger.move(row_of(clinic, note).key, S.PLANNED, who="ana", why="the paper is fine")

    report = await clinic.relay()

    row = row_of(clinic, note)
    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    assert row.digest == shown(clinic)[0].sha256
    assert (row.section, row.document_type) == ("Documents", "CLINICAL")


@pytest.mark.parametrize(
    "wrong",
    [
        "empty-pdf",
        "unknown-script",
    ],
)
async def test_released_and_still_impossible_is_parked(clinic: Clinic, wrong: str) -> None:
    """A person's word makes no document where there is none."""
    note = clinic.blume.misbehave(wrong)
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    clinic.ledger.move(row_of(clinic, note).key, S.PLANNED, who="ana", why="try it")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.PARKED: 1}
    assert row_of(clinic, note).reason == "cannot-prepare"
    assert len(shown(clinic)) == 1


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("unknown-patient", "patient-known"),
        ("no-issuer", "issuer-known"),
        ("other-subject", "subject-is-the-appointments-patient"),
        ("clinical-without-accession", "clinical-names-an-accession"),
        ("long-name", "text-fits-fields"),
    ],
)
async def test_whose_form_it_is_nobody_releases(clinic: Clinic, wrong: str, rule: str) -> None:
    """
    Without its issuer a number may be another patient's, and a name cut short may be. It is held
    again, by the same rule with the same advice, and goes as soon as the cause is mended.
    """
    note = clinic.blume.misbehave(wrong)
    await clinic.relay()
    clinic.ledger.move(row_of(clinic, note).key, S.PLANNED, who="ana", why="try it")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.HELD: 1}
    assert (row_of(clinic, note).state, row_of(clinic, note).reason) == (S.HELD, rule)
    assert shown(clinic) == []


async def test_released_but_unreadable_is_parked(clinic: Clinic) -> None:
    """A person cannot release what cannot be read."""
    note = clinic.blume.submit_pdf(clinic.world.visits[0], CLINICAL)
    stored = clinic.omegaai.read(*note.source_id.split("/"))
    stored["content"][0]["attachment"]["size"] = 3
    clinic.omegaai.load([stored])
    await clinic.relay()
    (row,) = clinic.rows()
    assert (row.state, row.reason) == (S.HELD, "submission-readable")
    clinic.ledger.move(row.key, S.PLANNED, who="ana", why="it opens here")

    await clinic.relay()

    assert ends(clinic) == ["parked cannot-prepare"]


async def test_a_held_form_that_vanishes_is_let_go(clinic: Clinic) -> None:
    """Deleted at OmegaAI while it was held: nobody has to look for it any more."""
    note = clinic.blume.misbehave("clinical-without-accession")
    await clinic.relay()
    clinic.omegaai.remove(*note.source_id.split("/"))

    await clinic.relay()

    assert ends(clinic) == ["superseded source-gone"]


async def test_other_bytes_are_never_sent_for_a_resend(clinic: Clinic) -> None:
    """
    Sent once, in doubt, absent, and our copy of it lost: made anew it has other bytes (another
    language now). It is not sent under the same number; a person decides.
    """
    a_form(clinic, kind=REGISTRATION)
    await clinic.relay()
    a_form(clinic)
    clinic.powerserver.faults.reset_before_processing = 1
    for _ in range(3):
        await clinic.relay(patience_s=0)
        clinic.forward(minutes=5)
    assert clinic.states() == {S.VERIFIED: 1, S.PARKED: 1}
    for part in clinic.directory.glob("outbox.db*"):
        part.unlink()
    english = clinic.file.site.model_copy(update={"locale": "en-US"})
    clinic.file = clinic.file.model_copy(update={"site": english})

    a_person_sends_again(clinic)
    await clinic.relay()

    assert sorted(ends(clinic)) == ["parked changed-since-planned", "verified"]
    assert len(clinic.powerserver.documents) == 1


def change(clinic: Clinic, note: Submitted, **changes: Any) -> dict[str, Any]:
    """Change a form at OmegaAI: a new version of the same resource."""
    source = dict(clinic.omegaai.read(*note.source_id.split("/")))
    source.pop("meta", None)
    return clinic.omegaai.load([source | changes])[0]


def replace_pdf(clinic: Clinic, note: Submitted, word: str) -> Submitted:
    """Replace a PDF form as OmegaAI does: a new resource names the old one, which is superseded."""
    new_id = str(uuid.uuid5(uuid.NAMESPACE_OID, note.source_id + word))
    content = pdf_of(clinic, note) + f"%{word}\n".encode()
    old = dict(clinic.omegaai.read(*note.source_id.split("/")))
    old.pop("meta")
    target = {"reference": note.source_id}
    new = old | {
        "id": new_id,
        "content": attachment(new_id, note.kind, content),
        "relatesTo": [{"code": "replaces", "target": target}],
    }
    clinic.omegaai.load([binary(new_id, content), new])
    clinic.omegaai.load([old | {"status": "superseded"}])
    return replace(note, source_id=f"DocumentReference/{new_id}", version="1")
