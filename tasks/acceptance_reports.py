"""What an acceptance run tells: its artifact, and the state that tells the truth."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from accord.acceptance.accepting import Accepted
from accord.acceptance.walk import ACCEPT
from accord.domain.acceptance import Outcome
from accord.ledger.humantasks import TaskState
from blocks.site import Site
from tasks.acceptance_texts import acceptance_line, acceptance_page, card_rows
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.sealed import Sealed

_UNSETTLED = frozenset({Outcome.IN_DOUBT, Outcome.WAITING})


@task(name="report acceptance", **PATIENT)
@guarded
def report_acceptance(organization: str, accepted: Sealed[tuple[Accepted, ...]]) -> None:
    """Write what each PowerServer showed, and what people are asked, as artifacts."""
    locale = Site.of(organization).file.site.locale
    line = acceptance_line(accepted.value, locale)
    create_markdown_artifact(
        key=f"{ACCEPT}-{organization}",
        markdown=acceptance_page(accepted.value, locale),
        description=line,
    )
    rows = card_rows(accepted.value, locale)
    if rows:
        create_table_artifact(key=f"{ACCEPT}-{organization}-to-do", table=rows, description=line)


def conclude_acceptance(accepted: Sealed[tuple[Accepted, ...]]) -> State[Any]:
    """Give the state of a run: green only once all is walked, cleaned up and in the file."""
    return Completed(name=_name(accepted.value), message=acceptance_line(accepted.value, "en-US"))


def _name(accepted: tuple[Accepted, ...]) -> str | None:
    told = [each for one in accepted for each in one.tried]
    if any(each.outcome in _UNSETTLED for each in told):
        return "CompletedUnsettled"
    if not all(one.is_walked for one in accepted):
        return "CompletedUnwalked"
    return None if all(map(_is_over, accepted)) else "CompletedForPeople"


def _is_over(one: Accepted) -> bool:
    """Say whether nothing is left to do: also where somebody says that it is done, it must show."""
    waits = any(card.state is TaskState.OPEN for card in one.tasks)
    return one.is_cleaned_up and not one.changes and not waits
