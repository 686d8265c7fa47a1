import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pypdf
import pytest

from accord.sandbox import questionnaires as q
from accord.sandbox.blume import Blume
from accord.sandbox.blume_mischief import MISCHIEF
from accord.sandbox.blume_pdfs import sample_forms
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.people import synthea_bundles, synthea_people
from accord.sandbox.questionnaires import ALL_TYPES, forty_questions
from accord.sandbox.world import Setting, World

Clinic = tuple[OmegaAISim, World, Blume]


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim() as sim:
        yield sim


@pytest.fixture
def clinic(one_sim: OmegaAISim) -> Clinic:
    one_sim.reset()
    world = seed_world(one_sim, seed=5, patients=10)
    return one_sim, world, Blume(one_sim, 5, world)


def _content(sim: OmegaAISim, source_id: str) -> bytes:
    document = sim.read(*source_id.split("/"))
    binary = sim.read(*document["content"][0]["attachment"]["url"].split("/"))
    return base64.b64decode(binary["data"])


def test_the_same_seed_submits_the_same_forms(clinic: Clinic) -> None:
    """Ids and answers; PDFs carry the time at which they were made."""
    sim, world, blume = clinic
    first = [note.source_id for note in blume.submit_day(6, 4)]
    assert [note.source_id for note in Blume(sim, 5, world).submit_day(6, 4)] == first
    assert [note.source_id for note in Blume(sim, 6, world).submit_day(6, 4)] != first


def test_a_day_has_both_kinds_in_turn(clinic: Clinic) -> None:
    """What must become of each is noted as it is submitted."""
    notes = clinic[2].submit_day(6, 4)
    assert [note.expected for note in notes] == ["Patient Docs", "Documents"] * 5
    assert sum(note.pdf_digest is not None for note in notes) == 4


def test_the_forms_are_what_the_server_validates(clinic: Clinic) -> None:
    """Loaded directly for speed; each is also valid R4 to sekmet-fhir's own models."""
    sim, _, blume = clinic
    blume.submit_day(12, 4)
    token = httpx.post(
        sim.token_url,
        data={"grant_type": "client_credentials"},
        auth=(sim.client_id, sim.client_secret),
    ).json()["access_token"]
    with httpx.Client(headers={"authorization": f"Bearer {token}"}) as client:
        for type_ in ("QuestionnaireResponse", "DocumentReference", "Binary"):
            for resource in sim.resources(type_):
                answer = client.post(f"{sim.base_url}/{type_}", json=resource)
                assert answer.status_code == 201, answer.text


def test_pdf_forms_are_fillable_filled_and_no_two_alike(clinic: Clinic) -> None:
    """Their fields hold what the patient wrote; their digests are noted."""
    sim, _, blume = clinic
    notes = blume.submit_day(0, 40, pdf_bytes=50_000)
    contents = [_content(sim, note.source_id) for note in notes]
    assert len(set(contents)) == 40
    for note, content in zip(notes, contents, strict=True):
        assert hashlib.sha256(content).hexdigest() == note.pdf_digest
        assert 45_000 < len(content) < 60_000
    fields = pypdf.PdfReader(io.BytesIO(contents[-1])).get_fields()
    assert fields is not None
    assert len(fields) == 6


def test_templates_ask_every_type_of_question(clinic: Clinic) -> None:
    """Every R4 item type, groups in groups, and one of forty questions."""
    types = {item["type"] for item in q.all_types("pt")[0]["item"]}
    assert types == {*ALL_TYPES, "group"}
    assert sum(len(group["item"]) for group in forty_questions()) == 40
    states = {each["id"]: each["status"] for each in clinic[0].resources("Questionnaire")}
    assert states["rascunho"] == "draft"
    assert states["anamnese-antiga"] == "retired"
    assert states["cadastro-infantil"] == "draft"  # and published before: see its history


@pytest.mark.parametrize("name", MISCHIEF)
def test_mischief_is_noted_with_what_must_become_of_it(clinic: Clinic, name: str) -> None:
    """By a table written by hand; and it spoils nobody else's form or patient."""
    sim, world, blume = clinic
    before = [sim.read("Patient", visit.patient_id) for visit in world.visits]
    note = blume.misbehave(name)
    assert (note.expected, note.why) == (MISCHIEF[name].expected, MISCHIEF[name].why)
    assert sim.read(*note.source_id.split("/"))
    assert [sim.read("Patient", visit.patient_id) for visit in world.visits] == before
    is_pdf = note.source_id.startswith("DocumentReference/")
    assert is_pdf == (MISCHIEF[name].shape == "pdf")


def test_bad_pdfs_are_bad_in_the_way_they_are_called(clinic: Clinic) -> None:
    """Empty, locked, cut in half, too large."""
    sim, _, blume = clinic
    empty, locked, cut, large = (
        _content(sim, blume.misbehave(f"{name}-pdf").source_id)
        for name in ("empty", "encrypted", "damaged", "oversize")
    )
    assert empty == b""
    assert pypdf.PdfReader(io.BytesIO(locked)).is_encrypted
    assert b"%%EOF" not in cut
    assert len(large) > 10_000_000


def test_a_form_is_amended_withdrawn_and_finished_under_its_own_id(clinic: Clinic) -> None:
    """Each a new version of the same resource."""
    sim, world, blume = clinic
    for note in (
        blume.submit_normal(world.visits[0], "clinical"),
        blume.submit_pdf(world.visits[0], "clinical"),
    ):
        amended = blume.amend(note)
        withdrawn = blume.withdraw(amended)
        assert (note.version, amended.version, withdrawn.version) == ("1", "2", "3")
        assert amended.source_id == note.source_id
        assert (note.pdf_digest is None) or amended.pdf_digest != note.pdf_digest
        assert withdrawn.expected == "withdrawn"
    started = blume.misbehave("in-progress")
    assert blume.finish(started).expected == "Documents"
    assert sim.read(*started.source_id.split("/"))["status"] == "completed"


SHARED = Path("../shared/data")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public samples are not on this machine")
def test_real_samples_can_be_the_input(clinic: Clinic) -> None:
    """Synthea's persons as patients, and fillable PDFs that others made as forms."""
    sim, _, _ = clinic
    sim.reset()
    bundles = synthea_bundles(SHARED / "synthea-r4")
    for bundle in bundles:
        sim.load_bundle(bundle)
    assert "urn:uuid" not in str(sim.resources("Encounter")[0])
    people = synthea_people(bundles)
    samples = sample_forms(SHARED / "pdf-forms")
    world = seed_world(sim, 1, people)
    notes = Blume(sim, 1, world, samples=samples).submit_day(len(people), 9)
    assert {visit.family for visit in world.visits} == {person.family for person in people}
    taken = {note.pdf_digest for note in notes}
    assert len(taken & {hashlib.sha256(each).hexdigest() for each in samples}) == 3


def test_names_places_and_systems_are_the_settings(clinic: Clinic) -> None:
    """Nothing of Lakeside is fixed."""
    sim, _, _ = clinic
    sim.reset()
    setting = Setting(issuer="OTHER", identifier_system="urn:other", form_kind_url="urn:kind")
    world = seed_world(sim, 1, 2, setting=setting)
    note = Blume(sim, 1, world).submit_day(1, 0)[0]
    assert note.issuer == "OTHER"
    text = str(sim.resources("Patient") + sim.resources("Questionnaire"))
    assert "urn:other" in text
    assert "urn:accord:form-kind" not in text
