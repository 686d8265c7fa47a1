"""HL7 answers as a Mirth 4.4.2 in front of PowerServer words them."""

import itertools
from dataclasses import dataclass
from datetime import datetime

import hl7

FieldPath = tuple[str, int]
"""Segment and field of what was wrong, such as ('PID', 3)."""


class Refused(Exception):
    """The message is not taken: answered AE or AR, with a code of HL7 table 0357."""

    def __init__(self, code: str, error_code: str, text: str, at: FieldPath) -> None:
        super().__init__(code, error_code, text, at)
        self.code, self.error_code, self.text, self.at = code, error_code, text, at


@dataclass(frozen=True)
class Header:
    """What an answer needs to know of the message it answers."""

    sending: tuple[str, str] = ("", "")
    receiving: tuple[str, str] = ("RAMSOFT", "")
    kind: str = ""
    event: str = ""
    control_id: str = ""
    processing_id: str = "P"
    version: str = "2.3.1"
    accept_wish: str = ""
    """MSH-15: AL, NE, ER or SU; '' is original mode."""
    application_wish: str = ""
    """MSH-16, likewise."""

    @classmethod
    def of(cls, message: hl7.Message) -> "Header":
        """Read MSH."""

        def field(number: int, component: int = 1) -> str:
            return value(message, "MSH", number, component)

        return cls(
            sending=(field(3), field(4)),
            receiving=(field(5), field(6)),
            kind=field(9),
            event=field(9, 2),
            control_id=field(10),
            processing_id=field(11) or "P",
            version=field(12) or "2.3.1",
            accept_wish=field(15),
            application_wish=field(16),
        )


def value(
    message: hl7.Message,
    segment: str,
    field: int,
    component: int = 1,
    *,
    occurrence: int = 1,
) -> str:
    """Give one value without its escapes, '' where it is not there; HL7's null "" is ''."""
    try:
        found = message.segments(segment)(occurrence).extract_field(occurrence, field, 1, component)
    except (KeyError, IndexError):
        return ""
    text = str(found).strip()
    return "" if text == '""' else text


def asked_for(wish: str, *, success: bool) -> bool:
    """Tell whether MSH-15 or MSH-16 wants this answer (table 0155); empty never does."""
    return wish == "AL" or wish == ("SU" if success else "ER")


class Answers:
    """Words the answers of one receiver; ids count up, times are the server's."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def word(
        self, header: Header, code: str, now: datetime, refused: Refused | None = None
    ) -> bytes:
        """Give a whole ACK: MSH, MSA and, where something was refused, ERR."""
        msh = [
            "MSH",
            "^~\\&",
            *header.receiving,
            *header.sending,
            now.strftime("%Y%m%d%H%M%S%z"),
            "",
            f"ACK^{header.event}" if header.event else "ACK",
            f"PS{next(self._ids):010d}",
            header.processing_id,
            header.version,
        ]
        text = refused.text if refused else ""
        segments = ["|".join(msh), f"MSA|{code}|{header.control_id}|{text}".rstrip("|")]
        if refused:
            segments.append(_error(refused, header.version))
        return ("\r".join(segments) + "\r").encode()


def _error(refused: Refused, version: str) -> str:
    segment, field = refused.at
    if version.startswith(("2.5", "2.6", "2.7", "2.8")):
        return f"ERR||{segment}^1^{field}|{refused.error_code}^{refused.text}^HL70357|E"
    return f"ERR|{segment}^1^{field}^{refused.error_code}&{refused.text}&HL70357"
