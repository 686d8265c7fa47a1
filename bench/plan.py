"""Planning a site of 500, 5,000 and 50,000 resources: what is ours of it, and what the peer's."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any

import httpx
from pydantic import SecretStr

from accord.adapters.oauth import Credentials
from accord.adapters.omegaai import OmegaAIClient
from accord.domain.organizations import Organization
from accord.domain.wires import OmegaAIWire
from accord.setup.change_facts import require_sound
from accord.setup.service_planning import AT_ONCE, make_plan
from bench.plan_file import organization

NAMES = ("plan_50000_vs_5000",)
SIZES = (500, 5_000, 50_000)
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
IN_FLIGHT = 20


class Watched(httpx.AsyncBaseTransport):
    """Counts what is in flight, and for how long anything was: the peer's time."""

    def __init__(self, beneath: httpx.AsyncBaseTransport) -> None:
        self._beneath = beneath
        self.in_flight = self.most = self.requests = 0
        self.peer_s = self._since = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, and read the answer whole: what comes after that is ours."""
        if not self.in_flight:
            self._since = time.perf_counter()
        self.in_flight += 1
        self.requests += 1
        self.most = max(self.most, self.in_flight)
        try:
            response = await self._beneath.handle_async_request(request)
            await response.aread()
            return response
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self.peer_s += time.perf_counter() - self._since

    async def aclose(self) -> None:
        """Close what is beneath."""
        await self._beneath.aclose()


def run() -> list[tuple[str, float, str, float]]:
    """Plan each size `ROUNDS` times against a peer of its own."""
    ours: dict[int, float] = {}
    for size in SIZES:
        declared = organization(size)
        with peer(size) as known:
            told = [asyncio.run(planned(declared, known)) for _ in range(ROUNDS)]
        ours[size] = median(each["ours"] for each in told)
        last = told[-1]
        print(
            f"{size} resources: ours {ours[size]:.2f} s, the peer's"
            f" {median(each['peer'] for each in told):.2f} s, {last['requests']} requests,"
            f" at most {last['most']} in flight, {last['items']} changes"
        )
    return [(NAMES[0], ours[SIZES[2]] / ours[SIZES[1]], "<=", 12)]


async def planned(declared: Organization, known: dict[str, str]) -> dict[str, Any]:
    """Make one plan, from the file to what the gate lets through; every hundredth differs."""
    wire = OmegaAIWire.model_validate(
        {
            "fhir_base": known["fhir_base"],
            "time_zone": "America/Manaus",
            "max_in_flight": IN_FLIGHT,
            "oauth": {"token_url": known["token_url"], "client_id": known["client_id"]},
        }
    )
    credentials = Credentials(secret=SecretStr(known["secret"]))
    async with OmegaAIClient.open(wire, declared, credentials, read_only=True) as omegaai:
        watched = watch(omegaai)
        started = time.perf_counter()
        desk = omegaai.service_desk()
        plan = await make_plan(declared, wire.resource_elements, (), desk, datetime.now(UTC))
        require_sound(plan.items, declared)
        total = time.perf_counter() - started
    expected = len(declared.facilities[0].resources) // 100
    if len(plan.items) != expected or watched.most > min(IN_FLIGHT, AT_ONCE):
        raise RuntimeError(f"{len(plan.items)} changes, {watched.most} requests in flight")
    return {
        "ours": total - watched.peer_s,
        "peer": watched.peer_s,
        "requests": watched.requests,
        "most": watched.most,
        "items": len(plan.items),
    }


def watch(omegaai: OmegaAIClient) -> Watched:
    """Put a watch on a client's wire."""
    client: Any = omegaai.fhir._http._client
    watched = Watched(client._transport)
    client._transport = watched
    return watched


@contextmanager
def peer(size: int) -> Iterator[dict[str, str]]:
    """Lend an OmegaAI of so many services, in a process of its own."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.plan_peer", str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout
        known: dict[str, str] = json.loads(child.stdout.readline())
        yield known
    finally:
        child.kill()
        child.communicate()
