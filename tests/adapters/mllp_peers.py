"""Listeners that misbehave as told, on real sockets."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from accord.domain.wires import AckMode, Hl7Wire

SB, EB = b"\x0b", b"\x1c\r"


@dataclass
class Turn:
    """One message that came, and the means to answer it."""

    message: bytes
    writer: asyncio.StreamWriter

    @property
    def control_id(self) -> str:
        return self.message.split(b"|", 10)[9].decode()

    def ack(self, code: str = "AA", *, of: str | None = None, more: str = "") -> bytes:
        head = "MSH|^~\\&|RAMSOFT||ACCORD||20260105||ACK|A1|P|2.3.1\r"
        return f"{head}MSA|{code}|{self.control_id if of is None else of}\r{more}".encode()

    async def write(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self, code: str = "AA", *, of: str | None = None, more: str = "") -> None:
        await self.write(SB + self.ack(code, of=of, more=more) + EB)

    async def hang_up(self) -> None:
        self.writer.close()

    async def reset(self) -> None:
        peer = self.writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Turn], Awaitable[None]]


@dataclass
class ScriptedPeer:
    """Answers the n-th message by the n-th script, the rest by the last."""

    scripts: list[Script]
    port: int = 0
    connections: int = 0
    messages: list[bytes] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    greeting: bytes = b""
    hang_up_at_once: bool = False

    def wire(self, **changes: object) -> Hl7Wire:
        settings: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "answer_timeout_s": 5.0,
            "connect_timeout_s": 5.0,
        }
        return Hl7Wire.model_validate(settings | changes)

    def enhanced(self, **changes: object) -> Hl7Wire:
        return self.wire(ack_mode=AckMode.ENHANCED, **changes)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.hang_up_at_once:
                return
            if self.greeting:
                writer.write(self.greeting)
            while True:
                block = await reader.readuntil(EB)
                self.messages.append(block[1:-2])
                self.heard.set()
                script = self.scripts[min(len(self.messages), len(self.scripts)) - 1]
                await script(Turn(block[1:-2], writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # cancelled only when the test is over
        finally:
            writer.close()


@asynccontextmanager
async def scripted(
    *scripts: Script,
    greeting: bytes = b"",
    hang_up_at_once: bool = False,
    ssl: SSLContext | None = None,
) -> AsyncIterator[ScriptedPeer]:
    """Start such a listener on a free port."""
    peer = ScriptedPeer(list(scripts), greeting=greeting, hang_up_at_once=hang_up_at_once)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await peer._talk(reader, writer)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 25, ssl=ssl)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
