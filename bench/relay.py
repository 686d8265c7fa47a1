"""Relaying 500 Normal forms of 40 questions and 500 PDF forms of 50 kB, with read-back."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from deployments.local_server import LocalServer

NAMES = ("relay_vs_floor", "relay_overhead_vs_task_per_form", "relay_memory_1000_vs_250")
FORMS = int(os.environ.get("BENCH_FORMS", "500"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
PER_FORM = ("in_a_loop", "gathered", "in_threads")
"""Of `bench.per_form`; the first round tells which is the fastest here."""
BARE = "gathered_bare"
"""For reading the figure: the floor sends one form after the other, gathered tasks do not."""
IMPORT = "import flows.relay_forms"


def run() -> list[tuple[str, float, str, float]]:
    """Measure the floor, ours and one task per form in turn, against a fresh town each time."""
    with tempfile.TemporaryDirectory() as scratch, prefect_server(Path(scratch)) as environment:
        told = rounds(environment)
        small = [measure("ours", FORMS // 4, environment)["peak_mib"] for _ in range(3)]
        imports = median(seconds_to_import(environment) for _ in range(3))
    floor, ours, tasks = ([each["seconds"] for each in told[name]] for name in told)
    peak = median(each["peak_mib"] for each in told["ours"])
    print(
        f"median s: floor {median(floor):.1f}, ours {median(ours):.1f},"
        f" one task per form {median(tasks):.1f}"
    )
    print(f"peak MiB: {2 * FORMS} forms {peak:.0f}, {FORMS // 2} forms {median(small):.0f}")
    start, gate = (median(each[of] for each in told["ours"]) for of in ("flow start", "gate"))
    print(
        f"start-up of relay-forms: {imports + start:.1f} s (imports {imports:.1f}, flow start"
        f" {start:.1f}); with the first form also the gate's library, {gate:.1f} s; no goal"
    )
    over_floor = (median(tasks) - median(floor)) / (median(ours) - median(floor))
    return [
        (NAMES[0], median(o / f for f, o in zip(floor, ours, strict=True)), "<=", 1.4),
        (NAMES[1], over_floor, ">=", 3),
        (NAMES[2], peak / median(small), "<=", 1.2),
    ]


def rounds(environment: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Measure `ROUNDS` times; one task per form in all its variants first, then in the fastest."""
    told: dict[str, list[dict[str, Any]]] = {"floor": [], "ours": [], "tasks": []}
    per_form: tuple[str, ...] = PER_FORM
    for number in range(1, ROUNDS + 1):
        for name in ("floor", "ours"):
            told[name].append(told_of(name, number, environment))
        found = {name: told_of(name, number, environment) for name in per_form}
        fastest = min(found, key=lambda name: float(found[name]["seconds"]))
        told["tasks"].append(found[fastest])
        if number == 1:
            told_of(BARE, number, environment)
            print(f"fastest variant of one task per form: {fastest}")
        per_form = (fastest,)
    return told


def told_of(name: str, number: int, environment: dict[str, str]) -> dict[str, Any]:
    """Measure one variant in one round, and say so."""
    told = measure(name, FORMS, environment)
    label = f"tasks {name}" if name in PER_FORM else name
    print(f"round {number} {label}: {told['seconds']:.1f} s, {told['forms']} forms")
    return told


def seconds_to_import(environment: dict[str, str]) -> float:
    """Time a fresh interpreter until it has the flow."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORT], env=environment, check=True)
    return time.perf_counter() - started


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
