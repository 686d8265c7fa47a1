"""
The one door from an opaque key to the patient, on the site's machine.

    accord show KEY [--document FILE]    what an effect is about, and whose; audited
    accord trace ID                      where is it? by key, MSH-10, form, patient,
                                         accession number, or document
    accord attention                     everything that waits for a person
    accord audit [--verify]              the audit trail's head, and whether it is whole
    accord verify-certificate FILE       whether a parity certificate is genuine; asks nobody

It needs PREFECT_API_URL, where the site's blocks are; nothing of what it shows goes there.
`show`, and `trace` by patient or accession number, are written to the audit trail before
anything is printed, with the name given by --who and this machine's user.

Other users of this machine see arguments in its list of processes, and your shell may remember
them: for a patient's number or an accession number give - and type it on standard input.

exit codes
    0   found and shown; nothing waits for a person; the audit trail is whole
    1   not found; something waits for a person
    2   it could not be done: the arguments, the server, the organization, the ledger or the file
    3   OmegaAI could not be asked; what the ledger knows is shown
    4   the audit trail was changed
    5   not a genuine certificate
"""

import argparse
import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, TextIO

from accord.domain.organization_text import WrongOrganizationFile
from accord.ledger.errors import LedgerRefusal, UnknownEffect
from accord.setup.signing import NotGenuine
from blocks.base import UnknownOrganization, UnusableBlock
from deployments.door_certificate import tell_certificate
from deployments.door_entry import NoDoor, Visit, visit
from deployments.door_lists import attention, audit
from deployments.door_show import show
from deployments.door_trace import Kind, trace

VISIBLE = (
    "Arguments can be seen in this machine's list of processes while the command runs, and your "
    "shell may remember them. For a patient's number or an accession number, give - and type it."
)


class Exit(IntEnum):
    """How the door closes; a number is never given another meaning."""

    FOUND = 0
    NOT_FOUND = 1
    REFUSED = 2
    PEER_SILENT = 3
    AUDIT_BROKEN = 4
    NOT_GENUINE = 5


Command = Callable[[Visit, argparse.Namespace], Exit]


def main(arguments: Sequence[str], stdin: TextIO = sys.stdin) -> int:
    """Run the command line; give one of `Exit`, with the reason on standard error."""
    options = _parser().parse_args(arguments)
    if getattr(options, "id", "") == "-":
        options.id = stdin.readline().strip()
    if getattr(options, "id", None) == "":
        return _refused("no id was given on standard input")
    try:
        if options.command is _verify_certificate:  # whoever has the file may check it, anywhere
            return int(_verify_certificate(options))
        with visit(options.organization, options.who) as opened:
            command: Command = options.command
            return command(opened, options)
    except UnknownEffect as unknown:
        print(unknown, file=sys.stderr)
        return Exit.NOT_FOUND
    except (
        *(NoDoor, UnknownOrganization, UnusableBlock),
        *(WrongOrganizationFile, LedgerRefusal, OSError),
    ) as refusal:
        return _refused(refusal)


def _refused(why: object) -> Exit:
    print(why, file=sys.stderr)
    return Exit.REFUSED


def _show(opened: Visit, options: argparse.Namespace) -> Exit:
    asked = asyncio.run(show(opened, options.id.upper(), print, document=options.document))
    return Exit.FOUND if asked else Exit.PEER_SILENT


def _trace(opened: Visit, options: argparse.Namespace) -> Exit:
    trail = asyncio.run(trace(opened, options.id, print, only=options.kind))
    if trail.problem is not None:
        return Exit.PEER_SILENT
    return Exit.FOUND if trail.rows else Exit.NOT_FOUND


def _attention(opened: Visit, _: argparse.Namespace) -> Exit:
    return Exit.NOT_FOUND if attention(opened, print) else Exit.FOUND


def _audit(opened: Visit, options: argparse.Namespace) -> Exit:
    whole = audit(opened, print, verify=options.verify, reported=options.reported)
    return Exit.FOUND if whole else Exit.AUDIT_BROKEN


def _verify_certificate(options: argparse.Namespace) -> Exit:
    try:
        tell_certificate(options.file.read_bytes(), options.key, print)
    except NotGenuine as why:
        print(f"not genuine: {why}", file=sys.stderr)
        return Exit.NOT_GENUINE
    return Exit.FOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="accord", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--organization", metavar="SLUG", help="may be left out if there is one")
    common.add_argument("--who", default="", metavar="NAME", help="who looks, for the audit trail")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("show", parents=[common], help="what an effect is about, and whose")
    one.add_argument("id", metavar="KEY", help="an effect's key, which is its MSH-10; - reads it")
    one.add_argument("--document", type=Path, metavar="FILE", help="save its PDF, mode 0600")
    one.set_defaults(command=_show)
    _add_trace(commands, common)
    waiting = commands.add_parser("attention", parents=[common], help="what waits for a person")
    waiting.set_defaults(command=_attention)
    trail = commands.add_parser("audit", parents=[common], help="the audit trail")
    trail.add_argument("--verify", action="store_true", help="check every entry")
    trail.add_argument(
        "--reported", default="", metavar="HEAD", help="check that it still holds a report's head"
    )
    trail.set_defaults(command=_audit)
    _add_verify_certificate(commands)
    return parser


def _add_trace(commands: Any, common: argparse.ArgumentParser) -> None:
    where = commands.add_parser("trace", parents=[common], help="where is it?", description=VISIBLE)
    where.add_argument(
        "id",
        metavar="ID",
        help="key, form (QuestionnaireResponse/ID), patient (NUMBER^^^ISSUER or NUMBER), accession "
        "number, SOP Instance UID or SHA-256; - reads it from standard input, where nobody sees it",
    )
    where.add_argument(
        "--as", dest="kind", type=Kind, choices=list(Kind), help="what ID is, where it is not clear"
    )
    where.set_defaults(command=_trace)


def _add_verify_certificate(commands: Any) -> None:
    proof = commands.add_parser("verify-certificate", help="check a parity certificate, offline")
    proof.add_argument("file", type=Path, metavar="FILE", help="its .json file")
    proof.add_argument(
        "--key", default="", metavar="HEX", help="the site's public key, got by another way"
    )
    proof.set_defaults(command=_verify_certificate)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):  # a terminal without some letters still shows the rest
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
