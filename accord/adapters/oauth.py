import asyncio
import base64
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from accord.adapters.errors import Malformed, Phase, Rejected, Unavailable
from accord.adapters.http import HttpWire, retry_after_s
from accord.adapters.oauth_scopes import missing_scopes
from accord.domain.base import Record
from accord.domain.wires import OAuthMethod, OAuthWire

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 240  # SMART Backend Services allows at most 300
DEFAULT_LIFETIME_S = 300.0
ERRORS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
        *("unsupported_grant_type", "invalid_scope", "access_denied", "server_error"),
        "temporarily_unavailable",
    }
)
"""RFC 6749, 4.1.2.1 and 5.2. Other words are the peer's own, and not for our logs."""
EARLY_S = 60.0


class Credentials(Record):
    """What proves who we are at the token endpoint; one of the two, as the wire's method says."""

    secret: SecretStr | None = None
    private_key_pem: SecretStr | None = None
    """RSA (signs RS384) or EC P-384 (signs ES384), PEM without a passphrase."""
    key_id: str = ""


@dataclass(frozen=True)
class Token:
    """An access token and the monotonic second from which it is no longer used."""

    value: str
    until: float

    def __repr__(self) -> str:
        return "Token(…)"


class TokenSource:
    """
    Gives the access token of one client, asking for it as seldom as it can.

    Cached on the monotonic clock, renewed early, and by one request however many wait.
    """

    def __init__(
        self,
        wire: OAuthWire,
        credentials: Credentials,
        http: HttpWire,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wire, self._credentials, self._http = wire, credentials, http
        self._clock, self._wall = clock, wall
        self._token: Token | None = None
        self._asking = asyncio.Lock()

    async def token(self, *, stale: str = "") -> str:
        """
        Give a token that is good for a while; never `stale`, which the peer has just refused.

        Raises:
            Rejected: the credentials are refused, or fewer scopes are granted than asked.
            Unavailable: the token endpoint cannot be reached or is busy.
            Malformed: it does not answer as a token endpoint does.
        """
        async with self._asking:
            kept = self._token
            if kept is None or kept.value == stale or self._clock() >= kept.until:
                kept = self._token = await self._ask()
            return kept.value

    async def _ask(self) -> Token:
        form, headers = self._proof()
        scopes = {"scope": " ".join(self._wire.scopes)} if self._wire.scopes else {}
        request = self._http.request(
            "POST",
            str(self._wire.token_url),
            "POST to the token endpoint",
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "accept": "application/json",
                **headers,
            },
            content=urlencode({"grant_type": "client_credentials", **scopes, **form}).encode(),
        )
        asked_at = self._clock()
        return self._granted(await self._http.send(request), asked_at)

    def _proof(self) -> tuple[dict[str, str], dict[str, str]]:
        if self._wire.method is OAuthMethod.PRIVATE_KEY_JWT:
            return {
                "client_id": self._wire.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(),
            }, {}
        if self._credentials.secret is None:
            raise Rejected(
                "no client secret is set; fill in the OmegaAI block's secret", Phase.AUTHENTICATE
            )
        pair = f"{quote(self._wire.client_id)}:{quote(self._credentials.secret.get_secret_value())}"
        return {}, {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def _assertion(self) -> str:
        """Sign who we are. Source: SMART Backend Services (docs/sources.md#smart-backend)."""
        pem = self._credentials.private_key_pem
        try:
            key = load_pem_private_key((pem.get_secret_value() if pem else "").encode(), None)
        except (ValueError, TypeError):
            raise Rejected(
                "the private key cannot be read; it must be PEM without a passphrase",
                Phase.AUTHENTICATE,
            ) from None
        now = int(self._wall())
        claims = {
            "iss": self._wire.client_id,
            "sub": self._wire.client_id,
            "aud": str(self._wire.token_url),
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + ASSERTION_LIFETIME_S,
        }
        algorithm = "ES384" if isinstance(key, EllipticCurvePrivateKey) else "RS384"
        kid = {"kid": self._credentials.key_id} if self._credentials.key_id else None
        return jwt.encode(claims, pem.get_secret_value() if pem else "", algorithm, headers=kid)

    def _granted(self, response: httpx.Response, asked_at: float) -> Token:
        answer = _answer_of(response)
        value, scope = answer.get("access_token"), answer.get("scope")
        if not isinstance(value, str) or not value:
            raise Malformed(
                "the token endpoint answered without an access token", Phase.AUTHENTICATE
            )
        missing = missing_scopes(self._wire.scopes, scope if isinstance(scope, str) else None)
        if missing:
            raise Rejected(
                f"fewer scopes are granted than `oauth.scopes` asks for; missing: "
                f"{' '.join(missing)}; have them granted, or ask for less",
                Phase.AUTHENTICATE,
                code="scope",
            )
        lifetime = _seconds(answer.get("expires_in"))
        return Token(value, asked_at + lifetime - min(EARLY_S, lifetime / 4))


def _answer_of(response: httpx.Response) -> dict[str, Any]:
    if response.status_code in {408, 429, 500, 502, 503, 504}:
        raise Unavailable(
            "the token endpoint is busy or out of order",
            Phase.AUTHENTICATE,
            code=str(response.status_code),
            retry_after_s=retry_after_s(response),
        )
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Malformed(
            "the token endpoint does not answer in JSON; check `oauth.token_url` and any proxy",
            Phase.AUTHENTICATE,
            code=str(response.status_code),
        )
    if response.status_code != httpx.codes.OK:
        code = answer.get("error")
        raise Rejected(
            "the token endpoint refuses us; check client id, credentials, scopes and this "
            "machine's clock",
            Phase.AUTHENTICATE,
            code=code if isinstance(code, str) and code in ERRORS else str(response.status_code),
        )
    return answer


def _seconds(value: object) -> float:
    try:
        return max(0.0, float(value))  # type: ignore[arg-type]  # whatever else it is: the default
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME_S
