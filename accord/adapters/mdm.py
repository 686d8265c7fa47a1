"""MDM: a document for PowerServer's Document Viewer, as HL7 v2 carries it."""

from zoneinfo import ZoneInfo

from accord.adapters.hl7_build import Draft, Value, build, header, timestamp
from accord.adapters.hl7_patient import pid
from accord.domain.documents import DocumentOrder
from accord.domain.effects import Intent
from accord.domain.wires import Hl7Wire

_PLACEHOLDER = "@ACCORD-DOCUMENT@"
_EVENTS = {Intent.REPLACE_DOCUMENT: "T10", Intent.WITHDRAW_DOCUMENT: "T11"}


class NotAccepted(Exception):
    """The site's PowerServer does not take this event; a person does it instead."""

    def __init__(
        self, event: str, why: str = "is not in `hl7.accepts` of this PowerServer"
    ) -> None:
        super().__init__(event, why)
        self.event, self.why = event, why

    def __str__(self) -> str:
        return f"MDM^{self.event} {self.why}"


def wrap(order: DocumentOrder, wire: Hl7Wire, zone: ZoneInfo) -> tuple[bytes, bytes]:
    """
    Build an order's message: its bytes before and after the document's Base64.

    Where T10 is not accepted a replacement goes as T02; its title says what it replaces. All of
    it comes from the order, so that the same order gives the same bytes.

    Args:
        order: what is to be filed.
        wire: how this site's HL7 side wants it.
        zone: PowerServer's declared zone, in which times are written, with their offset.

    Raises:
        NotAccepted: a withdrawal where the site does not take T11, or of what it has under
            another number than ours.
        DoesNotFit, Unencodable: a field cannot carry a text; the caller holds the order.

    Source: HL7 v2.3.1 chapter 9; docs/sources.md#ps-hl7
    """
    event = _event(order, wire)
    at = timestamp(order.at.astimezone(zone))
    drafts: list[Draft] = [
        header(
            wire,
            event=_message_type(event, wire),
            control_id=order.key,
            at=order.at.astimezone(zone),
        ),
        ("EVN", {1: event, 2: at}),
        ("PID", pid(order.patient)),
        ("PV1", {1: "1", 2: "O"}),
        ("TXA", _txa(order, event, zone)),
    ]
    if event == "T11":
        return build(drafts, charset=wire.character_set), b""
    drafts.append(("OBX", _obx(order, wire)))
    head, tail = build(drafts, charset=wire.character_set).split(_PLACEHOLDER.encode())
    return head, tail


def _event(order: DocumentOrder, wire: Hl7Wire) -> str:
    event = _EVENTS.get(order.intent, "T02")
    if event == "T10" and not order.parent_key:
        event = "T02"
    if event == "T11" and not order.parent_key:
        raise NotAccepted(event, "needs the number under which we filed the document")
    if event in wire.accepts:
        return event
    if event == "T10":
        return "T02"
    raise NotAccepted(event)


def _message_type(event: str, wire: Hl7Wire) -> tuple[str, str] | tuple[str, str, str]:
    # MSH-9.3 came with 2.3.1, and older channels stumble over it: left empty there.
    if wire.version == "2.3.1":
        return ("MDM", event)
    return ("MDM", event, "MDM_T01" if event == "T11" else "MDM_T02")


def _txa(order: DocumentOrder, event: str, zone: ZoneInfo) -> dict[int, Value]:
    fields: dict[int, Value] = {
        1: "1",
        2: order.document_type,
        3: "AP",
        4: timestamp(order.submitted_at.astimezone(zone)),
        12: order.key,
        14: order.placer_order,
        15: order.accession or "",
        16: f"{order.key}.pdf",
        17: "DO",  # documented; never LA, which would authenticate what nobody has
        19: "AV",
    }
    if event in {"T10", "T11"} and order.parent_key:
        fields[13] = order.parent_key
    return fields


def _obx(order: DocumentOrder, wire: Hl7Wire) -> dict[int, Value]:
    return {
        1: "1",
        2: "ED",
        3: ("PDF", order.title),
        5: ("", wire.data_type, wire.data_subtype, "Base64", _PLACEHOLDER),
        11: "F",
    }
