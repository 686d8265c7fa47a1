"""Whatever JSON arrives, the sheet is made, and no text given as an answer is dropped."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.domain.answers import read_answers

HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
LINKS = st.sampled_from(["a", "b", "c", "d", ""])
WORDS = """
    item answer linkId text type enableWhen question operator extension url repeats required
    answerOption valueCoding valueString valueDate valueDateTime valueAttachment valueQuantity
    valueReference valueInteger valueBoolean code system display contained resourceType
    valueSignature answerValueSet compose include concept expansion contains data title
"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    LINKS,
    st.sampled_from(["group", "display", "2024-02-30", "exists", "ValueSet", "#x"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=40,
)


@settings(max_examples=100, deadline=None)
@given(questionnaire=st.dictionaries(KEYS, JSON), response=st.dictionaries(KEYS, JSON))
def test_any_json_makes_a_sheet(questionnaire: Any, response: Any) -> None:
    for locale in ("pt-BR", "en-US"):
        sheet = read_answers(questionnaire, response, locale)
        assert all(isinstance(text, str) for text in sheet.texts())


def definitions(chance: Random, depth: int) -> list[Any]:
    return [a_definition(chance, depth) for _ in range(chance.randrange(4))]


def a_definition(chance: Random, depth: int) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "linkId": chance.choice("abcd"),
        "type": chance.choice(["group", "string", "display", "boolean"]),
        "text": "Q",
        "item": definitions(chance, depth - 1) if depth else [],
    }
    if chance.random() < 0.2:
        definition["enableWhen"] = [{"question": "a", "operator": "=", "answerString": "no"}]
    if chance.random() < 0.2:
        definition["extension"] = [{"url": HIDDEN, "valueBoolean": True}]
    return definition


def items(chance: Random, depth: int, count: list[int]) -> list[Any]:
    """Nest items and answers at will; each answer has a text of its own."""

    def below() -> list[Any]:
        return items(chance, depth - 1, count) if depth and chance.random() < 0.5 else []

    def an_answer() -> dict[str, Any]:
        count[0] += 1
        return {"valueString": f"answer {count[0]}", "item": below()}

    return [
        {
            "linkId": chance.choice("abcde"),
            "answer": [an_answer() for _ in range(chance.randrange(3))],
            "item": below(),
        }
        for _ in range(chance.randrange(4))
    ]


def check(seed: int, depth: int) -> None:
    chance, count = Random(seed), [0]
    form, response = definitions(chance, depth), items(chance, depth, count)

    sheet = read_answers({"item": form}, {"item": response}, "pt-BR")

    shown = [answer.text for question in sheet.questions() for answer in question.answers]
    wanted = [f"answer {n}" for n in range(1, count[0] + 1)]
    assert sorted(text for text in shown if text) == sorted(wanted), f"seed {seed}"


def test_every_answer_is_shown_exactly_once() -> None:
    """However the response is nested, and whatever the form knows, repeats, hides or skips."""
    for seed in range(1500):
        check(seed, depth=2)


@pytest.mark.long
def test_every_answer_is_shown_exactly_once_in_many_forms() -> None:
    for seed in range(1500, 20_000):
        check(seed, depth=3)
