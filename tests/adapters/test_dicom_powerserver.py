"""Our DICOM client against the sandbox's PowerServer, which somebody else wrote."""

import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accord.adapters.dicom import DicomStation
from accord.adapters.dicom_documents import DicomDocuments
from accord.adapters.dicom_encapsulated import uid_of
from accord.adapters.dicom_filing import (
    DicomFiling,
    StatusMoved,
)
from accord.adapters.errors import Unavailable
from accord.domain.documents import AnswerKind, DocumentOrder
from accord.domain.effects import Intent
from accord.domain.forms import FormKind, Section
from accord.domain.identifiers import AccessionNumber, Digest, EffectKey, Issuer, PatientNumber
from accord.domain.people import Patient, PatientId
from accord.domain.wires import DicomWire, FilingSettings, PatientLevelStudy, Retrieve
from accord.sandbox.powerserver import PowerServerSim
from accord.sandbox.powerserver_filing import Filing

ZONE = ZoneInfo("America/Sao_Paulo")
ANA = PatientId(number=PatientNumber("LK-1001"), issuer=Issuer("LAKESIDE"))
VISIT = AccessionNumber("A2600001")
PDF = b"%PDF-1.4 odd bytes\n%%EOF"
WORLD: list[dict[str, Any]] = [
    {
        "patient_number": ANA.number,
        "issuer": ANA.issuer,
        "family": "Conceição",
        "given": "Ana",
        "accession": VISIT,
        "study_uid": "2.25.1001",
        "modality": "CT",
        "start": "2026-11-24T08:00:00-03:00",
    }
]


@pytest.fixture
def powerserver() -> Iterator[PowerServerSim]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with PowerServerSim(WORLD, move_destinations={"ACCORD": ("127.0.0.1", port)}) as running:
        yield running


@pytest.fixture(params=[Retrieve.GET, Retrieve.MOVE], ids=["get", "move"])
def station(powerserver: PowerServerSim, request: pytest.FixtureRequest) -> Iterator[DicomStation]:
    _, move_port = powerserver.settings.move_destinations["ACCORD"]
    wire = DicomWire(
        host="127.0.0.1",
        port=powerserver.dicom_port,
        retrieve=request.param,
        move_port=move_port,
        timeout_s=5,
    )
    with DicomStation(wire) as opened:
        yield opened


@pytest.fixture
def documents(station: DicomStation) -> DicomDocuments:
    return DicomDocuments(station, ZONE)


@pytest.fixture
def filing(station: DicomStation, documents: DicomDocuments) -> DicomFiling:
    own = FilingSettings(patient_level=PatientLevelStudy.OWN)
    return DicomFiling(station, documents, ZONE, own)


def an_order(key: str, section: Section = Section.DOCUMENTS) -> DocumentOrder:
    registration = section is Section.PATIENT_DOCS
    return DocumentOrder(
        key=EffectKey(key * 20),
        intent=Intent.FILE_DOCUMENT,
        kind=FormKind.REGISTRATION if registration else FormKind.CLINICAL,
        patient=Patient(id=ANA, family="Conceição", given="Ana"),
        section=section,
        document_type="PATIENT REGISTRATION FORM" if registration else "CLINICAL",
        title="Formulário",
        accession=None if registration else VISIT,
        at=datetime(2026, 11, 23, 15, 5, tzinfo=UTC),
        submitted_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        content=PDF,
        digest=Digest("0" * 64),
    )


@pytest.mark.parametrize("section", list(Section), ids=str)
def test_a_filed_form_is_read_back_from_its_section(
    documents: DicomDocuments, filing: DicomFiling, section: Section
) -> None:
    order = an_order("A", section)
    assert filing.store_document(order).kind is AnswerKind.LANDED
    assert filing.store_document(order).kind is AnswerKind.LANDED
    (seen,) = documents.documents_of(ANA, order.accession).documents
    assert (seen.sop_uid, seen.section) == (uid_of(order.key), section)
    assert (seen.document_type, seen.title) == (order.document_type, order.title)
    assert seen.at == order.submitted_at
    assert documents.fetch(seen).content == PDF


def test_what_others_filed_is_seen_too(
    powerserver: PowerServerSim, documents: DicomDocuments
) -> None:
    study = powerserver.archive.studies["2.25.1001"]
    filed = powerserver.file(
        Filing(
            patient=(ANA.issuer, ANA.number),
            study=study,
            document_type="CLINICAL",
            title="from the vendor",
            content=PDF,
        )
    )
    assert filed is not None
    (seen,) = documents.documents_of(ANA, VISIT).documents
    assert (seen.sop_uid, seen.title) == (filed.sop_uid, "from the vendor")
    assert documents.sees(seen.study_uid, seen.series_uid, seen.sop_uid)


def test_a_store_that_completes_the_appointment_stops_the_route(
    powerserver: PowerServerSim, filing: DicomFiling
) -> None:
    """The documented danger of domain.md 5.2, seen and not repeated."""
    powerserver.faults.advance_status_on_store = True
    with pytest.raises(StatusMoved):
        filing.store_document(an_order("A"))
    with pytest.raises(StatusMoved):
        filing.store_document(an_order("B"))
    assert len(powerserver.documents) == 1


def test_without_the_guard_nobody_would_notice(
    powerserver: PowerServerSim, filing: DicomFiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard taken away: the appointment is completed, and all looks well."""
    monkeypatch.setattr(DicomFiling, "_check_unmoved", lambda *_: None)
    powerserver.faults.advance_status_on_store = True
    assert filing.store_document(an_order("A")).kind is AnswerKind.LANDED
    assert powerserver.archive.studies["2.25.1001"].status == "COMPLETED"


def test_a_read_back_that_is_down_is_no_absence(
    powerserver: PowerServerSim, documents: DicomDocuments, filing: DicomFiling
) -> None:
    filing.store_document(an_order("A"))
    powerserver.faults.read_back_down = True
    with pytest.raises(Unavailable):
        documents.documents_of(ANA, VISIT)
    powerserver.faults.read_back_down = False
    assert len(documents.documents_of(ANA, VISIT).documents) == 1


def test_the_days_studies_are_found(documents: DicomDocuments) -> None:
    found = documents.studies_on(date(2026, 11, 24), date(2026, 11, 24))
    (study,) = found.studies
    assert (study.patient, study.accession, found.complete) == (ANA, VISIT, True)
    assert study.at == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
