"""Acknowledgements: what a receiver answers, and what an answer says."""

from datetime import datetime
from enum import StrEnum

from accord.adapters.hl7 import Message, Segment
from accord.adapters.hl7_build import timestamp
from accord.adapters.hl7_errors import NotHl7
from accord.adapters.hl7_escapes import STANDARD


class AckCode(StrEnum):
    """HL7 table 0008."""

    AA = "AA"  # the application took it
    AE = "AE"  # the application failed
    AR = "AR"  # the application refuses it
    CA = "CA"  # safely stored; the application has yet to look (enhanced mode)
    CE = "CE"  # could not be stored
    CR = "CR"  # may not be stored


REFUSALS = frozenset({AckCode.AE, AckCode.AR, AckCode.CE, AckCode.CR})

INTERNAL_ERROR = "207"  # table 0357: application internal error
REQUIRED_MISSING = "101"
SEGMENT_SEQUENCE = "100"

_TABLE_0357 = frozenset(map(str, (0, *range(100, 104), *range(200, 208))))
"""Every code of it: a pattern would let a patient's number through."""


def acknowledgement(
    message: Message | None,
    code: AckCode,
    *,
    control_id: str,
    at: datetime,
    error_code: str = "",
) -> bytes:
    """
    Give the answer to `message`, in its own delimiters, character set and version.

    Sender and receiver change places and MSA-2 repeats MSH-10, byte for byte.

    Args:
        message: what is answered; None where it could not be read at all.
        control_id: MSH-10 of the answer itself.
        at: aware; becomes MSH-7.
        error_code: table 0357; written as ERR-1.4, from version 2.5 on as ERR-3.

    Source: HL7 v2.3.1 sections 2.13 and 2.24 (MSA, ERR); v2.5.1 section 2.15.5
    """
    signs = STANDARD if message is None else message.delimiters
    asked = _nothing if message is None else message.header.bytes_of
    bar, component = signs.field, signs.component
    version = asked(12) or b"2.3.1"
    head = [
        b"MSH" + bar + b"".join(signs[1:]),
        *(asked(5), asked(6), asked(3), asked(4)),
        timestamp(at).encode(),
        b"",
        component.join([b"ACK", *asked(9).split(component)[1:2]]),
        control_id.encode(),
        asked(11) or b"P",
        version,
        *([b""] * 5),
        asked(18),
    ]
    answer = bar.join(head).rstrip(bar) + b"\rMSA" + bar + code.encode() + bar + asked(10) + b"\r"
    if error_code:
        answer += _error(error_code.encode(), bar, component, modern=version >= b"2.5")
    return answer


def _nothing(_: int) -> bytes:
    return b""


def _error(code: bytes, bar: bytes, component: bytes, *, modern: bool) -> bytes:
    if modern:
        return b"ERR" + bar * 3 + code + bar + b"E\r"
    return b"ERR" + bar + component * 3 + code + b"\r"


def accept_code(message: Message) -> AckCode | None:
    """
    Tell which code says "stored" to this message's sender; None where none is wanted.

    A sender that fills MSH-15 or MSH-16 speaks enhanced mode.

    Source: HL7 v2.3.1 section 2.12.2 and table 0155
    """
    commit, application = (message.header.bytes_of(field).strip() for field in (15, 16))
    if not commit and not application:
        return AckCode.AA
    if commit in (b"AL", b"SU"):
        return AckCode.CA
    return AckCode.AA if application in (b"AL", b"SU") else None


def refusal_code(message: Message | None, *, never: bool) -> AckCode:
    """Tell which code says "not stored": `never` (reject), or not now (error)."""
    enhanced = message is not None and (
        message.header.bytes_of(15).strip() or message.header.bytes_of(16).strip()
    )
    if enhanced:
        return AckCode.CR if never else AckCode.CE
    return AckCode.AR if never else AckCode.AE


def error_code(answer: Message) -> str:
    """
    Give an answer's error code, never its text: ERR-3.1, or ERR-1.4.1 before 2.5.

    What is no code of table 0357 is 'other': a peer may write a patient's number there.
    """
    error = answer.segment("ERR")
    if error is None:
        return ""
    found = _code_in(error)
    if not found:
        return ""
    return found if found in _TABLE_0357 else "other"


def _code_in(error: Segment) -> str:
    return error.text(3).strip() or error.text(1, 4).strip()


def refusal(
    head: bytes, *, never: bool, control_id: str, at: datetime, error_code: str = INTERNAL_ERROR
) -> bytes:
    """
    Give the answer to a message of which only the beginning may be known.

    Args:
        head: its first bytes; where they hold no MSH, MSA-2 stays empty.
        never: AR or CR, it can never be taken; else AE or CE, not now.
        control_id: MSH-10 of the answer itself.
        at: aware; becomes MSH-7.
        error_code: table 0357.
    """
    try:
        message = Message.parse(head)
    except NotHl7:
        message = None
    code = refusal_code(message, never=never)
    return acknowledgement(message, code, control_id=control_id, at=at, error_code=error_code)
