"""Child processes end with all their descendants, whatever session those made for themselves."""

import os
import sys
import time
from pathlib import Path

import pytest

from deployments.catalogue import ROOT
from deployments.children import Child, ChildDied, PortReservation

SLEEPER = "import time; time.sleep(60)"
IN_ITS_OWN_SESSION = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
time.sleep(60)
"""
WITH_A_CHILD_OF_ITS_OWN = f"""
import os, sys, time
from pathlib import Path
from deployments.children import Child
arguments = [sys.executable, "-c", {SLEEPER!r}]
Child("x", arguments, log=Path("/dev/null"), environment=os.environ)
time.sleep(60)
"""


def _child(code: str, log: Path) -> Child:
    return Child(
        "it", [sys.executable, "-c", code], log=log, environment=os.environ, directory=ROOT
    )


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_descendants_in_sessions_of_their_own_end_too(way: str, tmp_path: Path) -> None:
    """As Prefect's worker starts its runs: a process group would not hold them."""
    child = _child(IN_ITS_OWN_SESSION, tmp_path / "log")
    child.wait_until(lambda: len(child.family) == 2, timeout_s=20)
    getattr(child, way)()
    assert child.family == []
    assert not child.is_running


def test_a_child_of_a_child_belongs_to_both_families(tmp_path: Path) -> None:
    """A test that starts the demo can end what the demo started."""
    child = _child(WITH_A_CHILD_OF_ITS_OWN, tmp_path / "log")
    try:
        child.wait_until(lambda: len(child.family) == 2, timeout_s=20)
    finally:
        child.kill()
    assert child.family == []


def test_a_child_that_ends_early_names_its_log(tmp_path: Path) -> None:
    """The reason stands there."""
    child = _child("raise SystemExit(3)", tmp_path / "its.log")
    with pytest.raises(ChildDied, match=r"its\.log"):
        child.wait_until(lambda: False, timeout_s=20)
    child.stop()


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    """And the wait is told of, so that nobody sits before a silent screen."""
    child, told = _child(SLEEPER, tmp_path / "log"), list[float]()
    try:
        with pytest.raises(TimeoutError):
            child.wait_until(lambda: False, timeout_s=1.5, waiting=told.append)
    finally:
        child.kill()
    assert told


def test_a_reserved_port_is_given_to_nobody_else() -> None:
    """Several demos and tests start servers on one machine at the same moment."""
    with PortReservation() as one:
        others = [PortReservation() for _ in range(20)]
        assert one.port not in {other.port for other in others}
        for other in others:
            other.release()


def test_killing_waits_until_it_is_over(tmp_path: Path) -> None:
    """No process of the family is alive once `kill` has returned."""
    child = _child(SLEEPER, tmp_path / "log")
    began = time.monotonic()
    child.kill()
    assert not child.is_running
    assert time.monotonic() >= began
