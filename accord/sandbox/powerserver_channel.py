"""The channel between the MLLP receiver and the application: answers, modes, repeats, faults."""

import re
import threading
from collections import deque
from collections.abc import Iterator

import hl7

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver_answers import Answers, Header, Refused, asked_for
from accord.sandbox.powerserver_filing import FilingRoom, PowerServerSettings
from accord.sandbox.powerserver_hl7 import Hl7Application, read
from accord.sandbox.powerserver_mllp import HangUp, Reset, frame

KEPT_MESSAGES = 1_000


class Channel:
    """
    Answers one payload after the other, as Mirth does after its source transformer.

    Original mode: one answer, AA, AE or AR. Enhanced mode: CA once the message stands, then the
    application's answer, each where MSH-15 and MSH-16 ask for it.
    """

    def __init__(
        self,
        application: Hl7Application,
        room: FilingRoom,
        faults: PowerServerFaults,
        settings: PowerServerSettings,
        ending: threading.Event,
    ) -> None:
        self._application, self._room, self._faults = application, room, faults
        self._settings, self._ending, self._answers = settings, ending, Answers()
        self._answered: dict[tuple[str, str], bytes] = {}
        self.messages: deque[bytes] = deque(maxlen=KEPT_MESSAGES)
        self.received = 0

    def answer(self, payload: bytes) -> Iterator[bytes]:
        """
        Process a payload and give what is to be written.

        Raises:
            Reset: the fault resets the connection here.
            HangUp: the fault closes the connection here.
        """
        self.received += 1
        self.messages.append(payload)
        if self._faults.strikes("reset_before_processing"):
            raise Reset
        for worded in self._worded(payload):
            yield from self._spoilt(worded)

    def _worded(self, payload: bytes) -> Iterator[bytes]:
        """Give the answers themselves, in order, without their frames."""
        try:
            message = read(payload, self._settings.character_set_when_absent)
        except Refused as refused:
            yield self._word(Header(), refused.code, refused)
            return
        header = Header.of(message)
        if self._faults.answer_code and self._faults.strikes("answer_code_times"):
            asked = Refused(self._faults.answer_code, "207", "refused by the sandbox", ("MSH", 9))
            yield self._word(header, asked.code, asked)
            return
        enhanced = self._settings.enhanced and bool(header.accept_wish or header.application_wish)
        if enhanced and asked_for(header.accept_wish, success=True):
            yield self._word(header, "CA")
        worded, success = self._processed(message, header)
        if self._faults.strikes("reset_after_receive"):
            raise Reset
        if not enhanced or asked_for(header.application_wish, success=success):
            yield worded

    def _processed(self, message: hl7.Message, header: Header) -> tuple[bytes, bool]:
        """Process once, or as often as the message comes where repeats go unrecognised."""
        occasion = (header.sending[0], header.control_id)
        if self._settings.recognises_repeats and occasion in self._answered:
            return self._answered[occasion], True
        try:
            self._application.process(message, header)
        except Refused as refused:
            return self._word(header, refused.code, refused), False
        worded = self._word(header, "AA")
        if self._settings.recognises_repeats:
            self._answered[occasion] = worded
        if self._faults.strikes("denied_after_filing"):
            denied = Refused("AE", "207", "denied by the sandbox", ("MSH", 9))
            return self._word(header, denied.code, denied), False
        return worded, True

    def _word(self, header: Header, code: str, refused: Refused | None = None) -> bytes:
        return self._answers.word(header, code, self._room.now(), refused)

    def _spoilt(self, worded: bytes) -> Iterator[bytes]:
        """Frame an answer and do to it what the faults say."""
        faults = self._faults
        if faults.strikes("lose_answers"):
            return
        if faults.strikes("late_answers"):
            self._ending.wait(faults.late_by_s)
        if faults.strikes("foreign_answer"):
            worded = re.sub(rb"\rMSA\|(\w+)\|[^|\r]*", rb"\rMSA|\1|SOMEBODY-ELSES-ID", worded)
        if faults.strikes("answer_without_msa"):
            worded = worded.split(b"\r", 1)[0] + b"\r"
        whole = frame(worded)
        if faults.strikes("truncated_answer"):
            yield whole[: len(whole) // 2]
            raise HangUp
        yield whole * 2 if faults.strikes("doubled_answer") else whole
