"""What tests of the FHIR side share: a simulated OmegaAI, and clients for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from pydantic import SecretStr

from accord.adapters.fhir import FhirClient
from accord.adapters.http import HttpLimits, Patience, open_http
from accord.adapters.oauth import Credentials, TokenSource
from accord.adapters.omegaai import OmegaAIClient
from accord.domain.organizations import Facility, Organization
from accord.domain.wires import OAuthWire, OmegaAIWire
from accord.sandbox.omegaai import ASSUMED, OmegaAISim

ALL = ("system/*.cruds",)
READ = ("system/*.rs",)
LAKESIDE = Organization(
    slug="lakeside",
    name="Lakeside Imagem",
    facilities=(
        Facility(
            slug="lakeside-paulista",
            name="Lakeside Paulista",
            time_zone="America/Sao_Paulo",
            issuer="LAKESIDE",
            powerserver="main",
        ),
    ),
)


def as_new(sim: OmegaAISim) -> OmegaAISim:
    """Forget what an earlier test did: resources, requests, faults, tokens, keys."""
    sim.reset()
    sim.faults.clear()
    sim.office.revoke()
    sim.office.grants, sim.office.lifetime_s = None, 300
    sim.office.tokens_given, sim.office.public_key_pem = 0, ""
    return sim


@dataclass
class Waits:
    """A sleep that does not: it writes down how long it was asked to."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def oauth_wire(sim: OmegaAISim, scopes: tuple[str, ...] = ALL) -> OAuthWire:
    return OAuthWire.model_validate(
        {"token_url": sim.token_url, "client_id": sim.client_id, "scopes": scopes}
    )


def secret(sim: OmegaAISim) -> Credentials:
    return Credentials(secret=SecretStr(sim.client_secret))


@asynccontextmanager
async def fhir_client(
    sim: OmegaAISim,
    *,
    read_only: bool = False,
    base: str = "",
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    timeout_s: float = 10,
) -> AsyncIterator[FhirClient]:
    limits = HttpLimits(
        timeout_s=timeout_s, max_in_flight=20, patience=Patience(attempts=4, first_wait_s=0.01)
    )
    async with open_http(
        read_only=read_only, token_url=sim.token_url, limits=limits, sleep=sleep
    ) as http:
        tokens = TokenSource(oauth_wire(sim), secret(sim), http)
        yield FhirClient(base or sim.base_url, http, tokens, assume_supported=ASSUMED)


def omegaai_wire(sim: OmegaAISim, **changes: object) -> OmegaAIWire:
    return OmegaAIWire.model_validate(
        {
            "fhir_base": sim.base_url,
            "time_zone": "America/Sao_Paulo",
            "assume_supported": ASSUMED,
            "issuers": {"urn:oid:2.16.76.1.99.1": "LAKESIDE"},
            "oauth": oauth_wire(sim, READ),
            **changes,
        }
    )


@asynccontextmanager
async def omegaai_client(
    sim: OmegaAISim, organization: Organization = LAKESIDE, **changes: object
) -> AsyncIterator[OmegaAIClient]:
    wire = omegaai_wire(sim, **changes)
    async with OmegaAIClient.open(wire, organization, secret(sim), read_only=True) as client:
        yield client


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(serve: Serve, **options: object) -> AsyncIterator[int]:
    """Serve raw bytes on a free loopback port; whoever still talks at the end is cut off."""
    talking: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        with suppress(OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(served, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


def canned(answer: bytes) -> Serve:
    """Answer whatever comes with these bytes, and close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        await writer.drain()

    return serve


def http_answer(body: bytes, kind: str = "application/fhir+json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"connection: close\r\n\r\n" + body
