"""The DICOM wire as a client: associations, queries, retrievals, stores, and what goes wrong."""

import logging
import pickle
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from accord.adapters.dicom import DicomStation, Level, ReadOnly
from accord.adapters.dicom_association import Line, Service
from accord.adapters.dicom_objects import ObjectRef
from accord.adapters.dicom_partial import OF_ONE_PLACE, NotHandedOut, OddObject
from accord.adapters.dicom_socket import acknowledge_at_once
from accord.adapters.errors import (
    Malformed,
    PeerError,
    Phase,
    Rejected,
    Unavailable,
    Uncertain,
)
from accord.domain.documents import AnswerKind
from accord.domain.identifiers import Uid
from accord.domain.wires import DicomWire, Retrieve
from tests.adapters.dicom_peer import ALL, Peer, Pipe, freezing, raw_port, serving

STUDY = "1.2.3.1"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer()) as running:
        yield running


@pytest.fixture
def station(peer: Peer) -> Iterator[DicomStation]:
    with DicomStation(peer.wire()) as opened:
        yield opened


def a_document(number: int, *, study: str = STUDY, content: bytes = b"%PDF-1.7 x") -> Dataset:
    document = Dataset()
    document.SOPClassUID = EncapsulatedPDFStorage
    document.SOPInstanceUID = f"1.2.3.9.{number}"
    document.StudyInstanceUID = study
    document.SeriesInstanceUID = f"1.2.3.5.{number}"
    document.Modality = "DOC"
    document.EncapsulatedDocument = content
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return document


def a_study(number: int, day: str = "20260301") -> Dataset:
    study = Dataset()
    study.StudyInstanceUID = f"1.2.3.{number}"
    study.StudyDate, study.StudyTime = day, "101500"
    study.PatientID, study.IssuerOfPatientID = "P1", "HOSP"
    return study


def ref(document: Dataset) -> ObjectRef:
    return ObjectRef(
        Uid(document.StudyInstanceUID),
        Uid(document.SeriesInstanceUID),
        Uid(document.SOPInstanceUID),
    )


def studies() -> Dataset:
    keys = Dataset()
    keys.StudyInstanceUID = ""
    return keys


class TestAssociations:
    def test_each_socket_sends_without_delay(
        self, peer: Peer, station: DicomStation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The option is read back from the very sockets that carried the requests."""
        opened = watch_lines(monkeypatch)
        document = a_document(1)
        peer.documents.append(document)

        station.echo()
        station.worklist(studies())
        station.retrieve([ref(document)])
        station.store(a_document(2))

        assert {line.service for line in opened} == set(Service) - {Service.MOVE}
        for line in opened:
            assert line.socket.raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

    def test_without_our_socket_there_would_be_a_delay(self, peer: Peer) -> None:
        """The guard taken away: pynetdicom's own socket leaves Nagle's algorithm on."""
        from pynetdicom import AE

        entity = AE()
        entity.add_requested_context(Verification)
        association = entity.associate("127.0.0.1", peer.port)
        wrapped = association.dul.socket
        assert wrapped is not None and wrapped.socket is not None
        assert wrapped.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
        association.release()

    @pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux only")
    def test_what_was_read_is_acknowledged_at_once(self) -> None:
        """A peer with Nagle's algorithm on waits for our acknowledgement before it goes on."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0
                acknowledge_at_once(sock)
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
            acknowledge_at_once(sock)  # closed meanwhile: nothing to say

    def test_one_association_carries_many_requests(self, peer: Peer, station: DicomStation) -> None:
        for _ in range(5):
            station.find(Level.STUDY, studies())
            station.echo()

        assert peer.noted["associations"] == 1

    def test_threads_share_a_few_associations(self, peer: Peer, station: DicomStation) -> None:
        """Eight threads, two associations: the others wait their turn, and all are served."""
        peer.studies.append(a_study(1))
        results: list[int] = []

        def ask() -> None:
            results.append(len(station.find(Level.STUDY, studies()).rows))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert results == [1] * 8
        assert peer.noted["associations"] <= 2

    def test_a_kept_association_that_broke_is_replaced_once(
        self, peer: Peer, station: DicomStation
    ) -> None:
        peer.studies.append(a_study(1))
        station.find(Level.STUDY, studies())
        peer.abort_finds = 1

        assert len(station.find(Level.STUDY, studies()).rows) == 1
        assert peer.noted["associations"] == 2

    def test_a_new_association_that_breaks_is_an_error(
        self, peer: Peer, station: DicomStation
    ) -> None:
        peer.abort_finds = 2

        with pytest.raises(Unavailable) as caught:
            station.find(Level.STUDY, studies())
        assert caught.value.phase is Phase.PROCESS
        assert peer.noted["find"] == 1

    def test_a_station_that_restarted_is_found_again(self, peer: Peer) -> None:
        """The station dropped our idle association while nobody looked."""
        with DicomStation(peer.wire()) as station:
            station.echo()
            for association in peer.associations:
                association.abort()
            station.echo()

        assert peer.noted["associations"] == 2

    def test_closing_ends_every_thread(self, peer: Peer) -> None:
        with DicomStation(peer.wire()) as station:
            station.echo()
            station.store(a_document(1))
            ours = [thread for thread in threading.enumerate() if is_ours(thread)]
            assert len(ours) == 4
        assert [thread for thread in ours if thread.is_alive()] == []

    def test_a_closed_station_opens_nothing_any_more(self, peer: Peer) -> None:
        station = DicomStation(peer.wire())
        station.close()
        with pytest.raises(Unavailable):
            station.echo()


def _http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def _closing(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.shutdown(socket.SHUT_RDWR)


def _silent(connection: socket.socket) -> None:
    connection.recv(4096)


def _half_a_pdu(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"\x02\x00\x00\x00\x01\x00half")


class TestWhatListensThere:
    @pytest.mark.parametrize(
        ("talk", "error", "phase", "says"),
        [
            pytest.param(_http, Malformed, Phase.ACCEPT, "does not speak DICOM", id="http"),
            pytest.param(_closing, Unavailable, Phase.ACCEPT, "dicom.port", id="closes"),
            pytest.param(_silent, Unavailable, Phase.ACCEPT, "answers nothing", id="silent"),
            pytest.param(_half_a_pdu, Unavailable, Phase.ACCEPT, "broke off", id="half-a-pdu"),
        ],
    )
    def test_a_port_that_is_no_station_is_named(
        self, talk: Any, error: type[PeerError], phase: Phase, says: str
    ) -> None:
        with (
            raw_port(talk) as port,
            DicomStation(a_wire(port, timeout_s=0.3)) as station,
            pytest.raises(error, match=says) as caught,
        ):
            station.echo()
        assert caught.value.phase is phase

    def test_a_port_nobody_listens_on(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with (
            DicomStation(a_wire(port)) as station,
            pytest.raises(Unavailable, match="nothing listens there") as caught,
        ):
            station.echo()
        assert caught.value.phase is Phase.CONNECT

    def test_a_name_without_address(self) -> None:
        wire = DicomWire(host="no such name", port=104)
        with (
            DicomStation(wire) as station,
            pytest.raises(Unavailable, match=r"dicom\.host") as caught,
        ):
            station.echo()
        assert caught.value.phase is Phase.RESOLVE

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            pytest.param({"ae_title": "WRONG"}, r"correct `dicom\.ae_title`", id="called"),
            pytest.param(
                {"calling_ae_title": "STRANGER"}, r"dicom\.calling_ae_title", id="calling"
            ),
        ],
    )
    def test_a_wrong_ae_title_names_the_setting(self, changes: dict[str, str], says: str) -> None:
        with (
            serving(Peer(), knows=("ACCORD",), called=True) as peer,
            DicomStation(peer.wire(**changes)) as station,
            pytest.raises(Rejected, match=says) as caught,
        ):
            station.echo()
        assert caught.value.phase is Phase.AUTHENTICATE
        assert caught.value.code.startswith("1/1/")

    @pytest.mark.parametrize("is_faster_than_we_look", [False, True])
    def test_a_station_with_too_many_associations_may_be_asked_later(
        self, monkeypatch: pytest.MonkeyPatch, is_faster_than_we_look: bool
    ) -> None:
        ask = ACSE.send_request

        def ask_and_be_slow(acse: ACSE) -> None:
            ask(acse)
            acse.dul.join(5)  # the rejection ends it

        if is_faster_than_we_look:
            monkeypatch.setattr(ACSE, "send_request", ask_and_be_slow)
        with (
            raw_port(lambda c: (c.recv(4096), c.sendall(_REJECTED_FOR_NOW))) as port,
            DicomStation(a_wire(port)) as station,
            pytest.raises(Unavailable, match="just now") as caught,
        ):
            station.echo()
        assert caught.value.code == "2/3/2"

    @pytest.mark.parametrize(
        ("services", "role", "act", "says"),
        [
            pytest.param((), True, "worklist", "none of the services", id="nothing"),
            pytest.param((Verification,), True, "find", "does not offer C-FIND", id="no-find"),
            pytest.param((Verification,), True, "get", "retrieve: move", id="no-get"),
            pytest.param(ALL, False, "get", "role selection refused", id="no-role"),
        ],
    )
    def test_a_service_not_offered_is_named(
        self, services: tuple[Any, ...], role: bool, act: str, says: str
    ) -> None:
        only = services or (StudyRootQueryRetrieveInformationModelFind,)
        acts: dict[str, Callable[[DicomStation], object]] = {
            "worklist": lambda station: station.worklist(studies()),
            "find": lambda station: station.find(Level.STUDY, studies()),
            "get": lambda station: station.retrieve([ref(a_document(1))]),
        }
        with (
            serving(Peer(services=only, grants_role=role)) as peer,
            DicomStation(peer.wire()) as station,
            pytest.raises(Rejected, match=says),
        ):
            acts[act](station)

    def test_errors_survive_pickling(self) -> None:
        with DicomStation(a_wire(9)) as station, pytest.raises(PeerError) as caught:
            station.echo()
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))


class TestAPeerThatFallsSilent:
    """The connection stays open, and the rest of a PDU never comes."""

    @pytest.fixture
    def pipe(self, peer: Peer) -> Iterator[Pipe]:
        with freezing(peer.port) as opened:
            yield opened

    @pytest.mark.parametrize("after", [0, 4, 40], ids=["nothing", "half-a-header", "half-a-pdu"])
    def test_a_question_ends_and_so_do_its_threads(
        self, peer: Peer, pipe: Pipe, after: int
    ) -> None:
        peer.studies += [a_study(n) for n in range(20)]
        before = set(threading.enumerate())
        with DicomStation(peer.wire(port=pipe.port, timeout_s=0.5)) as station:
            station.find(Level.STUDY, studies())
            ours = [t for t in threading.enumerate() if is_ours(t) and t not in before]
            pipe.freeze(after)
            with pytest.raises(Unavailable):
                station.find(Level.STUDY, studies())
        assert ours
        assert [t for t in ours if t.is_alive()] == []

    def test_a_document_sent_into_silence_is_uncertain(self, peer: Peer, pipe: Pipe) -> None:
        wire = peer.wire(port=pipe.port, timeout_s=0.5)
        with DicomStation(wire) as station, pytest.raises(Uncertain):
            station.store(a_document(1), before_send=lambda: pipe.freeze(0))
        assert len(peer.documents) == 1


class TestFinding:
    def test_rows_come_back_whole(self, peer: Peer, station: DicomStation) -> None:
        peer.studies += [a_study(n) for n in range(1, 4)]
        found = station.find(Level.STUDY, studies())
        assert [r.StudyInstanceUID for r in found.rows] == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]
        assert not found.truncated

    @pytest.mark.parametrize(
        ("held", "truncated"),
        [
            pytest.param(99, False, id="one-less"),
            pytest.param(100, True, id="exactly-the-limit"),
            pytest.param(250, True, id="more"),
        ],
    )
    def test_a_result_of_exactly_the_limit_counts_as_truncated(
        self, peer: Peer, station: DicomStation, held: int, truncated: bool
    ) -> None:
        peer.limit = 100
        peer.studies += [a_study(n) for n in range(held)]
        found = station.find(Level.STUDY, studies())
        assert (len(found.rows), found.truncated) == (min(held, 100), truncated)

    @pytest.mark.parametrize(
        ("status", "rows", "outcome"),
        [
            pytest.param(0xA700, 0, Unavailable, id="out-of-resources"),
            pytest.param(0xA700, 2, "truncated", id="out-of-resources-after-rows"),
            pytest.param(0xFE00, 0, Unavailable, id="cancelled"),
            pytest.param(0xA900, 0, Rejected, id="does-not-match-sop-class"),
            pytest.param(0xC000, 2, Rejected, id="unable-to-process"),
            pytest.param(0x0122, 0, Rejected, id="sop-class-not-supported"),
            pytest.param(0x0124, 0, Rejected, id="not-authorized"),
        ],
    )
    def test_statuses_say_what_to_do_next(
        self, peer: Peer, station: DicomStation, status: int, rows: int, outcome: Any
    ) -> None:
        peer.find_status = status
        peer.studies += [a_study(n) for n in range(rows)]
        if outcome == "truncated":
            assert station.find(Level.STUDY, studies()).truncated
            return
        with pytest.raises(outcome) as caught:
            station.find(Level.STUDY, studies())
        assert caught.value.code == f"0x{status:04X}"

    def test_a_slow_station_is_unavailable_and_the_next_question_is_answered(
        self, peer: Peer
    ) -> None:
        """A late answer is never credited to the next question: its association is gone."""
        with DicomStation(peer.wire(timeout_s=0.4)) as station:
            peer.studies.append(a_study(1))
            peer.delay_s = 1.0
            with pytest.raises(Unavailable, match=r"within 0\.4 s"):
                station.find(Level.STUDY, studies())
            peer.delay_s = 0.0
            assert len(station.find(Level.STUDY, studies()).rows) == 1
        assert peer.noted["associations"] == 2

    def test_the_worklist_is_asked_by_its_own_model(
        self, peer: Peer, station: DicomStation
    ) -> None:
        peer.worklist.append(a_study(7))
        assert [r.StudyInstanceUID for r in station.worklist(studies()).rows] == ["1.2.3.7"]

    def test_what_a_row_holds_is_not_logged(
        self, peer: Peer, station: DicomStation, caplog: pytest.LogCaptureFixture
    ) -> None:
        """pynetdicom would log keys and rows at INFO, which a worker may well record."""
        study = a_study(1)
        study.PatientID = "MARKER1234"
        peer.studies.append(study)
        keys = studies()
        keys.PatientID = "MARKER1234"
        with caplog.at_level(logging.DEBUG):
            assert len(station.find(Level.STUDY, keys).rows) == 1
        assert "MARKER1234" not in caplog.text


@pytest.mark.parametrize("way", [Retrieve.GET, Retrieve.MOVE], ids=["get", "move"])
class TestRetrieving:
    @pytest.fixture
    def fetcher(self, peer: Peer, way: Retrieve) -> Iterator[DicomStation]:
        peer.documents += [a_document(n, content=b"%PDF" + b"x" * 40_000) for n in range(1, 6)]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            peer.destination_port = listener.getsockname()[1]
        wire = peer.wire(retrieve=way, move_port=peer.destination_port)
        with DicomStation(wire) as opened:
            yield opened

    def test_several_documents_come_in_one_request(
        self, peer: Peer, fetcher: DicomStation, way: Retrieve
    ) -> None:
        wanted = [ref(d) for d in peer.documents]
        retrieved = fetcher.retrieve(wanted)
        assert retrieved.complete
        assert set(retrieved.objects) == {r.sop_uid for r in wanted}
        assert peer.noted[way.value] == 1

    def test_one_document_comes_alone(self, peer: Peer, fetcher: DicomStation) -> None:
        wanted = ref(peer.documents[0])
        retrieved = fetcher.retrieve([wanted])
        assert list(retrieved.objects) == [wanted.sop_uid]
        assert peer.noted["objects"] == 1

    def test_only_what_failed_is_pulled_again(self, peer: Peer, fetcher: DicomStation) -> None:
        """C1: some sub-operations failed (0xB000)."""
        peer.skip_once = {"1.2.3.9.2", "1.2.3.9.4"}
        retrieved = fetcher.retrieve([ref(d) for d in peer.documents])
        assert retrieved.complete
        assert peer.noted["objects"] == 5

    def test_what_never_comes_is_named(self, peer: Peer, fetcher: DicomStation) -> None:
        peer.lose = {"1.2.3.9.3"}
        retrieved = fetcher.retrieve([ref(d) for d in peer.documents])
        assert [r.sop_uid for r in retrieved.missing] == ["1.2.3.9.3"]
        assert not retrieved.complete

    @pytest.mark.parametrize("status", [0xC001, 0xA702], ids=["failed", "nothing-sent"])
    def test_what_is_shown_and_withheld_is_told_from_a_station_that_is_down(
        self, peer: Peer, fetcher: DicomStation, way: Retrieve, status: int
    ) -> None:
        """By C-MOVE, nothing sent may as well mean that our own port cannot be reached."""
        peer.withheld = {"1.2.3.9.3": status}
        ours = way is Retrieve.MOVE and status == 0xA702
        with pytest.raises(Unavailable if ours else NotHandedOut) as caught:
            fetcher.retrieve([ref(peer.documents[2])])
        assert caught.value.code == f"0x{status:04X}"

    def test_what_is_withheld_beside_others_is_named(
        self, peer: Peer, fetcher: DicomStation
    ) -> None:
        peer.withheld = {"1.2.3.9.3": 0xC001}
        retrieved = fetcher.retrieve([ref(d) for d in peer.documents])
        assert [r.sop_uid for r in retrieved.missing] == ["1.2.3.9.3"]

    def test_a_station_that_sends_us_nothing_at_all_is_no_matter_of_one_patient(
        self, peer: Peer, fetcher: DicomStation
    ) -> None:
        peer.withheld = {"1.2.3.9.3": 0x0124}
        with pytest.raises(Rejected, match="authorize") as caught:
            fetcher.retrieve([ref(peer.documents[2])])
        assert not isinstance(caught.value, OF_ONE_PLACE)

    def test_a_transfer_that_broke_off_goes_on_with_the_rest(
        self, peer: Peer, fetcher: DicomStation
    ) -> None:
        """C2: the association is aborted after two of five objects."""
        peer.abort_gets_after = 2
        retrieved = fetcher.retrieve([ref(d) for d in peer.documents])
        assert retrieved.complete
        assert peer.noted["objects"] == 5

    def test_a_station_that_refuses_lists_is_asked_one_by_one(
        self, peer: Peer, fetcher: DicomStation, way: Retrieve
    ) -> None:
        peer.refuses_lists = True
        assert fetcher.retrieve([ref(d) for d in peer.documents]).complete
        assert peer.noted[way.value] == 6

    def test_the_count_agrees_but_an_object_differs(
        self, peer: Peer, fetcher: DicomStation
    ) -> None:
        """C3: five asked, five arrive, yet one of them is another object."""
        wanted = [ref(d) for d in peer.documents]
        peer.documents[0].SOPInstanceUID = "1.2.3.9.77"
        retrieved = fetcher.retrieve(wanted)
        assert peer.noted["objects"] >= 5
        assert [r.sop_uid for r in retrieved.missing] == ["1.2.3.9.1"]

    def test_two_objects_under_one_uid_are_malformed(
        self, peer: Peer, fetcher: DicomStation
    ) -> None:
        double = a_document(1, content=b"%PDF another")
        double.SeriesInstanceUID = "1.2.3.5.2"
        peer.documents.append(double)
        with pytest.raises(OddObject, match="one SOP Instance UID"):
            fetcher.retrieve([ref(d) for d in peer.documents])


class TestMoving:
    def test_an_unknown_destination_names_the_fix(self, peer: Peer) -> None:
        peer.documents.append(a_document(1))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with (
            DicomStation(peer.wire(retrieve="move", move_port=port)) as station,
            pytest.raises(Rejected, match="add it to the station") as caught,
        ):
            station.retrieve([ref(peer.documents[0])])
        assert caught.value.code == "0xA801"

    def test_our_port_takes_only_what_we_asked_for(self, peer: Peer) -> None:
        """An open storage port is no letter box: a stranger's object is refused."""
        peer.documents.append(a_document(1))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = peer.destination_port = listener.getsockname()[1]
        with DicomStation(peer.wire(retrieve="move", move_port=port)) as station:
            station.retrieve([ref(peer.documents[0])])
            with (
                DicomStation(a_wire(port, ae_title="ACCORD")) as stranger,
                pytest.raises(Rejected, match="authorize"),
            ):
                stranger.store(a_document(66))

    def test_a_stranger_who_falls_silent_does_not_keep_us(self, peer: Peer) -> None:
        """Half a PDU on our storage port; closing must end its threads all the same."""
        peer.documents.append(a_document(1))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = peer.destination_port = listener.getsockname()[1]
        before = threading.active_count()
        with DicomStation(peer.wire(retrieve="move", move_port=port)) as station:
            station.retrieve([ref(peer.documents[0])])
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(b"\x01\x00\x00\x00\x01\x00half")
                station.close()
        assert threading.active_count() <= before + 2 * len(peer.associations)

    def test_move_without_a_port_is_refused_at_once(self, peer: Peer) -> None:
        with pytest.raises(ValueError, match=r"dicom\.move_port"):
            DicomStation(peer.wire(retrieve="move"))


class TestStoring:
    def test_a_document_is_filed(self, peer: Peer, station: DicomStation) -> None:
        answer = station.store(a_document(1))
        assert (answer.kind, answer.code) == (AnswerKind.LANDED, "0x0000")
        assert answer.peer_id == "1.2.3.9.1"
        assert len(peer.documents) == 1

    def test_a_repeat_files_nothing_twice(self, peer: Peer, station: DicomStation) -> None:
        station.store(a_document(1))
        station.store(a_document(1))
        assert len(peer.documents) == 1

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            pytest.param(0xB000, AnswerKind.LANDED, id="coerced"),
            pytest.param(0x0111, AnswerKind.LANDED, id="already-there"),
            pytest.param(0xA700, Unavailable, id="out-of-resources"),
            pytest.param(0xA900, Rejected, id="does-not-match"),
            pytest.param(0xC000, Rejected, id="cannot-understand"),
            pytest.param(0x0122, Rejected, id="not-supported"),
        ],
    )
    def test_statuses_say_what_became_of_it(
        self, peer: Peer, station: DicomStation, status: int, outcome: Any
    ) -> None:
        peer.store_status = status
        if isinstance(outcome, AnswerKind):
            assert station.store(a_document(1)).kind is outcome
            return
        with pytest.raises(outcome) as caught:
            station.store(a_document(1))
        assert caught.value.code == f"0x{status:04X}"

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_an_association_lost_in_between_leaves_it_uncertain(
        self, peer: Peer, station: DicomStation, when: str
    ) -> None:
        peer.abort_store = when
        with pytest.raises(Uncertain):
            station.store(a_document(1))
        assert len(peer.documents) == (1 if when == "after" else 0)

    def test_a_late_answer_leaves_it_uncertain(self, peer: Peer) -> None:
        with DicomStation(peer.wire(timeout_s=0.4)) as station:
            peer.delay_s = 1.5
            with pytest.raises(Uncertain):
                station.store(a_document(1))

    def test_it_is_announced_after_the_connection_stands_and_before_a_byte_leaves(
        self, peer: Peer, station: DicomStation
    ) -> None:
        seen: list[tuple[int, int]] = []

        def before_send() -> None:
            seen.append((peer.noted["associations"], peer.noted["store"]))

        station.store(a_document(1), before_send=before_send)
        assert seen == [(1, 0)]

    def test_who_stops_it_at_the_last_moment_sends_nothing(
        self, peer: Peer, station: DicomStation
    ) -> None:
        def too_late() -> None:
            raise TimeoutError("the deadline is over")

        with pytest.raises(TimeoutError):
            station.store(a_document(1), before_send=too_late)
        assert peer.noted["store"] == 0
        station.store(a_document(1))
        assert peer.noted["associations"] == 1

    def test_no_connection_means_no_announcement(self) -> None:
        announced: list[str] = []
        with DicomStation(a_wire(9)) as station, pytest.raises(Unavailable):
            station.store(a_document(1), before_send=lambda: announced.append("sent"))
        assert announced == []

    def test_a_kept_association_is_proven_alive_before_it_is_announced(self, peer: Peer) -> None:
        """It broke while idle: it is replaced first, so the send is announced once and works."""
        announced: list[str] = []
        with DicomStation(peer.wire()) as station:
            station.store(a_document(1))
            for association in peer.associations:
                association.abort()
            station.store(a_document(2), before_send=lambda: announced.append("sent"))
        assert announced == ["sent"]
        assert len(peer.documents) == 2

    def test_an_association_that_ends_at_the_last_moment_proves_that_nothing_left(
        self, peer: Peer, station: DicomStation
    ) -> None:
        def cut() -> None:
            for association in peer.associations:
                association.abort()

        with pytest.raises(Unavailable, match="nothing was sent") as caught:
            station.store(a_document(1), before_send=cut)
        assert caught.value.phase is Phase.SEND
        assert peer.noted["store"] == 0

    def test_reading_only_stores_nothing(self, peer: Peer) -> None:
        with DicomStation(peer.wire(), read_only=True) as station, pytest.raises(ReadOnly):
            station.store(a_document(1))
        assert peer.noted["connections"] == 0

    def test_what_cannot_be_encoded_is_never_announced(
        self, peer: Peer, station: DicomStation
    ) -> None:
        announced: list[str] = []
        broken = a_document(1)
        broken.add_new(0x00280010, "US", "not a number")
        with pytest.raises(ValueError, match="cannot be encoded"):
            station.store(broken, before_send=lambda: announced.append("sent"))
        assert announced == []


_REJECTED_FOR_NOW = b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02"


def a_wire(port: int, **changes: Any) -> DicomWire:
    settings: dict[str, Any] = {"host": "127.0.0.1", "port": port, "timeout_s": 5}
    return DicomWire(**(settings | changes))


def is_ours(thread: threading.Thread) -> bool:
    """Tell whether a thread carries one of our associations, not the peer's end of it."""
    association = getattr(thread, "assoc", thread)  # pynetdicom: one thread each for both
    return isinstance(association, Association) and association.is_requestor


def watch_lines(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """Collect each association that is opened from now on."""
    opened: list[Line] = []
    original: Callable[..., None] = Line.__init__

    def noting(self: Line, *arguments: Any) -> None:
        original(self, *arguments)
        opened.append(self)

    monkeypatch.setattr(Line, "__init__", noting)
    return opened
