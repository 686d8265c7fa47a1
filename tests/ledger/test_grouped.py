"""Many links write at once and share their commits; a lone one does not wait."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event

from accord.domain.effects import EffectState, Mode, Rung
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.grouped import GroupedLedger
from accord.ledger.ledger import Ledger
from accord.ledger.records import Claim, GivenBack, Move
from tests.ledger.builders import an_effect, claim, key_of, states, switch

S = EffectState


class Commits:
    """Counts the commits of a ledger, and can hold one up."""

    def __init__(self, ledger: Ledger) -> None:
        self.count = 0
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        event.listen(ledger._database.engine, "commit", self._saw)

    def _saw(self, _connection: object) -> None:
        self.count += 1
        self.begun.set()
        self.gate.wait(10)


@pytest.fixture
async def grouped(ledger: Ledger) -> AsyncIterator[GroupedLedger]:
    """A grouped ledger over the tests' ledger."""
    async with GroupedLedger(ledger) as opened:
        yield opened


def _claims(ledger: Ledger, count: int) -> list[Claim]:
    ledger.plan([an_effect(f"n{n}") for n in range(count)])
    return claim(ledger, limit=count)


async def test_thirty_two_links_do_not_pay_thirty_two_commits(
    ledger: Ledger, grouped: GroupedLedger
) -> None:
    """While the first commit is under way the others gather, and share the second one."""
    held = _claims(ledger, 32)
    commits = Commits(ledger)
    commits.gate.clear()
    sends = [asyncio.create_task(grouped.sent(one)) for one in held]
    await asyncio.to_thread(commits.begun.wait, 10)
    commits.gate.set()
    sent = await asyncio.gather(*sends)

    assert commits.count <= 2
    assert [one.claim for one in sent] == held
    await asyncio.gather(*(grouped.answered(one, S.LANDED) for one in held))
    assert ledger.counts("lakeside", "relay-forms") == {S.LANDED: 32}


async def test_what_is_acknowledged_is_committed(ledger: Ledger, grouped: GroupedLedger) -> None:
    """`sent` returns after the commit, never before: another reader sees it."""
    [held] = _claims(ledger, 1)
    commits = Commits(ledger)
    await grouped.sent(held)
    assert commits.count == 1
    assert states(ledger, ["n0"]) == [S.SENT]


async def test_each_gets_its_own_outcome(ledger: Ledger, grouped: GroupedLedger) -> None:
    """One late claim in the group is refused alone."""
    one, two, three = _claims(ledger, 3)
    await grouped.give_back(GivenBack(claim=two))
    outcomes = await asyncio.gather(
        *(grouped.sent(held) for held in (one, two, three)), return_exceptions=True
    )
    assert isinstance(outcomes[1], LateWorker)
    assert [outcome.claim for outcome in (outcomes[0], outcomes[2])] == [one, three]  # type: ignore[union-attr]


async def test_the_kill_switch_reaches_the_group(ledger: Ledger, grouped: GroupedLedger) -> None:
    """Switched to `watch` while links are at work: the next `sent` is refused."""
    one, two = _claims(ledger, 2)
    await grouped.sent(one)
    switch(ledger, Mode.WATCH)
    with pytest.raises(SwitchedOff):
        await grouped.sent(two)


async def test_a_cancelled_caller_leaves_the_ledger_right(
    ledger: Ledger, grouped: GroupedLedger
) -> None:
    """Its step is committed all the same; the others do not notice."""
    one, two = _claims(ledger, 2)
    commits = Commits(ledger)
    commits.gate.clear()
    first = asyncio.create_task(grouped.sent(one))
    second = asyncio.create_task(grouped.sent(two))
    await asyncio.sleep(0)
    first.cancel()
    commits.gate.set()
    assert (await second).claim == two
    with pytest.raises(asyncio.CancelledError):
        await first
    assert states(ledger, ["n0", "n1"]) == [S.SENT, S.SENT]


async def test_a_database_that_fails_is_told_to_everyone(
    ledger: Ledger, grouped: GroupedLedger
) -> None:
    """Nobody waits for ever, and the next group works again."""
    held = _claims(ledger, 3)
    failing = True

    def fail(_connection: object) -> None:
        if failing:
            raise OSError("no space left on device")

    event.listen(ledger._database.engine, "commit", fail)
    outcomes = await asyncio.gather(*(grouped.sent(one) for one in held), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 3
    assert states(ledger, ["n0", "n1", "n2"]) == [S.CLAIMED] * 3
    failing = False
    await asyncio.gather(*(grouped.sent(one) for one in held))


async def test_verifications_share_commits_too(ledger: Ledger, grouped: GroupedLedger) -> None:
    """Any move may be written in a group."""
    [held] = _claims(ledger, 1)
    await grouped.sent(held)
    await grouped.answered(held, S.LANDED, reason="AA", evidence={"msa": "AA"})
    wanted = Move(key=held.key, to=S.VERIFIED, who="v", why="read back", rung=Rung.BYTES)
    assert (await grouped.move(wanted)).state is S.VERIFIED
    assert ledger.effect(key_of("n0")).rung is Rung.BYTES
