"""`accord trace`: where is it? From whatever a person has in hand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accord.domain.people import PatientId
from accord.sandbox.blume_forms import Submitted
from accord.sandbox.world import Visit
from deployments.door_entry import NoDoor
from deployments.door_trace import Kind, Trail, trace
from tests.delivery.clinic import Clinic, a_clinic
from tests.deployments.visits import a_visit, audited, row_of

Delivered = tuple[Clinic, Visit, Submitted]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """One clinical form delivered and read back, and another patient's beside it; to look at."""
    with _a_delivery(tmp_path_factory.mktemp("looked-at")) as clinic:
        yield clinic


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Delivered]:
    """The same, for a test that goes on with it."""
    with _a_delivery(tmp_path) as clinic:
        yield clinic


@contextmanager
def _a_delivery(directory: Path) -> Iterator[Delivered]:
    with a_clinic(directory) as clinic:
        visit = clinic.world.visits[0]
        note = clinic.blume.submit_normal(visit, "clinical")
        clinic.blume.submit_normal(clinic.world.visits[1], "registration")
        asyncio.run(clinic.relay())
        yield clinic, visit, note


async def _traced(clinic: Clinic, wanted: str, only: Kind | None = None) -> tuple[Trail, str]:
    lines: list[str] = []
    trail = await trace(a_visit(clinic, locale="en-US"), wanted, lines.append, only=only)
    return trail, "\n".join(lines)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        pytest.param("key", Kind.KEY, id="key"),
        pytest.param("key in lower case", Kind.KEY, id="key, as typed"),
        pytest.param("version", Kind.FORM, id="one version of a form"),
        pytest.param("form", Kind.FORM, id="form"),
        pytest.param("bare id", Kind.FORM, id="form, by its bare id"),
        pytest.param("patient", Kind.PATIENT, id="patient with issuer"),
        pytest.param("patient, HL7", Kind.PATIENT, id="patient as PID-3 has it"),
        pytest.param("number", Kind.PATIENT, id="patient's number alone"),
        pytest.param("accession", Kind.ACCESSION, id="accession number"),
        pytest.param("digest", Kind.DOCUMENT, id="document by SHA-256"),
        pytest.param("sop", Kind.DOCUMENT, id="document by SOP Instance UID"),
    ],
)
async def test_whatever_is_in_hand_leads_to_the_effect(
    delivered: Delivered, what: str, kind: Kind
) -> None:
    """Each name of it leads to this one form, and not to the other patient's beside it."""
    clinic, visit, note = delivered
    row = row_of(clinic, note)
    names = {
        "key": row.key,
        "key in lower case": row.key.lower(),
        "version": row.source,
        "form": note.source_id,
        "bare id": note.source_id.split("/")[1],
        "patient": f"{visit.patient_number}^^^lakeside",
        "patient, HL7": f"{visit.patient_number}^^^LAKESIDE&2.16.76.1.99.1&ISO^MR",
        "number": visit.patient_number,
        "accession": visit.accession,
        "digest": row.digest.upper(),
        "sop": str(row.evidence["sop"]),
    }

    trail, text = await _traced(clinic, names[what])

    assert (list(trail.rows), list(trail.found_as)) == ([row.key], [kind])
    for told in (row.key, "verified", "Documents", "lakeside-paulista", "bytes equal", "-03:00"):
        assert told in text


async def test_a_trace_by_patient_is_audited_by_an_opaque_name(delivered: Delivered) -> None:
    """Who looked for whom; the number itself is nowhere in the trail."""
    clinic, visit, _ = delivered
    before = clinic.ledger.audit_head()
    await _traced(clinic, visit.patient_number)
    await _traced(clinic, visit.accession)

    entries = audited(clinic, "trace", before)

    name = clinic.desk.name_of(
        PatientId.model_validate({"number": visit.patient_number, "issuer": "LAKESIDE"})
    )
    assert [(entry.entity, entry.outcome) for entry in entries] == [(name, "found-1")] * 2
    assert visit.patient_number not in str(entries)


async def test_asking_for_a_named_patient_who_has_nothing_is_audited_too(
    delivered: Delivered,
) -> None:
    """Whether somebody is a patient here is worth knowing to the wrong people."""
    clinic, _, _ = delivered
    before = clinic.ledger.audit_head()

    trail, text = await _traced(clinic, "424242^^^LAKESIDE")

    assert not trail.rows
    assert "Nothing was found" in text
    assert "accord attention" in text
    assert [entry.outcome for entry in audited(clinic, "trace", before)] == ["found-0"]


async def test_an_id_that_is_only_tried_as_a_patients_accuses_nobody(delivered: Delivered) -> None:
    """A form's id is looked for among patients as well; that is no look at a patient."""
    clinic, _, note = delivered
    before = clinic.ledger.audit_head()
    await _traced(clinic, note.source_id.split("/")[1])
    await _traced(clinic, "no-such-thing")
    assert audited(clinic, "trace", before) == []


async def test_both_versions_of_an_amended_form_are_found(changing: Delivered) -> None:
    """By the form both, by its version one; the order is that of the chain."""
    clinic, _, note = changing
    amended = clinic.blume.amend(note)
    await clinic.relay()

    both, _ = await _traced(clinic, note.source_id)
    one, _ = await _traced(clinic, f"{note.source_id}/_history/{amended.version}")

    assert list(both.rows) == [row_of(clinic, note).key, row_of(clinic, amended).key]
    assert list(one.rows) == [row_of(clinic, amended).key]


async def test_an_accession_leads_past_the_patients_other_forms(changing: Delivered) -> None:
    """A registration form of the same patient, on the same order, names the study too."""
    clinic, visit, note = changing
    other = clinic.blume.submit_pdf(clinic.world.visits[1], "clinical")
    await clinic.relay()

    trail, _ = await _traced(clinic, clinic.world.visits[1].accession)

    assert row_of(clinic, note).key not in trail.rows
    assert row_of(clinic, other).key in trail.rows
    assert visit.patient_number not in str(trail.rows)


async def test_a_form_nobody_could_place_is_found_by_its_accession(changing: Delivered) -> None:
    """Held because its subject is somebody else: the order still leads to it."""
    clinic, visit, _ = changing
    patient = clinic.omegaai.read("Patient", visit.patient_id)
    patient.pop("meta")
    unknown = {**patient["identifier"][1], "system": "urn:oid:2.16.76.1.99.404"}
    clinic.omegaai.load([{**patient, "identifier": [unknown]}])
    held = clinic.blume.submit_normal(visit, "clinical")
    await clinic.relay()
    clinic.omegaai.load([patient])

    trail, text = await _traced(clinic, visit.accession)

    assert row_of(clinic, held).key in trail.rows
    assert "issuer-known" in text


async def test_an_accession_that_no_order_has_finds_nothing(delivered: Delivered) -> None:
    """Nor does a search sign in it make the server find them all."""
    clinic, visit, _ = delivered
    for wanted in ("A2611", "*", f"{visit.accession},", "|"):
        trail, _ = await _traced(clinic, wanted, only=Kind.ACCESSION)
        assert not trail.rows


async def test_without_omegaai_the_rest_is_found_and_the_lack_is_told(
    delivered: Delivered,
) -> None:
    """A patient's forms are in the ledger; only the accession number has to be asked for."""
    clinic, visit, note = delivered
    clinic.omegaai.faults.html_200 = True
    try:
        trail, text = await _traced(clinic, visit.patient_number)
    finally:
        clinic.omegaai.faults.clear()

    assert list(trail.rows) == [row_of(clinic, note).key]
    assert trail.problem is not None
    assert "Could not be read at OmegaAI: process" in text


async def test_an_issuer_that_is_not_ours_is_refused(delivered: Delivered) -> None:
    """With those that are; a misspelt issuer must not look like an unknown patient."""
    clinic, visit, _ = delivered
    with pytest.raises(NoDoor, match="it has: LAKESIDE"):
        await _traced(clinic, f"{visit.patient_number}^^^LAKESIED")
