"""A submitted form on paper: complete, within its margins, archivable, the same each time."""

import io
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typst
from PIL import Image

from accord.domain.answer_sheet import AnswerSheet, Question, QuestionState
from accord.domain.answers import read_answers
from accord.domain.forms import FormKind
from accord.domain.identifiers import Issuer, PatientNumber
from accord.domain.people import PatientId
from accord.rendering import glyphs, renderer
from accord.rendering.glyphs import Undrawable
from accord.rendering.headings import HEADINGS
from accord.rendering.renderer import FormRenderer, Unrenderable
from tests.rendering.forms import (
    Painter,
    a_file,
    a_form,
    a_patient,
    a_picture,
    forty_questions,
    one_answer,
    plain,
    read_pdf,
    spilled,
    text_of,
    texts_of,
)

PICTURE = "valueAttachment"
EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "fhir-r4-examples"
MARKUP = "#panic() $x^2$ *bold* _it_ \\ \"quote\" 'q' @ref <label> `raw` = head // c /* */ [b] ~ --"


@pytest.fixture(scope="module")
def printer() -> FormRenderer:
    return FormRenderer("pt-BR")


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter("pt-BR")


# ---- what the page says ----------------------------------------------------------------


def test_the_page_names_form_patient_facility_time_and_source(printer: FormRenderer) -> None:
    """The instant is printed in the facility's zone, with its name and offset."""
    document = printer.render(a_form(replaces="documento enviado em 16/05/2026"))

    text = text_of(document.content)
    for told in (
        "Formulário clínico",
        "Questionário clínico",
        "Maria dos Santos Cavalcanti",
        "104233 (Emissor: CLINICA_SP)",
        "09/03/1961",
        "Clínica Imagem Paulista",
        "17/05/2026 14:31:05 (America/Sao_Paulo, UTC-03:00)",
        "Preenchido por Paciente",
        "ACC-99120",
        "Substitui: documento enviado em 16/05/2026",
        "QuestionnaireResponse/f3a1/_history/3",
        "40 perguntas respondidas",
        "Página 1 de 2",
    ):
        assert plain(told) in text
    assert (document.title, document.pages) == ("Questionário clínico", 2)


def test_the_same_form_in_english(printer: FormRenderer) -> None:
    content = a_form(forty_questions("en-US"), kind=FormKind.REGISTRATION, accession=None)

    text = text_of(FormRenderer("en-US").render(content).content)

    for told in ("Registration form", "May 17, 2026 2:31:05 PM", "Page 1 of", "March 9, 1961"):
        assert plain(told) in text
    assert "Accession" not in text


def test_every_page_names_the_patient_and_counts(printer: FormRenderer) -> None:
    document = printer.render(a_form())

    pages = [page.extract_text() for page in read_pdf(document.content).pages]
    assert len(pages) == document.pages > 1
    for number, page in enumerate(pages, start=1):
        assert "Maria dos Santos Cavalcanti" in page
        assert "Número 104233 (CLINICA_SP)" in page
        assert f"Página {number} de {len(pages)}" in page


@pytest.mark.parametrize(
    ("questionnaire", "response"),
    [
        ("questionnaire-example", "questionnaireresponse-example"),
        ("questionnaire-example-bluebook", "questionnaireresponse-example-bluebook"),
        ("questionnaire-example-f201-lifelines", "questionnaireresponse-example-f201-lifelines"),
        ("questionnaire-example-gcs", "questionnaireresponse-example-gcs"),
        (
            "questionnaire-profile-example-ussg-fht",
            "questionnaireresponse-example-ussg-fht-answers",
        ),
    ],
)
def test_the_official_examples_print_whole(
    printer: FormRenderer, painter: Painter, questionnaire: str, response: str
) -> None:
    """Every heading, question and answer of the sheet is found in the PDF's text."""
    if not EXAMPLES.is_dir():
        pytest.skip("no ../shared/data/fhir-r4-examples on this machine")
    form, answers = (
        json.loads((EXAMPLES / f"{name}.json").read_text()) for name in (questionnaire, response)
    )
    sheet = read_answers(form, answers, "pt-BR")

    text = text_of(printer.render(a_form(sheet)).content)

    wanted = texts_of((*sheet.items, *sheet.strays))
    assert wanted
    assert [one for one in wanted if plain(one) not in text] == []
    assert not spilled(painter.paint(a_form(sheet)))


@pytest.mark.parametrize("state", list(QuestionState)[1:])
def test_what_was_not_answered_is_said(printer: FormRenderer, state: QuestionState) -> None:
    sheet = AnswerSheet(items=(Question(label="Pergunta", state=state),))

    text = text_of(printer.render(a_form(sheet)).content)

    assert plain(f"Pergunta{HEADINGS['pt-BR'].states[state]}") in text


def test_an_unreadable_answer_is_marked_and_shown_raw(printer: FormRenderer) -> None:
    text = text_of(printer.render(a_form(one_answer("2024-13-45", "valueDate"))).content)

    assert plain("resposta ilegível 2024-13-45") in text


def test_strays_have_a_heading_of_their_own(printer: FormRenderer) -> None:
    sheet = read_answers(
        {"item": [{"linkId": "1", "type": "string", "text": "Pergunta"}]},
        {"item": [{"linkId": "9", "text": "Removida", "answer": [{"valueString": "ainda aqui"}]}]},
        "pt-BR",
    )

    text = text_of(printer.render(a_form(sheet)).content)

    assert plain("Respostas fora do questionário Removida ainda aqui") in text


def test_headings_make_the_outline(printer: FormRenderer) -> None:
    form = {
        "item": [
            {
                "linkId": "a",
                "type": "group",
                "text": "Outer",
                "item": [{"linkId": "b", "type": "group", "text": "Inner"}],
            }
        ]
    }
    sheet = read_answers(form, {}, "pt-BR")

    outline: Any = read_pdf(printer.render(a_form(sheet)).content).outline

    outer, below = outline
    assert isinstance(below, list)
    assert (outer["/Title"], below[0]["/Title"]) == ("Outer", "Inner")


# ---- content is data -------------------------------------------------------------------


def test_content_is_never_markup(printer: FormRenderer) -> None:
    """Signs that mean something to the typesetter arrive on paper as they were typed."""
    content = a_form(
        one_answer(MARKUP, text=f"Q {MARKUP}"),
        title=f"T {MARKUP}",
        facility=f"F {MARKUP}",
        patient=a_patient(family=f"P {MARKUP}"),
        replaces=f"R {MARKUP}",
    )

    text = text_of(printer.render(content).content)

    for mark in ("T", "F", "P", "R", "Q"):
        assert plain(f"{mark} {MARKUP}") in text


def test_interpolation_would_break_it() -> None:
    """The guard removed: the same signs put into the template's text stop the typesetter."""
    with pytest.raises(RuntimeError):
        typst.Compiler(ignore_system_fonts=True).compile(f"Q {MARKUP}".encode(), format="pdf")


@pytest.mark.parametrize("sign", list("#$*_\\\"'@<>`=/[]~-{}"))
def test_each_sign_alone_and_doubled_is_printed(printer: FormRenderer, sign: str) -> None:
    text = text_of(printer.render(a_form(one_answer(f"{sign}a{sign}{sign}b{sign}"))).content)

    assert plain(f"{sign}a{sign}{sign}b{sign}") in text


# ---- nothing overflows -----------------------------------------------------------------

EXTREMES: dict[str, Callable[[], Any]] = {
    "10 kB of words": lambda: a_form(one_answer("palavra comprida " * 640)),
    "10 kB without a space": lambda: a_form(one_answer("W" * 10_000)),
    "a long address": lambda: a_form(
        one_answer("https://a.example/" + "x/y?z=1&" * 60, "valueUri")
    ),
    "60 small letters": lambda: a_form(one_answer("i" * 60)),
    "23 wide letters": lambda: a_form(one_answer("M" * 23, text="W" * 23)),
    "a long label": lambda: a_form(one_answer("sim", text="Q" * 3000)),
    "a label of words": lambda: a_form(one_answer("sim", text="Por que " * 300)),
    "a long title": lambda: a_form(title="T" * 2000),
    "a long name": lambda: a_form(patient=a_patient(family="W" * 400, given="M" * 300)),
    "a long number": lambda: a_form(
        patient=a_patient(id=PatientId(number=PatientNumber("9" * 200), issuer=Issuer("W" * 64)))
    ),
    "a long facility": lambda: a_form(facility="Clínica " * 100),
    "a long reference": lambda: a_form(reference="W" * 500),
    "many lines": lambda: a_form(one_answer("linha\n" * 800)),
    "200 questions": lambda: a_form(many_questions(200)),
    "300 answers to one question": lambda: a_form(many_answers(300)),
    "deep nesting": lambda: a_form(nested(30)),
    "a wide picture": lambda: a_form(one_answer(a_file(a_picture(4000, 60), "image/png"), PICTURE)),
    "a tall picture": lambda: a_form(one_answer(a_file(a_picture(60, 4000), "image/png"), PICTURE)),
}


def many_questions(count: int) -> AnswerSheet:
    form = [{"linkId": str(n), "type": "string", "text": f"Pergunta {n}?"} for n in range(count)]
    items = [{"linkId": str(n), "answer": [{"valueString": f"R{n}"}]} for n in range(count)]
    return read_answers({"item": form}, {"item": items}, "pt-BR")


def many_answers(count: int) -> AnswerSheet:
    item = {"linkId": "1", "answer": [{"valueString": f"Resposta {n}"} for n in range(count)]}
    return read_answers({"item": [{"linkId": "1", "text": "Muitas"}]}, {"item": [item]}, "pt-BR")


def nested(depth: int) -> AnswerSheet:
    definition: dict[str, Any] = {"linkId": "q", "type": "string", "text": "W" * 23}
    given: dict[str, Any] = {"linkId": "q", "answer": [{"valueString": "fundo"}]}
    for level in range(depth):
        kind = {"type": "group"} if level % 2 else {"type": "boolean"}
        definition = {"linkId": f"l{level}", "text": f"Nível {level}", "item": [definition], **kind}
        given = (
            {"linkId": f"l{level}", "item": [given]}
            if level % 2
            else {"linkId": f"l{level}", "answer": [{"valueBoolean": True, "item": [given]}]}
        )
    return read_answers({"item": [definition]}, {"item": [given]}, "pt-BR")


@pytest.mark.parametrize("case", EXTREMES)
def test_nothing_leaves_the_page(printer: FormRenderer, painter: Painter, case: str) -> None:
    content = EXTREMES[case]()

    assert not spilled(painter.paint(content))

    text = text_of(printer.render(content).content)
    for told in texts_of(content.answers.items):
        parts = [plain(part) for part in told.split("\n")]
        assert [part for part in parts if len(part) < 1000 and part not in text] == []


def test_without_soft_breaks_a_long_run_leaves_the_page(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard removed: what the test above would see."""
    monkeypatch.setattr(glyphs, "_softened", lambda found: found.group())

    assert spilled(painter.paint(a_form(one_answer("W" * 10_000))))


def test_a_long_text_is_printed_to_its_end(printer: FormRenderer) -> None:
    """Across pages, in order: header and footer stand between its parts, nothing else."""
    words = [f"palavra{n}" for n in range(1200)]

    pdf = printer.render(a_form(one_answer(" ".join(words)))).content

    found = [
        word
        for page in read_pdf(pdf).pages
        for word in page.extract_text().split()
        if word.startswith("palavra")
    ]
    assert found == words


# ---- pictures --------------------------------------------------------------------------


def images_in(pdf: bytes) -> list[Any]:
    return [image for page in read_pdf(pdf).pages for image in page.images]


@pytest.mark.parametrize(
    ("kind", "media_type", "options"),
    [
        pytest.param("PNG", "image/png", {}, id="png"),
        pytest.param("JPEG", "image/jpeg", {}, id="jpeg"),
        pytest.param("JPEG", "image/jpeg", {"progressive": True}, id="progressive jpeg"),
        pytest.param("PNG", "application/octet-stream", {}, id="by its bytes, not its label"),
    ],
)
def test_a_picture_is_printed_under_its_question(
    printer: FormRenderer, kind: str, media_type: str, options: Any
) -> None:
    content = a_picture(kind=kind, **options)

    pdf = printer.render(a_form(one_answer(a_file(content, media_type, "foto"), PICTURE))).content

    (image,) = images_in(pdf)
    assert image.image.size == (60, 40)
    assert "foto(" in text_of(pdf)
    assert "nãoexibido" not in text_of(pdf)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"%PDF-1.7 not a picture", id="another kind of file"),
        pytest.param(a_picture()[:-40], id="cut off png"),
        pytest.param(a_picture(600, 400, "JPEG")[:-400], id="cut off jpeg"),
        pytest.param(a_picture()[:60] + b"\0" * 40 + a_picture()[-12:], id="damaged pixels"),
        pytest.param(
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff" + b"\0" * 20 + b"IEND",
            id="forged size",
        ),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", id="svg"),
        pytest.param(a_picture(kind="GIF"), id="gif"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_cannot_be_drawn_is_named_never_left_blank(
    printer: FormRenderer, content: bytes
) -> None:
    file = a_file(content, "image/png", "foto.png")

    pdf = printer.render(a_form(one_answer(file, PICTURE))).content

    assert not images_in(pdf)
    assert plain("foto.png (image/png") in text_of(pdf)
    assert plain("arquivo não exibido aqui") in text_of(pdf)


def test_without_the_trial_one_damaged_picture_would_stop_the_form(
    printer: FormRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard removed: each picture is tried by itself because the typesetter gives up."""
    damaged = a_picture()[:60] + b"\0" * 40 + a_picture()[-12:]
    monkeypatch.setattr(FormRenderer, "_appears", lambda self, drawn, at: True)

    with pytest.raises(Unrenderable):
        printer.render(a_form(one_answer(a_file(damaged, "image/png"), PICTURE)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phones_picture_stands_upright(painter: Painter, orientation: int) -> None:
    """A camera turns the picture by a note in its EXIF part; so do we."""
    upright: Image.Image = Image.open(io.BytesIO(a_picture(90, 60)))
    turns = Image.Transpose
    undo = {
        1: [],
        2: [turns.FLIP_LEFT_RIGHT],
        3: [turns.ROTATE_180],
        4: [turns.FLIP_TOP_BOTTOM],
        5: [turns.TRANSPOSE],
        6: [turns.ROTATE_90],
        7: [turns.TRANSVERSE],
        8: [turns.ROTATE_270],
    }
    stored = upright
    for turn in undo[orientation]:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    written = io.BytesIO()
    stored.save(written, "JPEG", quality=95, exif=exif)

    def painted(content: bytes, media_type: str) -> Image.Image:
        (page,) = painter.paint(a_form(one_answer(a_file(content, media_type), PICTURE)))
        return page

    expected = painted(a_picture(90, 60), "image/png")
    found = painted(written.getvalue(), "image/jpeg")
    box = (50, 240, 300, 420)  # where the picture stands
    assert found.size == expected.size
    assert min(expected.crop(box).tobytes()) < 120
    far_off = [
        abs(one - other) > 90
        for one, other in zip(found.crop(box).tobytes(), expected.crop(box).tobytes(), strict=True)
    ]
    assert sum(far_off) < 200  # JPEG edges and the caption's size in kB; a wrong turn is 400


def test_a_signature_is_printed_as_a_picture(printer: FormRenderer) -> None:
    signature = {
        "url": "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature",
        "valueSignature": {
            "who": {"display": "Maria dos Santos"},
            "when": "2026-05-17T14:31:00-03:00",
            "data": a_file(a_picture(), "")["data"],
        },
    }
    sheet = read_answers(None, {"extension": [signature]}, "pt-BR")

    pdf = printer.render(a_form(sheet)).content

    assert len(images_in(pdf)) == 1
    assert plain("Assinatura Maria dos Santos, 17/05/2026 14:31 (UTC-03:00)") in text_of(pdf)


def test_pictures_have_words_for_who_cannot_see_them(printer: FormRenderer) -> None:
    pdf = printer.render(a_form(one_answer(a_file(a_picture(), "image/png", "ferida"), PICTURE)))

    assert b"/S/Figure" in pdf.content
    assert b"/Alt(ferida)" in pdf.content


# ---- glyphs ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["answer", "label", "title", "patient", "facility"])
def test_a_text_without_a_glyph_is_refused(printer: FormRenderer, where: str) -> None:
    """Wherever it stands; the message counts the characters and does not show them."""
    text = "山田太郎"
    contents = {
        "answer": lambda: a_form(one_answer(text)),
        "label": lambda: a_form(one_answer("x", text=text)),
        "title": lambda: a_form(title=text),
        "patient": lambda: a_form(patient=a_patient(family=text)),
        "facility": lambda: a_form(facility=text),
    }

    content = contents[where]()
    assert content.missing_glyphs() == frozenset(text)
    with pytest.raises(Undrawable, match="font-covers-text") as refused:
        printer.render(content)

    assert not set(text) & set(str(refused.value))
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_the_typesetter_is_the_second_net(
    printer: FormRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the first net gone it still refuses, and its quotation of the text stays inside."""
    monkeypatch.setattr(glyphs, "_coverage", lambda: frozenset(map(chr, range(0x20000))))

    with pytest.raises(Unrenderable) as refused:
        printer.render(a_form(one_answer("山田太郎")))

    assert "山" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_failure_never_quotes_the_form(
    printer: FormRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "TEMPLATE", b"#panic(sys.inputs.form)")

    with pytest.raises(Unrenderable) as refused:
        printer.render(a_form(one_answer("secret")))

    restored = pickle.loads(pickle.dumps(refused.value))
    assert str(restored) == str(refused.value)
    assert "secret" not in f"{refused.value} {refused.value.args} {restored!r}"


@pytest.mark.parametrize("case", EXTREMES)
def test_what_misses_no_glyph_can_be_printed(case: str) -> None:
    assert EXTREMES[case]().missing_glyphs() == frozenset()


# ---- the file --------------------------------------------------------------------------


def test_it_is_tagged_pdf_a(printer: FormRenderer) -> None:
    """What can be judged here of PDF/A-2a and PDF/UA-1: marks, intent, fonts, tags, language."""
    pdf = printer.render(a_form()).content
    reader = read_pdf(pdf)
    root: Any = reader.root_object
    xmp = root["/Metadata"].get_object().get_data().decode()

    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert root["/OutputIntents"][0]["/DestOutputProfile"].get_object().get_data()
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "pt-BR"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    assert reader.metadata is not None
    assert reader.metadata.title == "Questionário clínico"
    assert not reader.is_encrypted
    assert b"/JavaScript" not in pdf
    assert b"/AcroForm" not in pdf


def test_every_font_is_ours_and_embedded(printer: FormRenderer) -> None:
    pdf = printer.render(a_form(one_answer("≥ 2 ✓ é"))).content

    names = set()
    for page in read_pdf(pdf).pages:
        fonts: Any = page["/Resources"]
        fonts = fonts["/Font"]
        for font in (one.get_object() for one in fonts.values()):
            descendant = font["/DescendantFonts"][0].get_object()
            assert descendant["/FontDescriptor"]["/FontFile2"].get_object().get_data()
            assert font["/ToUnicode"].get_object().get_data()
            names.add(str(font["/BaseFont"]).partition("+")[2])
    assert names == {
        "NotoSans-Regular",
        "NotoSans-Bold",
        "NotoSansMath-Regular",
        "NotoSansSymbols2-Regular",
    }


def test_the_same_form_gives_the_same_bytes(printer: FormRenderer) -> None:
    """Also from another compiler that has printed something else, and for an equal instant."""
    other = FormRenderer("pt-BR")
    other.render(a_form(one_answer("outra coisa")))
    instant = datetime(2026, 5, 17, 17, 31, 5, tzinfo=UTC)
    zones = (UTC, ZoneInfo("America/Sao_Paulo"), timezone(timedelta(hours=-3)))
    instants = [instant.astimezone(zone) for zone in zones]

    prints = [
        one.render(a_form(submitted_at=instant)) for one in (printer, other) for instant in instants
    ]

    assert len({document.digest for document in prints}) == 1


def test_a_fraction_of_a_second_is_no_hindrance(printer: FormRenderer) -> None:
    """The typesetter takes whole seconds, and servers write milliseconds."""
    whole = datetime(2026, 5, 17, 17, 31, 5, tzinfo=UTC)
    prints = [
        printer.render(a_form(submitted_at=whole.replace(microsecond=part)))
        for part in (0, 123_000, 999_999)
    ]
    assert len({document.digest for document in prints}) == 1


def test_another_process_gives_the_same_bytes(printer: FormRenderer) -> None:
    """A resend after a restart is byte-equal, whatever the machine's zone and hash seed."""
    code = (
        "from tests.rendering.forms import a_form\n"
        "from accord.rendering.renderer import FormRenderer\n"
        "import sys; sys.stdout.write(FormRenderer('pt-BR').render(a_form()).digest)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"},
    )

    assert done.stdout == printer.render(a_form()).digest


def test_a_change_of_content_changes_the_bytes(printer: FormRenderer) -> None:
    digests = {
        printer.render(one).digest
        for one in (
            a_form(),
            a_form(forty_questions(seed=1)),
            a_form(reference="QuestionnaireResponse/f3a1/_history/4"),
            a_form(submitted_at=datetime(2026, 5, 17, 17, 31, 6, tzinfo=UTC)),
        )
    }

    assert len(digests) == 4


def test_threads_may_share_a_printer(printer: FormRenderer) -> None:
    """Each has a compiler of its own: shared, it raises `Already borrowed`."""
    expected = [printer.render(a_form(forty_questions(seed=n))).digest for n in range(4)]
    found: dict[int, list[str]] = {}

    def work(n: int) -> None:
        content = a_form(forty_questions(seed=n))
        found[n] = [printer.render(content).digest for _ in range(5)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [set(found[n]) for n in range(4)] == [{digest} for digest in expected]


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="submitted_at"):
        a_form(submitted_at=datetime(2026, 5, 17, 17, 31, tzinfo=UTC).replace(tzinfo=None))


def test_contents_and_prints_do_not_show_themselves(printer: FormRenderer) -> None:
    content = a_form(one_answer("secret"), title="secret")

    assert "secret" not in f"{content} {content!r} {printer.render(content)!r}"


def resident_mb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 1_000_000


@pytest.mark.long
def test_memory_stays_flat_over_five_hundred_prints(printer: FormRenderer) -> None:
    for n in range(100):
        printer.render(a_form(forty_questions(seed=n)))
    before = resident_mb()

    for n in range(500):
        printer.render(a_form(forty_questions(seed=1000 + n)))

    assert resident_mb() - before < 20
