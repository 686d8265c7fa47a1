"""
Take many organizations in rings, and stop at the first that does not agree.

    python -m deployments.wave WAVE.yaml

Each organization is certified by certify-parity, one after the other, in the order of the file.
The first that fails halts the wave: those after it are not touched. Run it again after mending:
who has a certificate since the wave's first day is not asked again.

    since: 2026-11-28
    rings:
      - [lakeside]            # one site first
      - [north-bay, hillside]

exit codes
    0   every organization is certified
    1   one is not: the wave has halted there
    2   it could not be done: the arguments, the file, or no Prefect server
"""

import argparse
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Self

import yaml
from prefect.client.orchestration import get_client
from pydantic import Field, ValidationError, model_validator

from accord.domain.base import Record
from accord.domain.resources import SLUG
from accord.setup.signing import NotGenuine, public_key_of, verified
from blocks.base import UnknownOrganization
from blocks.ledger import LedgerDatabase
from blocks.site import Site
from deployments.bootstrap import NoServer, require_server
from flows.certify_parity import certify_parity
from tasks.certificates import DIRECTORY

HALTED, REFUSED = 1, 2
Slug = Annotated[str, Field(pattern=SLUG)]


class Wave(Record):
    """Organizations in the order in which they are taken; a ring is as many as may fail at once."""

    since: date
    """A certificate of this day (UTC) or later counts."""
    rings: tuple[tuple[Slug, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        slugs = [slug for ring in self.rings for slug in ring]
        if not slugs or len(set(slugs)) != len(slugs):
            raise ValueError("rings: each organization once, and at least one")
        return self


def main(arguments: list[str]) -> int:
    """Print a line for each organization; return an exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.wave",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="WAVE.yaml")
    path = parser.parse_args(arguments).file
    try:
        wave = read(path)
        with get_client(sync_client=True) as client:
            require_server(client)
    except (NoServer, OSError, ValueError) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    return HALTED if halted_at(wave) else 0


def read(path: Path) -> Wave:
    """
    Read a wave file.

    Raises:
        OSError, ValueError: names the file and what to mend.
    """
    try:
        return Wave.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: no YAML: {getattr(error, 'problem', '')}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"{path}, {where}: {first['msg']}") from None


def halted_at(wave: Wave) -> str:
    """Certify one organization after the other; give the first that fails, or ''."""
    for number, ring in enumerate(wave.rings, start=1):
        for slug in ring:
            told = _certified(slug, wave.since)
            print(f"ring {number}, {slug}: {told or 'failed'}")
            if not told:
                print(
                    f"halted at {slug}: see its run, mend what it names, and start the wave again"
                )
                return slug
    return ""


def _certified(slug: str, since: date) -> str:
    """Say how an organization came by its certificate; '' if it has none."""
    try:
        if _has_certificate(slug, since):
            return "certified before"
    except UnknownOrganization as unknown:
        print(unknown, file=sys.stderr)
        return ""
    state = certify_parity(slug, return_state=True)
    if not state.is_completed():
        print(f"{slug}: {state.name}: {state.message}", file=sys.stderr)
        return ""
    return str(state.message)


def _has_certificate(slug: str, since: date) -> bool:
    """Look for a genuine certificate of this organization that is young enough."""
    key = public_key_of(LedgerDatabase.of(slug).key)
    begins = datetime.combine(since, time(), UTC)
    for path in sorted((Site.of(slug).private_path / DIRECTORY).glob("*.json"), reverse=True):
        try:
            certificate = verified(path.read_bytes(), key).certificate
        except NotGenuine:
            continue
        if certificate.organization == slug and certificate.issued_at >= begins:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
