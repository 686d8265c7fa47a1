"""Where each effect ends in a run's report."""

import pytest

from accord.domain.buckets import ALREADY_THERE, bucket
from accord.domain.effects import EffectState, Mode
from accord.domain.totals import NEEDS_A_PERSON, Bucket

S, B = EffectState, Bucket


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (S.PLANNED, B.WAITING),
        (S.CLAIMED, B.WAITING),
        (S.SENT, B.WAITING),
        (S.IN_DOUBT, B.IN_DOUBT),
        (S.LANDED, B.NOT_YET_VISIBLE),
        (S.VERIFIED, B.VERIFIED),
        (S.UNVERIFIABLE, B.UNVERIFIABLE),
        (S.REJECTED, B.REJECTED),
        (S.HELD, B.HELD),
        (S.PARKED, B.PARKED),
        (S.DONE_BY_HAND, B.DONE_BY_HAND),
        (S.SUPERSEDED, B.SUPERSEDED),
    ],
    ids=str,
)
def test_every_state_has_its_bucket(state: EffectState, expected: Bucket) -> None:
    """In a mode that writes, with leases that run."""
    assert bucket(state, mode=Mode.DELIVER) is expected


def test_no_state_is_forgotten() -> None:
    """A new state cannot be added without saying where it counts."""
    assert all(bucket(state, mode=Mode.DELIVER) in Bucket for state in EffectState)


@pytest.mark.parametrize(
    ("mode", "dry_run", "expected"),
    [
        (Mode.WATCH, False, B.WOULD_DO),
        (Mode.DELIVER, True, B.WOULD_DO),
        (Mode.BACK_UP, False, B.WAITING),
    ],
)
def test_what_is_planned_would_be_done_or_waits(
    mode: Mode, dry_run: bool, expected: Bucket
) -> None:
    """Watching and dry runs say what they would do."""
    assert bucket(S.PLANNED, mode=mode, dry_run=dry_run) is expected


def test_what_was_sent_by_a_lost_worker_is_in_doubt() -> None:
    """Its answer will not come any more."""
    assert bucket(S.SENT, mode=Mode.DELIVER, lease_is_over=True) is B.IN_DOUBT


def test_only_verified_is_green() -> None:
    """A person's word and a landed document have buckets of their own."""
    green = {state for state in S if bucket(state, mode=Mode.DELIVER) is B.VERIFIED}
    assert green == {S.VERIFIED}
    assert B.DONE_BY_HAND not in NEEDS_A_PERSON


def test_the_vendors_copy_is_already_there() -> None:
    """Superseded by another's hand is not superseded by a later version."""
    assert bucket(S.SUPERSEDED, ALREADY_THERE, mode=Mode.DELIVER) is B.ALREADY_THERE
    assert bucket(S.SUPERSEDED, "withdrawn", mode=Mode.DELIVER) is B.SUPERSEDED
