"""Documents that are there by their title alone: no bytes to compare, or others than ours."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from accord.delivery.partial import PLACE_NOT_READ
from accord.domain.effects import EffectState, Rung
from accord.sandbox.blume_pdfs import filled_form
from accord.sandbox.powerserver_filing import rewritten
from accord.sandbox.powerserver_instances import describe_study, instance
from tests.adapters.dicom_peer import Peer, serving
from tests.delivery.clinic import Clinic, a_clinic
from tests.delivery.test_faults import documents_by_form
from tests.delivery.test_recognition import (
    CLINICAL,
    KINDS,
    REGISTRATION,
    end_of,
    sent_by_us,
    the_vendor_brings,
)

S = EffectState


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        yield opened


@pytest.fixture
def station() -> Iterator[Peer]:
    """A station nobody of the sandbox wrote, which may keep an object's bytes to itself."""
    with serving(Peer()) as running:
        yield running


@pytest.fixture
def shown(tmp_path: Path, station: Peer) -> Iterator[Clinic]:
    """A clinic whose documents are read at that station."""
    with a_clinic(tmp_path, dicom={"port": station.port, "ae_title": "PEER"}) as opened:
        yield opened


def show(clinic: Clinic, station: Peer) -> None:
    """Let the station hold what PowerServer has filed."""
    archive = clinic.powerserver.archive
    held = [(d, archive.studies[d.study_uid]) for d in clinic.powerserver.documents]
    owners = archive.patients
    station.studies = [
        describe_study(study, owners[study.patient])
        for study in {study.uid: study for _, study in held}.values()
    ]
    station.documents = [instance(d, owners[study.patient], study) for d, study in held]


def withhold(clinic: Clinic, station: Peer, status: int | None, *numbers: int) -> None:
    """Show everything, and hand out all but these documents; None: without a word about it."""
    show(clinic, station)
    uids = {clinic.powerserver.documents[number].sop_uid for number in numbers}
    if status is None:
        station.lose = uids
    else:
        station.withheld = dict.fromkeys(uids, status)


@pytest.mark.parametrize("status", [0xC001, 0xA702, None], ids=["failed", "unperformed", "lost"])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_shown_and_not_handed_out_is_present(
    shown: Clinic, station: Peer, kind: str, status: int | None
) -> None:
    """Its title, type and owner are ours and it alone has them; the others are read as ever."""
    for visit in shown.world.visits[:2]:
        shown.blume.submit_normal(visit, kind)

    report = await shown.relay(before={"verify": lambda: withhold(shown, station, status, 0)})

    assert {line.rung: line.count for line in report.verified} == {Rung.PRESENT: 1, Rung.BYTES: 1}
    assert shown.task_kinds() == []


async def test_before_sending_what_is_not_handed_out_keeps_its_own_patient_waiting_only(
    shown: Clinic, station: Peer
) -> None:
    """A copy that nobody can compare may be this form's; the other patient's form goes out."""
    his, hers = shown.world.visits[:2]
    the_vendor_brings(shown, his, CLINICAL)
    withhold(shown, station, 0xC001, 0)
    waits = shown.blume.submit_normal(his, CLINICAL)
    goes = shown.blume.submit_normal(hers, CLINICAL)

    await shown.relay(before={"verify": lambda: show(shown, station)})

    assert (end_of(shown, waits), end_of(shown, goes)) == ("planned", "verified")
    assert shown.task_kinds() == [PLACE_NOT_READ]


@pytest.mark.parametrize(
    "left_open",
    [
        pytest.param({"returns_issuer": False}, id="whose-number-it-is"),
        pytest.param({"image_rows_say_all": False}, id="type-and-title"),
    ],
)
async def test_what_the_station_leaves_open_proves_nothing(
    shown: Clinic, station: Peer, left_open: dict[str, bool]
) -> None:
    """The right type and owner are said by the peer, or not known."""
    shown.blume.submit_normal(shown.world.visits[0], CLINICAL)
    vars(station).update(left_open)

    await shown.relay(before={"verify": lambda: withhold(shown, station, 0xC001, 0)}, patience_s=0)

    assert shown.states() == {S.LANDED: 1}


async def test_one_title_for_two_forms_proves_neither(shown: Clinic, station: Peer) -> None:
    """Two forms of one minute, and of one document only the title can be seen: a person looks."""
    visit = shown.world.visits[0]
    shown.blume.submit_normal(visit, CLINICAL)
    await shown.relay(steps=["deliver"])
    shown.blume.submit_normal(visit, CLINICAL)
    await shown.relay(steps=["deliver"])
    for document in shown.powerserver.documents:
        document.title = shown.powerserver.documents[0].title  # also where a minute ended between

    await shown.relay(before={"verify": lambda: withhold(shown, station, None, 1)}, patience_s=0)
    shown.forward(hours=1)
    await shown.relay(patience_s=0)

    assert shown.states() == {S.VERIFIED: 1, S.PARKED: 1}
    assert {row.rung for row in shown.rows()} == {"", Rung.BYTES}


def with_a_cover(content: bytes) -> bytes:
    """Print a document anew as a PowerServer may: other bytes, another first page."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.append(PdfReader(io.BytesIO(content)))
    return _written(writer)


def without_its_first_page(content: bytes) -> bytes:
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(content)).pages[1:]:
        writer.add_page(page)
    return _written(writer)


def half_of_it(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _written(writer: PdfWriter) -> bytes:
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def print_anew(clinic: Clinic, printer: Callable[[bytes], bytes]) -> Callable[[], None]:
    """Let PowerServer keep another rendering of each document than it was sent."""

    def act() -> None:
        for document in clinic.powerserver.documents:
            document.content = printer(document.content)

    return act


def as_pictures(content: bytes) -> bytes:
    """Keep no word of a document, only how its pages look."""
    written = io.BytesIO()
    canvas = Canvas(written)
    for _ in PdfReader(io.BytesIO(content)).pages:
        canvas.rect(72, 72, 200, 200, fill=1)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


@pytest.mark.parametrize("printer", [with_a_cover, as_pictures])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_powerserver_that_prints_anew_does_not_park_everything(
    clinic: Clinic, kind: str, printer: Callable[[bytes], bytes]
) -> None:
    """The report says how much less that proves: present, not equal."""
    for visit in clinic.world.visits[:2]:
        clinic.blume.submit_normal(visit, kind)
    clinic.blume.submit_pdf(clinic.world.visits[2], kind)

    report = await clinic.relay(before={"verify": print_anew(clinic, printer)})

    assert {line.rung: line.count for line in report.verified} == {Rung.PRESENT: 3}
    assert clinic.task_kinds() == []


async def test_what_was_seen_present_is_not_sent_again_nor_taken_for_another(
    clinic: Clinic,
) -> None:
    """Its UID is known from then on: a second form of the patient's goes its own way."""
    visit = clinic.world.visits[0]
    for _ in range(2):
        clinic.blume.submit_normal(visit, REGISTRATION)
        await clinic.relay(before={"verify": print_anew(clinic, with_a_cover)})
    await clinic.relay()

    assert sent_by_us(clinic) == 2
    assert set(documents_by_form(clinic).values()) == {1}
    uids = {row.evidence.get("sop") for row in clinic.rows() if row.state is S.VERIFIED}
    assert len(uids) == clinic.states()[S.VERIFIED]


@pytest.mark.parametrize("printer", [half_of_it, without_its_first_page])
async def test_less_than_was_sent_is_not_present(
    clinic: Clinic, printer: Callable[[bytes], bytes]
) -> None:
    """A file that cannot be read, or has lost pages, is for a person to look at."""
    content = with_a_cover(filled_form("Cadastro", "Ana"))
    clinic.blume.submit_pdf(clinic.world.visits[0], REGISTRATION, content)
    await clinic.relay(before={"verify": print_anew(clinic, printer)}, patience_s=0)
    assert clinic.states() == {S.LANDED: 1}

    clinic.blume.submit_normal(clinic.world.visits[1], CLINICAL)
    clinic.forward(hours=1)
    report = await clinic.relay()

    assert [each.reason for each in report.attention] == ["not-visible"]
    assert clinic.states() == {S.PARKED: 1, S.VERIFIED: 1}


async def test_another_forms_document_under_our_title_is_not_ours(clinic: Clinic) -> None:
    """PowerServer has put one patient's pages under another one's form: never green."""
    for visit in clinic.world.visits[:2]:
        clinic.blume.submit_normal(visit, CLINICAL)

    def swap() -> None:
        one, other = clinic.powerserver.documents
        one.content, other.content = rewritten(other.content), rewritten(one.content)

    await clinic.relay(before={"verify": swap}, patience_s=0)

    assert clinic.states() == {S.LANDED: 2}


async def test_an_earlier_forms_document_is_not_the_one_that_was_lost(clinic: Clinic) -> None:
    """Both have one title; what is shown under it is known to be the first one's."""
    visit = clinic.world.visits[0]
    clinic.blume.submit_normal(visit, CLINICAL)
    await clinic.relay(before={"verify": print_anew(clinic, with_a_cover)})
    clinic.powerserver.faults.drop_document_silently = 1
    clinic.blume.submit_normal(visit, CLINICAL)

    await clinic.relay(patience_s=0)

    assert clinic.states() == {S.VERIFIED: 1, S.LANDED: 1}
