"""Documents at PowerServer: looked for before sending, filed, read back."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack

from prefect import task

from accord.adapters.errors import Phase, Unavailable
from accord.adapters.powerserver import PowerServerClient
from accord.delivery.delivering import deliver
from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.planning import Plan
from accord.delivery.recognising import look_before_sending
from accord.delivery.screening import Screened
from accord.delivery.verifying import Verifier
from accord.domain.effects import EffectState, Mode
from accord.domain.identifiers import EffectKey
from accord.rendering.pdf import same_content
from blocks.powerserver import PowerServer
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

GIVEN_BACK = frozenset({"not-sent", "link-stopped"})
"""Why an effect is planned again although it was claimed: the link failed, and nothing left."""


@task(name="observe documents", **PATIENT)
@guarded
def observe_documents(
    organization: str, screened: Sealed[Screened]
) -> Sealed[dict[EffectKey, Looked]]:
    """
    Look at PowerServer for what the vendor has delivered by itself.

    Raises:
        PeerError: PowerServer could not be read: nothing is sent without having looked.
    """

    async def look(desk: Desk) -> dict[EffectKey, Looked]:
        async with AsyncExitStack() as stack:
            readers = await _clients(stack, desk, organization, read_only=True)
            return await look_before_sending(desk, readers, screened.value.items)

    with desk_of(organization) as desk:
        return Sealed(asyncio.run(look(desk)))


@task(name="deliver documents", **PATIENT)
@guarded
def deliver_documents(organization: str, plan: Sealed[Plan]) -> int:
    """
    Carry out what is planned, each effect once; give how many were claimed.

    Everything this run has looked for may leave, also what earlier runs planned: only heads of
    chains, only what its time has come for, nothing in `watch` mode.

    Raises:
        PeerError: a PowerServer could not be reached; what was not sent is planned again.
    """
    if plan.value.dry_run:
        return 0
    with desk_of(organization) as desk:
        if desk.ledger.mode(desk.slug, desk.process) is Mode.WATCH:
            return 0
        claimed = asyncio.run(_deliver(desk, organization, plan.value.may_leave))
        _require_nothing_left_behind(desk, plan.value)
        return claimed


def _require_nothing_left_behind(desk: Desk, plan: Plan) -> None:
    """
    Refuse to end well over what a failing link gave back and may not be claimed again yet.

    A retry of this task comes sooner than that; it would find nothing to do and call it done.
    """
    rows = desk.ledger.effects(plan.effect_keys).values()
    left = sum(row.state is EffectState.PLANNED and row.reason in GIVEN_BACK for row in rows)
    if left:
        raise Unavailable(
            f"PowerServer did not take connections (`hl7.host`, `hl7.port`); documents that were "
            f"not sent and wait for the next run: {left}",
            Phase.CONNECT,
        )


@task(name="verify documents", **PATIENT)
@guarded
def verify_documents(organization: str, plan: Sealed[Plan]) -> dict[str, int]:
    """
    Read back what has left us until it is settled, or this run's patience is over.

    Raises:
        PeerError: a PowerServer could not be read; nothing is concluded from that.
    """
    if plan.value.dry_run:
        return {}

    async def verify(desk: Desk) -> dict[str, int]:
        async with AsyncExitStack() as stack:
            readers = await _clients(stack, desk, organization, read_only=True)
            verifier = Verifier(desk, readers, same_content)
            await verifier.verify(
                patience_s=desk.timings.visible_in_run.total_seconds(),
                again=plan.value.look_again,
            )
        if verifier.blind:
            raise next(iter(verifier.blind.values()))
        return dict(verifier.settled)

    with desk_of(organization) as desk:
        return asyncio.run(verify(desk))


async def _deliver(desk: Desk, organization: str, may_leave: Collection[EffectKey]) -> int:
    async with AsyncExitStack() as stack:
        writers = await _clients(stack, desk, organization, read_only=False)
        return await deliver(desk, writers, may_leave)


async def _clients(
    stack: AsyncExitStack, desk: Desk, organization: str, *, read_only: bool
) -> dict[str, PowerServerClient]:
    block = PowerServer.of(organization)
    return {
        name: await stack.enter_async_context(block.connect(wire, read_only=read_only))
        for name, wire in desk.file.site.powerservers.items()
    }
