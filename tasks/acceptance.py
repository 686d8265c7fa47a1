"""A site's acceptance run: each PowerServer walked with a synthetic patient, as far as it goes."""

import asyncio
from dataclasses import replace

from prefect import task

from accord.acceptance.accepting import Accepted, accept
from accord.acceptance.walk import ACCEPT, Walk, walks_of
from accord.delivery.desk import Desk
from accord.domain.effects import Mode
from blocks.powerserver import PowerServer
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed


@task(name="let walk", **PATIENT)
@guarded
def let_walk(organization: str, who: str | None) -> Mode:
    """
    Give what the walk may do now: whoever names themselves as watching lets it write.

    Where somebody has switched this process, theirs is the word that stands.
    """
    with desk_of(organization) as desk:
        if who is not None and desk.ledger.mode_row(desk.slug, ACCEPT) is None:
            why = "watches the acceptance run"
            desk.ledger.set_mode(desk.slug, ACCEPT, Mode.DELIVER, who=who, why=why)
        return desk.ledger.mode(desk.slug, ACCEPT)


@task(name="walk site", **PATIENT)
@guarded
def walk_site(organization: str, *, writes: bool) -> Sealed[tuple[Accepted, ...]]:
    """
    Take the walk of each PowerServer as far as it goes, each step once; or only look at it.

    Raises:
        NotOurs: the synthetic patient's number is somebody else's; nothing is written.
        PeerError: a PowerServer could not be reached or read; run it again: nothing is doubled.
        UnfitSettings: a setting does not fit the field that carries it.
    """

    async def walk_all(desk: Desk) -> tuple[Accepted, ...]:
        return tuple([await _one(walk, organization, writes=writes) for walk in walks_of(desk)])

    with desk_of(organization) as desk:
        return Sealed(asyncio.run(walk_all(replace(desk, process=ACCEPT))))


async def _one(walk: Walk, organization: str, *, writes: bool) -> Accepted:
    block = await PowerServer.aof(organization)
    async with block.walk(walk.wire, read_only=not writes) as peer:
        return await accept(walk, peer, writes=writes)
