"""What a submission refers to: patients, orders, appointments, places; each fetched once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from accord.adapters.fhir_capability import NotOffered
from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    NeighbourMisshapen,
    child,
    id_of,
    objects,
    text,
)
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_references import Reference, local_reference
from accord.adapters.fhir_together import together

ORDERS_PER_SEARCH = 50
OVER = frozenset({"cancelled", "noshow", "no-show", "entered-in-error"})


@dataclass
class Neighbours:
    """Resources by reference, and appointments by the order or the appointment they belong to."""

    resources: dict[Reference, JsonObject] = field(default_factory=dict)
    """An empty object stands for one that is there and cannot be understood."""
    appointments: dict[Reference, list[JsonObject]] = field(default_factory=dict)
    unasked: dict[Reference, NotOffered] = field(default_factory=dict)
    """What few submissions refer to and the server does not offer: it is theirs to miss."""

    def of(self, reference: Reference | None) -> JsonObject | None:
        """
        Give a neighbour, None where it is not there.

        Raises:
            NeighbourMisshapen: it is there and cannot be understood.
            NotOffered: nobody could ask whether it is there.
        """
        if reference in self.unasked:
            raise self.unasked[reference]
        if reference is None or reference not in self.resources:
            return None
        found = self.resources[reference]
        if not found:
            raise NeighbourMisshapen(reference.type)
        return found


class NeighbourReader:
    """Fetches the neighbours of many submissions in a few searches."""

    def __init__(self, client: FhirReader) -> None:
        self.client = client

    async def around(self, submissions: Iterable[JsonObject]) -> Neighbours:
        """Fetch what these submissions refer to, and what that refers to."""
        found = Neighbours()
        direct = {ref for each in submissions for ref in self._mentioned(each)}
        wanted = {ref for ref in direct if ref.type in {"Patient", "ServiceRequest"}}
        plan_refs = {ref for ref in direct if ref.type == "CarePlan"}
        try:
            await self.client.require("CarePlan", "search-type")
            wanted |= plan_refs
        except NotOffered as error:
            found.unasked = dict.fromkeys(plan_refs, error)
        await self._fetch(found, wanted)
        plans = [found.resources[ref] for ref in plan_refs & found.resources.keys()]
        orders = {ref for plan in plans for ref in self.planned(plan)}
        await self._fetch(found, orders - found.resources.keys())
        visits = {ref for ref in direct if ref.type == "Appointment"}
        await self._visited(found, visits)
        requests = {ref for ref in found.resources if ref.type == "ServiceRequest"}
        await self._appointments(found, requests)
        await self._places(found)
        return found

    def mentions(self, submission: JsonObject) -> list[Reference]:
        """
        List what one submission refers to.

        Raises:
            Misshapen: it cannot be understood.
        """
        nodes = [
            child(submission, "subject"),
            *objects(submission, "basedOn"),
            *objects(child(submission, "context"), "related"),
        ]
        return [ref for node in nodes if (ref := self.reference(node))]

    def _mentioned(self, submission: JsonObject) -> list[Reference]:
        try:
            return self.mentions(submission)
        except Misshapen:
            return []  # said when that submission is read

    def reference(self, node: JsonObject) -> Reference | None:
        """Read a Reference element that points to this server."""
        return local_reference(text(node, "reference"), self.client.base)

    def planned(self, plan: JsonObject) -> list[Reference]:
        """List the orders that a care plan names."""
        try:
            nodes = [child(activity, "reference") for activity in objects(plan, "activity")]
            found = [ref for node in nodes if (ref := self.reference(node))]
        except Misshapen:
            return []
        return [ref for ref in found if ref.type == "ServiceRequest"]

    async def _fetch(self, into: Neighbours, wanted: Iterable[Reference]) -> None:
        by_type: dict[str, list[str]] = defaultdict(list)
        for reference in wanted:
            by_type[reference.type].append(reference.id)
        results = await together(
            self.client.read_many(type_, ids) for type_, ids in by_type.items()
        )
        for type_, found in zip(by_type, results, strict=True):
            into.resources.update({Reference(type_, name): each for name, each in found.items()})

    async def _visited(self, into: Neighbours, visits: set[Reference]) -> None:
        """Fetch the appointments named outright, and the orders they are for."""
        await self._fetch(into, visits)
        orders: set[Reference] = set()
        for visit in visits & into.resources.keys():
            appointment = into.resources[visit]
            into.appointments.setdefault(visit, []).append(appointment)
            orders |= set(self.shared_orders(appointment))
        await self._fetch(into, orders - into.resources.keys())

    async def _appointments(self, into: Neighbours, requests: set[Reference]) -> None:
        """Find appointments by the orders they share (FHIR R4 Appointment.basedOn)."""
        names = sorted(str(reference) for reference in requests)
        for start in range(0, len(names), ORDERS_PER_SEARCH):
            part = ",".join(names[start : start + ORDERS_PER_SEARCH])
            async for page in self.client.search(
                "Appointment", [("based-on", part), ("_count", "200")]
            ):
                for appointment in page.resources:
                    self._file(into, appointment, requests)

    def _file(self, into: Neighbours, appointment: JsonObject, requests: set[Reference]) -> None:
        try:
            if text(appointment, "status") in OVER:
                return
            shared = self.shared_orders(appointment)
        except Misshapen:
            return
        for order in requests.intersection(shared):
            into.appointments.setdefault(order, []).append(appointment)

    def shared_orders(self, appointment: JsonObject) -> list[Reference]:
        """List the orders that an appointment is for."""
        nodes = objects(appointment, "basedOn")
        found = [ref for node in nodes if (ref := self.reference(node))]
        return [ref for ref in found if ref.type == "ServiceRequest"]

    async def _places(self, into: Neighbours) -> None:
        """Fetch the organizations and locations by which a facility is known, where offered."""
        capability = await self.client.capability()
        for type_ in ("Location", "Organization"):  # a location names its organization
            offered = f"{type_}:search-type" in capability.declared | capability.assumed
            wanted = {
                ref
                for resource in [*into.resources.values(), *_each(into.appointments)]
                for ref in self._places_named(resource)
                if ref.type == type_ and ref not in into.resources
            }
            if offered and wanted:
                await self._fetch(into, wanted)

    def _places_named(self, resource: JsonObject) -> list[Reference]:
        try:
            return self.places(resource)
        except Misshapen:
            return []  # said when the facility is asked for

    def places(self, resource: JsonObject) -> list[Reference]:
        """
        List the organizations and locations that a resource names.

        Raises:
            Misshapen: it cannot be understood: the place it names may be another than it seems.
        """
        nodes = [
            *objects(resource, "locationReference"),
            *objects(resource, "performer"),
            *(child(member, "actor") for member in objects(resource, "participant")),
            child(resource, "managingOrganization"),
        ]
        found = [self.reference(node) for node in nodes]
        return [ref for ref in found if ref and ref.type in {"Location", "Organization"}]


def _each(appointments: dict[Reference, list[JsonObject]]) -> list[JsonObject]:
    return list({id_of(each): each for group in appointments.values() for each in group}.values())
