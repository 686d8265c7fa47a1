"""MDM at PowerServer: documents filed (T02), replaced (T10) and withdrawn (T11)."""

import base64
import binascii

import hl7

from accord.sandbox.powerserver_answers import Header, Refused, value
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_filing import Filing, FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_orders import PatientDesk
from accord.sandbox.powerserver_records import FiledDocument, HeldStudy, PatientKey

SENDERS = {"ACCORD": "accord"}
"""MSH-3 -> who filed it, as far as PowerServer can know."""


class DocumentDesk:
    """Takes MDM messages."""

    def __init__(
        self,
        archive: Archive,
        room: FilingRoom,
        settings: PowerServerSettings,
        patients: PatientDesk,
    ) -> None:
        self._archive, self._room = archive, room
        self._accepts, self._patients = settings.accepts, patients

    def take(self, message: hl7.Message, header: Header) -> None:
        """
        File, replace or withdraw, as MSH-9.2 says; the accession in TXA-15 (else the placer
        order in TXA-14) names the study, and without either the patient keeps the document.

        Raises:
            Refused: AE, with the field that stands in the way.

        Source: HL7 v2.3.1 chapter 9; docs/sources.md#ps-hl7
        """
        if header.event not in self._accepts:
            raise Refused("AE", "201", "unsupported document event", ("MSH", 9))
        patient = self._patients.known(message)
        if header.event == "T11":
            for document in self._filed(patient, _withdrawn_number(message)):
                document.withdrawn = not self._room.strikes("keep_withdrawn")
            return
        filing = self._filing(message, header, patient)
        replaced = self._filed(patient, filing.parent_number) if header.event == "T10" else []
        for document in replaced:
            document.replaced = not self._room.strikes("keep_replaced")
        self._room.file(filing)

    def _filing(self, message: hl7.Message, header: Header, patient: PatientKey) -> Filing:
        return Filing(
            patient=patient,
            study=self._study(message, patient),
            document_type=_required(message, 2, "document type missing"),
            title=_title(message),
            content=_embedded(message),
            source=SENDERS.get(header.sending[0].upper(), "person"),
            unique_number=_required(message, 12, "unique document number missing"),
            parent_number=value(message, "TXA", 13),
            control_id=header.control_id,
            at=self._patients.time(value(message, "TXA", 4)),
        )

    def _study(self, message: hl7.Message, patient: PatientKey) -> HeldStudy | None:
        accession, placer = value(message, "TXA", 15), value(message, "TXA", 14)
        if not accession and not placer:
            return None
        study = self._archive.study_by(accession=accession, placer_order=placer)
        field = 15 if accession else 14
        if study is None:
            raise Refused("AE", "204", "no study has this order number", ("TXA", field))
        if study.patient != patient:
            raise Refused("AE", "204", "the study is another patient's", ("TXA", field))
        return study

    def _filed(self, patient: PatientKey, number: str) -> list[FiledDocument]:
        found = [
            document
            for document in self._archive.documents_numbered(number)
            if (document.issuer, document.patient_number) == patient
        ]
        if not found:
            raise Refused("AE", "204", "no document of the patient has this number", ("TXA", 13))
        return found


def _withdrawn_number(message: hl7.Message) -> str:
    return value(message, "TXA", 13) or value(message, "TXA", 12)


def _title(message: hl7.Message) -> str:
    """Give the observation's text, else its code, else the file name."""
    return value(message, "OBX", 3, 2) or value(message, "OBX", 3) or value(message, "TXA", 16)


def _required(message: hl7.Message, field: int, text: str) -> str:
    found = value(message, "TXA", field)
    if not found:
        raise Refused("AE", "101", text, ("TXA", field))
    return found


def _embedded(message: hl7.Message) -> bytes:
    """Give the bytes of the first OBX of type ED; Base64 may be broken into lines."""
    try:
        observations = message.segments("OBX")
    except KeyError as error:
        raise Refused("AE", "100", "segment OBX missing", ("OBX", 1)) from error
    for occurrence, _ in enumerate(observations, start=1):
        if value(message, "OBX", 2, occurrence=occurrence) == "ED":
            return _decoded(message, occurrence)
    raise Refused("AE", "101", "no OBX holds encapsulated data", ("OBX", 2))


def _decoded(message: hl7.Message, occurrence: int) -> bytes:
    if value(message, "OBX", 5, 4, occurrence=occurrence).upper() != "BASE64":
        raise Refused("AE", "103", "encoding is not Base64", ("OBX", 5))
    text = value(message, "OBX", 5, 5, occurrence=occurrence)
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("AE", "102", "Base64 does not decode", ("OBX", 5)) from error
    if not content:
        raise Refused("AE", "101", "the document is empty", ("OBX", 5))
    return content
