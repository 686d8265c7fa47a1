"""A Questionnaire and its QuestionnaireResponse (FHIR R4, plain dicts) as a readable sheet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accord.domain.answer_places import Places
from accord.domain.answer_sheet import (
    Answer,
    AnswerSheet,
    Group,
    Node,
    Question,
    QuestionState,
    Remark,
)
from accord.domain.answer_values import ValueReader
from accord.domain.enablement import Scope, is_enabled
from accord.domain.form_definition import Definition, definitions
from accord.domain.phrasing import PHRASES
from accord.domain.response_items import GivenAnswer, GivenItem, given_items, signatures_of


def read_answers(
    questionnaire: Mapping[str, Any] | None, response: Mapping[str, Any] | None, locale: str
) -> AnswerSheet:
    """
    Lay a submitted form out as a person reads it, in the questionnaire's order.

    Nothing that was answered is lost: what stands in the wrong place is brought home by its
    linkId, what the questionnaire does not know becomes `strays`, what is malformed is shown
    raw and marked. Without a questionnaire the response's own order and texts are used.

    Args:
        locale: `pt-BR` or `en-US`, for words, numbers and dates.

    Source: FHIR R4 Questionnaire and QuestionnaireResponse.
    """
    defined = definitions(questionnaire)
    given = given_items(response)
    reader = _Reader(defined, given, locale)
    items = reader.read(defined, given, Scope(given))
    strays = reader.strays()
    if not defined:
        items, strays = strays, ()
    signed = [reader.values.sign(signature) for signature in signatures_of(response)]
    if signed:
        items = (*items, reader.signed(signed))
    return AnswerSheet(items=items, strays=strays)


class _Reader:
    """Walks definitions and given items together."""

    def __init__(
        self, defined: Sequence[Definition], given: Sequence[GivenItem], locale: str
    ) -> None:
        self.values = ValueReader(locale)
        self._signature = PHRASES[locale].signature
        self._known = {one.link_id: one for top in defined for one in top.walk()}
        self._places = Places(defined, given)

    def read(
        self,
        defined: Sequence[Definition],
        given: Sequence[GivenItem],
        scope: Scope,
        *,
        enabled: bool = True,
    ) -> tuple[Node, ...]:
        """Read one level of the form."""
        nodes: list[Node] = []
        by_link: dict[str, list[GivenItem]] = {}
        for item in given:
            by_link.setdefault(item.link_id, []).append(item)
        for definition in defined:
            found = self._places.take(definition, by_link.get(definition.link_id, ()))
            on = enabled and is_enabled(definition.element, scope)
            nodes += self._read_one(definition, found, scope, on)
        return tuple(nodes)

    def strays(self) -> tuple[Node, ...]:
        """Read what no definition has claimed."""
        return tuple(node for item in self._places.leftovers() for node in self._read_stray(item))

    def signed(self, answers: Iterable[Answer]) -> Question:
        """Show signatures as a question of their own."""
        return Question(label=self._signature, state=QuestionState.ANSWERED, answers=tuple(answers))

    def _read_one(
        self, definition: Definition, found: Sequence[GivenItem], scope: Scope, on: bool
    ) -> list[Node]:
        answered = any(item.answers or item.signatures for item in found)
        if definition.is_group and not any(item.answers for item in found):
            return self._read_group(definition, found, scope, on)
        if definition.is_display and not answered:
            shown = on and not definition.hidden and definition.label
            return [Remark(label=definition.label, prefix=definition.prefix)] if shown else []
        question = self._read_question(definition, found, scope, on)
        if definition.hidden and not question.answers and not question.items:
            return []
        return [question]

    def _read_group(
        self, definition: Definition, found: Sequence[GivenItem], scope: Scope, on: bool
    ) -> list[Node]:
        nodes: list[Node] = []
        label = definition.label or next((item.text for item in found if item.text), "")
        if not found and (definition.hidden or not on):
            inner = self.read(definition.items, (), scope, enabled=False)
            if _has_answers(inner):  # its questions came without their group
                return [Group(label=label, prefix=definition.prefix, items=inner)]
            if definition.hidden:
                return []
            return [Group(label=label, prefix=definition.prefix, applicable=False)]
        several = len(found) > 1
        for number, item in enumerate(found or [GivenItem(definition.link_id)], start=1):
            below = list(item.nested())
            inner = self._read_one_of(several, definition, below, scope, on)
            if item.signatures:
                inner = (*inner, self.signed(map(self.values.sign, item.signatures)))
            if definition.hidden and not _has_answers(inner):
                continue
            nodes.append(
                Group(
                    label=label,
                    prefix=definition.prefix,
                    number=number,
                    of=max(len(found), 1),
                    items=inner,
                )
            )
        return nodes

    def _read_one_of(
        self,
        several: bool,
        definition: Definition,
        below: Sequence[GivenItem],
        scope: Scope,
        on: bool,
    ) -> tuple[Node, ...]:
        """Read what is under one repeat, in a scope of its own."""
        with self._places.among_repeats(several):
            return self.read(definition.items, below, Scope(below, scope), enabled=on)

    def _read_question(
        self, definition: Definition, found: Sequence[GivenItem], scope: Scope, on: bool
    ) -> Question:
        answers: list[Answer] = []
        for item in found:
            for given in item.answers:
                answers += self._read_answer(definition, given, scope, on, len(item.answers) > 1)
            answers += map(self.values.sign, item.signatures)
        loose = [nested for item in found for nested in item.items]
        items: tuple[Node, ...] = ()
        if loose or not any(given.items for item in found for given in item.answers):
            items = self._read_one_of(False, definition, loose, scope, on)
        texts = (item.text for item in found if item.text)
        return Question(
            label=definition.label or next(texts, definition.link_id),
            prefix=definition.prefix,
            state=_state(answers, on, definition.required),
            answers=tuple(answers),
            items=items,
            hidden=definition.hidden and bool(answers),
            off=not on and bool(answers),
        )

    def _read_answer(
        self, definition: Definition, given: GivenAnswer, scope: Scope, on: bool, several: bool
    ) -> list[Answer]:
        """Read one entry of `answer`: usually one value, with what is nested under it."""
        said = [
            answer
            for key, value in given.values.items()
            if (answer := self.values.read(key, value, definition.names, definition.unit))
        ]
        if not given.items:
            return said
        items = self._read_one_of(several, definition, given.items, scope, on)
        last = said.pop() if said else Answer(text="")
        return [*said, last.model_copy(update={"items": items})]

    def _read_stray(self, item: GivenItem) -> list[Node]:
        """Read an item that has no place, by its definition where one is known."""
        self._places.take_leftover(item)
        definition = self._known.get(item.link_id) or Definition.unknown(item)
        below = tuple(
            node
            for nested in item.nested()
            if self._places.is_left(nested)
            for node in self._read_stray(nested)
        )
        answers = [
            answer
            for given in item.answers
            for key, value in given.values.items()
            if (answer := self.values.read(key, value, definition.names, definition.unit))
        ]
        answers += map(self.values.sign, item.signatures)
        label = definition.label or item.text or item.link_id
        if not answers:
            return [Group(label=label, prefix=definition.prefix, items=below)] if below else []
        return [
            Question(
                label=label,
                prefix=definition.prefix,
                state=QuestionState.ANSWERED,
                answers=tuple(answers),
                items=below,
            )
        ]


def _state(answers: Sequence[Answer], on: bool, required: bool) -> QuestionState:
    if answers:
        return QuestionState.ANSWERED
    if not on:
        return QuestionState.NOT_APPLICABLE
    return QuestionState.MISSING if required else QuestionState.UNANSWERED


def _has_answers(nodes: tuple[Node, ...]) -> bool:
    return not AnswerSheet(items=nodes).is_empty
