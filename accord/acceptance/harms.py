"""What a step changed beside what it was meant to change."""

from accord.acceptance.looking import Scene
from accord.acceptance.stages import Stage
from accord.domain.acceptance import Harm, Remark, Step
from accord.ledger.records import EffectRow, Evidence


def harms_of(stage: Stage, row: EffectRow, scene: Scene) -> Evidence:
    """
    Compare what stands there now with what stood there before a step.

    A document may not move its study's status. Nothing but the order may bring a study behind
    which an exam would stand; one that only carries documents is told, for a person to look at.

    Source: docs/sources.md#ps-study-status, #ps-recv
    """
    found: Evidence = {}
    if stage.step is Step.PATIENT:
        return found  # who is seen with their first study, which the order brought
    status_before = row.evidence.get("status-before", "")
    if stage.touches_documents and status_before and scene.status != status_before:
        found[Harm.STATUS_MOVED] = 1
        found["status"] = scene.status
    ordered = 1 if stage.step is Step.ORDER else 0
    if scene.exams > int(row.evidence.get("exams-before", scene.exams)) + ordered:
        found[Harm.PHANTOM_STUDY] = 1
    if scene.carriers > int(row.evidence.get("carriers-before", scene.carriers)):
        found[Remark.DOCUMENTS_ONLY_STUDY] = 1
    return found
