"""Windows that somebody asks for: what they look for again, and what they leave alone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.delivery.desk import RELAY_FORMS
from accord.delivery.sweeping import SUBMISSIONS
from accord.domain.effects import EffectState
from accord.domain.totals import Bucket
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LONGER_THAN_THE_OVERLAP_S = 1.7


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def breaks(clinic: Clinic) -> list[tuple[str, str]]:
    return [(b.code, b.subject) for b in clinic.ledger.breaks("lakeside", "relay-forms")]


async def test_what_was_removed_after_landing_is_a_break(clinic: Clinic) -> None:
    """
    A document that was verified and is gone is a person's: one break, one task, and never a
    second send. Nobody is told twice.
    """
    clinic.blume.submit_day(2, 1)
    await clinic.relay()
    gone, received = clinic.powerserver.documents[0], clinic.powerserver.messages_received
    gone.withdrawn = True

    report = await clinic.relay(since=LONG_AGO)
    again = await clinic.relay(since=LONG_AGO)

    assert report.totals.buckets == {Bucket.VERIFIED: 2, Bucket.HUMAN_TASK: 1}
    assert again.totals.buckets == report.totals.buckets
    assert sum(line.count for line in report.verified) == 2
    (attention,) = report.attention
    assert (attention.key, attention.reason) == (gone.control_id, "removed-after-landing")
    assert breaks(clinic) == [("REMOVED_AFTER_LANDING", gone.control_id)]
    assert clinic.task_kinds() == ["removed-after-landing"]
    assert clinic.powerserver.messages_received == received
    assert clinic.states() == {S.VERIFIED: 3}


async def test_a_document_that_shows_again_closes_its_break(clinic: Clinic) -> None:
    """The break and its task end with what they are about."""
    clinic.blume.submit_day(2, 0)
    await clinic.relay()
    clinic.powerserver.documents[0].withdrawn = True
    await clinic.relay(since=LONG_AGO)
    clinic.powerserver.documents[0].withdrawn = False

    report = await clinic.relay(since=LONG_AGO)

    assert report.totals.buckets == {Bucket.VERIFIED: 2}
    assert breaks(clinic) == []
    assert clinic.task_kinds() == []


@pytest.mark.parametrize("gone", ["all-of-them", "half-a-result"])
async def test_nothing_is_missed_over_an_unproven_path(clinic: Clinic, gone: str) -> None:
    """If no known object at all is found, the way of reading is at fault, not the documents."""
    clinic.blume.submit_day(2, 1)
    await clinic.relay()
    clinic.powerserver.faults.half_a_result = gone == "half-a-result"
    for document in clinic.powerserver.documents:
        document.withdrawn = gone == "all-of-them"

    report = await clinic.relay(since=LONG_AGO)

    assert report.totals.buckets == {Bucket.VERIFIED: 3}
    assert breaks(clinic) == []
    assert clinic.task_kinds() == ["read-back-unproven"]


async def test_half_a_result_once_is_no_false_alarm(clinic: Clinic) -> None:
    """What one look misses and the next one finds is there."""
    clinic.blume.submit_day(2, 1)
    await clinic.relay()
    looks = {"verify": lambda: clinic.powerserver.faults.change({"half_a_result": 1})}

    await clinic.relay(since=LONG_AGO, before=looks)

    assert breaks(clinic) == []


async def test_a_plain_run_looks_at_nothing_old(clinic: Clinic) -> None:
    """Every five minutes, what is verified is left alone: it costs no question."""
    clinic.blume.submit_day(2, 0)
    await clinic.relay()
    clinic.powerserver.documents[0].withdrawn = True

    report = await clinic.relay()

    assert report.is_empty
    assert breaks(clinic) == []


async def test_a_window_after_the_watermark_leaves_no_gap(clinic: Clinic) -> None:
    """
    On-call asks for today only, after days without a run: what lies before today is still new to
    the next plain run.
    """
    early = clinic.blume.submit_day(1, 0)
    await clinic.relay(since=datetime.now(UTC) + timedelta(hours=1))
    assert clinic.rows() == []
    await asyncio.sleep(LONGER_THAN_THE_OVERLAP_S)  # which would show the early one by itself
    clinic.blume.submit_day(1, 0)
    await clinic.relay(since=datetime.now(UTC) - timedelta(seconds=0.01))

    await clinic.relay()

    assert early[0].source_id in {row.source.partition("/_history")[0] for row in clinic.rows()}
    assert clinic.states() == {S.VERIFIED: 2}


async def test_what_search_shows_late_is_still_seen(clinic: Clinic) -> None:
    """A form with a time before the watermark comes to light only after the run that set it."""
    clinic.blume.submit_day(1, 0)
    await clinic.relay()
    mark = clinic.ledger.watermark("lakeside", RELAY_FORMS, SUBMISSIONS)
    assert mark is not None
    before = (mark - datetime.now(UTC)).total_seconds() - 0.5
    clinic.omegaai.faults.change({"clock_off_s": before})
    clinic.blume.submit_day(1, 0)
    clinic.omegaai.faults.clear()

    await clinic.relay()

    assert clinic.states() == {S.VERIFIED: 2}


async def test_a_window_reports_all_that_lies_in_it(clinic: Clinic) -> None:
    """Also what was done long ago: totals tie out over the whole window."""
    clinic.blume.submit_day(2, 1, ["empty-pdf"])
    await clinic.relay()

    report = await clinic.relay(since=LONG_AGO)
    outside = await clinic.relay(since=LONG_AGO, until=LONG_AGO + timedelta(days=1))

    assert report.totals.buckets == {Bucket.VERIFIED: 3, Bucket.HELD: 1}
    assert outside.totals.buckets == {Bucket.HELD: 1}  # what is open belongs to every run
