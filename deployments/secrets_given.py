"""Secrets as the bootstrap is given them: from a file of NAME=value lines, or the environment."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path


def new_site_key() -> str:
    """Make a site key: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


class MissingSecret(Exception):
    """The bootstrap was not given a secret that the organization file calls for."""


class Secrets:
    """
    The secrets of one organization, from an environment such as a file or the process gives.

    Names are `ACCORD_<SLUG>_<SECRET>`, with dashes as underscores, else `ACCORD_<SECRET>`.
    """

    def __init__(self, slug: str, environment: Mapping[str, str]) -> None:
        self._prefixes = (f"ACCORD_{slug.upper().replace('-', '_')}_", "ACCORD_")
        self._environment = environment

    def get(self, name: str) -> str | None:
        """Give a secret, or None."""
        for prefix in self._prefixes:
            if value := self._environment.get(prefix + name):
                return value
        return None

    def require(self, name: str, why: str) -> str:
        """
        Give a secret.

        Raises:
            MissingSecret: naming the variables that would give it.
        """
        value = self.get(name)
        if value is None:
            variables = " or ".join(prefix + name for prefix in self._prefixes)
            raise MissingSecret(
                f"{why}: set {variables}, in the environment or in the file given by --secrets"
            )
        return value


def read_secrets_file(path: Path) -> dict[str, str]:
    """
    Read NAME=value lines; empty lines and those that begin with # are left out.

    A value that begins with @ names a file whose whole text it is, such as a PEM key.

    Raises:
        MissingSecret: a line is not NAME=value, with its number and never its text.
    """
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise MissingSecret(f"{path}, line {number}: not NAME=value")
        value = value.strip()
        is_file = value.startswith("@")
        found[name.strip()] = (path.parent / value[1:]).read_text("utf-8") if is_file else value
    return found
