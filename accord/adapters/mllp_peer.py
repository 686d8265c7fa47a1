"""One sender's connection to our listener."""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from accord.adapters.mllp import Broken, Deframer, Event, Frame, Junk, Oversize

_LOG = logging.getLogger(__name__)

_FINAL_CR_S = 0.25  # how long the CR after an FS may lag
_MOST_UNANSWERED = 256


@dataclass(frozen=True)
class Reception:
    """What every connection of one listener shares."""

    receive: Callable[[bytes, str], Awaitable[bytes]]
    refuse: Callable[[bytes, bool], bytes]
    """Gives the framed answer, by a message's first bytes and whether it can never be taken."""
    limit_bytes: int
    silence_s: float
    peers: "set[Peer]"


class Peer(asyncio.Protocol):
    """Cuts the stream into messages and writes their answers in the messages' order."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._deframer = Deframer(reception.limit_bytes)
        self._loop = asyncio.get_running_loop()
        self._messages: deque[Frame | Oversize] = deque()
        self._answers: deque[asyncio.Future[bytes]] = deque()
        self._unanswered_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._is_draining = False
        self._is_choked = False
        self._is_reading = True
        self._has_told_of_junk = False
        self._name = ""
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._name = str((transport.get_extra_info("peername") or ("",))[0])
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._reception.peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._silence(0)
        self._reception.peers.discard(self)
        self.gone.set()

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._take(self._deframer.feed(data))
        if self._deframer.is_inside:
            self._heard_at = self._loop.time()
            if self._deframer.ends_in_doubt:
                self._silence(_FINAL_CR_S)
            elif self._timer is None:
                self._silence(self._reception.silence_s)
        elif self._timer is not None:
            self._silence(0)

    def eof_received(self) -> bool:  # noqa: D102
        self._take(self._deframer.settle())
        for event in self._deframer.abandon():
            self._note(event)
        self.drain()
        # TLS cannot stay half open.
        return self._transport.get_extra_info("sslcontext") is None

    def pause_writing(self) -> None:  # noqa: D102
        self._is_choked = True
        self._go_on()

    def resume_writing(self) -> None:  # noqa: D102
        self._is_choked = False
        self._go_on()

    def drain(self) -> None:
        """Read no more, answer what was taken, close."""
        self._is_draining = True
        self._write_what_is_ready()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self._note(event)
        self._messages.extend(e for e in events if isinstance(e, (Frame, Oversize)))
        self._go_on()

    def _go_on(self) -> None:
        """Begin with what came, as far as answers keep pace; read on when all has begun."""
        while self._messages and self._keeps_pace():
            event = self._messages.popleft()
            if isinstance(event, Frame):
                self._unanswered_bytes += len(event.content)
                self._answers.append(self._loop.create_task(self._answer(event.content)))
            else:
                self._refuse(event.head)
        self._read(not (self._messages or self._is_draining or self._is_choked))

    def _keeps_pace(self) -> bool:
        # A sender that does not wait for answers, or does not read them, is not read either.
        return (
            not self._is_choked
            and len(self._answers) < _MOST_UNANSWERED
            and self._unanswered_bytes <= 2 * self._reception.limit_bytes
        )

    def _read(self, wanted: bool) -> None:
        if wanted is self._is_reading or self._transport.is_closing():
            return
        self._is_reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    async def _answer(self, content: bytes) -> bytes:
        try:
            return await self._reception.receive(content, self._name)
        except Exception as error:
            # Its text may quote the message; its kind may not.
            _LOG.error("a message could not be received: %s", type(error).__name__)
            return self._reception.refuse(content, False)
        finally:
            self._unanswered_bytes -= len(content)
            self._loop.call_soon(self._write_what_is_ready)

    def _refuse(self, head: bytes) -> None:
        answer = self._loop.create_future()
        answer.set_result(self._reception.refuse(head, True))
        self._answers.append(answer)
        self._loop.call_soon(self._write_what_is_ready)

    def _write_what_is_ready(self) -> None:
        ready = []
        while self._answers and self._answers[0].done():
            answer = self._answers.popleft()
            if not answer.cancelled():
                ready.append(answer.result())
        if ready and not self._transport.is_closing():
            self._transport.write(b"".join(ready))
        self._go_on()
        if self._is_draining and not self._answers and not self._messages:
            self._transport.close()

    def _silence(self, after_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(after_s, self._fell_silent) if after_s else None

    def _fell_silent(self) -> None:
        self._timer = None
        if self._deframer.ends_in_doubt:
            self._take(self._deframer.settle())
            return
        left = self._heard_at + self._reception.silence_s - self._loop.time()
        if left > 0:
            self._silence(left)
            return
        for event in self._deframer.abandon():
            self._note(event)
            if isinstance(event, Broken):
                self._refuse(event.head)

    def _note(self, event: Event) -> None:
        if isinstance(event, Frame) or (isinstance(event, Junk) and self._has_told_of_junk):
            return
        self._has_told_of_junk |= isinstance(event, Junk)
        _LOG.warning("%s of %d bytes from %s", type(event).__name__, event.size, self._name)
