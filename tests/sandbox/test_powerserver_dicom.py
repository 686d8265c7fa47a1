"""PowerServer's DICOM station: what it shows, what it gives, what it takes."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelMove,
)

from accord.sandbox.powerserver import PowerServerSim
from tests.sandbox.powerserver_neighbours import (
    ANA,
    CLINICAL,
    ODD_PDF,
    PDF,
    REGISTRATION,
    RUI,
    Reader,
    SteppedClock,
    answered,
    clinical,
    mdm,
    reader,
)


@pytest.fixture
def ps() -> Iterator[PowerServerSim]:
    with PowerServerSim([ANA, RUI]) as powerserver:
        yield powerserver


def walk(dicom: Reader, study_uid: str) -> list[Dataset]:
    """Give a study's documents by the hierarchy: series, then images."""
    return [
        row
        for series in dicom.find("SERIES", StudyInstanceUID=study_uid, SeriesInstanceUID="")
        for row in dicom.find(
            "IMAGE",
            StudyInstanceUID=study_uid,
            SeriesInstanceUID=series.SeriesInstanceUID,
            SOPInstanceUID="",
            DocumentTitle="",
            ContentDate="",
            ContentTime="",
            InstanceCreationTime="",
            ConceptNameCodeSequence=[],
            document_type="",
        )
    ]


def test_echo(ps: PowerServerSim) -> None:
    with reader(ps.dicom_port) as dicom:
        assert dicom.association.send_c_echo().Status == 0x0000


def test_a_study_shows_its_status_and_priority(ps: PowerServerSim) -> None:
    """The retired tags (0032,000A) and (0032,000C) come back, as the vendor documents."""
    with reader(ps.dicom_port) as dicom:
        (study,) = dicom.find(
            "STUDY",
            AccessionNumber="A2600001",
            StudyInstanceUID="",
            PatientID="",
            IssuerOfPatientID="",
            PatientName="",
            StudyDate="",
            StudyTime="",
            StudyStatusID="",
            StudyPriorityID="",
        )
    assert (study.StudyInstanceUID, study.PatientID) == ("2.25.1001", "LK-1001")
    assert (study.StudyStatusID, study.StudyPriorityID) == ("CONFIRMED", "MED")
    assert study.IssuerOfPatientID == "LAKESIDE"
    assert str(study.PatientName) == "Conceição^Ana"
    assert (study.StudyDate, study.StudyTime) == ("20261124", "080000")


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        pytest.param({}, {"2.25.1001", "2.25.1002"}, id="all"),
        pytest.param({"PatientID": "LK-1002"}, {"2.25.1002"}, id="patient"),
        pytest.param({"PatientID": "LK-*"}, {"2.25.1001", "2.25.1002"}, id="wildcard"),
        pytest.param(
            {"PatientID": "LK-1001", "IssuerOfPatientID": "ELSEWHERE"}, set(), id="other-issuer"
        ),
        pytest.param({"StudyDate": "20261125"}, {"2.25.1002"}, id="day"),
        pytest.param({"StudyDate": "20261101-20261124"}, {"2.25.1001"}, id="range"),
        pytest.param({"StudyDate": "20261125-"}, {"2.25.1002"}, id="open-range"),
        pytest.param({"StudyStatusID": "SCHEDULED"}, set(), id="status"),
        pytest.param({"PatientName": "sant'anna*"}, {"2.25.1002"}, id="name-caseless"),
        pytest.param({"ModalitiesInStudy": "MR"}, {"2.25.1002"}, id="modality"),
        pytest.param(
            {"StudyInstanceUID": ["2.25.1001", "2.25.1002", "2.25.9"]},
            {"2.25.1001", "2.25.1002"},
            id="uid-list",
        ),
        pytest.param({"AccessionNumber": "A9"}, set(), id="unknown-accession"),
    ],
)
def test_studies_are_found_by_their_keys(
    ps: PowerServerSim, keys: dict[str, Any], found: set[str]
) -> None:
    with reader(ps.dicom_port) as dicom:
        rows = dicom.find("STUDY", **{"StudyInstanceUID": "", **keys})
    assert {row.StudyInstanceUID for row in rows} == found


def test_a_filed_document_is_seen_with_level_type_title_and_time(ps: PowerServerSim) -> None:
    """What the vendor's own systems write: DT.01/99RAMSOFT and (311B,1010)."""
    answered(ps.hl7_port, clinical(title="Questionário clínico"))
    with reader(ps.dicom_port) as dicom:
        (document,) = walk(dicom, "2.25.1001")

    level = document.ConceptNameCodeSequence[0]
    assert (level.CodeValue, level.CodingSchemeDesignator) == ("DT.01", "99RAMSOFT")
    assert level.CodeMeaning == "Study Level"
    assert document.DocumentTitle == "Questionário clínico"
    held = document[0x311B1010].value
    assert (held.decode() if isinstance(held, bytes) else held) == CLINICAL
    assert (document.ContentDate, document.ContentTime) == ("20261123", "113000")
    assert document.SOPInstanceUID == ps.documents[0].sop_uid


def test_a_patients_documents_hang_on_a_study_of_their_own(ps: PowerServerSim) -> None:
    """Found by patient and issuer; the exam's study stays without them."""
    answered(ps.hl7_port, mdm())
    with reader(ps.dicom_port) as dicom:
        studies = dicom.find(
            "STUDY",
            PatientID="LK-1001",
            IssuerOfPatientID="LAKESIDE",
            StudyInstanceUID="",
            AccessionNumber="",
        )
        assert len(studies) == 2
        (carrier,) = [study for study in studies if not study.AccessionNumber]
        (document,) = walk(dicom, carrier.StudyInstanceUID)
        assert walk(dicom, "2.25.1001") == []
    assert document.ConceptNameCodeSequence[0].CodeMeaning == "Patient Level"


@pytest.mark.parametrize("content", [PDF, ODD_PDF], ids=["even", "odd"])
def test_a_document_comes_back_byte_for_byte(ps: PowerServerSim, content: bytes) -> None:
    """C-GET; an odd length is padded with one NUL and (0042,0015) says where it ends."""
    answered(ps.hl7_port, clinical(content=content))
    with reader(ps.dicom_port) as dicom:
        status, (document,) = dicom.get(
            StudyInstanceUID="2.25.1001",
            SeriesInstanceUID=ps.documents[0].series_uid,
            SOPInstanceUID=ps.documents[0].sop_uid,
        )
    assert status == 0x0000
    held = bytes(document.EncapsulatedDocument)
    assert len(held) % 2 == 0
    assert held[: document.EncapsulatedDocumentLength] == content
    assert document.MIMETypeOfEncapsulatedDocument == "application/pdf"


def test_a_whole_study_can_be_fetched(ps: PowerServerSim) -> None:
    for number in range(3):
        answered(ps.hl7_port, clinical(f"ID-{number}", content=PDF + bytes([number])))
    with reader(ps.dicom_port) as dicom:
        _, documents = dicom.get("STUDY", StudyInstanceUID="2.25.1001")
    assert {document.SOPInstanceUID for document in documents} == {
        each.sop_uid for each in ps.documents
    }


def test_documents_can_be_moved_to_a_known_station(ps: PowerServerSim) -> None:
    arrived: list[str] = []

    def take(event: evt.Event) -> int:
        arrived.append(event.dataset.SOPInstanceUID)
        return 0x0000

    entity = AE("ARCHIVE")
    entity.add_supported_context(EncapsulatedPDFStorage)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)]
    )
    assert server is not None
    try:
        ps.settings.move_destinations["ARCHIVE"] = ("127.0.0.1", server.server_address[1])
        answered(ps.hl7_port, clinical())
        asked = Dataset()
        asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", "2.25.1001"
        with reader(ps.dicom_port) as dicom:
            statuses = {
                destination: [
                    answer.Status
                    for answer, _ in dicom.association.send_c_move(
                        asked, destination, StudyRootQueryRetrieveInformationModelMove
                    )
                ][-1]
                for destination in ("ARCHIVE", "NOBODY")
            }
    finally:
        server.shutdown()
    assert arrived == [ps.documents[0].sop_uid]
    assert statuses == {"ARCHIVE": 0x0000, "NOBODY": 0xA801}


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        pytest.param("SERIES", {"PatientID": "LK-1001"}, id="series-without-study"),
        pytest.param("IMAGE", {"StudyInstanceUID": "2.25.1001"}, id="image-without-series"),
        pytest.param("SERIES", {"StudyInstanceUID": ["2.25.1", "2.25.2"]}, id="two-studies"),
        pytest.param("PATIENT", {"PatientID": "LK-1001"}, id="patient-level"),
    ],
)
def test_relational_queries_are_refused(
    ps: PowerServerSim, level: str, keys: dict[str, Any]
) -> None:
    """Hierarchical queries only."""
    with reader(ps.dicom_port) as dicom:
        status, rows = dicom.find_with_status(level, **keys)
    assert (status, rows) == (0xA900, [])


def test_a_result_over_the_limit_is_cut_without_a_word() -> None:
    """Success and exactly one hundred rows: the trap of the vendor's default."""
    visits = [
        {**ANA, "accession": f"A{n}", "study_uid": f"2.25.{n}", "placer_order": f"P{n}"}
        for n in range(1, 131)
    ]
    with PowerServerSim(visits) as ps, reader(ps.dicom_port) as dicom:
        assert len(dicom.find("STUDY", StudyDate="20261124", StudyInstanceUID="")) == 100
        assert len(dicom.find("STUDY", AccessionNumber="A7", StudyInstanceUID="")) == 1


def test_a_document_shows_after_its_delay() -> None:
    """Filed at once, seen later: eventual consistency."""
    clock = SteppedClock()
    with PowerServerSim([ANA], visible_after_s=30, clock=clock) as ps:
        answered(ps.hl7_port, clinical())
        with reader(ps.dicom_port) as dicom:
            assert walk(dicom, "2.25.1001") == []
            clock.step(31)
            assert len(walk(dicom, "2.25.1001")) == 1


def test_replaced_and_withdrawn_documents_leave_dicom(ps: PowerServerSim) -> None:
    answered(ps.hl7_port, clinical("FIRST"))
    answered(ps.hl7_port, clinical("SECOND", event="T10", parent="FIRST"))
    answered(ps.hl7_port, clinical("THIRD", title="other"))
    answered(ps.hl7_port, clinical("FOURTH", event="T11", parent="THIRD"))
    with reader(ps.dicom_port) as dicom:
        (row,) = walk(dicom, "2.25.1001")
    assert row.SOPInstanceUID == ps.documents[1].sop_uid


def test_texts_are_cut_to_what_dicom_carries() -> None:
    """Nobody's long name, free-text priority or stray backslash breaks an answer."""
    visit = {
        **ANA,
        "family": "Albuquerque Cavalcanti de Vasconcelos e Holanda Montenegro^=\\",
        "given": "Maria Aparecida",
        "accession": "A2611000000000000001",
        "description": "x" * 80,
        "priority": "Scheduled Status!",
        "modality": "Ultrasound, abdominal",
    }
    with PowerServerSim([visit]) as ps, reader(ps.dicom_port) as dicom:
        answered(ps.hl7_port, mdm(title="a\\E\\b" * 30, document_type="y" * 70))
        (study,) = [
            row
            for row in dicom.find(
                "STUDY",
                PatientID="LK-1001",
                StudyInstanceUID="",
                PatientName="",
                AccessionNumber="",
                StudyDescription="",
                StudyPriorityID="",
                ModalitiesInStudy="",
            )
            if row.AccessionNumber
        ]
        (carrier,) = {each.study_uid for each in ps.documents}
        (document,) = walk(dicom, carrier)
    assert (len(str(study.PatientName)), len(study.AccessionNumber)) == (64, 16)
    assert len(study.StudyDescription) == 64
    assert study.StudyPriorityID == "SCHEDULED STATUS"
    assert study.ModalitiesInStudy == "ULTRASOUND ABDOM"
    assert document.DocumentTitle == "a\\b" * 30


def test_the_worklist_lists_what_is_booked(ps: PowerServerSim) -> None:
    asked, step = Dataset(), Dataset()
    asked.PatientID = asked.AccessionNumber = asked.StudyInstanceUID = ""
    asked.StudyStatusID = ""
    step.Modality, step.ScheduledProcedureStepStartDate = "", "20261125"
    step.ScheduledProcedureStepStartTime = ""
    asked.ScheduledProcedureStepSequence = [step]
    with reader(ps.dicom_port) as dicom:
        rows = [
            row
            for _, row in dicom.association.send_c_find(asked, ModalityWorklistInformationFind)
            if row is not None
        ]
    (row,) = rows
    assert (row.PatientID, row.AccessionNumber) == ("LK-1002", "A2600002")
    assert row.ScheduledProcedureStepSequence[0].Modality == "MR"


def encapsulated(**changes: Any) -> Dataset:
    """An Encapsulated PDF for Ana's study as a neighbour would store it."""
    stored = Dataset()
    stored.file_meta = FileMetaDataset()
    stored.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stored.SpecificCharacterSet = "ISO_IR 192"
    stored.SOPClassUID, stored.SOPInstanceUID = EncapsulatedPDFStorage, "2.25.500"
    stored.PatientID, stored.IssuerOfPatientID = "LK-1001", "LAKESIDE"
    stored.StudyInstanceUID, stored.SeriesInstanceUID = "2.25.1001", "2.25.501"
    stored.AccessionNumber, stored.Modality = "A2600001", "DOC"
    stored.ContentDate, stored.ContentTime = "20261123", "113000"
    stored.DocumentTitle = "Questionário"
    stored.EncapsulatedDocument = PDF
    stored.EncapsulatedDocumentLength = len(PDF)
    level = Dataset()
    level.CodeValue, level.CodingSchemeDesignator = "DT.01", "99RAMSOFT"
    level.CodeMeaning = changes.pop("level", "Study Level")
    stored.ConceptNameCodeSequence = [level]
    stored.private_block(0x311B, "RAMSOFT", create=True).add_new(
        0x10, "LO", changes.pop("document_type", CLINICAL)
    )
    for keyword, value in changes.items():
        setattr(stored, keyword, value)
    return stored


def store(ps: PowerServerSim, stored: Dataset) -> int:
    with reader(ps.dicom_port) as dicom:
        return int(dicom.association.send_c_store(stored).Status)


def test_a_stored_pdf_keeps_its_uid_and_is_filed_once(ps: PowerServerSim) -> None:
    """C-STORE by SOP UID is idempotent: the second leaves one document and the status."""
    assert store(ps, encapsulated()) == 0x0000
    assert store(ps, encapsulated()) == 0x0000

    (document,) = ps.documents
    assert (document.sop_uid, document.content) == ("2.25.500", PDF)
    assert (document.section, document.document_type) == ("Documents", CLINICAL)
    assert document.source == "accord"
    assert ps.archive.studies["2.25.1001"].status == "CONFIRMED"


def test_a_stored_object_may_advance_its_study(ps: PowerServerSim) -> None:
    """The documented danger: a form before the exam completes it."""
    ps.faults.advance_status_on_store = True
    store(ps, encapsulated())
    assert ps.archive.studies["2.25.1001"].status == "COMPLETED"


def test_a_stored_patient_document_is_patient_level(ps: PowerServerSim) -> None:
    stored = encapsulated(
        level="Patient Level", document_type=REGISTRATION, StudyInstanceUID="2.25.600"
    )
    stored.AccessionNumber = ""
    assert store(ps, stored) == 0x0000
    (document,) = ps.documents
    assert (document.section, document.document_type) == ("Patient Documents", REGISTRATION)
    with reader(ps.dicom_port) as dicom:
        assert len(walk(dicom, "2.25.600")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"PatientID": "LK-9"}, id="unknown-patient"),
        pytest.param({"IssuerOfPatientID": ""}, id="no-issuer"),
        pytest.param({"StudyInstanceUID": "2.25.1002"}, id="study-of-another-patient"),
        pytest.param({"EncapsulatedDocument": b""}, id="no-document"),
    ],
)
def test_what_cannot_be_stored_is_refused(ps: PowerServerSim, changes: dict[str, Any]) -> None:
    assert store(ps, encapsulated(**changes)) in {0xA700, 0xC000}
    assert ps.documents == []


def test_the_station_list_refuses_strangers() -> None:
    with PowerServerSim([ANA], stations=frozenset({"ACCORD"})) as ps:
        with reader(ps.dicom_port, calling="STRANGER") as dicom:
            assert dicom.association.is_rejected
        with reader(ps.dicom_port) as dicom:
            assert dicom.association.is_established


def test_accepted_associations_do_not_wait_for_full_packets(ps: PowerServerSim) -> None:
    """TCP_NODELAY on the station's side; without it each answer waits 40 ms (measured.md)."""
    with reader(ps.dicom_port):
        (association,) = ps._dicom._server.active_associations
        wrapped = association.dul.socket
        assert wrapped is not None and wrapped.socket is not None
        assert wrapped.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
