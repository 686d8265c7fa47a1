"""
Prefect's own files go to a directory of this test session, set before anything imports Prefect.

Otherwise results of an earlier session would make tests pass or fail by history, and a flow that
runs without the `prefect_server` fixture would quietly start a server of its own.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deployments.local_server import QUIET, LocalServer

_HOME = Path(tempfile.mkdtemp(prefix="accord-tests-prefect-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
_SERVER = LocalServer(_HOME)
# No test judges how long something takes: on a busy machine it would fail by chance.
settings.register_profile("accord", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("accord")
os.environ.update(QUIET)
os.environ["PREFECT_HOME"] = str(_HOME)
os.environ["PREFECT_API_URL"] = _SERVER.api_url


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[LocalServer]:
    """The session's one real Prefect server; Prefect in this process already points at it."""
    _SERVER.start()
    try:
        _SERVER.wait()
        yield _SERVER
    finally:
        _SERVER.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Begin with the files whose tests need Prefect: a test of theirs takes seconds, and a file goes
    to one process as a whole, so that the quick ones fill what is left at the end.
    """
    slow = {item.path for item in items if item.get_closest_marker("prefect_server")}
    items.sort(key=lambda item: item.path not in slow)  # stable: all else keeps its order


def pytest_unconfigure() -> None:
    """Give the reserved port back."""
    _SERVER.close()
