"""
Submitted forms in the Document Viewer

A patient fills in a form in Blume and presses *Submit*. It arrives, once, in the Document Viewer
of PowerServer: a Registration form under *Patient Docs*, a Clinical form under *Documents*. The
flow `relay-forms` sees to that every five minutes; it may be run again at any moment.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.adapters.errors import Unavailable
from accord.domain.effects import EffectState, Mode
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from accord.sandbox.powerserver_records import FiledDocument
from tests.delivery.clinic import Clinic, a_clinic

REGISTRATION, CLINICAL = "registration", "clinical"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def viewer(clinic: Clinic) -> list[FiledDocument]:
    return [document for document in clinic.powerserver.documents if not document.withdrawn]


async def test_a_registration_form_goes_to_patient_docs(clinic: Clinic) -> None:
    """
    A Registration form describes the person. It is filed at patient level, under *Patient Docs*,
    with the type *PATIENT REGISTRATION FORM*.
    """
    clinic.blume.submit_normal(clinic.world.visits[0], REGISTRATION)

    await clinic.relay()

    (document,) = viewer(clinic)
    assert document.section == "Patient Documents"
    assert document.document_type == "PATIENT REGISTRATION FORM"
    assert document.accession == ""


async def test_a_clinical_form_goes_to_documents(clinic: Clinic) -> None:
    """
    A Clinical form belongs to one study. It is filed with the study, under *Documents*; the
    accession number of the order that it answers names the study.
    """
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)

    await clinic.relay()

    (document,) = viewer(clinic)
    assert (document.section, document.accession) == ("Documents", visit.accession)


async def test_a_fillable_pdf_is_kept_byte_for_byte(clinic: Clinic) -> None:
    """A PDF form arrives as the patient submitted it, to the last byte."""
    note = clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)

    await clinic.relay()

    assert [document.sha256 for document in viewer(clinic)] == [note.pdf_digest]


async def test_only_what_was_read_back_is_green(clinic: Clinic) -> None:
    """
    That PowerServer said yes is not enough. The document is read back by another way (DICOM) and
    compared; only then it counts as *verified*, with the proof that it rests on.
    """
    clinic.blume.submit_day(normal=2, pdf=1)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 3}
    assert {line.rung for line in report.verified} == {"bytes equal"}


async def test_a_page_may_need_a_refresh(clinic: Clinic) -> None:
    """
    PowerServer may show a document only after a while. Not visible yet is no error: it is
    reported as landed and looked for again, and it is not sent a second time.
    """
    clinic.powerserver.faults.hide_documents_for_s = 2
    clinic.blume.submit_day(normal=1, pdf=0)

    first = await clinic.relay(patience_s=0)
    second = await clinic.relay(patience_s=10)

    assert first.totals.buckets == {Bucket.NOT_YET_VISIBLE: 1}
    assert second.totals.buckets == {Bucket.VERIFIED: 1}
    assert len(viewer(clinic)) == 1


async def test_running_it_again_changes_nothing(clinic: Clinic) -> None:
    """A form that has arrived is not sent again, however often the flow is run."""
    clinic.blume.submit_day(normal=2, pdf=1)
    await clinic.relay()
    received = clinic.powerserver.messages_received

    report = await clinic.relay()

    assert report.is_empty
    assert clinic.powerserver.messages_received == received


async def test_a_form_that_breaks_a_rule_waits_for_a_person(clinic: Clinic) -> None:
    """
    A form that cannot be filed safely is held, by the name of the rule that holds it and with
    what to do about it. It never stops the others.
    """
    clinic.blume.submit_day(normal=2, pdf=0, wrong=["clinical-without-accession"])

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 2, Bucket.HELD: 1}
    (held,) = report.attention
    assert held.reason == "clinical-names-an-accession"
    assert held.what_to_do.startswith("Vincule o formulário ao pedido")


async def test_what_waits_for_a_person_is_told_until_it_is_done(clinic: Clinic) -> None:
    """
    What PowerServer refused is a person's. Every later run says so again, and none is plain
    green, until somebody has mended it or done it by hand.
    """
    clinic.powerserver.faults.answer_code = "AE"
    clinic.blume.submit_day(normal=1, pdf=0)
    first = await clinic.relay()
    clinic.powerserver.faults.answer_code = ""

    second = await clinic.relay()

    assert first.totals.buckets == {Bucket.REJECTED: 1}
    assert (second.totals.observed, second.waiting_from_before) == (0, 1)
    assert second.verdict is Verdict.WITH_HOLDS
    assert [item.key for item in second.attention] == [item.key for item in first.attention]


async def test_a_form_in_progress_is_not_submitted(clinic: Clinic) -> None:
    """What the patient has saved and not submitted is counted apart, and left alone."""
    clinic.blume.submit_day(normal=0, pdf=0, wrong=["in-progress"])

    report = await clinic.relay()

    assert (report.totals.observed, report.not_submitted) == (0, 1)


async def test_what_the_vendor_delivered_is_already_there(clinic: Clinic) -> None:
    """
    The vendor's own synchronisation moves forms too. Accord looks first: the very PDF that is
    there already is not doubled.
    """
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_pdf(visit, REGISTRATION)
    await clinic.relay()
    received = clinic.powerserver.messages_received
    clinic.blume.submit_pdf(visit, REGISTRATION, clinic.powerserver.documents[0].content)

    report = await clinic.relay()

    assert note.pdf_digest == clinic.powerserver.documents[0].sha256
    assert clinic.powerserver.messages_received - received <= 1
    assert report.totals.observed == 1


async def test_a_new_site_only_watches(clinic: Clinic) -> None:
    """
    A site starts in the mode *watch*: nothing is written, and the report says what would be done.
    """
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(normal=2, pdf=1)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.WOULD_DO: 3}
    assert clinic.powerserver.messages_received == 0
    assert clinic.omegaai.writes == []


async def test_a_dry_run_writes_nothing_at_all(clinic: Clinic) -> None:
    """A dry run shows what a run would do; neither a peer nor the ledger is written to."""
    clinic.blume.submit_day(normal=2, pdf=1)

    report = await clinic.relay(dry_run=True)

    assert report.totals.buckets == {Bucket.WOULD_DO: 3}
    assert clinic.powerserver.messages_received == 0
    assert clinic.ledger.counts("lakeside", "relay-forms") == {}


async def test_an_unreachable_powerserver_loses_nothing(clinic: Clinic) -> None:
    """
    While PowerServer cannot be reached the run fails and says at which step; the forms stay
    planned, and the first run afterwards takes them.
    """
    clinic.powerserver.faults.refuse_connections = True
    clinic.blume.submit_day(normal=2, pdf=0)

    with pytest.raises(Unavailable, match="connect"):
        await clinic.relay()
    planned = clinic.ledger.counts("lakeside", "relay-forms")
    clinic.powerserver.faults.refuse_connections = False
    clinic.later = clinic.later.__class__(minutes=1)
    await clinic.relay()

    assert planned == {EffectState.PLANNED: 2}
    assert len(viewer(clinic)) == 2


async def test_a_lost_answer_files_the_form_once(clinic: Clinic) -> None:
    """PowerServer filed the form but its answer was lost: it is found there, not sent again."""
    clinic.powerserver.faults.lose_answers = 1
    clinic.blume.submit_day(normal=1, pdf=0)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1}
    assert clinic.powerserver.messages_received == 1
    assert len(viewer(clinic)) == 1
