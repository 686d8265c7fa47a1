"""The typesetter: templates and data in, PDF/A out, with no font but the pinned ones."""

import threading
from datetime import UTC, datetime

import typst

from accord.rendering.glyphs import FONTS

STANDARDS = ["a-2a", "ua-1"]
"""PDF/A-2a for the archive, PDF/UA-1 for who listens instead of reading."""


class Unset(Exception):
    """A template could not be set with what it was given."""


class Typesetter:
    """
    Sets templates as tagged PDF/A; the same template, data and time give the same bytes.

    Safe to share between threads: each has a compiler of its own, kept for all it sets; the
    compiler lets other threads run.
    """

    def __init__(self) -> None:
        self.fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]
        )
        self._own = threading.local()

    def set(self, template: bytes, inputs: dict[str, str], at: datetime) -> bytes:
        """
        Set a template.

        Args:
            at: aware; the document's date, to the second.

        Raises:
            Unset: it could not be set.
        """
        if not hasattr(self._own, "compiler"):
            self._own.compiler = typst.Compiler(
                font_paths=self.fonts, ignore_system_fonts=True, root=FONTS
            )
        try:
            pdf: bytes = self._own.compiler.compile(
                template,
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=STANDARDS,
                timestamp=at.astimezone(UTC).replace(microsecond=0),  # it takes none
            )
        except (RuntimeError, ValueError):  # its text quotes what was to be set
            raise Unset from None
        return pdf
