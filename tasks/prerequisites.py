"""What must be there before anything is set up: asked of every peer, read-only, and judged."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from prefect import task

from accord.adapters.dicom_traits import StudyTraits
from accord.adapters.errors import PeerError
from accord.adapters.omegaai_organizations import OrganizationsSeen
from accord.adapters.omegaai_services import ServicesSeen
from accord.domain.prerequisites import Checked
from accord.setup.catalogue_lists import read_lists
from accord.setup.prerequisites import Facts, check
from accord.setup.words_given import ask, said
from blocks.base import Finding
from blocks.omegaai import OmegaAI
from blocks.powerserver import PowerServer
from blocks.site import Site
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

DAYS_BACK, DAYS_AHEAD = timedelta(days=7), timedelta(days=14)
"""Studies of these days tell which issuers and priorities PowerServer uses."""


class SeenAtOmegaAI(NamedTuple):
    """What OmegaAI shows of its set-up; None where it could not be asked."""

    organizations: OrganizationsSeen | None
    services: ServicesSeen | None
    systems: Mapping[str, int] | None


@task(name="try connections", **PATIENT)
@guarded
def try_connections(organization: str) -> tuple[Finding, ...]:
    """Test every wire, writing nothing; what is wrong is a finding and fails no run."""

    async def every() -> list[Finding]:
        blocks = (await OmegaAI.aof(organization), await PowerServer.aof(organization))
        return [finding for block in blocks for finding in await block.check()]

    return tuple(asyncio.run(every()))


@task(name="observe omegaai set-up", **PATIENT)
@guarded
def observe_omegaai_set_up(organization: str) -> Sealed[SeenAtOmegaAI]:
    """Read organizations, services and identifier systems; what fails is left unseen."""
    file = Site.of(organization).file

    async def read() -> SeenAtOmegaAI:
        async with OmegaAI.of(organization).connect(file) as omegaai:
            try:
                return SeenAtOmegaAI(
                    await omegaai.organizations(),
                    await omegaai.services(),
                    await omegaai.identifier_systems(),
                )
            except PeerError:  # the connection's own check says what is wrong
                return SeenAtOmegaAI(None, None, None)

    return Sealed(asyncio.run(read()))


@task(name="observe powerserver traits", **PATIENT)
@guarded
def observe_powerserver_traits(organization: str) -> Sealed[Mapping[str, StudyTraits | None]]:
    """Ask each PowerServer which issuers and priorities the studies of these weeks carry."""
    file, keys = Site.of(organization).file, PowerServer.of(organization)
    with desk_of(organization) as desk:
        today = desk.now().date()

    async def ask_one(name: str, day: date) -> StudyTraits | None:
        async with keys.connect(file.site.powerservers[name]) as powerserver:
            try:
                return await powerserver.study_traits(day - DAYS_BACK, day + DAYS_AHEAD)
            except PeerError:  # likewise
                return None

    async def ask_all() -> Mapping[str, StudyTraits | None]:
        return {name: await ask_one(name, today) for name in file.site.powerservers}

    return Sealed(asyncio.run(ask_all()))


@task(name="check prerequisites", **PATIENT)
@guarded
def judge_prerequisites(
    organization: str,
    connections: tuple[Finding, ...],
    omegaai: Sealed[SeenAtOmegaAI],
    traits: Sealed[Mapping[str, StudyTraits | None]],
) -> Sealed[list[Checked]]:
    """
    Judge what was seen, and what people said of what nobody can see.

    Raises:
        WrongList: a list of catalogues cannot be read.
    """
    site = Site.of(organization)
    with desk_of(organization) as desk:
        facts = Facts(
            connections={each.wire: each.problem for each in connections},
            **omegaai.value._asdict(),
            traits=traits.value,
            lists=read_lists(site.private_path),
            said=said(desk.ledger, desk.slug),
        )
    return Sealed(check(site.file, facts))


@task(name="ask for words", **PATIENT)
@guarded
def ask_for_words(organization: str, checks: Sealed[list[Checked]]) -> dict[tuple[str, str], str]:
    """Open a task for what only a person can see; give their ids by what they are about."""
    with desk_of(organization) as desk:
        return ask(desk.ledger, desk.slug, checks.value, run=desk.run)
