import json
import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from accord.domain.answer_sheet import Attachment, QuestionState
from accord.domain.forms import Document
from accord.domain.identifiers import Digest
from accord.domain.phrasing import say_day, say_instant
from accord.rendering.content import FormContent
from accord.rendering.glyphs import FAMILIES, drawable
from accord.rendering.headings import HEADINGS
from accord.rendering.pictures import Picture, picture
from accord.rendering.rows import Rows, attachments
from accord.rendering.typesetting import Typesetter, Unset

TEMPLATE = (Path(__file__).parent / "form.typ").read_bytes()
_PROBE = b"""#set document(title: "probe")
#title[probe]
#image(bytes(sys.inputs.picture), format: "svg", alt: "probe")"""

_PAGES = re.compile(rb"/Type/Pages/Count (\d+)")
_LONG_TITLE = 60  # characters; a longer one is set smaller
_NAME_IN_HEADER = 70  # characters; the first page shows the whole name
_TEXT_IN_HEADER = 60
_REFERENCE_IN_FOOTER = 160


class Unrenderable(Exception):
    """The form could not be set on paper; a person looks at it at OmegaAI."""


class FormRenderer:
    """
    Prints submitted forms as tagged PDF/A, in one language.

    The same content gives the same bytes. Safe to share between threads.

    Args:
        locale: `pt-BR` or `en-US`.
    """

    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._headings = HEADINGS[locale]
        self._typesetter = Typesetter()

    def render(self, content: FormContent) -> Document:
        """
        Print one form.

        Raises:
            Undrawable: a text needs a glyph that the pinned fonts lack.
            Unrenderable: the form could not be set.
        """
        drawn = self._pictures(content)
        payload = json.dumps(self._payload(content, drawn))
        pdf = self._compile(TEMPLATE, {"form": payload}, content.submitted_at)
        return Document(
            content=pdf,
            digest=Digest(sha256(pdf).hexdigest()),
            title=content.title,
            pages=max(int(count) for count in _PAGES.findall(pdf)),
        )

    def _compile(self, template: bytes, inputs: dict[str, str], at: datetime) -> bytes:
        try:
            return self._typesetter.set(template, inputs, at)
        except Unset:
            raise Unrenderable(
                "the form could not be set by accord/rendering/form.typ; open it at OmegaAI"
            ) from None

    def _pictures(self, content: FormContent) -> list[tuple[Attachment, Picture]]:
        """Try each picture by itself; one that does not appear is named, never left blank."""
        found = []
        for attachment in attachments(content.answers):
            drawn = picture(attachment.content) if attachment.content else None
            if drawn and self._appears(drawn, content.submitted_at):
                found.append((attachment, drawn))
        return found

    def _appears(self, drawn: Picture, at: datetime) -> bool:
        try:
            return b"/Subtype/Image" in self._compile(_PROBE, {"picture": drawn.svg}, at)
        except Unrenderable:
            return False

    def _payload(
        self, content: FormContent, drawn: list[tuple[Attachment, Picture]]
    ) -> dict[str, Any]:
        words = self._headings
        title = content.title.strip() or words.untitled
        reference = drawable(_cut(content.reference, _REFERENCE_IN_FOOTER))
        return {
            "words": words.model_dump(
                mode="json", include={"language", "region", "paper", "page", "of", "replaces"}
            ),
            "fonts": FAMILIES,
            "title": drawable(title),
            "title_size": 18 if len(title) <= _LONG_TITLE else 13,
            "kind": words.kinds[content.kind],
            "header": self._header(content, title),
            "facts": self._facts(content),
            "replaces": drawable(content.replaces),
            "summary": self._summary(content),
            "reference": f"{words.source}: {reference}",
            "rows": Rows(words, drawn).of(content.answers),
            "pictures": [one.svg for _, one in drawn],
        }

    def _header(self, content: FormContent, title: str) -> dict[str, str]:
        words, patient = self._headings, content.patient
        number = f"{words.number} {patient.id.number} ({patient.id.issuer})"
        return {
            "patient": drawable(_cut(_name(content), _NAME_IN_HEADER)),
            "id": drawable(_cut(number, _TEXT_IN_HEADER)),
            "born": f"{words.born} {self._born(content)}",
            "title": drawable(_cut(title, _TEXT_IN_HEADER)),
        }

    def _facts(self, content: FormContent) -> list[tuple[str, str]]:
        words, patient = self._headings, content.patient
        submitted = say_instant(content.submitted_at, content.zone, self._locale)
        facts = [
            (words.patient, _name(content)),
            (words.number, f"{patient.id.number} ({words.issuer}: {patient.id.issuer})"),
            (words.born, self._born(content)),
            (words.facility, content.facility or words.unknown),
            (words.submitted, submitted),
            (words.author, words.authors.get(content.author, content.author) or words.unknown),
        ]
        if content.accession:
            facts.append((words.accession, content.accession))
        return [(label, drawable(value)) for label, value in facts]

    def _born(self, content: FormContent) -> str:
        born = content.patient.birth_date
        return say_day(born, self._locale) if born else self._headings.unknown

    def _summary(self, content: FormContent) -> list[dict[str, str]]:
        parts = []
        for state in QuestionState:
            count = content.answers.count(state)
            one, several = self._headings.summary[state]
            if count or state is QuestionState.ANSWERED:
                told = (one if count == 1 else several).format(n=count)
                parts.append({"state": state.value, "text": told})
        return parts


def _name(content: FormContent) -> str:
    patient = content.patient
    return " ".join(part for part in (patient.given, patient.middle, patient.family) if part)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
