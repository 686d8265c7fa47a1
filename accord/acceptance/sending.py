"""Sending one step, once: planned, claimed, committed as sent, answered."""

import asyncio
from contextlib import suppress

from accord.acceptance.books import Books
from accord.acceptance.building import Built, Rows, UnfitSettings, built
from accord.acceptance.looking import Scene, WalkedPeer
from accord.acceptance.results import REFUSED, UNPROVEN
from accord.acceptance.seeing import before, time_of
from accord.acceptance.stages import Stage
from accord.acceptance.walk import Walk
from accord.adapters.dicom_filing import StatusMoved, StatusUnread
from accord.adapters.errors import Malformed, PeerError, Rejected
from accord.adapters.powerserver import Unsendable
from accord.delivery.ports import BeforeSend
from accord.delivery.sending import TooLate, require_in_time
from accord.domain.acceptance import Step
from accord.domain.documents import Answer, AnswerKind
from accord.domain.effects import EffectState
from accord.domain.identifiers import EffectKey
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.records import Claim, EffectRow, Evidence, PlannedEffect
from accord.setup.applying import LEASE

_S = EffectState


class Sender:
    """Sends the steps of one walk; it decides nothing about what was seen."""

    def __init__(self, walk: Walk, peer: WalkedPeer) -> None:
        self._walk, self._peer, self._desk = walk, peer, walk.desk
        self._ledger, self._books = walk.desk.ledger, Books(walk.desk)

    def plan(self, stage: Stage, scene: Scene, rows: Rows) -> EffectRow:
        """
        Write a step down, with what stands there before it; built first, so that it can be sent.

        Raises:
            UnfitSettings: it cannot be built.
        """
        at = self._desk.now().replace(microsecond=0)
        ready = built(self._walk, stage, at, scene, rows)
        self._wrapping(ready)
        effect = PlannedEffect.model_validate(
            {
                "key": self._walk.key_of(stage.step),
                "organization": self._desk.slug,
                "process": self._desk.process,
                "intent": stage.intent,
                "subject": self._desk.name_of(self._walk.patient.id),
                "chain": self._walk.chain_of(stage),
                "occasion": stage.step.value,
                "facility": self._walk.facility.slug,
                "digest": ready.digest,
                "evidence": {"at": at.isoformat(), **before(scene)},
            }
        )
        return self._ledger.plan([effect], run=self._desk.run)[0]

    def refresh(self, row: EffectRow, scene: Scene) -> EffectRow:
        """Keep what stands there now before a step of which nothing has left yet."""
        now = before(scene)
        if row.attempts or all(row.evidence.get(name) == value for name, value in now.items()):
            return row
        return self._books.plan_again(row, "what stands there was read anew", now)

    async def send(self, stage: Stage, row: EffectRow, scene: Scene, rows: Rows) -> EffectRow:
        """
        Send a planned step, and give it as it stands then.

        Raises:
            PeerError: it could not be reached; nothing was sent, and it is planned again.
            UnfitSettings: it cannot be built.
        """
        ready = built(self._walk, stage, time_of(row), scene, rows)
        if row.attempts and ready.digest != row.digest:
            self._books.close(row, UNPROVEN, "it cannot be made again as it was sent", {})
            return self._ledger.effect(row.key)
        claims = self._ledger.claim(
            self._desk.slug,
            self._desk.process,
            [row.key],
            holder=self._desk.actor,
            lease=LEASE,
            limit=1,
        )
        if claims:
            await self._carry(claims[0], ready)
        return self._ledger.effect(row.key)

    async def _carry(self, claim: Claim, ready: Built) -> None:
        is_sent = False

        async def before_send() -> None:
            nonlocal is_sent
            ready = await asyncio.to_thread(self._ledger.sent, claim)
            is_sent = True
            require_in_time(ready, self._desk.timings)

        try:
            answer = await self._exchange(ready, claim.key, before_send)
        except (LateWorker, SwitchedOff):
            return
        except TooLate:
            self._books.answer(claim, _S.IN_DOUBT, "too-late")
        except PeerError as error:
            self._failed(claim, error, is_sent=is_sent)
        else:
            landed = answer.kind is AnswerKind.LANDED
            state = _S.LANDED if landed else _S.IN_DOUBT
            self._books.answer(claim, state, evidence={"answer": answer.code})

    def _failed(self, claim: Claim, error: PeerError, *, is_sent: bool) -> None:
        """Write down what a failure means; raise it where nothing has left, and time may heal."""
        code = error.code
        if not is_sent:
            self._not_sent(claim, error)
        elif isinstance(error, StatusMoved | StatusUnread):
            # it was taken; what it did to the study is seen by the look that follows
            self._books.answer(claim, _S.LANDED, evidence={"answer": code})
        elif isinstance(error, Rejected):
            reason = f"answer-{code or 'rejected'}".replace("/", ":")
            self._books.answer(claim, _S.REJECTED, reason, _refusal(code or "rejected"))
        else:
            what = "malformed-answer" if isinstance(error, Malformed) else "no-answer"
            self._books.answer(claim, _S.IN_DOUBT, what)

    def _not_sent(self, claim: Claim, error: PeerError) -> None:
        with suppress(LateWorker):
            self._ledger.give_back(claim)
        if not isinstance(error, Rejected):
            raise error
        # refused before anything left: the association, or the study it was to join
        row, answer = self._ledger.effect(claim.key), error.code or "refused"
        self._books.close(row, REFUSED, "refused before it left", _refusal(answer))

    async def _exchange(self, ready: Built, key: EffectKey, before_send: BeforeSend) -> Answer:
        order, peer = ready.order, self._peer
        if order is None:
            patient = self._walk.patient.id
            return await peer.send(ready.message, patient, key=key, before_send=before_send)
        if key == self._walk.key_of(Step.STORED):
            return await peer.store(order, before_send)
        return await peer.file(order, self._wrapping(ready), before_send)

    def _wrapping(self, ready: Built) -> tuple[bytes, bytes]:
        try:
            return self._peer.wrap(ready.order) if ready.order is not None else (b"", b"")
        except Unsendable as refusal:
            raise UnfitSettings(refusal.code) from None


def _refusal(code: str) -> Evidence:
    return {"answer": code, REFUSED: 1}
