"""What a step sends, built from what is fixed of it: the same step gives the same bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from accord.acceptance.looking import Scene
from accord.acceptance.messages import message
from accord.acceptance.results import outcome_of
from accord.acceptance.seeing import time_of
from accord.acceptance.stages import STAGES, Stage
from accord.acceptance.walk import Walk
from accord.adapters.hl7_errors import Hl7Error
from accord.domain.acceptance import Outcome, Step
from accord.domain.documents import DocumentOrder
from accord.domain.identifiers import Digest
from accord.ledger.records import EffectRow
from accord.rendering.pdf import digest

Rows = Mapping[Step, EffectRow]


class UnfitSettings(Exception):
    """A setting of the synthetic patient does not fit what carries it: nothing was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return (
            "site.acceptance, site.powerservers.*.document_types, or the facility's name or issuer:"
            f" {self.why}"
        )


class Built(NamedTuple):
    """A message about the patient or the order, or a document's order."""

    message: bytes
    order: DocumentOrder | None = None

    @property
    def digest(self) -> Digest:
        """Digest what is sent; '' where it brings nothing of its own."""
        body = self.order.content if self.order is not None else self.message
        return digest(body) if body else Digest("")


def built(walk: Walk, stage: Stage, at: datetime, scene: Scene, rows: Rows) -> Built:
    """
    Build what a step sends.

    A repeat is the document it repeats, under the very same MSH-10.

    Args:
        at: the step's own time.

    Raises:
        UnfitSettings: a setting is too long for its field, or has letters that it cannot carry.
    """
    try:
        if stage.step is Step.REPEAT and stage.about is not None:
            original, at = STAGES[stage.about], time_of(rows[stage.about])
            return Built(b"", walk.document(original, at, scene.accession))
        if stage.touches_documents:
            return Built(b"", walk.document(stage, at, scene.accession))
        start = _start(walk, stage, at, rows)
        return Built(message(walk, stage, at, start, scene.accession))
    except Hl7Error as error:
        raise UnfitSettings(str(error)) from None


def _start(walk: Walk, stage: Stage, at: datetime, rows: Rows) -> datetime:
    first = time_of(rows[Step.ORDER]) if Step.ORDER in rows else at
    is_booked = outcome_of(rows.get(Step.APPOINTMENT)) is Outcome.ACCEPTED
    if is_booked or stage.step is Step.APPOINTMENT:
        return walk.booked_for(first)
    return walk.ordered_for(first)
