"""Carrying out an approved plan at OmegaAI: each change once, only while it is still called for."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from accord.adapters.errors import PeerError, Rejected
from accord.domain.effects import EffectState, Rung
from accord.domain.identifiers import EffectKey
from accord.domain.organizations import Organization
from accord.ledger.applied import Applied, Owner
from accord.ledger.audit import AuditEntry
from accord.ledger.errors import LateWorker, SwitchedOff
from accord.ledger.ledger import Ledger
from accord.ledger.records import Claim, Evidence
from accord.setup.change_plans import Kind, PlannedChange
from accord.setup.changes import Verdict
from accord.setup.hands import MOVED, Hand, RoomHand, Seen, ServiceHand
from accord.setup.ports import ServiceWriter

LEASE = timedelta(minutes=1)
"""As long as a killed run keeps its turn: whoever has the turn may take what it had."""

DIFFERS = "differs"
S = EffectState
Items = Mapping[EffectKey, PlannedChange]


class Clock(Protocol):
    """The time, aware."""

    def __call__(self) -> datetime:
        """Read it."""


@dataclass(frozen=True)
class Site:
    """Whose set-up it is, and who acts on it."""

    organization: Organization
    process: str
    actor: str
    run: str
    now: Clock

    @property
    def owner(self) -> Owner:
        """Whose objects these are, for the ledger."""
        return Owner(organization=self.organization.slug, process=self.process)


@dataclass
class Applier:
    """Carries out approved changes of one organization, one after the other, in their order."""

    site: Site
    ledger: Ledger
    writer: ServiceWriter
    outcomes: Counter[str] = field(default_factory=Counter)
    _hands: dict[Kind, Hand] = field(default_factory=dict)
    """Of this plan: each remembers where things can stand."""

    async def apply(self, items: Items) -> None:
        """
        Carry out what is planned of `items`; first look what became of what was sent before.

        Raises:
            PeerError: OmegaAI could not be reached; what was not sent is planned again.
        """
        self.ledger.release_expired(who=self.site.actor)
        made = frozenset(each.live_id for each in self.ledger.applied(self.site.owner))
        self._hands = {
            Kind.ROOM: RoomHand(self.site.organization, self.writer),
            Kind.SERVICE: ServiceHand(self.site.organization, self.writer, made),
        }
        await self._settle(items)
        for kind in Kind:
            await self._carry_all({key: item for key, item in items.items() if item.kind is kind})

    async def _carry_all(self, items: Items) -> None:
        while items and (claims := self._next(items)):
            await self._carry(claims[0], items[claims[0].key])

    def _next(self, items: Items) -> list[Claim]:
        return self.ledger.claim(
            self.site.organization.slug,
            self.site.process,
            list(items),
            holder=self.site.actor,
            lease=LEASE,
            limit=1,
        )

    async def _settle(self, items: Items) -> None:
        """Look what became of what was sent by a run that did not come to its end."""
        for row in self.ledger.effects(items).values():
            if row.state not in (S.IN_DOUBT, S.LANDED):
                continue
            item = items[row.key]
            hand = self._hand(item)
            seen = await hand.standing(item)
            if seen is not None and hand.shows(item, seen):
                if row.state is S.IN_DOUBT:
                    self._move(row.key, S.LANDED, "seen")
                self._verified(row.key, item, seen)
            elif row.state is S.IN_DOUBT:
                # both ways of writing are safe to repeat: `If-None-Exist`, `If-Match`
                self.ledger.saw_absent(row.key, self.site.now())
                self._move(row.key, S.PLANNED, "not there")
            else:
                self._park(row.key, DIFFERS)

    async def _carry(self, claim: Claim, item: PlannedChange) -> None:
        try:
            reason = await self._hand(item).why_not(item, self.site.now())
        except PeerError:
            self._give_back(claim)
            raise
        if reason:
            self._give_back(claim)
            self._park(claim.key, reason)
            return
        try:
            self.ledger.sent(claim)
        except (LateWorker, SwitchedOff) as refusal:
            self.outcomes[type(refusal).__name__] += 1
            return
        await self._sent(claim, item)

    async def _sent(self, claim: Claim, item: PlannedChange) -> None:
        hand = self._hand(item)
        try:
            seen = await hand.write(item)
        except Rejected as error:
            reason = MOVED if error.code == "412" else f"answer-{error.code or 'rejected'}"
            self._answer(claim, S.REJECTED, reason)
        except PeerError as error:
            self._answer(claim, S.IN_DOUBT, "no-answer")
            raise error
        else:
            evidence: Evidence = {"id": seen.id, "version": seen.version}
            self._answer(claim, S.LANDED, evidence=evidence)
            if hand.shows(item, seen):
                self._verified(claim.key, item, seen)
            else:
                self._park(claim.key, DIFFERS)

    def _hand(self, item: PlannedChange) -> Hand:
        return self._hands[item.kind]

    # -- the books -----------------------------------------------------------------------------

    def _verified(self, key: str, item: PlannedChange, seen: Seen) -> None:
        self._move(key, S.VERIFIED, "read back", rung=Rung.CONTENT)
        self.outcomes[S.VERIFIED] += 1
        if item.kind is Kind.ROOM:
            return  # found by its name: nothing is ever changed of it
        if item.change.verdict is Verdict.RETIRE:
            self.ledger.forget_applied(self.site.owner, item.change.key)
            return
        made = Applied(
            key=item.change.key, live_id=seen.id, fields=item.fields, protected=item.protected
        )
        self.ledger.note_applied(self.site.owner, made, run=self.site.run)

    def _answer(
        self, claim: Claim, to: EffectState, reason: str = "", evidence: Evidence | None = None
    ) -> None:
        with suppress(LateWorker):  # whoever has it now looks what became of it
            self.ledger.answered(claim, to, reason=reason, evidence=evidence)
        entry = AuditEntry(
            at=self.site.now(),
            actor=self.site.actor,
            action="write",
            peer="omegaai",
            entity=claim.effect.subject,
            what=claim.key,
            outcome=(reason or to.value).replace(" ", "-"),
        )
        self.ledger.audit([entry])
        if to is not S.LANDED:
            self.outcomes[to.value] += 1

    def _give_back(self, claim: Claim) -> None:
        with suppress(LateWorker):
            self.ledger.give_back(claim)

    def _park(self, key: str, reason: str) -> None:
        self.outcomes[S.PARKED] += 1
        self._move(key, S.PARKED, "a person decides", reason=reason)

    def _move(
        self, key: str, to: EffectState, why: str, *, reason: str = "", rung: Rung | None = None
    ) -> None:
        self.ledger.move(key, to, who=self.site.actor, why=why, reason=reason, rung=rung)
