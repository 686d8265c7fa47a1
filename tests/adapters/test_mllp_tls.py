"""TLS on the HL7 wire, with and without client certificates, over real sockets."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accord.adapters.errors import PeerError, Phase, Unavailable
from accord.adapters.mllp_client import MllpLink
from accord.adapters.mllp_tls import UnusableKeyMaterial, client_context, server_context
from accord.domain.wires import Hl7Wire
from tests.adapters.mllp_peers import ScriptedPeer, Turn, scripted
from tests.adapters.mllp_sending import send


class Authority:
    """A certificate authority for one test run."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = self._signed(self.name, self.key.public_key(), is_authority=True)
        self.pem = _pem(self.certificate)

    def issue(self, name: str) -> tuple[str, str]:
        """Give a certificate and its key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._signed(subject, key.public_key(), is_authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return _pem(certificate), private.decode()

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, is_authority: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
        )
        return builder.sign(self.key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


async def accept(turn: Turn) -> None:
    await turn.answer()


def over_tls(peer: ScriptedPeer) -> Hl7Wire:
    return peer.wire(tls={"enabled": True})


async def test_a_message_travels_over_tls_with_a_client_certificate(authority: Authority) -> None:
    certificate, key = authority.issue("listener")
    server = server_context(certificate_pem=certificate, key_pem=key, client_ca_pem=authority.pem)
    ours, our_key = authority.issue("accord")
    client = client_context(ca_pem=authority.pem, certificate_pem=ours, key_pem=our_key)

    async with scripted(accept, ssl=server) as peer:
        link = MllpLink(over_tls(peer), client)
        assert await send(link) == "AA"
        assert await send(link, "K2", "QUJD" * 500_000) == "AA"
        await link.close()


async def failed(peer: ScriptedPeer, wire: Hl7Wire, link: MllpLink) -> PeerError:
    with pytest.raises(PeerError) as caught:
        await send(link)
    await link.close()
    assert peer.messages == []
    return caught.value


async def test_a_listener_of_a_foreign_authority_is_not_spoken_to(authority: Authority) -> None:
    certificate, key = Authority().issue("somebody else")
    server = server_context(certificate_pem=certificate, key_pem=key)

    async with scripted(accept, ssl=server) as peer:
        wire = over_tls(peer)
        link = MllpLink(wire, client_context(ca_pem=authority.pem))
        error = await failed(peer, wire, link)

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.TLS


async def test_a_certificate_for_another_name_is_not_spoken_to(authority: Authority) -> None:
    certificate, key = authority.issue("listener")
    server = server_context(certificate_pem=certificate, key_pem=key)

    async with scripted(accept, ssl=server) as peer:
        wire = peer.wire(tls={"enabled": True, "server_name": "ris.example"})
        link = MllpLink(wire, client_context(ca_pem=authority.pem))
        error = await failed(peer, wire, link)

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.TLS


async def test_without_our_certificate_nothing_is_sent(authority: Authority) -> None:
    """TLS 1.3 says so only after the handshake: within the connection's first moment."""
    certificate, key = authority.issue("listener")
    server = server_context(certificate_pem=certificate, key_pem=key, client_ca_pem=authority.pem)

    async with scripted(accept, ssl=server) as peer:
        wire = over_tls(peer)
        link = MllpLink(wire, client_context(ca_pem=authority.pem))
        error = await failed(peer, wire, link)

    assert isinstance(error, Unavailable)


async def test_tls_to_a_port_without_it_fails_at_tls(authority: Authority) -> None:
    async with scripted(accept) as peer:
        wire = peer.wire(tls={"enabled": True}, connect_timeout_s=0.5)
        link = MllpLink(wire, client_context(ca_pem=authority.pem))
        error = await failed(peer, wire, link)

    assert isinstance(error, Unavailable)
    assert error.phase is Phase.TLS


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: client_context(ca_pem="no certificate"), id="authority"),
        pytest.param(
            lambda: client_context(certificate_pem="none", key_pem="none"), id="certificate"
        ),
        pytest.param(lambda: server_context(certificate_pem="none", key_pem="x"), id="server"),
    ],
)
def test_unusable_key_material_is_refused_by_its_name(make: Callable[[], object]) -> None:
    with pytest.raises(UnusableKeyMaterial, match="_pem"):
        make()
