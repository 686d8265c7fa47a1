"""A sheet of answers as the flat rows that the template sets, one after the other."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from accord.domain.answer_sheet import (
    Answer,
    AnswerSheet,
    Attachment,
    Group,
    Node,
    Question,
    QuestionState,
    Remark,
)
from accord.rendering.glyphs import drawable
from accord.rendering.headings import Headings
from accord.rendering.pictures import Picture

DEEPEST_INDENT = 4
DEEPEST_HEADING = 4
LONG_LABEL = 120  # characters; above it the answer stands beneath its question
LONG_ANSWER = 220
SHORT_ROW = 400  # characters, and
FEW_ANSWERS = 11  # lines: such a row is never split between two pages

Row = dict[str, Any]


class Place(NamedTuple):
    """How deep a row stands: in headings, and in questions hanging on answers."""

    heading: int = 1
    indent: int = 0

    @property
    def inward(self) -> "Place":
        """One step further in."""
        return self._replace(indent=min(self.indent + 1, DEEPEST_INDENT))

    @property
    def under(self) -> "Place":
        """Beneath a heading."""
        return self._replace(heading=min(self.heading + 1, DEEPEST_HEADING))


class Rows:
    """
    Lays one sheet out.

    Args:
        pictures: what can be drawn, by attachment; what is not among them is named instead.
    """

    def __init__(
        self, headings: Headings, pictures: "Sequence[tuple[Attachment, Picture]]"
    ) -> None:
        self._headings = headings
        self._pictures = {id(one): (at, drawn) for at, (one, drawn) in enumerate(pictures)}

    def of(self, sheet: AnswerSheet) -> list[Row]:
        """Give every row of a sheet, strays last under a heading of their own."""
        rows = list(self._nodes(sheet.items, Place()))
        if sheet.strays:
            rows.append(self._heading(self._headings.strays, Place()))
            rows += self._nodes(sheet.strays, Place().under)
        return rows

    def _nodes(self, nodes: Sequence[Node], place: Place) -> Iterator[Row]:
        for node in nodes:
            if isinstance(node, Group):
                yield from self._group(node, place)
            elif isinstance(node, Question):
                yield from self._question(node, place)
            else:
                yield self._remark(node, place)

    def _group(self, group: Group, place: Place) -> Iterator[Row]:
        title = _prefixed(group)
        if group.of > 1:
            title = (
                f"{title or self._headings.group} ({group.number} {self._headings.of} {group.of})"
            )
        if title:
            yield self._heading(title, place)
            place = place.under
        if not group.applicable:
            state = QuestionState.NOT_APPLICABLE
            yield self._row("", [self._stated(state)], place)
        yield from self._nodes(group.items, place)

    def _question(self, question: Question, place: Place) -> Iterator[Row]:
        label = _prefixed(question)
        answers = question.answers
        if len(answers) > 1 and any(answer.items for answer in answers):
            for number, answer in enumerate(answers, start=1):
                told = f"{label} ({number} {self._headings.of} {len(answers)})"
                yield self._row(told, [self._answer(answer)], place, self._note(question))
                yield from self._nodes(answer.items, place.inward)
        else:
            told_answers = [self._answer(answer) for answer in answers if _says(answer)]
            if not answers:
                told_answers = [self._stated(question.state)]
            yield self._row(label, told_answers, place, self._note(question))
            for answer in answers:
                yield from self._nodes(answer.items, place.inward)
        yield from self._nodes(question.items, place.inward)

    def _note(self, question: Question) -> str:
        notes = [self._headings.hidden] * question.hidden + [self._headings.off] * question.off
        return "; ".join(notes)

    def _answer(self, answer: Answer) -> Row:
        style = "unreadable" if answer.unreadable else "plain"
        note = self._headings.unreadable if answer.unreadable else ""
        if answer.attachment is None:
            return {"style": style, "text": drawable(answer.text), "note": note}
        at, drawn = self._pictures.get(id(answer.attachment), (None, None))
        if drawn is None:
            return {
                "style": "plain",
                "text": drawable(answer.text),
                "note": self._headings.not_shown,
            }
        return {
            "style": "picture",
            "text": drawable(answer.text),
            "note": "",
            "picture": at,
            "width": drawn.width,
            "height": drawn.height,
            "alt": drawable(answer.attachment.title),
        }

    def _stated(self, state: QuestionState) -> Row:
        return {"style": state.value, "text": self._headings.states[state], "note": ""}

    def _row(self, label: str, answers: list[Row], place: Place, note: str = "") -> Row:
        longest = max((len(answer["text"]) for answer in answers), default=0)
        pictures = sum("picture" in answer for answer in answers)
        written = len(label) + sum(len(answer["text"]) for answer in answers)
        return {
            "kind": "question",
            "label": drawable(label),
            "answers": answers,
            "note": note,
            "indent": place.indent,
            "wide": bool(pictures) or len(label) > LONG_LABEL or longest > LONG_ANSWER,
            "whole": written < SHORT_ROW and len(answers) <= FEW_ANSWERS and pictures <= 1,
        }

    def _heading(self, text: str, place: Place) -> Row:
        return {
            "kind": "heading",
            "label": drawable(text),
            "level": place.heading,
            "indent": place.indent,
        }

    def _remark(self, remark: Remark, place: Place) -> Row:
        return {"kind": "remark", "label": drawable(_prefixed(remark)), "indent": place.indent}


def _prefixed(node: Node) -> str:
    return " ".join(part for part in (node.prefix, node.label) if part)


def _says(answer: Answer) -> bool:
    return bool(answer.text or answer.attachment)


def attachments(sheet: AnswerSheet) -> Iterator[Attachment]:
    """Walk the files given as answers, in order."""
    for question in sheet.questions():
        for answer in question.answers:
            if answer.attachment is not None:
                yield answer.attachment
