import asyncio
from collections.abc import Iterable

import httpx

from accord.adapters.errors import Malformed, Phase
from accord.adapters.fhir_capability import Capability, read_capability
from accord.adapters.fhir_outcomes import json_of, raise_for
from accord.adapters.fhir_references import same_origin
from accord.adapters.http import HttpWire
from accord.adapters.oauth import TokenSource

FHIR_JSON = "application/fhir+json"


class FhirConnection:
    """One FHIR server's base, our token for it, and what it offers."""

    def __init__(
        self,
        base: str,
        http: HttpWire,
        tokens: TokenSource | None = None,
        *,
        assume_supported: Iterable[str] = (),
    ) -> None:
        self.base = httpx.URL(base.rstrip("/") + "/")
        self._http, self._tokens = http, tokens
        self._assumed = tuple(assume_supported)
        self._capability: Capability | None = None
        self._asking = asyncio.Lock()

    async def capability(self) -> Capability:
        """
        Give what the server offers; asked once.

        Raises:
            Malformed: whatever is there is not a FHIR R4 server.
        """
        async with self._asking:
            if self._capability is None:
                what = "GET metadata"
                response = await self.send("GET", "metadata", what)
                if response.status_code in {404, 405, 410}:
                    raise Malformed(
                        f"{what}: nothing there; `fhir_base` is not a FHIR server's base",
                        Phase.PROCESS,
                        str(response.status_code),
                    )
                raise_for(response, writes=False, what=what)
                self._capability = read_capability(json_of(response, what), self._assumed)
            return self._capability

    async def require(self, type_: str, interaction: str) -> None:
        """Refuse what the server does not offer: see `Capability.require`."""
        (await self.capability()).require(type_, interaction)

    async def send(
        self,
        method: str,
        path: str,
        what: str,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send to our own origin with our token; a refused token is renewed once."""
        url = f"{self.base}{path}"
        if "://" in path:
            url = path
            if not same_origin(httpx.URL(path), self.base):
                raise Malformed(f"{what}: it points to another origin", Phase.PROCESS)
        token = await self._tokens.token() if self._tokens else ""
        sent = {"accept": FHIR_JSON, **(headers or {})}
        response = await self._once(method, url, what, sent, content, token)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._tokens:
            token = await self._tokens.token(stale=token)
            response = await self._once(method, url, what, sent, content, token)
        return response

    async def _once(  # noqa: PLR0913  # one request's parts, from its one caller
        self,
        method: str,
        url: str,
        what: str,
        headers: dict[str, str],
        content: bytes | None,
        token: str,
    ) -> httpx.Response:
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        request = self._http.request(
            method, url, what, headers={**headers, **bearer}, content=content
        )
        return await self._http.send(request)
