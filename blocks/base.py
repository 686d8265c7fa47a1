from abc import ABC, abstractmethod
from typing import Self, cast

from prefect.blocks.core import Block
from prefect.exceptions import ObjectNotFound
from pydantic import ConfigDict, HttpUrl, ValidationError

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


class UnusableBlock(Exception):
    """A stored block document is not what this code needs; its fields are named, never values."""

    def __init__(self, block: str, slug: str, problems: tuple[str, ...]) -> None:
        super().__init__(block, slug, problems)
        self.block, self.slug, self.problems = block, slug, problems

    def __str__(self) -> str:
        return (
            f"the {self.block} block named {self.slug!r} cannot be used: "
            f"{'; '.join(self.problems)}; mend it in the UI, or make it again with: {BOOTSTRAP}"
        )


class Finding(Record):
    """What a connection test found at one wire."""

    wire: str
    """Which wire: `OmegaAI, token endpoint`, `PowerServer main, HL7`."""
    problem: str = ""
    """What is wrong and how to mend it, with the phase; '' if nothing is."""
    limits: str = ""
    """What this test cannot tell."""

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problem

    def __str__(self) -> str:
        limits = f" ({self.limits})" if self.limits else ""
        return f"{self.wire}: {self.problem or 'fine'}{limits}"


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
            UnusableBlock: there is one, and a field of it is wrong.
        """
        try:
            loaded = cls.load(slug, _sync=True)  # type: ignore[call-arg]  # async_dispatch adds it
        except (ValueError, RuntimeError) as error:
            raise _unknown(cls, slug, error) from None
        return cast(Self, loaded)

    @classmethod
    async def aof(cls, slug: str) -> Self:
        """
        Load the block of one organization without blocking the event loop.

        Raises:
            UnknownOrganization: there is none with that slug.
            UnusableBlock: there is one, and a field of it is wrong.
        """
        try:
            return cast(Self, await cls.aload(slug))
        except (ValueError, RuntimeError) as error:
            raise _unknown(cls, slug, error) from None

    @property
    def organization(self) -> OrganizationSlug:
        """The organization's slug: the name of the block document."""
        return OrganizationSlug(self._block_document_name or "")

    @abstractmethod
    async def check(self) -> list[Finding]:
        """Test the connection, writing nothing; one finding for each wire."""


def _unknown(block: type[Block], slug: str, error: Exception) -> Exception:
    """Say it in our words: pydantic's errors pickle the values that their texts hide."""
    cause = error if isinstance(error, ValidationError) else error.__cause__
    if isinstance(cause, ObjectNotFound):
        return UnknownOrganization(block.get_block_type_slug(), slug)
    if isinstance(cause, ValidationError):
        details = cause.errors(include_input=False, include_url=False, include_context=False)
        problems = (f"`{'.'.join(map(str, each['loc']))}`: {each['msg']}" for each in details)
        return UnusableBlock(block.get_block_type_slug(), slug, tuple(problems))
    return error
