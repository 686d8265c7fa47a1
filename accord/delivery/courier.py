"""Carrying effects out: each once, in the order of its chain, on its patient's link."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from accord.adapters.dicom_filing import StatusMoved
from accord.adapters.errors import UNFORESEEN, Malformed, PeerError, Rejected, Uncertain
from accord.adapters.powerserver import Unsendable
from accord.delivery.asking import STUDY_STATUS_MOVED, ask
from accord.delivery.bookkeeping import Bookkeeper
from accord.delivery.desk import Desk
from accord.delivery.ports import DocumentWriter
from accord.delivery.replacing import NotCalledFor
from accord.delivery.sending import TooLate, require_in_time
from accord.domain.documents import Answer, AnswerKind, DocumentOrder
from accord.domain.effects import EffectState, Mode
from accord.domain.identifiers import EffectKey
from accord.domain.relay import CANNOT_PREPARE
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.grouped import GroupedLedger
from accord.ledger.records import Claim, EffectRow, Evidence

CLAIMED_AT_ONCE = 100
FAILURES_THAT_STOP_A_LINK = 3

Adapt = Callable[[EffectRow, DocumentOrder, Sequence[EffectRow]], DocumentOrder]
"""What an order becomes when its turn comes, by the effects of its chain."""
Chains = Mapping[str, Sequence[EffectRow]]
Work = Sequence[tuple[Claim, DocumentOrder]]


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
        adapt: Adapt,
    ) -> None:
        self._desk, self._ledger, self._writers, self._adapt = desk, ledger, writers, adapt
        self._books = Bookkeeper(desk, ledger)
        self.stopped_by: PeerError | None = None
        """Why a link had to stop, for the task to raise at its end."""

    @property
    def outcomes(self) -> Counter[str]:
        """How many effects had which outcome so far."""
        return self._books.outcomes

    async def carry(self, claims: Sequence[Claim]) -> None:
        """Carry out one batch of claims; whatever is not sent is given back."""
        orders = self._desk.outbox.orders([claim.key for claim in claims])
        chains = self._desk.ledger.chains(self._desk.slug, {c.effect.chain for c in claims})
        links: dict[tuple[str, int], list[tuple[Claim, DocumentOrder]]] = defaultdict(list)
        for claim in claims:
            if claim.key not in orders:
                await self._books.give_back(claim, "not-prepared")  # the next sweep prepares it
                continue
            powerserver, order = orders[claim.key]
            self._desk.wire_named(powerserver)  # says so where the file has it no longer
            link = self._writers[powerserver].link_of(order.patient.id)
            links[powerserver, link].append((claim, order))
        try:
            served = await asyncio.gather(
                *(
                    self._serve(self._writers[name], work, chains)
                    for (name, _), work in links.items()
                ),
                return_exceptions=True,  # one link's failure must not leave others unwatched
            )
        finally:
            await self._books.close()
        for each in served:
            if isinstance(each, BaseException):
                raise each

    async def _serve(self, writer: DocumentWriter, work: Work, chains: Chains) -> None:
        fit = [
            each
            for claim, order in work
            if (each := await self._fitted(claim, order, writer, chains[claim.effect.chain]))
        ]
        wrappings = self._desk.outbox.wrappings(
            {order.key: built for _, order, built in fit},
            unsent=[claim.key for claim, _, _ in fit if claim.effect.is_unsent],
        )
        failures = 0
        for position, (claim, order, _) in enumerate(fit):
            error = await self._carry_one(writer, claim, order, wrappings)
            failures = failures + 1 if error else 0
            if failures >= FAILURES_THAT_STOP_A_LINK:
                self.stopped_by = error
                for rest, _, _ in fit[position + 1 :]:
                    await self._books.give_back(rest, "link-stopped")
                return

    async def _fitted(
        self,
        claim: Claim,
        order: DocumentOrder,
        writer: DocumentWriter,
        chain: Sequence[EffectRow],
    ) -> tuple[Claim, DocumentOrder, tuple[bytes, bytes]] | None:
        """Give the order as it goes now, with its wrapping; None if it does not go."""
        try:
            adapted = self._adapt(claim.effect, order, chain)
            return claim, adapted, writer.wrap(adapted)
        except NotCalledFor as by_now:
            await self._books.let_go(claim, by_now.reason)
        except Unsendable as refusal:
            await self._books.park(claim, refusal.code)
        except UNFORESEEN:  # about this one document; the others are not to wait for it
            await self._books.park(claim, CANNOT_PREPARE)
        return None

    async def _carry_one(
        self,
        writer: DocumentWriter,
        claim: Claim,
        order: DocumentOrder,
        wrappings: Mapping[EffectKey, tuple[bytes, bytes]],
    ) -> PeerError | None:
        """Carry one effect; gives the error if the link itself failed."""
        sent = False

        async def before_send() -> None:
            nonlocal sent
            ready = await self._ledger.sent(claim)
            sent = True
            require_in_time(ready, self._desk.timings)

        try:
            answer = await writer.file(order, wrappings[order.key], before_send)
        except (LateWorker, SwitchedOff) as refusal:
            self.outcomes[type(refusal).__name__] += 1
        except Unsendable as refusal:
            await self._books.park(claim, refusal.code)
        except TooLate:
            await self._books.tell(claim, EffectState.IN_DOUBT, reason="too-late")
        except PeerError as error:
            return await self._failed(claim, error, sent=sent)
        else:
            self._answered(claim, answer)
        return None

    def _answered(self, claim: Claim, answer: Answer) -> None:
        state = {
            AnswerKind.LANDED: EffectState.LANDED,
            AnswerKind.ACCEPTED: EffectState.IN_DOUBT,
            AnswerKind.REJECTED: EffectState.REJECTED,
        }[answer.kind]
        reason = "" if state is EffectState.LANDED else _code("answer", answer.code)
        evidence: Evidence = {"answer": answer.code, "peer-id": answer.peer_id}
        self._books.note(claim, state, reason=reason, evidence=evidence)

    async def _failed(self, claim: Claim, error: PeerError, *, sent: bool) -> PeerError | None:
        """Write down what a failure means for the effect; gives it back if the link failed."""
        if not sent:
            self.stopped_by = error
            await self._books.give_back(claim, "not-sent")
            return error
        if isinstance(error, Rejected):
            reason = _code("answer", error.code)
            await self._books.tell(claim, EffectState.REJECTED, reason=reason)
            return None
        if isinstance(error, StatusMoved):
            self.stopped_by = error
            await asyncio.to_thread(_switch_off, self._desk, claim)
        await self._books.tell(claim, EffectState.IN_DOUBT, reason=_why_in_doubt(error))
        return error


def _why_in_doubt(error: PeerError) -> str:
    if isinstance(error, StatusMoved):
        return STUDY_STATUS_MOVED
    return {Uncertain: "no-answer", Malformed: "malformed-answer"}.get(type(error), "unsure")


def _switch_off(desk: Desk, claim: Claim) -> None:
    """
    Stop the process for good: the way documents are sent here changes studies.

    Source: domain.md 5.2; docs/sources.md#ps-study-status
    """
    why = "a document sent by C-STORE moved its study's status"
    desk.ledger.set_mode(desk.slug, desk.process, Mode.WATCH, who=desk.actor, why=why)
    ask(desk, STUDY_STATUS_MOVED, claim.key, key=claim.key)


def _code(*parts: str) -> str:
    return "-".join(part.replace("/", ":") for part in parts if part)
