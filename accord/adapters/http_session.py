"""aiohttp's session beneath httpx: one pool, no cookies, and no write ever sent twice."""

import ssl
from collections.abc import Callable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from accord.adapters.http_guard import READS

KEPT_IDLE_S = 4.0
"""Shorter than servers keep an idle connection (uvicorn: 5 s), or a write would be sent on one
that is just being closed, and be in doubt for nothing."""


class WriteLost(aiohttp.ClientConnectionError):
    """A write's connection broke; aiohttp does not know this error and so does not repeat it."""


async def never_twice(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """
    Send a request, and keep aiohttp from repeating a write by itself.

    It repeats PUT and DELETE when a connection breaks (aiohttp issue 10790). An update that had
    arrived would be refused the second time, and count as refused although it stands.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method in READS:
            raise
        raise WriteLost from error


def aiohttp_transport(
    max_in_flight: int, verify: ssl.SSLContext | bool = True
) -> httpx.AsyncBaseTransport:
    """Make httpx's transport over a session of our own."""
    return AiohttpTransport(client=_session(max_in_flight, httpx.create_ssl_context(verify)))


def _session(max_in_flight: int, context: ssl.SSLContext) -> Callable[[], aiohttp.ClientSession]:
    def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_in_flight, ssl=context, keepalive_timeout=KEPT_IDLE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(never_twice,),
        )

    return open_session
