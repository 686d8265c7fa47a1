"""Which study a form belongs to, whose it is, and where: from its order and its appointment."""

from dataclasses import dataclass

from accord.adapters.fhir_elements import (
    JsonObject,
    Misshapen,
    NeighbourMisshapen,
    child,
    codes,
    objects,
    text,
)
from accord.adapters.fhir_references import Reference
from accord.adapters.omegaai_neighbours import NeighbourReader, Neighbours
from accord.domain.identifiers import AccessionNumber
from accord.domain.organizations import Facility, Organization

ORDER_SOURCES = frozenset({"ServiceRequest", "CarePlan", "Appointment"})


@dataclass(frozen=True)
class Occasion:
    """The orders and appointments that one submission belongs to."""

    orders: tuple[JsonObject, ...] = ()
    appointments: tuple[JsonObject, ...] = ()

    @property
    def accession(self) -> AccessionNumber | None:
        """The accession number, from the order or else the appointment; None if two differ."""
        for resources in (self.orders, self.appointments):
            found = {value for each in resources for value in _identifiers(each, "ACSN")}
            if found:
                return AccessionNumber(found.pop()) if len(found) == 1 else None
        return None

    @property
    def placer_order(self) -> str:
        """The placer's order number, '' if there is none or two differ."""
        found = {value for each in self.orders for value in _identifiers(each, "PLAC")}
        return found.pop() if len(found) == 1 else ""


class OccasionReader:
    """Judges a submission's orders and appointments from what has been fetched around it."""

    def __init__(
        self, reader: NeighbourReader, neighbours: Neighbours, organization: Organization
    ) -> None:
        self._reader, self._neighbours = reader, neighbours
        self._facilities = organization.facilities

    def occasion(self, submission: JsonObject) -> Occasion:
        """
        Gather a submission's orders and the appointments that share them.

        Raises:
            Misshapen: the submission cannot be understood.
            NeighbourMisshapen: one of them is there and cannot be understood.
        """
        direct = [ref for ref in self._reader.mentions(submission) if ref.type in ORDER_SOURCES]
        orders = [ref for ref in direct if ref.type == "ServiceRequest"]
        for plan in (ref for ref in direct if ref.type == "CarePlan"):
            orders += self._reader.planned(self._neighbours.of(plan) or {})
        visits = [
            each for ref in direct + orders for each in self._neighbours.appointments.get(ref, ())
        ]
        if not orders:  # only an appointment is named: its order tells the accession
            orders = [ref for each in visits for ref in self._reader.shared_orders(each)]
        found = [self._neighbours.of(ref) for ref in dict.fromkeys(orders)]
        return Occasion(
            orders=tuple(each for each in found if each is not None),
            appointments=tuple({each["id"]: each for each in visits}.values()),
        )

    def subject_agrees(self, occasion: Occasion, subject: Reference | None) -> bool | None:
        """
        Say whether every order and appointment is the subject's own; None if there is neither.

        Source: several patients share one account (domain.md 5.13).
        """
        owners = [self._owners(each) for each in (*occasion.orders, *occasion.appointments)]
        named = [owner for owner in owners if owner]
        if not named:
            return None
        return subject is not None and all(subject in owner for owner in named)

    def _owners(self, resource: JsonObject) -> set[Reference]:
        if resource["resourceType"] == "ServiceRequest":
            nodes = [child(resource, "subject")]
        else:
            nodes = [child(member, "actor") for member in objects(resource, "participant")]
        found = {ref for node in nodes if (ref := self._reader.reference(node))}
        return {ref for ref in found if ref.type == "Patient"}

    def facility(self, occasion: Occasion, *others: JsonObject) -> Facility | None:
        """
        Find the facility that the orders and appointments name, or else one of `others` does.

        None where two are named, by one resource or by several: neither is guessed. `others`,
        the patient's own place among them, are asked only where the occasion itself names none.
        Where there is only one, no place is asked what it is called.

        Raises:
            NeighbourMisshapen: a place is there and cannot be understood.
        """
        if len(self._facilities) == 1:
            return self._facilities[0]
        for resources in ((*occasion.orders, *occasion.appointments), others):
            named = {each.slug: each for one in resources for each in self._named(one)}
            if named:
                return next(iter(named.values())) if len(named) == 1 else None
        return None

    def _named(self, resource: JsonObject) -> list[Facility]:
        """Give the facilities that a resource's places are; an id says more than a name."""
        found: list[Facility] = []
        for names in self._names(resource):
            by_id = [each for each in self._facilities if _has_id(each, names)]
            found += by_id or [each for each in self._facilities if _is_called(each, names)]
        return found

    def _names(self, resource: JsonObject) -> list[set[str]]:
        """Give what each place is called: its id, its name, and those of who runs it."""
        try:
            return [self._called(reference) for reference in self._reader.places(resource)]
        except Misshapen as error:  # its order's or its place's trouble, not the form's
            raise NeighbourMisshapen(str(error)) from error

    def _called(self, reference: Reference) -> set[str]:
        place = self._neighbours.of(reference) or {}
        owner = self._reader.reference(child(place, "managingOrganization"))
        above = self._neighbours.of(owner) or {}
        ids = {f"Organization/{r.id}" for r in (reference, owner) if r and r.type == "Organization"}
        return ids | {text(place, "name"), text(above, "name")} - {""}


def _has_id(facility: Facility, names: set[str]) -> bool:
    return bool(facility.omegaai_id) and f"Organization/{facility.omegaai_id}" in names


def _is_called(facility: Facility, names: set[str]) -> bool:
    return facility.name.casefold() in {name.strip().casefold() for name in names}


def _identifiers(resource: JsonObject, kind: str) -> list[str]:
    return [
        text(identifier, "value").strip()
        for identifier in objects(resource, "identifier")
        if kind in codes(child(identifier, "type")) and text(identifier, "value").strip()
    ]
