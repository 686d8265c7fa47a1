"""What a check of prerequisites tells: its final state, and artifacts."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from accord.domain.prerequisites import Checked, Readiness, readiness
from accord.setup.words_given import CHECK_PREREQUISITES
from blocks.site import Site
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.prerequisite_texts import readiness_line, readiness_page, to_do_rows
from tasks.reports import ROWS_SHOWN
from tasks.sealed import Sealed

NAMES = {
    Readiness.READY: None,
    Readiness.NOT_READY: "CompletedNotReady",
    Readiness.PARTIAL: "CompletedPartly",
}
"""Names of the final states: green only where all was seen or said, and nothing is missing."""


@task(name="report prerequisites", **PATIENT)
@guarded
def report_prerequisites(
    organization: str, checks: Sealed[list[Checked]], tasks: dict[tuple[str, str], str]
) -> None:
    """Write the report, and what is to be done where there is anything, as artifacts."""
    locale = Site.of(organization).file.site.locale
    line = readiness_line(checks.value, locale)
    create_markdown_artifact(
        key=f"{CHECK_PREREQUISITES}-{organization}",
        markdown=readiness_page(checks.value, locale),
        description=line,
    )
    rows = to_do_rows(checks.value, tasks, locale)
    if rows:
        create_table_artifact(
            key=f"{CHECK_PREREQUISITES}-{organization}-to-do",
            table=rows[:ROWS_SHOWN],
            description=line,
        )


def conclude_prerequisites(checks: Sealed[list[Checked]]) -> State[Any]:
    """Give the state that tells the truth about a check."""
    message = readiness_line(checks.value, "en-US")
    return Completed(name=NAMES[readiness(checks.value)], message=message)
