"""Each fault of PowerServer does what it says, on the wire."""

import io
from collections.abc import Iterator

import pytest
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from accord.sandbox.faults import PowerServerFaults
from accord.sandbox.powerserver import PowerServerSim
from tests.sandbox.powerserver_neighbours import (
    ANA,
    PDF,
    RUI,
    Sender,
    SteppedClock,
    answered,
    clinical,
    code,
    mdm,
    reader,
)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def ps(clock: SteppedClock) -> Iterator[PowerServerSim]:
    with PowerServerSim([ANA, RUI], seed=7, clock=clock) as powerserver:
        yield powerserver


def test_a_lost_answer_leaves_the_document_filed(ps: PowerServerSim) -> None:
    ps.faults.lose_answers = 1
    with Sender(ps.hl7_port) as sender:
        sender.put(mdm("LOST"))
        assert sender.is_silent_for(0.3)
        sender.socket.settimeout(5)
        assert sender.ask(mdm("NEXT")).extract_field("MSA", 1, 2) == "NEXT"
    assert [each.control_id for each in ps.documents] == ["LOST", "NEXT"]


def test_a_late_answer_comes_after_all(ps: PowerServerSim) -> None:
    """On the same connection, where a careless sender takes it for the next one's."""
    ps.faults.late_answers, ps.faults.late_by_s = 1, 0.3
    with Sender(ps.hl7_port) as sender:
        sender.put(mdm("LATE"))
        assert sender.is_silent_for(0.05)
        sender.socket.settimeout(5)
        assert sender.ask(mdm("NEXT")).extract_field("MSA", 1, 2) == "LATE"
        assert sender.answer().extract_field("MSA", 1, 2) == "NEXT"


def test_a_foreign_answer_names_another_message(ps: PowerServerSim) -> None:
    ps.faults.foreign_answer = 1
    answer = answered(ps.hl7_port, mdm())
    assert code(answer) == "AA"
    assert answer.extract_field("MSA", 1, 2) != "CONTROL-0001"


def test_a_doubled_answer_comes_twice(ps: PowerServerSim) -> None:
    ps.faults.doubled_answer = 1
    with Sender(ps.hl7_port) as sender:
        assert str(sender.ask(mdm("ONE"))) == str(sender.answer())
        assert sender.ask(mdm("TWO")).extract_field("MSA", 1, 2) == "TWO"


def test_a_truncated_answer_ends_with_the_connection(ps: PowerServerSim) -> None:
    ps.faults.truncated_answer = 1
    with Sender(ps.hl7_port) as sender, pytest.raises(ConnectionError) as ended:
        sender.ask(mdm())
    assert ended.value.args[0].startswith(b"\x0bMSH")
    assert len(ps.documents) == 1


def test_an_answer_may_lack_its_msa(ps: PowerServerSim) -> None:
    ps.faults.answer_without_msa = 1
    answer = answered(ps.hl7_port, mdm())
    assert [str(segment[0]) for segment in answer] == ["MSH"]


@pytest.mark.parametrize("refusal", ["AE", "AR", "CE", "CR"])
def test_an_answer_code_refuses_and_files_nothing(ps: PowerServerSim, refusal: str) -> None:
    ps.faults.change({"answer_code": refusal, "answer_code_times": 1})
    with Sender(ps.hl7_port) as sender:
        assert code(sender.ask(mdm("ONE"))) == refusal
        assert code(sender.ask(mdm("TWO"))) == "AA"
    assert [each.control_id for each in ps.documents] == ["TWO"]


@pytest.mark.parametrize(
    ("fault", "filed"),
    [
        pytest.param("reset_after_receive", 1, id="after-filing"),
        pytest.param("reset_before_processing", 0, id="before-filing"),
    ],
)
def test_a_reset_connection_tells_nothing(ps: PowerServerSim, fault: str, filed: int) -> None:
    """To the sender both look the same; only the archive knows."""
    setattr(ps.faults, fault, 1)
    with Sender(ps.hl7_port) as sender, pytest.raises(ConnectionResetError):
        sender.ask(mdm())
    assert len(ps.documents) == filed
    assert code(answered(ps.hl7_port, mdm("NEXT"))) == "AA"


def test_the_hl7_port_refuses_and_opens_again(ps: PowerServerSim) -> None:
    """Nothing is accepted while it refuses; the port stays the same."""
    with Sender(ps.hl7_port) as sender:
        sender.ask(mdm("BEFORE"))
        ps.faults.refuse_connections = True
        with pytest.raises(OSError, match=r"reset|closed|Broken"):
            sender.ask(mdm("DURING"))
            sender.answer()
    with pytest.raises(ConnectionRefusedError):
        Sender(ps.hl7_port)
    ps.faults.refuse_connections = False
    assert code(answered(ps.hl7_port, mdm("AFTER"))) == "AA"
    assert [each.control_id for each in ps.documents] == ["BEFORE", "AFTER"]


def test_a_paused_peer_takes_connections_and_reads_nothing(ps: PowerServerSim) -> None:
    ps.faults.pause = True
    with Sender(ps.hl7_port) as sender:
        sender.put(mdm())
        assert sender.is_silent_for(0.3)
        assert ps.messages_received == 0
        ps.faults.pause = False
        sender.socket.settimeout(5)
        assert code(sender.answer()) == "AA"


def test_a_dropped_document_is_answered_like_any_other(ps: PowerServerSim) -> None:
    ps.faults.drop_document_silently = 1
    assert code(answered(ps.hl7_port, mdm())) == "AA"
    assert ps.documents == []


def test_a_document_may_be_filed_twice(ps: PowerServerSim) -> None:
    ps.faults.file_twice = 1
    answered(ps.hl7_port, mdm())
    first, second = ps.documents
    assert first.sop_uid != second.sop_uid
    assert first.sha256 == second.sha256


def test_altered_bytes_keep_the_content(ps: PowerServerSim) -> None:
    """Another writer's PDF of the same pages."""
    made = io.BytesIO()
    page = Canvas(made)
    page.drawString(80, 700, "the same words")
    page.save()
    ps.faults.alter_bytes = 1
    answered(ps.hl7_port, mdm(content=made.getvalue()))

    filed = ps.documents[0].content
    assert filed != made.getvalue()
    assert PdfReader(io.BytesIO(filed)).pages[0].extract_text().strip() == "the same words"


def test_what_is_no_pdf_can_be_altered_too(ps: PowerServerSim) -> None:
    ps.faults.alter_bytes = 1
    answered(ps.hl7_port, mdm(content=PDF))
    assert ps.documents[0].content != PDF


def test_a_document_may_get_another_type(ps: PowerServerSim) -> None:
    ps.faults.retype = 1
    answered(ps.hl7_port, clinical())
    assert ps.documents[0].document_type == "ADMIN"


def test_dicom_down_ends_associations_and_takes_none(ps: PowerServerSim) -> None:
    with reader(ps.dicom_port) as dicom:
        ps.faults.read_back_down = True
        dicom.association.join(timeout=5)
        assert not dicom.association.is_established
    with reader(ps.dicom_port) as dicom:
        assert not dicom.association.is_established
    assert code(answered(ps.hl7_port, mdm())) == "AA"  # only the reading side is down
    ps.faults.read_back_down = False
    with reader(ps.dicom_port) as dicom:
        assert len(dicom.find("STUDY", StudyInstanceUID="")) == 3


def test_hidden_documents_show_later(ps: PowerServerSim, clock: SteppedClock) -> None:
    ps.faults.hide_documents_for_s = 60
    answered(ps.hl7_port, clinical())
    with reader(ps.dicom_port) as dicom:
        assert dicom.find("SERIES", StudyInstanceUID="2.25.1001", SeriesInstanceUID="") == []
        clock.step(61)
        assert dicom.find("SERIES", StudyInstanceUID="2.25.1001", SeriesInstanceUID="") != []


def test_half_a_result_says_success(ps: PowerServerSim) -> None:
    ps.faults.half_a_result = 1
    with reader(ps.dicom_port) as dicom:
        assert len(dicom.find("STUDY", StudyInstanceUID="")) == 1
        assert len(dicom.find("STUDY", StudyInstanceUID="")) == 2


def test_slow_reading_is_still_right(ps: PowerServerSim) -> None:
    ps.faults.read_back_slow_s = 0.2
    with reader(ps.dicom_port) as dicom:
        assert len(dicom.find("STUDY", StudyInstanceUID="")) == 2


def test_switches_count_or_chance() -> None:
    """False never, True always, n the next n times, a fraction with that probability by seed."""
    faults = PowerServerFaults(seed=1)
    assert not faults.strikes("file_twice")
    faults.file_twice = 2
    assert [faults.strikes("file_twice") for _ in range(4)] == [True, True, False, False]
    faults.file_twice = True
    assert all(faults.strikes("file_twice") for _ in range(10))
    faults.file_twice = 0.5
    struck = sum(faults.strikes("file_twice") for _ in range(1000))
    assert 400 < struck < 600
    again = PowerServerFaults(seed=1, file_twice=0.5)
    assert sum(again.strikes("file_twice") for _ in range(1000)) == struck


def test_a_fault_that_does_not_exist_is_refused(ps: PowerServerSim) -> None:
    """A misspelt fault must not pass for a peer that behaves."""
    with pytest.raises(AttributeError, match="lose_answer"):
        ps.faults.lose_answer = 1  # type: ignore[attr-defined]  # the misspelling under test
    with pytest.raises(ValueError, match="lose_answer"):
        ps.faults.change({"lose_answers": 1, "lose_answer": 1})
    assert ps.faults.lose_answers == 0
