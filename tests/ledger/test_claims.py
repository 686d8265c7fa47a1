"""Who may work on what: chains, grace, barriers, modes, and two who want the same."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from accord.domain.effects import CLEARED, EffectState, Mode
from accord.ledger import claiming
from accord.ledger.ledger import Ledger
from accord.ledger.tables import EFFECT
from tests.ledger.builders import (
    SITE_KEY,
    Clock,
    a_chain,
    an_effect,
    bring_to,
    claim,
    claim_one,
    key_of,
    states,
    switch,
)

S = EffectState


def test_only_the_head_of_a_chain_can_be_claimed(ledger: Ledger) -> None:
    """Three versions of one document are planned: the first alone is given out."""
    ledger.plan(a_chain("form", 3))
    assert [held.key for held in claim(ledger)] == [key_of("form-v1")]
    assert claim(ledger, "another") == []


@pytest.mark.parametrize("state", list(EffectState), ids=str)
def test_the_chain_moves_on_when_its_head_is_cleared(ledger: Ledger, state: EffectState) -> None:
    """What is landed or over lets the next go; what waits or needs a person stops it."""
    head = bring_to(ledger, "head", state)
    ledger.plan([an_effect("next", chain=head.chain)])

    claimed = {held.key for held in claim(ledger)}

    assert (key_of("next") in claimed) == (state in CLEARED)


def _overtaking_is_refused(ledger: Ledger) -> None:
    ledger.plan(a_chain("form", 2))
    assert claim(ledger, keys=[key_of("form-v2")]) == []


def test_nobody_overtakes_not_even_by_key(ledger: Ledger) -> None:
    """A run that asks for the second version by its key does not get it before the first."""
    _overtaking_is_refused(ledger)


def test_without_the_rule_of_heads_it_would_overtake(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without the rule: the second version would be sent first."""
    monkeypatch.setattr(claiming, "heads_only", lambda: EFFECT.c.position >= 0)
    with pytest.raises(AssertionError):
        _overtaking_is_refused(ledger)


def test_a_bad_item_stops_its_own_chain_only(ledger: Ledger) -> None:
    """One document is parked; its later version waits, the other document goes."""
    ledger.plan([*a_chain("bad", 2), *a_chain("good", 1)])
    ledger.move(key_of("bad-v1"), S.PARKED, who="test", why="stuck")

    assert [held.key for held in claim(ledger)] == [key_of("good-v1")]
    assert [row.key for row in ledger.waiting_behind(key_of("bad-v1"))] == [key_of("bad-v2")]


def test_chains_of_two_organizations_do_not_meet(ledger: Ledger) -> None:
    """The same opaque name in another organization is another chain."""
    ledger.set_mode("hillside", "relay-forms", Mode.DELIVER, who="on-call", why="test")
    ledger.plan([an_effect("one", chain="same")])
    [other] = ledger.plan([an_effect("two", chain="same", organization="hillside")])
    assert other.position == 0
    [held] = ledger.claim("hillside", "relay-forms", holder="w", lease=timedelta(1), limit=9)
    assert held.key == key_of("two")


def test_grace_keeps_an_effect_until_its_time(ledger: Ledger, clock: Clock) -> None:
    """In back-up mode the vendor has its time first."""
    ledger.plan([an_effect("one", not_before=clock() + timedelta(minutes=30))])
    assert claim(ledger) == []
    clock.forward(timedelta(minutes=30))
    assert len(claim(ledger)) == 1


def test_a_barrier_holds_its_patients_effects(ledger: Ledger) -> None:
    """While a merge is under way nothing of that patient is sent; others go on."""
    ledger.plan([an_effect("merged", barrier="PATIENT1"), an_effect("other", barrier="PATIENT2")])
    ledger.raise_barrier("lakeside", "PATIENT1", who="on-call", why="merge A40")
    assert [held.key for held in claim(ledger)] == [key_of("other")]
    ledger.lift_barrier("lakeside", "PATIENT1", why="merged")
    assert [held.key for held in claim(ledger)] == [key_of("merged")]
    ledger.raise_barrier("lakeside", "PATIENT1", who="on-call", why="again")


@pytest.mark.parametrize(
    ("mode", "given"), [(Mode.WATCH, 0), (Mode.BACK_UP, 1), (Mode.DELIVER, 1)], ids=str
)
def test_the_mode_is_read_with_every_claim(ledger: Ledger, mode: Mode, given: int) -> None:
    """`watch` gives nothing out, whatever was planned before."""
    ledger.plan([an_effect("one")])
    switch(ledger, mode)
    assert len(claim(ledger)) == given


def test_a_process_nobody_switched_on_watches(ledger: Ledger) -> None:
    """No row is `watch`: a new site writes nothing."""
    ledger.plan([an_effect("one", process="sync-facilities")])
    assert ledger.mode("lakeside", "sync-facilities") is Mode.WATCH
    assert (
        ledger.claim("lakeside", "sync-facilities", holder="w", lease=timedelta(1), limit=9) == []
    )


def test_a_claim_takes_no_more_than_asked(ledger: Ledger) -> None:
    """The limit holds, the oldest go first, and no key means any."""
    ledger.plan([an_effect(f"n{n}") for n in range(10)])
    assert len(claim(ledger, limit=4)) == 4
    assert len(claim(ledger, limit=100)) == 6
    assert claim(ledger, keys=[]) == []


def _claim_all(ledger: Ledger, holder: str) -> list[str]:
    taken: list[str] = []
    while page := claim(ledger, holder, limit=3):
        taken += [held.key for held in page]
    return taken


def test_two_threads_never_get_the_same_effect(ledger: Ledger) -> None:
    """Eight threads, one ledger: each effect is given out exactly once."""
    keys = [row.key for row in ledger.plan([an_effect(f"n{n}") for n in range(60)])]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: _claim_all(ledger, f"thread-{n}"), range(8)))
    assert sorted(key for each in taken for key in each) == sorted(keys)


def _claim_all_in_a_process(url: str, holder: str) -> list[str]:
    with Ledger(url, site_key=SITE_KEY, now=lambda: datetime.now(UTC)) as ledger:
        return _claim_all(ledger, holder)


def test_two_processes_never_get_the_same_effect(ledger: Ledger, url: str) -> None:
    """Four processes, each with a ledger of its own on one database."""
    keys = [row.key for row in ledger.plan([an_effect(f"n{n}") for n in range(60)])]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        jobs = [(url, f"process-{n}") for n in range(4)]
        taken = pool.starmap(_claim_all_in_a_process, jobs)
    assert sorted(key for each in taken for key in each) == sorted(keys)


def test_a_claim_says_all_that_the_worker_needs(ledger: Ledger, clock: Clock) -> None:
    """Holder, token, end of the lease and the effect itself come with it."""
    ledger.plan([an_effect("one")])
    held = claim_one(ledger, "one")
    assert (held.holder, held.token, held.until) == ("worker", 1, clock() + timedelta(minutes=2))
    assert held.effect == ledger.effect(held.key)
    assert states(ledger, ["one"]) == [S.CLAIMED]
