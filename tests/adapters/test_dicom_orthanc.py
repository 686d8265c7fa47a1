"""Our DICOM client against stations and tools that nobody here wrote: Orthanc and DCMTK."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset

from accord.adapters.dicom import DicomStation, Level
from accord.adapters.dicom_association import Line, Service
from accord.adapters.dicom_documents import DicomDocuments
from accord.adapters.dicom_encapsulated import encapsulate, uid_of
from accord.adapters.dicom_filing import DicomFiling
from accord.adapters.dicom_studies import study_keys
from accord.adapters.errors import Rejected, Unavailable
from accord.domain.documents import AnswerKind
from accord.domain.forms import Section
from accord.domain.identifiers import EffectKey, Issuer, Uid
from accord.domain.people import PatientId
from accord.domain.wires import DicomWire, Retrieve
from tests.adapters.orthanc_server import require_dcmtk, require_orthanc, running
from tests.adapters.test_dicom_documents import JOANA, PDF, SAO_PAULO, VISIT, an_order

pytestmark = pytest.mark.orthanc


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomWire]:
    require_orthanc()
    with running(tmp_path_factory.mktemp("orthanc")) as wire:
        yield wire


@pytest.fixture(scope="module")
def visit(orthanc: DicomWire) -> Dataset:
    """A study as a modality would have begun it, with the status a RamSoft station returns."""
    begun = encapsulate(
        an_order("M" * 20, content=b"%PDF by the modality"),
        study=None,
        zone=SAO_PAULO,
        private_creator="RAMSOFT",
    )
    begun.StudyInstanceUID, begun.AccessionNumber = "1.2.3.1", VISIT
    begun.StudyStatusID, begun.StudyPriorityID = "READYFORSCAN", "SCHEDULED STATUS"
    with DicomStation(orthanc) as station:
        station.store(begun)
    return begun


@pytest.fixture(params=[Retrieve.GET, Retrieve.MOVE], ids=["get", "move"])
def station(orthanc: DicomWire, request: pytest.FixtureRequest) -> Iterator[DicomStation]:
    with DicomStation(orthanc.model_copy(update={"retrieve": request.param})) as opened:
        yield opened


@pytest.fixture
def documents(station: DicomStation) -> DicomDocuments:
    return DicomDocuments(station, SAO_PAULO)


def test_its_find_answers_the_study_status(station: DicomStation, visit: Dataset) -> None:
    """(0032,000A) and (0032,000C) come back at STUDY level if an object of the study holds them."""
    (row,) = station.find(Level.STUDY, study_keys(JOANA, VISIT)).rows
    assert (row.StudyStatusID, row.StudyPriorityID) == ("READYFORSCAN", "SCHEDULED STATUS")


def test_a_filed_document_is_found_again_and_its_bytes_are_equal(
    station: DicomStation, documents: DicomDocuments, visit: Dataset
) -> None:
    filing = DicomFiling(station, documents, SAO_PAULO)
    order = an_order("F" * 20, content=PDF + b"an odd tail")
    assert filing.store_document(order).kind is AnswerKind.LANDED
    (seen,) = [
        d for d in documents.documents_of(JOANA, VISIT).documents if d.sop_uid == uid_of(order.key)
    ]
    assert (seen.section, seen.document_type) == (Section.DOCUMENTS, "CLINICAL")
    assert (seen.title, seen.at) == (order.title, order.submitted_at)
    assert seen.issuer_returned
    assert documents.fetch(seen).content == order.content


def test_a_repeat_leaves_one_document(
    station: DicomStation, documents: DicomDocuments, visit: Dataset
) -> None:
    order = an_order("R" * 20)
    document = encapsulate(order, study=None, zone=SAO_PAULO, private_creator="RAMSOFT")
    document.StudyInstanceUID = visit.StudyInstanceUID
    assert station.store(document).kind is AnswerKind.LANDED
    assert station.store(document).kind is AnswerKind.LANDED
    uids = [d.sop_uid for d in documents.documents_of(JOANA).documents]
    assert uids.count(uid_of(order.key)) == 1


def test_many_documents_come_on_one_association(
    station: DicomStation, documents: DicomDocuments, visit: Dataset
) -> None:
    keys = [EffectKey(f"BULK{n:016}") for n in range(12)]
    for n, key in enumerate(keys):
        document = encapsulate(
            an_order(key, content=PDF * (n + 1)),
            study=None,
            zone=SAO_PAULO,
            private_creator="RAMSOFT",
        )
        document.StudyInstanceUID = visit.StudyInstanceUID
        station.store(document)
    ours = {uid_of(key) for key in keys}
    seen = [d for d in documents.documents_of(JOANA).documents if d.sop_uid in ours]
    fetched = documents.fetch_many(seen)
    assert fetched.missing == ()
    by_uid = {d.seen.sop_uid: d.content for d in fetched.documents}
    assert by_uid == {uid_of(key): PDF * (n + 1) for n, key in enumerate(keys)}


def test_a_document_that_is_not_there_does_not_come(
    documents: DicomDocuments, visit: Dataset
) -> None:
    (seen, *_) = documents.documents_of(JOANA).documents
    ghost = seen.model_copy(update={"sop_uid": Uid("2.25.404")})
    with pytest.raises((Unavailable, Rejected)):
        documents.fetch(ghost)
    assert documents.sees(seen.study_uid, seen.series_uid, seen.sop_uid)
    assert not documents.sees(ghost.study_uid, ghost.series_uid, ghost.sop_uid)


def test_the_same_number_of_another_issuer_is_another_person(
    documents: DicomDocuments, visit: Dataset
) -> None:
    """Whatever Orthanc does with the issuer as a key, the comparison here decides."""
    stranger = PatientId(number=JOANA.number, issuer=Issuer("OTHER"))
    assert documents.documents_of(stranger).documents == ()


def test_a_wrong_ae_title_names_the_setting(orthanc: DicomWire) -> None:
    wire = orthanc.model_copy(update={"ae_title": "WRONG"})
    with DicomStation(wire) as station, pytest.raises(Rejected, match=r"dicom\.ae_title"):
        station.echo()


def test_its_sockets_send_without_delay(orthanc: DicomWire) -> None:
    for service in (Service.QUERY, Service.GET, Service.MOVE, Service.STORE):
        line = Line(orthanc, service)
        option = line.socket.raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        line.close()
        assert option != 0


def test_dcmtk_reads_our_object_and_takes_out_the_same_bytes(tmp_path: Path) -> None:
    """dcmdump finds nothing to complain about; dcm2pdf writes the document byte for byte."""
    require_dcmtk()
    order = an_order(content=PDF + b"odd")
    document = encapsulate(order, study=None, zone=SAO_PAULO, private_creator="RAMSOFT")
    dcmwrite(tmp_path / "ours.dcm", document, enforce_file_format=True)

    dumped = subprocess.run(
        ["dcmdump", "+Ep", tmp_path / "ours.dcm"], capture_output=True, text=True, check=True
    )
    assert dumped.stderr == ""
    assert "CLINICAL" in dumped.stdout
    assert "Study Level" in dumped.stdout

    subprocess.run(["dcm2pdf", tmp_path / "ours.dcm", tmp_path / "out.pdf"], check=True)
    assert (tmp_path / "out.pdf").read_bytes() == order.content
