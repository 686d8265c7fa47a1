"""What a form rests on may change while it waits: it goes out as things stand when it leaves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from accord.adapters.powerserver import PowerServerClient
from accord.delivery.desk import GoneFromTheFile
from accord.delivery.partial import PLACE_NOT_READ
from accord.delivery.recognising import look_before_sending
from accord.delivery.sweeping import EmptyWindow
from accord.domain.effects import EffectState, Mode
from accord.domain.people import PatientId
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_recognition import CLINICAL, REGISTRATION, the_vendor_brings

S = EffectState
NEW_NUMBER = "100002"
"""Another patient that PowerServer knows."""


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def change_patient(clinic: Clinic, **identifier: str) -> None:
    """Change the first patient's identifier at OmegaAI, as a clerk does who corrects it."""
    patient = dict(clinic.omegaai.read("Patient", clinic.world.visits[0].patient_id))
    patient.pop("meta", None)
    account, number = patient["identifier"]
    clinic.omegaai.load([{**patient, "identifier": [account, {**number, **identifier}]}])


def change_wires(clinic: Clinic, **named: Any) -> None:
    """Name the file's PowerServer otherwise, or add another."""
    site = clinic.file.site.model_copy(update={"powerservers": named})
    facilities = [
        each.model_copy(update={"powerserver": next(iter(named))})
        for each in clinic.file.organization.facilities
    ]
    organization = clinic.file.organization.model_copy(update={"facilities": tuple(facilities)})
    clinic.file = clinic.file.model_copy(update={"site": site, "organization": organization})


@pytest.mark.parametrize("form", ["submit_pdf", "submit_normal"])
async def test_a_form_goes_out_under_the_number_its_patient_has_now(
    clinic: Clinic, form: str
) -> None:
    """Planned in `watch`, the patient's number is corrected, then the site begins to deliver."""
    clinic.mode(Mode.WATCH)
    getattr(clinic.blume, form)(clinic.world.visits[0], REGISTRATION)
    await clinic.relay()
    (before,) = clinic.rows()
    change_patient(clinic, value=NEW_NUMBER)
    clinic.mode(Mode.DELIVER)
    clinic.forward(hours=1)

    await clinic.relay()

    (row,) = clinic.rows()
    (document,) = clinic.powerserver.documents
    assert (row.state, document.patient_number) == (S.VERIFIED, NEW_NUMBER)
    name = clinic.desk.name_of(PatientId(issuer="LAKESIDE", number=NEW_NUMBER))
    assert row.subject == row.barrier == name != before.subject


async def test_what_breaks_a_rule_by_now_is_held(clinic: Clinic) -> None:
    """It broke none when it was planned; whose it is is no longer known when it would leave."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    await clinic.relay()
    change_patient(clinic, system="urn:nobody:knows:this")
    clinic.mode(Mode.DELIVER)
    clinic.forward(hours=1)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.HELD: 1}
    assert clinic.powerserver.messages_received == 0


async def test_a_powerserver_may_be_renamed_while_nothing_is_on_its_way(clinic: Clinic) -> None:
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    await clinic.relay()
    wire = clinic.file.site.powerservers["main"]
    clinic.mode(Mode.DELIVER)
    clinic.forward(hours=1)
    change_wires(clinic, other=wire)

    await clinic.relay(server="other")

    assert clinic.states() == {S.VERIFIED: 1}


async def test_while_something_is_on_its_way_the_file_is_told_what_to_put_back(
    clinic: Clinic,
) -> None:
    """The field and the remedy, and nothing is concluded about what is on its way."""
    clinic.powerserver.faults.lose_answers = 1
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    await clinic.relay(steps=["deliver"])
    facilities = tuple(
        each.model_copy(update={"slug": "renamed"}) for each in clinic.file.organization.facilities
    )
    organization = clinic.file.organization.model_copy(update={"facilities": facilities})
    clinic.file = clinic.file.model_copy(update={"organization": organization})

    with pytest.raises(GoneFromTheFile, match=r"organization\.facilities.*put it back"):
        await clinic.relay()
    assert clinic.states() == {S.IN_DOUBT: 1}


async def test_a_dry_run_keeps_nothing_that_is_sent_later(clinic: Clinic) -> None:
    """Mended once, looked at in a dry run, mended again: what goes out is the second mending."""
    change_patient(clinic, system="urn:nobody:knows:this")
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    held = await clinic.relay()
    change_patient(clinic, system="urn:oid:2.16.76.1.99.1", value="100003")

    shown = await clinic.relay(dry_run=True)
    assert clinic.desk.outbox.waiting() == 0
    change_patient(clinic, value=NEW_NUMBER)
    await clinic.relay()

    assert held.totals.buckets == {Bucket.HELD: 1}
    assert shown.totals.buckets == {Bucket.WOULD_DO: 1}
    assert [d.patient_number for d in clinic.powerserver.documents] == [NEW_NUMBER]


async def test_a_dry_run_sees_what_the_vendor_brought_meanwhile(clinic: Clinic) -> None:
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    await clinic.relay()
    the_vendor_brings(clinic, clinic.world.visits[0], CLINICAL)

    shown = await clinic.relay(dry_run=True)

    assert shown.totals.buckets == {Bucket.ALREADY_THERE: 1}


async def test_what_was_refused_is_made_anew_when_it_is_tried_again(clinic: Clinic) -> None:
    """The site's file was wrong; a person mends it and retries, and the message is another one."""
    clinic.powerserver.faults.change({"answer_code": "AE", "answer_code_times": 1})
    clinic.blume.submit_normal(clinic.world.visits[0], REGISTRATION)
    await clinic.relay()
    (row,) = clinic.rows()
    wire = clinic.file.site.powerservers["main"]
    hl7 = wire.hl7.model_copy(update={"data_subtype": "pdf"})
    change_wires(clinic, main=wire.model_copy(update={"hl7": hl7}))
    change_patient(clinic, value=NEW_NUMBER)

    clinic.ledger.move(row.key, S.PLANNED, who="on-call", why="mended", expected=S.REJECTED)
    clinic.desk.outbox.forget([row.key])
    clinic.forward(minutes=1)
    await clinic.relay()

    first, second = clinic.powerserver.messages
    assert (b"^PDF^" in first, b"^pdf^" in second) == (True, True)
    assert clinic.states() == {S.VERIFIED: 1}
    assert [d.patient_number for d in clinic.powerserver.documents] == [NEW_NUMBER]


@pytest.mark.parametrize("kind", [CLINICAL, REGISTRATION])
async def test_a_form_withdrawn_unseen_may_stand_there_by_the_vendors_hand(
    clinic: Clinic, kind: str
) -> None:
    """Nothing of ours is there to withdraw, and a copy that may be it is: a person retires it."""
    visit = clinic.world.visits[0]
    clinic.blume.withdraw(clinic.blume.submit_normal(visit, kind))
    clinic.blume.withdraw(clinic.blume.submit_normal(clinic.world.visits[1], kind))
    the_vendor_brings(clinic, visit, kind)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.HUMAN_TASK: 1, Bucket.SUPERSEDED: 1}
    assert clinic.task_kinds() == ["retire-by-hand"]
    assert clinic.powerserver.messages_received == 0


async def test_one_powerserver_that_cannot_be_read_does_not_stop_the_others(
    clinic: Clinic,
) -> None:
    """What would go to it is not in the answer, so nothing of it leaves."""
    clinic.mode(Mode.WATCH)
    for visit in clinic.world.visits[:2]:
        clinic.blume.submit_pdf(visit, REGISTRATION)
    await clinic.relay()
    here, there = (row.key for row in clinic.rows())
    with closing(sqlite3.connect(clinic.directory / "outbox.db")) as db, db:
        db.execute("UPDATE waiting SET powerserver = 'north' WHERE key = ?", [there])
    main = clinic.file.site.powerservers["main"]
    assert main.dicom is not None
    dead = main.dicom.model_copy(update={"port": 9})  # discard: nobody listens there
    north = main.model_copy(update={"dicom": dead})
    change_wires(clinic, main=main, north=north)

    async with (
        PowerServerClient(main, read_only=True) as one,
        PowerServerClient(north, read_only=True) as other,
    ):
        looked = await look_before_sending(clinic.desk, {"main": one, "north": other}, ())

    assert set(looked) == {here}


async def test_what_could_not_be_looked_for_waits_and_a_person_is_told(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)

    async def nobody_looked(*_: object) -> dict[object, object]:
        return {}

    with monkeypatch.context() as patched:
        patched.setattr("tests.delivery.clinic.look_before_sending", nobody_looked)
        report = await clinic.relay()

    assert report.totals.buckets == {Bucket.WAITING: 1}
    assert [each.reason for each in report.attention] == [PLACE_NOT_READ]
    assert report.verdict is Verdict.WITH_HOLDS
    assert clinic.powerserver.messages_received == 0
    clinic.forward(minutes=1)
    after = await clinic.relay()
    assert clinic.states() == {S.VERIFIED: 1}
    assert after.verdict is Verdict.COMPLETED


async def test_entries_without_an_id_are_told(clinic: Clinic) -> None:
    """Nobody can ask for them again, so that the run does not end as if it had seen all."""
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    clinic.omegaai.faults.change({"nameless_entry": 1})

    report = await clinic.relay()

    assert report.nameless == 1
    assert report.verdict is Verdict.WITH_HOLDS


async def test_an_end_before_the_watermark_is_refused(clinic: Clinic) -> None:
    """`until` alone, before what was seen already: a complete run over nothing would be a lie."""
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION)
    before = clinic.now()
    await clinic.relay()

    with pytest.raises(EmptyWindow, match=r"`until`.*`since`"):
        await clinic.relay(until=before.replace(year=2020))
