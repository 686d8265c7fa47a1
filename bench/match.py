"""
Matching and judging two sides of 10 k, 100 k and 1 M visits, against a plain pandas merge.

The floor is an outer merge on the one exact key with an indicator and a comparison of statuses:
it finds no ambiguity, no second key, and nothing but the status. Inputs are frames; each figure is
made in a process of its own, so that its peak of memory is its own.
"""

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from accord.reconciliation.judging import judge
from accord.reconciliation.ladder import match
from accord.reconciliation.visits import DTYPES

NAMES = ("match_1m_vs_floor", "match_1m_mb", "match_1m_vs_100k")
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
WORDS = {
    "SCHEDULED": "pending",
    "CONFIRMED": "booked",
    "ARRIVED": "arrived",
    "COMPLETED": "fulfilled",
}


def sides(size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make both sides: 1 % missing on either, 1 % of statuses, times and patients otherwise."""
    random = np.random.default_rng(7)
    number = pd.Series(np.arange(size)).astype("str")
    words = np.array(list(WORDS))[random.integers(0, len(WORDS), size)]
    starts = pd.Timestamp("2026-11-30T08:00:00Z") + pd.to_timedelta(
        random.integers(0, 14 * 24 * 12, size) * 5, unit="min"
    )
    left = pd.DataFrame(
        {
            "source": "1.2.826.0.1." + number,
            "cross_reference": "",
            "placer": "P" + number,
            "filler": "F" + number,
            "accessions": "A" + number,
            "issuer": "LAKESIDE",
            "patient": (pd.Series(random.integers(0, size, size))).astype("str"),
            "facility": "LAKESIDE NORTE",
            "resource": "CT " + pd.Series(random.integers(1, 20, size)).astype("str"),
            "start": starts,
            "status": words,
            "reschedule": False,
        }
    ).astype(DTYPES)
    right = left.assign(
        source="Appointment/" + number,
        facility="Lakeside Norte",
        status=pd.Series(words).map(WORDS).astype("str"),
    )
    odd = random.random(size)
    right.loc[odd < 0.01, "status"] = "cancelled"
    right.loc[(odd > 0.01) & (odd < 0.02), "patient"] = "0"
    right["start"] = right["start"].where(odd < 0.99, right["start"] + pd.Timedelta("1h"))
    keep_left, keep_right = random.random(size) > 0.01, random.random(size) > 0.01
    right = right[keep_right].sample(frac=1.0, random_state=7)
    return left[keep_left].reset_index(drop=True), right.astype(DTYPES).reset_index(drop=True)


def floor(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Merge on the exact key and compare statuses; give how many rows differ."""
    both = left.merge(right, on="placer", how="outer", suffixes=("_l", "_r"), indicator=True)
    alone = both["_merge"] != "both"
    return int((alone | (both["status_l"].map(WORDS) != both["status_r"])).sum())


def ours(left: pd.DataFrame, right: pd.DataFrame) -> int:
    """Match by the ladder and judge everything; give how many breaks there are."""
    matched = match(left, right)
    assert matched.ties_out(len(left), len(right))
    return len(judge(left, right, matched))


WAYS: dict[str, Callable[[pd.DataFrame, pd.DataFrame], int]] = {"floor": floor, "ours": ours}


def measure(way: str, size: int) -> dict[str, float]:
    """Run one way once, in this process: seconds, and megabytes of peak above the inputs."""
    left, right = sides(size)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of making the inputs
    before = _memory("VmRSS")
    started = time.perf_counter()
    found = WAYS[way](left, right)
    took = time.perf_counter() - started
    return {"seconds": took, "mb": _memory("VmHWM") - before, "found": found}


def _memory(what: str) -> float:
    """Read one figure of this process's memory, in megabytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(each for each in lines if each.startswith(f"{what}:"))
    return int(line.split()[1]) / 1024


def run() -> list[tuple[str, float, str, float]]:
    """Measure both ways in turn, each time anew; medians of the rounds."""
    seconds: dict[tuple[str, int], float] = {}
    megabytes = 0.0
    for size in SIZES:
        told: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, rounds in told.items():
                rounds.append(_apart(way, size))
        for way, rounds in told.items():
            seconds[way, size] = statistics.median(each["seconds"] for each in rounds)
        megabytes = statistics.median(each["mb"] for each in told["ours"])
        print(
            f"{size} visits a side: floor {seconds['floor', size]:.2f} s, ours"
            f" {seconds['ours', size]:.2f} s and {megabytes:.0f} MB,"
            f" {told['ours'][0]['found']:.0f} breaks"
        )
    most, less = SIZES[2], SIZES[1]
    return [
        (NAMES[0], seconds["ours", most] / seconds["floor", most], "<=", 2.5),
        (NAMES[1], megabytes, "<=", 1500),
        (NAMES[2], seconds["ours", most] / seconds["ours", less], "<=", 13),
    ]


def _apart(way: str, size: int) -> dict[str, float]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.match", way, str(size)],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
