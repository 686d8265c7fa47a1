"""Whether OmegaAI has an organization's facilities, where they belong, and shows them to us."""

from collections.abc import Iterator, Mapping

from accord.adapters.omegaai_organizations import OrganizationSeen, OrganizationsSeen
from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.organizations import Facility, Organization, Place
from accord.domain.prerequisites import Checked, Outcome, Prerequisite

P, S = Prerequisite, Outcome
SHOWN = 5


def in_omegaai(
    organization: Organization, seen: OrganizationsSeen | None, services: ServicesSeen | None
) -> Iterator[Checked]:
    """Judge each facility; what could not be asked is unseen, never missing."""
    for facility in organization.facilities:
        found = _same(facility, seen) if seen is not None else []
        yield _presence(facility, seen, found)
        yield _place(facility, organization.place, seen, found)
        yield _readable(facility, services)


def _same(facility: Facility, seen: OrganizationsSeen) -> list[OrganizationSeen]:
    """Give the organizations that may be this facility: by id where the file names one."""
    if facility.omegaai_id:
        return [each for each in seen.organizations if each.id == facility.omegaai_id]
    name = facility.name.casefold()  # PowerServer upper-cases: only resources compare exactly
    return [each for each in seen.organizations if each.name.strip().casefold() == name]


def _presence(
    facility: Facility, seen: OrganizationsSeen | None, found: list[OrganizationSeen]
) -> Checked:
    told, outcome = "", S.MET
    if seen is None:
        outcome = S.UNSEEN
    elif not found and seen.misshapen:  # it may be one of those that nobody understands
        told, outcome = f"? {', '.join(seen.misshapen[:SHOWN])}", S.UNSEEN
    elif len(found) != 1:
        told, outcome = f"{len(found)}", S.NOT_MET
    elif not found[0].active:
        told, outcome = "inactive", S.NOT_MET
    return Checked(
        prerequisite=P.IN_OMEGAAI, about=facility.slug, outcome=outcome,
        wanted=facility.name, seen=told,
    )  # fmt: skip


def _place(
    facility: Facility,
    place: Place | None,
    seen: OrganizationsSeen | None,
    found: list[OrganizationSeen],
) -> Checked:
    """Compare the names above a facility, case aside, with those of the file."""
    wanted = [place.managing, place.master] if place else []
    above = _above(found[0], seen) if seen is not None and len(found) == 1 else []
    names = [each.name.strip() for each in above]
    alike = [name.casefold() for name in names] == [name.casefold() for name in wanted]
    outcome = S.UNSEEN if not place or len(found) != 1 else S.MET if alike else S.NOT_MET
    return Checked(
        prerequisite=P.PLACE, about=facility.slug, outcome=outcome,
        wanted=" < ".join(wanted), seen=" < ".join(names),
    )  # fmt: skip


def _above(organization: OrganizationSeen, seen: OrganizationsSeen) -> list[OrganizationSeen]:
    by_id: Mapping[str, OrganizationSeen] = {each.id: each for each in seen.organizations}
    above: list[OrganizationSeen] = []
    parent = by_id.get(organization.parent)
    while parent is not None and parent not in above:  # a server may let them run in a circle
        above.append(parent)
        parent = by_id.get(parent.parent)
    return above


def _readable(facility: Facility, services: ServicesSeen | None) -> Checked:
    """See that the reading account is shown this facility's own: a blind account sees nothing."""
    name = facility.name.casefold()
    shown = services is not None and any(s.facility.casefold() == name for s in services.services)
    is_open = services is None or bool(services.misshapen)
    outcome = S.MET if shown else S.UNSEEN if is_open else S.NOT_MET
    return Checked(prerequisite=P.READABLE, about=facility.slug, outcome=outcome)
