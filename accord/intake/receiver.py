"""What a sender is answered (domain.md 5.14): an observer never blocks whom it observes."""

import hashlib
import itertools
import secrets
from collections.abc import Callable
from datetime import datetime

from accord.adapters.hl7 import Message
from accord.adapters.hl7_ack import (
    SEGMENT_SEQUENCE,
    AckCode,
    accept_code,
    acknowledgement,
    refusal,
)
from accord.adapters.hl7_errors import NotHl7
from accord.adapters.mllp import frame
from accord.intake.arrivals import Arrival
from accord.intake.writer import CannotStore, Writer


class Receiver:
    """
    Stores what comes and answers once it is stored.

    AA (in enhanced mode CA, and AA where the application's answer is wanted too): stored.
    AE or CE: not stored just now, the sender must try again. AR or CR: never to be stored.

    Args:
        writer: the store, started.
        now: the clock, aware.
    """

    def __init__(self, writer: Writer, *, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._now = now
        # Our own MSH-10: 20 characters, unique over restarts without asking for randomness.
        self._ids = (f"{secrets.token_hex(4)}{n:012d}" for n in itertools.count(1))

    async def receive(self, raw: bytes, peer: str) -> bytes:
        """Store one message and give its framed answer; b'' where the sender wants none."""
        at = self._now()
        try:
            message = Message.parse(raw)
        except NotHl7:
            return frame(
                refusal(
                    raw[:4096],
                    never=True,
                    control_id=next(self._ids),
                    at=at,
                    error_code=SEGMENT_SEQUENCE,
                )
            )
        try:
            return await self._writer.store(self._arrival(message, peer, at))
        except CannotStore:
            return frame(refusal(raw, never=False, control_id=next(self._ids), at=at))

    def refuse(self, head: bytes, never: bool) -> bytes:
        """Give the unframed answer to a message that did not get as far as `receive`."""
        return refusal(head, never=never, control_id=next(self._ids), at=self._now())

    def _arrival(self, message: Message, peer: str, at: datetime) -> Arrival:
        header = message.header
        return Arrival(
            received_at=at,
            peer=peer,
            sender=_text(header.bytes_of(3) + message.delimiters.field + header.bytes_of(4)),
            control_id=_text(header.bytes_of(10).strip()),
            type=_text(header.bytes_of(9)),
            sha256=hashlib.sha256(message.raw).digest(),
            answer=self._answers(message, at),
            raw=message.raw,
        )

    def _answers(self, message: Message, at: datetime) -> bytes:
        code = accept_code(message)
        if code is None:
            return b""
        codes = [code]
        if code is AckCode.CA and message.header.bytes_of(16).strip() in (b"AL", b"SU"):
            # To store is all this application does with it.
            codes.append(AckCode.AA)
        return b"".join(
            frame(acknowledgement(message, each, control_id=next(self._ids), at=at))
            for each in codes
        )


def _text(raw: bytes) -> str:
    # Only a label: the bytes themselves are kept in `raw`.
    return raw.decode("utf-8", "backslashreplace")
