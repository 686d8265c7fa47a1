"""What set-up needs of OmegaAI; a plan is made with the first and never with the second."""

from datetime import datetime
from typing import Protocol

from accord.adapters.omegaai_places import PlacesSeen
from accord.adapters.omegaai_rooms import RoomSeen
from accord.adapters.omegaai_service_elements import ServiceValues
from accord.adapters.omegaai_service_writing import Bookings, ServiceStanding
from accord.adapters.omegaai_services import ServiceSeen, ServicesSeen


class Rooms(Protocol):
    """Makes rooms. Raises PeerError where it cannot."""

    async def can_create(self) -> bool:
        """Say whether the server takes a new room."""

    async def of_key(self, key: str) -> list[RoomSeen]:
        """Give those that carry our own name."""

    async def create(self, key: str, name: str, organization_id: str) -> RoomSeen:
        """Make one under our own name, unless one is there; give what stands there."""


class ServiceReader(Protocol):
    """Shows healthcare services. Raises PeerError where it cannot."""

    @property
    def rooms(self) -> Rooms:
        """Where rooms are made."""

    async def services(self) -> ServicesSeen:
        """Read all of them."""

    async def places(self) -> PlacesSeen:
        """Read where they can stand."""

    async def offers(self) -> frozenset[str]:
        """Say which of `create` and `update` it takes."""

    async def standing(self, id_: str) -> ServiceStanding | None:
        """Read one with its ETag; None: it is not there."""

    async def booked(self, id_: str, since: datetime) -> Bookings | None:
        """Find the appointments that rest on one; None: there is no telling."""

    async def of_key(self, key: str) -> list[ServiceSeen]:
        """Give those that carry our own name."""

    async def named(self, name: str) -> list[ServiceSeen]:
        """Give those of exactly this name, in whatever organization."""


class ServiceWriter(ServiceReader, Protocol):
    """Also makes and changes them. Raises PeerError."""

    async def create(self, key: str, values: ServiceValues) -> ServiceSeen:
        """Make one under our own name, unless one is there; give what stands there."""

    async def change(self, id_: str, values: ServiceValues, etag: str) -> ServiceSeen:
        """Change one that is still what it was; give what stands there."""
