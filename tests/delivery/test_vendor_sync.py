"""The vendor's own synchronisation at work beside us: each form is there by one hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.domain.effects import Mode
from accord.domain.totals import Bucket
from accord.sandbox.vendor import Manners, VendorSync
from accord.sandbox.vendor_reading import OmegaAIDoor
from tests.delivery.clinic import Clinic, a_clinic

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


async def test_watching_sees_the_vendor_deliver(clinic: Clinic) -> None:
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
