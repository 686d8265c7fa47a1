import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlencode

from accord.sandbox.oauth import GrantedToken, TokenOffice
from accord.sandbox.omegaai_faults import OmegaAIFaults
from accord.sandbox.omegaai_pages import self_link, spoil

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_PATH = "/oauth2/token"
FAULTS_PATH = "/sandbox/faults"
WEB_PAGE = b"<!DOCTYPE html><html><body>Sign in to continue</body></html>"


@dataclass
class Asked:
    """One request, read whole."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def searches(self) -> bool:
        """Whether it is a search by POST."""
        return self.method == "POST" and self.path.endswith("/_search")

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in {"GET", "HEAD"} and not self.searches


@dataclass
class Answer:
    """One answer, held back until the faults have had their say."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    sent: int | None = None
    """How many bytes of the body leave before the connection is cut; None for all."""


class Front:
    """
    What stands before the FHIR server: the token endpoint, the token check, the faults.

    It records every request as `METHOD path`; `writes` are those that may change something.
    """

    def __init__(
        self,
        inner: App,
        office: TokenOffice,
        faults: OmegaAIFaults,
        now: Callable[[], float],
    ) -> None:
        self._inner, self._office, self._faults, self._now = inner, office, faults, now
        self.requests: list[str] = []
        self.writes: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        asked = await _read(scope, receive)
        answer = await self._answer(scope, asked)
        answer.headers["date"] = formatdate(self._clock(), usegmt=True)
        if answer.sent is None:
            await _send(send, answer)
        else:
            await _cut(receive, send, answer)

    def _clock(self) -> float:
        return self._now() + self._faults.clock_off_s

    async def _answer(self, scope: Scope, asked: Asked) -> Answer:
        if asked.path == FAULTS_PATH:
            return self._switch(asked)
        self.requests.append(f"{asked.method} {asked.path}")
        if self._faults.slow_s:
            await asyncio.sleep(self._faults.slow_s)
        refused = self._busy()
        if refused:
            return refused
        if asked.path == TOKEN_PATH:
            return self._token(asked)
        if asked.changes:
            self.writes.append(f"{asked.method} {asked.path}")
        return self._refused(asked) or await self._served(scope, asked)

    def _switch(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            try:
                self._faults.change(json.loads(asked.body))
            except ValueError as error:
                return Answer(400, json.dumps({"error": str(error)}).encode())
        return Answer(200, json.dumps(self._faults.to_json()).encode())

    def _busy(self) -> Answer | None:
        for fault, status in (("too_many", 429), ("storm_503", 503)):
            if self._faults.strikes(fault):
                answer = Answer(status, b'{"resourceType":"OperationOutcome","issue":[]}')
                if self._faults.retry_after:
                    answer.headers["retry-after"] = self._faults.retry_after
                return answer
        return None

    def _token(self, asked: Asked) -> Answer:
        status, answer = self._office.answer(
            asked.body, asked.headers.get("authorization", ""), self._clock()
        )
        return Answer(status, json.dumps(answer).encode())

    def _refused(self, asked: Asked) -> Answer | None:
        if self._faults.strikes("html_200"):
            return Answer(200, WEB_PAGE, {"content-type": "text/html"})
        if self._faults.strikes("outcome_200"):
            return _outcome(200, "business-rule")
        if asked.path.endswith("/metadata"):
            return None
        token = self._office.admits(
            asked.headers.get("authorization", ""), self._clock(), self._faults.token_requests
        )
        if token is None:
            return _outcome(401, "login")
        return None if _allowed(token, asked) else _outcome(403, "forbidden")

    async def _served(self, scope: Scope, asked: Asked) -> Answer:
        if asked.searches:
            asked.body = urlencode(self._searched_by(asked)).encode()
        if asked.changes and self._faults.strikes("not_applied"):
            return Answer(201, asked.body)
        if asked.method == "POST" and self._faults.racy_create:
            answer = await self._race(scope, asked)
        else:
            answer = await _pass_on(self._inner, scope, asked)
        if asked.searches and answer.status == 200:
            bundle = json.loads(answer.body)
            answer.body = json.dumps(spoil(bundle, self._faults, self_link(bundle))).encode()
        self._cut_short(asked, answer)
        return answer

    def _searched_by(self, asked: Asked) -> list[tuple[str, str]]:
        """Give the parameters that the server will really act on."""
        ignored = self._faults.ignores.split()
        form = parse_qsl(asked.body.decode(), keep_blank_values=True)
        form = [(name, value) for name, value in form if name not in ignored]
        if "_sort" in ignored:
            form.append(("_sort", "_id"))
        if self._faults.hide_recent_s:
            seen = datetime.fromtimestamp(self._clock() - self._faults.hide_recent_s, UTC)
            form.append(("_lastUpdated", f"lt{seen.isoformat(timespec='milliseconds')[:-6]}Z"))
        return form

    def _cut_short(self, asked: Asked, answer: Answer) -> None:
        if asked.changes and answer.status < 300 and self._faults.strikes("lose_response"):
            answer.sent = 0
        elif self._faults.strikes("cut_response"):
            answer.sent = len(answer.body) // 2

    async def _race(self, scope: Scope, asked: Asked) -> Answer:
        condition = asked.headers.pop("if-none-exist", "")
        if condition:
            search = Asked(
                "POST",
                f"{asked.path}/_search",
                "",
                {"content-type": "application/x-www-form-urlencoded"},
                condition.encode(),
            )
            found = json.loads((await _pass_on(self._inner, scope, search)).body)
            if found.get("total"):
                return Answer(200, json.dumps(found["entry"][0]["resource"]).encode())
            await asyncio.sleep(0.05)
        return await _pass_on(self._inner, scope, asked)


def _allowed(token: GrantedToken, asked: Asked) -> bool:
    """A token that names only reading scopes reads; one that names none does all."""
    if not asked.changes or not token.scopes:
        return True
    return any(not scope.endswith((".rs", ".r", ".s", ".read")) for scope in token.scopes)


def _outcome(status: int, code: str) -> Answer:
    issue = {"severity": "error", "code": code, "diagnostics": "refused by the sandbox"}
    return Answer(
        status, json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    )


async def _read(scope: Scope, receive: Receive) -> Asked:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Asked(
        scope["method"],
        scope["path"],
        scope.get("query_string", b"").decode(),
        {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


async def _pass_on(inner: App, scope: Scope, asked: Asked) -> Answer:
    headers = {**asked.headers, "content-length": str(len(asked.body))}
    beneath = {
        **scope,
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query.encode(),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in headers.items()],
        "state": {},
    }
    answer = Answer(500)
    unread = [asked.body]

    async def receive() -> Message:
        if not unread:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {n.decode().lower(): v.decode() for n, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await inner(beneath, receive, send)
    return answer


def _start(answer: Answer) -> Message:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": [(n.encode(), v.encode()) for n, v in headers.items()],
    }


async def _send(send: Send, answer: Answer) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


async def _cut(receive: Receive, send: Send, answer: Answer) -> None:
    """Let part of the answer leave, then cut the connection beneath uvicorn's cycle."""
    if answer.sent:
        await send(_start(answer))
        part = answer.body[: answer.sent]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0.02)
    transport = receive.__self__.transport  # type: ignore[attr-defined]  # uvicorn's cycle
    transport.abort()
