"""
Prepare a Prefect server for Accord; run it as often as you like.

    python -m deployments.bootstrap [--organization FILE.yaml ...] [--secrets FILE]

It talks to the server of PREFECT_API_URL. It registers the block types, the work pool, the
deployments of prefect.yaml and the automations, and enrols each organization given: its blocks,
its ledger, its strict limits and its schedules. What an operator has paused stays paused.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from accord.domain.organization_text import Problem, WrongOrganizationFile, parse
from accord.ledger.errors import LedgerRefusal
from deployments import automations, enrolment
from deployments.catalogue import Catalogue, WrongCatalogue, deployable, full_name, read
from deployments.documents import BLOCKS, SiteKeyChanges, save_blocks
from deployments.local_server import POOL, QUIET
from deployments.secrets_given import MissingSecret, Secrets, new_site_key, read_secrets_file

Say = Callable[[str], None]
RUNS_AT_A_TIME = 4
"""Of a new work pool; an operator may change it. Each run is a Python process of its own."""

FIELDS_TOLD = 12
"""Of a changed organization file, by name; of the others only how many."""

RUN_ENVIRONMENT = {
    **QUIET,
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(automations.HEARTBEAT_S),
}
"""What the work pool gives every run's process. Nothing secret: Prefect stores it in clear."""


class NoServer(Exception):
    """No Prefect server answers at PREFECT_API_URL."""


def bootstrap(
    organizations: Iterable[tuple[str, str]] = (),
    *,
    catalogue: Catalogue | None = None,
    environment: Mapping[str, str] = os.environ,
    active: bool = True,
    say: Say = lambda line: None,
) -> None:
    """
    Bring the server to what the checkout and the organization files say; idempotent.

    Args:
        organizations: (text, name) of organization files; the name is for error messages.
        catalogue: what to deploy; None reads prefect.yaml.
        environment: where the secrets are looked for.
        active: whether new schedules run at once.

    Raises:
        NoServer, WrongOrganizationFile, WrongCatalogue, MissingSecret, SiteKeyChanges,
            LedgerRefusal: nothing of the organization concerned was changed.
    """
    files = [(text, parse(text, name)) for text, name in organizations]
    catalogue = catalogue or read()
    with get_client(sync_client=True) as client:
        require_server(client)
        for block in BLOCKS:
            block.register_type_and_schema()
        say(f"block types: {', '.join(block.get_block_type_slug() for block in BLOCKS)}")
        ensure_pool(client)
        for text, file in files:
            slug = file.organization.slug
            changed = save_blocks(text, file, Secrets(slug, environment))
            for each in catalogue.enrolments.values():
                enrolment.limit_one(client, f"{each.limit}-{slug}")
            enrolment.note_enrolment(file)
            say(f"organization {slug}: blocks, ledger, limits")
            if changed is not None:
                say(f"organization {slug}: {_told(changed)}")
        deployed = _deploy(catalogue, enrolment.enrolled(), say)
        for _, file in files:
            for name, each in catalogue.scheduled.items():
                wanted = enrolment.schedule_of(file, name, each, active=active)
                enrolment.apply_schedule(client, deployed[name], wanted)
                say(f"schedule {wanted.slug}: {each.cron}")
        for automation in automations.automations(deployed["note-alert/automation"]):
            automations.apply(client, automation)
            say(f"automation {automation.name!r}")


def _told(changed: list[str]) -> str:
    if not changed:
        return "its file is the one in use"
    more = f" and {len(changed) - FIELDS_TOLD} more" if len(changed) > FIELDS_TOLD else ""
    return (
        f"its file differs from the one that was in use: {', '.join(changed[:FIELDS_TOLD])}{more}"
    )


def require_server(client: SyncPrefectClient) -> None:
    """
    See that a Prefect server answers.

    Raises:
        NoServer: none does.
    """
    problem = client.api_healthcheck()
    if problem is not None:
        raise NoServer(f"no Prefect server answers at {client.api_url}: set PREFECT_API_URL")


def ensure_pool(client: SyncPrefectClient) -> None:
    """Make the process work pool, or bring it up to date."""
    template = _job_template()
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(
                name=POOL,
                type="process",
                description="Accord's runs, each a process on a worker's machine.",
                base_job_template=template,
                concurrency_limit=RUNS_AT_A_TIME,
            )
        )
    else:
        client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


def _job_template() -> dict[str, Any]:
    template = deepcopy(ProcessWorker.get_default_base_job_template())
    template["variables"]["properties"]["env"]["default"] = RUN_ENVIRONMENT
    return template


def _deploy(catalogue: Catalogue, enrolled: Mapping[str, str], say: Say) -> dict[str, UUID]:
    deployed = {}
    for deployment in catalogue.deployments:
        name = full_name(deployment)
        several = name in catalogue.enrolments
        built = deployable(
            deployment,
            description=catalogue.describe(name, enrolled.values()),
            limit=enrolment.sweeps_at_a_time(len(enrolled)) if several else None,
            defaults=enrolment.defaults(enrolled),
        )
        applied = built.apply()
        assert isinstance(applied, UUID)  # a coroutine only in asynchronous code
        deployed[name] = applied
        say(f"deployment {name}")
    return deployed


def text_of(path: Path) -> str:
    """
    Read an organization file.

    Raises:
        WrongOrganizationFile: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        why = "is not UTF-8: save it as UTF-8"
    except OSError as error:
        why = f"cannot be read ({error.strerror}): check the path"
    raise WrongOrganizationFile((Problem(file=path.name, line=1, path="", reason=why),)) from None


def main(arguments: list[str]) -> int:
    """Run the command line; return 0, or 2 with the reason on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.bootstrap",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--organization", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument("--secrets", type=Path, metavar="FILE", help="NAME=value lines")
    parser.add_argument("--paused", action="store_true", help="new schedules start paused")
    parser.add_argument("--new-site-key", action="store_true", help="print a site key and end")
    options = parser.parse_args(arguments)
    if options.new_site_key:
        print(new_site_key())
        return 0
    try:
        given = read_secrets_file(options.secrets) if options.secrets else {}
        bootstrap(
            [(text_of(path), path.name) for path in options.organization],
            environment={**os.environ, **given},
            active=not options.paused,
            say=print,
        )
    except (
        *(OSError, NoServer, WrongOrganizationFile, WrongCatalogue),
        *(MissingSecret, SiteKeyChanges, LedgerRefusal),
    ) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
