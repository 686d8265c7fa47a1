"""`accord show`: from an opaque key to the patient, audited before a word is printed."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from accord.domain.effects import EffectState, Mode
from accord.ledger.errors import UnknownEffect
from accord.ledger.records import EffectRow
from accord.sandbox.blume_forms import Submitted
from deployments.door_show import show
from tests.delivery.clinic import Clinic, a_clinic
from tests.deployments.visits import a_visit, audited, row_of


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic in deliver mode."""
    with a_clinic(tmp_path) as opened:
        yield opened


async def _shown(
    clinic: Clinic, row: EffectRow, document: Path | None = None, locale: str = "en-US"
) -> str:
    lines: list[str] = []
    await show(a_visit(clinic, locale=locale), row.key, lines.append, document=document)
    return "\n".join(lines)


async def test_a_verified_form_with_whose_it_is(clinic: Clinic) -> None:
    """State, history, proof and MSH-10 from the ledger; the person, read live from OmegaAI."""
    visit = clinic.world.visits[0]
    note = clinic.blume.submit_normal(visit, "clinical")
    await clinic.relay()
    row = row_of(clinic, note)

    text = await _shown(clinic, row)

    for told in (
        *(row.key, "MSH-10", "verified", "bytes equal", str(row.evidence["sop"]), row.digest),
        *("called for", "seen at the peer", "planned", "claimed", "sent", "landed"),
        *(visit.family, visit.given.split()[0], f"{visit.patient_number}^^^LAKESIDE"),
        *(visit.accession, visit.birth_date.isoformat(), "-03:00"),
    ):
        assert told in text


async def test_a_held_form_with_what_to_do(clinic: Clinic) -> None:
    """The rule that holds it, and what a person does about it, in the site's language."""
    note = clinic.blume.misbehave("clinical-without-accession")
    await clinic.relay()

    text = await _shown(clinic, row_of(clinic, note))

    assert "clinical-names-an-accession" in text
    assert "Link the form to the study's order in OmegaAI" in text
    assert f"{note.patient_number}^^^LAKESIDE" in text


async def test_versions_and_human_tasks_of_the_same_form(clinic: Clinic) -> None:
    """An amended form and the one it replaces, and the task to retire what was withdrawn."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "registration")
    await clinic.relay()
    first = row_of(clinic, note)
    withdrawn = clinic.blume.withdraw(note)
    await clinic.relay()
    second = row_of(clinic, withdrawn)

    text = await _shown(clinic, second)

    assert "Versions of the same form" in text
    assert first.key in text
    assert "retire-by-hand: The patient withdrew or corrected the form." in text


async def test_every_look_is_audited_before_it_is_printed(clinic: Clinic) -> None:
    """When the first line cannot even be printed, the look is in the trail already."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row = row_of(clinic, note)

    def broken(_: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await show(a_visit(clinic, "Ana (root)"), row.key, broken)

    (entry,) = audited(clinic, "show")
    assert (entry.actor, entry.entity, entry.what) == ("Ana (root)", row.subject, row.key)
    clinic.ledger.verify_audit()


async def test_a_look_that_cannot_be_audited_shows_nothing(clinic: Clinic) -> None:
    """The trail comes first: where it cannot be written, nobody's name appears."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row, printed = row_of(clinic, note), list[str]()
    with clinic.ledger._database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry RENAME TO hidden")

    with pytest.raises(Exception, match="audit_entry"):
        await show(a_visit(clinic), row.key, printed.append)

    assert printed == []


async def test_whoever_turns_out_to_be_the_patient_is_audited_too(clinic: Clinic) -> None:
    """Held when nobody could tell whose it is; the issuer is known now, so the look counts."""
    note = clinic.blume.misbehave("no-issuer")
    await clinic.relay()
    row = row_of(clinic, note)
    wire = clinic.file.site.omegaai
    known = wire.model_copy(
        update={"issuers": {**wire.issuers, "urn:oid:2.16.76.1.99.404": "AWAY"}}
    )
    clinic.file = clinic.file.model_copy(
        update={"site": clinic.file.site.model_copy(update={"omegaai": known})}
    )

    text = await _shown(clinic, row)

    assert f"{note.patient_number}^^^AWAY" in text
    entities = {entry.entity for entry in audited(clinic, "show")}
    assert len(entities - {row.subject}) == 1


async def test_omegaai_away_still_shows_what_the_ledger_knows(clinic: Clinic) -> None:
    """State and history are ours; only the name has to wait."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row, lines = row_of(clinic, note), list[str]()
    clinic.omegaai.faults.html_200 = True

    asked = await show(a_visit(clinic, locale="en-US"), row.key, lines.append)

    assert not asked
    assert any("Could not be read at OmegaAI: process" in line for line in lines)
    assert any("verified" in line for line in lines)


async def test_a_form_deleted_at_omegaai_says_so(clinic: Clinic) -> None:
    """Its history is still ours to tell."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row = row_of(clinic, note)
    clinic.omegaai.remove(*note.source_id.split("/"))

    assert "Could not be read at OmegaAI: vanished" in await _shown(clinic, row)


async def test_an_unknown_key_is_refused(clinic: Clinic) -> None:
    """As is another organization's, where two share a database."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    elsewhere = a_visit(clinic)
    organization = clinic.file.organization.model_copy(update={"slug": "hillside"})
    file = clinic.file.model_copy(update={"organization": organization})
    elsewhere = replace(elsewhere, desk=replace(elsewhere.desk, file=file))

    for visit, key in ((a_visit(clinic), "A" * 20), (elsewhere, row_of(clinic, note).key)):
        with pytest.raises(UnknownEffect):
            await show(visit, key, lambda line: None)


async def test_a_name_cannot_command_the_terminal(clinic: Clinic) -> None:
    """What a patient typed is shown, never obeyed: escape sequences become dots."""
    visit = replace(clinic.world.visits[0], family="Sil\x1b[2Jva\u202e", patient_id="evil")
    note = _with_a_patient_of_their_own(clinic, visit.family)
    await clinic.relay()

    text = await _shown(clinic, row_of(clinic, note))

    assert "Sil·[2Jva·" in text
    assert "\x1b" not in text


def _with_a_patient_of_their_own(clinic: Clinic, family: str) -> Submitted:
    visit = clinic.world.visits[0]
    patient = clinic.omegaai.read("Patient", visit.patient_id)
    patient = {**patient, "name": [{"family": family, "given": ["Ana"]}]}
    patient.pop("meta", None)
    clinic.omegaai.load([patient])
    return clinic.blume.submit_normal(visit, "clinical")


# -- the document


async def test_a_document_that_waits_is_saved_as_it_would_be_sent(
    clinic: Clinic, tmp_path: Path
) -> None:
    """From the outbox, byte for byte; only its owner can read the file."""
    clinic.mode(Mode.WATCH)
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row, path = row_of(clinic, note), tmp_path / "form.pdf"

    text = await _shown(clinic, row, document=path)

    assert row.state is EffectState.PLANNED
    assert sha256(path.read_bytes()).hexdigest() == row.digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "the bytes prepared for sending" in text
    assert [entry.what for entry in audited(clinic, "save-document")] == [row.key]


@pytest.mark.parametrize("shape", ["normal", "pdf"])
async def test_a_document_that_was_delivered_is_prepared_again(
    clinic: Clinic, tmp_path: Path, shape: str
) -> None:
    """The outbox has forgotten it; the same answers give the same bytes."""
    visit = clinic.world.visits[0]
    if shape == "pdf":
        note = clinic.blume.submit_pdf(visit, "clinical")
    else:
        note = clinic.blume.submit_normal(visit, "clinical")
    await clinic.relay()
    row, path = row_of(clinic, note), tmp_path / "form.pdf"

    text = await _shown(clinic, row, document=path, locale="pt-BR")  # as it was delivered

    assert row.state is EffectState.VERIFIED
    assert sha256(path.read_bytes()).hexdigest() == row.digest
    assert "preparado de novo; bytes iguais aos planejados" in text


async def test_a_document_of_other_bytes_than_planned_says_so(
    clinic: Clinic, tmp_path: Path
) -> None:
    """The facility has another name since, and it stands on the page."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    facility = clinic.file.organization.facilities[0].model_copy(update={"name": "RENAMED"})
    organization = clinic.file.organization.model_copy(update={"facilities": [facility]})
    clinic.file = clinic.file.model_copy(update={"organization": organization})

    text = await _shown(clinic, row_of(clinic, note), document=tmp_path / "form.pdf")

    assert "NOT the bytes that were planned" in text


async def test_an_existing_file_is_never_overwritten(clinic: Clinic, tmp_path: Path) -> None:
    """Nor a link to one followed."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    path, link = tmp_path / "precious", tmp_path / "link"
    path.write_text("precious")
    link.symlink_to(tmp_path / "nowhere")

    for taken in (path, link):
        with pytest.raises(FileExistsError):
            await _shown(clinic, row_of(clinic, note), document=taken)
    assert path.read_text() == "precious"


async def test_a_form_without_a_document_says_so(clinic: Clinic, tmp_path: Path) -> None:
    """An unknown patient's form cannot be prepared; no empty file is left."""
    note = clinic.blume.misbehave("unknown-patient")
    await clinic.relay()

    text = await _shown(clinic, row_of(clinic, note), document=tmp_path / "form.pdf")

    assert "This effect has no document to show." in text
    assert not (tmp_path / "form.pdf").exists()


async def test_of_a_tombstone_only_its_stone_is_shown(clinic: Clinic) -> None:
    """After retention the ledger knows neither source nor person, and says so."""
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    await clinic.relay()
    row = row_of(clinic, note)
    clinic.ledger.retire(clinic.now().replace(year=clinic.now().year + 1))

    text = await _shown(clinic, row)

    assert "Only a tombstone is left" in text
    assert clinic.world.visits[0].family not in text
