"""What PowerServer does with an HL7 message: MDM is filed, ADT and ORM keep its state."""

import logging
from collections.abc import Callable

import hl7
import hl7.util

from accord.sandbox.powerserver_answers import Header, Refused
from accord.sandbox.powerserver_archive import Archive
from accord.sandbox.powerserver_filing import FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_mdm import DocumentDesk
from accord.sandbox.powerserver_orders import PatientDesk
from accord.sandbox.powerserver_schedule import ScheduleDesk

# The package logs values it cannot unescape; whatever they are, they belong in no log.
hl7.util.logger.setLevel(logging.CRITICAL + 1)

CODECS = {
    "ASCII": "ascii",
    "8859/1": "latin-1",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
}
"""HL7 table 0211, as far as PowerServer's channel reads it."""


def read(raw: bytes, codec_when_absent: str) -> hl7.Message:
    """
    Parse a message in the character set it names.

    Raises:
        Refused: AR; not HL7, an unknown character set, or bytes outside the one named.
    """
    name = _character_set(raw)
    if name and name not in CODECS:
        raise Refused("AR", "103", "character set is not known here", ("MSH", 18))
    try:
        return hl7.parse(raw.decode(CODECS[name] if name else codec_when_absent))
    except UnicodeDecodeError as error:
        raise Refused("AR", "102", "bytes outside the character set", ("MSH", 18)) from error
    except (hl7.HL7Exception, ValueError, LookupError, AssertionError) as error:
        raise Refused("AR", "100", "not an HL7 message", ("MSH", 1)) from error


def _character_set(raw: bytes) -> str:
    """Read MSH-18 before decoding; separators are one byte each in every set known here."""
    if not raw.startswith(b"MSH") or len(raw) < len("MSH|^~\\&"):
        raise Refused("AR", "100", "message does not begin with MSH", ("MSH", 1))
    fields = raw.split(b"\r", 1)[0].split(raw[3:4])
    return fields[17].split(raw[5:6])[0].decode("latin-1").strip() if len(fields) > 17 else ""


class Hl7Application:
    """Processes parsed messages against one archive, one at a time."""

    def __init__(self, archive: Archive, room: FilingRoom, settings: PowerServerSettings) -> None:
        self._archive = archive
        patients = PatientDesk(archive, room, settings)
        self._desks: dict[str, Callable[[hl7.Message, Header], None]] = {
            "MDM": DocumentDesk(archive, room, settings, patients).take,
            "ADT": patients.take_patient,
            "ORM": patients.take_order,
        }
        if settings.takes_schedule:
            self._desks["SIU"] = ScheduleDesk(archive, patients).take

    def process(self, message: hl7.Message, header: Header) -> None:
        """
        Do what the message asks.

        Raises:
            Refused: it cannot be done; nothing was changed.
        """
        if header.kind not in self._desks:
            raise Refused("AR", "200", "unsupported message type", ("MSH", 9))
        if not header.control_id:
            raise Refused("AR", "101", "message control id missing", ("MSH", 10))
        with self._archive.lock:
            self._desks[header.kind](message, header)
