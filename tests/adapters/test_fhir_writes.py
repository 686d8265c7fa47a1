import asyncio
from collections.abc import Iterator

import pytest

from accord.adapters.errors import Rejected, Uncertain
from accord.adapters.fhir import Duplicated, FhirClient
from accord.adapters.fhir_capability import NotOffered
from accord.adapters.fhir_elements import JsonObject
from accord.adapters.fhir_references import Reference
from accord.sandbox.omegaai import OmegaAISim
from tests.adapters.omegaai_peer import as_new, fhir_client

SERVICE = {
    "resourceType": "HealthcareService",
    "identifier": [{"system": "urn:accord", "value": "MR-1"}],
    "name": "MR 1",
}
SAME = "identifier=urn:accord|MR-1"


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim() as sim:
        yield sim


@pytest.fixture
def sim(one_sim: OmegaAISim) -> OmegaAISim:
    return as_new(one_sim)


async def test_64_creations_of_one_thing_leave_one(sim: OmegaAISim) -> None:
    """The server's conditional create is a race; one creation per key at a time is ours."""
    sim.faults.racy_create = True
    async with fhir_client(sim) as client:
        made = await asyncio.gather(*(client.create(SERVICE, SAME) for _ in range(64)))
    assert len(sim.resources("HealthcareService")) == 1
    assert len({each["id"] for each in made}) == 1


async def test_without_our_lock_the_race_leaves_two(sim: OmegaAISim) -> None:
    """The test above would go red: each client has a lock of its own, and the two race."""
    sim.faults.racy_create = True
    async with fhir_client(sim) as one, fhir_client(sim) as other:
        made = await asyncio.gather(
            one.create(SERVICE, SAME), other.create(SERVICE, SAME), return_exceptions=True
        )
    assert len(sim.resources("HealthcareService")) == 2
    assert any(isinstance(each, Duplicated) for each in made)


async def test_creating_what_is_there_gives_what_is_there(sim: OmegaAISim) -> None:
    """A rerun makes nothing new."""
    async with fhir_client(sim) as client:
        first = await client.create(SERVICE, SAME)
        second = await client.create({**SERVICE, "name": "MR one"}, SAME)
    assert first == second


async def test_a_creation_whose_answer_was_lost_is_adopted(sim: OmegaAISim) -> None:
    """The read-back finds it; nothing is created twice."""
    sim.faults.lose_response = 1
    async with fhir_client(sim) as client:
        made = await client.create(SERVICE, SAME)
    assert made["id"] == sim.resources("HealthcareService")[0]["id"]
    assert len(sim.writes) == 1


async def test_a_lost_answer_and_nothing_to_see_stays_in_doubt(sim: OmegaAISim) -> None:
    """One look that finds nothing proves nothing: the search may lag behind."""
    sim.faults.change({"lose_response": 1, "hide_recent_s": 60})
    async with fhir_client(sim) as client:
        with pytest.raises(Uncertain):
            await client.create(SERVICE, SAME)
    assert len(sim.resources("HealthcareService")) == 1


async def test_created_and_not_yet_searchable_is_read_by_its_id(sim: OmegaAISim) -> None:
    """The answer named it, and reading it back by id is another way than searching."""
    sim.faults.hide_recent_s = 60
    async with fhir_client(sim) as client:
        made = await client.create(SERVICE, SAME)
    assert made["name"] == "MR 1"


async def test_answered_as_created_and_not_there_is_not_believed(sim: OmegaAISim) -> None:
    """201 and nothing behind it: caught by the read-back."""
    sim.faults.not_applied = 1
    async with fhir_client(sim) as client:
        with pytest.raises(Uncertain, match="not to be found"):
            await client.create(SERVICE, SAME)


async def test_200_with_an_outcome_that_says_no_is_a_refusal(sim: OmegaAISim) -> None:
    """Whatever the status line says."""
    async with fhir_client(sim) as client:
        await client.capability()
        sim.faults.outcome_200 = 1
        with pytest.raises(Rejected) as refused:
            await client.read(Reference("Patient", "1"))
    assert refused.value.code == "business-rule"


async def _there(client: FhirClient) -> tuple[JsonObject, str]:
    made = await client.create(SERVICE, SAME)
    return await client.etag(Reference("HealthcareService", made["id"]))


async def test_an_update_goes_through_if_nothing_changed(sim: OmegaAISim) -> None:
    """The ETag is handed back as it came."""
    async with fhir_client(sim) as client:
        resource, etag = await _there(client)
        changed = await client.update({**resource, "name": "MR 2"}, etag)
    assert changed["name"] == "MR 2"


async def test_an_update_after_anothers_is_refused_with_its_own_code(sim: OmegaAISim) -> None:
    """Another hand was quicker: 412 says to read again and plan that one anew."""
    async with fhir_client(sim) as client:
        resource, etag = await _there(client)
        sim.load([{**resource, "name": "by another hand"}])
        with pytest.raises(Rejected) as refused:
            await client.update({**resource, "name": "MR 2"}, etag)
    assert refused.value.code.split()[0] == "412"
    assert sim.resources("HealthcareService")[0]["name"] == "by another hand"


async def test_a_refusal_gives_codes_and_no_text(sim: OmegaAISim) -> None:
    """An OperationOutcome's text may quote the patient."""
    bad = {"resourceType": "Patient", "birthDate": "CANARY-1970"}
    async with fhir_client(sim) as client:
        with pytest.raises(Rejected) as refused:
            await client.create(bad, "identifier=x|y")
    assert refused.value.code == "400 structure"
    assert "CANARY" not in repr(refused.value)


async def test_what_is_not_declared_is_refused_before_it_is_sent(sim: OmegaAISim) -> None:
    """sekmet-fhir declares no Questionnaire; only what the site vouches for is asked."""
    async with fhir_client(sim) as client:
        await client.first_page("Questionnaire", [])  # vouched for
        capability = await client.capability()
        before = len(sim.requests)
        with pytest.raises(NotOffered, match="assume_supported"):
            await client.create({"resourceType": "Questionnaire"}, "url=x")
        with pytest.raises(NotOffered):
            await client.history(Reference("Binary", "1"))
    assert len(sim.requests) == before
    assert "Questionnaire:search-type" in capability.leaned_on
    assert "Patient:read" not in capability.leaned_on
