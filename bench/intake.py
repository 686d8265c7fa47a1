"""The durable intake against `hl7`'s own asyncio server, which keeps nothing.

Lock-step clients: each connection sends its next message when the last is answered. One and
the same client drives both servers, turn by turn, each server in a process of its own.
"""

import asyncio
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path

from accord.intake.database import open_for_writing

NAMES = ("intake_vs_hl7_1", "intake_vs_hl7_32")
ROUNDS = 5
SECONDS = 1.5

_NUMBERS = count(1)
_SIU = (
    "MSH|^~\\&|RAMSOFT|LAKESIDE|ACCORD|LAKESIDE|20260105083000-0300||SIU^S12|{id}|P|2.3.1"
    "||||||8859/1\r"
    "SCH|{id}P|{id}F|||||^BOOKED|ULTRASOUND ABDOMEN^^|15|min|^^15^20260106090000|||||"
    "DOE^ANNA|||||DOE^ANNA|||||BOOKED\r"
    "PID|1||{id}^^^LAKESIDE||SAMPLE^PATIENT^MIDDLE||19700101|F|||1 SAMPLE STREET^^SAMPLETOWN\r"
    "PV1|1|O|LAKESIDE^US1||||1234^HOUSE^GREGORY|1234^HOUSE^GREGORY|||||||||||{id}V\r"
    "RGS|1|A\r"
    "AIS|1|A|USABD^ULTRASOUND ABDOMEN^L|20260106090000|0|min|15|min||BOOKED\r"
    "AIG|1|A|US1^ULTRASOUND ROOM 1|US||||20260106090000|0|min|15|min||BOOKED\r"
    "AIL|1|A|LAKESIDE^US1|ROOM||20260106090000|0|min|15|min||BOOKED\r"
)


def run() -> list[tuple[str, float, str, float]]:
    """Measure both servers at 1 and at 32 connections; median of five rounds, interleaved."""
    results = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_folder_on_disk()))
        ours = stack.enter_context(
            _server("-m", "accord.intake", "--port", "0", "--store", str(folder / "intake.db"))
        )
        theirs = stack.enter_context(_server("-m", "bench.intake"))
        for connections, goal in ((1, 1.0), (32, 3.0)):
            rates = [
                (rate(ours, connections), rate(theirs, connections), commits_per_second(folder))
                for _ in range(ROUNDS)
            ]
            mine, other, commits = (
                statistics.median(column) for column in zip(*rates, strict=True)
            )
            print(
                f"intake, {connections} connections: ours {mine:,.0f} msg/s, durable (FULL); "
                f"hl7's own server {other:,.0f} msg/s, not durable; ceiling: "
                f"{commits:,.0f} commits/s"
            )
            ratio = statistics.median(mine / other for mine, other, _ in rates)
            results.append((f"intake_vs_hl7_{connections}", ratio, ">=", goal))
    return results


def rate(port: int, connections: int, seconds: float = SECONDS) -> float:
    """Give the messages a second that lock-step clients get answered; each is checked."""
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for _ in range(connections):
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(peer, selectors.EVENT_READ, [_send(peer), b""])
        answered, start = 0, time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            for key, _ in selector.select(1):
                answered += _answered(key)
        return answered / (now - start)


def _send(peer: socket.socket) -> bytes:
    control_id = f"B{next(_NUMBERS):012d}"
    peer.sendall(b"\x0b" + _SIU.format(id=control_id).encode("latin-1") + b"\x1c\r")
    return control_id.encode()


def _answered(key: selectors.SelectorKey) -> int:
    peer, conversation = key.fileobj, key.data
    assert isinstance(peer, socket.socket)
    conversation[1] += peer.recv(65536)
    if not conversation[1].endswith(b"\x1c\r"):
        return 0
    assert b"MSA|AA|" + conversation[0] in conversation[1], "not the answer to this message"
    conversation[:] = [_send(peer), b""]
    return 1


def commits_per_second(folder: Path, commits: int = 500) -> float:
    """Give what SQLite alone does here, with the store's settings: one row a commit."""
    row = (b"x" * 1200,)
    with closing(open_for_writing(folder / "ceiling.db")) as database:
        database.execute("CREATE TABLE IF NOT EXISTS row (content BLOB)")
        start = time.perf_counter()
        for _ in range(commits):
            database.execute("INSERT INTO row VALUES (?)", row)
        return commits / (time.perf_counter() - start)


@contextmanager
def _folder_on_disk() -> Iterator[str]:
    # /tmp may be memory, where a sync costs nothing.
    Path(".run").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=".run") as folder:
        yield folder


@contextmanager
def _server(*arguments: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().rsplit(maxsplit=1)[1])
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


async def _hl7_server(say: Callable[[str], object]) -> None:
    from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

    async def answer(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await reader.readmessage()
                writer.writemessage(message.create_ack())
                await writer.drain()
        writer.close()

    server = await start_hl7_server(answer, "127.0.0.1", 0, encoding="latin-1")
    say(f"listening on 127.0.0.1 port {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_hl7_server(sys.stdout.write))
