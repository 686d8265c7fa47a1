"""A sandbox town whose organization is enrolled on the session's Prefect server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from accord.acceptance.walk import ACCEPT
from accord.delivery.desk import RELAY_FORMS
from accord.domain.effects import Mode
from accord.domain.organization_text import parse
from accord.sandbox.powerserver_filing import PowerServerSettings
from accord.sandbox.town import Town, TownPlan
from accord.sandbox.world import Setting
from accord.setup.words_given import CHECK_PREREQUISITES
from blocks.ledger import LedgerDatabase
from deployments.documents import BLOCKS, save_blocks
from deployments.enrolment import limit_one
from deployments.secrets_given import Secrets, new_site_key
from flows.relay_forms import relay_forms
from tasks.certificates import CERTIFY
from tasks.onboarding import ONBOARD
from tasks.resources import SYNC

PROCESSES = (RELAY_FORMS, "forget-old", SYNC, CHECK_PREREQUISITES, ONBOARD, CERTIFY, ACCEPT)
QUICK = {
    "visibility_delay": "PT1S",
    "settle_after": "PT6S",
    "settle_again": "PT0S",
    "send_within": "PT5S",
    "visible_in_run": "PT5S",
}


@dataclass
class EnrolledTown:
    """A town, and the organization by which flows know it."""

    town: Town
    slug: str
    private: Path

    @property
    def database(self) -> LedgerDatabase:
        """The organization's ledger block."""
        return LedgerDatabase.of(self.slug)

    def mode(self, mode: Mode) -> None:
        """Switch the relay's mode, without a flow."""
        with self.database.open() as ledger:
            ledger.set_mode(self.slug, RELAY_FORMS, mode, who="test", why="test")

    def relay(self, **parameters: Any) -> State[Any]:
        """Run relay-forms in this process, as a worker's run would; give its final state."""
        return relay_forms(self.slug, return_state=True, **parameters)

    def change_file(self, old: str, new: str) -> None:
        """Enrol the organization again with a changed file."""
        text = self.town.organization_file.read_text(encoding="utf-8")
        assert old in text
        enrol(text.replace(old, new), {"ACCORD_PRIVATE_DIRECTORY": str(self.private)})


def enrol(text: str, environment: dict[str, str]) -> str:
    """Save one organization's blocks and its limit, as the bootstrap does; give its slug."""
    file = parse(text, "town.yaml")
    slug = file.organization.slug
    _register_blocks()
    save_blocks(text, file, Secrets(slug, environment))
    _make_limits(slug)
    return slug


@cache
def _register_blocks() -> None:
    """Once: this process has one Prefect server."""
    for block in BLOCKS:
        block.register_type_and_schema()


@cache
def _make_limits(slug: str) -> None:
    """Once for each organization: changing its file changes none of them."""
    with get_client(sync_client=True) as client:
        for process in PROCESSES:
            limit_one(client, f"{process}-{slug}")


@contextmanager
def enrolled_town(
    directory: Path,
    slug: str,
    *,
    mode: Mode = Mode.DELIVER,
    powerserver: PowerServerSettings | None = None,
    **plan: Any,
) -> Iterator[EnrolledTown]:
    """Lend a town with its organization enrolled under `slug`; needs the Prefect server."""
    wanted = TownPlan(seed=1, patients=12, setting=Setting(organization=slug), relay=QUICK)
    wanted = replace(wanted, powerserver=powerserver or PowerServerSettings(), **plan)
    private = directory / "private"
    with Town(directory / "town", plan=wanted) as town:
        enrol(
            town.organization_file.read_text(encoding="utf-8"),
            {
                "ACCORD_SITE_KEY": new_site_key(),
                "ACCORD_OMEGAAI_CLIENT_SECRET": town.omegaai.client_secret,
                "ACCORD_PRIVATE_DIRECTORY": str(private),
            },
        )
        enrolled = EnrolledTown(town, slug, private)
        enrolled.mode(mode)
        yield enrolled
