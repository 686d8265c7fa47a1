"""Walking: each step once, in order, looked for before the next one goes."""

import asyncio
from collections.abc import Sequence

from accord.acceptance.building import Rows
from accord.acceptance.called_for import is_called_for, may_come
from accord.acceptance.looking import Sleep, WalkedPeer, look, require_nobody_else
from accord.acceptance.results import rows_of
from accord.acceptance.sending import Sender
from accord.acceptance.settling import Settler
from accord.acceptance.stages import STAGES, Stage
from accord.acceptance.walk import Walk
from accord.domain.acceptance import Step
from accord.domain.effects import FINISHED, EffectState
from accord.ledger.records import EffectRow

_S = EffectState
_UNMET = frozenset({_S.LANDED, _S.IN_DOUBT})
_LEFT_US = frozenset({_S.LANDED, _S.REJECTED, _S.IN_DOUBT})


class Walker:
    """
    Walks one PowerServer with its synthetic patient.

    A step that has an end is never done again; a killed run's steps are looked for first. What
    the peer refuses is a fact, and the walk goes on.
    """

    def __init__(self, walk: Walk, peer: WalkedPeer, *, sleep: Sleep = asyncio.sleep) -> None:
        self._walk, self._peer, self._ledger = walk, peer, walk.desk.ledger
        self._sender = Sender(walk, peer)
        self._settler = Settler(walk, peer, self._sender, sleep)

    async def go(self, stages: Sequence[Stage]) -> bool:
        """
        Take the steps that are called for; give whether all of them have come to an end.

        It stops where one is in doubt, or may not leave: the next run goes on there.

        Raises:
            NotOurs: somebody else has the synthetic patient's number; nothing is written.
            PeerError: PowerServer could not be reached, or not be read.
            UnfitSettings: a setting does not fit what carries it.
        """
        self._ledger.release_expired(who=self._walk.desk.actor)
        await require_nobody_else(self._peer, self._walk)
        for stage in stages:
            if not await self._take(stage):
                return False
            await self._meet_the_patient()
        return True

    async def _take(self, stage: Stage) -> bool:
        """Take one step as far as it goes; give whether it has an end, or is not called for."""
        rows = rows_of(self._walk)
        row = rows.get(stage.step)
        if row is not None and row.state in FINISHED:
            return True
        if row is None and not may_come(stage, self._walk, rows):
            return True
        if row is None or row.state is _S.PLANNED:
            row = await self._send(stage, row, rows)
        if row is None or (stage.step is Step.PATIENT and row.state in _UNMET):
            return True  # over DICOM a patient shows with their first study
        if row.state in _LEFT_US:
            return await self._settler.settle(stage)
        return row.state in FINISHED

    async def _send(self, stage: Stage, row: EffectRow | None, rows: Rows) -> EffectRow | None:
        """Plan a step if it is called for, and send it; None: it is not."""
        scene = await look(self._peer, self._walk, documents=stage.touches_documents)
        if row is not None:
            row = self._sender.refresh(row, scene)
        elif is_called_for(stage, self._walk, scene, rows):
            row = self._sender.plan(stage, scene, rows)
        else:
            return None
        return await self._sender.send(stage, row, scene, {**rows, stage.step: row})

    async def _meet_the_patient(self) -> None:
        """Look whether the patient shows, where that is still open and there is a study."""
        row = rows_of(self._walk).get(Step.PATIENT)
        if row is None or row.state not in _UNMET:
            return
        scene = await look(self._peer, self._walk, documents=False)
        if scene.studies:
            await self._settler.settle(STAGES[Step.PATIENT])

    async def close_the_patient(self) -> None:
        """At the walk's end: a patient who never showed is unproven."""
        row = rows_of(self._walk).get(Step.PATIENT)
        if row is not None and row.state in _UNMET:
            await self._settler.settle(STAGES[Step.PATIENT], at_once=True)
