"""SIU at a PowerServer that lets others into its schedule; whether a real one does is not known."""

import dataclasses

import hl7

from accord.sandbox.powerserver_answers import Header, Refused, value
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_orders import PatientDesk

TAKEN = frozenset({"S12", "S13", "S14", "S15"})
STATUS = {"Pending": "SCHEDULED", "Booked": "CONFIRMED", "Cancelled": "CANCELLED"}
"""SCH-25 by table 0278 -> what becomes of the study's status."""


class ScheduleDesk:
    """Takes SIU messages about studies that were ordered."""

    def __init__(self, archive: Archive, patients: PatientDesk) -> None:
        self._archive, self._patients = archive, patients

    def take(self, message: hl7.Message, header: Header) -> None:
        """
        Book (S12), move (S13), change (S14) or cancel (S15) the appointment of SCH-1.

        Raises:
            Refused: AR for other events; AE where no order has this number, or another's has.
        """
        if header.event not in TAKEN:
            raise Refused("AR", "201", "unsupported schedule event", ("MSH", 9))
        patient = self._patients.known(message)
        study = self._archive.study_by(placer_order=value(message, "SCH", 1))
        if study is None or study.patient != patient:
            raise Refused("AE", "204", "no order of the patient has this number", ("SCH", 1))
        study.status = STATUS.get(value(message, "SCH", 25), study.status)
        if header.event in ("S12", "S13"):
            moved = dataclasses.replace(
                study, start=self._patients.time(value(message, "SCH", 11, 4))
            )
            self._archive.put_study(moved)
