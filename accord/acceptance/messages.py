"""The messages of a walk about its patient and its order."""

from datetime import datetime

from accord.acceptance.stages import Stage
from accord.acceptance.walk import Walk
from accord.adapters.adt import registration
from accord.adapters.orm import order_message
from accord.adapters.siu import appointment_message
from accord.domain.acceptance import Step
from accord.domain.identifiers import AccessionNumber
from accord.domain.orders import StudyOrder

MINUTES = 30


def message(
    walk: Walk, stage: Stage, at: datetime, start: datetime, number: AccessionNumber | None
) -> bytes:
    """
    Build what a step about the patient or the order sends.

    Args:
        at: the effect's own time.
        start: when the study is to be.
        number: the study's accession number at PowerServer; None: ours.

    Raises:
        DoesNotFit, Unencodable: a setting is too long for its field.
    """
    key, hl7 = walk.key_of(stage.step), walk.wire.hl7
    if stage.step is Step.PATIENT:
        return registration(walk.patient, hl7, walk.zone, key=key, at=at)
    settings = walk.settings
    order = StudyOrder(
        key=key,
        patient=walk.patient,
        accession=number or walk.accession,
        placer_order=walk.placer_order,
        study_uid=walk.study_uid,
        procedure=settings.procedure,
        procedure_name=settings.procedure_name,
        modality=settings.modality,
        facility=walk.facility.name,
        referring=settings.referring,
        start=start,
        minutes=MINUTES,
        at=at,
    )
    if stage.control is not None:
        return order_message(order, stage.control, hl7, walk.zone)
    assert stage.event is not None
    return appointment_message(order, stage.event, hl7, walk.zone)
