import asyncio
import datetime as dt
import pickle
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accord.adapters.errors import Malformed, PeerError, Phase, Rejected, Unavailable, Uncertain
from accord.adapters.fhir import FhirClient
from accord.adapters.fhir_references import Reference
from accord.adapters.http import HttpLimits, HttpWire, Patience, open_http, retry_after_s
from accord.adapters.http_guard import WriteRefused
from accord.sandbox.omegaai import OmegaAISim
from tests.adapters.omegaai_peer import Waits, as_new, canned, fhir_client, http_answer, raw_server

PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "CANARY-1"}]}


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def sim(one_sim: OmegaAISim) -> OmegaAISim:
    return as_new(one_sim)


WRITES = [
    pytest.param("POST", "Patient", id="create"),
    pytest.param("PUT", "Patient/1", id="update"),
    pytest.param("PATCH", "Patient/1", id="patch"),
    pytest.param("DELETE", "Patient/1", id="delete"),
    pytest.param("POST", "", id="transaction"),
    pytest.param("POST", "Patient/$merge", id="operation"),
    pytest.param("POST", "Patient/_search/x", id="not quite a search"),
    pytest.param("OPTIONS", "Patient", id="another method"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_read_only_mode_lets_no_write_leave(sim: OmegaAISim, method: str, path: str) -> None:
    """The guard sits in the transport: the recording peer sees nothing at all."""
    async with open_http(read_only=True, token_url=sim.token_url) as http:
        with pytest.raises(WriteRefused) as refused:
            await http.send(http.request(method, f"{sim.base_url}/{path}", "test", content=b"{}"))
    assert sim.writes == []
    assert sim.requests == []
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


async def test_without_the_guard_the_same_writes_arrive(sim: OmegaAISim) -> None:
    """The test above would go red: the guard, not the peer, is what stops a write."""
    async with open_http(read_only=False, token_url=sim.token_url) as http:
        for method, path in (tuple(case.values) for case in WRITES):
            url = f"{sim.base_url}/{path}"
            await http.send(http.request(str(method), url, "test", content=b"{}"))
    assert len(sim.writes) == len(WRITES)


async def test_read_only_mode_reads_searches_and_signs_in(sim: OmegaAISim) -> None:
    """GET, POST _search and the token endpoint are no writes."""
    sim.load([{**PATIENT, "id": "1"}])
    async with fhir_client(sim, read_only=True) as client:
        page = await client.first_page("Patient", [("identifier", "urn:x|CANARY-1")])
        assert len(page.resources) == 1
        assert await client.read(Reference("Patient", "1"))
        with pytest.raises(WriteRefused):
            await client.create(PATIENT, "identifier=urn:x|CANARY-1")
    assert sim.writes == []
    assert "POST /fhir/Patient/_search" in sim.requests


async def test_what_is_searched_for_never_stands_in_a_url(sim: OmegaAISim) -> None:
    """Also on later pages, whose links name the search, and in what an error says."""
    sim.load({**PATIENT, "id": f"p{n}"} for n in range(5))
    async with fhir_client(sim) as client:
        asked = [("identifier", "urn:x|CANARY-1"), ("_count", "2")]
        found = [r async for page in client.search("Patient", asked) for r in page.resources]
    assert len(found) == 5
    assert sim.requests.count("POST /fhir/Patient/_search") == 3
    assert not [r for r in sim.requests if r.startswith("GET") and "metadata" not in r]


def _certificate(folder: Path, *, expired: bool) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=30 if expired else 9000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "peer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def _failure(base: str, *, timeout_s: float = 5) -> PeerError:
    limits = HttpLimits(timeout_s=timeout_s, patience=Patience(attempts=1))
    async with open_http(read_only=True, limits=limits) as http:
        with pytest.raises(PeerError) as failed:
            await FhirClient(base, http).capability()
    return failed.value


async def test_a_name_that_does_not_resolve_is_named_as_such() -> None:
    """Nothing was sent; the phase says where to look."""
    error = await _failure("http://no-such-host.invalid/fhir")
    assert isinstance(error, Unavailable)
    assert error.phase is Phase.RESOLVE


async def test_a_closed_port_is_named_as_such() -> None:
    """Nothing was sent; the phase says where to look."""
    error = await _failure(f"http://127.0.0.1:{_closed_port()}/fhir")
    assert isinstance(error, Unavailable)
    assert error.phase is Phase.CONNECT


@pytest.mark.parametrize("expired", [True, False], ids=["expired", "unknown issuer"])
async def test_a_bad_certificate_is_named_as_such(tmp_path: Path, expired: bool) -> None:
    """Nothing was sent, not even to somebody who might be someone else."""
    async with raw_server(canned(b""), ssl=_certificate(tmp_path, expired=expired)) as port:
        error = await _failure(f"https://localhost:{port}/fhir")
    assert isinstance(error, Unavailable)
    assert error.phase is Phase.TLS


async def test_https_asked_of_a_plain_port_is_named_as_such() -> None:
    """The handshake is answered in clear."""
    async with raw_server(canned(http_answer(b"{}"))) as port:
        error = await _failure(f"https://localhost:{port}/fhir")
    assert isinstance(error, Unavailable)
    assert error.phase is Phase.TLS


STRANGERS = [
    pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "HTTP", id="ssh"),
    pytest.param(b"\x0bMSH|^~\\&|RAMSOFT\r\x1c\r", "HTTP", id="mllp"),
    pytest.param(http_answer(b"<!DOCTYPE html><p>hi", "text/html"), "web page", id="proxy"),
    pytest.param(http_answer(b"hello", "text/plain"), "JSON", id="text"),
    pytest.param(http_answer(b'{"ok":true}', "application/json"), "not FHIR", id="json"),
    pytest.param(http_answer(b'{"resourceType":"Patient"}'), "CapabilityStatement", id="resource"),
    pytest.param(
        http_answer(b'{"resourceType":"CapabilityStatement","fhirVersion":"5.0.0"}'),
        "R4",
        id="fhir R5",
    ),
    pytest.param(
        http_answer(b'{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":3}'),
        "rest",
        id="misshapen statement",
    ),
    pytest.param(http_answer(b"", status="404 Not Found"), "fhir_base", id="nothing there"),
    pytest.param(http_answer(b"", status="302 Found"), "elsewhere", id="redirect"),
]


@pytest.mark.parametrize(("answer", "said"), STRANGERS)
async def test_whatever_is_not_a_fhir_server_is_said_so(answer: bytes, said: str) -> None:
    """A port that speaks something else gets a text that names what to check."""
    async with raw_server(canned(answer)) as port:
        error = await _failure(f"http://127.0.0.1:{port}/fhir")
    assert isinstance(error, Malformed)
    assert said in str(error)


async def test_a_peer_that_never_answers_a_read_is_unavailable() -> None:
    """Nothing was changed, so it may simply be asked again."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client gives up

    async with raw_server(silent) as port:
        error = await _failure(f"http://127.0.0.1:{port}/fhir", timeout_s=0.2)
    assert isinstance(error, Unavailable)
    assert error.phase is Phase.PROCESS


@pytest.mark.parametrize("fault", ["lose_response", "cut_response"])
async def test_a_write_without_a_whole_answer_is_uncertain(sim: OmegaAISim, fault: str) -> None:
    """httpx-aiohttp calls this ConnectTimeout, which would pass for "nothing was sent"."""
    async with fhir_client(sim) as client:
        sim.load([{**PATIENT, "id": "1"}])
        resource, etag = await client.etag(Reference("Patient", "1"))
        sim.faults.change({fault: 1})
        with pytest.raises(Uncertain) as lost:
            await client.update({**resource, "gender": "female"}, etag)
    assert lost.value.phase is Phase.PROCESS
    assert "CANARY" not in repr(lost.value)
    assert len(sim.writes) == 1  # not sent again by anyone beneath


async def test_httpx_own_transport_is_understood_too(sim: OmegaAISim) -> None:
    """The four errors do not hang on which library carries the request."""
    sim.faults.lose_response = 1
    async with httpx.AsyncClient() as client:
        http = HttpWire(client)
        for url, kind in (
            (f"http://127.0.0.1:{_closed_port()}/", Unavailable),
            (f"{sim.base_url}/Patient", Rejected),
        ):
            request = http.request("POST", url, "test", content=b"{}")
            if kind is Unavailable:
                with pytest.raises(Unavailable) as failed:
                    await http.send(request)
                assert failed.value.phase is Phase.CONNECT
            else:
                assert (await http.send(request)).status_code == 401


async def test_a_busy_peers_wish_is_honoured(sim: OmegaAISim) -> None:
    """Two refusals with Retry-After: two waits of that length, then the answer."""
    waits = Waits()
    async with fhir_client(sim, sleep=waits) as client:
        await client.capability()
        sim.faults.change({"too_many": 2, "retry_after": "7"})
        await client.first_page("Patient", [])
    assert [wait for wait in waits.slept if wait > 6] == [7.0, 7.0]


async def test_waiting_without_a_wish_grows_and_ends(sim: OmegaAISim) -> None:
    """A storm that does not end is Unavailable after a bounded number of attempts."""
    waits = Waits()
    async with fhir_client(sim, sleep=waits) as client:
        await client.capability()
        before = len(sim.requests)
        sim.faults.storm_503 = True
        with pytest.raises(Unavailable) as busy:
            await client.first_page("Patient", [])
    assert "503" in busy.value.code
    assert waits.slept[:1] == [0.01]
    assert len([request for request in sim.requests[before:] if "_search" in request]) <= 4


async def test_a_wish_beyond_patience_is_handed_up(sim: OmegaAISim) -> None:
    """An hour is the caller's to wait, not the transport's."""
    waits = Waits()
    async with fhir_client(sim, sleep=waits) as client:
        await client.capability()
        sim.faults.change({"too_many": 1, "retry_after": "3600"})
        with pytest.raises(Unavailable) as busy:
            await client.first_page("Patient", [])
    assert busy.value.retry_after_s == 3600
    assert waits.slept == []


@pytest.mark.parametrize(
    ("headers", "arrivals"),
    [
        pytest.param({}, 1, id="a bare write is not repeated"),
        pytest.param({"if-none-exist": "identifier=x"}, 4, id="a conditional create is"),
        pytest.param({"if-match": 'W/"1"'}, 4, id="a conditional update is"),
    ],
)
async def test_503_repeats_only_what_does_no_harm_twice(
    sim: OmegaAISim, headers: dict[str, str], arrivals: int
) -> None:
    """A gateway may answer 503 after it has passed the request on."""
    sim.faults.storm_503 = True
    limits = HttpLimits(patience=Patience(attempts=4))
    async with open_http(read_only=False, limits=limits, sleep=Waits()) as http:
        url = f"{sim.base_url}/Patient"
        await http.send(http.request("POST", url, "test", headers=headers, content=b"{}"))
    assert sim.requests == ["POST /fhir/Patient"] * arrivals


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "12"}, 12.0, id="seconds"),
        pytest.param(
            {
                "retry-after": "Mon, 23 Nov 2026 12:00:30 GMT",
                "date": "Mon, 23 Nov 2026 12:00:00 GMT",
            },
            30.0,
            id="a date, against the peer's own clock",
        ),
        pytest.param({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, None, id="no clock"),
        pytest.param({"retry-after": "soon"}, None, id="not a time"),
        pytest.param({}, None, id="none"),
    ],
)
def test_retry_after_is_read_as_the_standard_has_it(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Source: RFC 9110, 10.2.3."""
    assert retry_after_s(httpx.Response(429, headers=headers)) == seconds


async def test_never_more_in_flight_than_the_site_allows() -> None:
    """httpx collapses above 20, and the vendor's rate is the vendor's."""
    now, most = 0, 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        await reader.readuntil(b"\r\n\r\n")
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        writer.write(http_answer(b"{}"))
        await writer.drain()

    async with (
        raw_server(slow) as port,
        open_http(read_only=True, limits=HttpLimits(max_in_flight=5)) as http,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(30):
            group.create_task(http.send(http.request("GET", f"http://127.0.0.1:{port}/", "test")))
    assert most == 5


async def test_an_answer_without_end_is_given_up() -> None:
    """What is larger than any document we read fills no memory."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    limits = HttpLimits(answer_bytes=1_000_000)
    async with raw_server(endless) as port, open_http(read_only=True, limits=limits) as http:
        with pytest.raises(Malformed, match="larger"):
            await http.send(http.request("GET", f"http://127.0.0.1:{port}/", "test"))


async def test_a_read_on_a_connection_that_just_closed_is_asked_again(sim: OmegaAISim) -> None:
    """Servers close idle connections whenever they like; one broken read is not an outage."""
    sim.load([{**PATIENT, "id": "1"}])
    async with fhir_client(sim) as client:
        await client.capability()
        sim.faults.cut_response = 1
        assert len((await client.first_page("Patient", [])).resources) == 1
        sim.faults.cut_response = 2
        with pytest.raises(Unavailable):
            await client.first_page("Patient", [])
