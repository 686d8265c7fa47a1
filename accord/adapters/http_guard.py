"""Read-only mode, held in the transport: nothing above it can forget it."""

import httpx

READS = frozenset({"GET", "HEAD"})


class WriteRefused(Exception):
    """Read-only mode stopped a write before it left. Nothing was sent."""


def is_write(request: httpx.Request, token_url: httpx.URL | None) -> bool:
    """
    Tell whether a request may change something at the peer.

    A write is anything except GET, HEAD, POST to `…/_search`, and POST to the token endpoint.
    """
    if request.method in READS:
        return False
    if request.method != "POST":
        return True
    if request.url.path.endswith("/_search"):
        return False
    return token_url is None or request.url != token_url


class ReadOnlyTransport(httpx.AsyncBaseTransport):
    """A transport that lets no write through."""

    def __init__(self, inner: httpx.AsyncBaseTransport, token_url: str | None = None) -> None:
        self._inner = inner
        self._token_url = httpx.URL(token_url) if token_url else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a read on; raise WriteRefused for anything else."""
        if is_write(request, self._token_url):
            what = request.extensions.get("what", request.method)
            raise WriteRefused(f"read-only mode stopped a write before it left: {what}")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is beneath."""
        await self._inner.aclose()
