"""Carrying effects out: each once, in the order of its chain, on its patient's link."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from accord.adapters.errors import Malformed, PeerError, Rejected, Uncertain
from accord.delivery.outbox import Outbox
from accord.delivery.ports import DocumentWriter
from accord.domain.documents import Answer, AnswerKind, DocumentOrder
from accord.domain.effects import EffectState
from accord.domain.identifiers import EffectKey
from accord.ledger.bootclock import boot_seconds
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.grouped import GroupedLedger
from accord.ledger.records import Claim, Evidence, GivenBack

CLAIMED_AT_ONCE = 100
FAILURES_THAT_STOP_A_LINK = 3


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
        ledger: GroupedLedger,
        outbox: Outbox,
        writers: Mapping[str, DocumentWriter],
        *,
        send_within: timedelta,
        prepare: Callable[[DocumentOrder], DocumentOrder],
    ) -> None:
        self._ledger, self._outbox, self._writers = ledger, outbox, writers
        self._send_within, self._prepare = send_within, prepare
        self.outcomes: Counter[str] = Counter()
        self.stopped_by: PeerError | None = None
        """The last failure before anything was sent, for the task to raise at its end."""

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
            links[powerserver, link].append((claim, self._prepare(order)))
        for claim in missing:
            await self._give_back(claim, "not-prepared")
        await asyncio.gather(
            *(self._serve(self._writers[name], work) for (name, _), work in links.items())
        )

    async def _serve(
        self, writer: DocumentWriter, work: Sequence[tuple[Claim, DocumentOrder]]
    ) -> None:
        wrappings = self._outbox.wrappings({order.key: writer.wrap(order) for _, order in work})
        failures = 0
        for position, (claim, order) in enumerate(work):
            failed = await self._carry_one(writer, claim, order, wrappings[order.key])
            failures = failures + 1 if failed else 0
            if failures >= FAILURES_THAT_STOP_A_LINK:
                for rest, _ in work[position + 1 :]:
                    await self._give_back(rest, "link-stopped")
                return

    async def _carry_one(
        self,
        writer: DocumentWriter,
        claim: Claim,
        order: DocumentOrder,
        wrapping: tuple[bytes, bytes],
    ) -> bool:
        """Carry one effect; True if the link itself failed."""
        sent = False

        async def before_send() -> None:
            nonlocal sent
            ready = await self._ledger.sent(claim)
            sent = True
            if ready.deadline(self._send_within).is_over(boot_seconds()):
                raise TooLate

        try:
            answer = await writer.file(order, wrapping, before_send)
        except LateWorker:
            self.outcomes["late"] += 1
            return False
        except SwitchedOff:
            self.outcomes["switched off"] += 1
            return False
        except (PeerError, TooLate) as error:
            return await self._failed(claim, error, sent=sent)
        await self._answered(claim, answer)
        return False

    async def _answered(self, claim: Claim, answer: Answer) -> None:
        state = {
            AnswerKind.LANDED: EffectState.LANDED,
            AnswerKind.ACCEPTED: EffectState.IN_DOUBT,
            AnswerKind.REJECTED: EffectState.REJECTED,
        }[answer.kind]
        reason = "" if state is EffectState.LANDED else _code("answer", answer.code)
        evidence: Evidence = {"answer": answer.code, "peer-id": answer.peer_id}
        await self._tell(claim, state, reason=reason, evidence=evidence)

    async def _failed(self, claim: Claim, error: PeerError | TooLate, *, sent: bool) -> bool:
        """Write down what a failure means for the effect; True if the link itself failed."""
        if not sent and isinstance(error, PeerError):
            self.stopped_by = error
            self.outcomes["given back"] += 1
            await self._give_back(claim, "not-sent")
            return True
        if isinstance(error, Rejected):
            await self._tell(claim, EffectState.REJECTED, reason=_code("answer", error.code))
            return False
        reason = {Uncertain: "no-answer", Malformed: "malformed-answer", TooLate: "too-late"}
        await self._tell(
            claim, EffectState.IN_DOUBT, reason=reason.get(type(error), "unavailable-after-sent")
        )
        return not isinstance(error, TooLate)

    async def _give_back(self, claim: Claim, reason: str) -> None:
        try:
            await self._ledger.give_back(GivenBack(claim=claim, reason=reason))
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


def in_batches(keys: Sequence[EffectKey]) -> list[Sequence[EffectKey]]:
    """Cut `keys` into the batches in which they are claimed."""
    return [keys[i : i + CLAIMED_AT_ONCE] for i in range(0, len(keys), CLAIMED_AT_ONCE)]
