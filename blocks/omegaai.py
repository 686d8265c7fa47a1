from contextlib import AbstractAsyncContextManager

from pydantic import Field, SecretStr

from accord.adapters.errors import PeerError
from accord.adapters.oauth import Credentials
from accord.adapters.omegaai import OmegaAIClient
from accord.domain.organizations import OrganizationFile
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
    async with omegaai.connect(site.file) as client:
        await client.check()
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

    def connect(
        self, file: OrganizationFile, *, read_only: bool = True
    ) -> AbstractAsyncContextManager[OmegaAIClient]:
        """
        Lend a client of the organization's OmegaAI; nothing is sent until it is asked for.

        Read-only unless asked otherwise: then no write leaves, whatever is called.
        """
        return OmegaAIClient.open(
            file.site.omegaai, file.organization, self.credentials(), read_only=read_only
        )

    async def check(self) -> list[Finding]:
        """Get a token and read the CapabilityStatement, at the addresses of the Site block."""
        site = await Site.aof(self.organization)
        try:
            async with self.connect(site.file) as omegaai:
                await omegaai.check()
        except PeerError as error:
            return [Finding(wire="OmegaAI", problem=str(error))]
        return [Finding(wire="OmegaAI")]
