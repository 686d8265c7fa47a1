"""An intake on a free port, in this process or in its own, and blocking lock-step senders."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accord.intake.service import IntakeService, IntakeSettings

REPOSITORY = Path(__file__).resolve().parents[2]
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
EB = b"\x1c\r"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def a_message(control_id: str, *, patient: str = "P1", more: str = "") -> bytes:
    return (
        f"MSH|^~\\&|RIS|SITE|ACCORD||20260105||ADT^A08|{control_id}|P|2.3.1{more}\r"
        f"PID|1||{patient}^^^SITE\r"
    ).encode()


@asynccontextmanager
async def intake(
    store: Path, clock: Clock | None = None, settings: IntakeSettings | None = None
) -> AsyncIterator[IntakeService]:
    """Run an intake in this process."""
    wanted = settings or IntakeSettings(store=store)
    service = IntakeService(replace(wanted, store=store, port=0), now=clock or Clock())
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


class Sender:
    """Sends one message at a time and waits for the answer; for use in threads too."""

    def __init__(self, port: int) -> None:
        self._peer = socket.create_connection(("127.0.0.1", port), timeout=20)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self._peer.close()

    def send(self, message: bytes) -> bytes:
        """Give the answer's content, without its framing."""
        self.write(message)
        return self.answer()

    def write(self, message: bytes) -> None:
        self._peer.sendall(b"\x0b" + message + EB)

    def answer(self) -> bytes:
        heard = b""
        while not heard.endswith(EB):
            chunk = self._peer.recv(65536)
            if not chunk:
                raise ConnectionError("the intake hung up")
            heard += chunk
        return heard[1:-2]


def code_of(answer: bytes) -> str:
    """MSA-1."""
    return answer.split(b"\rMSA|", 1)[1][:2].decode()


@contextmanager
def intake_process(store: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `python -m accord.intake` on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "accord.intake", "--port", "0", "--store", str(store), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline().rsplit(maxsplit=1)[1])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(20)
        process.stdout.close()
