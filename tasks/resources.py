"""Resources as both systems show them: observed, compared, and what people must change."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
from prefect import task

from accord.adapters.omegaai_services import ServicesSeen
from accord.setup.cards import Card, CardBox
from accord.setup.comparing import Parity, compared
from accord.setup.grids import read_grids
from blocks.omegaai import OmegaAI
from blocks.site import Site
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

SYNC = "sync-facilities-and-resources"
Grids = Sealed[tuple[pd.DataFrame, datetime]]
"""PowerServer's side, and when the oldest of its files was written."""


@task(name="observe powerserver resources", **PATIENT)
@guarded
def observe_powerserver_resources(organization: str) -> Grids:
    """
    Read the grids that people filled in, and when the oldest of them was written.

    Raises:
        NoGrid, WrongGrid: half a grid is no grid; every cell that cannot be read is named.
    """
    site = Site.of(organization)
    return Sealed(read_grids(site.private_path, site.file.site.powerservers))


@task(name="observe omegaai resources", **PATIENT)
@guarded
def observe_omegaai_resources(organization: str) -> Sealed[ServicesSeen]:
    """
    Read the healthcare services over FHIR, read-only.

    Raises:
        PeerError: OmegaAI failed us; what is missing then is not known to be missing.
    """
    file = Site.of(organization).file

    async def read() -> ServicesSeen:
        async with OmegaAI.of(organization).connect(file) as omegaai:
            return await omegaai.services()

    return Sealed(asyncio.run(read()))


@task(name="compare resources", **PATIENT)
@guarded
def compare_resources(
    organization: str,
    grids: Grids,
    services: Sealed[ServicesSeen],
    fewer_is_right: bool,
) -> Sealed[Parity]:
    """
    Judge both sides by the gate, and compare what is fit to be compared.

    Args:
        fewer_is_right: a person knows why a side shows less than half of what it showed before.

    Raises:
        CannotJudge: a side cannot be judged at all, or shows less than half of what it did.
    """
    with desk_of(organization) as desk:
        zone = ZoneInfo(desk.file.organization.facilities[0].time_zone)
        today = desk.now().astimezone(zone).date()
        side, _ = grids.value
        before = {} if fewer_is_right else desk.ledger.volumes(desk.slug, SYNC)
        parity = compared(desk.file.organization, side, services.value, today, before)
        if not parity.skipped:
            desk.ledger.note_volumes(desk.slug, SYNC, parity.resources)
        return Sealed(parity)


@task(name="ask for changes", **PATIENT)
@guarded
def ask_for_changes(organization: str, grids: Grids, parity: Sealed[Parity]) -> tuple[Card, ...]:
    """Open a card for each finding, close what agrees by now, reopen what was said too soon."""
    with desk_of(organization) as desk:
        box = CardBox(desk.ledger, desk.slug, SYNC, desk.site_key, run=desk.run)
        _, written_at = grids.value
        return box.update(
            parity.value, observed_at=written_at, now=desk.now(), locale=desk.file.site.locale
        )
