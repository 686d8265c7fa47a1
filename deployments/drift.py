"""
Compare both systems' set-up now, and say by the exit code whether they have drifted apart.

    python -m deployments.drift SLUG [SLUG ...]

It runs sync-facilities-and-resources for each organization, here and at once, so that cards and
reports are those of any other run; a timer, or a release that waits for it, reads the code.

exit codes
    0   alike
    1   they differ
    2   it could not be done: the arguments, a peer, or another run at work
    3   not everything could be compared
"""

import argparse
import sys
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from accord.domain.parity import Agreement
from deployments.bootstrap import NoServer, require_server
from flows.sync_facilities_and_resources import sync_facilities_and_resources
from tasks.parity_reports import NAMES

FAILED = 2
CODES = {Agreement.ALIKE: 0, Agreement.DIFFERENT: 1, Agreement.PARTIAL: 3}
_BY_NAME = {NAMES[agreement] or "Completed": code for agreement, code in CODES.items()}
WORST = (FAILED, CODES[Agreement.PARTIAL], CODES[Agreement.DIFFERENT], CODES[Agreement.ALIKE])
"""Of several organizations, the code that is told: what is not known outweighs what differs."""


def code_of(state: State[Any]) -> int:
    """Give a run's exit code; anything but a comparison that ended well is 2."""
    return _BY_NAME.get(str(state.name), FAILED)


def main(arguments: list[str]) -> int:
    """Print a line for each organization; return the worst of the codes."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.drift",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("slugs", nargs="+", metavar="SLUG")
    slugs = parser.parse_args(arguments).slugs
    try:
        with get_client(sync_client=True) as client:
            require_server(client)
    except NoServer as refusal:
        print(refusal, file=sys.stderr)
        return FAILED
    codes = []
    for slug in slugs:
        state = sync_facilities_and_resources(slug, return_state=True)
        codes.append(code_of(state))
        print(f"{slug}: {state.name}: {state.message}")
    return min(codes, key=WORST.index)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
