"""PDF forms are kept byte for byte; what must be known of them is read with care."""

import io
import random
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from accord.rendering import pdf_reading
from accord.rendering.pdf import PdfFacts, digest, inspect, same_content, tells_all_of
from accord.rendering.renderer import FormRenderer
from tests.rendering.forms import a_form, forty_questions

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "pdf-forms"


def drawn(draw: Callable[[Canvas], Any], pages: int = 1) -> bytes:
    written = io.BytesIO()
    canvas = Canvas(written, invariant=True)
    for _ in range(pages):
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def a_text(text: str = "Hello", pages: int = 1) -> bytes:
    return drawn(lambda canvas: canvas.drawString(72, 700, text), pages)


def a_form_pdf(name: str = "", ticked: bool = False) -> bytes:
    """Draw a fillable form with one text field and one box."""

    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 720, "Name")
        canvas.acroForm.textfield(name="name", value=name, x=72, y=690)
        canvas.acroForm.checkbox(name="ok", checked=ticked, x=72, y=650)

    return drawn(draw)


def rewritten(pdf: bytes, change: Callable[[PdfWriter], Any] = lambda writer: None) -> bytes:
    """Let another program write the same document anew."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    change(writer)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def encrypted(pdf: bytes, password: str) -> bytes:
    return rewritten(pdf, lambda writer: writer.encrypt(password, "owner", algorithm="RC4-128"))


def raw_pdf(*objects: bytes, root: int = 1) -> bytes:
    """Write objects by hand, numbered from 1, with a right cross-reference table."""
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<</Size %d/Root %d 0 R>>" % (len(objects) + 1, root)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return b"%s%s%s%s\nstartxref\n%d\n%%%%EOF\n" % (body, head, table, trailer, len(body))


def test_a_plain_document_is_described() -> None:
    assert inspect(a_text(pages=3)) == PdfFacts(pages=3, has_text=True)


def test_our_own_print_is_described() -> None:
    document = FormRenderer("pt-BR").render(a_form())

    assert inspect(document.content) == PdfFacts(pages=document.pages, has_text=True)
    assert digest(document.content) == document.digest


@pytest.mark.parametrize(
    ("pdf", "filled"),
    [
        pytest.param(a_form_pdf(), 0, id="blank"),
        pytest.param(a_form_pdf("Maria"), 1, id="text"),
        pytest.param(a_form_pdf(ticked=True), 1, id="ticked"),
        pytest.param(a_form_pdf("Maria", ticked=True), 2, id="both"),
        pytest.param(a_form_pdf("   "), 0, id="spaces only"),
    ],
)
def test_a_form_is_empty_when_nobody_filled_a_field(pdf: bytes, filled: int) -> None:
    facts = inspect(pdf)

    assert (facts.fields, facts.filled_fields, facts.empty) == (2, filled, filled == 0)
    assert not facts.damaged


def test_a_locked_field_was_not_filled_by_the_patient() -> None:
    """Unless every field is locked, as some programs do on submission."""

    def form(**flags: str) -> bytes:
        def draw(canvas: Canvas) -> None:
            canvas.acroForm.textfield(name="clinic", value="RD", x=72, y=690, fieldFlags="readOnly")
            canvas.acroForm.textfield(name="name", value="", x=72, y=650, **flags)

        return drawn(draw)

    assert inspect(form(fieldFlags="")).empty
    assert not inspect(form(fieldFlags="readOnly")).empty


@pytest.mark.parametrize(
    "pdf",
    [
        pytest.param(drawn(lambda canvas: None), id="a white page"),
        pytest.param(b"", id="no bytes"),
        pytest.param(
            raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"),
            id="no page",
        ),
    ],
)
def test_nothing_to_see_is_empty(pdf: bytes) -> None:
    assert inspect(pdf).empty


def test_a_scan_is_not_empty_though_it_has_no_text() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(72, 72, 100, 100, fill=1)

    assert inspect(drawn(draw)) == PdfFacts(pages=1)


@pytest.mark.parametrize("password", ["", "secret"])
def test_encrypted_counts_even_where_the_password_is_empty(password: str) -> None:
    assert inspect(encrypted(a_text(), password)).encrypted


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["own print", "form", "document"])
def test_a_cut_off_upload_is_damaged(kind: str, share: float) -> None:
    makers = {
        "own print": lambda: FormRenderer("pt-BR").render(a_form()).content,
        "form": lambda: a_form_pdf("Maria"),
        "document": lambda: a_text(pages=20),
    }
    pdf = makers[kind]()

    assert inspect(pdf[: int(len(pdf) * share)]).damaged


def updated(pdf: bytes, name: str) -> bytes:
    """Fill a form as viewers do: the change is written behind the old file's end."""
    writer = PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.update_page_form_field_values(writer.pages[0], {"name": name}, auto_regenerate=False)
    written = io.BytesIO()
    writer.write(written)
    assert written.getvalue().startswith(pdf)
    return written.getvalue()


def test_without_the_last_line_rule_a_cut_file_loses_its_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The guard removed: pypdf falls back on the blank form in front of the cut."""
    blank = a_form_pdf()
    whole = updated(blank, "Maria")
    cut = whole[: (len(blank) + len(whole)) // 2]
    assert inspect(whole).filled_fields == 1
    assert inspect(cut).damaged

    monkeypatch.setattr("accord.rendering.pdf._is_whole", lambda content: True)

    assert (inspect(cut).damaged, inspect(cut).filled_fields) == (False, 0)


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(b"not a pdf", id="text"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="nothing between"),
        pytest.param(b"PK\x03\x04" + b"\0" * 5000, id="zip"),
        pytest.param(b"<html>%PDF-1.4 error</html>%%EOF", id="an error page"),
        pytest.param(b"%PDF-" + b"(" * 100_000 + b"%%EOF", id="brackets"),
        pytest.param(b"%PDF-1.4\ntrailer<</Root<<>>>>\nstartxref\n0\n%%EOF", id="no pages entry"),
        pytest.param(
            b"%PDF-1.4\n" + b"[" * 50_000 + b"\nstartxref\n9\n%%EOF", id="bottomless array"
        ),
        pytest.param(
            raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
            id="a page that is not there",
        ),
    ],
)
def test_any_bytes_get_an_answer(junk: bytes) -> None:
    facts = inspect(junk)

    assert facts.damaged or facts.empty


def test_a_page_tree_that_bites_its_tail_ends() -> None:
    loop = raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>")

    assert inspect(loop).damaged


def test_a_field_tree_that_bites_its_tail_ends() -> None:
    pdf = raw_pdf(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</T(a)/FT/Tx/V(x)/Kids[4 0 R]>>",
    )

    assert inspect(pdf).fields == 0


def test_a_bomb_is_damaged_not_a_full_memory() -> None:
    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    pdf = raw_pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(bomb), bomb),
    )

    assert inspect(pdf).damaged


def test_a_slow_file_is_stopped_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a loop stands, it must read on, and there it meets the deadline."""
    ticks = iter(range(10_000_000))
    real = pdf_reading.open_pdf
    slow = lambda content: real(content, clock=lambda: float(next(ticks)))  # noqa: E731
    monkeypatch.setattr("accord.rendering.pdf.open_pdf", slow)

    assert inspect(a_text()).damaged

    ticks = iter([0] * 10_000_000)  # the guard removed: the same file has time enough
    assert not inspect(a_text()).damaged


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    pdf = bytearray(a_form_pdf("Maria", ticked=True))
    for _ in range(chance.randrange(1, 60)):
        pdf[chance.randrange(len(pdf))] = chance.randrange(256)
    started = time.monotonic()

    inspect(bytes(pdf))
    same_content(bytes(pdf), a_form_pdf("Maria", ticked=True))

    assert time.monotonic() - started < 60  # a hang, not a speed


def test_xfa_is_told_and_its_answers_count() -> None:
    def form(values: bytes) -> bytes:
        packet = b"<xfa:datasets><xfa:data><f>%s</f></xfa:data></xfa:datasets>" % values
        return raw_pdf(
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA[(datasets)4 0 R]>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
            b"<</Length %d>>stream\n%s\nendstream" % (len(packet), packet),
        )

    blank, answered = inspect(form(b"<name></name>")), inspect(form(b"<name>Maria</name>"))

    assert blank.xfa
    assert blank.empty
    assert answered.filled_fields == 1
    assert not answered.empty


# ---- the same to a reader --------------------------------------------------------------


def test_a_copy_written_anew_has_the_same_content() -> None:
    for pdf in (
        a_text(pages=2),
        a_form_pdf("Maria"),
        FormRenderer("pt-BR").render(a_form()).content,
    ):
        copy = rewritten(pdf, lambda writer: writer.compress_identical_objects())
        assert copy != pdf
        assert same_content(pdf, copy)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(a_text("Other"), id="another text"),
        pytest.param(a_text(pages=2), id="another page"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="no pdf"),
        pytest.param(b"", id="nothing"),
        pytest.param(encrypted(a_text(), ""), id="encrypted"),
    ],
)
def test_another_document_has_not(other: bytes) -> None:
    assert not same_content(a_text(), other)
    assert not same_content(other, a_text())


def test_two_patients_answers_on_one_form_differ() -> None:
    """The page's own text is alike; only the fields' values tell them apart."""
    one, other = a_form_pdf("Maria"), a_form_pdf("Marta")
    pages = [PdfReader(io.BytesIO(pdf)).pages[0].extract_text() for pdf in (one, other)]

    assert pages[0] == pages[1]
    assert not same_content(one, other)
    assert not same_content(a_form_pdf(ticked=True), a_form_pdf())


def test_pictures_without_text_are_told_apart_and_nothing_proves_nothing() -> None:
    from reportlab.lib.utils import ImageReader

    from tests.rendering.forms import a_picture

    def scan(width: int) -> bytes:
        picture = ImageReader(io.BytesIO(a_picture(width)))
        return drawn(lambda canvas: canvas.drawImage(picture, 72, 72, 100, 100))

    white = drawn(lambda canvas: None)
    assert same_content(scan(60), rewritten(scan(60)))
    assert not same_content(scan(60), scan(61))
    assert not same_content(white, rewritten(white))


def test_two_prints_of_different_answers_differ() -> None:
    printer = FormRenderer("pt-BR")
    one, other = (printer.render(a_form(forty_questions(seed=n))).content for n in (1, 2))

    assert not same_content(one, other)


# ---- all that another tells, and more ----------------------------------------------------


def flattened(name: str) -> bytes:
    """Print a filled form without its fields, under a letterhead."""

    def draw(canvas: Canvas) -> None:
        for line, text in enumerate(("Hospital, page 1", "Name", *name.split())):
            canvas.drawString(72, 750 - 20 * line, text)

    return drawn(draw)


def test_a_print_of_a_form_may_tell_more() -> None:
    filled = a_form_pdf("Maria da Silva", ticked=True)
    assert not same_content(flattened("Maria da Silva"), filled)
    assert tells_all_of(flattened("Maria da Silva"), filled)
    assert tells_all_of(a_text("hello world"), a_text("Hello"))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(flattened("Maria da Costa"), id="another's answers"),
        pytest.param(a_form_pdf(), id="unfilled"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="no pdf"),
        pytest.param(encrypted(flattened("Maria da Silva"), ""), id="encrypted"),
    ],
)
def test_another_document_does_not_tell_all(other: bytes) -> None:
    assert not tells_all_of(other, a_form_pdf("Maria da Silva"))


def test_what_has_no_words_cannot_be_told() -> None:
    assert not tells_all_of(a_text(), drawn(lambda canvas: canvas.rect(1, 1, 9, 9)))


def test_two_prints_of_different_answers_do_not_tell_each_other() -> None:
    printer = FormRenderer("pt-BR")
    one, other = (printer.render(a_form(forty_questions(seed=n))).content for n in (1, 2))

    assert tells_all_of(rewritten(one), one)
    assert not tells_all_of(one, other)


# ---- real forms ------------------------------------------------------------------------


SEEN: dict[str, dict[str, Any]] = {
    "encrypted_new": {"encrypted": True},
    "crazyones-encrypted-256": {"encrypted": True},
    "fancy_fields": {"pages": 1, "fields": 11, "empty": False},
    "sample_form": {"pages": 1, "fields": 28, "empty": False},
    "with_combed_fields": {"pages": 13, "fields": 713, "empty": True},
    "form": {"pages": 1, "fields": 1, "empty": True},
    "form_acrobatReader": {"pages": 1, "filled_fields": 1, "empty": False},
    "form_evince": {"pages": 1, "filled_fields": 1, "empty": False},
    "libreoffice-form": {"pages": 1, "fields": 8, "filled_fields": 2},
    "FormTestFromOo": {"pages": 1, "filled_fields": 0, "empty": True},
}


@pytest.mark.parametrize("name", SEEN)
def test_real_forms_are_read(name: str) -> None:
    found = next(SAMPLES.glob(f"*/{name}.pdf"), None)
    if found is None:
        pytest.skip("no ../shared/data/pdf-forms on this machine")

    facts = inspect(found.read_bytes()).model_dump()

    assert {key: facts[key] for key in SEEN[name]} == SEEN[name]
    assert not facts["damaged"]


def test_nothing_of_a_form_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """pypdf quotes what it stumbles over; a form is patient data."""
    broken = a_form_pdf("Maria").replace(b"/Type /Page", b"/Type /Pag\xff", 1)

    with caplog.at_level("DEBUG"):
        inspect(broken)
        same_content(broken, a_text())

    assert not caplog.records
