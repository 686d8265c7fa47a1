"""A server made by hand that stands before the simulated OmegaAI and answers some of it itself."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from accord.sandbox.omegaai import OmegaAISim
from tests.adapters.omegaai_peer import http_answer, raw_server

HANG_UP = b""
PASS = None
"""Let this one through."""


def refusal(status: str) -> bytes:
    """Answer with this status and no codes."""
    return http_answer(b'{"resourceType":"OperationOutcome","issue":[]}', status=status)


GONE_WRONG = refusal("500 Internal Server Error")
FORBIDDEN = refusal("403 Forbidden")
NO_SUCH = refusal("404 Not Found")
NOTHING_FOUND = http_answer(b'{"resourceType":"Bundle","type":"searchset","total":0}')


@dataclass
class Between:
    """What is asked passes on to the simulator, but for what `instead` answers."""

    sim: OmegaAISim
    base: str = ""
    instead: dict[str, list[bytes | None]] = field(default_factory=dict)
    """Answers by a pattern of `METHOD path`, one after the other, the last again and again."""
    asked: list[str] = field(default_factory=list)
    """Every request, as `METHOD path`."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, or let the simulator do so."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        request = " ".join(head.decode("latin-1").split(" ", 2)[:2])
        self.asked.append(request)
        answer = self._own(request)
        if answer is None:
            await self._pass_on(head, body, writer)
        else:
            writer.write(answer)
            await writer.drain()

    def _own(self, request: str) -> bytes | None:
        for pattern, answers in self.instead.items():
            if re.search(pattern, request):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return PASS

    async def _pass_on(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        host, port = self.sim.origin.removeprefix("http://").split(":")
        answers, onwards = await asyncio.open_connection(host, int(port))
        lines = [x for x in head.split(b"\r\n") if not x.lower().startswith(b"connection:")]
        onwards.write(b"\r\n".join([lines[0], b"connection: close", *lines[1:]]) + body)
        writer.write(await answers.read())
        await writer.drain()
        onwards.close()


@asynccontextmanager
async def between(sim: OmegaAISim) -> AsyncIterator[Between]:
    """Lend such a server; `base` is its FHIR base."""
    server = Between(sim)
    async with raw_server(server.serve) as port:
        server.base = f"http://127.0.0.1:{port}/fhir"
        yield server
