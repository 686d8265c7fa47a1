"""OmegaAI's organizations and rooms, by the names that an organization file uses."""

from collections import defaultdict
from collections.abc import Mapping

import httpx

from accord.adapters.fhir_elements import JsonObject, Misshapen, child, id_of, text
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import local_reference
from accord.adapters.omegaai_organizations import read_organizations


class PlacesSeen:
    """
    Where a resource can stand: organizations by name, and rooms by organization and name.

    Organizations compare without case, since PowerServer writes them in capitals; rooms do not.
    """

    def __init__(
        self,
        organizations: Mapping[str, list[str]],
        rooms: Mapping[tuple[str, str], list[str]],
    ) -> None:
        self._organizations, self._rooms = organizations, rooms

    def organization(self, name: str) -> str | None:
        """Give the id of the only active organization of this name; None: none, or several."""
        return _only(self._organizations.get(name.casefold(), []))

    def room_names(self, organization_id: str) -> frozenset[str]:
        """Give the names of an organization's rooms, and of those that name no organization."""
        owners = ("", organization_id)
        return frozenset(name for owner, name in self._rooms if owner in owners)

    def room(self, organization_id: str, name: str) -> str | None:
        """Give the id of the only room of this name in an organization, or in none named."""
        of_its_own = self._rooms.get((organization_id, name), [])
        return _only(of_its_own or self._rooms.get(("", name), []))


async def read_places(fhir: FhirReader) -> PlacesSeen:
    """
    Read all organizations and locations.

    Raises:
        PeerError: OmegaAI failed us: what is missing then is not known to be missing.
    """
    organizations: dict[str, list[str]] = defaultdict(list)
    for seen in (await read_organizations(fhir)).organizations:
        if seen.active:
            organizations[seen.name.casefold()].append(seen.id)
    rooms: dict[tuple[str, str], list[str]] = defaultdict(list)
    locations, _ = await fhir.everything("Location")
    for location in locations:
        try:
            rooms[_organization_of(location, fhir.base), text(location, "name")].append(
                id_of(location)
            )
        except Misshapen:
            continue  # nothing is put into a room that cannot be understood
    return PlacesSeen(organizations, rooms)


def _organization_of(location: JsonObject, base: httpx.URL) -> str:
    pointer = text(child(location, "managingOrganization"), "reference")
    reference = local_reference(pointer, base) if pointer else None
    return reference.id if reference is not None else ""


def _only(ids: list[str]) -> str | None:
    return ids[0] if len(ids) == 1 else None
