"""One PowerServer under acceptance: real sockets, a real ledger, and runs that may be killed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accord.acceptance.accepting import Accepted, accept
from accord.acceptance.people import KINDS, LOOK
from accord.acceptance.walk import ACCEPT, Walk, walks_of
from accord.adapters.powerserver_walked import WalkedPowerServer
from accord.delivery.desk import Desk
from accord.delivery.outbox import Outbox
from accord.domain.acceptance import Outcome, Step
from accord.domain.documents import Answer
from accord.domain.effects import Mode
from accord.domain.organizations import OrganizationFile
from accord.ledger.humantasks import TaskRow
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import migrate
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.powerserver_records import FiledDocument, HeldPatient, HeldStudy
from tests.ledger.builders import SITE_KEY

ALL = frozenset({"T02", "T10", "T11"})
KEY = ("LAKESIDE", "ACCORD-TEST")


class Cut(BaseException):
    """The run is killed: nothing of ours gets to clean up after itself."""


class Mortal(WalkedPowerServer):
    """Sends as the real one does; dies where it is told to."""

    sends: int = 0
    dies_before: int = -1
    """Before this send's first byte, counted from 0: it is committed as sent."""
    dies_after: int = -1
    """After this send's answer, before it is written down."""

    async def send(self, *args: Any, **kwargs: Any) -> Answer:
        before = self._deadly(kwargs.pop("before_send"))
        return self._survived(await super().send(*args, **kwargs, before_send=before))

    async def file(self, order: Any, wrapping: Any, before_send: Any) -> Answer:
        return self._survived(await super().file(order, wrapping, self._deadly(before_send)))

    async def store(self, order: Any, before_send: Any) -> Answer:
        return self._survived(await super().store(order, self._deadly(before_send)))

    def _deadly(self, before_send: Any) -> Any:
        async def announced() -> None:
            await before_send()
            if self.sends == self.dies_before:
                raise Cut

        return announced

    def _survived(self, answer: Answer) -> Answer:
        self.sends += 1
        if self.sends - 1 == self.dies_after:
            raise Cut
        return answer


@dataclass
class ASite:
    """A PowerServer, its organization file, and a ledger."""

    sim: PowerServerSim
    file: OrganizationFile
    ledger: Ledger
    directory: Path
    later: timedelta = field(default=timedelta(0))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def forward(self, **by: float) -> None:
        """Let time pass for Accord; PowerServer's clock stands."""
        self.later += timedelta(**by)

    @property
    def walk(self) -> Walk:
        desk = Desk(
            file=self.file,
            ledger=self.ledger,
            outbox=Outbox(self.directory / "outbox.db"),
            site_key=SITE_KEY,
            now=self.now,
            run="a-test",
            process=ACCEPT,
        )
        return walks_of(desk)[0]

    async def run(self, *, writes: bool = True, dies: Mapping[str, int] | None = None) -> Accepted:
        """Run once, as the flow does; `dies` says where it is killed, as `Mortal` has it."""
        walk = self.walk
        async with Mortal(walk.wire, read_only=not writes) as peer:
            for name, at in (dies or {}).items():
                setattr(peer, name, at)
            return await accept(walk, peer, writes=writes)

    async def run_to_the_end(self) -> Accepted:
        """Walk, have a person say that they looked, and clean up."""
        await self.run()
        self.say(LOOK)
        return await self.run()

    def say(self, kind: str) -> None:
        """Attest the open task of a kind."""
        self.ledger.attest(self.task(kind).id, who="Ana Souza", why="seen")

    def task(self, kind: str) -> TaskRow:
        return next(each for each in self.ledger.tasks("lakeside") if each.kind == kind)

    @property
    def open_tasks(self) -> set[str]:
        return {each.kind for each in self.ledger.tasks("lakeside")} & set(KINDS)

    @property
    def shown(self) -> list[FiledDocument]:
        return [document for document in self.sim.documents if document.is_current]

    @property
    def studies(self) -> list[HeldStudy]:
        return self.sim.archive.studies_of(KEY)

    @property
    def events(self) -> list[str]:
        """The messages that came, by their event."""
        return [message.split(b"|")[8].decode() for message in self.sim.messages]

    def set(self, **changes: Any) -> None:
        """Change the file's settings: `acceptance`, `hl7` or the PowerServer's own."""
        tree = self.file.model_dump(mode="json")
        main = tree["site"]["powerservers"]["main"]
        tree["site"]["acceptance"].update(changes.pop("acceptance", {}))
        main["hl7"].update(changes.pop("hl7", {}))
        main.update(changes)
        self.file = OrganizationFile.model_validate(tree)


def a_bystander(sim: PowerServerSim) -> None:
    """Somebody else's study of today: without any, looking at PowerServer proves nothing."""
    sim.archive.put_patient(HeldPatient("LK-1", "LAKESIDE", "LIMA", "RUI"))
    sim.archive.put_study(
        HeldStudy(
            uid="2.25.1",
            patient=("LAKESIDE", "LK-1"),
            accession="A1",
            placer_order="",
            modality="CT",
            description="",
            start=sim.now(),
        )
    )


@contextmanager
def a_site(
    directory: Path,
    *,
    hl7: dict[str, Any] | None = None,
    acceptance: dict[str, Any] | None = None,
    relay: dict[str, Any] | None = None,
    powerserver: dict[str, Any] | None = None,
    mode: Mode | None = Mode.DELIVER,
    **settings: Any,
) -> Iterator[ASite]:
    """Open a site; `settings` are the simulated PowerServer's, the rest is its file's."""
    with PowerServerSim(**settings) as sim:
        a_bystander(sim)
        file = OrganizationFile.model_validate(
            _file(sim, hl7 or {}, acceptance or {}, relay or {}, powerserver or {})
        )
        url = f"sqlite:///{directory / 'ledger.db'}"
        migrate(url)
        site = ASite(sim, file, None, directory)  # type: ignore[arg-type]  # with its clock, next
        with Ledger(url, site_key=SITE_KEY, now=site.now) as site.ledger:
            if mode is not None:
                site.ledger.set_mode("lakeside", ACCEPT, mode, who="test", why="test")
            yield site


def _file(
    sim: PowerServerSim,
    hl7: dict[str, Any],
    acceptance: dict[str, Any],
    relay: dict[str, Any],
    powerserver: dict[str, Any],
) -> dict[str, Any]:
    main = {
        "time_zone": "America/Sao_Paulo",
        "hl7": {"host": "127.0.0.1", "port": sim.hl7_port, "answer_timeout_s": 1, **hl7},
        "dicom": {"host": "127.0.0.1", "port": sim.dicom_port, "timeout_s": 5},
        **powerserver,
    }
    facility = {
        "slug": "centro",
        "name": "Lakeside Centro",
        "time_zone": "America/Sao_Paulo",
        "issuer": "LAKESIDE",
        "powerserver": "main",
    }
    return {
        "site": {
            "powerservers": {"main": main},
            "omegaai": {"fhir_base": "http://127.0.0.1:1/r4", "time_zone": "America/Sao_Paulo"},
            "relay": {
                "send_within": "PT5S",
                "settle_after": "PT6S",
                "settle_again": "PT0S",
                **relay,
            },
            "acceptance": {"wait": "PT0.1S", **acceptance},
        },
        "organization": {"slug": "lakeside", "name": "Lakeside", "facilities": [facility]},
    }


def outcomes(accepted: Accepted) -> dict[Step, Outcome]:
    """What was tried, and what came of it."""
    return {
        each.step: each.outcome for each in accepted.tried if each.outcome is not Outcome.NOT_TRIED
    }
