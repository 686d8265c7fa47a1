"""Receiving over MLLP: every message answered, in order, and nobody waits for a slow peer."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable

from accord.adapters.mllp import frame
from accord.adapters.mllp_peer import Peer, Reception

_LOG = logging.getLogger(__name__)

Receive = Callable[[bytes, str], Awaitable[bytes]]
"""
Takes one message's bytes and the sender's address; gives what to write back: framed
answers, one or more, or nothing. It must not raise; if it does, the sender is told `AE`.
"""


class MllpListener:
    """
    An MLLP server.

    Args:
        host: address to bind.
        port: TCP port, 0 for a free one; `port` tells which.
        receive: what to do with a message.
        refuse: gives the unframed answer to a message by its first bytes: True where it can
            never be taken (over the limit, unfinished), False where it failed just now.
        limit_bytes: the largest message that is taken; a larger one is answered AR and the
            connection stays.
        tls: from `mllp_tls.server_context`; None speaks plain TCP.
        silence_s: how long a sender may stop inside a message before it is refused.
    """

    def __init__(  # noqa: PLR0913 - a wire has that many settings
        self,
        host: str,
        port: int,
        receive: Receive,
        *,
        refuse: Callable[[bytes, bool], bytes],
        limit_bytes: int,
        tls: ssl.SSLContext | None = None,
        silence_s: float = 60,
    ) -> None:
        self._address = (host, port)
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._peers: set[Peer] = set()
        self._reception = Reception(
            receive=receive,
            refuse=lambda head, never: frame(refuse(head, never)),
            limit_bytes=limit_bytes,
            silence_s=silence_s,
            peers=self._peers,
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            OSError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Peer(self._reception), *self._address, ssl=self._tls, backlog=512
        )

    async def stop(self, *, grace_s: float = 10) -> None:
        """Take no more; answer what was taken; close. After `grace_s` close all the same."""
        if self._server is None:
            return
        self._server.close()
        for peer in tuple(self._peers):
            peer.drain()
        gone = [asyncio.ensure_future(peer.gone.wait()) for peer in self._peers]
        if gone:
            _, late = await asyncio.wait(gone, timeout=grace_s)
            for peer in tuple(self._peers):
                peer.abort()
            if late:
                _LOG.warning("%d connections were cut with answers outstanding", len(late))
                await asyncio.wait(late)
        await self._server.wait_closed()
        self._server = None
