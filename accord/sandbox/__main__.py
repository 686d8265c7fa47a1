"""`python -m accord.sandbox`: the three systems on loopback, until told to stop."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from accord.sandbox.town import Town, TownPlan
from accord.sandbox.vendor import Manners


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m accord.sandbox",
        description="PowerServer, OmegaAI and Blume's patients on loopback. Everybody in it is"
        " made up. Ends on SIGTERM or Ctrl-C.",
    )
    parser.add_argument(
        "--directory", type=Path, required=True, help="gets sandbox.json and lakeside.yaml"
    )
    parser.add_argument("--keep", action="store_true", help="leave both files there at the end")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same town (default 0)")
    parser.add_argument("--patients", type=_some, default=30, help="how many (default 30)")
    parser.add_argument(
        "--forms", type=_count, default=0, help="forms submitted at the start (default none)"
    )
    parser.add_argument(
        "--vendor",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of forms that the vendor's own synchronisation brings, 0 to 1 (default 0)",
    )
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the town until SIGTERM or SIGINT; one line on standard output says when it is ready."""
    wanted = arguments(sys.argv[1:] if given is None else given)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    plan = TownPlan(
        seed=wanted.seed,
        patients=wanted.patients,
        vendor=Manners(share=wanted.vendor),
        vendor_every_s=2.0 if wanted.vendor else 0.0,
    )
    with Town(wanted.directory, plan=plan) as town:
        if wanted.forms:
            town.submit_day(normal=wanted.forms - wanted.forms // 3, pdf=wanted.forms // 3)
        sys.stdout.write(
            f"ready: Document Viewer at {town.powerserver.web_url}, addresses in"
            f" {town.sandbox_file}, organization file {town.organization_file}\n"
        )
        sys.stdout.flush()
        ending.wait()
    if not wanted.keep:
        town.organization_file.unlink(missing_ok=True)
        town.sandbox_file.unlink(missing_ok=True)
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def _some(text: str) -> int:
    number = _count(text)
    if not number:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return share


if __name__ == "__main__":
    sys.exit(main())
