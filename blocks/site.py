from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from accord.domain.organization_text import parse
from accord.domain.organizations import OrganizationFile
from blocks.base import Finding, OrganizationBlock


class Site(OrganizationBlock):
    """
    One organization's file: how its peers are reached and what should be true of it.

    The whole file is kept as its author wrote it, so that what the bootstrap was given, what a
    person reads in the UI and what a run works with are one text. Nothing in it is secret.
    """

    _block_type_name = "Accord Site"
    _block_type_slug = "accord-site"
    _description = (
        "The organization file of one site: its wires, facilities, zones and timings. "
        "Change the YAML file and run the bootstrap again rather than editing it here."
    )
    _code_example = """
    ```python
    from blocks.site import Site

    site = Site.load("BLOCK_NAME")
    print(site.file.organization.name)
    ```
    """

    text: str = Field(description="The organization file, as YAML.")
    private_directory: str = Field(
        default="",
        description=(
            "Directory on the workers' machine for what holds patient data: prepared documents "
            "and the message store. Empty stands for ~/.accord/ and the organization's slug."
        ),
    )

    @model_validator(mode="after")
    def _the_text_is_an_organization_file(self) -> Self:
        # Here, so that the UI and the bootstrap refuse a wrong file when it is saved.
        _ = self.file
        return self

    @cached_property
    def file(self) -> OrganizationFile:
        """
        The organization file, validated.

        Raises:
            InvalidOrganizationFile: with line, path and reason.
        """
        return parse(self.text, "block accord-site")

    @property
    def private_path(self) -> Path:
        """The directory of the organization's patient data on this machine, mode 0700."""
        given = self.private_directory or f"~/.accord/{self.file.organization.slug}"
        path = Path(given).expanduser()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    async def check(self) -> list[Finding]:
        """Test that the private directory can be written; the text was tested when it was saved."""
        try:
            probe = self.private_path / ".probe"
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            problem = f"cannot write: {error.strerror}; choose another private_directory"
            return [Finding(wire="private directory", problem=problem)]
        return [Finding(wire="private directory")]
