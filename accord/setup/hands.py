"""How one approved change is carried out, by the kind of object that it is about."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from accord.adapters.omegaai_places import PlacesSeen
from accord.adapters.omegaai_rooms import RoomSeen
from accord.adapters.omegaai_services import ServiceSeen
from accord.domain.organizations import Organization
from accord.setup.change_plans import PlannedChange
from accord.setup.changes import Verdict, takes_away
from accord.setup.ports import ServiceWriter
from accord.setup.service_values import shows, values_of

MOVED, BOOKED, THERE, UNPLACED = "moved", "booked", "there-by-now", "unplaced"


class Seen(Protocol):
    """An object as it stands at OmegaAI."""

    @property
    def id(self) -> str:
        """Its logical id."""

    @property
    def version(self) -> str:
        """Its version."""


class Hand(Protocol):
    """Carries out changes of one kind. Raises PeerError where OmegaAI fails us."""

    async def why_not(self, item: PlannedChange, now: datetime) -> str:
        """Say why a change is not called for as it was approved; '' where it is."""

    async def write(self, item: PlannedChange) -> Seen:
        """Write it; give what stands there now."""

    async def standing(self, item: PlannedChange) -> Seen | None:
        """Give what stands there of it; None: nothing."""

    def shows(self, item: PlannedChange, seen: Seen) -> bool:
        """Say whether what stands there shows all that was to be written."""


class ServiceHand:
    """Makes, changes and retires healthcare services; `made` are ids that we made before."""

    def __init__(
        self, organization: Organization, writer: ServiceWriter, made: Collection[str]
    ) -> None:
        self._organization, self._writer, self._made = organization, writer, made
        self._places: PlacesSeen | None = None

    async def why_not(self, item: PlannedChange, now: datetime) -> str:
        """Look it up before it is written: made by hand, moved, booked, or without its room."""
        change = item.change
        if change.verdict is Verdict.CREATE:
            if await self._is_there(item):
                return THERE
        else:
            standing = await self._writer.standing(change.live_id)
            if standing is None or standing.etag != item.etag:
                return MOVED
        if takes_away(change) and not await self._is_free(change.live_id, now):
            return BOOKED
        return UNPLACED if item.in_new_room and not await self._room(item) else ""

    async def _is_free(self, id_: str, now: datetime) -> bool:
        """Say whether surely nobody is booked on it."""
        bookings = await self._writer.booked(id_, now)
        return bookings is not None and bookings.count == 0

    async def _is_there(self, item: PlannedChange) -> bool:
        """Say whether somebody has made by hand what is to be made; what we made is known."""
        of_key = await self._writer.of_key(self._name(item))
        ours = {*self._made, *(each.id for each in of_key)}
        facility = item.fields["facility"].casefold()
        return any(
            each.active and each.facility.casefold() == facility and each.id not in ours
            for each in await self._writer.named(item.fields["name"])
        )

    async def _room(self, item: PlannedChange) -> str:
        """Find the room that this plan has made since; read once, for rooms come first."""
        if self._places is None:
            self._places = await self._writer.places()
        return self._places.room(item.organization_id, item.fields["room"]) or ""

    async def write(self, item: PlannedChange) -> ServiceSeen:
        """Make it unless it is there, or change it while it is what it was."""
        if item.in_new_room:
            item = item.model_copy(update={"room_id": await self._room(item)})
        if item.change.verdict is Verdict.CREATE:
            return await self._writer.create(self._name(item), values_of(item))
        return await self._writer.change(item.change.live_id, values_of(item), item.etag)

    async def standing(self, item: PlannedChange) -> ServiceSeen | None:
        """Find it by our own name of it, or by its id."""
        if item.change.verdict is Verdict.CREATE:
            found = await self._writer.of_key(self._name(item))
            return found[0] if len(found) == 1 else None
        standing = await self._writer.standing(item.change.live_id)
        return standing.seen if standing is not None else None

    def shows(self, item: PlannedChange, seen: Seen) -> bool:
        """Compare the changed fields, and no other."""
        return isinstance(seen, ServiceSeen) and shows(item, seen, self._organization)

    def _name(self, item: PlannedChange) -> str:
        """Our own name of it at OmegaAI, which other organizations use too."""
        return f"{self._organization.slug}/{item.change.key}"


class RoomHand:
    """Makes rooms; none is ever changed or removed."""

    def __init__(self, organization: Organization, writer: ServiceWriter) -> None:
        self._organization, self._writer = organization, writer
        self._places: PlacesSeen | None = None

    async def why_not(self, item: PlannedChange, now: datetime) -> str:
        """Look whether somebody has made it by hand since the plan; read once for all rooms."""
        del now
        if self._places is None:
            self._places = await self._writer.places()
        is_there = item.fields["name"] in self._places.room_names(item.organization_id)
        return THERE if is_there and await self.standing(item) is None else ""

    async def write(self, item: PlannedChange) -> RoomSeen:
        """Make it unless it is there."""
        name = item.fields["name"]
        return await self._writer.rooms.create(self._name(item), name, item.organization_id)

    async def standing(self, item: PlannedChange) -> RoomSeen | None:
        """Find it by our own name of it."""
        found = await self._writer.rooms.of_key(self._name(item))
        return found[0] if len(found) == 1 else None

    def shows(self, item: PlannedChange, seen: Seen) -> bool:
        """Compare its name and its organization."""
        wanted = (item.fields["name"], item.organization_id)
        return isinstance(seen, RoomSeen) and (seen.name, seen.organization_id) == wanted

    def _name(self, item: PlannedChange) -> str:
        return f"{self._organization.slug}/{item.change.key}"
