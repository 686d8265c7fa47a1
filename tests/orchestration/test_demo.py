"""The demo as a newcomer runs it: it ends well, by itself, and leaves nothing behind."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from deployments.catalogue import ROOT
from deployments.children import Child
from deployments.demo_house import KEPT

pytestmark = [pytest.mark.long, pytest.mark.prefect_server]

TIMEOUT_S = 400
COMMAND = [sys.executable, "-m", "deployments.demo"]
DONE = re.compile(r"observed 25: already there 5, verified 16, held 4")


def _demo(log: Path, *options: str) -> Child:
    # An environment of a newcomer: nothing of this test session's Prefect.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    return Child("the demo", [*COMMAND, *options], log=log, environment=environment, directory=ROOT)


def _told(demo: Child, what: str) -> str:
    line = re.search(rf"^{what}:? +(\S+)$", demo.log.read_text(), re.MULTILINE)
    assert line is not None, what
    return line[1]


def test_two_demos_side_by_side_each_do_the_whole_job(tmp_path: Path) -> None:
    """
    One is kept up, and while it stands a second one runs: ports and directories are its own.
    Every form ends where the patients' own notes say; the second leaves no process and no file,
    and `--stop` ends the first.
    """
    with ExitStack() as stack:
        kept = _demo(tmp_path / "kept.log", "--keep")
        stack.callback(kept.kill)
        assert kept.finish(TIMEOUT_S) == 0, kept.log.read_text()
        assert kept.family, "kept up means that its processes go on"
        second = _demo(tmp_path / "second.log")
        stack.callback(second.kill)
        assert second.finish(TIMEOUT_S) == 0, second.log.read_text()
        assert second.family == []
        for demo in (kept, second):
            told = demo.log.read_text()
            assert DONE.search(told)
            assert "applied: Completed: verified 2; left: nothing to change" in told
            assert re.search(r"genuine: Lakeside Imagem.*\n.*powerserver resources: 3", told)
        house = Path(_told(kept, "Its files"))
        assert json.loads((house / KEPT).read_text())
        for shown in ("Document Viewer", "Prefect UI", "this run"):
            asked = urllib.request.Request(_told(kept, shown), headers={"Accept": "text/html"})
            with urllib.request.urlopen(asked) as page:
                assert page.status == 200
        subprocess.run([*COMMAND, "--stop", house.name], cwd=ROOT, capture_output=True, check=True)
        assert kept.family == []
        assert not house.exists()


def test_a_demo_that_is_interrupted_leaves_no_process(tmp_path: Path) -> None:
    """Ctrl-C, or a CI job that is cancelled, in the middle of the start."""
    demo = _demo(tmp_path / "log")
    try:
        demo.wait_until(lambda: len(demo.family) >= 3, timeout_s=60)
        demo.terminate()
        assert demo.finish(60) != 0
        assert demo.family == []
        said = re.search(r"logs are in (\S+)", demo.log.read_text())
        assert said is not None
        assert Path(said[1], "sandbox.log").exists()
        shutil.rmtree(said[1])
    finally:
        demo.kill()
