from collections.abc import Sequence
from datetime import datetime, timedelta

from accord.domain.effects import EffectState, Rung
from accord.ledger import claiming, planning, working
from accord.ledger.errors import LedgerRefusal
from accord.ledger.questions import EffectQuestions
from accord.ledger.records import (
    Answered,
    Claim,
    Description,
    EffectRow,
    Evidence,
    GivenBack,
    Move,
    PlannedEffect,
    Sent,
)
from accord.ledger.working import Moment, Outcome, Step


class EffectLedger(EffectQuestions):
    """
    The effects: plan them, work on them, move them, ask for them.

    Threads may share one. Every method is one short transaction (`release_expired`: one per
    page), durable when it returns; none waits for anything but the database.

    Args:
        url: `sqlite:////path/ledger.db` or `postgresql://…`, migrated before.
        now: the clock; aware times.
        boot: seconds since boot, for deadlines on this machine.

    Raises:
        LedgerNotCurrent: the database is older or newer than this code.
    """

    # -- planning ------------------------------------------------------------------------------

    def plan(self, effects: Sequence[PlannedEffect], *, run: str = "") -> list[EffectRow]:
        """Add the effects that are not there yet, at the end of their chains; give all as is."""
        with self._database.write() as connection:
            return planning.add(connection, effects, run=run, now=self._now())

    def describe(self, key: str, description: Description) -> EffectRow:
        """
        Fill in what was not known when the effect was planned.

        Raises:
            UnknownEffect, IllegalMove: no such effect, or it is past being described.
        """
        with self._database.write() as connection:
            return planning.describe(connection, key, description, now=self._now())

    # -- a worker's walk -----------------------------------------------------------------------

    def claim(  # noqa: PLR0913 - all but two are named by the caller
        self,
        organization: str,
        process: str,
        keys: Sequence[str] | None = None,
        *,
        holder: str,
        lease: timedelta,
        limit: int,
    ) -> list[Claim]:
        """Take heads of chains to work on, of `keys` or of all; nothing in mode `watch`."""
        want = claiming.Want(organization, process, keys, holder, lease, limit)
        with self._database.write() as connection:
            return claiming.take(connection, want, now=self._now())

    def carry_out(self, steps: Sequence[Step]) -> list[Outcome]:
        """
        Carry out many steps in one transaction; each outcome in the order given.

        A claim means that its bytes may leave now. A refusal is given back, not raised.
        """
        moment = Moment(now=self._now(), boot_s=self._boot())
        with self._database.write() as connection:
            return working.carry_out(connection, steps, moment)

    def sent(self, claim: Claim) -> Sent:
        """
        Commit that the bytes of this effect may leave now.

        Raises:
            LateWorker: the lease is over or was taken over.
            SwitchedOff: the mode is `watch`; the effect has gone back.
        """
        outcome = self._one(claim)
        assert isinstance(outcome, Sent)
        return outcome

    def answered(
        self, claim: Claim, to: EffectState, *, reason: str = "", evidence: Evidence | None = None
    ) -> EffectRow:
        """
        Commit what became of what was sent: landed, rejected or in doubt.

        Raises:
            LateWorker: another has it; whoever resolves it looks at the peer.
        """
        step = Answered.model_validate(
            {"claim": claim, "to": to, "reason": reason, "evidence": evidence or {}}
        )
        return self._row(step)

    def give_back(
        self, claim: Claim, *, to: EffectState = EffectState.PLANNED, reason: str = "",
        not_before: datetime | None = None,
    ) -> EffectRow:  # fmt: skip
        """
        Give back a claimed effect of which nothing has left, or supersede it.

        Raises:
            LateWorker: another has it.
        """
        step = {"claim": claim, "to": to, "reason": reason, "not_before": not_before}
        return self._row(GivenBack.model_validate(step))

    def release_expired(self, *, who: str = "lease") -> list[EffectRow]:
        """Take effects whose lease is over: claimed to planned, sent to in doubt."""
        released: list[EffectRow] = []
        while True:
            with self._database.write() as connection:
                page = working.expire(connection, now=self._now(), who=who)
            released += page
            if len(page) < working.EXPIRY_PAGE:
                return released

    # -- moves without a lease -----------------------------------------------------------------

    def move(  # noqa: PLR0913 - all but two are named by the caller
        self, key: str, to: EffectState, *, who: str, why: str, reason: str = "",
        evidence: Evidence | None = None, rung: Rung | None = None,
        expected: EffectState | None = None, not_before: datetime | None = None,
    ) -> EffectRow:  # fmt: skip
        """
        Move an effect that no worker holds: verify, park, resolve a doubt, release, retry.

        Raises:
            UnknownEffect: no such key.
            IllegalMove: not from where it is now.
        """
        wanted = {
            "key": key, "to": to, "who": who, "why": why, "reason": reason, "rung": rung,
            "evidence": evidence or {}, "expected": expected, "not_before": not_before,
        }  # fmt: skip
        return self._row(Move.model_validate(wanted))

    def moves(self, wanted: Sequence[Move]) -> list[EffectRow | LedgerRefusal]:
        """Carry out many moves in one transaction; a refusal stands in its item's place."""
        outcomes = self.carry_out(wanted)
        return [outcome for outcome in outcomes if not isinstance(outcome, Sent)]

    def saw_absent(self, key: str, at: datetime) -> EffectRow:
        """
        Keep when a look first found nothing (`absent_at`); later looks do not move it.

        Raises:
            UnknownEffect, IllegalMove: no such effect, or neither in doubt nor rejected.
        """
        with self._database.write() as connection:
            return working.see_absent(connection, [(key, at)])[0]

    def _one(self, step: Step) -> Sent | EffectRow:
        outcome = self.carry_out([step])[0]
        if isinstance(outcome, LedgerRefusal):
            raise outcome
        return outcome

    def _row(self, step: Step) -> EffectRow:
        outcome = self._one(step)
        assert isinstance(outcome, EffectRow)
        return outcome
