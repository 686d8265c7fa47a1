"""What a look proves of each step: by presence, by a status, by absence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from accord.acceptance.looking import Scene
from accord.acceptance.stages import STAGES, Stage
from accord.acceptance.walk import Walk
from accord.adapters.dicom_patient import PatientStudy
from accord.delivery.readback import Found, match, may_be
from accord.domain.acceptance import Harm, Step
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Rung
from accord.domain.identifiers import Uid
from accord.domain.status_tables import TABLE
from accord.domain.statuses import Canonical, System, SystemStatus, UnknownStatus
from accord.ledger.records import EffectRow, Evidence
from accord.rendering.pdf import same_content

LOOKS_FOR_ABSENCE = 2
"""A withdrawal counts once the document was missing in so many looks, one after the other."""


class Proof(NamedTuple):
    """What was seen. Without a rung the step is not proven, whatever was seen of it."""

    rung: Rung | None
    evidence: Evidence


@dataclass(frozen=True)
class View:
    """One look, and what is known of the walk so far."""

    walk: Walk
    scene: Scene
    rows: Mapping[Step, EffectRow]
    contents: Mapping[Uid, bytes] = field(default_factory=dict)
    is_last: bool = False
    """Whether the step's time is over with this look."""
    gone_before: int = 0
    """How many looks in a row have missed what is withdrawn."""

    def sop_of(self, step: Step | None) -> str:
        """Give the document that a step was seen to have filed; '' where none was."""
        row = self.rows.get(step) if step else None
        return str(row.evidence.get("sop", "")) if row is not None else ""

    def at(self, step: Step) -> datetime:
        """Give a step's own time."""
        return time_of(self.rows[step])


def time_of(row: EffectRow) -> datetime:
    """Give an effect's own time, which stands in all that it sends."""
    return datetime.fromisoformat(str(row.evidence.get("at") or row.planned_at))


def seen(stage: Stage, view: View) -> Proof | None:
    """Say what a look shows of a step; None where it shows nothing of it yet."""
    if stage.step is Step.PATIENT:
        return Proof(Rung.PRESENT, {}) if view.scene.studies else None
    if stage.step is Step.REPEAT:
        return _repeated(stage, view)
    if stage.step is Step.REPLACEMENT:
        return _replaced(stage, view)
    if stage.files:
        return _filed(stage, view)
    if stage.about is not None:
        return _withdrawn(stage, view)
    return _ordered(stage, view)


def _ordered(stage: Stage, view: View) -> Proof | None:
    study = view.scene.study
    if study is None:
        return None
    if stage.step is Step.ORDER:
        return Proof(Rung.PRESENT, {"study": study.state.study_uid, **_status(view.scene)})
    if stage.step is Step.APPOINTMENT:
        wanted = view.walk.booked_for(view.at(Step.ORDER))
        return Proof(Rung.PRESENT, _status(view.scene)) if study.state.at == wanted else None
    return Proof(Rung.PRESENT, _status(view.scene)) if is_at(study, stage.becomes) else None


def is_at(study: PatientStudy, wanted: Canonical | None) -> bool:
    """Say whether a study's status stands for what is wanted, by the status table."""
    if wanted is None or not study.state.status:
        return False
    try:
        means = TABLE.means(SystemStatus.of(System.DICOM, study.state.status))
    except UnknownStatus:
        return False
    return wanted in means


def _status(scene: Scene) -> Evidence:
    return {"status": scene.status} if scene.status else {}


def _filed(stage: Stage, view: View) -> Proof | None:
    found = _found(stage, view)
    if found is None:
        return None
    evidence: Evidence = {
        "study": found.study_uid,
        "series": found.series_uid,
        "sop": found.sop_uid,
        "copies": found.copies,
    }
    if found.copies > 1:
        evidence[Harm.TWICE] = 1
    return Proof(found.rung, evidence)


def _found(stage: Stage, view: View) -> Found | None:
    """Find a step's document: by its bytes, its content, or as the only one with its title."""
    order = view.walk.document(stage, view.at(stage.step), view.scene.accession)
    free = [each for each in view.scene.documents if each.sop_uid not in _others(stage, view)]
    found = match([order], free, view.contents, _same)
    if order.key in found:
        return found[order.key]
    titled = [
        each
        for each in free
        if each.title == order.title and may_be(each, order) and each.sop_uid not in view.contents
    ]
    if len(titled) != 1 or not titled[0].document_type or titled[0].section is None:
        return None
    one = titled[0]
    return Found(
        study_uid=one.study_uid,
        series_uid=one.series_uid,
        sop_uid=one.sop_uid,
        rung=Rung.PRESENT,
    )


def _others(stage: Stage, view: View) -> frozenset[str]:
    return frozenset(view.sop_of(step) for step in view.rows if step is not stage.step)


def _same(order: DocumentOrder, content: bytes) -> bool:
    return same_content(order.content, content)


def _repeated(stage: Stage, view: View) -> Proof | None:
    """Count the copies of what was sent twice; one is proven only once the time is over."""
    assert stage.about is not None
    order = view.walk.document(STAGES[stage.about], view.at(stage.about), view.scene.accession)
    copies = sum(
        may_be(each, order)
        and each.title == order.title
        and (each.sop_uid not in view.contents or _same(order, view.contents[each.sop_uid]))
        for each in view.scene.documents
    )
    if copies > 1:
        return Proof(None, {"copies": copies, Harm.TWICE: 1})
    return Proof(Rung.PRESENT, {"copies": copies}) if copies == 1 and view.is_last else None


def _replaced(stage: Stage, view: View) -> Proof | None:
    filed = _filed(stage, view)
    if filed is None:
        return None
    if view.scene.shows(view.sop_of(stage.about)):
        return Proof(None, {**filed.evidence, Harm.OLD_ONE_STAYS: 1})
    return filed


def _withdrawn(stage: Stage, view: View) -> Proof | None:
    is_gone = not view.scene.shows(view.sop_of(stage.about))
    if not is_gone or view.gone_before + 1 < LOOKS_FOR_ABSENCE:
        return None
    return Proof(Rung.PRESENT, {})


def is_missing(stage: Stage, view: View) -> bool:
    """Say whether what a step withdraws is not there in this look."""
    return stage.about is not None and not view.scene.shows(view.sop_of(stage.about))


def before(scene: Scene) -> Evidence:
    """Keep what stood there before a step, so that a rerun still knows it."""
    return {
        "status-before": scene.status,
        "exams-before": scene.exams,
        "carriers-before": scene.carriers,
    }
