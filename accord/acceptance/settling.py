"""Settling a step that has left us: by what is seen, or by the end of its time."""

from accord.acceptance.books import Books
from accord.acceptance.building import Rows
from accord.acceptance.harms import harms_of
from accord.acceptance.looking import Scene, Sleep, WalkedPeer, contents, look, reads_well
from accord.acceptance.results import REFUSED, UNPROVEN, rows_of
from accord.acceptance.seeing import View, is_missing, seen
from accord.acceptance.sending import Sender
from accord.acceptance.stages import Stage
from accord.acceptance.walk import Walk
from accord.delivery.verifying import FIRST_PAUSE_S, LONGEST_PAUSE_S
from accord.domain.acceptance import Route, Step
from accord.domain.effects import FINISHED, EffectState
from accord.domain.settling import Look, Open, settle
from accord.domain.settling import Step as Verdict
from accord.domain.wires import ReadBack
from accord.ledger.records import EffectRow, Evidence

_S = EffectState
_TOLD_BY_THE_ANSWER = frozenset({Step.PATIENT, Step.REPEAT})
"""What is there after these may be there without them: without an answer they prove nothing, and
nothing is gained by sending them again."""
_OPEN = frozenset({_S.LANDED, _S.REJECTED, _S.IN_DOUBT})


class Settler:
    """Looks for the steps of one walk until they are settled; the next one waits for that."""

    def __init__(self, walk: Walk, peer: WalkedPeer, sender: Sender, sleep: Sleep) -> None:
        self._walk, self._peer, self._sender, self._sleep = walk, peer, sender, sleep
        self._ledger, self._books = walk.desk.ledger, Books(walk.desk)

    async def settle(self, stage: Stage, *, at_once: bool = False) -> bool:
        """
        Look for one step until it is seen or its time is over; give whether it has an end.

        What was taken and is not seen in time is unproven, for good: what later steps change
        must not be taken for what this one did. What is in doubt stays so until it may be
        judged.

        Args:
            at_once: look only once: its time is over.

        Raises:
            PeerError: nothing could be concluded.
        """
        patience = 0.0 if at_once else self._walk.settings.wait.total_seconds()
        waited, pause, gone = 0.0, FIRST_PAUSE_S, 0
        while True:
            rows = rows_of(self._walk)
            row = rows[stage.step]
            if row.state not in _OPEN:
                return row.state in FINISHED
            view = await self._view(stage, rows, is_last=waited >= patience, gone=gone)
            gone = gone + 1 if is_missing(stage, view) else 0
            if await self._conclude(stage, row, view):
                continue
            if view.is_last:
                return False
            await self._sleep(pause)
            waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE_S)

    async def _view(self, stage: Stage, rows: Rows, *, is_last: bool, gone: int) -> View:
        scene = await look(self._peer, self._walk, documents=stage.touches_documents)
        others = (row for step, row in rows.items() if step is not stage.step)
        known = frozenset(row.evidence.get("sop") for row in others)
        bytes_of = await contents(self._peer, scene, known) if stage.touches_documents else {}
        return View(self._walk, scene, rows, bytes_of, is_last, gone)

    async def _conclude(self, stage: Stage, row: EffectRow, view: View) -> bool:
        """Move the step on by one look; give whether anything was concluded."""
        proof = seen(stage, view)
        evidence: Evidence = proof.evidence if proof is not None else {}
        evidence = {**evidence, **harms_of(stage, row, view.scene)}
        if proof is not None and proof.rung is not None and _may_be_its_doing(stage, row):
            self._books.verify(row, proof.rung, evidence)
        elif row.state is _S.REJECTED and (view.is_last or not is_missing(stage, view)):
            self._books.close(row, REFUSED, "refused, and not there", evidence)
        elif view.is_last and (row.state is _S.LANDED or stage.step in _TOLD_BY_THE_ANSWER):
            self._books.close(row, UNPROVEN, "not seen in time", evidence)
        elif row.state is _S.IN_DOUBT and not _is_still_open(stage, view):
            return await self._doubted(stage, row, view.scene, evidence)
        else:
            return False
        return True

    async def _doubted(
        self, stage: Stage, row: EffectRow, scene: Scene, evidence: Evidence
    ) -> bool:
        match await self._verdict(stage, row, scene):
            case Verdict.NOTE_ABSENCE:
                self._ledger.saw_absent(row.key, self._walk.desk.now())
            case Verdict.RESEND:
                again = self._books.resend(row)
                await self._sender.send(stage, again, scene, rows_of(self._walk))
            case Verdict.PARK:
                self._books.close(row, UNPROVEN, "no answer, and absent twice", evidence)
            case _:
                return False
        return True

    async def _verdict(self, stage: Stage, row: EffectRow, scene: Scene) -> Verdict:
        desk = self._walk.desk
        effect = Open(
            state=row.state,
            sent_at=row.sent_at or row.updated_at,
            absent_at=row.absent_at,
            safe_to_repeat=self._walk.wire.hl7.takes_repeats or stage.route is Route.C_STORE,
        )
        alive = await reads_well(self._peer, self._walk, scene)
        return settle(
            effect,
            Look(rung=None, alive=alive),
            now=desk.now(),
            timings=desk.timings,
            read_back=ReadBack.DICOM,
        ).step


def _may_be_its_doing(stage: Stage, row: EffectRow) -> bool:
    """Say whether what is seen may come of this step: the peer has said so, or it alone can."""
    return row.state is _S.LANDED or stage.step not in _TOLD_BY_THE_ANSWER


def _is_still_open(stage: Stage, view: View) -> bool:
    """Say whether one more look will tell: then nothing is concluded from this one."""
    return stage.step in _TOLD_BY_THE_ANSWER or is_missing(stage, view)
