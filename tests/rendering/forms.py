"""Forms to print, and what can be seen of the print."""

import base64
import io
import json
from datetime import UTC, date, datetime
from typing import Any

import typst
from PIL import Image, ImageDraw
from pypdf import PdfReader

from accord.domain.answer_sheet import AnswerSheet, Group, Node, Question, Remark
from accord.domain.answers import read_answers
from accord.domain.forms import FormKind
from accord.domain.identifiers import AccessionNumber, Issuer, PatientNumber
from accord.domain.people import Patient, PatientId
from accord.rendering import renderer
from accord.rendering.content import FormContent
from accord.rendering.glyphs import FONTS
from accord.rendering.renderer import FormRenderer

Json = dict[str, Any]
PIXELS_PER_POINT = 1


def a_patient(**fields: Any) -> Patient:
    given = {
        "id": PatientId(number=PatientNumber("104233"), issuer=Issuer("CLINICA_SP")),
        "family": "Cavalcanti",
        "given": "Maria",
        "middle": "dos Santos",
        "birth_date": date(1961, 3, 9),
    }
    return Patient(**(given | fields))


def a_form(answers: AnswerSheet | None = None, locale: str = "pt-BR", **fields: Any) -> FormContent:
    """Build a form's content; with no answers given, one of forty questions."""
    given: Json = {
        "title": "Questionário clínico",
        "kind": FormKind.CLINICAL,
        "patient": a_patient(),
        "facility": "Clínica Imagem Paulista",
        "submitted_at": datetime(2026, 5, 17, 17, 31, 5, tzinfo=UTC),
        "zone": "America/Sao_Paulo",
        "author": "Patient",
        "reference": "QuestionnaireResponse/f3a1/_history/3",
        "accession": AccessionNumber("ACC-99120"),
        "answers": forty_questions(locale) if answers is None else answers,
    }
    return FormContent(**(given | fields))


def forty_questions(locale: str = "pt-BR", seed: int = 0) -> AnswerSheet:
    questions = [
        {"linkId": str(n), "type": "string", "text": f"Pergunta {n} de quarenta, bem formulada?"}
        for n in range(40)
    ]
    items = [
        {"linkId": str(n), "answer": [{"valueString": f"Resposta {n}.{seed}, em poucas palavras"}]}
        for n in range(40)
    ]
    return read_answers({"item": questions}, {"item": items}, locale)


def one_answer(value: Any, key: str = "valueString", **question: Any) -> AnswerSheet:
    item = {"linkId": "1", "type": "string", "text": "Pergunta", **question}
    answer = {"linkId": "1", "answer": [{key: value}]}
    return read_answers({"item": [item]}, {"item": [answer]}, "pt-BR")


def a_picture(width: int = 60, height: int = 40, kind: str = "PNG", **options: Any) -> bytes:
    """Draw a white picture with a red top left corner."""
    picture = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 3, height // 3), fill="red")
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def a_file(content: bytes, media_type: str, title: str = "arquivo") -> Json:
    data = base64.b64encode(content).decode()
    return {"contentType": media_type, "title": title, "data": data}


def read_pdf(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def plain(text: str) -> str:
    """Drop white space and zero-width spaces: lines break where the page wants."""
    return "".join(text.replace("\u200b", "").split())


def text_of(pdf: bytes) -> str:
    return plain("".join(page.extract_text() for page in read_pdf(pdf).pages))


def texts_of(nodes: tuple[Node, ...]) -> list[str]:
    """List every text that a reader of a sheet must find."""
    found: list[str] = []
    for node in nodes:
        found += [node.prefix, node.label]
        if isinstance(node, Remark):
            continue
        if isinstance(node, Question):
            for answer in node.answers:
                found += [answer.text, *texts_of(answer.items)]
        found += texts_of(node.items)
    return [text for text in found if text]


def groups_of(nodes: tuple[Node, ...]) -> list[Group]:
    return [node for node in nodes if isinstance(node, Group)]


class Painter(FormRenderer):
    """Paints the pages as pictures, one pixel to the point: what the eye would see."""

    def paint(self, content: FormContent) -> list[Image.Image]:
        payload = json.dumps(self._payload(content, self._pictures(content)))
        compiler = typst.Compiler(
            font_paths=self._typesetter.fonts, ignore_system_fonts=True, root=FONTS
        )
        painted = compiler.compile(
            renderer.TEMPLATE,
            format="png",
            ppi=72 * PIXELS_PER_POINT,
            sys_inputs={"form": payload},
        )
        pages = painted if isinstance(painted, list) else [painted]
        return [Image.open(io.BytesIO(page or b"")).convert("L") for page in pages]


def spilled(pages: list[Image.Image]) -> bool:
    """Say whether anything stands in the outer margins, where nothing may stand."""
    side, edge = 46, 15  # points; the template's are 51 at the sides
    for page in pages:
        width, height = page.size
        for box in (
            (0, 0, side, height),
            (width - side, 0, width, height),
            (0, 0, width, edge),
            (0, height - edge, width, height),
        ):
            if page.crop(box).getextrema() != (255, 255):
                return True
    return False
