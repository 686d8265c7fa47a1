"""ADT and ORM at PowerServer: who the patients are and what is ordered for them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import hl7

from accord.sandbox.powerserver_answers import Header, Refused, value
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_filing import FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_records import HeldPatient, HeldStudy, PatientKey, Unknown
from accord.sandbox.powerserver_values import is_uid

REGISTERED = frozenset({"A01", "A04", "A05", "A08", "A28", "A31"})
MERGED = "A40"
ORDER_STATUS = {"NW": "ORDERED", "CA": "CANCELLED", "DC": "CANCELLED", "OC": "CANCELLED"}
"""ORC-1 -> what becomes of the study's status; XO and SC leave it."""


class PatientDesk:
    """Takes ADT and ORM messages."""

    def __init__(self, archive: Archive, room: FilingRoom, settings: PowerServerSettings) -> None:
        self._archive, self._room, self._settings = archive, room, settings
        self._zone = ZoneInfo(settings.zone)

    def known(self, message: hl7.Message) -> PatientKey:
        """
        Give the key of the patient that PID-3 names.

        Raises:
            Refused: AE; no number, no issuer, or nobody here has them.
        """
        key = self._key(message, "PID", 3)
        if key in self._archive.patients:
            return key
        if not self._settings.creates_unknown_patients:
            raise Refused("AE", "204", "no patient has this number and issuer", ("PID", 3))
        self._archive.put_patient(_patient(message, key))
        return key

    def take_patient(self, message: hl7.Message, header: Header) -> None:
        """
        Register (A04, A28), update (A08, A31) or merge (A40).

        Raises:
            Refused: AR for other events; AE for a merge of somebody unknown.
        """
        if header.event == MERGED:
            kept, gone = self._key(message, "PID", 3), self._key(message, "MRG", 1)
            try:
                self._archive.merge(gone, kept)
            except Unknown as error:
                raise Refused("AE", "204", "a patient of the merge is unknown", ("MRG", 1)) from (
                    error
                )
        elif header.event in REGISTERED:
            self._archive.put_patient(_patient(message, self._key(message, "PID", 3)))
        else:
            raise Refused("AR", "201", "unsupported patient event", ("MSH", 9))

    def take_order(self, message: hl7.Message, header: Header) -> None:
        """
        Place (NW), change (XO, SC) or cancel (CA) an order.

        Raises:
            Refused: AE; an unknown patient, or an order that names no study here.
        """
        patient, control = self.known(message), value(message, "ORC", 1)
        study = self._ordered(message)
        if study is None and control != "NW":
            raise Refused("AE", "204", "no order has this number", ("ORC", 2))
        if study is not None and study.patient != patient:
            raise Refused("AE", "204", "the order is another patient's", ("ORC", 2))
        self._archive.put_study(
            HeldStudy(
                uid=study.uid if study else self._uid(value(message, "ZDS", 1)),
                patient=patient,
                accession=_accession(message),
                placer_order=_placer(message),
                modality=value(message, "OBR", 24),
                description=value(message, "OBR", 4, 2) or value(message, "OBR", 4),
                start=self.time(value(message, "ORC", 7, 4) or value(message, "OBR", 36)),
                status=self._status(message, control, study),
                priority=value(message, "ORC", 7, 6) or "MED",
                referring=value(message, "PV1", 8, 2),
            )
        )

    def _status(self, message: hl7.Message, control: str, study: HeldStudy | None) -> str:
        before = study.status if study else "ORDERED"
        if control == "SC":
            return self._settings.order_statuses.get(value(message, "ORC", 5), before)
        return ORDER_STATUS.get(control, before)

    def _ordered(self, message: hl7.Message) -> HeldStudy | None:
        return self._archive.study_by(accession=_accession(message)) or self._archive.study_by(
            placer_order=_placer(message)
        )

    def _uid(self, wanted: str) -> str:
        return wanted if is_uid(wanted) else self._archive.new_uid()

    def _key(self, message: hl7.Message, segment: str, field: int) -> PatientKey:
        number, issuer = (
            value(message, segment, field),
            value(message, segment, field, 4) or self._settings.issuer_when_blank,
        )
        if not number:
            raise Refused("AE", "101", "patient number missing", (segment, field))
        if not issuer:
            raise Refused("AE", "101", "issuer of patient id missing", (segment, field))
        return (issuer, number)

    def time(self, text: str) -> datetime:
        """Read an HL7 time; without an offset it is the server's wall; unreadable is now."""
        for form in ("%Y%m%d%H%M%S%z", "%Y%m%d%H%M%z", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"):
            try:
                read = datetime.strptime(text, form)  # noqa: DTZ007  the zone follows
            except ValueError:
                continue
            return (read if read.tzinfo else read.replace(tzinfo=self._zone)).astimezone(self._zone)
        return self._room.now()


def _placer(message: hl7.Message) -> str:
    return value(message, "ORC", 2) or value(message, "OBR", 2)


def _accession(message: hl7.Message) -> str:
    """Give OBR-18, where IHE puts it, else the filler order number."""
    return value(message, "OBR", 18) or value(message, "ORC", 3) or value(message, "OBR", 3)


def _patient(message: hl7.Message, key: PatientKey) -> HeldPatient:
    return HeldPatient(
        number=key[1],
        issuer=key[0],
        family=value(message, "PID", 5),
        given=value(message, "PID", 5, 2),
        birth_date=_day(value(message, "PID", 7)),
        sex=value(message, "PID", 8),
        email=value(message, "PID", 13, 4),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:8])
    except ValueError:
        return None
