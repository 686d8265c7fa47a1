from abc import ABC, abstractmethod
from typing import Self, cast

from prefect.blocks.core import Block
from prefect.exceptions import ObjectNotFound
from pydantic import ConfigDict, HttpUrl

from accord.domain.base import Record
from accord.domain.identifiers import OrganizationSlug

BOOTSTRAP = "python -m deployments.bootstrap --organization FILE.yaml"


class UnknownOrganization(Exception):
    """No block document with the organization's slug: nobody enrolled it on this server."""

    def __init__(self, block: str, slug: str) -> None:
        super().__init__(block, slug)
        self.block, self.slug = block, slug

    def __str__(self) -> str:
        return (
            f"there is no {self.block} block named {self.slug!r} on this Prefect server; "
            f"check the slug, or make it with: {BOOTSTRAP}"
        )


class Finding(Record):
    """What a connection test found at one wire."""

    wire: str
    """Which wire: `OmegaAI, token endpoint`, `PowerServer main, HL7`."""
    problem: str = ""
    """What is wrong and how to mend it, with the phase; '' if nothing is."""

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem

    def __str__(self) -> str:
        return f"{self.wire}: {self.problem or 'fine'}"


class OrganizationBlock(Block, ABC):
    """
    What every block of ours shares: its document is named by the organization's slug.

    Fields may be appended, never renamed or reordered: Prefect's schema checksum covers their
    order, and stored documents would be orphaned. An appended field has a default.
    """

    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")

    # A wrong value would be quoted by pydantic's error, and Prefect stores error texts.
    model_config = ConfigDict(hide_input_in_errors=True)

    @classmethod
    def of(cls, slug: str) -> Self:
        """
        Load the block of one organization, in synchronous and asynchronous code alike.

        Raises:
            UnknownOrganization: there is none with that slug.
        """
        try:
            loaded = cls.load(slug, _sync=True)  # type: ignore[call-arg]  # async_dispatch adds it
        except ValueError as error:
            raise _unknown(cls, slug, error) from None
        return cast(Self, loaded)

    @classmethod
    async def aof(cls, slug: str) -> Self:
        """
        Load the block of one organization without blocking the event loop.

        Raises:
            UnknownOrganization: there is none with that slug.
        """
        try:
            return cast(Self, await cls.aload(slug))
        except ValueError as error:
            raise _unknown(cls, slug, error) from None

    @property
    def organization(self) -> OrganizationSlug:
        """The organization's slug: the name of the block document."""
        return OrganizationSlug(self._block_document_name or "")

    @abstractmethod
    async def check(self) -> list[Finding]:
        """Test the connection, writing nothing; one finding for each wire."""


def _unknown(block: type[Block], slug: str, error: ValueError) -> Exception:
    # pydantic's errors are ValueErrors too: a document that is there and is wrong stays itself.
    if isinstance(error.__cause__, ObjectNotFound):
        return UnknownOrganization(block.get_block_type_slug(), slug)
    return error
