"""What CI checks besides tests: `python -m deployments.check`. Counts failures, stops at none."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_PROGRAMS = Path(sys.executable).parent


class Check(NamedTuple):
    """One command that must succeed, and how to mend what it finds."""

    name: str
    command: tuple[str, ...]
    mend: str


CHECKS = (
    Check("format", ("ruff", "format", "--check", "--quiet", "."), "ruff format ."),
    Check("lint", ("ruff", "check", "--quiet", "."), "ruff check --fix ."),
    Check("types", ("mypy",), "mend the types; mypy is strict"),
    Check("imports", ("lint-imports",), "move the code to the layer that may import it"),
    Check("docs", ("python", "-m", "tests.spec.manual", "--check"), "make docs"),
)


def failures(checks: tuple[Check, ...] = CHECKS, *, root: Path = ROOT) -> list[str]:
    """Run every check and give the names of those that failed; prints one line for each."""
    return [check.name for check in checks if not _passes(check, root)]


def _passes(check: Check, root: Path) -> bool:
    program, *arguments = check.command
    try:
        done = subprocess.run(
            [str(_PROGRAMS / program), *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        code, said = done.returncode, f"{done.stdout}{done.stderr}"
    except OSError:
        code, said = 127, f"{program} is not installed here: run `make setup-dev`"
    print(f"{'ok   ' if code == 0 else 'WRONG'}  {check.name}", flush=True)
    if code != 0:
        print(said.rstrip(), f"-> {check.mend}", sep="\n", flush=True)
    return code == 0


def main() -> int:
    """Check everything and sum up."""
    failed = failures()
    summary = f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}"
    print(summary if failed else f"all {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
