"""
A Prefect server and worker of our own, on loopback, for the demo and for tests.

Prefect is not imported here: the caller can import it while the server is starting.
"""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deployments.children import Child, PortReservation

POOL = "accord"
_PREFECT = (sys.executable, "-m", "prefect")
START_TIMEOUT_S = 180.0  # the first start migrates a new SQLite file; slow on a busy machine

SERVER_SETTINGS: Mapping[str, str] = {
    # Leases kept in memory are lost with the server, and the slots they hold never come free.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": "http://127.0.0.1",
}
"""What an installation should set too; deployments/server.env.example says why."""

QUIET: Mapping[str, str] = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_COLORS": "false",
}

Progress = Callable[[float], None]


def _silent(_: float) -> None:
    """Say nothing."""


def client_environment(home: Path, api_url: str) -> dict[str, str]:
    """Give the settings of whoever talks to the server at `api_url`, over our own environment."""
    return {**os.environ, **QUIET, "PREFECT_HOME": str(home), "PREFECT_API_URL": api_url}


class LocalServer:
    """One Prefect server with a SQLite file under `home`; not started until `start()`."""

    def __init__(self, home: Path, *, extra_settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self._reservation = PortReservation()
        self._extra_settings = dict(extra_settings or {})
        self.child: Child | None = None

    @property
    def port(self) -> int:
        """The loopback port, known before the start."""
        return self._reservation.port

    @property
    def ui_url(self) -> str:
        """Where a person looks."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """`PREFECT_API_URL` for clients."""
        return f"{self.ui_url}/api"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of clients, workers and runs."""
        return {**client_environment(self.home, self.api_url), **self._extra_settings}

    def start(self) -> None:
        """Start it; `wait()` returns when it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.child = Child(
            "the Prefect server",
            [*_PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(self.port)],
            log=self.home / "server.log",
            environment={**self.environment, **SERVER_SETTINGS, **self._extra_settings},
        )

    def wait(self, waiting: Progress = _silent) -> None:
        """
        Return when the server answers; `waiting` is told the seconds spent.

        Raises:
            ChildDied, TimeoutError: with the path of the server's log.
        """
        if self.child is None:
            raise RuntimeError("start() comes before wait()")
        self.child.wait_until(self._is_healthy, timeout_s=START_TIMEOUT_S, waiting=waiting)

    def stop(self) -> None:
        """End it; harmless when it never started. The port stays reserved for a new `start()`."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def kill(self) -> None:
        """SIGKILL it, as a power cut would; its port stays reserved."""
        if self.child is not None:
            self.child.kill()
            self.child = None

    def close(self) -> None:
        """End it and give the port back."""
        self.stop()
        self._reservation.release()

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api_url}/health", timeout=2) as answer:  # noqa: S310 - our own loopback server
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def start_worker(environment: Mapping[str, str], *, log: Path, pool: str = POOL) -> Child:
    """
    Start a process worker for `pool` and return at once.

    It asks for work every second, so that a person who presses Run sees something happen. How
    many runs it takes at a time is the pool's limit: with a limit of its own, a worker of Prefect
    3.8 dies when a run that has just crashed is retried while it still counts it.
    """
    arguments = [*_PREFECT, "worker", "start", "--pool", pool]
    return Child(
        "the Prefect worker",
        [*arguments, "--type", "process", "--name", f"accord-{os.getpid()}"],
        log=log,
        environment={
            **environment,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_WORKER_PREFETCH_SECONDS": "1",
        },
    )


@contextmanager
def running_server(
    home: Path, *, extra_settings: Mapping[str, str] | None = None, waiting: Progress = _silent
) -> Iterator[LocalServer]:
    """Lend a Prefect server that answers, and end it whatever happens."""
    server = LocalServer(home, extra_settings=extra_settings)
    try:
        server.start()
        server.wait(waiting)
        yield server
    finally:
        server.close()
