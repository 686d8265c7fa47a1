"""The model itself: what a program did not fsync is gone, and only that."""

from pathlib import Path

import pytest

from tests.powerloss.disk import run_with_power_loss

_START = "import os, sys, time\n"
_END = "\nprint('done', flush=True)\ntime.sleep(60)\n"
_SYNC_NAMES = "\nd = os.open('.', os.O_RDONLY); os.fsync(d)\n"


def _after(tmp_path: Path, shim: Path, body: str) -> dict[str, str]:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "old").write_text("old")
    program = f"{_START}os.chdir({str(directory)!r})\n{body}{_END}"
    run_with_power_loss(["-c", program], directory, shim=shim, after=1)
    return {path.name: path.read_text() for path in directory.iterdir()}


@pytest.mark.parametrize(
    ("body", "left"),
    [
        pytest.param("open('old', 'w').write('new')", {"old": "old"}, id="overwritten, no fsync"),
        pytest.param(
            "f = open('old', 'w'); f.write('new'); f.flush(); os.fsync(f.fileno())",
            {"old": "new"},
            id="overwritten and fsynced",
        ),
        pytest.param(
            "f = open('old', 'a'); f.write('+'); f.flush(); os.fdatasync(f.fileno())\n"
            "f.write('-'); f.flush()",
            {"old": "old+"},
            id="appended, fsynced, appended again",
        ),
        pytest.param(
            "f = open('young', 'w'); f.write('new'); f.flush(); os.fsync(f.fileno())",
            {"old": "old"},
            id="a new file whose name was not",
        ),
        pytest.param(
            "f = open('young', 'w'); f.write('new'); f.flush(); os.fsync(f.fileno())" + _SYNC_NAMES,
            {"old": "old", "young": "new"},
            id="a new file and its name",
        ),
        pytest.param(
            "f = open('young', 'w'); f.write('new'); f.flush()" + _SYNC_NAMES,
            {"old": "old", "young": ""},
            id="a name without its bytes",
        ),
        pytest.param(
            "f = open('young', 'w'); f.write('new'); f.flush(); os.fsync(f.fileno())\n"
            "os.rename('young', 'old')",
            {"old": "old"},
            id="a rename that was not fsynced",
        ),
        pytest.param(
            "os.unlink('old'); open('young', 'w').write('new')",
            {"old": "old"},
            id="unlinked, and nothing fsynced",
        ),
        pytest.param(
            "open('young', 'w').write('x')\nos.truncate('old', 1)\n"
            "f = os.open('old', os.O_WRONLY); os.ftruncate(f, 2)",
            {"old": "old"},
            id="cut short, no fsync",
        ),
        pytest.param(
            "f = os.open('old', os.O_WRONLY); os.ftruncate(f, 2); os.fsync(f)",
            {"old": "ol"},
            id="cut short and fsynced",
        ),
    ],
)
def test_only_what_was_fsynced_is_left(
    tmp_path: Path, shim: Path, body: str, left: dict[str, str]
) -> None:
    """Bytes need an fsync of the file; a name needs one of the directory."""
    assert _after(tmp_path, shim, body) == left
