"""What a comparison of both systems' set-up tells: its final state, and artifacts."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from accord.domain.parity import Agreement
from accord.setup.cards import Card
from accord.setup.comparing import Parity
from blocks.site import Site
from tasks.guarded import guarded
from tasks.parity_texts import agreement_line, card_rows, parity_page
from tasks.policies import PATIENT
from tasks.reports import ROWS_SHOWN
from tasks.resources import SYNC
from tasks.sealed import Sealed

NAMES = {
    Agreement.ALIKE: None,
    Agreement.DIFFERENT: "CompletedWithDrift",
    Agreement.PARTIAL: "CompletedPartly",
}
"""Names of the final states: green only where all was compared and all is alike."""


@task(name="report parity", **PATIENT)
@guarded
def report_parity(organization: str, parity: Sealed[Parity], cards: tuple[Card, ...]) -> None:
    """Write the report, and the cards where there are any, as artifacts."""
    locale = Site.of(organization).file.site.locale
    line, shown = agreement_line(parity.value, locale), cards[:ROWS_SHOWN]
    create_markdown_artifact(
        key=f"{SYNC}-{organization}",
        markdown=parity_page(parity.value, shown, locale),
        description=line,
    )
    if cards:
        create_table_artifact(
            key=f"{SYNC}-{organization}-cards",
            table=card_rows(shown, locale),
            description=line,
        )


def conclude_parity(parity: Sealed[Parity]) -> State[Any]:
    """Give the state that tells the truth about a comparison."""
    message = agreement_line(parity.value, "en-US")
    return Completed(name=NAMES[parity.value.agreement], message=message)
