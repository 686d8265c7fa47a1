"""
Write an organization's file as its live site would have it, to read, keep and compare.

    python -m deployments.export SLUG > SLUG.yaml

OmegaAI's healthcare services become the resources of the file's facilities; all else is as the
enrolled file has it, without its comments. Nothing is changed at OmegaAI or here. Where nothing
is said on standard error, a plan that is made with the exported file is empty.

exit codes
    0   the file says all that OmegaAI shows
    2   it could not be done: the arguments, or a peer
    3   the file says less, or other things, than OmegaAI shows: standard error tells which
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable

from prefect.client.orchestration import get_client

from accord.adapters.errors import PeerError
from accord.domain.organization_text import dump
from accord.ledger.applied import Owner
from accord.ledger.errors import LedgerRefusal
from accord.setup.exporting import Exported, export
from accord.setup.service_plans import unsaid_by
from accord.setup.untold import LEFT_OUT, Remark, Untold
from blocks.base import UnknownOrganization
from blocks.omegaai import OmegaAI
from deployments.bootstrap import NoServer, require_server
from tasks.desk import desk_of
from tasks.onboarding import ONBOARD

WHOLE, FAILED, PARTIAL = 0, 2, 3


def exported(slug: str) -> tuple[str, tuple[Remark, ...]]:
    """
    Give the file's text and what it does not say.

    Raises:
        UnknownOrganization: nobody has enrolled it.
        PeerError: OmegaAI failed us.
    """
    with desk_of(slug) as desk:
        owner = Owner(organization=desk.slug, process=ONBOARD)
        elements = desk.file.site.omegaai.resource_elements

        async def read() -> Exported:
            async with OmegaAI.of(slug).connect(desk.file) as omegaai:
                seen = await omegaai.service_desk().services()
            applied = desk.ledger.applied(owner)
            return export(desk.file.organization, applied, seen, unsaid=unsaid_by(elements))

        found = asyncio.run(read())
        file = desk.file.model_copy(update={"organization": found.organization})
    return dump(file), found.remarks


def told(remarks: Iterable[Remark]) -> list[str]:
    """Say what the file does not, one line for each reason."""
    services: dict[Untold, list[str]] = defaultdict(list)
    for remark in remarks:
        services[remark.why].append(f"HealthcareService/{remark.service}")
    return [
        f"{'left out' if why in LEFT_OUT else 'check'}: {', '.join(sorted(named))}: {why}"
        for why, named in services.items()
    ]


def main(arguments: list[str]) -> int:
    """Print the file; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("slug", metavar="SLUG")
    slug = parser.parse_args(arguments).slug
    try:
        with get_client(sync_client=True) as client:
            require_server(client)
        text, remarks = exported(slug)
    except (NoServer, UnknownOrganization, LedgerRefusal, PeerError) as refusal:
        print(refusal, file=sys.stderr)
        return FAILED
    print(text, end="")
    for line in told(remarks):
        print(line, file=sys.stderr)
    return PARTIAL if remarks else WHOLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
