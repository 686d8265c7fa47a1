import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from accord.adapters.errors import Malformed, Phase, Unavailable
from accord.adapters.http_failures import FAILURES, failure
from accord.adapters.http_guard import ReadOnlyTransport, is_write
from accord.adapters.http_session import aiohttp_transport

# httpx writes each request's URL at INFO; a server's `next` link may carry what was searched for.
logging.getLogger("httpx").setLevel(logging.WARNING)

Sleep = Callable[[float], Awaitable[None]]
BUSY = frozenset({429, 503})


@dataclass(frozen=True)
class Patience:
    """How often and how long a busy peer is waited for, in seconds."""

    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0


@dataclass(frozen=True)
class HttpLimits:
    """What one wire may take: seconds, requests in flight, bytes of one answer."""

    timeout_s: float = 30.0
    max_in_flight: int = 10
    answer_bytes: int = 128 * 1024 * 1024
    patience: Patience = Patience()


class HttpWire:
    """
    One peer's HTTP: bounded requests in flight, a busy peer's wishes honoured, four errors.

    429 is asked again whatever was asked; 503 only where a second arrival does no harm: reads,
    and writes that carry their own condition (If-None-Exist, If-Match).
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        limits: HttpLimits = HttpLimits(),
        token_url: str | None = None,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._limits, self._patience = client, limits, limits.patience
        self._token_url = httpx.URL(token_url) if token_url else None
        self._sleep, self._clock = sleep, clock
        self._in_flight = asyncio.Semaphore(limits.max_in_flight)
        self._quiet_until = 0.0

    def request(
        self,
        method: str,
        url: str,
        what: str,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        """Build a request; `what` names it in errors and never holds a value."""
        return self._client.build_request(
            method, url, headers=headers, content=content, extensions=self._extensions(what)
        )

    def _extensions(self, what: str) -> dict[str, object]:
        return {"what": what, "timeout": httpx.Timeout(self._limits.timeout_s).as_dict()}

    async def send(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request and read the whole answer, whatever its status; wait while it is busy.

        Raises:
            Unavailable: nothing was sent, or a read got no answer.
            Uncertain: a write was sent and no whole answer came.
            Malformed: what answers does not speak HTTP, or the answer is beyond bounds.
            WriteRefused: read-only mode stopped it.
        """
        for attempt in range(1, self._patience.attempts + 1):
            if attempt == 1:
                await self._keep_quiet()
            response = await self._once(request)
            if not self._may_repeat(request, response) or attempt == self._patience.attempts:
                return response
            wait_s = self._wait_of(response, attempt)
            if wait_s > self._patience.longest_wait_s:
                return response
            self._quiet_until = max(self._quiet_until, self._clock() + wait_s)
            await self._sleep(wait_s)
        raise AssertionError("attempts is at least 1")

    def writes(self, request: httpx.Request) -> bool:
        """Tell whether a request may change something at the peer."""
        return is_write(request, self._token_url)

    async def _keep_quiet(self) -> None:
        """Wait while another request has been told to: the peer's limit is for all of them."""
        rest_s = self._quiet_until - self._clock()
        if rest_s > 0:
            await self._sleep(rest_s)

    async def _once(self, request: httpx.Request) -> httpx.Response:
        """Send it; a read whose connection broke, rather than fell silent, is sent once more."""
        try:
            return await self._through(request)
        except Unavailable as error:
            silent = isinstance(error.__context__, httpx.ReadTimeout)
            if error.phase is not Phase.PROCESS or silent or self.writes(request):
                raise
            return await self._through(request)

    async def _through(self, request: httpx.Request) -> httpx.Response:
        what = str(request.extensions.get("what", request.method))
        async with self._in_flight:
            try:
                response = await self._client.send(request, stream=True)
                try:
                    return await self._read(response, what)
                finally:
                    await response.aclose()
            except FAILURES as error:
                raise failure(error, writes=self.writes(request), what=what) from None

    async def _read(self, response: httpx.Response, what: str) -> httpx.Response:
        chunks, length = [], 0
        async for chunk in response.aiter_bytes():
            length += len(chunk)
            if length > self._limits.answer_bytes:
                raise Malformed(f"{what}: the answer is larger than any we read", Phase.PROCESS)
            chunks.append(chunk)
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in {"content-encoding", "content-length", "transfer-encoding"}
        ]
        return httpx.Response(
            response.status_code,
            headers=headers,
            content=b"".join(chunks),
            request=response.request,
        )

    def _may_repeat(self, request: httpx.Request, response: httpx.Response) -> bool:
        if response.status_code not in BUSY:
            return False
        conditional = "if-none-exist" in request.headers or "if-match" in request.headers
        return response.status_code == httpx.codes.TOO_MANY_REQUESTS or (
            conditional or not self.writes(request)
        )

    def _wait_of(self, response: httpx.Response, attempt: int) -> float:
        asked = retry_after_s(response)
        if asked is not None:
            return asked
        return min(
            self._patience.first_wait_s * 2.0 ** (attempt - 1), self._patience.longest_wait_s
        )


def retry_after_s(response: httpx.Response) -> float | None:
    """
    Read Retry-After in seconds, None where the peer gives none.

    A date is measured against the answer's own Date, so that our clock does not matter.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        told = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return max(0.0, (until - told).total_seconds())


@asynccontextmanager
async def open_http(
    *,
    read_only: bool,
    token_url: str | None = None,
    limits: HttpLimits = HttpLimits(),
    verify: ssl.SSLContext | bool = True,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[HttpWire]:
    """
    Lend an HTTP wire; redirects are never followed, so a token cannot be led astray.

    aiohttp carries it: httpx's own transport collapses above 20 requests in flight
    (docs/sources.md#measured).
    """
    transport = aiohttp_transport(limits.max_in_flight, verify)
    if read_only:
        transport = ReadOnlyTransport(transport, token_url)
    async with httpx.AsyncClient(transport=transport, follow_redirects=False) as client:
        yield HttpWire(client, limits=limits, token_url=token_url, sleep=sleep)
