"""An approved plan becomes effects: what earlier plans left of the same objects is superseded."""

from collections.abc import Mapping

from accord.domain.effects import EffectState
from accord.domain.identifiers import EffectKey
from accord.domain.keys import opaque
from accord.ledger.ledger import Ledger
from accord.ledger.records import PlannedEffect
from accord.setup.change_plans import PlannedChange

PLANNED_AGAIN = "planned-again"
_STOPPED = frozenset({EffectState.HELD, EffectState.PARKED, EffectState.REJECTED})
_WAITING = _STOPPED | {EffectState.PLANNED}


class Entry:
    """Where one organization's approved changes are written down as effects."""

    def __init__(
        self, ledger: Ledger, organization: str, process: str, site_key: bytes, *, run: str
    ) -> None:
        self._ledger, self._organization, self._process = ledger, organization, process
        self._site_key, self._run = site_key, run

    def enter(self, effects: Mapping[EffectKey, PlannedChange], *, who: str, plan: str) -> None:
        """
        Write down what was approved, each change once, under the keys that were approved.

        `who` is who approved it.

        What stopped before is planned again: somebody has looked at it, and approved it anew.
        """
        chains = {key: self._chain(item.change.key) for key, item in effects.items()}
        before = self._ledger.chains(self._organization, set(chains.values()))
        for row in (row for rows in before.values() for row in rows):
            if row.key not in effects and row.state in _WAITING:
                self._move(row.key, EffectState.SUPERSEDED, who, PLANNED_AGAIN)
        rows = self._ledger.plan(
            [self._effect(key, chains[key], item) for key, item in effects.items()],
            run=self._run,
        )
        for row in rows:
            if row.state in _STOPPED:
                self._move(row.key, EffectState.PLANNED, who, f"approved-{plan}")

    def _effect(self, key: str, chain: str, item: PlannedChange) -> PlannedEffect:
        return PlannedEffect.model_validate(
            {
                "key": key,
                "organization": self._organization,
                "process": self._process,
                "intent": item.intent,
                "subject": chain,
                "chain": chain,
                "occasion": item.change.version,
                "facility": item.change.key.partition("/")[0],
                "digest": item.digest,
            }
        )

    def _chain(self, key: str) -> str:
        return opaque(self._site_key, "set-up-chain", self._organization, self._process, key)

    def _move(self, key: str, to: EffectState, who: str, why: str) -> None:
        self._ledger.move(key, to, who=who, why=why)
