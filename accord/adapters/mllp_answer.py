"""What one block from the peer says about the message that was sent."""

from accord.adapters.errors import Phase, Rejected, Uncertain
from accord.adapters.hl7 import Message, Segment
from accord.adapters.hl7_ack import REFUSALS, AckCode, error_code
from accord.adapters.hl7_errors import Hl7Error
from accord.domain.documents import Answer, AnswerKind

_LOOK = "the message left: look at the peer before anything else"


def read_answer(content: bytes, *, control_id: str) -> Answer:
    """
    Give what an acknowledgement says about the message with this MSH-10.

    Raises:
        Uncertain: it is no acknowledgement, or one of another message. Something took the
            message all the same, so nothing may be concluded (anchors.md M3).
        Rejected: AE, AR, CE or CR, with the code and ERR code as `AE/207`, never a text.

    Source: HL7 v2.3.1 sections 2.13 and 2.24.1 (MSA)
    """
    answer, msa = _acknowledgement(content)
    if not belongs(msa, control_id):
        raise Uncertain(
            f"the answer names another message (MSA-2 is not our MSH-10); {_LOOK}", Phase.PROCESS
        )
    code = _code(msa)
    if code in REFUSALS:
        detail = _error_of(answer)
        phase = Phase.PROCESS if code in (AckCode.AE, AckCode.AR) else Phase.ACCEPT
        raise Rejected(
            "the listener refused the message; its own log says why",
            phase,
            code=f"{code}/{detail}" if detail else code,
        )
    kind = AnswerKind.ACCEPTED if code is AckCode.CA else AnswerKind.LANDED
    return Answer(kind=kind, code=code, error_code=_error_of(answer))


def belongs(msa: Segment, control_id: str) -> bool:
    """Tell whether an MSA answers the message with this MSH-10; trailing blanks do not count."""
    return bool(control_id) and msa.bytes_of(2).rstrip() == control_id.encode()


def _acknowledgement(content: bytes) -> tuple[Message, Segment]:
    try:
        answer = Message.parse(content)
        found = answer.segments("MSA")
    except Hl7Error:
        raise Uncertain(
            f"the answer is no HL7 message; does `hl7.port` speak something else? {_LOOK}",
            Phase.PROCESS,
        ) from None
    if len(found) != 1:
        raise Uncertain(f"the answer holds {len(found)} MSA segments; {_LOOK}", Phase.PROCESS)
    return answer, found[0]


def _code(msa: Segment) -> AckCode:
    try:
        return AckCode(msa.bytes_of(1).strip().decode("ascii", "backslashreplace"))
    except ValueError:
        raise Uncertain(f"the answer's MSA-1 is no known code; {_LOOK}", Phase.PROCESS) from None


def _error_of(answer: Message) -> str:
    try:
        return error_code(answer)
    except Hl7Error:
        return "other"
