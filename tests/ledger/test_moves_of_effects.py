"""Moves without a lease: verification, doubts, and people."""

import pickle
from datetime import timedelta

import pytest
from pydantic import ValidationError

from accord.domain.effects import MOVES, EffectState, Rung
from accord.ledger.errors import IllegalMove, LedgerRefusal, UnknownEffect
from accord.ledger.ledger import Ledger
from accord.ledger.records import EffectRow, Move
from tests.ledger.builders import BEGINNING, Clock, bring_to, claim_one, key_of, states

S = EffectState
_IN_HAND = {S.CLAIMED, S.SENT}


def _move(name: str, to: EffectState, **more: object) -> Move:
    rung = Rung.CONTENT if to is S.VERIFIED else None
    fields = {"key": key_of(name), "to": to, "who": "Ana", "why": "looked", "rung": rung}
    return Move.model_validate(fields | more)


@pytest.mark.parametrize("before", list(EffectState), ids=str)
def test_a_move_follows_the_domains_table(ledger: Ledger, before: EffectState) -> None:
    """Every pair: legal ones go, all else is refused by name; a worker's effects are its own."""
    for after in EffectState:
        bring_to(ledger, after.name, before)
        [outcome] = ledger.moves([_move(after.name, after)])
        if (before, after) in MOVES and not {before, after} & _IN_HAND:
            assert isinstance(outcome, EffectRow)
            assert outcome == ledger.effect(key_of(after.name))
            assert outcome.state is after
        else:
            assert isinstance(outcome, IllegalMove)
            assert states(ledger, [after.name]) == [before]


def test_a_verification_states_its_rung(ledger: Ledger) -> None:
    """Verified without a rung says nothing, and is refused."""
    bring_to(ledger, "one", S.LANDED)
    with pytest.raises(IllegalMove, match="rung"):
        ledger.move(key_of("one"), S.VERIFIED, who="verifier", why="looked")


def test_a_person_says_who_and_why(ledger: Ledger) -> None:
    """Nobody does a thing by hand without a name and a reason."""
    bring_to(ledger, "one", S.HELD)
    for who, why in (("", "typed"), ("Ana", "")):
        with pytest.raises(ValidationError):
            ledger.move(key_of("one"), S.DONE_BY_HAND, who=who, why=why)
    ledger.move(key_of("one"), S.DONE_BY_HAND, who="Ana", why="typed it in")
    last = ledger.moves_of(key_of("one"))[-1]
    assert (last.after, last.who, last.why) == (S.DONE_BY_HAND, "Ana", "typed it in")


def test_a_retry_is_a_new_attempt_with_the_old_counted(ledger: Ledger) -> None:
    """Rejected, corrected, released: it is sent again, and both attempts are counted."""
    bring_to(ledger, "one", S.REJECTED)
    ledger.move(key_of("one"), S.PLANNED, who="Ana", why="order was missing")
    row = ledger.answered(ledger.sent(claim_one(ledger, "one")).claim, S.LANDED)
    assert (row.state, row.attempts) == (S.LANDED, 2)


def test_the_first_absence_is_kept(ledger: Ledger) -> None:
    """Two looks that find nothing: the time of the first is what counts."""
    bring_to(ledger, "one", S.IN_DOUBT)
    later = ledger.saw_absent(key_of("one"), BEGINNING + timedelta(minutes=5))
    assert later.absent_at == BEGINNING


def test_a_doubt_never_seen_absent_is_not_sent_again(ledger: Ledger) -> None:
    """One missing look is no proof: without a first absence there is no second send."""
    bring_to(ledger, "one", S.SENT)
    held = ledger.effect(key_of("one"))
    assert held.absent_at is None
    with pytest.raises(IllegalMove):
        ledger.saw_absent(key_of("one"), BEGINNING)
    bring_to(ledger, "two", S.IN_DOUBT)
    ledger.move(key_of("two"), S.PLANNED, who="resolver", why="absent twice")
    claimed = claim_one(ledger, "two")
    ledger.sent(claimed)
    ledger.answered(claimed, S.IN_DOUBT, reason="lost-answer")
    with pytest.raises(IllegalMove, match="never seen absent"):
        ledger.move(key_of("two"), S.PLANNED, who="resolver", why="absent twice")


def test_a_doubt_found_there_has_landed(ledger: Ledger, clock: Clock) -> None:
    """Presence ends a doubt; the earlier absence was a peer that was slow."""
    bring_to(ledger, "one", S.IN_DOUBT)
    clock.forward(timedelta(minutes=3))
    row = ledger.move(key_of("one"), S.LANDED, who="resolver", why="found")
    assert (row.landed_at, row.absent_at) == (clock(), None)


def test_a_change_in_between_is_noticed(ledger: Ledger) -> None:
    """On-call was faster than the flow: the flow's move says what it expected, and is refused."""
    bring_to(ledger, "one", S.PARKED)
    ledger.move(key_of("one"), S.PLANNED, who="Ana", why="again")
    with pytest.raises(IllegalMove, match="expected"):
        ledger.move(key_of("one"), S.SUPERSEDED, who="flow", why="x", expected=S.PARKED)


def test_a_page_of_moves_is_one_transaction_that_judges_each(ledger: Ledger) -> None:
    """One that cannot be moved stands as a refusal in its place; the others are moved."""
    for name in ("one", "three"):
        bring_to(ledger, name, S.LANDED)
    bring_to(ledger, "two", S.HELD)
    outcomes = ledger.moves(
        [_move(name, S.VERIFIED) for name in ("one", "two", "three", "unknown")]
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [EffectRow, IllegalMove, EffectRow, UnknownEffect]
    for outcome in outcomes:
        if isinstance(outcome, LedgerRefusal):
            assert str(pickle.loads(pickle.dumps(outcome))) == str(outcome)


def test_counts_tell_how_many_are_where(ledger: Ledger) -> None:
    """By state, for one organization and process."""
    for state in (S.HELD, S.VERIFIED, S.LANDED):
        bring_to(ledger, state.name, state)
    bring_to(ledger, "another", S.LANDED)
    assert ledger.counts("lakeside", "relay-forms") == {S.HELD: 1, S.VERIFIED: 1, S.LANDED: 2}
