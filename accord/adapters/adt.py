"""ADT: a patient for PowerServer, as HL7 v2 carries them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accord.adapters.hl7_build import build, header, timestamp
from accord.adapters.hl7_patient import pid, pv1
from accord.domain.identifiers import EffectKey
from accord.domain.people import Patient
from accord.domain.wires import Hl7Wire


def registration(
    patient: Patient, wire: Hl7Wire, zone: ZoneInfo, *, key: EffectKey, at: datetime
) -> bytes:
    """
    Build ADT^A04, which registers a patient; the same effect gives the same bytes.

    Args:
        zone: PowerServer's declared zone, in which times are written, with their offset.
        key: becomes MSH-10.
        at: the effect's own time, aware.

    Raises:
        DoesNotFit, Unencodable: a field cannot carry a text.

    Source: HL7 v2.3.1 chapter 3; that PowerServer takes A04 is assumed
    (docs/sources.md#ps-patients)
    """
    written = at.astimezone(zone)
    drafts = [
        header(wire, event=_message_type(wire), control_id=key, at=written),
        ("EVN", {1: "A04", 2: timestamp(written)}),
        ("PID", pid(patient)),
        ("PV1", pv1()),
    ]
    return build(drafts, charset=wire.character_set)


def _message_type(wire: Hl7Wire) -> tuple[str, str] | tuple[str, str, str]:
    return ("ADT", "A04") if wire.version == "2.3.1" else ("ADT", "A04", "ADT_A01")
