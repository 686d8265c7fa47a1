"""One organization being set up: a real FHIR server, a real ledger, plans and their approval."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accord.adapters.omegaai_rooms import RoomDesk
from accord.adapters.omegaai_service_writing import ServiceDesk
from accord.domain.effects import Mode
from accord.domain.organizations import Organization
from accord.domain.wires import ResourceElements
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import migrate
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.applying import Applier, Site
from accord.setup.approved import Entry
from accord.setup.change_plans import ChangePlan, PlannedChange
from accord.setup.service_planning import make_plan
from tests.adapters.omegaai_peer import fhir_client
from tests.ledger.builders import SITE_KEY

ELEMENTS = ResourceElements()
ONBOARD = "onboard-organization"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
AROUND: tuple[dict[str, Any], ...] = (
    {"resourceType": "Organization", "id": "norte", "active": True, "name": "LAKESIDE NORTE"},
    *(
        {
            "resourceType": "Location",
            "id": f"room-{n}",
            "status": "active",
            "name": f"Sala {n}",
            "managingOrganization": {"reference": "Organization/norte"},
        }
        for n in (1, 2)
    ),
)


def a_resource(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": f"BLUME {key}".upper(),
        "department": "Imagem",
        "room": "Sala 1",
        "modalities": ["CT"],
        "default_duration": "00:30",
        "working_days": {"mon-fri": "08:00-18:00"},
        **changes,
    }


def an_organization(resources: Iterable[Mapping[str, Any]], **changes: Any) -> Organization:
    facility = {
        "slug": "norte",
        "name": "Lakeside Norte",
        "time_zone": "America/Manaus",
        "issuer": "LAKESIDE",
        "powerserver": "main",
        "departments": [{"name": "Imagem", "rooms": ["Sala 1", "Sala 2"]}],
        "resources": list(resources),
    }
    return Organization.model_validate(
        {"slug": "lakeside", "name": "Lakeside", "facilities": [facility], **changes}
    )


TWO = an_organization([a_resource("ct-1"), a_resource("mr-1", modalities=["MR"], room="Sala 2")])


class Clock:
    """The real time, moved forward by hand."""

    by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


class Cut(BaseException):
    """The run is killed: nothing of ours gets to clean up after itself."""


class WatchedRooms(RoomDesk):
    """Makes rooms as the real one does; its desk counts the writes."""

    desk: "Watched"

    async def create(self, *args: Any) -> Any:
        return await self.desk._write(super().create(*args))


class Watched(ServiceDesk):
    """Writes as the real one does; dies where it is told to."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.rooms = WatchedRooms(args[0])
        self.rooms.desk = self

    dies_before: int = -1
    """Before this write, counted from 0."""
    dies_after: int = -1
    written: int = 0

    async def create(self, *args: Any) -> Any:
        return await self._write(super().create(*args))

    async def change(self, *args: Any) -> Any:
        return await self._write(super().change(*args))

    async def _write(self, writing: Any) -> Any:
        if self.written == self.dies_before:
            writing.close()
            raise Cut
        seen = await writing
        self.written += 1
        if self.written - 1 == self.dies_after:
            raise Cut
        return seen


class Onboarding:
    """Plans and applies for one organization, as the flow does."""

    def __init__(self, sim: OmegaAISim, ledger: Ledger) -> None:
        self.sim, self.ledger = sim, ledger
        self.now = NOW
        ledger.set_mode("lakeside", ONBOARD, Mode.DELIVER, who="tests", why="tests")

    def site(self, organization: Organization) -> Site:
        return Site(organization, ONBOARD, "tests", "", lambda: self.now)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Watched]:
        async with fhir_client(self.sim) as client:
            yield Watched(client, ELEMENTS)

    async def plan(self, organization: Organization) -> ChangePlan:
        """Make a plan; what agrees is kept as applied, as the flow does."""
        owner = self.site(organization).owner
        async with self.desk() as desk:
            plan = await make_plan(
                organization, ELEMENTS, self.ledger.applied(owner), desk, self.now
            )
        for made in plan.agreed:
            self.ledger.note_applied(owner, made)
        for key in plan.forgotten:
            self.ledger.forget_applied(owner, key)
        return plan

    async def apply(
        self, organization: Organization, items: Iterable[PlannedChange], **dies: int
    ) -> dict[str, int]:
        """Approve and carry out; give the outcomes."""
        by_key = {item.key(SITE_KEY, "lakeside"): item for item in items}
        entry = Entry(self.ledger, "lakeside", ONBOARD, SITE_KEY, run="")
        entry.enter(by_key, who="ana", plan="p")
        async with self.desk() as desk:
            for name, at in dies.items():
                setattr(desk, name, at)
            applier = Applier(self.site(organization), self.ledger, desk)
            await applier.apply(by_key)
        return dict(applier.outcomes)

    async def make_true(self, organization: Organization) -> dict[str, int]:
        """Plan, approve and carry out."""
        return await self.apply(organization, (await self.plan(organization)).items)

    def names(self) -> list[str]:
        """The active services that OmegaAI has, by name."""
        services = self.sim.resources("HealthcareService")
        return sorted(str(each["name"]) for each in services if each.get("active"))


def a_ledger(directory: Path, clock: Any = None) -> Ledger:
    """A migrated ledger of its own."""
    url = f"sqlite:///{directory / 'ledger.db'}"
    migrate(url)
    return Ledger(url, site_key=SITE_KEY, now=clock or (lambda: datetime.now(UTC)))
