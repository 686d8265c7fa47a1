"""The vendor's own synchronisation: an actor with a seed."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from pypdf import PdfReader

from accord.sandbox import questionnaires
from accord.sandbox.blume import Blume
from accord.sandbox.omegaai import OmegaAISim
from accord.sandbox.omegaai_world import seed_world
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.vendor import Manners, VendorSync
from accord.sandbox.vendor_reading import OmegaAIDoor
from accord.sandbox.world import World
from tests.sandbox.powerserver_neighbours import SteppedClock, answered, mdm


class Clinic:
    """A small clinic with patients who submit and a vendor who may carry."""

    def __init__(self, omegaai: OmegaAISim, powerserver: PowerServerSim, world: World) -> None:
        self.omegaai, self.powerserver, self.world = omegaai, powerserver, world
        self.clock = SteppedClock()
        self.blume = Blume(omegaai, 5, world, self.clock)

    def vendor(self, *, seed: int = 0, **manners: object) -> VendorSync:
        sim = self.omegaai
        return VendorSync(
            door=OmegaAIDoor(sim.base_url, sim.token_url, sim.client_id, sim.client_secret),
            powerserver=self.powerserver,
            setting=self.world.setting,
            manners=replace(Manners(share=1.0), **manners),  # type: ignore[arg-type]  # by name
            seed=seed,
            clock=self.clock,
        )


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with OmegaAISim(seed=5) as omegaai:
        world = seed_world(omegaai, 5, 4)
        with PowerServerSim(world, seed=5) as powerserver:
            yield Clinic(omegaai, powerserver, world)


def test_a_pdf_form_arrives_byte_for_byte(clinic: Clinic) -> None:
    """Under a foreign UID, with a title and a time of the vendor's own."""
    note = clinic.blume.submit_pdf(clinic.world.visits[0], "clinical")
    clinic.clock.step(600)
    sweep = clinic.vendor().sweep()

    (document,) = clinic.powerserver.documents
    assert sweep.delivered[0].startswith(note.source_id)
    assert document.sha256 == note.pdf_digest
    assert (document.section, document.document_type) == ("Documents", "CLINICAL")
    assert (document.accession, document.source) == (note.accession, "vendor")
    assert document.title == "CLINICAL FORM 2026-11-23"
    assert document.content_at == clinic.clock.now


def test_a_normal_form_arrives_as_the_vendors_own_print(clinic: Clinic) -> None:
    visit = clinic.world.visits[1]
    clinic.blume.submit_normal(visit, "registration", questionnaires.REGISTRATION_PT)
    clinic.vendor().sweep()

    (document,) = clinic.powerserver.documents
    assert document.section == "Patient Documents"
    assert document.document_type == "PATIENT REGISTRATION FORM"
    assert document.patient_number == visit.patient_number
    printed = PdfReader(io.BytesIO(document.content)).pages[0].extract_text()
    assert visit.patient_number in printed
    assert "Estado civil" in printed


def test_a_form_is_brought_once(clinic: Clinic) -> None:
    """However often it looks; a new version is another form to it."""
    vendor = clinic.vendor()
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    vendor.sweep()
    assert vendor.sweep().delivered == ()
    clinic.blume.amend(note)
    assert len(vendor.sweep().delivered) == 1
    assert len(clinic.powerserver.documents) == 2


def test_it_waits_its_lag(clinic: Clinic) -> None:
    vendor = clinic.vendor(lag=timedelta(minutes=10))
    clinic.blume.submit_pdf(clinic.world.visits[0], "registration")
    assert len(vendor.sweep().waiting) == 1
    clinic.clock.step(601)
    assert len(vendor.sweep().delivered) == 1


def test_the_seed_decides_what_it_takes_up(clinic: Clinic) -> None:
    """The same forms for the same seed, in whatever order; others for another."""
    clinic.blume.submit_day(normal=12, pdf=8)
    first, again, other = (clinic.vendor(share=0.5, seed=seed).sweep() for seed in (1, 1, 2))
    assert set(first.delivered) == set(again.delivered)
    assert set(first.delivered) != set(other.delivered)
    assert first.left and first.delivered
    assert len(first.left) + len(first.delivered) == 20


def test_what_it_loses_never_arrives(clinic: Clinic) -> None:
    clinic.blume.submit_day(normal=2, pdf=2)
    vendor = clinic.vendor(losses=1.0)
    assert len(vendor.sweep().lost) == 4
    assert clinic.powerserver.documents == []


def test_it_leaves_what_is_not_submitted(clinic: Clinic) -> None:
    """In progress, withdrawn, or of a patient PowerServer does not know."""
    clinic.blume.misbehave("in-progress")
    note = clinic.blume.submit_normal(clinic.world.visits[0], "clinical")
    clinic.blume.withdraw(note)
    clinic.blume.misbehave("later-unpublished")
    sweep = clinic.vendor().sweep()
    assert (len(sweep.delivered), len(sweep.unplaceable)) == (0, 1)
    assert clinic.powerserver.documents == []


def test_it_may_write_pdf_forms_anew(clinic: Clinic) -> None:
    note = clinic.blume.submit_pdf(clinic.world.visits[0], "clinical")
    clinic.vendor(byte_equal_pdfs=False).sweep()
    assert clinic.powerserver.documents[0].sha256 != note.pdf_digest


def test_it_brings_nothing_while_omegaai_cannot_be_read(clinic: Clinic) -> None:
    clinic.blume.submit_pdf(clinic.world.visits[0], "clinical")
    clinic.omegaai.faults.storm_503 = True
    with pytest.raises(httpx.HTTPError):
        clinic.vendor().sweep()
    assert clinic.powerserver.documents == []


def test_its_copies_stand_beside_others(clinic: Clinic) -> None:
    """PowerServer tells who brought a document no further than it can know."""
    clinic.blume.submit_pdf(clinic.world.visits[0], "registration")
    clinic.vendor().sweep()
    visit = clinic.world.visits[0]
    answered(clinic.powerserver.hl7_port, mdm(patient=f"{visit.patient_number}^^^{visit.issuer}"))
    assert [each.source for each in clinic.powerserver.documents] == ["vendor", "accord"]
