"""Writing healthcare services at OmegaAI: looked up before, guarded by ETag, read back after."""

from datetime import datetime

from accord.adapters.errors import Malformed, Phase, Rejected
from accord.adapters.fhir import FhirClient
from accord.adapters.fhir_absence import look_up
from accord.adapters.fhir_elements import JsonObject, Misshapen, id_of, text
from accord.adapters.fhir_references import Reference
from accord.adapters.omegaai_places import PlacesSeen, read_places
from accord.adapters.omegaai_rooms import RoomDesk
from accord.adapters.omegaai_service_elements import (
    ServiceValues,
    new_service,
    with_values,
)
from accord.adapters.omegaai_services import (
    KEY_SYSTEM,
    ServiceSeen,
    ServicesSeen,
    read_service,
    read_services,
)
from accord.domain.base import Record
from accord.domain.wires import ResourceElements

SERVICE = "HealthcareService"
BOOKED = "proposed,pending,booked,arrived,checked-in,waitlist"
"""Statuses of an appointment that still rests on its resource."""


BOOKINGS_NAMED = 10


class Bookings(Record):
    """The future appointments that rest on a service."""

    count: int
    first: tuple[str, ...] = ()
    """Logical ids of some of them, for a person to begin with."""


class ServiceStanding(Record):
    """One healthcare service as it stands now, and what `If-Match` names."""

    seen: ServiceSeen
    etag: str


class ServiceDesk:
    """Where healthcare services are made, changed and retired, one at a time."""

    def __init__(self, fhir: FhirClient, elements: ResourceElements) -> None:
        self._fhir, self._elements = fhir, elements
        self.rooms = RoomDesk(fhir)

    async def services(self) -> ServicesSeen:
        """Read all of them; those that cannot be understood are named."""
        return await read_services(self._fhir, self._elements)

    async def places(self) -> PlacesSeen:
        """Read where a service can stand: organizations and rooms."""
        return await read_places(self._fhir)

    async def offers(self) -> frozenset[str]:
        """Say which of `create` and `update` the server offers, or the site vouches for."""
        capability = await self._fhir.capability()
        return frozenset(each for each in ("create", "update") if capability.offers(SERVICE, each))

    async def standing(self, id_: str) -> ServiceStanding | None:
        """
        Read one service with its ETag; None: it is not there.

        Raises:
            Malformed: it cannot be understood, or has no ETag.
        """
        reference = Reference(SERVICE, id_)
        if await look_up(self._fhir, reference) is None:
            return None
        resource, etag = await self._fhir.etag(reference)
        return ServiceStanding(seen=await self._seen(resource), etag=etag)

    async def of_key(self, key: str) -> list[ServiceSeen]:
        """Give the services that carry our own name `key`: none, one, or by mistake several."""
        return await self._found([("identifier", f"{KEY_SYSTEM}|{key}")])

    async def named(self, name: str) -> list[ServiceSeen]:
        """Give the services of exactly this name, in whatever organization."""
        capability = await self._fhir.capability()
        if not capability.searches_by(SERVICE, "name"):
            return [each for each in (await self.services()).services if each.name == name]
        escaped = "".join(f"\\{char}" if char in "\\,|$" else char for char in name)
        return [each for each in await self._found([("name", escaped)]) if each.name == name]

    async def create(self, key: str, values: ServiceValues) -> ServiceSeen:
        """
        Make a service under our own name `key`, unless one is there; give what stands there.

        Raises:
            Uncertain: the answer was lost and nothing is visible yet.
            Duplicated: two stand there now.
        """
        service = with_values(new_service(key), values, self._elements)
        made = await self._fhir.create(service, f"identifier={KEY_SYSTEM}|{key}")
        return await self._seen(made)

    async def change(self, id_: str, values: ServiceValues, etag: str) -> ServiceSeen:
        """
        Change a service if it is still what it was under `etag`; give what stands there now.

        Raises:
            Rejected: code 412: another has changed it since; nothing was written.
        """
        resource, now = await self._fhir.etag(Reference(SERVICE, id_))
        if now != etag:
            raise Rejected(f"PUT {SERVICE}: changed since it was read", Phase.PROCESS, "412")
        await self._fhir.update(with_values(resource, values, self._elements), etag)
        stands, _ = await self._fhir.etag(Reference(SERVICE, id_))
        return await self._seen(stands)

    async def booked(self, id_: str, since: datetime) -> Bookings | None:
        """
        Find the appointments from `since` on that rest on a service; None: there is no telling.

        Args:
            since: aware.
        """
        capability = await self._fhir.capability()
        if not all(capability.searches_by("Appointment", name) for name in ("actor", "date")):
            return None
        asked = [
            ("actor", f"{SERVICE}/{id_}"),
            ("date", f"ge{since.isoformat(timespec='seconds')}"),
            ("status", BOOKED),
        ]
        pages = self._fhir.search("Appointment", asked)
        found = [id_of(r) async for page in pages for r in page.resources if _rests_on(r)]
        return Bookings(count=len(found), first=tuple(found[:BOOKINGS_NAMED]))

    async def _found(self, asked: list[tuple[str, str]]) -> list[ServiceSeen]:
        pages = self._fhir.search(SERVICE, asked)
        return [await self._seen(each) async for page in pages for each in page.resources]

    async def _seen(self, resource: JsonObject) -> ServiceSeen:
        try:
            return await read_service(self._fhir, resource, self._elements)
        except Misshapen as error:
            raise Malformed(
                f"GET {SERVICE}: {id_of(resource)} cannot be understood: its `{error}`",
                Phase.PROCESS,
            ) from None


def _rests_on(appointment: JsonObject) -> bool:
    """Say it again of what came: a server may ignore the statuses that were asked for."""
    try:
        return text(appointment, "status") in BOOKED.split(",")
    except Misshapen:
        return True  # what cannot be told apart from a booking counts as one
