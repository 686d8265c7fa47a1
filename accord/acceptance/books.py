"""Writing a walk down: each move in the ledger, each touch of the patient in the audit trail."""

from collections.abc import Sequence
from contextlib import suppress

from accord.delivery.auditing import Touch, note_touches
from accord.delivery.desk import Desk
from accord.domain.effects import EffectState, Rung
from accord.ledger.errors import LateWorker, LedgerRefusal
from accord.ledger.records import Claim, EffectRow, Evidence, Move

_S = EffectState


class Books:
    """The ledger and the audit trail, as one walk writes them."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._ledger = desk, desk.ledger

    def answer(
        self, claim: Claim, to: EffectState, reason: str = "", evidence: Evidence | None = None
    ) -> None:
        """Write down what the peer answered; a late worker's word counts no more."""
        with suppress(LateWorker):  # whoever has it now looks what became of it
            self._ledger.answered(claim, to, reason=reason, evidence=evidence)
        self._note("write", claim.effect, reason or to.value)

    def verify(self, row: EffectRow, rung: Rung, evidence: Evidence) -> None:
        """Write down that a step was seen."""
        why = "seen at the peer"
        landed = [] if row.state is _S.LANDED else [self._to(row, _S.LANDED, why)]
        verified = self._to(row, _S.VERIFIED, why, rung=rung, evidence=evidence)
        self._move([*landed, verified])
        self._note("read-back", row, "verified")

    def close(self, row: EffectRow, reason: str, why: str, evidence: Evidence) -> None:
        """End a step that was not proven; what was seen of it is kept."""
        # the only way from there that is not green
        parked = [] if row.state is _S.REJECTED else [self._to(row, _S.PARKED, why, reason=reason)]
        closed = self._to(row, _S.SUPERSEDED, why, reason=reason, evidence=evidence)
        self._move([*parked, closed])
        self._note("read-back", row, reason)

    def plan_again(self, row: EffectRow, why: str, evidence: Evidence) -> EffectRow:
        """Plan anew a step of which nothing has left, with what stands there now."""
        parked = self._to(row, _S.PARKED, why)
        return self._move([parked, self._to(row, _S.PLANNED, why, evidence=evidence)])

    def resend(self, row: EffectRow) -> EffectRow:
        """Plan a step again that was seen absent twice, and that the peer takes twice."""
        return self._move([self._to(row, _S.PLANNED, "absent twice, and safe to repeat")])

    def _to(  # noqa: PLR0913 - a move's own words
        self,
        row: EffectRow,
        to: EffectState,
        why: str,
        *,
        reason: str = "",
        evidence: Evidence | None = None,
        rung: Rung | None = None,
    ) -> Move:
        return Move(
            key=row.key,
            to=to,
            who=self._desk.actor,
            why=why,
            reason=reason,
            evidence=evidence or {},
            rung=rung,
        )

    def _move(self, moves: Sequence[Move]) -> EffectRow:
        """Carry out moves of one effect in one transaction: a kill finds none of them, or all."""
        outcomes = self._ledger.moves(moves)
        for outcome in outcomes:
            if isinstance(outcome, LedgerRefusal):
                raise outcome
        last = outcomes[-1]
        assert isinstance(last, EffectRow)
        return last

    def _note(self, action: str, row: EffectRow, outcome: str) -> None:
        note_touches(self._desk, action, "powerserver", [Touch(row.subject, row.key, outcome)])
