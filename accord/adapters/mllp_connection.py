"""One TCP or TLS connection to an MLLP listener."""

import asyncio
import socket
import ssl

from accord.adapters.errors import Phase, Unavailable
from accord.adapters.mllp import Deframer, Event, Frame, Junk
from accord.domain.wires import Hl7Wire

_ANSWER_LIMIT_BYTES = 1 << 20  # an acknowledgement is some hundred bytes

_FINAL_CR_S = 0.5

_OPTIONS = (
    # An idle link behind a NAT that forgot it is noticed within about 100 s.
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)


class Connection(asyncio.Protocol):
    """
    Reads blocks as they come, also while nobody waits: what comes unasked makes it unusable.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._deframer = Deframer(_ANSWER_LIMIT_BYTES)
        self._blocks: list[bytes] = []
        self._news = asyncio.Event()
        self._lost = asyncio.Event()
        self.is_closed = False
        self.has_junk = False
        self.cause: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._take(self._deframer.feed(data))

    def eof_received(self) -> bool:  # noqa: D102
        self._take([*self._deframer.settle(), *self._deframer.abandon()])
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self.cause = exc
        self._end()
        self._lost.set()

    @property
    def is_quiet(self) -> bool:
        """Whether it stands and the peer has said nothing that nobody asked for."""
        return not (self.is_closed or self.has_junk or self._blocks or self._deframer.is_inside)

    def write(self, block: bytes) -> None:
        """Hand a framed message to the socket."""
        assert self._transport is not None
        self._transport.write(block)

    async def next_block(self) -> bytes | None:
        """Give the next block, None once the peer has closed."""
        while not self._blocks:
            if self.is_closed:
                return None
            self._news.clear()
            await self.until_news(_FINAL_CR_S if self._deframer.ends_in_doubt else None)
        return self._blocks.pop(0)

    async def until_news(self, within_s: float | None) -> None:
        """Wait until something comes or the peer closes, or until the time is over."""
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            # A peer that leaves out the last CR would else keep us waiting.
            self._take(self._deframer.settle())

    def abort(self) -> None:
        """Close at once; what was not sent yet is dropped."""
        if self._transport is not None:
            self._transport.abort()
        self._end()

    async def closed(self) -> None:
        """Close, and wait until the socket is gone."""
        self.abort()
        await self._lost.wait()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Frame):
                self._blocks.append(event.content)
            elif isinstance(event, Junk):
                self.has_junk = True
            else:
                self._blocks.append(b"")  # half an answer is no answer
        self._news.set()

    def _end(self) -> None:
        self.is_closed = True
        self._news.set()


async def open_connection(wire: Hl7Wire, tls: ssl.SSLContext | None) -> Connection:
    """
    Open a connection; it has said and heard nothing yet.

    Raises:
        Unavailable: with the phase that failed: resolve, connect or TLS.
    """
    stage = Phase.RESOLVE
    try:
        async with asyncio.timeout(wire.connect_timeout_s):
            addresses = await asyncio.get_running_loop().getaddrinfo(
                wire.host, wire.port, type=socket.SOCK_STREAM
            )
            stage = Phase.CONNECT
            peer = await _connected([(family, address) for family, _, _, _, address in addresses])
            stage = Phase.TLS if tls else Phase.CONNECT
            return await _spoken(peer, wire, tls)
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"{_FIX[stage]} ({type(error).__name__})", stage) from error


_FIX = {
    Phase.RESOLVE: "the listener's name is unknown; check `hl7.host`",
    Phase.CONNECT: "the listener does not accept connections; check `hl7.host`, `hl7.port`",
    Phase.TLS: "no TLS agreement with the listener; check `hl7.tls` and the certificates",
}

_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


async def _connected(addresses: list[tuple[socket.AddressFamily, _Address]]) -> socket.socket:
    failure: OSError = OSError("no address")
    for family, address in addresses:
        peer = socket.socket(family, socket.SOCK_STREAM)
        try:
            peer.setblocking(False)
            for option in _OPTIONS:
                peer.setsockopt(*option)
            await asyncio.get_running_loop().sock_connect(peer, address)
            return peer
        except OSError as error:
            peer.close()
            failure = error
        except BaseException:
            peer.close()
            raise
    raise failure


async def _spoken(peer: socket.socket, wire: Hl7Wire, tls: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        _, connection = await loop.create_connection(
            Connection,
            sock=peer,
            ssl=tls,
            server_hostname=(wire.tls.server_name or wire.host) if tls else None,
        )
    except BaseException:
        peer.close()
        raise
    return connection
