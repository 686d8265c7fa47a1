import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import Field, SecretStr, field_validator

from accord.ledger.errors import LedgerRefusal
from accord.ledger.ledger import Ledger
from blocks.base import Finding, OrganizationBlock, UnusableBlock

SITE_KEY_BYTES = 32


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LedgerDatabase(OrganizationBlock):
    """
    The ledger of one organization: where it is, and the key that makes its opaque names.

    The site key is for ever: under another key every form would get another name, and what was
    sent would be sent again. Keep a copy of it with the backups.
    """

    _block_type_name = "Accord Ledger"
    _block_type_slug = "accord-ledger"
    _description = (
        "The database of what Accord did for one organization, and the site key that makes its "
        "opaque names. Never change the site key: what was sent would be sent again."
    )
    _code_example = """
    ```python
    from blocks.ledger import LedgerDatabase

    database = LedgerDatabase.load("BLOCK_NAME")
    ledger = database.open()
    ```
    """

    url: SecretStr = Field(
        description=(
            "Where the ledger is: sqlite:////path/ledger.db or postgresql://user:password@host/db."
        )
    )
    site_key: SecretStr = Field(
        description="The site key: 32 random bytes in base64, made once and never changed."
    )

    @field_validator("site_key")
    @classmethod
    def _is_a_site_key(cls, value: SecretStr) -> SecretStr:
        try:
            decoded = base64.b64decode(value.get_secret_value(), validate=True)
        except (ValueError, binascii.Error):
            decoded = b""
        if len(decoded) != SITE_KEY_BYTES:
            raise ValueError(f"must be {SITE_KEY_BYTES} random bytes in base64")
        return value

    @property
    def key(self) -> bytes:
        """The site key itself."""
        return base64.b64decode(self.site_key.get_secret_value())

    def open(self, now: Callable[[], datetime] = _utc_now) -> Ledger:
        """
        Open the ledger; close it after use. It does not create or migrate the database.

        Raises:
            LedgerNotCurrent: the database is empty, older or newer than this code.
            UnusableBlock: there is no database at its URL.
        """
        try:
            return Ledger(self.url.get_secret_value(), site_key=self.key, now=now)
        except LedgerRefusal:
            raise
        except Exception as error:  # drivers raise their own; their texts may quote the URL
            raise UnusableBlock(
                self.get_block_type_slug(), self.organization, (_unopened(error),)
            ) from None

    async def check(self) -> list[Finding]:
        """Test that the database can be opened, is of this code's version, and this key's own."""
        try:
            with self.open() as ledger:
                ledger.require_our_seal()
        except LedgerRefusal as refusal:
            return [Finding(wire="ledger", problem=str(refusal))]
        except UnusableBlock as unusable:
            return [Finding(wire="ledger", problem="; ".join(unusable.problems))]
        return [Finding(wire="ledger")]


def _unopened(error: Exception) -> str:
    kind = type(error).__name__
    return f"`url`: the database cannot be opened ({kind}): check the URL and its server"
