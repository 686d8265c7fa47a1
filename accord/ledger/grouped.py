import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from accord.domain.effects import EffectState
from accord.ledger.effects import EffectLedger
from accord.ledger.errors import LedgerRefusal
from accord.ledger.records import Answered, Claim, EffectRow, Evidence, GivenBack, Move, Sent
from accord.ledger.working import Outcome, Step

LARGEST_GROUP = 500
ANSWER_WAITS_S = 0.005
"""
How long an answer waits for the next sending, to be committed with it: half the commits of a
link. Nothing rests on it meanwhile: until it is written the effect counts as sent.
"""


class GroupedLedger:
    """
    A ledger for one event loop: what many tasks write at once is committed together.

    While a commit is under way the next requests gather; a single one is committed on the spot.
    So 32 links share one fsync instead of paying for 32; an answer goes with the next sending
    where that comes at once. A caller that is cancelled stops waiting; its step is committed
    all the same, and the ledger tells.
    """

    def __init__(self, ledger: EffectLedger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Step, asyncio.Future[Outcome]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def sent(self, claim: Claim) -> Sent:
        """
        Commit that the bytes of this effect may leave now.

        Raises:
            LateWorker, SwitchedOff: as `EffectLedger.sent`.
        """
        outcome = await self._commit(claim)
        assert isinstance(outcome, Sent)
        return outcome

    async def answered(
        self, claim: Claim, to: EffectState, *, reason: str = "", evidence: Evidence | None = None
    ) -> EffectRow:
        """
        Commit what became of what was sent.

        Raises:
            LateWorker: another has it.
        """
        step = {"claim": claim, "to": to, "reason": reason, "evidence": evidence or {}}
        return await self._row(Answered.model_validate(step), within_s=ANSWER_WAITS_S)

    async def give_back(self, step: GivenBack) -> EffectRow:
        """
        Give back a claimed effect of which nothing has left.

        Raises:
            LateWorker: another has it.
        """
        return await self._row(step)

    async def move(self, wanted: Move) -> EffectRow:
        """
        Move an effect that no worker holds.

        Raises:
            UnknownEffect, IllegalMove: as `EffectLedger.move`.
        """
        return await self._row(wanted)

    async def close(self) -> None:
        """Wait for what is under way and let the thread go; the ledger stays open."""
        self._start()
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _row(self, step: Step, *, within_s: float = 0) -> EffectRow:
        outcome = await self._commit(step, within_s=within_s)
        assert isinstance(outcome, EffectRow)
        return outcome

    async def _commit(self, step: Step, *, within_s: float = 0) -> Sent | EffectRow:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((step, answer))
        if within_s and self._soon is None:
            self._soon = loop.call_later(within_s, self._start)
        elif not within_s:
            self._start()
        outcome = await answer
        if isinstance(outcome, LedgerRefusal):
            raise outcome
        return outcome

    def _start(self) -> None:
        """Commit what waits now, or after the commit that is under way."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        if self._waiting and (self._writer is None or self._writer.done()):
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group = self._waiting[:LARGEST_GROUP]
            del self._waiting[:LARGEST_GROUP]
            steps = [step for step, _ in group]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._ledger.carry_out, steps)
            except Exception as error:  # the database failed: each caller is told
                _fail(group, error)
            else:
                _answer(group, outcomes)


def _answer(
    group: Sequence[tuple[Step, "asyncio.Future[Outcome]"]], outcomes: Sequence[Outcome]
) -> None:
    for (_, answer), outcome in zip(group, outcomes, strict=True):
        if not answer.done():
            answer.set_result(outcome)


def _fail(group: Sequence[tuple[Step, "asyncio.Future[Outcome]"]], error: Exception) -> None:
    for _, answer in group:
        if not answer.done():
            answer.set_exception(error)
