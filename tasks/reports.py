"""What a run tells: its final state, and artifacts worth reading. Opaque keys and counts only."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from accord.delivery.planning import Plan
from accord.delivery.reporting import report_run
from accord.delivery.screening import Screened
from accord.delivery.sweeping import Observed
from accord.domain.effects import Mode
from accord.domain.reports import RelayReport, Verdict
from accord.ledger.humantasks import TaskRow
from accord.ledger.records import EffectRow
from tasks.desk import desk_of
from tasks.guarded import guarded
from tasks.policies import PATIENT
from tasks.report_texts import attention_rows, report_page, summary_line
from tasks.sealed import Sealed

ROWS_SHOWN = 200
"""Artifacts live in Prefect's database: a longer list is read with `accord attention`."""


@task(name="report relay", **PATIENT)
@guarded
def report_relay(
    organization: str, observed: Sealed[Observed], screened: Sealed[Screened], plan: Sealed[Plan]
) -> RelayReport:
    """
    Account for every item of the run, as artifacts where there is anything to read.

    Raises:
        DoesNotTieOut: an item is in no bucket.
    """
    with desk_of(organization) as desk:
        report = report_run(desk, observed.value, plan.value, len(screened.value.not_submitted))
        locale = desk.file.site.locale
    if report.is_empty:
        return report
    create_markdown_artifact(
        key=f"relay-forms-{organization}",
        markdown=report_page(report, locale),
        description=summary_line(report, locale),
    )
    if report.attention:
        create_table_artifact(
            key=f"relay-forms-{organization}-attention",
            table=attention_rows(report.attention[:ROWS_SHOWN], locale),
            description=summary_line(report, locale),
        )
    return report


def conclude(report: RelayReport) -> State[Any]:
    """Give the state that tells the truth about a run."""
    message = summary_line(report, "en-US")
    if report.verdict is Verdict.COMPLETED:
        return Completed(message=message)
    return Completed(name=report.verdict, message=message)


def conclude_one(row: EffectRow) -> State[Any]:
    """Give the state after a person's decision about one effect."""
    return Completed(message=f"effect {row.key} is now: {row.state}")


def conclude_task(row: TaskRow) -> State[Any]:
    """Give the state after a person's word on a human task."""
    return Completed(message=f"task {row.id} ({row.kind}) is now: {row.state}")


def conclude_retention(retired: int) -> State[Any]:
    """Give the state after old effects have been forgotten."""
    return Completed(message=f"effects that keep only key, digest and state from now on: {retired}")


def conclude_mode(mode: Mode) -> State[Any]:
    """Give the state after a switch of mode."""
    return Completed(message=f"mode is now: {mode}")
