"""Sending over MLLP: one message in flight, one answer to it, or one of the four errors."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from accord.adapters.errors import Malformed, PeerError, Phase, Rejected, Unavailable, Uncertain
from accord.adapters.hl7 import Message
from accord.adapters.mllp import END, frame
from accord.adapters.mllp_answer import read_answer
from accord.adapters.mllp_connection import Connection, open_connection
from accord.domain.documents import Answer, AnswerKind
from accord.domain.wires import Hl7Wire

_FIRST_MOMENT_S = 0.05
"""
How long a new connection is watched before anything is sent: a proxy without its server, an
allow-list, a refused client certificate and other protocols show within this time, and then
nothing is in doubt.
"""


class MllpLink:
    """
    One kept connection to an HL7 listener.

    Args:
        wire: where it is and how it answers.
        tls: with which certificates (`mllp_tls.client_context`); None takes the machine's
            authorities where the wire says TLS, and plain TCP where it does not.
    """

    def __init__(self, wire: Hl7Wire, tls: ssl.SSLContext | None = None) -> None:
        self._wire = wire
        self._tls = tls or (ssl.create_default_context() if wire.tls.enabled else None)
        self._connection: Connection | None = None
        self._in_flight = asyncio.Lock()

    async def connect(self) -> None:
        """
        Make sure a connection stands; nothing is sent.

        Raises:
            Unavailable: it cannot be reached.
            Malformed: what answers there is no HL7 listener.
        """
        async with self._in_flight:
            await self._standing()

    async def send(
        self, message: bytes, *, control_id: str, before_send: Callable[[], Awaitable[None]]
    ) -> Answer:
        """
        Send one message and give the application's answer to it.

        A kept connection found broken is opened anew, once, before `before_send`.

        Args:
            message: as `hl7_build.build` made it.
            control_id: its MSH-10.
            before_send: awaited when the connection stands and before the first byte
                leaves; if it raises, nothing leaves.

        Raises:
            Unavailable: no connection; `before_send` was not called, nothing was sent.
            Malformed: what answers there is no HL7 listener; nothing was sent.
            Uncertain: `before_send` was called and no whole answer to this very message
                came in time; code CA where the peer said it stored the message. The
                connection is closed, so that a late answer meets nobody.
            Rejected: AE, AR, CE, CR; `code` is `AE` or, with its ERR code, `AE/207`.

        Source: HL7 v2.3.1 section 2.12; MLLP release 1
        """
        if END in message or Message.parse(message).control_id != control_id:
            raise ValueError("the message holds an FS, or its MSH-10 is not the control id")
        async with self._in_flight:
            connection = await self._standing()
            await before_send()
            try:
                answer = await self._exchange(connection, message, control_id)
            except Rejected:
                self._keep_if_quiet(connection)
                raise
            except BaseException:  # cancelled too: a late answer must meet nobody
                self._drop()
                raise
            self._keep_if_quiet(connection)
            return answer

    async def close(self) -> None:
        """Close the connection, if one stands; a later send opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.closed()

    async def _standing(self) -> Connection:
        if self._connection is not None and await _has_stayed_quiet(self._connection):
            return self._connection
        self._drop()
        connection = await open_connection(self._wire, self._tls)
        self._connection = connection  # a cancelled wait must find it
        await connection.until_news(_FIRST_MOMENT_S)
        if not connection.is_quiet:
            self._drop()
            raise _unfit(connection)
        return connection

    async def _exchange(self, connection: Connection, message: bytes, control_id: str) -> Answer:
        if not connection.is_quiet:
            raise Uncertain(
                "the connection broke between `sent` and the first byte; nothing left", Phase.SEND
            )
        committed = ""
        try:
            async with asyncio.timeout(self._wire.answer_timeout_s):
                connection.write(frame(message))
                while (block := await connection.next_block()) is not None:
                    answer = read_answer(block, control_id=control_id)
                    if answer.kind is AnswerKind.LANDED:
                        return answer
                    committed = answer.code  # stored there; the application has yet to look
        except TimeoutError:
            raise Uncertain(
                f"no whole answer within {self._wire.answer_timeout_s:g} s",
                Phase.PROCESS,
                committed,
            ) from None
        raise _hung_up(connection, committed)

    def _keep_if_quiet(self, connection: Connection) -> None:
        # A second answer, or bytes after the first, would be credited to the next message.
        if not connection.is_quiet:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()


async def _has_stayed_quiet(connection: Connection) -> bool:
    # One turn of the loop polls the socket, the next delivers what it held: an end of file
    # or a late answer that waited there is seen before the first byte leaves.
    for _ in range(2):
        await asyncio.sleep(0)
    return connection.is_quiet


def _unfit(connection: Connection) -> PeerError:
    if isinstance(connection.cause, ssl.SSLError):
        return Unavailable("the listener ended TLS; does it take our certificate?", Phase.TLS)
    if connection.is_closed and not connection.has_junk:
        return Unavailable("the listener closes each connection at once", Phase.CONNECT)
    return Malformed(
        "the port speaks before it is spoken to: no HL7 listener; check `hl7.port`", Phase.CONNECT
    )


def _hung_up(connection: Connection, committed: str) -> Uncertain:
    if isinstance(connection.cause, ssl.SSLError):
        return Uncertain(
            "the listener ended TLS; does it take our certificate?", Phase.TLS, committed
        )
    if connection.has_junk:
        return Uncertain(
            "the answer is not MLLP; does the port speak something else? check `hl7.port`",
            Phase.PROCESS,
        )
    return Uncertain(
        "the listener closed the connection without a whole answer", Phase.PROCESS, committed
    )
