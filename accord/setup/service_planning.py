"""Planning OmegaAI's services: read, compared, and each change made ready to be written."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from accord.adapters.omegaai_places import PlacesSeen
from accord.adapters.omegaai_service_writing import Bookings, ServiceStanding
from accord.domain.base import Record
from accord.domain.organizations import Organization
from accord.domain.wires import ResourceElements
from accord.ledger.applied import Applied
from accord.setup.change_plans import ChangePlan, PlannedChange, refusal
from accord.setup.changes import REFUSED, Change, Declared, Verdict, takes_away
from accord.setup.ports import ServiceReader
from accord.setup.room_planning import RoomsPlanned, plan_rooms
from accord.setup.service_plans import declared_services, plan_services, unsaid_by

AT_ONCE = 20  # requests in flight; more than a vendor's cloud should see from one site


class _Standing(Record):
    """One object that a change is about, as it stands now."""

    standing: ServiceStanding | None
    bookings: Bookings | None


async def make_plan(
    organization: Organization,
    elements: ResourceElements,
    applied: Iterable[Applied],
    reader: ServiceReader,
    now: datetime,
) -> ChangePlan:
    """
    Say what has to change at OmegaAI; nothing is written.

    Raises:
        PeerError: OmegaAI failed us: what is missing then is not known to be missing.
    """
    services = await reader.services()
    places, offers = await reader.places(), await reader.offers()
    rooms = plan_rooms(organization, places, can_create=await reader.rooms.can_create())
    unsaid = unsaid_by(elements)
    found = plan_services(organization, applied, services.services, unsaid=unsaid)
    standing = await _standing(found.changes, reader, now)
    declared = {each.key: each for each in declared_services(organization, unsaid)}
    judge = _Judge(organization, places, rooms, offers, all_seen=not services.misshapen)
    items, refused = [*rooms.items], [*rooms.refused]
    for change in found.changes:
        if change.verdict is Verdict.FORGET:
            continue
        judged = judge.judged(change, declared.get(change.key), standing.get(change.live_id))
        if isinstance(judged, Change):
            refused.append(judged)
        else:
            items.append(judged)
    return ChangePlan(
        items=tuple(items),
        refused=tuple(refused),
        forgotten=tuple(
            c.key
            for c in found.changes
            if c.verdict is Verdict.FORGET and c.live_id not in services.misshapen
        ),
        agreed=found.agreed,
        unmanaged=found.unmanaged,
        unreadable=services.misshapen,
    )


async def _standing(
    changes: Iterable[Change], reader: ServiceReader, now: datetime
) -> dict[str, _Standing]:
    """Read what is to be changed once more, one by one: with its ETag and its appointments."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def of(id_: str) -> _Standing:
        async with gate:
            standing = await reader.standing(id_)
            return _Standing(standing=standing, bookings=await reader.booked(id_, now))

    ids = [c.live_id for c in changes if c.verdict in (Verdict.UPDATE, Verdict.RETIRE)]
    return dict(zip(ids, await asyncio.gather(*map(of, ids)), strict=True))


class _Judge:
    """Says of each change whether it can be written, or why nothing is done about it."""

    def __init__(
        self,
        organization: Organization,
        places: PlacesSeen,
        rooms: RoomsPlanned,
        offers: frozenset[str],
        *,
        all_seen: bool,
    ) -> None:
        self._places, self._rooms = places, rooms
        self._offers, self._all_seen = offers, all_seen
        self._ids = {each.name: each.omegaai_id for each in organization.facilities}

    def judged(
        self, change: Change, declared: Declared | None, there: _Standing | None
    ) -> PlannedChange | Change:
        if change.verdict in REFUSED:
            return change
        if there is not None:
            found = there.bookings
            change = change.model_copy(
                update={
                    "booked": None if found is None else found.count,
                    "bookings": () if found is None else found.first,
                }
            )
        protected = declared is not None and declared.protected
        verdict = self._why_not(change, there, protected=protected)
        if verdict is not None:
            return refusal(change, verdict)
        item = PlannedChange(
            change=change,
            fields=declared.fields if declared else {},
            owned=tuple(sorted(declared.owned)) if declared else (),
            protected=declared.protected if declared else False,
            etag=there.standing.etag if there and there.standing else "",
        )
        return item if change.verdict is Verdict.RETIRE else self._placed(item)

    def _why_not(
        self, change: Change, there: _Standing | None, *, protected: bool
    ) -> Verdict | None:
        is_new = change.verdict is Verdict.CREATE
        if ("create" if is_new else "update") not in self._offers:
            return Verdict.BY_HAND
        if is_new:
            return None if self._all_seen else Verdict.UNSEEN
        standing = there.standing if there is not None else None
        if standing is None or standing.seen.version != change.version:
            return Verdict.MOVED
        if takes_away(change) and protected:
            return Verdict.PROTECTED
        return Verdict.BOOKED if takes_away(change) and change.booked != 0 else None

    def _placed(self, item: PlannedChange) -> PlannedChange | Change:
        """Find where it stands at OmegaAI, as far as that is to be written."""
        changed = {field.name: field.after for field in item.change.fields}
        facility = item.fields["facility"]
        organization_id = self._ids.get(facility) or self._places.organization(facility)
        if organization_id is None:
            return refusal(item.change, Verdict.UNPLACED)
        placed: dict[str, str | bool] = {}
        if "facility" in changed:
            placed["organization_id"] = organization_id
        if "room" in changed:
            placed["in_new_room"] = self._rooms.makes(organization_id, changed["room"])
            room_id = self._places.room(organization_id, changed["room"])
            if room_id is None and not placed["in_new_room"]:
                return refusal(item.change, Verdict.UNPLACED)
            placed["room_id"] = room_id or ""
            if placed["in_new_room"]:
                placed["organization_id"] = organization_id  # where the room will be looked for
        return item.model_copy(update=placed)
