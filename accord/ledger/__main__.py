"""`python -m accord.ledger migrate`: bring the ledger's database to this code's version."""

import argparse
import os
import sys

from accord.ledger.errors import LedgerRefusal
from accord.ledger.migrate import migrate

URL_VARIABLE = "ACCORD_LEDGER_URL"  # not an argument: other users see a process's arguments


def main(arguments: list[str]) -> int:
    """Run one command; return 0, or 2 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m accord.ledger", description=__doc__)
    parser.add_argument("command", choices=["migrate"])
    parser.parse_args(arguments)
    url = os.environ.get(URL_VARIABLE)
    if not url:
        sys.stderr.write(f"{URL_VARIABLE} is not set: sqlite:////path/ledger.db or postgresql://\n")
        return 2
    try:
        version = migrate(url)
    except (LedgerRefusal, ValueError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    sys.stdout.write(f"the ledger is at version {version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
