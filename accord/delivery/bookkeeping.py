"""Writing down what became of claimed effects: in the ledger, and in the audit trail."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

from accord.delivery.asking import ask
from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.delivery.replacing import ask_to_retire
from accord.domain.effects import EffectState, Intent
from accord.domain.relay import RETIRE_BY_HAND
from accord.ledger.errors import IllegalMove, LateWorker
from accord.ledger.grouped import GroupedLedger
from accord.ledger.records import Claim, EffectRow, Evidence, GivenBack, Move

NOT_AGAIN_FOR = timedelta(seconds=5)
"""What was given back is not claimed again at once: a loop over claims must come to an end."""


class Bookkeeper:
    """Keeps the books of one batch of claims; `close` adds what is written by the batch."""

    def __init__(self, desk: Desk, ledger: GroupedLedger) -> None:
        self._desk, self._ledger = desk, ledger
        self.outcomes: Counter[str] = Counter()
        self._touches: list[Touch] = []
        self._landed: list[EffectRow] = []
        self._noted: list[asyncio.Task[None]] = []

    def note(
        self, claim: Claim, state: EffectState, *, reason: str = "", evidence: Evidence
    ) -> None:
        """
        Write down what the peer answered, together with the next step on its way.

        The link need not wait for that: one commit serves the answer to this document and the
        sending of the next. `close` sees to it that it is written.
        """
        telling = self.tell(claim, state, reason=reason, evidence=evidence)
        self._noted.append(asyncio.create_task(telling))

    async def tell(
        self,
        claim: Claim,
        state: EffectState,
        *,
        reason: str = "",
        evidence: Evidence | None = None,
    ) -> None:
        """Write down what became of what was sent; a late worker's word counts no more."""
        self.outcomes[state.value] += 1
        self._touches.append(Touch(claim.effect.subject, claim.key, reason or state.value))
        try:
            row = await self._ledger.answered(claim, state, reason=reason, evidence=evidence)
        except LateWorker:
            self.outcomes["late"] += 1
            return
        if state is EffectState.LANDED:
            self._landed.append(row)
        if state is EffectState.REJECTED and row.intent is Intent.WITHDRAW_DOCUMENT:
            await self._ask_to_retire(claim)

    async def give_back(self, claim: Claim, reason: str) -> None:
        """Plan it again: nothing of it has left."""
        self.outcomes["given back"] += 1
        await self._back(claim, EffectState.PLANNED, reason)

    async def let_go(self, claim: Claim, reason: str) -> None:
        """Supersede what nobody calls for any more: nothing of it has left."""
        self.outcomes["not called for"] += 1
        await self._back(claim, EffectState.SUPERSEDED, reason)

    async def park(self, claim: Claim, reason: str) -> None:
        """Leave to a person what cannot go as it is; nothing of it has left."""
        self.outcomes["parked"] += 1
        await self._back(claim, EffectState.PLANNED, reason)
        with suppress(IllegalMove):  # another worker has it by now, and will find the same
            await self._ledger.move(
                Move(
                    key=claim.key,
                    to=EffectState.PARKED,
                    who=claim.holder,
                    why="it cannot be sent as it is",
                    reason=reason,
                    expected=EffectState.PLANNED,
                )
            )
        if reason == RETIRE_BY_HAND:
            await self._ask_to_retire(claim)

    async def close(self) -> None:
        """
        Add the batch to the audit trail; ask for what its new versions leave to a person.

        Raises:
            Exception: the ledger could not write down an answer; all else is done by then.
        """
        noted, self._noted = self._noted, []
        told = await asyncio.gather(*noted, return_exceptions=True)
        touches, self._touches = self._touches, []
        landed, self._landed = self._landed, []
        await asyncio.to_thread(note_touches, self._desk, "write", "powerserver", touches)
        await asyncio.to_thread(ask_to_retire, self._desk, landed)
        for each in told:
            if isinstance(each, BaseException):
                raise each

    async def _ask_to_retire(self, claim: Claim) -> None:
        details = {"document": claim.effect.parent}
        await asyncio.to_thread(
            ask, self._desk, RETIRE_BY_HAND, claim.key, key=claim.key, details=details
        )

    async def _back(self, claim: Claim, to: EffectState, reason: str) -> None:
        step = GivenBack.model_validate(
            {
                "claim": claim,
                "to": to,
                "reason": reason,
                "not_before": self._desk.now() + NOT_AGAIN_FOR,
            }
        )
        try:
            await self._ledger.give_back(step)
        except LateWorker:
            self.outcomes["late"] += 1
