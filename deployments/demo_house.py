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
TOWN_TIMEOUT_S = 120.0
KEPT = "kept.json"
SUBMITTED, GO_ON = "submitted.json", "go-on"

Tell = Callable[[str], None]


class House:
    """Everything one demo starts, in a directory of its own; several may stand side by side."""

    def __init__(self, directory: Path, tell: Tell) -> None:
        self.directory, self._tell = directory, tell
        self.server = LocalServer(directory / "prefect")
        self._town: Child | None = None
        self._worker: Child | None = None

    @classmethod
    def build(cls, tell: Tell, *, lives_on: bool) -> "House":
        """
        Make the directory and start the Prefect server and the town; waits for neither.

        Args:
            lives_on: whether patients go on submitting forms, one a minute.
        """
        directory = RUNS / f"demo-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        directory.mkdir(parents=True, mode=0o700)
        house = cls(directory, tell)
        try:
            house.server.start()
            house._start_town(lives_on)
        except BaseException:
            house.tear_down()
            raise
        return house

    def _start_town(self, lives_on: bool) -> None:
        self.town_directory.mkdir()
        options = ["--directory", str(self.town_directory)]
        if lives_on:
            options += ["--every", "60"]
        self._town = Child(
            "the sandbox",
            [sys.executable, "-m", "deployments.demo_town", *options],
            log=self.directory / "sandbox.log",
            environment=os.environ,
            directory=ROOT,
        )

    @property
    def town_directory(self) -> Path:
        """Where the town writes down its addresses and what its patients did."""
        return self.directory / "town"

    def await_server(self) -> None:
        """Wait for the Prefect server, telling how long."""
        self.server.wait(self._telling("the Prefect server makes its database"))

    def await_town(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Wait for the town; give its addresses, and what its patients did."""
        submitted = self.town_directory / SUBMITTED
        assert self._town is not None
        self._town.wait_until(
            submitted.exists,
            timeout_s=TOWN_TIMEOUT_S,
            waiting=self._telling("patients fill in forms"),
        )
        return _json(self.town_directory / "sandbox.json"), _json(submitted)

    def start_worker(self) -> None:
        """Start the process worker; waits for nothing."""
        self._worker = start_worker(self.server.environment, log=self.directory / "worker.log")

    def keep(self) -> None:
        """Let everything and everybody go on without us, and write down how to stop it."""
        (self.town_directory / GO_ON).touch()
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
        own = [self.server.child, self._town, self._worker]
        return [child for child in own if child is not None]

    def _telling(self, what: str) -> Callable[[float], None]:
        def waiting(seconds: float) -> None:
            if round(seconds) % 5 == 0:
                self._tell(f"... {what}")

        return waiting


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def stop_kept(tell: Tell, name: str = "") -> int:
    """Stop the kept demo of that name, or every one of this checkout; return how many."""
    kept = sorted(RUNS.glob(f"{name or 'demo-*'}/{KEPT}"))
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
