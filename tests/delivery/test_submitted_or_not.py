"""What a form's status says of whether it was submitted, over a whole clinic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.domain.effects import EffectState
from accord.domain.totals import Bucket
from accord.sandbox.blume_forms import Submitted
from tests.delivery.clinic import Clinic, a_clinic

RULE = "submitted-not-in-progress"
NO_SUCH_STATUS = [
    pytest.param("normal", {"status": "submitted"}, id="a word of another release"),
    pytest.param("normal", {"status": None}, id="no status at all"),
    pytest.param("pdf", {"status": "concluído"}, id="a PDF form's own"),
    pytest.param("pdf", {"docStatus": "registered"}, id="a PDF form's content"),
]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


def with_status(clinic: Clinic, form: str, changes: dict[str, Any]) -> Submitted:
    """Submit a form and store it with another status; None takes the element away."""
    submit = clinic.blume.submit_normal if form == "normal" else clinic.blume.submit_pdf
    note = submit(clinic.world.visits[0], "clinical")
    source = dict(clinic.omegaai.read(*note.source_id.split("/"))) | changes
    source.pop("meta")
    clinic.omegaai.load([{name: each for name, each in source.items() if each is not None}])
    return note


@pytest.mark.parametrize(("form", "changes"), NO_SUCH_STATUS)
async def test_a_status_that_nobody_knows_waits_for_a_person(
    clinic: Clinic, form: str, changes: dict[str, Any]
) -> None:
    """It may be a submission: it has its row, is told with what to do, and stops no other."""
    with_status(clinic, form, changes)
    clinic.blume.submit_normal(clinic.world.visits[1], "clinical")

    report = await clinic.relay()
    again = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.HELD: 1}
    assert report.not_submitted == 0
    (attention,) = report.attention
    assert attention.reason == RULE
    assert attention.what_to_do.startswith("Veja o status dele no OmegaAI.")
    assert [each.reason for each in again.attention] == [RULE]
    assert len(clinic.powerserver.documents) == 1


async def test_what_a_person_says_was_submitted_goes(clinic: Clinic) -> None:
    """Released with that odd status, it is delivered like any other."""
    with_status(clinic, "normal", {"status": "submitted"})
    await clinic.relay()
    (row,) = clinic.rows()
    clinic.ledger.move(row.key, EffectState.PLANNED, who="ana", why="she did submit it")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1}


@pytest.mark.parametrize("status", ["in-progress", "stopped"])
async def test_what_was_never_submitted_is_only_counted(clinic: Clinic, status: str) -> None:
    """Saved, or given up half filled in (R4: "abandoned"): neither was ever sent by anybody."""
    with_status(clinic, "normal", {"status": status})

    report = await clinic.relay()

    assert (report.totals.observed, report.not_submitted) == (0, 1)
    assert clinic.rows() == []
