import asyncio
import ssl
from contextlib import AbstractAsyncContextManager

from pydantic import Field, SecretStr

from accord.adapters.dicom import DicomStation
from accord.adapters.errors import PeerError
from accord.adapters.mllp_client import MllpLink
from accord.adapters.mllp_tls import UnusableKeyMaterial, client_context
from accord.adapters.powerserver import PowerServerClient
from accord.adapters.powerserver_walked import WalkedPowerServer
from accord.domain.wires import DicomWire, Hl7Wire, PowerServerWire
from blocks.base import Finding, OrganizationBlock
from blocks.site import Site


class PowerServer(OrganizationBlock):
    """
    The key material for the PowerServers of one organization; their addresses stand in its file.

    Only wires with `tls.enabled` use it.
    """

    _block_type_name = "Accord PowerServer"
    _block_type_slug = "accord-powerserver"
    _description = (
        "Certificates and key for the HL7 listeners of one organization's PowerServers, where "
        "they speak TLS. Hosts, ports and AE titles stand in the organization file."
    )
    _code_example = """
    ```python
    from blocks.powerserver import PowerServer

    powerserver = PowerServer.load("BLOCK_NAME")
    async with powerserver.connect(wire) as client:
        seen = await client.documents_of(patient, accession)
    ```
    """

    ca_pem: SecretStr | None = Field(
        default=None,
        description="Who signs PowerServer's certificate, PEM; empty: the machine's authorities.",
    )
    certificate_pem: SecretStr | None = Field(
        default=None, description="Our own certificate, PEM, where PowerServer asks for one."
    )
    key_pem: SecretStr | None = Field(
        default=None, description="The key of our certificate, PEM, without a passphrase."
    )

    def connect(
        self, wire: PowerServerWire, *, read_only: bool = True
    ) -> AbstractAsyncContextManager[PowerServerClient]:
        """
        Lend a client of one PowerServer; connections are made when they are needed.

        Read-only unless asked otherwise: then it refuses to write, before any connection.

        Raises:
            UnusableKeyMaterial: naming the field.
        """
        return PowerServerClient(wire, tls=self.tls(wire.hl7), read_only=read_only)

    def walk(self, wire: PowerServerWire, *, read_only: bool = True) -> WalkedPowerServer:
        """
        Lend a client for `accept-site`, to which every route is open; used as `connect`'s is.

        Raises:
            UnusableKeyMaterial: naming the field.
            Unavailable: the file has no `dicom` wire: nothing could be read back.
        """
        return WalkedPowerServer(wire, tls=self.tls(wire.hl7), read_only=read_only)

    def tls(self, wire: Hl7Wire) -> ssl.SSLContext | None:
        """
        Give the TLS context of one HL7 wire; None where it speaks plain TCP.

        Raises:
            UnusableKeyMaterial: naming the field.
        """
        if not wire.tls.enabled:
            return None
        return client_context(
            ca_pem=_text(self.ca_pem),
            certificate_pem=_text(self.certificate_pem),
            key_pem=_text(self.key_pem),
        )

    async def check(self) -> list[Finding]:
        """Connect to each HL7 listener, and ask each DICOM station for a sign of life."""
        site = await Site.aof(self.organization)
        findings = []
        for name, wire in site.file.site.powerservers.items():
            findings.append(await self._check_hl7(name, wire.hl7))
            if wire.dicom is not None:
                findings.append(await asyncio.to_thread(_check_dicom, name, wire.dicom))
        return findings

    async def _check_hl7(self, name: str, wire: Hl7Wire) -> Finding:
        where = f"PowerServer {name}, HL7"
        try:
            link = MllpLink(wire, self.tls(wire))
            await link.connect()
            await link.close()
        except (PeerError, UnusableKeyMaterial) as error:
            return Finding(wire=where, problem=str(error))
        return Finding(wire=where, limits=HL7_CANNOT_BE_ASKED)


HL7_CANNOT_BE_ASKED = (
    "something takes connections; HL7 has no harmless question, so that it is PowerServer shows "
    "with the first document"
)


def _check_dicom(name: str, wire: DicomWire) -> Finding:
    where = f"PowerServer {name}, DICOM"
    try:
        with DicomStation(wire, read_only=True) as station:
            station.echo()
    except PeerError as error:
        return Finding(wire=where, problem=str(error))
    return Finding(wire=where)


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
