"""Whatever is done in whatever order: no illegal state, no overtaking, no two with one effect."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accord.domain.effects import CLEARED, MOVES, EffectState, Mode, Rung
from accord.ledger.errors import IllegalMove, LateWorker, SwitchedOff
from accord.ledger.ledger import Ledger
from accord.ledger.records import Claim
from tests.ledger.builders import LEASE, PROCESS, SITE_KEY, Clock, an_effect, key_of

S = EffectState
_CHAINS, _VERSIONS = 3, 3
_numbers = itertools.count(1)
_STEPS = {
    "plan": 2, "switch": 1, "claim": 4, "send": 5, "answer": 4, "give_back": 2, "move": 6,
    "look_and_find_nothing": 2, "time_passes": 2, "leases_end": 2, "retire": 1,
}  # fmt: skip
_WEIGHTED = [name for name, weight in _STEPS.items() for _ in range(weight)]


class Walk(RuleBasedStateMachine):
    """
    Planners, workers, resolvers and on-call, all at one ledger.

    One rule that draws its step: as rules of their own hypothesis would leave some out of each
    walk, and few would come further than `planned`.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.clock = Clock()
        self.ledger = Ledger(url, site_key=SITE_KEY, now=self.clock, boot=self.clock.boot)
        self.organization = f"walk-{next(_numbers)}"
        self.claims: list[Claim] = []
        self.latest: dict[str, int] = {}
        self.sends: list[tuple[str, int]] = []

    def teardown(self) -> None:
        self.ledger.close()

    @initialize()
    def begin(self) -> None:
        self.ledger.set_mode(self.organization, PROCESS, Mode.DELIVER, who="on-call", why="walk")
        for chain in range(_CHAINS):
            self._plan_versions(chain, 2, S.PLANNED)

    @rule(data=st.data(), step=st.sampled_from(_WEIGHTED))
    def step(self, data: st.DataObject, step: str) -> None:
        getattr(self, f"_{step}")(data)

    def _plan(self, data: st.DataObject) -> None:
        disposition = data.draw(st.sampled_from([S.PLANNED, S.HELD, S.PARKED, S.SUPERSEDED]))
        chain, versions = data.draw(st.integers(0, _CHAINS - 1)), data.draw(st.integers(1, 3))
        self._plan_versions(chain, versions, disposition)

    def _switch(self, data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from([Mode.DELIVER, Mode.BACK_UP, Mode.WATCH]))
        self.ledger.set_mode(self.organization, PROCESS, mode, who="on-call", why="walk")

    def _claim(self, data: st.DataObject) -> None:
        mode = self.ledger.mode(self.organization, PROCESS)
        holder, limit = data.draw(st.sampled_from(["ana", "bea"])), data.draw(st.integers(1, 4))
        taken = self.ledger.claim(
            self.organization, PROCESS, holder=holder, lease=LEASE, limit=limit
        )
        assert mode is not Mode.WATCH or not taken
        for held in taken:
            assert held.token > self.latest.get(held.key, 0)
            self.latest[held.key] = held.token
            chain = self.ledger.chain(self.organization, held.effect.chain)
            assert all(row.state in CLEARED for row in chain[: held.effect.position])
        self.claims += taken

    def _send(self, data: st.DataObject) -> None:
        held = self._some_claim(data)
        if held is None:
            return
        try:
            self.ledger.sent(held)
        except (LateWorker, SwitchedOff):
            return
        assert held.token == self.latest[held.key]
        assert self.clock() < held.until
        self.sends.append((held.key, held.token))

    def _answer(self, data: st.DataObject) -> None:
        held, to = self._some_claim(data), data.draw(st.sampled_from([S.LANDED, S.IN_DOUBT]))
        if held is None:
            return
        try:
            self.ledger.answered(held, to)
        except LateWorker:
            return
        assert (held.key, held.token) in self.sends

    def _give_back(self, data: st.DataObject) -> None:
        held, to = self._some_claim(data), data.draw(st.sampled_from([S.PLANNED, S.SUPERSEDED]))
        if held is None:
            return
        try:
            self.ledger.give_back(held, to=to)
        except LateWorker:
            return
        assert (held.key, held.token) not in self.sends

    def _move(self, data: st.DataObject) -> None:
        found = self.ledger.effects(self._keys()).values()
        rows = sorted(found, key=lambda row: (row.chain, row.position))  # the same in a replay
        row = data.draw(st.sampled_from(rows))
        legal = sorted(after for before, after in MOVES if before is row.state)
        wild = data.draw(st.integers(0, 4)) == 0
        to = data.draw(st.sampled_from(list(EffectState) if wild or not legal else legal))
        rung = data.draw(st.sampled_from([Rung.BYTES, Rung.CONTENT, None]))
        try:
            self.ledger.move(row.key, to, who="walk", why="random", rung=rung)
        except IllegalMove:
            assert self.ledger.effect(row.key) == row
        else:
            assert (row.state, to) in MOVES

    def _look_and_find_nothing(self, data: st.DataObject) -> None:
        for row in self.ledger.open_effects(self.organization, PROCESS, [S.IN_DOUBT]):
            self.ledger.saw_absent(row.key, self.clock())

    def _time_passes(self, data: st.DataObject) -> None:
        self.clock.forward(timedelta(seconds=data.draw(st.sampled_from([1, 60, 130]))))

    def _leases_end(self, data: st.DataObject) -> None:
        self.ledger.release_expired()

    def _retire(self, data: st.DataObject) -> None:
        self.ledger.retire(self.clock() - timedelta(seconds=60))

    @invariant()
    def every_state_was_reached_by_legal_moves(self) -> None:
        for key, row in self.ledger.effects(self._keys()).items():
            log = self.ledger.moves_of(key)
            assert (log[0].before, log[0].after) == ("", S.PLANNED)
            assert log[-1].after is row.state
            for earlier, later in itertools.pairwise(log):
                assert earlier.after == later.before
                assert (later.before, later.after) in MOVES

    @invariant()
    def what_is_verified_was_sent_and_says_how(self) -> None:
        sent = {key for key, _ in self.sends}
        for key, row in self.ledger.effects(self._keys()).items():
            assert row.attempts == sum(1 for each, _ in self.sends if each == key)
            if row.state is S.VERIFIED:
                assert key in sent
                assert row.rung

    def _plan_versions(self, chain: int, versions: int, disposition: EffectState) -> None:
        self.ledger.plan(
            [
                an_effect(
                    self._name(chain, version), organization=self.organization,
                    chain=f"chain-{chain}", disposition=disposition,
                )
                for version in range(versions)
            ]
        )  # fmt: skip

    def _some_claim(self, data: st.DataObject) -> Claim | None:
        """Mostly a late one's last, sometimes any that was ever given out."""
        if not self.claims:
            return None
        return data.draw(
            st.sampled_from(self.claims[-3:] if data.draw(st.booleans()) else self.claims)
        )

    def _name(self, chain: int, version: int) -> str:
        return f"{self.organization}-{chain}-{version}"

    def _keys(self) -> list[str]:
        every = itertools.product(range(_CHAINS), range(_VERSIONS))
        return [key_of(self._name(chain, version)) for chain, version in every]


def _walk(url: str, examples: int, steps: int) -> None:
    class WalkHere(Walk):
        def __init__(self) -> None:
            super().__init__(url)

    run_state_machine_as_test(
        WalkHere,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_walks_stay_legal(url: str) -> None:
    """A few stories of planners, workers and people, on both databases."""
    _walk(url, examples=12, steps=40)


@pytest.mark.long
def test_many_long_random_walks_stay_legal(url: str) -> None:
    """The same, longer."""
    _walk(url, examples=50, steps=60)
