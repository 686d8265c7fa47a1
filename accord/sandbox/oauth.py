import base64
import secrets
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION_S = 300
ALLOWED_SKEW_S = 60


@dataclass
class GrantedToken:
    """One token given out: until when, and what it still may be used for."""

    until: float
    scopes: frozenset[str]
    uses: int = 0


@dataclass
class TokenOffice:
    """
    An OAuth2 token endpoint for client credentials: by secret, or by a signed assertion.

    Grants what is asked unless `grants` says less. Seconds throughout, on the clock of whoever
    calls.
    """

    token_url: str
    client_id: str = "accord"
    client_secret: str = "made-up-secret"
    public_key_pem: str = ""
    grants: str | None = None
    lifetime_s: int = 300
    tokens_given: int = 0
    _tokens: dict[str, GrantedToken] = field(default_factory=dict)
    _assertions: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: bytes, authorization: str, now: float) -> tuple[int, dict[str, object]]:
        """Answer a token request with a status and a JSON object."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        known = (
            self._knows_assertion(form, now)
            if form.get("client_assertion_type") == ASSERTION_TYPE
            else self._knows_secret(form, authorization)
        )
        if not known:
            return 401, {"error": "invalid_client"}
        scope = form.get("scope", "") if self.grants is None else self.grants
        token = secrets.token_urlsafe(24)
        with self._lock:
            self.tokens_given += 1
            self._tokens[token] = GrantedToken(now + self.lifetime_s, frozenset(scope.split()))
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "scope": scope,
        }

    def admits(self, authorization: str, now: float, uses: int) -> GrantedToken | None:
        """Give the token behind an Authorization header, None where it is not good any more."""
        scheme, _, value = authorization.partition(" ")
        with self._lock:
            token = self._tokens.get(value) if scheme.lower() == "bearer" else None
            if token is None or now >= token.until or (uses and token.uses >= uses):
                return None
            token.uses += 1
            return token

    def revoke(self) -> None:
        """Take back every token given so far."""
        with self._lock:
            self._tokens.clear()

    def _knows_secret(self, form: dict[str, str], authorization: str) -> bool:
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "basic":
            pair = base64.b64decode(value).decode()
            name, _, secret = pair.partition(":")
            name, secret = unquote(name), unquote(secret)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        return name == self.client_id and secrets.compare_digest(secret, self.client_secret)

    def _knows_assertion(self, form: dict[str, str], now: float) -> bool:
        try:
            claims = jwt.decode(
                form.get("client_assertion", ""),
                self.public_key_pem,
                algorithms=["RS384", "ES384"],
                audience=self.token_url,
                options={
                    "require": ["iss", "sub", "aud", "exp", "jti"],
                    "verify_exp": False,  # judged below, on the simulated clock
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError):
            return False
        in_time = (
            now - ALLOWED_SKEW_S <= claims["exp"] <= now + LONGEST_ASSERTION_S + ALLOWED_SKEW_S
        )
        ours = claims["iss"] == claims["sub"] == self.client_id
        with self._lock:
            fresh = claims["jti"] not in self._assertions
            self._assertions.add(claims["jti"])
        return in_time and ours and fresh
