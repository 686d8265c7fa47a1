"""ORM^O01: an order for a study at PowerServer, its changes and its cancelling."""

from zoneinfo import ZoneInfo

from accord.adapters.hl7_build import Draft, Value, build, header, timestamp
from accord.adapters.hl7_patient import pid, pv1, xcn
from accord.domain.orders import OrderControl, StudyOrder
from accord.domain.wires import Hl7Wire

ORDER_STATUS = {OrderControl.STATUS: "SC", OrderControl.CANCEL: "CA"}
"""
ORC-5 by table 0038: `SC` is "in process, scheduled". No code of that table says that a patient has
confirmed: that is an appointment's affair (SIU), or a person's.
"""


def order_message(order: StudyOrder, control: OrderControl, wire: Hl7Wire, zone: ZoneInfo) -> bytes:
    """
    Build ORM^O01 about one order; the same effect gives the same bytes.

    The accession number travels in OBR-18 and as the filler's number, the requested time in
    ORC-7.4 and OBR-36; a new order names its study's UID in ZDS-1.

    Args:
        control: what is done with the order, ORC-1.
        zone: PowerServer's declared zone, in which times are written, with their offset.

    Raises:
        DoesNotFit, Unencodable: a field cannot carry a text.

    Source: HL7 v2.3.1 chapter 4; OBR-18 and ZDS by IHE RAD, not read again
    (docs/sources.md#ps-orders)
    """
    at = order.at.astimezone(zone)
    event = ("ORM", "O01") if wire.version == "2.3.1" else ("ORM", "O01", "ORM_O01")
    drafts: list[Draft] = [
        header(wire, event=event, control_id=order.key, at=at),
        ("PID", pid(order.patient)),
        ("PV1", pv1(facility=order.facility, referring=order.referring)),
        ("ORC", _orc(order, control, zone)),
        ("OBR", _obr(order, zone)),
    ]
    if control is OrderControl.NEW:
        drafts.append(("ZDS", {1: (order.study_uid, "", "Application", "DICOM")}))
    return build(drafts, charset=wire.character_set)


def _orc(order: StudyOrder, control: OrderControl, zone: ZoneInfo) -> dict[int, Value]:
    return {
        1: control.value,
        2: order.placer_order,
        3: order.accession,
        5: ORDER_STATUS.get(control, ""),
        7: ("", "", "", timestamp(order.start.astimezone(zone))),
        9: timestamp(order.at.astimezone(zone)),
        12: xcn(order.referring),
    }


def _obr(order: StudyOrder, zone: ZoneInfo) -> dict[int, Value]:
    return {
        1: "1",
        2: order.placer_order,
        3: order.accession,
        4: (order.procedure, order.procedure_name),
        16: xcn(order.referring),
        18: order.accession,
        24: order.modality,
        36: timestamp(order.start.astimezone(zone)),
    }
