"""
Pull the plug on a program: its un-fsynced writes are gone, as on a machine that lost power.

`kill -9` alone leaves the operating system's cache standing, so it never shows a missing fsync.
"""

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = 4096


def build_shim(into: Path) -> Path:
    """Compile the shim; without a C compiler skip, or fail under ACCORD_REQUIRE_SERVERS=1."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        why = "no C compiler (gcc) to build the power-loss model with"
        if os.environ.get("ACCORD_REQUIRE_SERVERS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    shim = into / "powerloss.so"
    source = Path(__file__).with_name("shim.c")
    built = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(source), "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return shim


class ForgetfulDisk:
    """A directory on a disk that keeps only what was fsynced, until the plug is pulled."""

    def __init__(self, directory: Path, shim: Path) -> None:
        self.directory = directory.resolve()
        self.shim = shim
        self.stored = self.directory.parent / f"{directory.name}.disk"
        self.stored.mkdir()
        names = []
        for path in self._files():
            ino = path.stat().st_ino
            shutil.copy(path, self.stored / f"stored-{ino}")
            names.append(f"{ino} {path.name}\n")
        (self.stored / "names").write_text("".join(names))

    def environment(self) -> dict[str, str]:
        """What a program's environment needs for its writes to go through the model."""
        return {
            "LD_PRELOAD": str(self.shim),
            "POWERLOSS_DIR": str(self.directory),
            "POWERLOSS_DISK": str(self.stored),
        }

    def lose_power(self, *, survivors: float = 0, seed: int = 0) -> None:
        """
        Leave in the directory what the disk holds; the programs must be dead by now.

        Args:
            survivors: share of un-fsynced pages that reached the disk all the same, in no order.
            seed: which ones.
        """
        chance = random.Random(seed)
        after: dict[str, bytes] = {}
        for line in (self.stored / "names").read_text().splitlines():
            ino, name = line.split(" ", 1)
            after[name] = self._content(ino, survivors, chance)
        for path in self._files(with_memory=True):
            path.unlink()
        for name, content in after.items():
            (self.directory / name).write_bytes(content)
            (self.directory / name).chmod(0o600)

    def saw_writes(self) -> bool:
        """Whether any write went through the model: else it proves nothing."""
        return any(self.stored.glob("dirty-*"))

    def _content(self, ino: str, survivors: float, chance: random.Random) -> bytes:
        stored = self.stored / f"stored-{ino}"
        content = bytearray(stored.read_bytes() if stored.exists() else b"")
        live = self.stored / f"keep-{ino}"
        if survivors and live.exists():
            written = live.read_bytes()
            for at in self._dirty_pages(ino, len(written)):
                if chance.random() < survivors:
                    page = written[at : at + PAGE]
                    content.extend(bytes(max(0, at + len(page) - len(content))))
                    content[at : at + len(page)] = page
        return bytes(content)

    def _dirty_pages(self, ino: str, size: int) -> list[int]:
        log = (self.stored / f"dirty-{ino}").read_bytes()
        pages: set[int] = set()
        for at, length in struct.iter_unpack("qq", log):
            pages.update(range(at - at % PAGE, min(at + length, size), PAGE))
        return sorted(pages)

    def _files(self, *, with_memory: bool = False) -> list[Path]:
        files = (path for path in self.directory.iterdir() if path.is_file())
        return [path for path in files if with_memory or not path.name.endswith("-shm")]


def run_with_power_loss(
    command: Sequence[str], directory: Path, *, shim: Path, after: int, survivors: float = 0,
    seed: int = 0,
) -> list[str]:  # fmt: skip
    """
    Run `python <command>` and pull the plug once it has acknowledged `after` lines.

    The program writes to files of `directory` and prints one line for each thing that it
    declares durable. Gives all lines that it got out; the directory is then as the disk has it.
    """
    disk = ForgetfulDisk(directory, shim)
    program = subprocess.Popen(
        [sys.executable, "-u", *command],
        cwd=REPOSITORY,
        env={**os.environ, **disk.environment()},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    lines: list[str] = []
    try:
        while len(lines) < after and (line := program.stdout.readline()):
            lines.append(line.rstrip("\n"))
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        rest = program.stdout.read().splitlines(keepends=True)
        program.stdout.close()
        program.wait()
    lines += [line.rstrip("\n") for line in rest if line.endswith("\n")]
    assert len(lines) >= after, "the program ended before the plug was pulled"
    assert disk.saw_writes(), "no write went through the model: interposition does not work here"
    disk.lose_power(survivors=survivors, seed=seed)
    return lines
