"""What a mode allows, over a whole clinic: watch, back-up, the switch thrown in a run, dry run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.adapters.powerserver import PowerServerClient
from accord.delivery.desk import RELAY_FORMS
from accord.domain.effects import EffectState, Mode
from accord.domain.reports import Verdict
from accord.domain.totals import Bucket
from accord.sandbox.vendor import Manners, VendorSync
from accord.sandbox.vendor_reading import OmegaAIDoor
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
GRACE_OVER = {"minutes": 31}


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def the_vendor(clinic: Clinic, share: float = 1.0) -> VendorSync:
    sim = clinic.omegaai
    return VendorSync(
        door=OmegaAIDoor(sim.base_url, sim.token_url, sim.client_id, sim.client_secret),
        powerserver=clinic.powerserver,
        setting=clinic.world.setting,
        manners=Manners(share=share),
        seed=3,
    )


def sources(clinic: Clinic) -> list[str]:
    return sorted(document.source for document in clinic.powerserver.documents)


async def test_watching_writes_nothing_and_sees_the_vendor_deliver(clinic: Clinic) -> None:
    """The forms that would have been moved become *already there* once the vendor brings them."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(normal=2, pdf=1)

    missing = await clinic.relay()
    the_vendor(clinic).sweep()
    clinic.forward(**GRACE_OVER)
    delivered = await clinic.relay()

    assert missing.totals.buckets == {Bucket.WOULD_DO: 3}
    assert delivered.totals.buckets == {Bucket.ALREADY_THERE: 3}
    assert clinic.powerserver.messages_received == 0
    assert clinic.omegaai.writes == []
    assert sources(clinic) == ["vendor"] * 3


async def test_what_was_watched_is_delivered_once_the_mode_says_so(clinic: Clinic) -> None:
    """Fourteen nights of watching lose nothing: what is still missing leaves then."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(normal=1, pdf=1)
    await clinic.relay()
    clinic.mode(Mode.DELIVER)
    clinic.forward(days=14)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 2}


async def test_back_up_gives_the_vendor_its_time(clinic: Clinic) -> None:
    """Within the grace nothing leaves: it is waiting, which is no incomplete run."""
    clinic.mode(Mode.BACK_UP)
    clinic.blume.submit_day(normal=2, pdf=1)

    first = await clinic.relay()
    clinic.forward(minutes=29)
    second = await clinic.relay()

    assert first.totals.buckets == second.totals.buckets == {Bucket.WAITING: 3}
    assert second.verdict is Verdict.COMPLETED
    assert clinic.powerserver.messages_received == 0


async def test_back_up_moves_only_what_the_vendor_did_not(clinic: Clinic) -> None:
    """After the grace, what the vendor brought is already there and the rest is moved."""
    clinic.mode(Mode.BACK_UP)
    clinic.blume.submit_day(normal=2, pdf=2)
    await clinic.relay()
    brought = len(the_vendor(clinic, share=0.5).sweep().delivered)
    assert 0 < brought < 4
    clinic.forward(**GRACE_OVER)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.ALREADY_THERE: brought, Bucket.VERIFIED: 4 - brought}
    assert sources(clinic) == ["accord"] * (4 - brought) + ["vendor"] * brought


async def test_what_was_watched_waits_its_grace_in_back_up(clinic: Clinic) -> None:
    """Going from watch to back-up does not let loose what the vendor still has time for."""
    clinic.mode(Mode.WATCH)
    clinic.blume.submit_day(normal=1, pdf=0)
    await clinic.relay()
    clinic.mode(Mode.BACK_UP)

    early = await clinic.relay()
    clinic.forward(**GRACE_OVER)
    late = await clinic.relay()

    assert early.totals.buckets == {Bucket.WAITING: 1}
    assert late.totals.buckets == {Bucket.VERIFIED: 1}


async def test_the_switch_stops_a_run_that_is_under_way(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Set to watch after the first document has left, no second one leaves, although they were
    claimed together; set back to deliver, the next run brings the rest.
    """
    clinic.blume.submit_day(normal=3, pdf=1)
    file = PowerServerClient.file

    async def file_and_switch(self: PowerServerClient, *order: object) -> object:
        answer = await file(self, *order)  # type: ignore[arg-type]  # handed through
        clinic.mode(Mode.WATCH)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(PowerServerClient, "file", file_and_switch)
        stopped = await clinic.relay()

    assert clinic.powerserver.messages_received == 1
    assert stopped.totals.buckets == {Bucket.VERIFIED: 1, Bucket.WOULD_DO: 3}

    clinic.mode(Mode.DELIVER)
    clinic.forward(minutes=1)
    finished = await clinic.relay()
    assert finished.totals.buckets == {Bucket.VERIFIED: 3}
    assert clinic.states() == {S.VERIFIED: 4}
    assert clinic.powerserver.messages_received == 4


async def test_a_dry_run_leaves_no_trace_of_an_effect(clinic: Clinic) -> None:
    """No row, no task, no watermark, no message; the run after it does all of what it said."""
    clinic.blume.submit_day(normal=1, pdf=1, wrong=["clinical-without-accession"])

    dry = await clinic.relay(dry_run=True)

    assert dry.totals.buckets == {Bucket.WOULD_DO: 2, Bucket.HELD: 1}
    assert clinic.rows() == []
    assert clinic.task_kinds() == []
    assert clinic.ledger.watermark("lakeside", RELAY_FORMS, "submissions") is None
    assert clinic.powerserver.messages_received == 0
    assert clinic.omegaai.writes == []
    real = await clinic.relay()
    assert real.totals.buckets == {Bucket.VERIFIED: 2, Bucket.HELD: 1}


async def test_a_dry_run_moves_nothing_that_is_planned(clinic: Clinic) -> None:
    """What an earlier run planned stays as it is, to the last field of its row."""
    clinic.mode(Mode.BACK_UP)
    clinic.blume.submit_day(normal=2, pdf=0)
    await clinic.relay()
    before = clinic.rows()
    the_vendor(clinic).sweep()
    clinic.forward(**GRACE_OVER)

    await clinic.relay(dry_run=True)

    assert clinic.rows() == before
    assert sources(clinic) == ["vendor"] * 2
