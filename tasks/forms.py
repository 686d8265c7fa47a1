"""Submitted forms: observed at OmegaAI, screened, planned."""

import asyncio
from datetime import datetime, timedelta
from functools import cache

from prefect import task

from accord.delivery.desk import Desk
from accord.delivery.entering import Looked
from accord.delivery.planning import Plan, plan_sweep
from accord.delivery.screening import Screen, Screened
from accord.delivery.sweeping import EmptyWindow, Observed, sweep
from accord.domain.identifiers import EffectKey
from accord.rendering.renderer import FormRenderer
from blocks.omegaai import OmegaAI
from tasks.desk import desk_of, now
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

FURTHEST, EARLIEST = timedelta(days=366), timedelta(days=50 * 366)
"""Beyond them a window is a slip of the hand; the ends of the calendar cannot be reckoned with."""


@task(name="observe submissions", **PATIENT)
@guarded
def observe_submissions(
    organization: str, since: datetime | None, until: datetime | None, dry_run: bool
) -> Sealed[Observed]:
    """
    See what changed at OmegaAI in the window, and what earlier runs left open; ids only.

    Raises:
        EmptyWindow: nothing can lie between `since` and `until`.
        PeerError: OmegaAI failed us; only what time may heal is retried.
    """
    _require_window(since, until, now())

    async def look(desk: Desk) -> Observed:
        async with OmegaAI.of(organization).connect(desk.file) as omegaai:
            seen = await sweep(desk, omegaai, since, until, dry_run=dry_run)
            return seen.model_copy(update={"leaned_on": tuple(await omegaai.check())})

    with desk_of(organization) as desk:
        return Sealed(asyncio.run(look(desk)))


def _require_window(since: datetime | None, until: datetime | None, now: datetime) -> None:
    if since and until and until <= since:
        raise EmptyWindow("`until` is not after `since`: set it later, or leave one of them empty")
    if until and until > now + FURTHEST:
        raise EmptyWindow("`until` lies more than a year ahead: set it earlier, or leave it empty")
    if since and since < now - EARLIEST:
        raise EmptyWindow("`since` lies more than fifty years back: set it later")
    if since and until is None and since > now:
        raise EmptyWindow("`since` lies in the future: set it earlier, or leave it empty")


@task(name="screen submissions", **PATIENT)
@guarded
def screen_submissions(organization: str, observed: Sealed[Observed]) -> Sealed[Screened]:
    """
    Read the forms, hold those that break a rule, prepare the documents of the others.

    Raises:
        CannotJudge: the gate cannot judge what it was given; nothing passes.
        PeerError: OmegaAI failed us; only what time may heal is retried.
    """
    if not observed.value.to_read:
        return Sealed(Screened())

    async def judge(desk: Desk) -> Screened:
        async with OmegaAI.of(organization).connect(desk.file) as omegaai:
            screen = Screen(desk, omegaai, _renderer(desk.file.site.locale))
            return await screen.screen(observed.value.to_read)

    with desk_of(organization) as desk:
        return Sealed(asyncio.run(judge(desk)))


@task(name="plan relays", **PATIENT)
@guarded
def plan_relays(
    organization: str,
    observed: Sealed[Observed],
    screened: Sealed[Screened],
    looked: Sealed[dict[EffectKey, Looked]],
    dry_run: bool,
) -> Sealed[Plan]:
    """
    Decide what each form calls for and write it into the ledger; a dry run writes nothing.

    Raises:
        CannotJudge: the plan itself breaks a rule; nothing of it is written.
    """
    with desk_of(organization) as desk:
        return Sealed(
            plan_sweep(desk, observed.value, screened.value, looked.value, dry_run=dry_run)
        )


@cache
def _renderer(locale: str) -> FormRenderer:
    return FormRenderer(locale)
