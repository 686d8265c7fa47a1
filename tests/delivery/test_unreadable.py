"""Forms that OmegaAI does not give: held with words, read again by each run, never let go."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from accord.adapters.errors import Unavailable
from accord.domain.effects import EffectState
from accord.domain.forms import UnreadableReason
from accord.domain.guidance import guidance
from accord.domain.totals import Bucket
from accord.sandbox.blume_forms import Submitted
from tests.adapters.omegaai_between import (
    GONE_WRONG,
    NO_SUCH,
    NOTHING_FOUND,
    PASS,
    Between,
    between,
)
from tests.delivery.clinic import Clinic, a_clinic

S = EffectState
SEARCH = "QuestionnaireResponse/_search"
ITSELF = "GET .*/QuestionnaireResponse/"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def behind(clinic: Clinic) -> AsyncIterator[Between]:
    """Let the clinic reach its OmegaAI through a server that answers some of it itself."""
    async with between(clinic.omegaai) as server:
        site = clinic.file.site
        wire = site.omegaai.model_copy(update={"fhir_base": server.base})
        moved = site.model_copy(update={"omegaai": wire})
        clinic.file = clinic.file.model_copy(update={"site": moved})
        yield server


def ends(clinic: Clinic) -> list[str]:
    return sorted(f"{row.state} {row.reason}".strip() for row in clinic.rows())


def submit(clinic: Clinic, visit: int = 0) -> Submitted:
    return clinic.blume.submit_normal(clinic.world.visits[visit], "clinical")


async def test_a_broken_attachment_stops_nobody_and_goes_once_it_is_mended(clinic: Clinic) -> None:
    """Held and told, also by runs that see nothing else; the run after the mending takes it."""
    clinic.blume.submit_pdf(clinic.world.visits[0], "clinical")
    submit(clinic, 1)
    async with behind(clinic) as server:
        server.instead["Binary/"] = [GONE_WRONG]
        first = await clinic.relay()
        alone = await clinic.relay()
        server.instead.clear()
        mended = await clinic.relay()

    assert first.totals.buckets == {Bucket.VERIFIED: 1, Bucket.HELD: 1}
    assert [each.reason for each in alone.attention] == ["fails-at-omegaai"]
    assert alone.attention[0].what_to_do.startswith("O OmegaAI falha ao entregar")
    assert mended.totals.buckets == {Bucket.VERIFIED: 1}
    assert clinic.states() == {S.VERIFIED: 2}


async def test_nobody_is_held_while_omegaai_is_down(clinic: Clinic) -> None:
    """The run fails, as it does for any outage, and the next one takes them all."""
    clinic.blume.submit_pdf(clinic.world.visits[0], "clinical")
    submit(clinic, 1)
    async with behind(clinic) as server:
        server.instead["Binary/"] = [GONE_WRONG]
        server.instead["DocumentReference/_search"] = [PASS, PASS, GONE_WRONG]  # the second look
        with pytest.raises(Unavailable):
            await clinic.relay()
        rows = clinic.rows()
        server.instead.clear()
        report = await clinic.relay()

    assert rows == []
    assert report.totals.buckets == {Bucket.VERIFIED: 2}


async def test_a_form_that_is_not_found_is_not_taken_for_deleted(clinic: Clinic) -> None:
    """Seen by the sweep and not found when it was to be read: a person looks, or it comes back."""
    submit(clinic)
    async with behind(clinic) as server:
        server.instead |= {SEARCH: [PASS, NOTHING_FOUND], ITSELF: [NO_SUCH]}
        report = await clinic.relay()
        again = await clinic.relay()
        server.instead.clear()
        found = await clinic.relay()

    assert report.totals.buckets == {Bucket.HELD: 1}
    (attention,) = report.attention
    assert attention.reason == "not-found-at-omegaai"
    assert "done-by-hand" in attention.what_to_do
    assert again.totals.buckets == {Bucket.HELD: 1}
    assert found.totals.buckets == {Bucket.VERIFIED: 1}


async def test_a_held_form_outlives_narrowed_rights(clinic: Clinic) -> None:
    """Nothing is finished while the account sees nothing; a person may finish it."""
    note = clinic.blume.misbehave("clinical-without-accession")
    await clinic.relay()
    async with behind(clinic) as server:
        server.instead |= {SEARCH: [NOTHING_FOUND], ITSELF: [NO_SUCH]}
        await clinic.relay()
        hidden = ends(clinic)
        server.instead.clear()
        clinic.omegaai.remove(*note.source_id.split("/"))
        await clinic.relay()

    assert hidden == ["held clinical-names-an-accession"]
    assert ends(clinic) == ["superseded source-gone"]  # this time OmegaAI proves it


async def test_a_form_that_a_search_does_not_show_is_read_by_its_address(clinic: Clinic) -> None:
    """An index that lags hides nothing from us."""
    submit(clinic)
    async with behind(clinic) as server:
        server.instead[SEARCH] = [PASS, NOTHING_FOUND]
        report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1}


async def test_a_form_that_is_not_found_can_be_done_by_hand(clinic: Clinic) -> None:
    """As its words say; no later run asks for it again."""
    submit(clinic)
    async with behind(clinic) as server:
        server.instead |= {SEARCH: [PASS, NOTHING_FOUND], ITSELF: [NO_SUCH]}
        await clinic.relay()
        (row,) = clinic.rows()
        clinic.ledger.move(row.key, S.DONE_BY_HAND, who="ana", why="deleted; asked the patient")
        server.asked.clear()
        report = await clinic.relay()

    assert report.is_empty
    assert not any(re.match(ITSELF, request) for request in server.asked)


@pytest.mark.parametrize("reason", [each for each in UnreadableReason if "omegaai" in each])
def test_each_such_reason_has_words_of_its_own(reason: UnreadableReason) -> None:
    """In both languages, and with what a person can do."""
    words = guidance(reason.value)
    assert words is not guidance("nothing in particular")
    assert words.text("pt-BR") != words.text("en-US")
    assert all("done-by-hand" in words.text(locale) for locale in ("pt-BR", "en-US"))
