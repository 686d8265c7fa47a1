"""Relaying 500 Normal forms of 40 questions and 500 PDF forms of 50 kB, with read-back."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from deployments.local_server import LocalServer

NAMES = ("relay_vs_floor", "relay_overhead_vs_task_per_form", "relay_memory_1000_vs_250")
FORMS = int(os.environ.get("BENCH_FORMS", "500"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
VARIANTS = ("floor", "ours", "tasks")


def run() -> list[tuple[str, float, str, float]]:
    """Measure the three variants in turn, `ROUNDS` times, against a fresh town each time."""
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as scratch, prefect_server(Path(scratch)) as environment:
        for number in range(ROUNDS):
            for name in VARIANTS:
                told = measure(name, FORMS, environment)
                seconds[name].append(told["seconds"])
                if name == "ours":
                    peaks.append(told["peak_mib"])
                print(f"round {number + 1} {name}: {told['seconds']:.1f} s, {told['forms']} forms")
        small = [measure("ours", FORMS // 4, environment)["peak_mib"] for _ in range(3)]
    floor, ours, tasks = (median(seconds[name]) for name in VARIANTS)
    ratios = [ours / floor for floor, ours in zip(seconds["floor"], seconds["ours"], strict=True)]
    print(f"median s: floor {floor:.1f}, ours {ours:.1f}, one task per form {tasks:.1f}")
    print(
        f"peak MiB: {2 * FORMS} forms {median(peaks):.0f}, {FORMS // 2} forms {median(small):.0f}"
    )
    return [
        (NAMES[0], median(ratios), "<=", 1.4),
        (NAMES[1], (tasks - floor) / (ours - floor), ">=", 3),
        (NAMES[2], median(peaks) / median(small), "<=", 1.2),
    ]


@contextmanager
def prefect_server(directory: Path) -> Iterator[dict[str, str]]:
    """Lend the environment of a real Prefect server with the limit that the flow takes."""
    server = LocalServer(directory)
    server.start()
    try:
        server.wait()
        environment = {**server.environment, "PREFECT_LOGGING_TO_API_ENABLED": "true"}
        make_limit = (
            "from prefect.client.orchestration import get_client\n"
            "with get_client(sync_client=True) as c:\n"
            "    c.upsert_global_concurrency_limit_by_name('relay-forms-lakeside', 1)\n"
        )
        subprocess.run([sys.executable, "-c", make_limit], env=environment, check=True)
        yield environment
    finally:
        server.close()


def measure(name: str, forms: int, environment: dict[str, str]) -> dict[str, Any]:
    """Time one variant against a town of its own."""
    with tempfile.TemporaryDirectory() as scratch, town(Path(scratch), forms) as peers:
        child = subprocess.run(
            [sys.executable, "-m", "bench.variant", name, scratch],
            env=environment,
            capture_output=True,
            text=True,
        )
        if child.returncode:
            raise RuntimeError(f"variant {name} failed:\n{child.stderr[-3000:]}")
        told: dict[str, Any] = json.loads(child.stdout.strip().splitlines()[-1])
        assert peers.stdin and peers.stdout
        peers.stdin.write("\n")
        peers.stdin.flush()
        filed = int(peers.stdout.readline())
    if not filed == told["forms"] >= 2 * forms * 0.9:
        raise RuntimeError(f"variant {name}: {filed} filed, {told['forms']} verified")
    return told


@contextmanager
def town(directory: Path, forms: int) -> Iterator["subprocess.Popen[str]"]:
    """Lend a town with forms waiting, in a process of its own."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.peers", str(directory), str(forms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout
        if child.stdout.readline().strip() != "ready":
            raise RuntimeError("the town did not start")
        yield child
    finally:
        child.kill()
        child.communicate()
