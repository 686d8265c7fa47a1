import asyncio
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from accord.adapters.errors import Malformed, Rejected
from accord.adapters.fhir_elements import JsonObject, last_updated_of
from accord.adapters.fhir_pages import UnreadableEntry
from accord.adapters.fhir_reader import FhirReader
from accord.adapters.fhir_sweep import Sweep
from accord.sandbox.omegaai import OmegaAISim
from tests.adapters.omegaai_peer import as_new, fhir_client

FORM = "QuestionnaireResponse"


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def sim(one_sim: OmegaAISim) -> OmegaAISim:
    return as_new(one_sim)


def _load(sim: OmegaAISim, count: int, *, apart: bool = True) -> list[JsonObject]:
    """Load forms, each with a millisecond of its own if `apart`."""
    forms = [{"resourceType": FORM, "id": f"q{n:03}", "status": "completed"} for n in range(count)]
    if not apart:
        return sim.load(forms)
    loaded = []
    for form in forms:
        loaded += sim.load([form])
        time.sleep(0.0015)
    return loaded


async def _swept(sweep: Sweep) -> list[str]:
    return [
        entry["id"] if isinstance(entry, dict) else f"unreadable {entry.id}"
        async for page in sweep.pages()
        for entry in page
    ]


@pytest.mark.parametrize("apart", [True, False], ids=["each its own time", "one time for many"])
@pytest.mark.parametrize("count", [1, 2, 7, 50], ids="{} a page".format)
async def test_a_sweep_finds_each_form_once(sim: OmegaAISim, count: int, apart: bool) -> None:
    """Whatever the page size, and also where one millisecond holds more than a page."""
    _load(sim, 43, apart=apart)
    async with fhir_client(sim) as client:
        found = await _swept(Sweep(client, FORM, count=count))
    assert sorted(found) == [f"q{n:03}" for n in range(43)]


async def test_a_window_is_half_open_on_the_servers_clock(sim: OmegaAISim) -> None:
    """From `since`, inclusive, until `until`, exclusive: two windows share no form."""
    forms = _load(sim, 12)
    middle = last_updated_of(forms[6])
    async with fhir_client(sim) as client:
        before = await _swept(Sweep(client, FORM, span=(None, middle)))
        after = await _swept(Sweep(client, FORM, span=(middle, None)))
    assert not set(before) & set(after)
    assert sorted(before + after) == [f"q{n:03}" for n in range(12)]
    assert "q006" in after


async def _unsettled(
    sim: OmegaAISim, client: FhirReader, seed: int, sweep: Sweep
) -> tuple[set[str], list[str]]:
    """Sweep while a seeded hand changes the set between pages; give what stayed, what was found."""
    dice = random.Random(seed)
    untouched = {f"q{n:03}" for n in range(40)}
    _load(sim, 40, apart=dice.random() < 0.5)
    found: list[str] = []
    async for page in sweep.pages():
        found += [entry["id"] for entry in page if isinstance(entry, dict)]
        for _ in range(dice.choice((0, 0, 1, 3))):
            touched = f"q{dice.randrange(40):03}"
            untouched.discard(touched)
            if dice.random() < 0.5:
                sim.load([{"resourceType": FORM, "id": touched, "status": "amended"}])
            else:
                sim.remove(FORM, touched)
    return untouched, found


@pytest.mark.parametrize("seed", range(25))
async def test_a_sweep_survives_a_set_that_changes_between_pages(
    sim: OmegaAISim, seed: int
) -> None:
    """Updates move forms to the end and deletions move all up: what stays is found, once."""
    async with fhir_client(sim) as client:
        sweep = Sweep(client, FORM, count=random.Random(seed).randrange(2, 9))
        untouched, found = await _unsettled(sim, client, seed, sweep)
    assert untouched <= set(found)
    assert all(found.count(name) == 1 for name in untouched)


async def test_following_next_alone_loses_forms(sim: OmegaAISim) -> None:
    """The test above would go red with offset paging: this is what a plain client reads."""
    _load(sim, 40)
    asked = [("_sort", "_lastUpdated"), ("_count", "5")]
    async with fhir_client(sim) as client:
        page = await client.first_page(FORM, asked)
        found = {resource["id"] for resource in page.resources}
        while page.next:
            sim.load([{"resourceType": FORM, "id": min(found), "status": "amended"}])
            sim.remove(FORM, min(found))
            page = await client.next_page(FORM, page, asked)
            found |= {resource["id"] for resource in page.resources}
    assert not {f"q{n:03}" for n in range(40)} <= found


async def test_half_a_page_is_asked_for_again(sim: OmegaAISim) -> None:
    """Entries missing in the middle show in the totals before and after."""
    _load(sim, 30)
    async with fhir_client(sim) as client:
        for fault_on in (1, 2, 3):
            sim.faults.half_a_page = fault_on
            found = await _swept(Sweep(client, FORM, count=7))
            assert sorted(found) == [f"q{n:03}" for n in range(30)]


async def test_half_of_every_page_is_an_error_not_a_short_day(sim: OmegaAISim) -> None:
    """A complete set or a failure; never half of the forms with a straight face."""
    _load(sim, 30)
    sim.faults.half_a_page = True
    async with fhir_client(sim) as client:
        with pytest.raises(Malformed, match="total"):
            await _swept(Sweep(client, FORM, count=7))
        with pytest.raises(Malformed, match="total"):
            await client.read_many(FORM, [f"q{n:03}" for n in range(30)])


async def test_pages_that_run_in_a_circle_do_not_hang(sim: OmegaAISim) -> None:
    """The sweep needs no `next` to go on; a plain search ends with an error."""
    _load(sim, 20)
    sim.faults.looping_next = True
    async with fhir_client(sim) as client:
        with pytest.raises(Malformed):
            async for _ in client.search(FORM, [("_count", "5")]):
                pass
        sim.faults.looping_next = 3
        assert len(await _swept(Sweep(client, FORM, count=5))) == 20


async def test_a_next_page_elsewhere_is_an_error_with_its_mending(sim: OmegaAISim) -> None:
    """Half a list is not handed out as a whole one, and the token stays at home."""
    _load(sim, 20)
    sim.faults.foreign_next = True
    async with fhir_client(sim) as client:
        with pytest.raises(Malformed, match="fhir_base"):
            await _swept(Sweep(client, FORM, count=5))


async def test_doubled_entries_come_once(sim: OmegaAISim) -> None:
    """Within a page and across pages."""
    _load(sim, 20)
    sim.faults.doubled_entry = True
    async with fhir_client(sim) as client:
        found = await _swept(Sweep(client, FORM, count=5))
        many = await client.read_many(FORM, ["q003", "q004"])
    assert sorted(found) == [f"q{n:03}" for n in range(20)]
    assert sorted(many) == ["q003", "q004"]


@pytest.mark.parametrize("fault", ["malformed_entry", "nameless_entry"])
async def test_one_malformed_entry_does_not_fail_its_page(sim: OmegaAISim, fault: str) -> None:
    """It is named, by its id or where it stood; the others are read."""
    _load(sim, 10)
    sim.faults.change({fault: 1})
    async with fhir_client(sim) as client:
        entries = [e async for page in Sweep(client, FORM, count=20).pages() for e in page]
    odd = [entry for entry in entries if isinstance(entry, UnreadableEntry)]
    assert len(entries) == 10
    assert [(entry.id, entry.entry) for entry in odd] == [
        ("q000" if fault == "malformed_entry" else "", 1)
    ]


async def test_what_the_server_ignored_is_known_and_filtered_here(sim: OmegaAISim) -> None:
    """sekmet-fhir does not search responses by status; strict handling makes it say so."""
    forms = _load(sim, 6)
    async with fhir_client(sim) as client:
        with pytest.raises(Rejected, match="not-supported"):
            await client.first_page(FORM, [("status", "completed")])
        page = await client.first_page(
            FORM, [("_lastUpdated", f"ge{forms[0]['meta']['lastUpdated']}")]
        )
    assert page.ignored == frozenset()


async def test_what_is_hidden_from_search_for_a_while_is_found_by_the_overlap(
    sim: OmegaAISim,
) -> None:
    """Eventually consistent: a later sweep over the same time finds it."""
    forms = _load(sim, 3)
    sim.faults.hide_recent_s = 3600
    span = (last_updated_of(forms[0]) - timedelta(minutes=1), None)
    async with fhir_client(sim) as client:
        assert await _swept(Sweep(client, FORM, span=span)) == []
        assert await client.read_many(FORM, ["q000"]) == {}
        sim.faults.hide_recent_s = 0
        assert len(await _swept(Sweep(client, FORM, span=span))) == 3


async def test_a_clock_that_is_off_does_not_matter_to_a_sweep(sim: OmegaAISim) -> None:
    """Watermarks are made of the server's own times."""
    sim.faults.clock_off_s = -3600
    forms = _load(sim, 5)
    sim.faults.clock_off_s = 0
    seen: list[datetime] = []
    async with fhir_client(sim) as client:
        span = (last_updated_of(forms[1]), None)
        async for page in Sweep(client, FORM, span=span).pages():
            seen += [last_updated_of(entry) for entry in page if isinstance(entry, dict)]
    assert len(seen) == 4


@pytest.mark.parametrize("seed", range(3))
async def test_a_server_that_does_not_sort_is_read_by_its_links(sim: OmegaAISim, seed: int) -> None:
    """Seen from the order that came, not from what was promised."""
    names = [f"q{n:03}" for n in range(30)]
    random.Random(seed).shuffle(names)
    for name in names:
        sim.load([{"resourceType": FORM, "id": name}])
        await asyncio.sleep(0.0015)
    sim.faults.ignores = "_sort"
    async with fhir_client(sim) as client:
        assert sorted(await _swept(Sweep(client, FORM, count=4))) == sorted(names)


async def test_a_server_that_ignores_the_window_is_filtered_here(sim: OmegaAISim) -> None:
    """The self link gives it away; what lies outside is left out all the same."""
    forms = _load(sim, 20)
    sim.faults.ignores = "_lastUpdated"
    async with fhir_client(sim) as client:
        span = (last_updated_of(forms[5]), last_updated_of(forms[15]))
        sweep = Sweep(client, FORM, span=span, count=3)
        assert sorted(await _swept(sweep)) == [f"q{n:03}" for n in range(5, 15)]
    assert sweep.ignored == {"_lastUpdated"}


async def test_a_server_that_ignores_ids_does_not_hand_out_strangers(sim: OmegaAISim) -> None:
    """Whatever came, only what was asked for is given."""
    _load(sim, 20)
    sim.faults.ignores = "_id"
    async with fhir_client(sim) as client:
        assert sorted(await client.read_many(FORM, ["q003", "q017"])) == ["q003", "q017"]


async def test_a_server_without_totals_is_read_to_its_last_page(sim: OmegaAISim) -> None:
    """R4 leaves the total to the server."""
    _load(sim, 20, apart=False)
    sim.faults.no_total = True
    async with fhir_client(sim) as client:
        assert len(await _swept(Sweep(client, FORM, count=3))) == 20
        assert len(await client.read_many(FORM, [f"q{n:03}" for n in range(20)])) == 20
