import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from accord.adapters.errors import Unavailable
from accord.adapters.fhir_capability import NotOffered
from accord.adapters.fhir_elements import moment
from accord.adapters.omegaai import OmegaAIClient
from accord.adapters.omegaai_patients import patient_of
from accord.domain.forms import (
    FormKind,
    Submission,
    SubmissionRef,
    SubmissionSource,
    SubmissionStatus,
    Unreadable,
    UnreadableReason,
)
from accord.domain.organizations import Organization
from accord.sandbox import questionnaires as q
from accord.sandbox.blume import Blume
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.world import World
from tests.adapters.omegaai_peer import LAKESIDE, as_new, canned, omegaai_client, raw_server

EXAMPLES = Path("../shared/data/fhir-r4-examples")
Clinic = tuple[OmegaAISim, World, Blume]


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def clinic(one_sim: OmegaAISim) -> Clinic:
    world = seed_world(as_new(one_sim), seed=3, patients=8)
    return one_sim, world, Blume(one_sim, 3, world)


@pytest_asyncio.fixture
async def client(clinic: Clinic) -> AsyncIterator[OmegaAIClient]:
    async with omegaai_client(clinic[0]) as client:
        yield client


async def _refs(client: OmegaAIClient) -> list[SubmissionRef]:
    swept = [each async for page in client.submissions(None, None) for each in page]
    return [each for each in swept if isinstance(each, SubmissionRef)]


async def _all(client: OmegaAIClient) -> dict[str, Submission | Unreadable]:
    read = await client.read_submissions(await _refs(client))
    return {f"{each.ref.source}/{each.ref.id}": each for each in read if each.ref}


async def _one(client: OmegaAIClient, note: Submitted) -> Submission:
    found = (await _all(client))[note.source_id]
    assert isinstance(found, Submission)
    return found


async def test_a_days_forms_are_found_and_read(clinic: Clinic, client: OmegaAIClient) -> None:
    """Both kinds, with patient, issuer, kind, study and bytes as they were submitted."""
    _, world, blume = clinic
    notes = blume.submit_day(12, 6)
    read = await _all(client)
    assert set(read) == {note.source_id for note in notes}
    visits = {visit.patient_number: visit for visit in world.visits}
    for note in notes:
        found = read[note.source_id]
        assert isinstance(found, Submission)
        assert found.patient is not None
        assert found.kind == note.kind
        assert (found.patient.id.number, found.patient.id.issuer) == (
            note.patient_number,
            "LAKESIDE",
        )
        visit = visits[note.patient_number]
        assert found.patient.family == visit.family
        assert found.patient.birth_date == visit.birth_date
        assert (found.accession, found.placer_order) == (visit.accession, visit.placer_order)
        assert found.facility == "lakeside-paulista"
        assert found.appointment_subject_agrees is True
        assert found.status is SubmissionStatus.COMPLETED
        assert found.author == "Patient"
        assert found.submitted_at is not None
        assert (found.pdf is None) == (note.pdf_digest is None)


async def test_the_sweep_and_the_reading_write_nothing(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Fourteen read-only nights need no right to write."""
    sim, _, blume = clinic
    blume.submit_day(4, 2)
    await _all(client)
    assert sim.writes == []


async def test_each_neighbour_is_fetched_once(clinic: Clinic, client: OmegaAIClient) -> None:
    """Forty forms of eight patients are a handful of searches, not hundreds of reads."""
    sim, _, blume = clinic
    blume.submit_day(40, 0)
    refs = await _refs(client)
    sim.requests.clear()
    await client.read_submissions(refs)
    assert sim.requests.count("POST /fhir/Questionnaire/_search") == 1
    assert sim.requests.count("POST /fhir/Patient/_search") == 1
    assert len(sim.requests) <= 9


def _draft(submission: Submission, *, ever_published: bool) -> bool:
    state = submission.questionnaire_status, submission.questionnaire_ever_published
    return state == ("draft", ever_published)


WRONG: list[tuple[str, Callable[[Submission], bool]]] = [
    ("no-issuer", lambda s: not s.issuer_known and s.patient is not None),
    ("unknown-patient", lambda s: s.patient is None),
    ("other-subject", lambda s: s.appointment_subject_agrees is False),
    ("clinical-without-accession", lambda s: s.accession is None and s.kind is FormKind.CLINICAL),
    ("never-published", lambda s: _draft(s, ever_published=False)),
    ("unknown-version", lambda s: s.questionnaire is None and s.questionnaire_status == ""),
    ("unknown-template", lambda s: s.questionnaire is None and s.kind is None),
    ("in-progress", lambda s: s.status is SubmissionStatus.IN_PROGRESS),
    ("later-unpublished", lambda s: _draft(s, ever_published=True)),
    ("retired-template", lambda s: s.questionnaire_status == "retired"),
    ("empty-pdf", lambda s: s.pdf == b""),
    ("oversize-pdf", lambda s: s.pdf is not None and len(s.pdf) > 10_000_000),
    ("long-accession", lambda s: s.accession is not None and len(s.accession) == 20),
]


@pytest.mark.parametrize(("name", "shows"), WRONG, ids=[name for name, _ in WRONG])
async def test_what_is_odd_is_told_as_it_is_for_the_gate_to_judge(
    clinic: Clinic, client: OmegaAIClient, name: str, shows: Callable[[Submission], bool]
) -> None:
    """The reader resolves what it can and leaves the rest empty; it holds nothing itself."""
    note = clinic[2].misbehave(name)
    assert shows(await _one(client, note))


async def test_two_windows_share_no_form_and_lose_none(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """A window is [since, until) on the server's clock, filtered here again."""
    clinic[2].submit_day(9, 5)
    refs = await _refs(client)
    middle = sorted(ref.last_updated for ref in refs)[7]
    halves = [
        {str(e) async for page in client.submissions(*span) for e in page}
        for span in ((None, middle), (middle, None))
    ]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {str(ref) for ref in refs}


async def test_documents_of_other_categories_are_no_pdf_forms(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """The category is searched for, and compared again here."""
    sim, world, blume = clinic
    note = blume.submit_pdf(world.visits[0], "clinical")
    other = dict(sim.read(*note.source_id.split("/")))
    sim.load([{**other, "id": "report", "category": [{"text": "report"}]}])
    assert [ref.id for ref in await _refs(client)] == [note.source_id.split("/")[1]]


async def test_a_newer_version_is_named_and_the_asked_one_still_read(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """An amendment between the sweep and the reading: both versions are told apart."""
    _, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "registration")
    [old] = await _refs(client)
    blume.amend(note)
    [read] = await client.read_submissions([old])
    assert isinstance(read, Submission)
    assert (read.ref, read.newer_version, read.status) == (old, "2", SubmissionStatus.COMPLETED)
    amended = await _one(client, note)
    assert (amended.ref.version, amended.newer_version) == ("2", "")
    assert amended.status is SubmissionStatus.AMENDED


async def test_an_amended_pdf_has_its_new_bytes(clinic: Clinic, client: OmegaAIClient) -> None:
    """And a withdrawn one says so."""
    _, world, blume = clinic
    first = blume.submit_pdf(world.visits[0], "clinical")
    before = await _one(client, first)
    blume.amend(first)
    after = await _one(client, first)
    assert (after.status, after.pdf == before.pdf) == (SubmissionStatus.AMENDED, False)
    blume.withdraw(first)
    assert (await _one(client, first)).status is SubmissionStatus.WITHDRAWN


async def test_what_vanished_or_lost_its_version_is_said_so(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Deleted at the source, or replaced where no history tells: never silently left out."""
    sim, world, blume = clinic
    gone = blume.submit_normal(world.visits[0], "registration")
    kept = blume.submit_normal(world.visits[1], "registration")
    refs = await _refs(client)
    sim.remove(*gone.source_id.split("/"))
    by_id = {ref.id: ref for ref in refs}
    lost = by_id[kept.source_id.split("/")[1]].model_copy(update={"version": "77"})
    read = await client.read_submissions([by_id[gone.source_id.split("/")[1]], lost])
    assert [each.reason for each in read if isinstance(each, Unreadable)] == [
        UnreadableReason.VANISHED,
        UnreadableReason.VERSION_GONE,
    ]


async def test_one_malformed_form_stops_no_other(clinic: Clinic, client: OmegaAIClient) -> None:
    """On its page it is named by id and can be asked for again; read back it may be well."""
    sim, _, blume = clinic
    blume.submit_day(5, 0)
    sim.faults.malformed_entry = 2
    swept = [each async for page in client.submissions(None, None) for each in page]
    odd = [each for each in swept if isinstance(each, Unreadable)]
    assert (len(swept), len(odd)) == (5, 1)
    assert odd[0].ref is not None
    assert odd[0].reason is UnreadableReason.MISSHAPEN
    [read] = await client.read_submissions([odd[0].ref])
    assert isinstance(read, Submission)
    assert read.ref.version == "1"


async def test_one_odd_moment_of_the_server_is_looked_over(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """An entry that cannot be understood is asked for once more before anyone hears of it."""
    sim, _, blume = clinic
    notes = blume.submit_day(5, 0)
    sim.faults.malformed_entry = 1
    swept = [each async for page in client.submissions(None, None) for each in page]
    assert {str(each).split("/_history")[0] for each in swept} == {n.source_id for n in notes}


async def test_references_may_be_whole_urls(clinic: Clinic, client: OmegaAIClient) -> None:
    """Some servers answer so; they mean the same resources."""
    sim, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "clinical")
    sim.refer_by_url(True)
    try:
        found = await _one(client, note)
    finally:
        sim.refer_by_url(False)
    assert found.accession == note.accession
    assert found.appointment_subject_agrees is True


SPOILT: list[tuple[str, dict[str, Any], UnreadableReason]] = [
    ("QuestionnaireResponse", {"subject": "Patient/1"}, UnreadableReason.MISSHAPEN),
    ("QuestionnaireResponse", {"basedOn": {"reference": 3}}, UnreadableReason.MISSHAPEN),
    ("QuestionnaireResponse", {"status": ["completed"]}, UnreadableReason.MISSHAPEN),
    ("Patient", {"identifier": "12345"}, UnreadableReason.NEIGHBOUR_MISSHAPEN),
    ("Patient", {"name": [{"given": "Ana"}]}, UnreadableReason.NEIGHBOUR_MISSHAPEN),
    ("ServiceRequest", {"identifier": [7]}, UnreadableReason.NEIGHBOUR_MISSHAPEN),
]


@pytest.mark.parametrize(
    ("type_", "change", "reason"), SPOILT, ids=[f"{t} {next(iter(c))}" for t, c, _ in SPOILT]
)
async def test_a_resource_of_the_wrong_shape_is_unreadable_not_a_crash(
    clinic: Clinic,
    client: OmegaAIClient,
    type_: str,
    change: dict[str, Any],
    reason: UnreadableReason,
) -> None:
    """Whether the form itself or what it rests on; the next form is read as ever."""
    sim, world, blume = clinic
    visit, other = world.visits[:2]
    note = blume.submit_normal(visit, "clinical")
    well = blume.submit_normal(other, "clinical")
    ids = {
        "QuestionnaireResponse": note.source_id.split("/")[1],
        "Patient": visit.patient_id,
        "ServiceRequest": visit.service_request_id,
    }
    refs = await _refs(client)
    sim.load([{**sim.read(type_, ids[type_]), **change}])
    refs = [r.model_copy(update={"version": "?"}) for r in refs]
    read = await client.read_submissions(refs)
    assert [r.reason for r in read if isinstance(r, Unreadable)] == [reason]
    assert [f"{r.ref.source}/{r.ref.id}" for r in read if isinstance(r, Submission)] == [
        well.source_id
    ]


async def test_bytes_that_are_not_the_declared_ones_are_not_taken(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Size and hash of the attachment are compared with what came."""
    sim, world, blume = clinic
    note = blume.submit_pdf(world.visits[0], "clinical")
    binary = sim.resources("Binary")[-1]
    sim.load([{**binary, "data": "AAAA"}])
    found = (await _all(client))[note.source_id]
    assert isinstance(found, Unreadable)
    assert found.reason is UnreadableReason.ATTACHMENT_DIFFERS


async def test_bytes_elsewhere_are_not_fetched(clinic: Clinic, client: OmegaAIClient) -> None:
    """Not with our token, and not without it: the form says it has none."""
    sim, world, blume = clinic
    note = blume.submit_pdf(world.visits[0], "clinical")
    async with raw_server(canned(b"")) as port:
        stored = dict(sim.read(*note.source_id.split("/")))
        stored["content"] = [{"attachment": {"url": f"http://127.0.0.1:{port}/form.pdf"}}]
        sim.load([stored])
        assert (await _one(client, note)).pdf is None


async def test_bytes_that_stand_in_the_document_itself(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Inline data is as good as a Binary."""
    sim, world, blume = clinic
    note = blume.submit_pdf(world.visits[0], "clinical")
    stored = dict(sim.read(*note.source_id.split("/")))
    stored["content"] = [{"attachment": {"data": "JVBERi0="}}]
    sim.load([stored])
    assert (await _one(client, note)).pdf == b"%PDF-"


async def test_the_accession_is_found_through_the_appointment_too(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """An order without its own number shares an appointment that has one."""
    sim, world, blume = clinic
    visit = world.visits[0]
    order = dict(sim.read("ServiceRequest", visit.service_request_id))
    numbers = order.pop("identifier")
    sim.load([order])
    sim.load([{**sim.read("Appointment", visit.appointment_id), "identifier": numbers}])
    note = blume.submit_normal(visit, "clinical")
    assert (await _one(client, note)).accession == visit.accession


async def test_two_accessions_are_none(clinic: Clinic, client: OmegaAIClient) -> None:
    """A form for two studies is not filed under a guessed one."""
    sim, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "clinical")
    stored = dict(sim.read(*note.source_id.split("/")))
    stored["basedOn"].append({"reference": f"ServiceRequest/{world.visits[1].service_request_id}"})
    sim.load([stored])
    found = await _one(client, note)
    assert found.accession is None
    assert found.appointment_subject_agrees is False  # and one of them is another patient's


async def test_a_care_plan_leads_to_the_order(clinic: Clinic, client: OmegaAIClient) -> None:
    """R4 lets a response be based on a ServiceRequest or on a CarePlan."""
    sim, world, blume = clinic
    visit = world.visits[0]
    order = {"reference": f"ServiceRequest/{visit.service_request_id}"}
    sim.load([{"resourceType": "CarePlan", "id": "plan", "activity": [{"reference": order}]}])
    note = blume.submit_normal(visit, "clinical")
    stored = dict(sim.read(*note.source_id.split("/")))
    sim.load([{**stored, "basedOn": [{"reference": "CarePlan/plan"}]}])
    assert (await _one(client, note)).accession == visit.accession


async def test_a_cancelled_appointment_says_nothing_of_the_subject(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Only what still stands is compared; the order's own subject always is."""
    sim, world, blume = clinic
    visit, other = world.visits[:2]
    stored = sim.read("Appointment", visit.appointment_id)
    stored["participant"][0]["actor"] = {"reference": f"Patient/{other.patient_id}"}
    note = blume.submit_normal(visit, "clinical")
    sim.load([{**stored, "status": "cancelled"}])
    assert (await _one(client, note)).appointment_subject_agrees is True
    sim.load([{**stored, "status": "booked"}])
    assert (await _one(client, note)).appointment_subject_agrees is False


TWO = Organization(
    slug="network",
    name="Rede",
    facilities=(
        LAKESIDE.facilities[0],
        LAKESIDE.facilities[0].model_copy(
            update={"slug": "lakeside-norte", "name": "Lakeside Norte", "omegaai_id": "norte"}
        ),
    ),
)


async def test_the_facility_is_told_by_id_or_by_name_whatever_its_case(clinic: Clinic) -> None:
    """PowerServer upper-cases names; where none is named and several could be, none is guessed."""
    sim, world, blume = clinic
    first, second, third = world.visits[:3]
    norte = {"resourceType": "Organization", "id": "norte", "name": "Unidade N"}
    sim.load([norte, {"resourceType": "Location", "id": "n1", "name": "Sala",
                      "managingOrganization": {"reference": "Organization/norte"}}])  # fmt: skip
    for visit, place in ((second, [{"reference": "Location/n1"}]), (third, [])):
        order = sim.read("ServiceRequest", visit.service_request_id)
        sim.load([{**order, "locationReference": place}])
        stored = sim.read("Appointment", visit.appointment_id)
        sim.load([{**stored, "participant": stored["participant"][:1]}])
    notes = [blume.submit_normal(visit, "clinical") for visit in (first, second, third)]
    async with omegaai_client(sim, TWO) as client:
        read = await _all(client)
    assert [getattr(read[note.source_id], "facility") for note in notes] == [  # noqa: B009
        "lakeside-paulista",
        "lakeside-norte",
        "",
    ]


NORTE = {"resourceType": "Organization", "id": "norte", "name": "Unidade N"}
PAULISTA = {"resourceType": "Organization", "id": "p", "name": "LAKESIDE PAULISTA"}
AT_NORTE, AT_PAULISTA = {"reference": "Organization/norte"}, {"reference": "Organization/p"}
PLACES: list[Any] = [
    pytest.param({"performer": [AT_NORTE]}, [AT_NORTE], {}, "lakeside-norte", id="all agree"),
    pytest.param({"performer": [AT_NORTE]}, [AT_PAULISTA], {}, "", id="order and appointment"),
    pytest.param({"performer": [AT_PAULISTA, AT_NORTE]}, [], {}, "", id="within the order"),
    pytest.param({}, [AT_PAULISTA, AT_NORTE], {}, "", id="within the appointment"),
    pytest.param(
        {"performer": [AT_NORTE]},
        [],
        {"managingOrganization": AT_PAULISTA},
        "lakeside-norte",
        id="a patient registered elsewhere",
    ),
    pytest.param(
        {}, [], {"managingOrganization": AT_PAULISTA}, "lakeside-paulista", id="only the patient"
    ),
]


@pytest.mark.parametrize(("order", "rooms", "patient", "facility"), PLACES)
async def test_two_facilities_are_none(
    clinic: Clinic,
    order: dict[str, Any],
    rooms: list[dict[str, Any]],
    patient: dict[str, Any],
    facility: str,
) -> None:
    """Which PowerServer a form goes to is not guessed; whose patient it is says less."""
    sim, world, blume = clinic
    visit = world.visits[0]
    sim.load([NORTE, PAULISTA])
    stored = sim.read("ServiceRequest", visit.service_request_id)
    sim.load([{**stored, "locationReference": [], "performer": [], **order}])
    stored = sim.read("Appointment", visit.appointment_id)
    members = [*stored["participant"][:1], *({"actor": room} for room in rooms)]
    sim.load([{**stored, "participant": members}])
    stored = sim.read("Patient", visit.patient_id)
    stored.pop("managingOrganization", None)
    sim.load([{**stored, **patient}])
    note = blume.submit_normal(visit, "clinical")
    async with omegaai_client(sim, TWO) as client:
        assert (await _one(client, note)).facility == facility


async def test_an_earlier_version_of_a_template_is_found_in_its_history(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """The template has moved on to version 3; what was answered was version 2."""
    sim, world, blume = clinic
    note = blume.submit_normal(world.visits[0], "registration", q.REGISTRATION_PT)
    stored = sim.read("Questionnaire", "cadastro")
    sim.load([{**stored, "version": "3", "title": "Cadastro novo"}])
    found = await _one(client, note)
    assert (found.title, found.questionnaire_ever_published) == ("Cadastro do paciente", True)


async def test_a_type_nobody_vouches_for_is_refused(clinic: Clinic) -> None:
    """The error names the setting; nothing is asked behind the vendor's back."""
    async with omegaai_client(clinic[0], assume_supported=()) as client:
        with pytest.raises(NotOffered, match="QuestionnaireResponse:search-type"):
            await _refs(client)


async def test_a_peer_that_fails_in_the_middle_fails_the_call_cleanly(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """One of the four errors itself, not a group of them; nothing is left running."""
    sim, _, blume = clinic
    blume.submit_day(2, 20)
    refs = await _refs(client)
    before = asyncio.all_tasks()
    sim.faults.cut_response = 0.9
    with pytest.raises(Unavailable):
        await client.read_submissions(refs)
    assert asyncio.all_tasks() == before


async def test_no_patient_value_shows_in_what_is_printed(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """References are ids; everything else keeps silent."""
    note = clinic[2].submit_day(1, 0)[0]
    found = await _one(client, note)
    assert found.patient is not None
    printed = f"{found!r} {found} {found.ref!r} {found.patient!r}"
    assert found.patient.family not in printed
    assert note.patient_number not in printed


@pytest.mark.parametrize(
    ("value", "read"),
    [
        pytest.param("2026-11-23T10:00:00-03:00", "2026-11-23T13:00:00", id="with its offset"),
        pytest.param("2026-11-23T10:00:00", "2026-11-23T13:00:00", id="in the declared zone"),
        pytest.param("2018-02-17T23:30:00", None, id="an hour that happened twice"),
        pytest.param("2018-11-04T00:30:00", None, id="an hour that never was"),
        pytest.param("2026-11-23", None, id="a date is no moment"),
        pytest.param("yesterday", None, id="not a time"),
    ],
)
def test_times_are_read_in_the_declared_zone_and_never_guessed(
    value: str, read: str | None
) -> None:
    """Sao Paulo had daylight saving until 2019 (domain.md 5.16)."""
    found = moment(value, ZoneInfo("America/Sao_Paulo"))
    wanted = datetime.fromisoformat(read).replace(tzinfo=UTC) if read else None
    assert (found.astimezone(UTC) if found else None) == wanted


IDENTIFIERS: list[Any] = [
    pytest.param([("urn:b", "2")], "2", "BETA", True, id="the only known"),
    pytest.param([("urn:x", "9"), ("urn:b", "2")], "2", "BETA", True, id="a foreign one first"),
    pytest.param([("urn:b", "2"), ("urn:a", "1")], "1", "ALPHA", True, id="the facility's own"),
    pytest.param([("urn:x", "9")], "9", "", False, id="no known issuer"),
    pytest.param([("urn:a", "  ")], None, None, False, id="blank"),
    pytest.param([], None, None, False, id="none"),
]


@pytest.mark.parametrize(("identifiers", "number", "issuer", "known"), IDENTIFIERS)
def test_of_several_numbers_the_one_with_a_known_issuer_counts(
    identifiers: list[tuple[str, str]], number: str | None, issuer: str | None, known: bool
) -> None:
    """Of two known ones, the facility's issuer."""
    resource = {"identifier": [{"system": s, "value": v} for s, v in identifiers]}
    patient, issuer_known = patient_of(resource, {"urn:a": "ALPHA", "urn:b": "BETA"}, "alpha")
    assert issuer_known is known
    assert (patient.id.number if patient else None) == number
    assert (patient.id.issuer if patient else None) == issuer


def _examples() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("*.json"))]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="HL7's R4 examples are not on this machine")
async def test_hl7s_own_examples_are_read_without_a_crash(
    clinic: Clinic, client: OmegaAIClient
) -> None:
    """Every QuestionnaireResponse and DocumentReference, beside every other example there is."""
    sim, _, _ = clinic
    loaded = 0
    for resource in _examples():
        if resource.get("id") and resource["resourceType"] != "Bundle":
            sim.load([resource])
            loaded += resource["resourceType"] == "QuestionnaireResponse"
    refs = await _refs(client)
    documents = [
        SubmissionRef(
            source=SubmissionSource.DOCUMENT, id=each["id"], version="?",
            last_updated=datetime.now(UTC) - timedelta(days=1),
        )
        for each in sim.resources("DocumentReference")
    ]  # fmt: skip
    read = await client.read_submissions([*refs, *documents])
    assert len(refs) == loaded > 0
    assert len(read) == len(refs) + len(documents)
    assert sum(isinstance(each, Submission) for each in read) >= loaded
