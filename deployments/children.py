"""
Child processes of the demo and of tests, each with all its descendants.

Prefect's worker starts every run in a session of its own, so a process group does not hold a
family together. A mark in the environment, inherited by every descendant, does (Linux: /proc).
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

STOP_GRACE_S = 10.0
MARK = "ACCORD_FAMILY_"


class ChildDied(Exception):
    """A child process ended before it was ready."""


class PortReservation:
    """
    A free loopback port that nobody else is given until the reservation is released.

    A socket that is bound and does not listen keeps the kernel from handing the port to others,
    while a server that sets SO_REUSEADDR (as uvicorn does) may still bind it.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Give the port back."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Child:
    """
    One child process with its own mark and session, writing to a log file.

    Args:
        name: what it is called in progress lines and errors.
        log: receives standard output and standard error.
        directory: where it starts; ours if None.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        directory: Path | None = None,
    ) -> None:
        self.name, self.log = name, log
        self.mark = secrets.token_hex(16)
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**environment, MARK + self.mark: "1"},
                cwd=directory,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait_until(
        self,
        is_ready: Callable[[], bool],
        *,
        timeout_s: float,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """
        Return once `is_ready()` says so; `waiting` is told the seconds spent, about once a second.

        Raises:
            ChildDied: it ended first; the message names its log.
            TimeoutError: it was not ready after `timeout_s` seconds.
        """
        began = told = time.monotonic()
        while not is_ready():
            now = time.monotonic()
            if not self.is_running:
                raise ChildDied(f"{self.name} ended early; its log: {self.log}")
            if now - began > timeout_s:
                raise TimeoutError(f"{self.name} not ready after {timeout_s:.0f} s: {self.log}")
            if now - told >= 1:
                told = now
                waiting(now - began)
            time.sleep(0.1)

    @property
    def family(self) -> list[int]:
        """The process ids of the child and all its descendants that still run."""
        return _marked(self.mark)

    def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """End it and its family: SIGTERM to itself, after `grace_s` seconds SIGKILL to all."""
        if self.is_running:
            self._process.terminate()
        with contextlib.suppress(TimeoutError):
            self.finish(grace_s)
        self.kill()

    def terminate(self) -> None:
        """SIGTERM to itself alone, as Ctrl-C or a cancelled job would."""
        self._process.terminate()

    def finish(self, timeout_s: float) -> int:
        """
        Wait until it ends by itself and return its exit code.

        Raises:
            TimeoutError: it has not ended after `timeout_s` seconds.
        """
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} runs after {timeout_s:.0f} s: {self.log}") from None

    def kill(self) -> None:
        """SIGKILL the whole family, as a power cut would end it."""
        while kill_marked(self.mark, signal.SIGKILL):
            self._process.poll()
            time.sleep(0.02)
        self._process.wait()


def kill_marked(mark: str, number: signal.Signals) -> bool:
    """Send a signal to every living process with this mark; return whether there was one."""
    family = _marked(mark)
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return bool(family)


def _marked(mark: str) -> list[int]:
    """List the living processes whose environment holds `mark`."""
    needle = f"{MARK}{mark}=1".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended, or belongs to another user
                if needle in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found
