"""
The demo's town: the sandbox, with patients who submit a day's forms as soon as it stands.

    python -m deployments.demo_town --directory DIR [--every SECONDS]

It writes what `python -m accord.sandbox` writes, and submitted.json once the forms are there:
what the patients did, so that the summary can be held against it. Ends on SIGTERM.
"""

import argparse
import json
import signal
import threading
from collections import Counter
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path

from accord.sandbox.blume_forms import Submitted
from accord.sandbox.town import Town, TownPlan
from accord.sandbox.vendor import Manners

SUBMITTED = "submitted.json"
GO_ON = "go-on"
"""A file whose presence lets patients go on submitting forms."""
NORMAL, PDF = 14, 7
ODD = (
    "clinical-without-accession",
    "no-issuer",
    "encrypted-pdf",
    "unknown-script",
    "in-progress",
)
"""One form of each, from the sandbox's table of what goes wrong."""

PLAN = TownPlan(seed=7, patients=40, vendor=Manners(share=0.15), half_set_up=True)
"""
The vendor's own synchronisation brings about every seventh form before we look; somebody began to
set up OmegaAI by hand, and was called away.
"""


def main(arguments: list[str] | None = None) -> int:
    """Stand until told to end."""
    parser = argparse.ArgumentParser(prog="python -m deployments.demo_town", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--every", type=float, default=0, help="a patient submits every N seconds")
    options = parser.parse_args(arguments)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    with Town(options.directory, plan=PLAN) as town:
        notes = town.submit_day(normal=NORMAL, pdf=PDF, wrong=ODD)
        by_vendor = town.vendor.sweep().delivered
        _write(options.directory / SUBMITTED, notes, len(by_vendor))
        _live_on(town, ending, options.every)
    return 0


def _live_on(town: Town, ending: threading.Event, every_s: float) -> None:
    """Let patients go on once somebody says so: what was written down stays true until then."""
    kinds = cycle(({"normal": 1, "pdf": 0}, {"normal": 0, "pdf": 1}))
    while not ending.wait(every_s or None):
        if (town.directory / GO_ON).exists():
            town.submit_day(**next(kinds))


def _write(path: Path, notes: Iterable[Submitted], by_vendor: int) -> None:
    ends = Counter(note.expected for note in notes)
    told = {"forms": sum(ends.values()), "must_end": dict(ends), "brought_by_vendor": by_vendor}
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(told), encoding="utf-8")
    beside.rename(path)  # whoever waits for it finds it whole


if __name__ == "__main__":
    raise SystemExit(main())
