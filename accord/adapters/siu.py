"""SIU: an appointment for PowerServer's scheduler, booked, moved, confirmed or cancelled."""

from zoneinfo import ZoneInfo

from accord.adapters.hl7_build import Draft, Value, build, header, timestamp
from accord.adapters.hl7_patient import pid, pv1
from accord.domain.orders import ScheduleEvent, StudyOrder
from accord.domain.wires import Hl7Wire

FILLER_STATUS = {
    ScheduleEvent.BOOKED: "Pending",
    ScheduleEvent.MOVED: "Pending",
    ScheduleEvent.CHANGED: "Booked",
    ScheduleEvent.CANCELLED: "Cancelled",
}
"""SCH-25 by table 0278: `Pending` stands for scheduled and unconfirmed, `Booked` for confirmed
(docs/sources.md#status-side-by-side)."""


def appointment_message(
    order: StudyOrder, event: ScheduleEvent, wire: Hl7Wire, zone: ZoneInfo
) -> bytes:
    """
    Build the SIU of one appointment; the same effect gives the same bytes.

    A 2.3.1 SIU names no order: the placer's order number is its placer appointment id (SCH-1),
    and from 2.4 on stands in SCH-26 too. PowerServer owns the schedule, and an SIU is what an
    owner announces, so that it may well refuse: the acceptance run tells.

    Args:
        event: S14 confirms here (SCH-25 `Booked`).
        zone: PowerServer's declared zone, in which times are written, with their offset.

    Raises:
        DoesNotFit, Unencodable: a field cannot carry a text.

    Source: HL7 v2.3.1 chapter 10; docs/sources.md#ps-orders
    """
    at = order.at.astimezone(zone)
    named = ("SIU", event.value)
    drafts: list[Draft] = [
        header(
            wire,
            event=named if wire.version == "2.3.1" else (*named, "SIU_S12"),
            control_id=order.key,
            at=at,
        ),
        ("SCH", _sch(order, event, wire, zone)),
        ("PID", pid(order.patient)),
        ("PV1", pv1(facility=order.facility, referring=order.referring)),
        ("RGS", {1: "1"}),
        ("AIS", _ais(order, event, zone)),
    ]
    return build(drafts, charset=wire.character_set)


def _sch(
    order: StudyOrder, event: ScheduleEvent, wire: Hl7Wire, zone: ZoneInfo
) -> dict[int, Value]:
    fields: dict[int, Value] = {
        1: order.placer_order,
        6: "ACCORD",  # required, and no table of reasons is published
        7: order.procedure_name,
        9: str(order.minutes),
        10: "min",
        11: ("", "", "", timestamp(order.start.astimezone(zone))),
        16: ("", wire.sending_application),
        20: ("", wire.sending_application),
        25: FILLER_STATUS[event],
    }
    if wire.version != "2.3.1":
        fields[26] = order.placer_order
    return fields


def _ais(order: StudyOrder, event: ScheduleEvent, zone: ZoneInfo) -> dict[int, Value]:
    return {
        1: "1",
        3: (order.procedure, order.procedure_name),
        4: timestamp(order.start.astimezone(zone)),
        7: str(order.minutes),
        8: "min",
        10: FILLER_STATUS[event],
    }
