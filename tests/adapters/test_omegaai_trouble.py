"""One submission's trouble stays its own; OmegaAI's is raised. A server by hand makes both."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from accord.adapters.errors import Phase, Unavailable
from accord.adapters.fhir_capability import NotOffered
from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.omegaai_contained import contained
from accord.adapters.omegaai_reading import AN_OUTAGE
from accord.domain.forms import (
    Submission,
    SubmissionRef,
    Unreadable,
    UnreadableReason,
)
from accord.sandbox.blume import Blume
from accord.sandbox.omegaai import ASSUMED, OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.world import World
from tests.adapters.omegaai_between import (
    FORBIDDEN,
    GONE_WRONG,
    HANG_UP,
    NO_SUCH,
    NOTHING_FOUND,
    PASS,
    Between,
    between,
)
from tests.adapters.omegaai_peer import as_new, http_answer, omegaai_client

R = UnreadableReason
Clinic = tuple[OmegaAISim, World, Blume]
HISTORY = "QuestionnaireResponse:history-instance"


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def clinic(one_sim: OmegaAISim) -> Clinic:
    world = seed_world(as_new(one_sim), seed=3, patients=8)
    return one_sim, world, Blume(one_sim, 3, world)


@asynccontextmanager
async def trouble(
    clinic: Clinic, assumed: tuple[str, ...] = ASSUMED
) -> AsyncIterator[tuple[Between, OmegaAIClient, list[SubmissionRef]]]:
    """Lend the server between, a client that talks to it, and what a sweep has found."""
    async with (
        between(clinic[0]) as server,
        omegaai_client(clinic[0], fhir_base=server.base, assume_supported=assumed) as client,
    ):
        swept = [each async for page in client.submissions(None, None) for each in page]
        yield server, client, [each for each in swept if isinstance(each, SubmissionRef)]


def told(read: list[Submission | Unreadable]) -> dict[str, str]:
    """Say what became of each, by its id."""
    return {
        each.ref.id if each.ref else "": each.reason if isinstance(each, Unreadable) else "read"
        for each in read
    }


def without(*names: str) -> tuple[str, ...]:
    return tuple(each for each in ASSUMED if each not in names)


OWN_TROUBLE: list[Any] = [
    pytest.param(GONE_WRONG, R.FAILS, id="it fails"),
    pytest.param(HANG_UP, R.FAILS, id="no answer"),
    pytest.param(FORBIDDEN, R.REFUSED, id="refused"),
    pytest.param(http_answer(b"%PDF-1.7"), R.MALFORMED, id="no FHIR"),
    pytest.param(http_answer(b"<html>", "text/html"), R.MALFORMED, id="a web page"),
    pytest.param(http_answer(b"%PDF", "application/pdf"), R.ATTACHMENT_DIFFERS, id="other bytes"),
]


@pytest.mark.parametrize(("answer", "reason"), OWN_TROUBLE)
@pytest.mark.parametrize("others", [0, 3])
async def test_one_attachment_in_trouble_stops_no_other(
    clinic: Clinic, answer: bytes, reason: UnreadableReason, others: int
) -> None:
    """Also where it is the only one to be read: a held form is read again by each run."""
    _, world, blume = clinic
    ids = [blume.submit_pdf(v, "clinical").source_id[18:] for v in world.visits[: others + 1]]
    async with trouble(clinic) as (server, client, refs):
        server.instead[f"Binary/{ids[0]}-b$"] = [answer]
        read = told(await client.read_submissions(refs))
    assert read == {ids[0]: reason} | dict.fromkeys(ids[1:], "read")


async def test_a_moments_failure_is_looked_over(clinic: Clinic) -> None:
    """It is asked for once more before anybody hears of it."""
    note = clinic[2].submit_pdf(clinic[1].visits[0], "clinical")
    async with trouble(clinic) as (server, client, refs):
        server.instead["Binary/"] = [GONE_WRONG, PASS]
        read = await client.read_submissions(refs)
    assert list(told(read).values()) == ["read"]
    assert read[0].ref
    assert read[0].ref.id == note.source_id[18:]


@pytest.mark.parametrize(
    "searches", [[GONE_WRONG], [PASS, GONE_WRONG]], ids=["at once", "by and by"]
)
async def test_where_a_search_fails_omegaai_is_down(
    clinic: Clinic, searches: list[bytes | None]
) -> None:
    """Nothing is called unreadable: who asked for it tries again later."""
    clinic[2].submit_day(3, 3)
    async with trouble(clinic) as (server, client, refs):
        server.instead |= {"Binary/": [GONE_WRONG], "DocumentReference/_search": searches}
        with pytest.raises(Unavailable):
            await client.read_submissions(refs)


async def test_where_all_of_many_fail_omegaai_is_down(clinic: Clinic) -> None:
    """Its store of attachments, say; although searches are answered and other forms are read."""
    clinic[2].submit_day(3, AN_OUTAGE)
    async with trouble(clinic) as (server, client, refs):
        server.instead["Binary/"] = [GONE_WRONG]
        with pytest.raises(Unavailable, match="all fail, while searches are answered"):
            await client.read_submissions(refs)
        fewer = await client.read_submissions(refs[:-1])
    assert list(told(fewer).values()) == ["read"] * 3 + [R.FAILS] * (AN_OUTAGE - 1)


async def test_one_that_is_read_proves_that_omegaai_is_up(clinic: Clinic) -> None:
    """However many others fail."""
    *bad, good = [clinic[2].submit_pdf(v, "clinical").source_id[18:] for v in clinic[1].visits]
    async with trouble(clinic) as (server, client, refs):
        server.instead[f"Binary/(?!{good}-b)"] = [GONE_WRONG]
        read = told(await client.read_submissions(refs))
    assert read == {**dict.fromkeys(bad, R.FAILS), good: "read"}


@pytest.mark.parametrize("phase", [Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.AUTHENTICATE])
async def test_no_connection_is_nobodys_own_trouble(phase: Phase) -> None:
    """Whatever was being read when it was lost."""

    async def read() -> None:
        raise Unavailable("no connection", phase)

    with pytest.raises(Unavailable):
        await contained(read())


async def test_a_draft_without_a_history_holds_only_its_own_answers(clinic: Clinic) -> None:
    """Whether it was ever published cannot be asked; the other forms are read as ever."""
    odd = clinic[2].misbehave("later-unpublished").source_id.split("/")[1]
    notes = clinic[2].submit_day(2, 1)
    well = [note.source_id.split("/")[1] for note in notes]
    async with trouble(clinic, without("Questionnaire:history-instance")) as (_, client, refs):
        read = told(await client.read_submissions(refs))
    assert read == {odd: R.NOT_OFFERED} | dict.fromkeys(well, "read")


async def test_a_templates_history_that_fails_is_asked_for_once_a_look(clinic: Clinic) -> None:
    """Not once for each of its answers: they may be hundreds."""
    for _ in range(3):
        clinic[2].misbehave("later-unpublished")
    clinic[2].submit_day(1, 0)
    async with trouble(clinic) as (server, client, refs):
        server.instead["GET .*/Questionnaire/.*/_history"] = [GONE_WRONG]
        read = told(await client.read_submissions(refs))
    assert sorted(read.values()) == [*([R.FAILS] * 3), "read"]
    assert sum("/_history" in request for request in server.asked) == 2  # one for each look


async def test_what_every_response_needs_is_refused_for_all(clinic: Clinic) -> None:
    """A setting that the site forgot is said so, and holds no form."""
    clinic[2].submit_day(2, 0)
    async with trouble(clinic, without("Questionnaire:search-type")) as (_, client, refs):
        with pytest.raises(NotOffered, match="Questionnaire:search-type"):
            await client.read_submissions(refs)


@pytest.mark.parametrize("why", ["not offered", "refused", "not there"])
async def test_a_version_that_another_replaced_is_over_though_it_cannot_be_read(
    clinic: Clinic, why: str
) -> None:
    """The other one is seen to stand there; it is relayed itself, and the rest is read."""
    _, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "clinical")
    well = blume.submit_normal(world.visits[1], "clinical").source_id.split("/")[1]
    assumed = without("QuestionnaireResponse:vread") if why == "not offered" else ASSUMED
    async with trouble(clinic, assumed) as (server, client, refs):
        blume.amend(note)
        if why != "not offered":
            server.instead["/_history/1$"] = [FORBIDDEN if why == "refused" else NO_SUCH]
        read = told(await client.read_submissions(refs))
    assert read == {note.source_id.split("/")[1]: R.VERSION_GONE, well: "read"}


async def test_a_version_that_fails_to_come_is_read_again_later(clinic: Clinic) -> None:
    """That may heal, and then what it was is known."""
    note = clinic[2].submit_normal(clinic[1].visits[0], "clinical")
    async with trouble(clinic) as (server, client, refs):
        clinic[2].amend(note)
        server.instead["/_history/1$"] = [GONE_WRONG]
        assert list(told(await client.read_submissions(refs)).values()) == [R.FAILS]


async def test_a_care_plan_that_cannot_be_searched_for_holds_only_its_form(clinic: Clinic) -> None:
    """Few forms name one, so the others need not wait for the setting."""
    sim, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "clinical")
    well = blume.submit_normal(world.visits[1], "clinical").source_id.split("/")[1]
    stored = dict(sim.read(*note.source_id.split("/")))
    sim.load([{**stored, "basedOn": [{"reference": "CarePlan/plan"}]}])
    async with between(sim) as server, omegaai_client(sim, fhir_base=server.base) as client:
        server.instead["/metadata"] = [_without_the_type(sim, "CarePlan")]
        swept = [each async for page in client.submissions(None, None) for each in page]
        refs = [each for each in swept if isinstance(each, SubmissionRef)]
        read = told(await client.read_submissions(refs))
    assert read == {note.source_id.split("/")[1]: R.NOT_OFFERED, well: "read"}


def _without_the_type(sim: OmegaAISim, type_: str) -> bytes:
    """Give the simulator's CapabilityStatement without what it says of a type."""
    statement = httpx.get(f"{sim.base_url}/metadata").json()
    offered = statement["rest"][0]["resource"]
    statement["rest"][0]["resource"] = [each for each in offered if each["type"] != type_]
    return http_answer(json.dumps(statement).encode())


def deleted(sim: OmegaAISim, id_: str) -> None:
    sim.remove("QuestionnaireResponse", id_)


def there(sim: OmegaAISim, id_: str) -> None:
    sim.read("QuestionnaireResponse", id_)


ITSELF, ITS_HISTORY = r"GET /fhir/QuestionnaireResponse/[^/]+$", r"/_history$"
ODD = http_answer(b'{"resourceType":"QuestionnaireResponse","id":"another"}')
ABSENCES: list[Any] = [
    pytest.param(deleted, {}, ASSUMED, R.VANISHED, id="410"),
    pytest.param(
        deleted, {ITSELF: [NO_SUCH]}, (*ASSUMED, HISTORY), R.VANISHED, id="404, history deleted"
    ),
    pytest.param(deleted, {ITSELF: [NO_SUCH]}, ASSUMED, R.NOT_FOUND, id="404, no history"),
    pytest.param(
        deleted,
        {ITSELF: [NO_SUCH], ITS_HISTORY: [NO_SUCH]},
        (*ASSUMED, HISTORY),
        R.NOT_FOUND,
        id="404, nor a history",
    ),
    pytest.param(
        there, {ITSELF: [NO_SUCH]}, (*ASSUMED, HISTORY), R.NOT_FOUND, id="404, history goes on"
    ),
    pytest.param(there, {ITSELF: [FORBIDDEN]}, ASSUMED, R.REFUSED, id="403"),
    pytest.param(there, {ITSELF: [GONE_WRONG]}, ASSUMED, R.FAILS, id="500"),
    pytest.param(
        there,
        {ITSELF: [NO_SUCH], ITS_HISTORY: [GONE_WRONG]},
        (*ASSUMED, HISTORY),
        R.FAILS,
        id="404, history 500",
    ),
    pytest.param(
        deleted, {}, without("QuestionnaireResponse:read"), R.NOT_OFFERED, id="no read offered"
    ),
    pytest.param(there, {ITSELF: [ODD]}, ASSUMED, R.MISSHAPEN, id="another resource"),
    pytest.param(there, {}, ASSUMED, "read", id="there after all"),
]


@pytest.mark.parametrize(("then", "instead", "assumed", "end"), ABSENCES)
async def test_what_a_search_does_not_show_is_gone_only_where_that_is_proven(
    clinic: Clinic,
    then: Callable[[OmegaAISim, str], None],
    instead: dict[str, list[bytes | None]],
    assumed: tuple[str, ...],
    end: str,
) -> None:
    """Narrowed rights and an index that is rebuilt show nothing either."""
    note = clinic[2].submit_normal(clinic[1].visits[0], "clinical")
    async with trouble(clinic, assumed) as (server, client, refs):
        then(clinic[0], note.source_id.split("/")[1])
        server.instead["QuestionnaireResponse/_search"] = [NOTHING_FOUND]
        server.instead |= {pattern: list(answers) for pattern, answers in instead.items()}
        read = told(await client.read_submissions(refs))
    assert list(read.values()) == [end]
