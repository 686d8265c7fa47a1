import asyncio
from collections.abc import Iterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from accord.adapters.errors import Malformed, Phase, Rejected, Unavailable
from accord.adapters.fhir_references import Reference
from accord.adapters.http import HttpWire, open_http
from accord.adapters.oauth import Credentials, TokenSource
from accord.adapters.oauth_scopes import missing_scopes
from accord.domain.wires import OAuthMethod
from accord.sandbox.omegaai import OmegaAISim
from tests.adapters.omegaai_peer import (
    READ,
    Waits,
    as_new,
    fhir_client,
    oauth_wire,
    raw_server,
    secret,
)


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def sim(one_sim: OmegaAISim) -> OmegaAISim:
    return as_new(one_sim)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


KEYS = {
    "RS384": _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "ES384": _pem(ec.generate_private_key(ec.SECP384R1())),
}


def _by_key(sim: OmegaAISim, algorithm: str, http: HttpWire) -> TokenSource:
    private, sim.office.public_key_pem = KEYS[algorithm]
    wire = oauth_wire(sim).model_copy(update={"method": OAuthMethod.PRIVATE_KEY_JWT})
    return TokenSource(wire, Credentials(private_key_pem=SecretStr(private), key_id="k1"), http)


async def test_a_secret_gets_a_token(sim: OmegaAISim) -> None:
    """Client credentials by secret, with HTTP Basic (RFC 6749, 2.3.1)."""
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        token = await TokenSource(oauth_wire(sim), secret(sim), http).token()
    assert token


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
async def test_a_private_key_gets_a_token(sim: OmegaAISim, algorithm: str) -> None:
    """SMART Backend Services: the algorithm follows from the kind of key."""
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        assert await _by_key(sim, algorithm, http).token()


async def test_an_assertion_is_short_lived_and_used_once(sim: OmegaAISim) -> None:
    """At most five minutes, for the token endpoint only, with an identifier of its own."""
    seen = []

    def note(request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        seen.append(form["client_assertion"])
        return httpx.Response(200, json={"access_token": f"t{len(seen)}", "expires_in": 60})

    async with httpx.AsyncClient(transport=httpx.MockTransport(note)) as client:
        tokens = _by_key(sim, "RS384", HttpWire(client))
        first = await tokens.token()
        await tokens.token(stale=first)
    claims = [
        jwt.decode(each, KEYS["RS384"][1], algorithms=["RS384"], audience=sim.token_url)
        for each in seen
    ]
    assert jwt.get_unverified_header(seen[0])["kid"] == "k1"
    assert all(claim["exp"] - claim["iat"] <= 300 for claim in claims)
    assert all(claim["iss"] == claim["sub"] == sim.client_id for claim in claims)
    assert claims[0]["jti"] != claims[1]["jti"]


async def test_many_who_wait_ask_once(sim: OmegaAISim) -> None:
    """Twenty requests at the start of a run are one token request."""
    sim.faults.slow_s = 0.05
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        tokens = TokenSource(oauth_wire(sim), secret(sim), http)
        given = await asyncio.gather(*(tokens.token() for _ in range(20)))
    assert len(set(given)) == 1
    assert sim.office.tokens_given == 1


async def test_a_token_is_renewed_before_it_ends(sim: OmegaAISim) -> None:
    """Kept for as long as it is good, less a margin, on a clock that no one can set."""
    clock = [1000.0]
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        tokens = TokenSource(oauth_wire(sim), secret(sim), http, clock=lambda: clock[0])
        first = await tokens.token()
        clock[0] += 239
        assert await tokens.token() == first
        clock[0] += 2  # 241 of 300 seconds: less than a minute is left
        assert await tokens.token() != first
    assert sim.office.tokens_given == 2


async def test_a_refused_token_is_renewed_once_in_mid_batch(sim: OmegaAISim) -> None:
    """Whatever the lifetime promised: every read is answered, and none is asked thrice."""
    sim.load({"resourceType": "Patient", "id": f"p{n}"} for n in range(30))
    async with fhir_client(sim) as client:
        await client.capability()
        sim.faults.token_requests = 12
        for batch in range(0, 30, 5):
            wanted = [Reference("Patient", f"p{n}") for n in range(batch, batch + 5)]
            assert all(await asyncio.gather(*(client.read(each) for each in wanted)))
    assert sim.office.tokens_given == 3


async def test_a_token_refused_twice_is_not_asked_for_again(sim: OmegaAISim) -> None:
    """A peer that refuses every token gets two requests, not a storm."""
    async with fhir_client(sim) as client:
        await client.capability()
        sim.office.revoke()
        sim.office.lifetime_s = 0
        before = len(sim.requests)
        with pytest.raises(Rejected) as refused:
            await client.first_page("Patient", [])
    assert refused.value.phase is Phase.AUTHENTICATE
    assert sim.requests[before:].count("POST /fhir/Patient/_search") == 2


async def test_fewer_scopes_than_asked_is_an_error_that_names_them(sim: OmegaAISim) -> None:
    """Never a surprise in the middle of a night."""
    sim.office.grants = "system/Patient.rs"
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        tokens = TokenSource(oauth_wire(sim, READ), secret(sim), http)
        with pytest.raises(Rejected, match=r"missing: system/\*\.rs") as refused:
            await tokens.token()
    assert refused.value.code == "scope"


@pytest.mark.parametrize(
    ("asked", "granted", "missing"),
    [
        pytest.param(["system/*.rs"], "system/*.rs", [], id="same"),
        pytest.param(["system/*.read"], "system/*.rs", [], id="v1 asked, v2 granted"),
        pytest.param(["system/*.rs"], "system/*.*", [], id="v2 asked, v1 granted"),
        pytest.param(["system/Patient.rs"], "system/*.cruds", [], id="wider"),
        pytest.param(["system/*.rs"], "system/Patient.rs", ["system/*.rs"], id="narrower type"),
        pytest.param(["system/*.cruds"], "system/*.rs", ["system/*.cruds"], id="fewer rights"),
        pytest.param(["system/*.cruds"], "system/*.cu system/*.rsd", [], id="in two parts"),
        pytest.param(["system/*.rs"], "user/*.rs", ["system/*.rs"], id="another context"),
        pytest.param(["api://omegaai/.default"], "anything", [], id="microsoft's default"),
        pytest.param(["forms.read"], "forms.read other", [], id="plain"),
        pytest.param(["forms.read"], "other", ["forms.read"], id="plain, missing"),
        pytest.param(["system/*.rs"], None, [], id="an answer without scope grants all"),
        pytest.param(["system/*.rs"], "", ["system/*.rs"], id="none granted"),
        pytest.param(
            ["system/Observation.rs"],
            "system/Observation.rs?category=lab",
            ["system/Observation.rs"],
            id="a filtered scope is not the whole",
        ),
    ],
)
def test_scopes_are_compared_by_what_they_allow(
    asked: list[str], granted: str | None, missing: list[str]
) -> None:
    """SMART spells the same right in two ways."""
    assert missing_scopes(asked, granted) == missing


async def test_wrong_credentials_name_what_to_check(sim: OmegaAISim) -> None:
    """The endpoint's own code, and no secret."""
    wrong = Credentials(secret=SecretStr("wrong-CANARY"))
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        with pytest.raises(Rejected) as refused:
            await TokenSource(oauth_wire(sim), wrong, http).token()
    assert refused.value.code == "invalid_client"
    assert refused.value.phase is Phase.AUTHENTICATE
    assert "CANARY" not in repr(refused.value) + repr(wrong)


async def test_a_clock_far_off_is_named_among_the_causes(sim: OmegaAISim) -> None:
    """An assertion from ten minutes ago is refused, and the text says which clocks to compare."""
    sim.faults.clock_off_s = 600
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        with pytest.raises(Rejected, match="clock"):
            await _by_key(sim, "ES384", http).token()


@pytest.mark.parametrize("pem", ["", "not a key"], ids=["none", "rubbish"])
async def test_an_unreadable_key_is_said_so_before_anything_is_sent(
    sim: OmegaAISim, pem: str
) -> None:
    """The block is where to mend it."""
    wire = oauth_wire(sim).model_copy(update={"method": OAuthMethod.PRIVATE_KEY_JWT})
    credentials = Credentials(private_key_pem=SecretStr(pem))
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        with pytest.raises(Rejected, match="PEM"):
            await TokenSource(wire, credentials, http).token()
    assert sim.requests == []


async def test_a_busy_token_endpoint_is_unavailable(sim: OmegaAISim) -> None:
    """Time may heal it, so it is not taken for wrong credentials."""
    sim.faults.storm_503 = True
    async with open_http(read_only=True, token_url=sim.token_url, sleep=Waits()) as http:
        with pytest.raises(Unavailable):
            await TokenSource(oauth_wire(sim), secret(sim), http).token()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"<html>sign in</html>", id="a web page"),
        pytest.param(b"{}", id="no token"),
        pytest.param(b"[1]", id="another shape"),
    ],
)
async def test_what_is_no_token_endpoint_is_said_so(answer: bytes) -> None:
    """A proxy in between, or the wrong address."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=answer)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        wire = oauth_wire(_Nowhere())  # type: ignore[arg-type]  # only its address is read
        with pytest.raises(Malformed):
            await TokenSource(wire, Credentials(secret=SecretStr("s")), HttpWire(client)).token()


class _Nowhere:
    token_url, client_id = "http://127.0.0.1:9/token", "accord"


async def test_the_token_goes_to_no_other_origin(sim: OmegaAISim) -> None:
    """A page's `next`, an attachment's URL: whoever else is named gets no request at all."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))

    sim.load({"resourceType": "Patient", "id": f"p{n}"} for n in range(4))
    async with raw_server(listen) as port, fhir_client(sim) as client:
        foreign = f"http://127.0.0.1:{port}/fhir/Patient/p1"
        with pytest.raises(Malformed, match="another origin"):
            await client.send("GET", foreign, "GET test")
        sim.faults.foreign_next = 1
        with pytest.raises(Malformed, match="another origin"):
            async for _ in client.search("Patient", [("_count", "2")]):
                pass
    assert heard == []
