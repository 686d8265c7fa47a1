"""PowerServer's HL7 door, as its neighbours meet it over a socket."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accord.sandbox.powerserver import PowerServerSim
from tests.sandbox.powerserver_neighbours import (
    ANA,
    CLINICAL,
    ODD_PDF,
    PDF,
    REGISTRATION,
    RUI,
    Sender,
    answered,
    clinical,
    code,
    mdm,
)

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "hl7v2"


@pytest.fixture
def ps() -> Iterator[PowerServerSim]:
    with PowerServerSim([ANA, RUI]) as powerserver:
        yield powerserver


def test_a_clinical_form_is_filed_with_its_study(ps: PowerServerSim) -> None:
    """The accession in TXA-15 puts a document into the study's Documents."""
    answer = answered(ps.hl7_port, clinical(content=ODD_PDF, title="Questionário"))

    assert code(answer) == "AA"
    assert answer.extract_field("MSA", 1, 2) == "CONTROL-0001"
    (document,) = ps.documents
    assert (document.section, document.document_type) == ("Documents", CLINICAL)
    assert (document.patient_number, document.issuer) == ("LK-1001", "LAKESIDE")
    assert (document.accession, document.study_uid) == ("A2600001", "2.25.1001")
    assert (document.title, document.source) == ("Questionário", "accord")
    assert document.content == ODD_PDF
    assert document.content_at.isoformat() == "2026-11-23T11:30:00-03:00"


def test_a_registration_form_stays_with_the_patient(ps: PowerServerSim) -> None:
    """Without accession and placer order the document is the patient's."""
    assert code(answered(ps.hl7_port, mdm())) == "AA"

    (document,) = ps.documents
    assert (document.section, document.document_type) == ("Patient Documents", REGISTRATION)
    assert document.accession == ""


def test_the_placer_order_finds_the_study_too(ps: PowerServerSim) -> None:
    assert code(answered(ps.hl7_port, mdm(placer="PL-2", patient="LK-1002^^^LAKESIDE"))) == "AA"
    assert ps.documents[0].accession == "A2600002"


@pytest.mark.parametrize(
    ("fields", "expected", "error"),
    [
        pytest.param({"patient": "LK-9^^^LAKESIDE"}, "AE", "204", id="unknown-patient"),
        pytest.param({"patient": "LK-1001^^^ELSEWHERE"}, "AE", "204", id="other-issuer"),
        pytest.param({"patient": "LK-1001"}, "AE", "101", id="no-issuer"),
        pytest.param({"accession": "A9"}, "AE", "204", id="unknown-accession"),
        pytest.param({"accession": "A2600002"}, "AE", "204", id="accession-of-another-patient"),
        pytest.param({"document_type": ""}, "AE", "101", id="no-document-type"),
        pytest.param({"number": ""}, "AE", "101", id="no-unique-number"),
        pytest.param({"content": b""}, "AE", "101", id="empty-document"),
        pytest.param({"event": "T04"}, "AE", "201", id="event-not-taken"),
        pytest.param({"event": "T10", "parent": "NONE"}, "AE", "204", id="unknown-parent"),
        pytest.param({"control_id": ""}, "AR", "101", id="no-control-id"),
        pytest.param({"charset": "KLINGON"}, "AR", "103", id="unknown-character-set"),
        pytest.param({"codec": "latin-1"}, "AR", "102", id="bytes-outside-the-character-set"),
    ],
)
def test_what_cannot_be_filed_is_refused_with_its_field(
    ps: PowerServerSim, fields: dict[str, Any], expected: str, error: str
) -> None:
    """A refusal names segment, field and a code of table 0357, and files nothing."""
    answer = answered(ps.hl7_port, mdm(**fields))

    assert code(answer) == expected
    assert answer.extract_field("ERR", 1, 1, 1, 4) == error
    assert ps.documents == []


def test_an_amended_form_replaces_its_parent(ps: PowerServerSim) -> None:
    """T10 keeps both, and shows the new one only."""
    with Sender(ps.hl7_port) as sender:
        sender.ask(mdm("FIRST", content=PDF))
        assert code(sender.ask(mdm("SECOND", event="T10", parent="FIRST", content=ODD_PDF))) == "AA"

    first, second = ps.documents
    assert (first.replaced, second.replaced, second.parent_number) == (True, False, "FIRST")


def test_a_refused_replacement_leaves_the_parent_in_place(ps: PowerServerSim) -> None:
    """A T10 whose document does not decode changes nothing."""
    with Sender(ps.hl7_port) as sender:
        sender.ask(mdm("FIRST"))
        answer = sender.ask(mdm("SECOND", event="T10", parent="FIRST", content=b""))

    assert code(answer) == "AE"
    assert [each.replaced for each in ps.documents] == [False]


def test_a_withdrawn_form_is_kept_and_no_longer_current(ps: PowerServerSim) -> None:
    with Sender(ps.hl7_port) as sender:
        sender.ask(mdm("FIRST"))
        assert code(sender.ask(mdm("SECOND", event="T11", parent="FIRST"))) == "AA"

    (document,) = ps.documents
    assert document.withdrawn and not document.is_current


def test_a_site_that_takes_only_t02_says_so() -> None:
    with PowerServerSim([ANA], accepts=frozenset({"T02"})) as ps:
        assert code(answered(ps.hl7_port, mdm(event="T10", parent="X"))) == "AE"
        assert code(answered(ps.hl7_port, mdm())) == "AA"


def test_a_repeated_control_id_is_filed_again_by_default(ps: PowerServerSim) -> None:
    """Whether PowerServer knows a repeat is not published; the sandbox assumes the worst."""
    with Sender(ps.hl7_port) as sender:
        sender.ask(mdm())
        assert code(sender.ask(mdm())) == "AA"

    assert len(ps.documents) == 2
    assert len({each.sop_uid for each in ps.documents}) == 2


def test_a_repeated_control_id_is_known_where_the_site_says_so() -> None:
    with PowerServerSim([ANA], recognises_repeats=True) as ps, Sender(ps.hl7_port) as sender:
        assert str(sender.ask(mdm())) == str(sender.ask(mdm()))
        assert len(ps.documents) == 1
        assert ps.messages_received == 2


def test_an_imaging_report_type_files_a_report(ps: PowerServerSim) -> None:
    """Why TXA-2 is never DI for a patient's form."""
    answered(ps.hl7_port, clinical(document_type="DI"))
    assert ps.documents[0].section == "Reports"


def test_enhanced_mode_commits_then_answers() -> None:
    """MSH-15 and MSH-16 ask for CA and for the application's answer, each for itself."""
    with PowerServerSim([ANA], enhanced=True) as ps, Sender(ps.hl7_port) as sender:
        assert code(sender.ask(mdm("BOTH", wishes="AL|AL"))) == "CA"
        assert code(sender.answer()) == "AA"
        assert code(sender.ask(mdm("COMMIT-ONLY", wishes="AL|NE"))) == "CA"
        assert code(sender.ask(mdm("ERRORS-ONLY", wishes="NE|ER", patient="X^^^Y"))) == "AE"
        assert code(sender.ask(mdm("ORIGINAL"))) == "AA"
    assert len(ps.documents) == 3


def test_an_unknown_patient_is_created_where_the_site_says_so() -> None:
    with PowerServerSim(creates_unknown_patients=True) as ps:
        assert code(answered(ps.hl7_port, mdm())) == "AA"
        assert ps.archive.patients["LAKESIDE", "LK-1001"].family == "Conceição"


def test_a_frame_may_be_large_and_come_in_pieces(ps: PowerServerSim) -> None:
    """Ten megabytes, split everywhere, with junk before the start block."""
    content = PDF * 5_000
    whole = b"junk\r\n\x0b" + clinical(content=content) + b"\x1c\r"
    with Sender(ps.hl7_port, timeout_s=30) as sender:
        for begin in range(0, len(whole), 1_000_003):
            sender.socket.sendall(whole[begin : begin + 1_000_003])
        assert code(sender.answer()) == "AA"
    assert ps.documents[0].content == content


def test_messages_in_one_write_are_answered_one_by_one(ps: PowerServerSim) -> None:
    frames = b"".join(b"\x0b" + mdm(f"ID-{n}") + b"\x1c\r" for n in range(5))
    with Sender(ps.hl7_port) as sender:
        sender.socket.sendall(frames)
        ids = [sender.answer().extract_field("MSA", 1, 2) for _ in range(5)]
    assert ids == [f"ID-{n}" for n in range(5)]
    assert len(ps.documents) == 5


def test_a_frame_split_at_every_byte_is_one_message(ps: PowerServerSim) -> None:
    whole = b"\x0b" + mdm(content=b"%PDF-tiny") + b"\x1c\r"
    with Sender(ps.hl7_port) as sender:
        for offset in range(len(whole)):
            sender.socket.sendall(whole[offset : offset + 1])
        assert code(sender.answer()) == "AA"
    assert len(ps.documents) == 1


def adt(event: str, *extra: str, patient: str = "LK-3^^^LAKESIDE") -> bytes:
    segments = [
        f"MSH|^~\\&|FRONTDESK||RAMSOFT||20261123||ADT^{event}|A-{event}|P|2.3.1",
        f"EVN|{event}|20261123",
        f"PID|1|{patient}|{patient}||Muniz^Zélia||19550304|F|||||^^^zelia@example.org",
        *extra,
    ]
    return ("\r".join(segments) + "\r").encode()


def test_patients_are_registered_and_updated_over_adt(ps: PowerServerSim) -> None:
    assert code(answered(ps.hl7_port, adt("A04"))) == "AA"
    assert code(answered(ps.hl7_port, adt("A08"))) == "AA"
    patient = ps.archive.patients["LAKESIDE", "LK-3"]
    assert (patient.family, patient.given, patient.email) == ("Muniz", "Zélia", "zelia@example.org")
    assert code(answered(ps.hl7_port, mdm(patient="LK-3^^^LAKESIDE"))) == "AA"


def test_a_merge_moves_studies_and_documents(ps: PowerServerSim) -> None:
    """After A40 the documents are the kept patient's, and the other number is unknown."""
    answered(ps.hl7_port, clinical())
    answered(ps.hl7_port, adt("A04"))

    merge = adt("A40", "MRG|LK-1001^^^LAKESIDE")
    assert code(answered(ps.hl7_port, merge)) == "AA"

    assert ps.documents[0].patient_number == "LK-3"
    assert code(answered(ps.hl7_port, mdm("LATER"))) == "AE"
    assert code(answered(ps.hl7_port, merge)) == "AE"


def orm(control: str, *, accession: str = "A2600003", order: str = "PL-3") -> bytes:
    patient = "LK-1001^^^LAKESIDE"
    segments = [
        f"MSH|^~\\&|OAI||RAMSOFT||20261123||ORM^O01|O-{control}|P|2.3.1",
        f"PID|1|{patient}|{patient}||Conceição^Ana",
        "PV1|1|O||||||123^Queirós^Inês",
        f"ORC|{control}|{order}|||||^^^20261201103000-0300^^SCHEDULED STATUS",
        f"OBR|1|{order}||CT1^TC de crânio||||||||||||||{accession}||||||CT",
        "ZDS|2.25.77^^Application^DICOM",
    ]
    return ("\r".join(segments) + "\r").encode()


def test_orders_come_change_and_go_over_orm(ps: PowerServerSim) -> None:
    """An order makes a study with its time and priority; CA cancels it; others need an order."""
    assert code(answered(ps.hl7_port, orm("XO"))) == "AE"
    assert code(answered(ps.hl7_port, orm("NW"))) == "AA"
    study = ps.archive.studies["2.25.77"]
    assert (study.accession, study.status, study.priority) == (
        "A2600003",
        "ORDERED",
        "SCHEDULED STATUS",
    )
    assert study.start.isoformat() == "2026-12-01T10:30:00-03:00"
    assert code(answered(ps.hl7_port, clinical("FOR-IT", accession="A2600003"))) == "AA"

    assert code(answered(ps.hl7_port, orm("CA"))) == "AA"
    assert ps.archive.studies["2.25.77"].status == "CANCELLED"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="not-hl7"),
        pytest.param(b"MSH|", id="only-msh"),
        pytest.param(b"MSH|^~\\&", id="only-separators"),
        pytest.param(b"MSH||||||||||", id="no-separators"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="http"),
        pytest.param(bytes(range(256)).replace(b"\x1c", b""), id="all-bytes"),
        pytest.param(b"MSH|^~\\&|A||B||2026||MDM^T02|1|P|2.3.1\rTXA|1\r", id="no-pid"),
        pytest.param(b"MSH|^~\\&|A||B||2026||ORU^R01|1|P|2.3.1\r", id="a-report"),
        pytest.param(b"\xffMSH|^~\\&", id="bom-like"),
    ],
)
def test_what_is_no_message_is_refused_and_the_link_lives(
    ps: PowerServerSim, payload: bytes
) -> None:
    with Sender(ps.hl7_port) as sender:
        assert code(sender.ask(payload)) in {"AR", "AE"}
        assert code(sender.ask(mdm())) == "AA"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no public HL7 samples in ../shared/data/hl7v2")
def test_real_samples_are_answered_each_one(ps: PowerServerSim) -> None:
    """Noisy public messages, of kinds PowerServer never takes: refused, never fatal."""
    samples = sorted(SAMPLES.glob("*.hl7"))
    assert samples
    with Sender(ps.hl7_port) as sender:
        for sample in samples:
            payload = sample.read_bytes().replace(b"\r\n", b"\r").replace(b"\n", b"\r")
            assert code(sender.ask(payload)) in {"AA", "AE", "AR"}, sample.name
    assert ps.messages_received == len(samples)


def test_thousands_of_mangled_messages_are_all_answered(caplog: pytest.LogCaptureFixture) -> None:
    """Bytes flipped, cut, doubled and slipped in: an answer each time, and no value in a log."""
    dice = random.Random(4)
    slips = (b"|", b"^", b"~", b"\\", b"&", b"\r", b'""', b"\\X41\\", b"\\Z", b"|||", b"\n")
    merge = adt("A40", "MRG|LK-1001^^^LAKESIDE")
    whole = [mdm(content=b"%PDF"), clinical(content=b"%PDF"), adt("A04"), merge, orm("NW")]
    with PowerServerSim([ANA, RUI]) as ps, Sender(ps.hl7_port) as sender:
        for _ in range(2000):
            message = bytearray(dice.choice(whole))
            for _ in range(dice.randint(1, 8)):
                place = dice.randrange(len(message))
                if dice.random() < 0.3:
                    message[place] = dice.randrange(32, 256)
                elif dice.random() < 0.5:
                    message[place:place] = dice.choice(slips)
                else:
                    del message[place : place + dice.randint(1, 30)]
                message = message or bytearray(b"M")
            assert code(sender.ask(bytes(message))) in {"AA", "AE", "AR"}
        assert ps.messages_received == 2000
    assert caplog.text == ""
