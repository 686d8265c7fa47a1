"""What a plan of changes tells: artifacts, the question to a person, the final state."""

from collections.abc import Mapping
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from prefect.states import Cancelled, Completed
from pydantic import Field

from accord.domain.effects import EffectState
from accord.ledger.approvals import Decision, PlanRow
from blocks.site import Site
from tasks.guarded import guarded
from tasks.onboarding import ONBOARD, Found, Proposal
from tasks.onboarding_texts import card_rows, plan_line, plan_page, question
from tasks.parameters import Who
from tasks.policies import PATIENT
from tasks.reports import ROWS_SHOWN
from tasks.sealed import Sealed


class Answer(RunInput):
    """What a person says of a plan in the form that the Prefect UI shows."""

    approve: bool = Field(
        default=False,
        title="Aprovar / Approve",
        description="Ligado: grave o plano. Desligado: não. On: write the plan. Off: do not.",
    )
    who: Who = Field(
        title="Quem / Who",
        description="Quem responde, por nome; fica guardado. Who answers, by name; it is kept.",
    )


def form_for(organization: str, row: PlanRow) -> type[Answer]:
    """Give the form with its question, in the site's language."""
    locale = Site.of(organization).file.site.locale
    until = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
    return Answer.with_initial_data(
        description=question(f"{ONBOARD}-{organization}", until, locale)
    )


@task(name="show plan", **PATIENT)
@guarded
def show_plan(organization: str, found: Sealed[Found]) -> None:
    """Write the plan, and the cards where there are any, as artifacts."""
    locale = Site.of(organization).file.site.locale
    plan, cards = found.value
    line, shown = plan_line(plan, locale), cards[:ROWS_SHOWN]
    create_markdown_artifact(
        key=f"{ONBOARD}-{organization}", markdown=plan_page(plan, shown, locale), description=line
    )
    if cards:
        create_table_artifact(
            key=f"{ONBOARD}-{organization}-cards",
            table=card_rows(shown, locale),
            description=line,
        )


def conclude_plan(found: Sealed[Found]) -> State[Any]:
    """Give the state that tells the truth about a plan that nobody applies now."""
    plan = found.value.plan
    if plan.is_settled:
        return Completed(message=plan_line(plan, "en-US"))
    name = "CompletedWithChanges" if plan.items else "CompletedForPeople"
    return Completed(name=name, message=plan_line(plan, "en-US"))


def conclude_applied(
    proposal: Sealed[Proposal], outcomes: Mapping[str, int], left: Sealed[Found]
) -> State[Any]:
    """Give the state that tells what became of a plan, by what OmegaAI shows afterwards."""
    row = proposal.value.row
    if row.decision is Decision.REFUSED:
        return Cancelled(message=f"plan {row.id} was refused by {row.decided_by}")
    told = ", ".join(f"{name} {count}" for name, count in sorted(outcomes.items()))
    message = f"{told or 'nothing written'}; left: {plan_line(left.value.plan, 'en-US')}"
    if left.value.plan.is_settled:
        return Completed(message=message)
    if outcomes.get("SwitchedOff") or not outcomes.get(EffectState.VERIFIED):
        return Completed(name="CompletedUnapplied", message=message)
    return Completed(name="CompletedPartly", message=message)
