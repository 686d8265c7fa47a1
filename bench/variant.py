"""One timed relay in a warm process: `python -m bench.variant NAME DIRECTORY`; prints seconds."""

import asyncio
import base64
import importlib
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.quality.gate import screen
from accord.quality.submission_facts import submission_facts
from accord.quality.submissions import SUBMISSIONS


def floor(directory: Path) -> tuple[float, int]:
    """The bare loop."""
    from bench.floor import relay, wires

    async def timed() -> tuple[float, int]:
        async with wires(directory) as town:
            started = time.perf_counter()
            forms = await relay(town)
            return time.perf_counter() - started, forms

    return asyncio.run(timed())


def ours(directory: Path) -> dict[str, float]:
    """The flow as it is deployed, timed from its body's first line to its report."""
    from accord.domain.organization_text import parse
    from deployments.documents import save_blocks
    from deployments.secrets_given import Secrets

    text = (directory / "lakeside.yaml").read_text()
    secrets = {
        "ACCORD_LAKESIDE_SITE_KEY": base64.b64encode(b"k" * 32).decode(),
        "ACCORD_LAKESIDE_OMEGAAI_CLIENT_SECRET": json.loads(
            (directory / "secret.json").read_text()
        ),
        "ACCORD_LAKESIDE_PRIVATE_DIRECTORY": str(directory / "private"),
        "ACCORD_LAKESIDE_LEDGER_URL": f"sqlite:///{directory / 'ledger.db'}",
    }
    file = parse(text, "lakeside.yaml")
    save_blocks(text, file, Secrets("lakeside", secrets))
    module: Any = importlib.import_module("flows.relay_forms")
    from flows.set_mode import set_mode

    set_mode("lakeside", "deliver", "bench", "bench")
    gate = warm_up()
    marks: list[float] = []
    observe, report = module.observe_submissions, module.report_relay

    def first(*args: Any) -> Any:
        marks.append(time.perf_counter())
        return observe(*args)

    reports: list[Any] = []

    def last(*args: Any) -> Any:
        reports.append(report(*args))
        marks.append(time.perf_counter())
        return reports[-1]

    module.observe_submissions, module.report_relay = first, last
    called = time.perf_counter()
    module.relay_forms("lakeside")
    verified = sum(line.count for line in reports[0].verified)
    taken = {"seconds": marks[-1] - marks[0], "flow start": marks[0] - called, "gate": gate}
    return {**taken, "forms": verified}


def warm_up() -> float:
    """Have the gate judge one row, which loads its library; gives the seconds that took."""
    started = time.perf_counter()
    frame = submission_facts({}, {}, organization=a_file(), now=datetime.now(UTC), unreadable=["x"])
    screen(frame, SUBMISSIONS)
    return time.perf_counter() - started


def a_file() -> Any:
    """Give the sample organization file."""
    from accord.domain.organization_text import parse

    return parse(Path("deployments/organizations/lakeside.yaml").read_text(), "lakeside.yaml")


def main() -> None:
    """Run one variant and print what it took."""
    name, directory = sys.argv[1], Path(sys.argv[2])
    if name == "ours":
        told = ours(directory)
    else:
        bare = (
            floor if name == "floor" else getattr(importlib.import_module("bench.per_form"), name)
        )
        seconds, forms = bare(directory)
        told = {"seconds": seconds, "forms": forms}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**told, "peak_mib": peak}))


if __name__ == "__main__":
    main()
