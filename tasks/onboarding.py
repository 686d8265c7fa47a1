"""Setting up an organization at OmegaAI: planned, shown, decided by a person, applied, seen."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from prefect import task

from accord.domain.effects import Mode
from accord.domain.identifiers import EffectKey
from accord.ledger.applied import Owner
from accord.ledger.approvals import Decision, PlanRow, ProposedPlan
from accord.setup.applying import Applier, Site
from accord.setup.approved import Entry
from accord.setup.asked import Asked
from accord.setup.change_facts import require_sound
from accord.setup.change_plans import ChangePlan, PlannedChange
from accord.setup.plan_cards import PlanCard, update_cards
from accord.setup.service_planning import make_plan
from blocks.omegaai import OmegaAI
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

ONBOARD = "onboard-organization"
WAITS_FOR_A_YES = timedelta(hours=24)
"""After that what a plan rests on is old: plan again."""


class Found(NamedTuple):
    """What one look at OmegaAI says of the organization file, and the cards for people."""

    plan: ChangePlan
    cards: tuple[PlanCard, ...]


class Proposal(NamedTuple):
    """A plan as the ledger keeps it, and what each of its effects would change."""

    row: PlanRow
    items: Mapping[EffectKey, PlannedChange]


@task(name="plan changes", **PATIENT)
@guarded
def plan_changes(organization: str) -> Sealed[Found]:
    """
    Say what has to change at OmegaAI so that it shows what the file declares; writes nothing there.

    What agrees already is kept as made true, so that a later change of it is told as drift.

    Raises:
        PeerError: OmegaAI failed us; what is missing then is not known to be missing.
        CannotJudge: the plan breaks a rule; nothing is proposed.
    """
    with desk_of(organization) as desk:
        owner = Owner(organization=desk.slug, process=ONBOARD)
        applied, now = desk.ledger.applied(owner), desk.now()

        async def read() -> ChangePlan:
            elements = desk.file.site.omegaai.resource_elements
            async with OmegaAI.of(organization).connect(desk.file) as omegaai:
                return await make_plan(
                    desk.file.organization, elements, applied, omegaai.service_desk(), now
                )

        plan = asyncio.run(read())
        require_sound(plan.items, desk.file.organization)
        known = {each.key: each for each in applied}
        for made in plan.agreed:
            if known.get(made.key) != made:
                desk.ledger.note_applied(owner, made, run=desk.run)
        for key in plan.forgotten:
            desk.ledger.forget_applied(owner, key)
        asked = Asked(desk.ledger, desk.slug, ONBOARD, run=desk.run)
        return Sealed(Found(plan, update_cards(asked, desk.site_key, plan)))


@task(name="propose plan", **PATIENT)
@guarded
def propose_plan(organization: str, found: Sealed[Found]) -> Sealed[Proposal]:
    """Keep a plan word for word in the ledger; it waits for a person's yes or no."""
    with desk_of(organization) as desk:
        items = {item.key(desk.site_key, desk.slug): item for item in found.value.plan.items}
        proposed = ProposedPlan.model_validate(
            {
                "organization": desk.slug,
                "process": ONBOARD,
                "effects": tuple(items),
                "contents": tuple(item.text for item in items.values()),
                "expires_at": desk.now() + WAITS_FOR_A_YES,
            }
        )
        return Sealed(Proposal(desk.ledger.propose(proposed, run=desk.run), items))


@task(name="find proposal", **PATIENT)
@guarded
def proposal_of_this_run(organization: str) -> Sealed[Proposal] | None:
    """
    Give the plan that this very run proposed before it was suspended, or before it was retried.

    None where it has proposed none: then there is one to be made.
    """
    with desk_of(organization) as desk:
        row = desk.ledger.plan_of(desk.slug, ONBOARD, desk.run) if desk.run else None
        if row is None or (row.decision is Decision.OPEN and row.expires_at <= desk.now()):
            return None
        contents = desk.ledger.plan_contents(row.id)
        items = {
            EffectKey(key): PlannedChange.model_validate_json(text)
            for key, text in contents.items()
        }
        return Sealed(Proposal(row, items))


@task(name="decide plan", **PATIENT)
@guarded
def decide_plan(
    organization: str, proposal: Sealed[Proposal], approve: bool, who: str
) -> Sealed[Proposal]:
    """
    Keep what a person said of a plan, before anything is written: a retry does not ask again.

    Raises:
        PlanRefused: it has expired, or was decided otherwise before.
    """
    row = proposal.value.row
    decision = Decision.APPROVED if approve else Decision.REFUSED
    with desk_of(organization) as desk:
        decided = desk.ledger.decide(row.id, decision, who=who, digest=row.digest)
        if approve and desk.ledger.mode_row(desk.slug, ONBOARD) is None:
            # nobody ever switched this process off: an approval is the word that lets it write
            why = f"approved plan {row.id}"
            desk.ledger.set_mode(desk.slug, ONBOARD, Mode.DELIVER, who=who, why=why)
        return Sealed(proposal.value._replace(row=decided))


@task(name="apply plan", **PATIENT)
@guarded
def apply_plan(organization: str, proposal: Sealed[Proposal]) -> dict[str, int]:
    """
    Carry out an approved plan, each change once; give the outcomes.

    Raises:
        PeerError: OmegaAI could not be reached; run it again: nothing is written twice.
    """
    row, items = proposal.value
    if row.decision is not Decision.APPROVED:
        return {}
    with desk_of(organization) as desk:
        entry = Entry(desk.ledger, desk.slug, ONBOARD, desk.site_key, run=desk.run)
        entry.enter(items, who=row.decided_by, plan=row.id)
        actor = f"{ONBOARD}/{desk.run or 'by hand'}"
        site = Site(desk.file.organization, ONBOARD, actor, desk.run, desk.now)

        async def write() -> dict[str, int]:
            connect = OmegaAI.of(organization).connect(desk.file, read_only=False)
            async with connect as omegaai:
                applier = Applier(site, desk.ledger, omegaai.service_desk())
                await applier.apply(items)
            return dict(applier.outcomes)

        return asyncio.run(write())
