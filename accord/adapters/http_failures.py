"""What httpx and aiohttp raise, as one of the four errors with its phase."""

import socket
import ssl
from collections.abc import Iterator

import aiohttp
import httpx

from accord.adapters.errors import Malformed, PeerError, Phase, Unavailable, Uncertain

NAMES = (aiohttp.ClientConnectorDNSError, socket.gaierror)
CERTIFICATES = (aiohttp.ClientSSLError, ssl.SSLError)
CONNECTING = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    httpx.ConnectError,
    httpx.PoolTimeout,
    httpx.ConnectTimeout,
    httpx.ProxyError,
)
LOST = (
    aiohttp.ServerConnectionError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionError,
    httpx.TimeoutException,
    httpx.NetworkError,
    TimeoutError,
    OSError,
)
FAILURES = (aiohttp.ClientError, httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError)
"""Everything either library may raise for a request; `failure` understands each."""


def failure(error: Exception, *, writes: bool, what: str) -> PeerError:
    """
    Name a failed request by what the caller does next.

    httpx-aiohttp maps a connection that breaks after the request has left to `ConnectTimeout`,
    which would pass for "nothing was sent"; so where aiohttp is beneath, it alone is judged. A
    read whose answer was lost is `Unavailable`: it may simply be asked again.
    """
    causes = list(_chain(error))
    causes = [c for c in causes if isinstance(c, aiohttp.ClientError)] or causes

    field = "`oauth.token_url`" if "token endpoint" in what else "`omegaai.fhir_base`"

    def among(kinds: tuple[type[BaseException], ...]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if among(NAMES):
        return Unavailable(
            f"{what}: the host's name is unknown; check {field} and DNS", Phase.RESOLVE
        )
    if among(CERTIFICATES):
        return Unavailable(
            f"{what}: no secure connection; check {field}, and the peer's certificate and its name",
            Phase.TLS,
        )
    if among(CONNECTING):
        return Unavailable(
            f"{what}: no connection; check host and port in {field}, and the firewall",
            Phase.CONNECT,
        )
    if among(LOST) or any(_broke_off(cause) for cause in causes):
        return _lost(writes, what)
    return Malformed(
        f"{what}: the peer does not answer in HTTP; check host, port and http or https in {field}",
        Phase.PROCESS,
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _broke_off(error: BaseException) -> bool:
    text = str(error) if isinstance(error, httpx.RemoteProtocolError) else ""
    return "disconnected" in text or "closed connection" in text


def _lost(writes: bool, what: str) -> PeerError:
    if writes:
        return Uncertain(f"{what}: it was sent and no whole answer came", Phase.PROCESS)
    return Unavailable(f"{what}: no whole answer came; nothing was changed", Phase.PROCESS)
