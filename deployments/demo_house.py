"""The demo's processes: a Prefect server, a worker and the sandbox, each with a log of its own."""

import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from deployments.children import Child, kill_marked
from deployments.local_server import LocalServer, start_worker

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / ".run"
SANDBOX_TIMEOUT_S = 120.0
KEPT = "kept.json"

Tell = Callable[[str], None]


class House:
    """Everything one demo starts, in a directory of its own; several may stand side by side."""

    def __init__(self, directory: Path, tell: Tell) -> None:
        self.directory, self._tell = directory, tell
        self.server = LocalServer(directory / "prefect")
        self._sandbox: Child | None = None
        self._worker: Child | None = None

    @classmethod
    def build(cls, tell: Tell) -> "House":
        """Make the directory and start the Prefect server and the sandbox; waits for neither."""
        directory = RUNS / f"demo-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        directory.mkdir(parents=True, mode=0o700)
        house = cls(directory, tell)
        try:
            house.server.start()
            house._start_sandbox()
        except BaseException:
            house.tear_down()
            raise
        return house

    def _start_sandbox(self) -> None:
        self.sandbox_directory.mkdir()
        self._sandbox = Child(
            "the sandbox",
            [sys.executable, "-m", "accord.sandbox", "--directory", str(self.sandbox_directory)],
            log=self.directory / "sandbox.log",
            environment=os.environ,
            directory=ROOT,
        )

    @property
    def sandbox_directory(self) -> Path:
        """Where the sandbox says where it is."""
        return self.directory / "sandbox"

    def await_server(self) -> None:
        """Wait for the Prefect server, telling how long."""
        self.server.wait(self._telling("the Prefect server makes its database"))

    def await_sandbox(self) -> dict[str, Any]:
        """Wait for the sandbox and give what it says of itself."""
        said = self.sandbox_directory / "sandbox.json"
        assert self._sandbox is not None
        self._sandbox.wait_until(
            said.exists,
            timeout_s=SANDBOX_TIMEOUT_S,
            waiting=self._telling("the three systems open their doors"),
        )
        return dict(json.loads(said.read_text(encoding="utf-8")))

    def start_worker(self) -> None:
        """Start the process worker; waits for nothing."""
        self._worker = start_worker(self.server.environment, log=self.directory / "worker.log")

    def keep(self) -> None:
        """Let everything go on without us, and write down how to stop it."""
        marks = [child.mark for child in self._children()]
        (self.directory / KEPT).write_text(json.dumps(marks), encoding="utf-8")

    def tear_down(self, *, erase: bool = False) -> None:
        """End every process; `erase` removes the directory with all logs and databases too."""
        for child in reversed(self._children()):
            child.stop()
        self.server.close()
        if erase:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _children(self) -> list[Child]:
        own = [self.server.child, self._sandbox, self._worker]
        return [child for child in own if child is not None]

    def _telling(self, what: str) -> Callable[[float], None]:
        def waiting(seconds: float) -> None:
            if round(seconds) % 5 == 0:
                self._tell(f"... {what}")

        return waiting


def stop_kept(tell: Tell) -> int:
    """Stop every demo of this checkout that was kept; return how many there were."""
    kept = sorted(RUNS.glob(f"demo-*/{KEPT}"))
    for path in kept:
        for mark in json.loads(path.read_text(encoding="utf-8")):
            kill_marked(mark, signal.SIGTERM)
        time.sleep(1)
        for mark in json.loads(path.read_text(encoding="utf-8")):
            kill_marked(mark, signal.SIGKILL)
        with suppress(OSError):
            shutil.rmtree(path.parent)
        tell(f"stopped {path.parent.name}")
    return len(kept)
