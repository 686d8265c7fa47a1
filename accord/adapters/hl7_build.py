"""Building a message: text in, bytes of a declared character set out, nothing ever cut."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from accord.adapters.hl7_charsets import codec
from accord.adapters.hl7_errors import DoesNotFit, Unencodable
from accord.adapters.hl7_escapes import escape
from accord.domain.wires import AckMode, Hl7Wire

Component = str | tuple[str, ...]
"""A text, or its subcomponents."""
Occurrence = str | tuple[Component, ...]
"""A text, or its components."""
Value = Occurrence | list[Occurrence]
"""What a field holds: one occurrence, or a list of repetitions."""

Draft = tuple[str, Mapping[int, Value]]
"""A segment's name and its fields by number; fields left out are empty."""

OCCURRENCE_LIMITS: Mapping[tuple[str, int], int] = {
    ("MSH", 10): 20,
    ("PID", 5): 64,
    ("PV1", 19): 20,
    ("ORC", 2): 22,
    ("ORC", 3): 22,
    ("OBR", 2): 22,
    ("OBR", 3): 22,
    ("OBX", 3): 80,
    ("TXA", 2): 30,
    ("TXA", 12): 30,
    ("TXA", 13): 30,
    ("TXA", 14): 22,
    ("TXA", 15): 22,
    ("TXA", 16): 30,
}
"""
Characters of one occurrence, delimiters included, of the fields we write.

By HL7 2.3.1, the shortest of our versions; PID-5 by DICOM PN, into which it is filed
(docs/sources.md#field-lengths).
"""

COMPONENT_LIMITS: Mapping[tuple[str, int, int], int] = {
    ("PID", 3, 1): 64,
    ("PID", 3, 4): 64,
    ("TXA", 15, 1): 16,
}
"""Characters of one component: the DICOM LO and SH (accession number) into which it is filed."""


def build(drafts: Sequence[Draft], *, charset: str) -> bytes:
    """
    Give a message's bytes: segments in the order given, each ended by CR.

    MSH comes first; MSH-1, MSH-2 and MSH-18 are written here.

    Args:
        drafts: segments with fields as plain text; escaping is done here.
        charset: table 0211 name of the character set.

    Raises:
        DoesNotFit: a text is longer than its field.
        Unencodable: the character set cannot carry a text.
        UndecodableText: the character set is unknown.
    """
    if not drafts or drafts[0][0] != "MSH":
        raise ValueError("a message begins with its MSH segment")
    encoding = codec(charset)
    return b"".join(_segment(draft, charset, encoding) for draft in drafts)


def header(
    wire: Hl7Wire,
    *,
    event: tuple[str, str] | tuple[str, str, str],
    control_id: str,
    at: datetime,
) -> Draft:
    """
    Draft the MSH segment of what we send over `wire`.

    Args:
        event: message code, trigger event and, from 2.4 on, the structure.
        control_id: MSH-10, at most 20 characters.
        at: the effect's own time, aware, so that a resend is byte-equal.
    """
    fields: dict[int, Value] = {
        3: wire.sending_application,
        4: wire.sending_facility,
        5: wire.receiving_application,
        6: wire.receiving_facility,
        7: timestamp(at),
        9: event,
        10: control_id,
        11: "P",
        12: wire.version,
    }
    if wire.ack_mode is AckMode.ENHANCED:
        fields |= {15: "AL", 16: "AL"}
    return ("MSH", fields)


def timestamp(at: datetime) -> str:
    """
    Write an aware time as TS with its offset, to the second.

    Raises:
        ValueError: the time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be sent")
    return at.strftime("%Y%m%d%H%M%S%z")[:19]


def _segment(draft: Draft, charset: str, encoding: str) -> bytes:
    name, fields = draft
    if name == "MSH":
        # Fields 1 and 2 are the delimiters: the rest moves down by one.
        fields = {number - 1: value for number, value in fields.items()}
        fields |= {1: "", 17: charset}
    parts = [name.encode("ascii")]
    for place in range(1, max(fields, default=0) + 1):
        number = place + 1 if name == "MSH" else place
        parts.append(_field(name, number, fields.get(place, ""), (charset, encoding)))
    if name == "MSH":
        parts[1] = b"^~\\&"
    return b"|".join(parts) + b"\r"


def _field(name: str, number: int, value: Value, into: tuple[str, str]) -> bytes:
    charset, encoding = into
    occurrences = value if isinstance(value, list) else [value]
    text = "~".join(_occurrence(name, number, occurrence) for occurrence in occurrences)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        # The cause would quote the text.
        raise Unencodable(f"{name}-{number}", charset) from None


def _occurrence(name: str, number: int, value: Occurrence) -> str:
    components = (value,) if isinstance(value, str) else value
    for place, component in enumerate(components, start=1):
        limit = COMPONENT_LIMITS.get((name, number, place))
        if limit is not None and _length(component) > limit:
            raise DoesNotFit(f"{name}-{number}.{place}", limit)
    text = "^".join(map(_component, components)).rstrip("^")
    limit = OCCURRENCE_LIMITS.get((name, number))
    if limit is not None and len(text) > limit:
        raise DoesNotFit(f"{name}-{number}", limit)
    return text


def _length(component: Component) -> int:
    return len(component) if isinstance(component, str) else max(map(len, component), default=0)


def _component(component: Component) -> str:
    if isinstance(component, str):
        return escape(component)
    return "&".join(map(escape, component)).rstrip("&")
