"""The organization file as the live site would have it: OmegaAI's services become its resources."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import count

from pydantic import ValidationError

from accord.adapters.omegaai_services import ServiceSeen, ServicesSeen
from accord.domain.base import Record
from accord.domain.hours import clock
from accord.domain.organizations import Facility, Organization
from accord.domain.resources import Department, Resource
from accord.ledger.applied import Applied
from accord.setup.untold import Remark, Untold

UNKNOWN_DEPARTMENT = "?"
_DEFAULT_DURATION = "01:00"


class Exported(Record):
    """An organization as OmegaAI shows it, and what of it could not be written into a file."""

    organization: Organization
    remarks: tuple[Remark, ...]


def export(
    organization: Organization,
    applied: Iterable[Applied],
    seen: ServicesSeen,
    *,
    unsaid: frozenset[str],
) -> Exported:
    """
    Give the organization with the resources that OmegaAI shows in its facilities.

    What OmegaAI does not know stays as the file has it: departments, colours, user groups,
    protection, and everything that is not about resources. Services that are not active are left
    out, unless the file has them.

    Args:
        applied: what was last made true; a service keeps the key under which that was done.
        unsaid: fields for which this OmegaAI has no element.
    """
    remarks = [Remark(service=id_, why=Untold.UNREADABLE) for id_ in seen.misshapen]
    remarks += [
        Remark(service=each.id, why=Untold.NOBODYS)
        for each in seen.services
        if each.active and not each.facility
    ]
    own = f"{organization.slug}/"
    keys = {
        each.id: each.key.removeprefix(own) for each in seen.services if each.key.startswith(own)
    }
    keys |= {each.live_id: each.key for each in applied}
    facilities = []
    for facility in organization.facilities:
        writing = _Writing(facility, keys, unsaid)
        facilities.append(writing.facility_of(seen.services))
        remarks += writing.remarks
    return Exported(
        organization=organization.model_copy(update={"facilities": tuple(facilities)}),
        remarks=tuple(remarks),
    )


class _Writing:
    """Writes one facility of the file; `keys` are `facility/key` by the services' ids."""

    def __init__(self, facility: Facility, keys: Mapping[str, str], unsaid: frozenset[str]) -> None:
        self._facility, self._keys, self._unsaid = facility, keys, unsaid
        self._own = f"{facility.slug}/"
        self._by_key = {each.key: each for each in facility.resources}
        self._by_name = {each.name: each for each in facility.resources}
        self._departments = {room: d.name for d in facility.departments for room in d.rooms}
        self._used: set[str] = set()
        self._names: set[str] = set()
        self._made: set[str] = set()
        self._new_rooms: dict[str, None] = {}
        self.remarks: list[Remark] = []

    def facility_of(self, services: Iterable[ServiceSeen]) -> Facility:
        its = [s for s in services if s.facility.casefold() == self._facility.name.casefold()]
        # those that have a key of their own take it first: the others get one that is free
        its.sort(key=lambda each: (not self._key_of(each), each.name, each.id))
        self._used |= {key for each in its if (key := self._key_of(each))}
        found = [made for each in its if (made := self._resource(each))]
        departments = self._facility.departments
        if self._new_rooms:
            unknown = Department(name=UNKNOWN_DEPARTMENT, rooms=tuple(self._new_rooms))
            departments = (*departments, unknown)
        order = {each.key: n for n, each in enumerate(self._facility.resources)}
        found.sort(key=lambda each: order.get(each.key, len(order)))
        changes = {"departments": departments, "resources": tuple(found)}
        return self._facility.model_copy(update=changes)

    def _resource(self, seen: ServiceSeen) -> Resource | None:
        key = self._key_of(seen)
        old = self._by_key.get(key) or (None if key else self._by_name.get(seen.name))
        if not seen.active and old is None:
            return None
        why = self._why_not(seen)
        if why is not None:
            self._remark(seen, why)
            return None
        key = key or (old.key if old and old.key not in self._used else self._free_key(seen.name))
        try:
            made = Resource.model_validate(self._values(seen, key, old))
        except ValidationError:
            self._remark(seen, Untold.WRONG_VALUE)
            return None
        self._used.add(made.key)
        self._made.add(made.key)
        self._names.add(made.name.casefold())
        self._note_what_is_assumed(seen, made, old)
        return made

    def _key_of(self, seen: ServiceSeen) -> str:
        """Give the key it was made under, or was last found under; '' where there is none."""
        known = self._keys.get(seen.id, "")
        return known.removeprefix(self._own) if known.startswith(self._own) else ""

    def _why_not(self, seen: ServiceSeen) -> Untold | None:
        broken = {
            Untold.ANOTHERS: seen.id in self._keys and not self._key_of(seen),
            Untold.NAMED_TWICE: seen.name.casefold() in self._names,
            Untold.MADE_TWICE: self._key_of(seen) in self._made,
            Untold.NO_ROOM: not seen.room,
            Untold.NO_HOURS: not seen.hours,
            Untold.BROKEN_DAY: any(len(spans) != 1 for spans in seen.hours.values()),
        }
        return next((why for why, holds in broken.items() if holds), None)

    def _values(self, seen: ServiceSeen, key: str, old: Resource | None) -> dict[str, object]:
        told = {
            "key": key,
            "name": seen.name,
            "department": self._departments.get(seen.room, UNKNOWN_DEPARTMENT),
            "room": seen.room,
            "modalities": seen.modalities,
            "active": seen.active,
            "default_duration": _DEFAULT_DURATION if seen.minutes is None else clock(seen.minutes),
            "working_days": {
                day: f"{clock(span.start)}-{clock(span.end)}" for day, (span,) in seen.hours.items()
            },
            "overbooking": bool(seen.overbooking),
        }
        kept = old.model_dump() if old else {}
        if kept.get("resource_class") not in seen.modalities:
            kept["resource_class"] = min(seen.modalities) if len(seen.modalities) > 1 else ""
        return kept | told

    def _note_what_is_assumed(
        self, seen: ServiceSeen, made: Resource, old: Resource | None
    ) -> None:
        if made.department == UNKNOWN_DEPARTMENT:
            self._new_rooms[made.room] = None
        class_is_known = old is not None and old.resource_class == made.resource_class
        assumed = {
            Untold.NO_DURATION: seen.minutes is None and "minutes" not in self._unsaid,
            Untold.NO_OVERBOOKING: seen.overbooking is None and "overbooking" not in self._unsaid,
            Untold.NO_DEPARTMENT: made.department == UNKNOWN_DEPARTMENT,
            Untold.NO_CLASS: len(made.modalities) > 1 and not class_is_known,
        }
        for why, holds in assumed.items():
            if holds:
                self._remark(seen, why)

    def _remark(self, seen: ServiceSeen, why: Untold) -> None:
        self.remarks.append(Remark(service=seen.id, why=why))

    def _free_key(self, name: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:34].strip("-") or "resource"
        tries = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
        return next(key for key in tries if key not in self._used)
