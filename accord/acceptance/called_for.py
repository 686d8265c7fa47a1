"""Whether a step is called for now: asked for by the file, and with a ground to stand on."""

from accord.acceptance.building import Rows
from accord.acceptance.looking import Scene
from accord.acceptance.results import outcome_of
from accord.acceptance.seeing import is_at
from accord.acceptance.stages import CLEAN_UP, STAGES, WALK, Stage
from accord.acceptance.walk import Walk
from accord.domain.acceptance import Outcome, Step
from accord.domain.effects import EffectState
from accord.domain.statuses import Canonical

_REMOVALS = frozenset(stage.step for stage in CLEAN_UP if stage.about is not None)
_TAKEN = frozenset({EffectState.LANDED, EffectState.VERIFIED})


def may_come(stage: Stage, walk: Walk, rows: Rows) -> bool:
    """Say whether a step is asked for, and the walk has not gone on without it."""
    return stage.route in walk.settings.tries and not _is_passed(stage, rows)


def is_called_for(stage: Stage, walk: Walk, scene: Scene, rows: Rows) -> bool:
    """
    Say whether a step is to be tried now.

    What is there is what is seen, not what was answered: a study that a person ordered under our
    number is as good a ground as one that PowerServer took from us.
    """
    if not may_come(stage, walk, rows) or not _has_ground(stage, scene, rows):
        return False
    if scene.study is not None and is_at(scene.study, stage.becomes):
        return False  # it is so already: nothing could be proven
    if stage.step in _REMOVALS:
        return outcome_of(rows.get(Step.WITHDRAWAL)) is Outcome.ACCEPTED
    if stage.step is Step.APPOINTMENT_CANCELLED:
        return outcome_of(rows.get(Step.APPOINTMENT)) is Outcome.ACCEPTED
    return True


def _is_passed(stage: Stage, rows: Rows) -> bool:
    """Say whether the walk has gone on without this step: it is not made up for afterwards."""
    order = list(STAGES)
    later = order[order.index(stage.step) + 1 :]
    if stage in WALK and any(each.step in rows for each in CLEAN_UP):
        return True
    return any(step in rows and STAGES[step].lineage == stage.lineage for step in later)


def _has_ground(stage: Stage, scene: Scene, rows: Rows) -> bool:
    if stage.needs is None:
        return True
    if stage.needs is Step.ORDER:
        return scene.study is not None
    if stage.needs is Step.PATIENT:
        patient = rows.get(Step.PATIENT)
        return bool(scene.studies) or (patient is not None and patient.state in _TAKEN)
    filed = rows.get(stage.needs)
    return filed is not None and scene.shows(filed.evidence.get("sop"))


def is_cancelled(scene: Scene) -> bool:
    """Say whether nothing is left of the order that somebody would have to cancel."""
    return scene.study is None or is_at(scene.study, Canonical.CANCELLED)
