from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import Field, SecretStr

from accord.adapters.errors import PeerError
from accord.adapters.fhir import FhirClient
from accord.adapters.http import HttpLimits, open_http
from accord.adapters.oauth import Credentials, TokenSource
from accord.domain.wires import OmegaAIWire
from blocks.base import Finding, OrganizationBlock
from blocks.site import Site


class OmegaAI(OrganizationBlock):
    """
    What proves to OmegaAI who we are; where it is stands in the organization file.

    One of the two is needed, as `site.omegaai.oauth.method` says.
    """

    _block_type_name = "Accord OmegaAI"
    _block_type_slug = "accord-omegaai"
    _description = (
        "The credentials with which Accord reads one organization's OmegaAI: a client secret, or "
        "the private key of private_key_jwt. Addresses and scopes stand in the organization file."
    )
    _code_example = """
    ```python
    from blocks.omegaai import OmegaAI

    omegaai = OmegaAI.load("BLOCK_NAME")
    credentials = omegaai.credentials()
    ```
    """

    client_secret: SecretStr | None = Field(
        default=None, description="The OAuth2 client's secret, for the method client_secret."
    )
    private_key_pem: SecretStr | None = Field(
        default=None,
        description=(
            "The private key for the method private_key_jwt: RSA or EC P-384, PEM, no passphrase."
        ),
    )
    key_id: str = Field(
        default="", description="The key's id (kid) as registered with OmegaAI; may be empty."
    )

    def credentials(self) -> Credentials:
        """Give the credentials as the token endpoint's client wants them."""
        return Credentials(
            secret=self.client_secret, private_key_pem=self.private_key_pem, key_id=self.key_id
        )

    @asynccontextmanager
    async def fhir(self, wire: OmegaAIWire, *, read_only: bool = True) -> AsyncIterator[FhirClient]:
        """Lend a FHIR client of our own token; nothing is sent until it is asked for something."""
        token_url = str(wire.oauth.token_url) if wire.oauth else None
        limits = HttpLimits(timeout_s=wire.timeout_s, max_in_flight=wire.max_in_flight)
        async with open_http(read_only=read_only, token_url=token_url, limits=limits) as http:
            tokens = TokenSource(wire.oauth, self.credentials(), http) if wire.oauth else None
            yield FhirClient(
                str(wire.fhir_base), http, tokens, assume_supported=wire.assume_supported
            )

    async def check(self) -> list[Finding]:
        """Get a token and read the CapabilityStatement, at the addresses of the Site block."""
        site = await Site.aof(self.organization)
        try:
            async with self.fhir(site.file.site.omegaai) as fhir:
                await fhir.capability()
        except PeerError as error:
            return [Finding(wire="OmegaAI", problem=str(error))]
        return [Finding(wire="OmegaAI")]
