"""PDF forms as patients upload them: fillable, filled in, and every way in which they are bad."""

import hashlib
import io
import random
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

QUESTIONS = ("Nome", "Nascimento", "Telefone", "Convênio", "Alergias", "Medicamentos")
KEPT = 16


class PdfPress:
    """
    Makes fillable PDFs with their fields filled in, no two alike, at any size.

    A form's keywords hold noise that no page shows; equal noise lengths let the press reuse a
    form it has made and still give other bytes, 500 in well under a second.
    """

    def __init__(self, seed: int = 0) -> None:
        self._dice = random.Random(seed)
        self._made: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {}

    def form(self, title: str, name: str, size: int = 0) -> bytes:
        """
        Make one form.

        Args:
            name: what the patient writes into the first field.
            size: about how many bytes it shall have at least.
        """
        made = self._made.setdefault((title, size), [])
        noise = self._noise(size)
        if len(made) < KEPT:
            content = filled_form(title, name, noise.decode())
            made.append((content, noise))
            return content
        content, old = self._dice.choice(made)
        return content.replace(old, noise)

    def _noise(self, size: int) -> bytes:
        wanted = max(16, size - PLAIN_BYTES)
        return self._dice.randbytes(wanted // 2).hex().encode()


PLAIN_BYTES = 8_000
"""About what a filled form takes without its noise."""


def filled_form(title: str, name: str, keywords: str = "") -> bytes:
    """Make a fillable PDF with its fields filled in."""
    page, buffer = _canvas(title)
    page.setKeywords(keywords)
    for row, question in enumerate(QUESTIONS):
        height = 700 - 50 * row
        page.drawString(60, height + 26, question)
        page.acroForm.textfield(
            name=f"campo{row}", value=_latin(name if row == 0 else "não"), x=60, y=height,
            width=440, height=22, fontName="Helvetica", fontSize=11, borderWidth=0.5,
        )  # fmt: skip
    page.showPage()
    page.save()
    return buffer.getvalue()


def _canvas(title: str, encrypted: StandardEncryption | None = None) -> tuple[Canvas, io.BytesIO]:
    buffer = io.BytesIO()
    page = Canvas(buffer, pagesize=A4, encrypt=encrypted)
    page.setTitle(title)
    page.setFont("Helvetica-Bold", 16)
    page.drawString(60, 780, _latin(title))
    page.setFont("Helvetica", 10)
    return page, buffer


def _latin(text: str) -> str:
    """Keep what the form's own font shows; its fields know no more than Latin-1."""
    return text.encode("latin-1", "replace").decode("latin-1")


def encrypted_form(title: str) -> bytes:
    """Make a PDF that asks for a password."""
    page, buffer = _canvas(title, StandardEncryption("segredo", ownerPassword="dono", canPrint=0))
    page.drawString(60, 700, "Protegido por senha")
    page.showPage()
    page.save()
    return buffer.getvalue()


def damaged_form(title: str) -> bytes:
    """Make the first half of a PDF, as a broken upload leaves it."""
    content = filled_form(title, "…")
    return content[: len(content) // 2]


def sample_forms(folder: Path) -> list[bytes]:
    """Read fillable PDFs that others made, other than the locked ones; none if there are none."""
    paths = sorted(path for path in folder.glob("**/*.pdf") if "encrypted" not in path.name)
    return [path.read_bytes() for path in paths]


def sha256(content: bytes) -> str:
    """Give the digest by which what arrives is compared with what was submitted."""
    return hashlib.sha256(content).hexdigest()
