"""claim, sent, answered: a worker's walk, its fences, and the switch that stops it."""

from datetime import timedelta

import pytest

from accord.domain.effects import EffectState, Mode, Rung
from accord.ledger import transitions
from accord.ledger.bootclock import Deadline
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.ledger import Ledger
from accord.ledger.records import Answered, Sent
from tests.ledger.builders import (
    LEASE,
    Clock,
    an_effect,
    bring_to,
    claim,
    claim_one,
    key_of,
    states,
    switch,
)

S = EffectState


def test_an_effect_walks_from_planned_to_verified(ledger: Ledger, clock: Clock) -> None:
    """Every step is committed before the next, with its time, and the evidence adds up."""
    ledger.plan([an_effect("one")], run="flow-run-1")
    held = claim_one(ledger, "one")
    clock.forward(timedelta(seconds=1))
    sent = ledger.sent(held)
    clock.forward(timedelta(seconds=1))
    ledger.answered(held, S.LANDED, reason="AA", evidence={"msa": "AA"})
    clock.forward(timedelta(seconds=1))
    row = ledger.move(
        held.key, S.VERIFIED, who="verifier", why="read back", rung=Rung.BYTES,
        evidence={"sop": "1.2.3"}, expected=S.LANDED,
    )  # fmt: skip

    assert row == ledger.effect(held.key)
    assert row.attempts == 1
    assert row.evidence == {"msa": "AA", "sop": "1.2.3"}
    assert row.planned_at < sent.at < row.landed_at < row.verified_at  # type: ignore[operator]
    assert row.rung is Rung.BYTES
    assert [move.after for move in ledger.moves_of(held.key)] == [
        S.PLANNED, S.CLAIMED, S.SENT, S.LANDED, S.VERIFIED,
    ]  # fmt: skip


def test_the_deadline_counts_from_before_the_commit(ledger: Ledger, clock: Clock) -> None:
    """A worker that slept after `sent` sees on the boot clock that its time is over."""
    ledger.plan([an_effect("one")])
    sent = ledger.sent(claim_one(ledger, "one"))
    deadline = sent.deadline(timedelta(seconds=30))

    assert not deadline.is_over(clock.boot())
    clock.forward(timedelta(seconds=30))
    assert deadline.is_over(clock.boot())
    assert Deadline.after(10, timedelta(seconds=5)).left_s(12) == 3


def _late_worker_is_kept_out(ledger: Ledger, clock: Clock) -> None:
    """One worker's lease lapses, another claims; then the first one wakes and wants to send."""
    ledger.plan([an_effect("one")])
    frozen = claim_one(ledger, "one", holder="frozen")
    clock.forward(LEASE)
    [released] = ledger.release_expired()
    assert released.state is S.PLANNED
    claim_one(ledger, "one", holder="fresh")
    with pytest.raises(LateWorker):
        ledger.sent(frozen)
    assert states(ledger, ["one"]) == [S.CLAIMED]


def test_a_late_worker_is_kept_out(ledger: Ledger, clock: Clock) -> None:
    """The fencing token of the second claim shuts the first one out."""
    _late_worker_is_kept_out(ledger, clock)


def test_without_the_fence_the_late_worker_would_send(
    ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same story without the fence goes wrong: the guard is what holds it."""
    monkeypatch.setattr(transitions, "is_fenced_off", lambda row, claim: False)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        _late_worker_is_kept_out(ledger, clock)


def test_the_same_holder_is_late_too(ledger: Ledger, clock: Clock) -> None:
    """A token is per claim, not per worker: its own former claim is worth nothing."""
    ledger.plan([an_effect("one")])
    first = claim_one(ledger, "one")
    clock.forward(LEASE)
    ledger.release_expired()
    second = claim_one(ledger, "one")

    assert second.token > first.token
    with pytest.raises(LateWorker):
        ledger.sent(first)
    assert isinstance(ledger.sent(second), Sent)


def test_a_lease_that_is_over_does_not_send_even_before_anybody_noticed(
    ledger: Ledger, clock: Clock
) -> None:
    """Nobody has released it yet, and still the claim is not good any more."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    clock.forward(LEASE)
    with pytest.raises(LateWorker):
        ledger.sent(held)


def test_a_late_answer_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    """What was sent and lost its worker is in doubt, and leaves it only by a look at the peer."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    ledger.sent(held)
    clock.forward(LEASE)
    [doubted] = ledger.release_expired()

    assert (doubted.state, doubted.reason) == (S.IN_DOUBT, "worker-lost")
    with pytest.raises(LateWorker):
        ledger.answered(held, S.LANDED)
    assert states(ledger, ["one"]) == [S.IN_DOUBT]


def test_an_effect_is_sent_once_per_claim(ledger: Ledger) -> None:
    """A second `sent` of the same claim is refused: the bytes may have left."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    ledger.sent(held)
    with pytest.raises(LateWorker):
        ledger.sent(held)


@pytest.mark.parametrize("mode", [Mode.WATCH, Mode.BACK_UP, Mode.DELIVER], ids=str)
def test_the_kill_switch_acts_between_claim_and_sent(ledger: Ledger, mode: Mode) -> None:
    """`watch` stops what is claimed already, and what was stopped waits as planned."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    switch(ledger, mode)

    if mode is not Mode.WATCH:
        assert ledger.sent(held).claim == held
        return
    with pytest.raises(SwitchedOff):
        ledger.sent(held)
    assert states(ledger, ["one"]) == [S.PLANNED]
    assert claim(ledger) == []


def test_a_batch_judges_each_item(ledger: Ledger, clock: Clock) -> None:
    """One late claim among others: it alone is refused, in its place; all in one transaction."""
    ledger.plan([an_effect("one"), an_effect("two"), an_effect("three")])
    one, two, three = (claim_one(ledger, name) for name in ("one", "two", "three"))
    ledger.give_back(two, reason="peer-unavailable")

    outcomes = ledger.carry_out([one, two, three])

    assert [type(outcome) for outcome in outcomes] == [Sent, LateWorker, Sent]
    answers = [Answered(claim=held, to=S.LANDED) for held in (one, three)]
    assert [outcome.state for outcome in ledger.carry_out(answers)] == [S.LANDED] * 2  # type: ignore[union-attr]
    assert states(ledger, ["one", "two", "three"]) == [S.LANDED, S.PLANNED, S.LANDED]


def test_what_was_not_sent_goes_back_and_waits(ledger: Ledger, clock: Clock) -> None:
    """The peer was down: nothing left, the effect waits its time and costs no attempt."""
    ledger.plan([an_effect("one")])
    later = clock() + timedelta(minutes=5)
    row = ledger.give_back(claim_one(ledger, "one"), reason="unavailable", not_before=later)

    assert (row.state, row.attempts, row.reason) == (S.PLANNED, 0, "unavailable")
    assert claim(ledger) == []
    clock.forward(timedelta(minutes=5))
    assert [held.key for held in claim(ledger)] == [key_of("one")]


def test_a_claim_may_turn_out_not_to_be_called_for(ledger: Ledger) -> None:
    """The vendor delivered between plan and send: superseded, nothing was sent."""
    ledger.plan([an_effect("one")])
    row = ledger.give_back(claim_one(ledger, "one"), to=S.SUPERSEDED, reason="already-there")
    assert (row.state, row.reason) == (S.SUPERSEDED, "already-there")


def test_leases_that_run_are_left_alone(ledger: Ledger, clock: Clock) -> None:
    """Only what is over is taken, and only from states in a worker's hand."""
    bring_to(ledger, "running", S.SENT)
    bring_to(ledger, "landed", S.LANDED)
    clock.forward(LEASE - timedelta(seconds=1))
    assert ledger.release_expired() == []
    clock.forward(timedelta(seconds=1))
    assert [row.key for row in ledger.release_expired()] == [key_of("running")]
