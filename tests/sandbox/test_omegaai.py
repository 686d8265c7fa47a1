import json
from collections.abc import Iterator

import httpx
import pytest

from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.people import made_up_people
from accord.sandbox.world import World


@pytest.fixture
def sim() -> Iterator[OmegaAISim]:
    with OmegaAISim() as sim:
        yield sim


def _signed_in(sim: OmegaAISim, scope: str = "system/*.cruds") -> httpx.Client:
    form = {"grant_type": "client_credentials", "scope": scope}
    answer = httpx.post(sim.token_url, data=form, auth=(sim.client_id, sim.client_secret))
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=sim.base_url + "/", headers=headers)


def test_it_is_a_real_fhir_server_behind_a_token(sim: OmegaAISim) -> None:
    """Without a token nothing but the CapabilityStatement; with one, sekmet-fhir itself answers."""
    assert httpx.get(f"{sim.base_url}/metadata").json()["fhirVersion"] == "4.0.1"
    assert httpx.get(f"{sim.base_url}/Patient").status_code == 401
    with _signed_in(sim) as client:
        made = client.post("Patient", json={"resourceType": "Patient", "gender": "female"})
        assert made.status_code == 201
        assert client.post("Patient/_search", data={"gender": "female"}).json()["total"] == 1
    assert sim.writes == ["POST /fhir/Patient"]


def test_it_listens_on_loopback_only(sim: OmegaAISim) -> None:
    """Two at once take two ports; neither is reachable from outside."""
    with OmegaAISim() as other:
        assert sim.origin != other.origin
        assert {sim.origin[:17], other.origin[:17]} == {"http://127.0.0.1:"}


def test_a_token_that_only_reads_cannot_write(sim: OmegaAISim) -> None:
    """Scopes are held by the peer too, so a test can tell who refused."""
    with _signed_in(sim, "system/*.rs") as client:
        assert client.get("Patient").status_code == 200
        assert client.post("Patient", json={"resourceType": "Patient"}).status_code == 403


def test_faults_are_switched_over_http_too(sim: OmegaAISim) -> None:
    """Another process or a person may spoil the peer; a misspelt fault is refused."""
    url = f"{sim.origin}/sandbox/faults"
    assert httpx.post(url, json={"too_many": 1}).json()["too_many"] == 1
    assert httpx.get(f"{sim.base_url}/metadata").status_code == 429
    assert httpx.get(url).json()["too_many"] == 0
    assert httpx.post(url, json={"to_many": 1}).status_code == 400
    assert httpx.post(url, json={"slow_s": "fast"}).status_code == 400


def test_a_lost_response_is_a_write_that_happened(sim: OmegaAISim) -> None:
    """The peer did it; nobody hears of it."""
    sim.faults.lose_response = 1
    with _signed_in(sim) as client, pytest.raises(httpx.RemoteProtocolError):
        client.post("Patient", json={"resourceType": "Patient"})
    assert len(sim.resources("Patient")) == 1


def test_a_seeded_world_is_the_same_every_time(sim: OmegaAISim) -> None:
    """And travels as JSON to the simulator of PowerServer."""
    first = seed_world(sim, seed=7, patients=60)
    sim.reset()
    again = seed_world(sim, seed=7, patients=60, opens=first.visits[0].start)
    assert again == first
    assert World.from_json(first.to_json()) == first
    assert World.from_json(json.dumps(json.loads(first.to_json()))) == first
    assert seed_world(sim, seed=8, patients=60).visits[0].patient_id != first.visits[0].patient_id
    assert len({visit.accession for visit in first.visits}) == 60
    assert all(len(visit.accession) <= 16 for visit in first.visits)
    assert all(len(visit.study_uid) <= 64 for visit in first.visits)
    assert all(visit.start.tzinfo is not None for visit in first.visits)


def test_people_share_families_and_have_names_from_many_places() -> None:
    """Accents, apostrophes, long names, one e-mail for several persons."""
    people = made_up_people(1, 200)
    names = "".join(person.family + person.given for person in people)
    assert {"ç", "ã", "é", "'", "Ł", "Ø"} <= set(names)
    assert max(len(person.family) for person in people) > 50
    mails = [person.email for person in people]
    assert len(set(mails)) < len(mails)


def test_what_is_loaded_at_once_is_what_the_server_validates(sim: OmegaAISim) -> None:
    """Direct loading skips validation, so each resource is posted once to prove it valid."""
    seed_world(sim, seed=2, patients=2)
    with _signed_in(sim) as client:
        for type_ in (
            "Organization",
            "Location",
            "Questionnaire",
            "Patient",
            "ServiceRequest",
            "Appointment",
        ):
            for resource in sim.resources(type_):
                answer = client.post(type_, json=resource)
                assert answer.status_code == 201, (type_, answer.text)


def test_a_clock_that_is_off_shows_in_dates_and_times(sim: OmegaAISim) -> None:
    """lastUpdated and the Date header are the simulated server's own."""
    sim.faults.clock_off_s = 7200
    [stored] = sim.load([{"resourceType": "Patient", "id": "p"}])
    answer = httpx.get(f"{sim.base_url}/metadata")
    assert stored["meta"]["lastUpdated"][:13] > answer.json()["date"][:13]
    assert sim.read("Patient", "p") == stored
