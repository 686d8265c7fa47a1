"""Carrying effects out: each once, in the order of its chain, on its patient's link."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from accord.adapters.errors import Malformed, PeerError, Rejected, Uncertain
from accord.adapters.powerserver import Unsendable
from accord.delivery.desk import Desk
from accord.delivery.ports import DocumentWriter
from accord.domain.documents import Answer, AnswerKind, DocumentOrder
from accord.domain.effects import EffectState
from accord.ledger.bootclock import boot_seconds
from accord.ledger.errors import IllegalMove, LateWorker, SwitchedOff
from accord.ledger.grouped import GroupedLedger
from accord.ledger.records import Claim, Evidence, GivenBack, Move

CLAIMED_AT_ONCE = 100
FAILURES_THAT_STOP_A_LINK = 3
NOT_AGAIN_FOR = timedelta(seconds=5)
"""What was given back is not claimed again at once: a loop over claims must come to an end."""


class TooLate(Exception):
    """The deadline between `sent` and the first byte has passed: nothing left, look first."""


Work = tuple[Claim, DocumentOrder, tuple[bytes, bytes]]


class Courier:
    """
    Carries the claimed effects of one organization to its PowerServers.

    One batch of claims at a time; inside it the links work side by side, each with one message
    in flight, a patient always on the same link.
    """

    def __init__(
        self,
        desk: Desk,
        ledger: GroupedLedger,
        writers: Mapping[str, DocumentWriter],
        *,
        adapt: Callable[[Claim, DocumentOrder], DocumentOrder],
    ) -> None:
        self._desk, self._ledger, self._writers = desk, ledger, writers
        self._outbox, self._adapt = desk.outbox, adapt
        self.outcomes: Counter[str] = Counter()
        self.stopped_by: PeerError | None = None
        """Why a link had to stop, for the task to raise at its end."""

    async def carry(self, claims: Sequence[Claim]) -> None:
        """Carry out one batch of claims; whatever is not sent is given back."""
        orders = self._outbox.orders([claim.key for claim in claims])
        links: dict[tuple[str, int], list[tuple[Claim, DocumentOrder]]] = defaultdict(list)
        missing = []
        for claim in claims:
            if claim.key not in orders:
                missing.append(claim)
                continue
            powerserver, order = orders[claim.key]
            link = self._writers[powerserver].link_of(order.patient.id)
            links[powerserver, link].append((claim, self._adapt(claim, order)))
        for claim in missing:
            await self._give_back(claim, "not-prepared")  # the next sweep prepares it again
        await asyncio.gather(
            *(self._serve(self._writers[name], work) for (name, _), work in links.items())
        )

    async def _serve(
        self, writer: DocumentWriter, work: Sequence[tuple[Claim, DocumentOrder]]
    ) -> None:
        wrapped = []
        built = {}
        for claim, order in work:
            try:
                built[order.key] = writer.wrap(order)
            except Unsendable as refusal:
                await self._park(claim, refusal)
            else:
                wrapped.append((claim, order))
        wrappings = self._outbox.wrappings(built)
        failures = 0
        for position, (claim, order) in enumerate(wrapped):
            error = await self._carry_one(writer, claim, order, wrappings[order.key])
            failures = failures + 1 if error else 0
            if failures >= FAILURES_THAT_STOP_A_LINK:
                self.stopped_by = error
                for rest, _ in wrapped[position + 1 :]:
                    await self._give_back(rest, "link-stopped")
                return

    async def _park(self, claim: Claim, refusal: Unsendable) -> None:
        """Leave to a person what cannot go as it is; nothing of it has left."""
        self.outcomes["unsendable"] += 1
        await self._give_back(claim, refusal.code)
        with suppress(IllegalMove):  # another worker has it by now, and will find the same
            await self._ledger.move(
                Move(
                    key=claim.key,
                    to=EffectState.PARKED,
                    who=claim.holder,
                    why="it cannot be sent as it is",
                    reason=refusal.code,
                    expected=EffectState.PLANNED,
                )
            )

    async def _carry_one(
        self,
        writer: DocumentWriter,
        claim: Claim,
        order: DocumentOrder,
        wrapping: tuple[bytes, bytes],
    ) -> PeerError | None:
        """Carry one effect; gives the error if the link itself failed."""
        sent = False

        async def before_send() -> None:
            nonlocal sent
            ready = await self._ledger.sent(claim)
            sent = True
            if ready.deadline(self._desk.timings.send_within).is_over(boot_seconds()):
                raise TooLate

        try:
            answer = await writer.file(order, wrapping, before_send)
        except (LateWorker, SwitchedOff) as refusal:
            self.outcomes[type(refusal).__name__] += 1
        except Unsendable as refusal:
            await self._park(claim, refusal)
        except TooLate:
            await self._tell(claim, EffectState.IN_DOUBT, reason="too-late")
        except PeerError as error:
            return await self._failed(claim, error, sent=sent)
        else:
            await self._answered(claim, answer)
        return None

    async def _answered(self, claim: Claim, answer: Answer) -> None:
        state = {
            AnswerKind.LANDED: EffectState.LANDED,
            AnswerKind.ACCEPTED: EffectState.IN_DOUBT,
            AnswerKind.REJECTED: EffectState.REJECTED,
        }[answer.kind]
        reason = "" if state is EffectState.LANDED else _code("answer", answer.code)
        evidence: Evidence = {"answer": answer.code, "peer-id": answer.peer_id}
        await self._tell(claim, state, reason=reason, evidence=evidence)

    async def _failed(self, claim: Claim, error: PeerError, *, sent: bool) -> PeerError | None:
        """Write down what a failure means for the effect; gives it back if the link failed."""
        if not sent:
            self.stopped_by = error
            self.outcomes["given back"] += 1
            await self._give_back(claim, "not-sent")
            return error
        if isinstance(error, Rejected):
            await self._tell(claim, EffectState.REJECTED, reason=_code("answer", error.code))
            return None
        reason = {Uncertain: "no-answer", Malformed: "malformed-answer"}.get(type(error), "unsure")
        await self._tell(claim, EffectState.IN_DOUBT, reason=reason)
        return error

    async def _give_back(self, claim: Claim, reason: str) -> None:
        try:
            await self._ledger.give_back(
                GivenBack(claim=claim, reason=reason, not_before=self._desk.now() + NOT_AGAIN_FOR)
            )
        except LateWorker:
            self.outcomes["late"] += 1

    async def _tell(
        self,
        claim: Claim,
        state: EffectState,
        *,
        reason: str,
        evidence: Evidence | None = None,
    ) -> None:
        self.outcomes[state.value] += 1
        try:
            await self._ledger.answered(claim, state, reason=reason, evidence=evidence)
        except LateWorker:
            self.outcomes["late"] += 1


def _code(*parts: str) -> str:
    return "-".join(part.replace("/", ":") for part in parts if part)
