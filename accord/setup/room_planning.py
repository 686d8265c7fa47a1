"""Planning OmegaAI's rooms: what the file declares and no organization there has is made."""

from collections.abc import Iterator
from typing import NamedTuple

from accord.adapters.omegaai_places import PlacesSeen
from accord.domain.organizations import Facility, Organization
from accord.setup.change_plans import Kind, PlannedChange, refusal
from accord.setup.changes import Cause, Change, FieldChange, Verdict


class RoomsPlanned(NamedTuple):
    """The rooms that are to be made, and those that a person has to make."""

    items: tuple[PlannedChange, ...] = ()
    refused: tuple[Change, ...] = ()

    def makes(self, organization_id: str, name: str) -> bool:
        """Say whether a room is among those to be made."""
        return any(
            (each.organization_id, each.fields["name"]) == (organization_id, name)
            for each in self.items
        )


def plan_rooms(organization: Organization, places: PlacesSeen, *, can_create: bool) -> RoomsPlanned:
    """
    Say which declared rooms are missing at OmegaAI; nothing is read or written.

    A room is known by its exact name in its organization. One whose name is there in other
    letters is left alone, as is one of a facility that is not there or is there twice: what
    stands in it is a person's then.
    """
    items, refused = [], []
    for facility in organization.facilities:
        id_ = facility.omegaai_id or places.organization(facility.name)
        if not id_ or not facility.resources:
            continue  # a file that declares no resources does not speak of rooms either
        for name in _missing(facility, places.room_names(id_)):
            change = _creation(facility, name)
            if can_create:
                items.append(_item(change, id_))
            else:
                refused.append(refusal(change, Verdict.BY_HAND))
    return RoomsPlanned(tuple(items), tuple(refused))


def _missing(facility: Facility, there: frozenset[str]) -> Iterator[str]:
    alike = {name.casefold() for name in there}
    for department in facility.departments:
        yield from (room for room in department.rooms if room.casefold() not in alike)


def _creation(facility: Facility, name: str) -> Change:
    fields = {"facility": facility.name, "name": name}
    return Change(
        key=f"{facility.slug}/room/{name}",
        verdict=Verdict.CREATE,
        fields=tuple(
            FieldChange(name=field, before="", after=value, cause=Cause.FIRST)
            for field, value in fields.items()
        ),
    )


def _item(change: Change, organization_id: str) -> PlannedChange:
    fields = {field.name: field.after for field in change.fields}
    return PlannedChange(
        kind=Kind.ROOM,
        change=change,
        fields=fields,
        owned=tuple(sorted(fields)),
        organization_id=organization_id,
    )
