from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.flow_runs import suspend_flow_run

from accord.ledger.approvals import Decision
from tasks.onboarding import (
    WAITS_FOR_A_YES,
    apply_plan,
    decide_plan,
    plan_changes,
    proposal_of_this_run,
    propose_plan,
)
from tasks.onboarding_reports import conclude_applied, conclude_plan, form_for, show_plan
from tasks.parameters import Organization
from tasks.turns import in_turn


@flow(
    name="onboard-organization",
    flow_run_name="onboard-organization/{organization}",
    persist_result=False,
)
@in_turn("onboard-organization")
def onboard_organization(organization: Organization, apply: bool = False) -> State[Any]:
    """
    Make OmegaAI show what the organization file declares: a plan, a person's yes, and the writing.

    Without `apply` it plans and writes nothing. With it the run is suspended until a person has
    answered in its form; then exactly what was shown is written, each object once, and only where
    nobody has changed it since. What a system does not take is left to people as cards.

    Faz o OmegaAI mostrar o que o arquivo da organização declara: um plano, o sim de uma pessoa, e
    a gravação do que foi mostrado, e de nada mais.

    Args:
        organization: Short name of the organization. Nome curto da organização.
        apply: Ask for approval and write; else only plan. Pede aprovação e grava; senão só planeja.
    """
    proposal = proposal_of_this_run(organization)  # suspended, or retried: not asked again
    if proposal is None:
        found = plan_changes(organization)
        show_plan(organization, found)
        if found.value.plan.is_empty or not apply:
            return conclude_plan(found)
        proposal = propose_plan(organization, found)
    row = proposal.value.row
    if row.decision is Decision.OPEN:
        answer = suspend_flow_run(
            wait_for_input=form_for(organization, row),
            timeout=int(WAITS_FOR_A_YES.total_seconds()),
            key=f"plan-{row.id.lower()}",
        )
        proposal = decide_plan(organization, proposal, answer.approve, answer.who)
    outcomes = apply_plan(organization, proposal)
    left = plan_changes(organization)
    show_plan(organization, left)
    return conclude_applied(proposal, outcomes, left)
