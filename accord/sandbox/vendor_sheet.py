"""A Normal form as the vendor's own synchronisation prints it: unlike ours in every byte."""

import io

from reportlab.lib.pagesizes import LETTER
from reportlab.lib.units import inch
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from accord.sandbox.vendor_forms import SubmittedForm

LEFT: float = 0.8 * inch
TOP: float = 10.2 * inch
BOTTOM: float = 0.8 * inch
LEADING = 14
FONT, SIZE = "Helvetica", 9.5


def printed(form: SubmittedForm) -> bytes:
    """Print a form on letter paper, question and answer in one line; same form, same bytes."""
    made = io.BytesIO()
    page = Canvas(made, pagesize=LETTER, invariant=1)
    page.setTitle("OmegaAI form")
    height = _heading(page, form)
    for depth, question, answer in form.lines:
        for line in _broken(f"{question}: {answer}" if answer else question, depth):
            if height < BOTTOM:
                page.showPage()
                height = TOP
            page.setFont(FONT, SIZE)
            page.drawString(LEFT + 12 * depth, height, line)
            height -= LEADING
    page.save()
    return made.getvalue()


def _heading(page: Canvas, form: SubmittedForm) -> float:
    page.setFont("Helvetica-Bold", 14)
    page.drawString(LEFT, TOP, _drawable(form.title or form.kind.title()))
    page.setFont(FONT, SIZE)
    page.drawString(LEFT, TOP - 18, f"Patient ID {_drawable(form.patient_number)}")
    page.drawString(LEFT, TOP - 32, f"Submitted {form.submitted_at.isoformat()}")
    return TOP - 56


def _broken(text: str, depth: int) -> list[str]:
    width = LETTER[0] - 2 * LEFT - 12 * depth
    return list(simpleSplit(_drawable(text), FONT, SIZE, width))


def _drawable(text: str) -> str:
    """Keep what Helvetica can draw; the vendor's print shows question marks for the rest."""
    return text.encode("cp1252", "replace").decode("cp1252")


def title_of(form: SubmittedForm) -> str:
    """Give the title the vendor files under: never the form's own name."""
    return f"{form.kind.upper()} FORM {form.submitted_at:%Y-%m-%d}"
