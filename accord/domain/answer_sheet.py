"""A form as a person reads it: groups, questions, answers. Everything here is patient data."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TypeAlias

from accord.domain.base import Record


class QuestionState(StrEnum):
    """How a question stands in a submitted form."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    MISSING = "missing"  # required and unanswered
    NOT_APPLICABLE = "not-applicable"  # its condition was not met, so it was not asked


class _Private(Record):
    """A record whose text never shows what it holds."""

    def __str__(self) -> str:
        return f"{type(self).__name__}(…)"

    __repr__ = __str__


class Attachment(_Private):
    """A file given as an answer. `content` is None where the form only points to it."""

    title: str
    media_type: str = ""
    content: bytes | None = None


class Answer(_Private):
    """One answer, ready to read."""

    text: str
    """In the site's language; '' only where an attachment or nested items say it all."""
    unreadable: bool = False
    """The content is malformed; `text` is then the raw content."""
    attachment: Attachment | None = None
    items: tuple["Node", ...] = ()
    """What was asked because of this answer."""


class Question(_Private):
    """One question with its answers."""

    label: str
    prefix: str = ""
    state: QuestionState
    answers: tuple[Answer, ...] = ()
    items: tuple["Node", ...] = ()
    """Nested questions that hang on no particular answer."""
    hidden: bool = False
    """Answered, though the form did not show it to the patient."""
    off: bool = False
    """Answered, though its condition is not met."""


class Group(_Private):
    """A heading with what stands under it; one of several where `of` is above 1."""

    label: str
    prefix: str = ""
    number: int = 1
    of: int = 1
    applicable: bool = True
    items: tuple["Node", ...] = ()


class Remark(_Private):
    """Text of the form that asks nothing: instructions, a consent's wording."""

    label: str
    prefix: str = ""


Node: TypeAlias = Group | Question | Remark


class AnswerSheet(_Private):
    """
    A whole form in the order of its questionnaire.

    `strays` holds what the questionnaire does not know; it is shown, never dropped.
    """

    items: tuple[Node, ...] = ()
    strays: tuple[Node, ...] = ()

    def questions(self) -> Iterator[Question]:
        """Walk every question, strays last."""
        return _questions((*self.items, *self.strays))

    def count(self, state: QuestionState) -> int:
        """Count the questions in one state."""
        return sum(question.state is state for question in self.questions())

    def texts(self) -> Iterator[str]:
        """Walk every text that a reader is shown."""
        return _texts((*self.items, *self.strays))

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was answered."""
        return not any(question.answers for question in self.questions())


def _questions(nodes: Sequence[Node]) -> Iterator[Question]:
    for node in nodes:
        if isinstance(node, Remark):
            continue
        if isinstance(node, Question):
            yield node
            for answer in node.answers:
                yield from _questions(answer.items)
        yield from _questions(node.items)


def _texts(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        yield from (node.prefix, node.label)
        if isinstance(node, Question):
            for answer in node.answers:
                yield answer.text
                if answer.attachment:
                    yield answer.attachment.title
                yield from _texts(answer.items)
        if not isinstance(node, Remark):
            yield from _texts(node.items)


for _record in (Answer, Question, Group, AnswerSheet):
    _record.model_rebuild()
