"""The C-STORE route of a whole clinic against a station nobody here wrote: Debian's Orthanc."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from accord.adapters.dicom import DicomStation
from accord.adapters.dicom_encapsulated import encapsulate
from accord.domain.documents import DocumentOrder
from accord.domain.effects import EffectState, Intent, Rung
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import (
    AccessionNumber,
    Digest,
    EffectKey,
    Issuer,
    PatientNumber,
)
from accord.domain.people import Patient, PatientId
from accord.domain.wires import DicomWire
from accord.sandbox.world import Visit
from tests.adapters.orthanc_server import require_orthanc, running
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_faults import run

pytestmark = pytest.mark.orthanc
S = EffectState
CLINICAL, REGISTRATION = "clinical", "registration"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose PowerServer is Orthanc, with the studies that modalities have begun."""
    require_orthanc()
    (tmp_path / "orthanc").mkdir()
    with running(tmp_path / "orthanc") as wire:
        route = {"document_route": "c-store", "filing": {"patient_level": "own"}}
        dicom = wire.model_dump(mode="json")
        with a_clinic(tmp_path, patients=4, powerserver=route, dicom=dicom) as opened:
            begin_studies(wire, opened.world.visits[:2])
            yield opened


def begin_studies(wire: DicomWire, visits: tuple[Visit, ...]) -> None:
    """Store a first object of each study, with the status that a RamSoft station returns."""
    with DicomStation(wire) as station:
        for number, visit in enumerate(visits):
            begun = encapsulate(
                order_of(visit, number),
                study=None,
                zone=ZoneInfo("America/Sao_Paulo"),
                private_creator="RAMSOFT",
            )
            begun.StudyInstanceUID, begun.AccessionNumber = visit.study_uid, visit.accession
            begun.StudyStatusID = "READYFORSCAN"
            station.store(begun)


def order_of(visit: Visit, number: int) -> DocumentOrder:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return DocumentOrder(
        key=EffectKey("M" * 19 + "ABCD"[number]),
        intent=Intent.FILE_DOCUMENT,
        patient=Patient(
            id=PatientId(number=PatientNumber(visit.patient_number), issuer=Issuer(visit.issuer)),
            family=visit.family,
            given=visit.given,
        ),
        section=Section.DOCUMENTS,
        document_type="MODALITY",
        title="Pedido",
        kind=FormKind.CLINICAL,
        accession=AccessionNumber(visit.accession),
        at=at,
        submitted_at=at,
        content=b"%PDF-1.4 by the modality",
        digest=Digest("0" * 64),
    )


async def test_forms_are_filed_and_read_back_byte_for_byte(clinic: Clinic) -> None:
    """Clinical and registration, rendered and PDF: verified once, and a rerun sends nothing."""
    first, second = clinic.world.visits[:2]
    clinic.blume.submit_normal(first, CLINICAL)
    clinic.blume.submit_pdf(first, CLINICAL)
    clinic.blume.submit_normal(second, REGISTRATION)
    clinic.blume.submit_pdf(second, CLINICAL)

    await clinic.relay(patience_s=10)
    attempts = [row.attempts for row in clinic.rows()]
    again = await clinic.relay(since=datetime(2020, 1, 1, tzinfo=UTC))

    assert [row.state for row in clinic.rows()] == [S.VERIFIED] * 4
    assert {row.rung for row in clinic.rows()} == {Rung.BYTES}
    assert [row.attempts for row in clinic.rows()] == attempts == [1] * 4
    assert clinic.task_kinds() == []
    assert again.totals.observed == 4


async def test_what_orthanc_holds_already_is_not_sent(clinic: Clinic) -> None:
    """The ledger is new and Orthanc is not: what it holds of ours is recognised."""
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)
    clinic.blume.submit_pdf(clinic.world.visits[1], CLINICAL)
    await clinic.relay(patience_s=10)
    other = clinic.directory / "other"
    other.mkdir()
    clinic.forget(other)

    await clinic.relay()

    assert [row.reason for row in clinic.rows()] == ["already-there"] * 2


async def test_a_study_that_orthanc_does_not_know(clinic: Clinic) -> None:
    """Parked; the others go."""
    clinic.blume.submit_normal(clinic.world.visits[3], CLINICAL)
    clinic.blume.submit_normal(clinic.world.visits[0], CLINICAL)

    await run(clinic, patience_s=10)

    assert sorted(f"{row.state} {row.reason}".strip() for row in clinic.rows()) == [
        "parked no-such-study",
        "verified",
    ]
