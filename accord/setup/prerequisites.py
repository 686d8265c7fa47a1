"""Whether everything is there before anything is set up; a pure judgement of what was seen."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from accord.adapters.dicom_traits import StudyTraits
from accord.adapters.omegaai_organizations import OrganizationsSeen
from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.organizations import Organization, OrganizationFile
from accord.domain.prerequisites import Checked, Outcome, Prerequisite
from accord.domain.resources import Catalogues
from accord.domain.statuses import normalised
from accord.setup.catalogue_lists import SIDES
from accord.setup.places import in_omegaai

P, S = Prerequisite, Outcome
LEAST_MIRTH = (4, 4, 2)
"""Source: docs/sources.md#blume-licences"""
SHOWN = 5
"""Of values that a peer shows instead of the one that was wanted."""


class Facts(NamedTuple):
    """What was seen, and what people said; None where a peer could not be asked."""

    connections: Mapping[str, str]
    """By wire: what is wrong, '' if nothing is."""
    organizations: OrganizationsSeen | None
    services: ServicesSeen | None
    systems: Mapping[str, int] | None
    """Identifier systems of OmegaAI's patients."""
    traits: Mapping[str, StudyTraits | None]
    """By PowerServer's name."""
    lists: Mapping[str, Catalogues]
    """By side, as far as people wrote them down."""
    said: frozenset[tuple[str, str]]
    """Prerequisites that a person attests, each with what it is about."""


def check(file: OrganizationFile, facts: Facts) -> list[Checked]:
    """Judge every prerequisite of every facility and wire, in the order of the process."""
    return [
        *_connections(facts),
        *in_omegaai(file.organization, facts.organizations, facts.services),
        *_in_powerserver(file.organization, facts),
        *_said_of_the_whole(facts),
        *_catalogues(file.organization.catalogues, facts.lists),
        *_declared(file),
        *_issuers(file, facts),
        *_priority(file, facts),
    ]


def _connections(facts: Facts) -> Iterator[Checked]:
    for wire, problem in facts.connections.items():
        outcome = S.NOT_MET if problem else S.MET
        yield Checked(prerequisite=P.CONNECTION, about=wire, outcome=outcome, seen=problem)


def _in_powerserver(organization: Organization, facts: Facts) -> Iterator[Checked]:
    for facility in organization.facilities:
        traits = facts.traits.get(facility.powerserver)
        shown = {name.casefold() for name in traits.institutions} if traits else set()
        is_shown = facility.name.casefold() in shown  # PowerServer upper-cases
        yield _or_said(P.IN_POWERSERVER, facility.slug, facts, is_shown, facility.name)


def _said_of_the_whole(facts: Facts) -> Iterator[Checked]:
    for prerequisite in (P.SHARED_STORAGE, P.SIGN_IN):
        yield _or_said(prerequisite, "", facts, False, "")


def _or_said(
    prerequisite: Prerequisite, about: str, facts: Facts, is_shown: bool, wanted: str
) -> Checked:
    """Take a peer's showing, else a person's word, else nothing."""
    is_said = (prerequisite.value, about) in facts.said
    outcome = S.MET if is_shown else S.ATTESTED if is_said else S.UNSEEN
    return Checked(prerequisite=prerequisite, about=about, outcome=outcome, wanted=wanted)


def _catalogues(declared: Catalogues, lists: Mapping[str, Catalogues]) -> Iterator[Checked]:
    for prerequisite, field in (
        (P.MODALITIES, "modalities"),
        (P.STUDY_SETS, "study_sets"),
        (P.PROCEDURE_CODES, "procedure_codes"),
    ):
        sides = {side: frozenset(getattr(each, field)) for side, each in lists.items()}
        wanted = frozenset(getattr(declared, field)) or frozenset().union(*sides.values())
        told = [text for side in SIDES for text in _unlike(side, sides, wanted)]
        missing = [side for side in SIDES if side not in sides]
        outcome = S.NOT_MET if told else S.UNSEEN if missing else S.MET
        yield Checked(
            prerequisite=prerequisite,
            outcome=outcome,
            wanted=f"{len(wanted)}",
            seen="; ".join(told or [f"catalogues/{side}.csv" for side in missing]),
        )


def _unlike(side: str, sides: Mapping[str, frozenset[str]], wanted: frozenset[str]) -> list[str]:
    """Tell what a side has too little, and too much."""
    if side not in sides:
        return []
    less, more = sorted(wanted - sides[side]), sorted(sides[side] - wanted)
    signs = (("-", less), ("+", more))
    return [f"{side} {sign} {_some(entries)}" for sign, entries in signs if entries]


def _declared(file: OrganizationFile) -> Iterator[Checked]:
    for facility in file.organization.facilities:
        licence = facility.licence
        covered = licence is not None and licence.covers_all
        outcome = S.UNSEEN if licence is None else S.DECLARED if covered else S.NOT_MET
        yield Checked(
            prerequisite=P.LICENCE, about=facility.slug, outcome=outcome,
            wanted="AFD", seen=licence or "",
        )  # fmt: skip
    for name, wire in file.site.powerservers.items():
        version = tuple(int(part) for part in wire.mirth_version.split(".") if part)
        outcome = S.UNSEEN if not version else S.DECLARED if version >= LEAST_MIRTH else S.NOT_MET
        yield Checked(
            prerequisite=P.MIRTH_VERSION, about=name, outcome=outcome,
            wanted=".".join(map(str, LEAST_MIRTH)), seen=wire.mirth_version,
        )  # fmt: skip


def _issuers(file: OrganizationFile, facts: Facts) -> Iterator[Checked]:
    facilities = file.organization.facilities
    for issuer in sorted({facility.issuer for facility in facilities}):
        yield _or_said(P.ISSUER_UNDER_MASTER, issuer, facts, False, issuer)
        yield _issuer_in_omegaai(issuer, file.site.omegaai.issuers, facts.systems)
    for name, issuer in sorted({(each.powerserver, each.issuer) for each in facilities}):
        yield _issuer_in_powerserver(name, issuer, facts.traits.get(name))


def _issuer_in_omegaai(
    issuer: str, issuers: Mapping[str, str], systems: Mapping[str, int] | None
) -> Checked:
    """Compare with the identifiers that OmegaAI's patients carry; no patient tells nothing."""
    stands = {system for system, name in issuers.items() if name == issuer}
    found = stands & systems.keys() if systems else set()
    outcome = S.MET if found else S.NOT_MET if systems else S.UNSEEN
    return Checked(
        prerequisite=P.ISSUER_IN_OMEGAAI, about=issuer, outcome=outcome,
        wanted=", ".join(sorted(stands)), seen=_some(sorted(found or systems or ())),
    )  # fmt: skip


def _issuer_in_powerserver(name: str, issuer: str, traits: StudyTraits | None) -> Checked:
    """Compare with (0010,0021) of recent studies; a PowerServer that names none tells nothing."""
    named = traits.issuers - {""} if traits else frozenset()
    outcome = S.MET if issuer in named else S.NOT_MET if named else S.UNSEEN
    return Checked(
        prerequisite=P.ISSUER_IN_POWERSERVER, about=name, outcome=outcome,
        wanted=issuer, seen=_some(sorted(named)),
    )  # fmt: skip


def _priority(file: OrganizationFile, facts: Facts) -> Iterator[Checked]:
    label = file.organization.priority_label
    for name in file.site.powerservers:
        traits = facts.traits.get(name)
        is_shown = traits is not None and normalised(label) in traits.priorities
        yield _or_said(P.PRIORITY_LABEL, name, facts, is_shown, label)


def _some(values: list[str]) -> str:
    more = f" (+{len(values) - SHOWN})" if len(values) > SHOWN else ""
    return ", ".join(values[:SHOWN]) + more
