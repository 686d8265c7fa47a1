"""A whole clinic in one process: the three systems on loopback, a ledger, and the relay's steps."""

import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from accord.adapters.oauth import Credentials
from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.powerserver import PowerServerClient
from accord.delivery.delivering import deliver
from accord.delivery.desk import RELAY_FORMS, Desk
from accord.delivery.outbox import Outbox
from accord.delivery.planning import plan_sweep
from accord.delivery.recognising import look_before_sending
from accord.delivery.reporting import report_run
from accord.delivery.screening import Screen, Screened
from accord.delivery.sweeping import sweep
from accord.delivery.verifying import Verifier
from accord.domain.effects import EffectState, Mode
from accord.domain.organizations import OrganizationFile
from accord.domain.reports import RelayReport
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import migrate
from accord.ledger.records import EffectRow
from accord.rendering.pdf import same_content
from accord.rendering.renderer import FormRenderer
from accord.sandbox.blume import Blume
from accord.sandbox.omegaai import ASSUMED, OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.world import World

SITE_KEY = b"a key for tests, 32 bytes long.."
RENDERER = FormRenderer("pt-BR")

NO_TLS_HERE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""The sandbox speaks plain HTTP; reading the machine's authorities for each run takes longer."""
STEPS = ("deliver", "verify")

QUICK: dict[str, Any] = {
    "visibility_delay": timedelta(seconds=1),
    "grace": timedelta(minutes=30),
    "send_within": timedelta(seconds=5),
    "settle_after": timedelta(seconds=6),
    "settle_again": timedelta(0),
    "visible_in_run": timedelta(seconds=3),
    "visible_within": timedelta(minutes=30),
    "lease": timedelta(seconds=30),
}
"""Timings for tests; a test that is about one of them sets it."""


@dataclass
class Clinic:
    """One site with its peers; `relay()` is one run of relay-forms without Prefect."""

    omegaai: OmegaAISim
    powerserver: PowerServerSim
    world: World
    blume: Blume
    directory: Path
    file: OrganizationFile
    ledger: Ledger
    later: timedelta = field(default=timedelta(0))
    """How far this site's clock has been moved on."""
    verifier: Verifier | None = None
    """The last run's, for what it saw."""

    def now(self) -> datetime:
        """The site's clock."""
        return datetime.now(UTC) + self.later

    @property
    def desk(self) -> Desk:
        """A fresh desk, as each task opens its own."""
        return Desk(
            file=self.file,
            ledger=self.ledger,
            outbox=Outbox(self.directory / "outbox.db"),
            site_key=SITE_KEY,
            now=self.now,
            run="a-test",
        )

    @property
    def credentials(self) -> Credentials:
        """What proves to the simulated OmegaAI who we are."""
        return Credentials(secret=SecretStr(self.omegaai.client_secret))

    def mode(self, mode: Mode) -> None:
        """Switch the site's mode."""
        self.ledger.set_mode("lakeside", RELAY_FORMS, mode, who="test", why="test")

    async def relay(
        self,
        *,
        dry_run: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        steps: Collection[str] = STEPS,
        patience_s: float = 3.0,
        before: Mapping[str, Callable[[], object]] | None = None,
        server: str = "main",
    ) -> RelayReport:
        """
        Run the six steps once, as the flow does; a peer's failure is raised as there.

        Args:
            steps: of those that touch PowerServer, the ones to be done.
            before: what happens in the world just before a step.
            server: the file's name of the only PowerServer.
        """

        def reached(step: str) -> bool:
            if before and step in before:
                before[step]()
            return step in steps and not dry_run

        desk = self.desk
        wire = self.file.site.powerservers[server]
        async with (
            OmegaAIClient.open(
                self.file.site.omegaai,
                self.file.organization,
                self.credentials,
                read_only=True,
                verify=NO_TLS_HERE,
            ) as omegaai,
            PowerServerClient(wire, read_only=False) as powerserver,
        ):
            observed = await sweep(desk, omegaai, since, until, dry_run=dry_run)
            screened = Screened()
            if observed.to_read:
                screened = await Screen(desk, omegaai, RENDERER).screen(observed.to_read)
            reached("look")
            looked = await look_before_sending(desk, {server: powerserver}, screened.items)
            plan = plan_sweep(desk, observed, screened, looked, dry_run=dry_run)
            if reached("deliver"):
                await deliver(desk, {server: powerserver}, plan.may_leave)
            if reached("verify"):
                self.verifier = Verifier(desk, {server: powerserver}, same_content)
                await self.verifier.verify(patience_s=patience_s, again=plan.look_again)
        return report_run(desk, observed, plan, len(screened.not_submitted))

    def forget(self, directory: Path) -> None:
        """Begin anew with an empty ledger in another directory; the peers remember."""
        self.ledger.close()
        self.directory = directory
        url = f"sqlite:///{directory / 'ledger.db'}"
        migrate(url)
        self.ledger = Ledger(url, site_key=SITE_KEY, now=self.now)
        self.mode(Mode.DELIVER)

    def forward(self, **by: float) -> None:
        """Let time pass for this site; the peers' clocks stand."""
        self.later += timedelta(**by)

    def states(self) -> dict[EffectState, int]:
        """Count this site's effects by state."""
        return self.ledger.counts("lakeside", RELAY_FORMS)

    def rows(self) -> list[EffectRow]:
        """Give all effects of this site, as planned."""
        return self.ledger.open_effects("lakeside", RELAY_FORMS, list(EffectState))

    def task_kinds(self) -> list[str]:
        """Give the kinds of the human tasks that are open."""
        return [task.kind for task in self.ledger.tasks("lakeside")]


@contextmanager
def a_clinic(
    directory: Path,
    *,
    seed: int = 1,
    patients: int = 12,
    mode: Mode = Mode.DELIVER,
    hl7: dict[str, Any] | None = None,
    relay: dict[str, Any] | None = None,
    powerserver: dict[str, Any] | None = None,
    dicom: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Clinic]:
    """Open a clinic whose organization file names the sandbox's ports; `settings` are the PS's."""
    with OmegaAISim(seed=seed) as omegaai:
        world = seed_world(omegaai, seed, patients)
        with PowerServerSim(world, seed=seed, **settings) as ps:
            file = OrganizationFile.model_validate(
                organization_file(
                    omegaai, ps, hl7 or {}, {**QUICK, **(relay or {})}, powerserver, dicom
                )
            )
            url = f"sqlite:///{directory / 'ledger.db'}"
            migrate(url)
            clinic = Clinic(
                omegaai=omegaai,
                powerserver=ps,
                world=world,
                blume=Blume(omegaai, seed, world),
                directory=directory,
                file=file,
                ledger=None,  # type: ignore[arg-type]  # opened next, with this clinic's clock
            )
            clinic.ledger = Ledger(url, site_key=SITE_KEY, now=clinic.now)
            try:
                clinic.mode(mode)
                yield clinic
            finally:
                clinic.ledger.close()  # a test may have put another in its place


def organization_file(
    omegaai: OmegaAISim,
    ps: PowerServerSim,
    hl7: dict[str, Any],
    relay: dict[str, Any],
    powerserver: dict[str, Any] | None = None,
    dicom: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Give the organization file of the sandbox's site, as a plain dictionary."""
    return {
        "site": {
            "locale": "pt-BR",
            "powerservers": {
                "main": {
                    "time_zone": "America/Sao_Paulo",
                    "hl7": {
                        "host": "127.0.0.1",
                        "port": ps.hl7_port,
                        "answer_timeout_s": 2,
                        **hl7,
                    },
                    "dicom": {
                        "host": "127.0.0.1",
                        "port": ps.dicom_port,
                        "ae_title": "RAMSOFT",
                        "timeout_s": 5,
                        **(dicom or {}),
                    },
                    **(powerserver or {}),
                }
            },
            "omegaai": {
                "fhir_base": omegaai.base_url,
                "time_zone": "America/Sao_Paulo",
                "oauth": {"token_url": omegaai.token_url, "client_id": omegaai.client_id},
                "assume_supported": ASSUMED,
                "issuers": {"urn:oid:2.16.76.1.99.1": "LAKESIDE"},
            },
            "relay": relay,
        },
        "organization": {
            "slug": "lakeside",
            "name": "Lakeside Imagem",
            "facilities": [
                {
                    "slug": "lakeside-paulista",
                    "name": "LAKESIDE PAULISTA",
                    "time_zone": "America/Sao_Paulo",
                    "issuer": "LAKESIDE",
                    "powerserver": "main",
                }
            ],
        },
    }
