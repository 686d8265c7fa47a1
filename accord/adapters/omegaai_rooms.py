"""OmegaAI's rooms: FHIR Locations of a facility's Organization, made where there are none."""

from accord.adapters.errors import Malformed, Phase
from accord.adapters.fhir import FhirClient
from accord.adapters.fhir_elements import JsonObject, Misshapen, child, id_of, text, version_of
from accord.adapters.fhir_references import local_reference
from accord.adapters.omegaai_services import KEY_SYSTEM
from accord.domain.base import Record

ROOM = "Location"
_PHYSICAL_TYPES = "http://terminology.hl7.org/CodeSystem/location-physical-type"


class RoomSeen(Record):
    """One room as OmegaAI shows it."""

    id: str
    version: str
    name: str
    organization_id: str
    """Logical id of the Organization that it belongs to, '' where it names none."""


class RoomDesk:
    """Where rooms are made, one at a time; none is ever changed or removed."""

    def __init__(self, fhir: FhirClient) -> None:
        self._fhir = fhir

    async def can_create(self) -> bool:
        """Say whether the server takes a new room, or the site vouches for it."""
        return (await self._fhir.capability()).offers(ROOM, "create")

    async def of_key(self, key: str) -> list[RoomSeen]:
        """Give the rooms that carry our own name `key`: none, one, or by mistake several."""
        pages = self._fhir.search(ROOM, [("identifier", f"{KEY_SYSTEM}|{key}")])
        return [self._seen(each) async for page in pages for each in page.resources]

    async def create(self, key: str, name: str, organization_id: str) -> RoomSeen:
        """
        Make a room under our own name `key`, unless one is there; give what stands there.

        Raises:
            Uncertain: the answer was lost and nothing is visible yet.
            Duplicated: two stand there now.
        """
        room = {
            "resourceType": ROOM,
            "identifier": [{"system": KEY_SYSTEM, "value": key}],
            "status": "active",
            "name": name,
            "mode": "instance",
            "physicalType": {"coding": [{"system": _PHYSICAL_TYPES, "code": "ro"}]},
            "managingOrganization": {"reference": f"Organization/{organization_id}"},
        }
        return self._seen(await self._fhir.create(room, f"identifier={KEY_SYSTEM}|{key}"))

    def _seen(self, resource: JsonObject) -> RoomSeen:
        try:
            pointer = text(child(resource, "managingOrganization"), "reference")
            owner = local_reference(pointer, self._fhir.base) if pointer else None
            return RoomSeen(
                id=id_of(resource),
                version=version_of(resource),
                name=text(resource, "name"),
                organization_id=owner.id if owner is not None else "",
            )
        except Misshapen as error:
            what = f"GET {ROOM}: {id_of(resource)} cannot be understood: its `{error}`"
            raise Malformed(what, Phase.PROCESS) from None
