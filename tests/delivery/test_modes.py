"""Modes: what may leave, who switches it off, and what a dry run leaves behind."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from accord.delivery.outbox import Outbox
from accord.domain.effects import EffectState, Mode
from accord.domain.totals import Bucket
from accord.ledger.grouped import GroupedLedger
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_recognition import the_vendor_brings

S = EffectState
GRACE = timedelta(minutes=30)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path, relay={"grace": GRACE}) as opened:
        yield opened


def nothing_was_written(clinic: Clinic) -> bool:
    stored = [d for d in clinic.powerserver.documents if d.source == "accord"]
    return clinic.powerserver.messages_received == 0 and not clinic.omegaai.writes and not stored


async def test_watch_writes_nothing_and_says_what_it_would_do(clinic: Clinic) -> None:
    """Not a byte on any writing wire, run after run; the report counts what would have left."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(2, 1, ["empty-pdf"])

    first = await clinic.relay()
    second = await clinic.relay()

    assert first.totals.buckets == {Bucket.WOULD_DO: 3, Bucket.HELD: 1}
    assert second.totals.buckets == first.totals.buckets
    assert nothing_was_written(clinic)
    assert {row.attempts for row in clinic.rows()} == {0}


async def test_watch_opens_the_tasks_of_people(clinic: Clinic) -> None:
    """What only a person can do is asked for in watch mode too."""
    note = clinic.blume.submit_day(1, 0)[0]
    await clinic.relay()
    clinic.mode(Mode.WATCH)
    received = clinic.powerserver.messages_received
    clinic.blume.withdraw(note)

    await clinic.relay()

    assert clinic.task_kinds() == ["retire-by-hand"]
    assert clinic.powerserver.messages_received == received


async def test_back_up_waits_its_grace_and_moves_what_is_missing(clinic: Clinic) -> None:
    """The vendor has its time. What it brings in that time stays the vendor's; the rest goes."""
    clinic.mode(Mode.BACK_UP)
    visit, other = clinic.world.visits[:2]
    clinic.blume.submit_normal(visit, "clinical")
    clinic.blume.submit_normal(other, "clinical")

    waiting = await clinic.relay()
    clinic.forward(minutes=29)
    still = await clinic.relay()
    assert waiting.totals.buckets == still.totals.buckets == {Bucket.WAITING: 2}
    assert nothing_was_written(clinic)

    the_vendor_brings(clinic, visit, "clinical")
    clinic.forward(minutes=2)
    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.ALREADY_THERE: 1, Bucket.VERIFIED: 1}
    assert [d.accession for d in clinic.powerserver.documents if d.source == "accord"] == [
        other.accession
    ]


async def test_from_watch_to_back_up_the_grace_counts_from_the_submission(clinic: Clinic) -> None:
    """What was planned while watching does not leave at once when the mode becomes back-up."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    clinic.mode(Mode.BACK_UP)

    await clinic.relay()
    assert nothing_was_written(clinic)
    clinic.forward(minutes=31)
    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 1}


async def test_from_watch_to_deliver_everything_is_looked_for_first(clinic: Clinic) -> None:
    """Fourteen nights of watching end: what the vendor brought meanwhile is not doubled."""
    clinic.mode(Mode.WATCH)
    visit, other = clinic.world.visits[:2]
    clinic.blume.submit_normal(visit, "clinical")
    clinic.blume.submit_normal(other, "clinical")
    await clinic.relay()
    the_vendor_brings(clinic, visit, "clinical")
    clinic.mode(Mode.DELIVER)
    clinic.forward(days=14)

    await clinic.relay()

    assert clinic.states() == {S.SUPERSEDED: 1, S.VERIFIED: 1}
    assert clinic.powerserver.messages_received == 1


async def test_the_kill_switch_stops_a_run_under_way(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On-call sets `watch` while messages leave: the one on its way ends, nothing more leaves."""
    clinic.blume.submit_day(4, 2)
    sent = GroupedLedger.sent

    async def sent_and_switched_off(self: GroupedLedger, claim: object) -> object:
        ready = await sent(self, claim)  # type: ignore[arg-type]
        if clinic.ledger.mode("lakeside", "relay-forms") is not Mode.WATCH:
            clinic.mode(Mode.WATCH)
        return ready

    monkeypatch.setattr(GroupedLedger, "sent", sent_and_switched_off)
    report = await clinic.relay()

    assert clinic.powerserver.messages_received == 1
    assert clinic.states() == {S.VERIFIED: 1, S.PLANNED: 5}
    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.WOULD_DO: 5}
    assert sum(row.attempts for row in clinic.rows()) == 1


async def test_switched_off_between_plan_and_delivery_nothing_leaves(clinic: Clinic) -> None:
    """The mode is read before every claim, not when the run began."""
    clinic.blume.submit_day(2, 1)

    await clinic.relay(before={"deliver": lambda: clinic.mode(Mode.WATCH)})

    assert nothing_was_written(clinic)
    assert clinic.states() == {S.PLANNED: 3}


async def test_what_was_not_looked_for_in_this_run_does_not_leave(clinic: Clinic) -> None:
    """A grace that ends between the look and the send is the next run's: it looks first."""
    clinic.mode(Mode.BACK_UP)
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, "clinical")
    await clinic.relay()
    clinic.forward(minutes=29)

    def grace_ends_and_the_vendor_comes() -> None:
        clinic.forward(minutes=2)
        the_vendor_brings(clinic, visit, "clinical")

    await clinic.relay(before={"deliver": grace_ends_and_the_vendor_comes})
    assert nothing_was_written(clinic)
    await clinic.relay()

    assert [row.reason for row in clinic.rows()] == ["already-there"]


@pytest.mark.parametrize("mode", [Mode.WATCH, Mode.BACK_UP], ids=str)
async def test_set_to_deliver_nothing_waits_for_the_vendor_any_more(
    clinic: Clinic, mode: Mode
) -> None:
    """The grace was for the vendor to deliver; the very next run moves everything."""
    clinic.mode(mode)
    clinic.blume.submit_day(1, 1)
    await clinic.relay()
    assert clinic.powerserver.messages_received == 0

    clinic.mode(Mode.DELIVER)
    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 2}


async def test_a_dry_run_leaves_a_killed_runs_work_as_it_is(clinic: Clinic) -> None:
    """Its lease is over, and any other run would take it back; a dry run writes nothing at all."""
    clinic.blume.submit_day(1, 0)
    await clinic.relay(steps=[])
    keys = [row.key for row in clinic.rows()]
    clinic.ledger.claim(
        "lakeside", "relay-forms", keys, holder="killed", lease=timedelta(seconds=1), limit=9
    )
    clinic.forward(minutes=1)
    before = clinic.rows()

    await clinic.relay(dry_run=True)

    assert clinic.rows() == before
    assert {row.state for row in before} == {S.CLAIMED}
    await clinic.relay()
    assert {row.state for row in clinic.rows()} == {S.VERIFIED}


async def test_a_dry_run_changes_nothing(clinic: Clinic) -> None:
    """
    Neither a peer nor the ledger is written to, but for the audit trail: it was read who is ill.
    The documents that were prepared to be judged do not stay on the disk.
    """
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    notes = clinic.blume.submit_day(2, 1, ["empty-pdf"])
    clinic.blume.withdraw(notes[0])
    rows, received = clinic.rows(), clinic.powerserver.messages_received
    mark = clinic.ledger.watermark("lakeside", "relay-forms", "submissions")
    audited = clinic.ledger.audit_head().seq

    report = await clinic.relay(dry_run=True)

    assert report.dry_run
    assert report.totals.buckets == {
        Bucket.WOULD_DO: 2,
        Bucket.SUPERSEDED: 1,
        Bucket.HELD: 1,
    }
    assert clinic.rows() == rows
    assert clinic.powerserver.messages_received == received
    assert clinic.omegaai.writes == []
    assert clinic.task_kinds() == []
    assert clinic.ledger.watermark("lakeside", "relay-forms", "submissions") == mark
    assert clinic.ledger.audit_head().seq > audited
    assert Outbox(clinic.directory / "outbox.db").waiting() == 0


async def test_nothing_stays_in_the_outbox_once_it_is_over(clinic: Clinic) -> None:
    """A document leaves our disk when its effect is finished, by whatever hand."""
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, "clinical")
    the_vendor_brings(clinic, visit, "clinical")
    clinic.blume.submit_day(1, 1)
    clinic.powerserver.faults.answer_code = "AE"
    clinic.powerserver.faults.answer_code_times = 1
    await clinic.relay()
    assert clinic.states() == {S.SUPERSEDED: 1, S.VERIFIED: 1, S.REJECTED: 1}
    outbox = Outbox(clinic.directory / "outbox.db")
    assert outbox.waiting() == 1  # a person may have the refused one sent again

    (refused,) = [row for row in clinic.rows() if row.state is S.REJECTED]
    clinic.ledger.move(refused.key, S.DONE_BY_HAND, who="ana", why="typed in")
    await clinic.relay()

    assert outbox.waiting() == 0
