"""
Test the connections of enrolled organizations, writing nothing.

    python -m deployments.connections [SLUG ...]

It runs where the workers run, since a connection is a matter of places. Without a slug it tests
every enrolled organization.

exit codes
    0   nothing is wrong
    1   something is wrong
    2   it could not be done: the arguments, or no such organization
"""

import argparse
import asyncio
import sys

from prefect.client.orchestration import get_client

from blocks.base import Finding, UnknownOrganization, UnusableBlock
from deployments.bootstrap import NoServer, require_server
from deployments.documents import BLOCKS
from deployments.enrolment import enrolled


async def findings(slug: str) -> list[Finding]:
    """
    Test every block of one organization.

    Raises:
        UnknownOrganization: it is not enrolled.
    """
    blocks = [await block.aof(slug) for block in BLOCKS]
    return [finding for block in blocks for finding in await block.check()]


def main(arguments: list[str]) -> int:
    """Print what was found; return how the command ends."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.connections",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("slugs", nargs="*", metavar="SLUG")
    slugs = parser.parse_args(arguments).slugs
    try:
        with get_client(sync_client=True) as client:
            require_server(client)
        return 0 if _tell(slugs or list(enrolled())) else 1
    except (NoServer, UnknownOrganization, UnusableBlock) as refusal:
        print(refusal, file=sys.stderr)
        return 2


def _tell(slugs: list[str]) -> bool:
    """Print what was found at each organization's wires; give whether all is fine."""
    all_fine = True
    for slug in slugs:
        found = asyncio.run(findings(slug))
        for finding in found:
            print(f"{slug}: {finding}")
        all_fine = all_fine and all(finding.is_fine for finding in found)
    return all_fine


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
