"""A submitted form becomes a readable sheet: in order, complete, and honest about gaps."""

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accord.domain.answer_sheet import (
    Answer,
    AnswerSheet,
    Group,
    Node,
    Question,
    QuestionState,
    Remark,
)
from accord.domain.answers import read_answers
from accord.domain.response_items import MAX_DEPTH

EXAMPLES = Path(__file__).parents[3] / "shared" / "data" / "fhir-r4-examples"
Json = dict[str, Any]


def a_question(kind: str = "string", link_id: str = "1", **more: Any) -> Json:
    return {"linkId": link_id, "type": kind, "text": f"Question {link_id}", **more}


def an_item(*answers: Json, link_id: str = "1", **more: Any) -> Json:
    return {"linkId": link_id, "answer": list(answers), **more}


def read(questions: list[Json], items: list[Any] | None, locale: str = "pt-BR") -> AnswerSheet:
    response = {} if items is None else {"item": items}
    return read_answers({"item": questions}, response, locale)


def only_answer(sheet: AnswerSheet) -> Answer:
    (question,) = [one for one in sheet.questions() if one.answers]
    (answer,) = question.answers
    return answer


def outline(nodes: tuple[Node, ...]) -> list[Any]:
    """Draw a sheet as nested lists: a heading is a pair, a question a text."""
    drawn: list[Any] = []
    for node in nodes:
        if isinstance(node, Remark):
            drawn.append(f"~{node.label}")
        elif isinstance(node, Group):
            drawn.append((node.label, outline(node.items)))
        else:
            told = " | ".join(answer.text for answer in node.answers) or f"<{node.state}>"
            drawn.append(f"{node.label}: {told}")
            for answer in node.answers:
                drawn += outline(answer.items)
            drawn += outline(node.items)
    return drawn


def question_of(sheet: AnswerSheet, label: str) -> Question:
    (found,) = [question for question in sheet.questions() if question.label == label]
    return found


@pytest.mark.parametrize(
    ("value", "portuguese", "english"),
    [
        pytest.param({"valueBoolean": True}, "Sim", "Yes", id="boolean, yes"),
        pytest.param({"valueBoolean": False}, "Não", "No", id="boolean, no"),
        pytest.param({"valueDecimal": 70.5}, "70,5", "70.5", id="decimal"),
        pytest.param({"valueDecimal": Decimal("70.50")}, "70,50", "70.50", id="decimal as sent"),
        pytest.param({"valueDecimal": -0.25}, "-0,25", "-0.25", id="negative decimal"),
        pytest.param({"valueDecimal": 1e-7}, "0,0000001", "0.0000001", id="tiny decimal"),
        pytest.param({"valueInteger": 1987}, "1987", "1987", id="a year typed as integer"),
        pytest.param({"valueInteger": 0}, "0", "0", id="zero is an answer"),
        pytest.param({"valueDate": "2024-05-17"}, "17/05/2024", "May 17, 2024", id="date"),
        pytest.param({"valueDate": "2024-05"}, "05/2024", "May 2024", id="month"),
        pytest.param({"valueDate": "2024"}, "2024", "2024", id="year"),
        pytest.param(
            {"valueDateTime": "2024-05-17T14:30:00-03:00"},
            "17/05/2024 14:30 (UTC-03:00)",
            "May 17, 2024 2:30 PM (UTC-03:00)",
            id="dateTime keeps its offset",
        ),
        pytest.param(
            {"valueDateTime": "2024-05-17T00:05:09.250Z"},
            "17/05/2024 00:05:09,25 (UTC)",
            "May 17, 2024 12:05:09.25 AM (UTC)",
            id="dateTime in UTC with a fraction",
        ),
        pytest.param(
            {"valueDateTime": "2024-05-17T14:30:00"},
            "17/05/2024 14:30 (fuso não informado)",
            "May 17, 2024 2:30 PM (no time zone given)",
            id="dateTime without an offset says so",
        ),
        pytest.param({"valueDateTime": "2024-05"}, "05/2024", "May 2024", id="partial dateTime"),
        pytest.param({"valueTime": "14:30:00"}, "14:30", "2:30 PM", id="time"),
        pytest.param({"valueTime": "12:00:00"}, "12:00", "12:00 PM", id="noon"),
        pytest.param({"valueString": " Olá\nmundo "}, "Olá\nmundo", "Olá\nmundo", id="string"),
        pytest.param({"valueUri": "https://a.example/b"}, *["https://a.example/b"] * 2, id="uri"),
        pytest.param(
            {"valueCoding": {"code": "L", "display": "Left"}}, "Left", "Left", id="coding"
        ),
        pytest.param({"valueCoding": {"code": "L"}}, "L", "L", id="coding, code only"),
        pytest.param(
            {"valueCoding": {"system": "urn:x", "code": "L"}},
            *["L (urn:x)"] * 2,
            id="coding nobody names",
        ),
        pytest.param(
            {"valueQuantity": {"value": 5.2, "comparator": "<", "unit": "mg/dL"}},
            "< 5,2 mg/dL",
            "< 5.2 mg/dL",
            id="quantity",
        ),
        pytest.param(
            {"valueQuantity": {"value": 70, "code": "kg"}}, "70 kg", "70 kg", id="quantity, code"
        ),
        pytest.param(
            {"valueReference": {"display": "Dr. A", "reference": "Practitioner/1"}},
            *["Dr. A"] * 2,
            id="reference",
        ),
        pytest.param(
            {"valueReference": {"reference": "Practitioner/1"}},
            *["Practitioner/1"] * 2,
            id="reference without display",
        ),
        pytest.param(
            {"valueReference": {"identifier": {"value": "CRM 1"}}}, *["CRM 1"] * 2, id="identifier"
        ),
        pytest.param(
            {
                "valueAttachment": {
                    "title": "pedido.pdf",
                    "contentType": "application/pdf",
                    "data": base64.b64encode(b"x" * 2500).decode(),
                }
            },
            *["pedido.pdf (application/pdf, 2 kB)"] * 2,
            id="attachment",
        ),
        pytest.param(
            {"valueAttachment": {"url": "https://a.example/1", "size": 1_250_000}},
            "Anexo (1,2 MB)\nhttps://a.example/1",
            "Attachment (1.2 MB)\nhttps://a.example/1",
            id="attachment elsewhere",
        ),
        pytest.param(
            {
                "_valueString": {
                    "extension": [
                        {
                            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                            "valueCode": "asked-declined",
                        }
                    ]
                }
            },
            "prefere não responder",
            "prefers not to answer",
            id="absent for a stated reason",
        ),
    ],
)
def test_every_kind_of_value_is_said_in_the_sites_language(
    value: Json, portuguese: str, english: str
) -> None:
    for locale, expected in (("pt-BR", portuguese), ("en-US", english)):
        answer = only_answer(read([a_question()], [an_item(value)], locale))
        assert (answer.text, answer.unreadable) == (expected, False)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"valueBoolean": "yes"}, id="boolean as text"),
        pytest.param({"valueInteger": "12"}, id="number as text"),
        pytest.param({"valueInteger": True}, id="boolean as number"),
        pytest.param({"valueDecimal": float("nan")}, id="not a number"),
        pytest.param({"valueDate": "2024-13-45"}, id="impossible date"),
        pytest.param({"valueDate": "17/05/2024"}, id="date in another notation"),
        pytest.param({"valueDateTime": "2024-05-17T25:00:00Z"}, id="impossible time"),
        pytest.param({"valueTime": "late"}, id="time in words"),
        pytest.param({"valueString": {"a": 1}}, id="object as string"),
        pytest.param({"valueCoding": "L"}, id="text as coding"),
        pytest.param({"valueCoding": {}}, id="empty coding"),
        pytest.param({"valueQuantity": {"value": "5"}}, id="quantity as text"),
        pytest.param({"valueReference": {}}, id="empty reference"),
        pytest.param({"valueAttachment": {"data": "***"}}, id="attachment that is no base64"),
        pytest.param({"valueAttachment": {}}, id="empty attachment"),
        pytest.param({"valueMoney": {"value": 3}}, id="no R4 answer type"),
        pytest.param({"text": "loose"}, id="no value element"),
        pytest.param("loose", id="bare text"),
        pytest.param(None, id="null"),
        pytest.param([1, 2], id="list"),
    ],
)
def test_malformed_content_is_shown_raw_and_marked_never_lost(answer: Any) -> None:
    shown = only_answer(read([a_question()], [an_item(answer)]))

    assert shown.unreadable
    assert shown.text


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("loose", id="text instead of an item"),
        pytest.param(7, id="number instead of an item"),
        pytest.param({"linkId": "1", "valueString": "x"}, id="value beside answer"),
        pytest.param({"linkId": 1, "answer": [{"valueString": "x"}]}, id="linkId no text"),
        pytest.param({"linkId": "1", "answer": {"valueString": "x"}}, id="answer no list"),
        pytest.param({"answer": [{"valueString": "x"}]}, id="no linkId"),
    ],
)
def test_malformed_items_are_shown_somewhere(item: Any) -> None:
    sheet = read([a_question()], [item])

    assert only_answer(sheet).text


def test_the_questionnaire_gives_the_order() -> None:
    questions = [a_question(link_id=one) for one in ("a", "b", "c")]
    items = [an_item({"valueString": one}, link_id=one) for one in ("c", "a", "b")]

    assert outline(read(questions, items).items) == [
        "Question a: a",
        "Question b: b",
        "Question c: c",
    ]


def test_what_was_not_answered_says_so() -> None:
    """Required and unanswered is told from merely unanswered; a blank text is no answer."""
    questions = [
        a_question(link_id="a", required=True),
        a_question(link_id="b"),
        a_question(link_id="c"),
        a_question(link_id="d", required=True),
    ]
    items = [
        an_item({"valueString": "  "}, link_id="a"),
        {"linkId": "c"},
        an_item({"valueString": "x"}, link_id="d"),
    ]

    sheet = read(questions, items)

    assert [question.state for question in sheet.questions()] == [
        QuestionState.MISSING,
        QuestionState.UNANSWERED,
        QuestionState.UNANSWERED,
        QuestionState.ANSWERED,
    ]
    assert not sheet.is_empty
    assert read(questions, None).is_empty
    assert read(questions, [an_item({"valueString": " "}, link_id="a")]).is_empty


def test_several_answers_keep_their_order() -> None:
    items = [an_item({"valueString": "x"}, {"valueString": "y"}), an_item({"valueString": "z"})]

    assert outline(read([a_question(repeats=True)], items).items) == ["Question 1: x | y | z"]


def test_repeated_groups_are_numbered() -> None:
    group = a_question("group", "g", repeats=True, item=[a_question(link_id="g1")])
    items = [{"linkId": "g", "item": [an_item({"valueString": one}, link_id="g1")]} for one in "xy"]

    first, second = read([group], items).items

    assert isinstance(first, Group)
    assert isinstance(second, Group)
    assert [(one.number, one.of) for one in (first, second)] == [(1, 2), (2, 2)]
    assert outline(second.items) == ["Question g1: y"]


@pytest.mark.parametrize("under_answer", [True, False], ids=["answer.item", "item.item"])
def test_what_hangs_on_an_answer_follows_it(under_answer: bool) -> None:
    question = a_question("boolean", item=[a_question(link_id="1a")])
    below = [an_item({"valueString": "x"}, link_id="1a")]
    item = (
        an_item({"valueBoolean": True, "item": below})
        if under_answer
        else an_item({"valueBoolean": True}, item=below)
    )

    sheet = read([question], [item])

    assert outline(sheet.items) == ["Question 1: Sim", "Question 1a: x"]
    assert not sheet.strays


def test_answers_the_questionnaire_does_not_know_stand_under_their_own_heading() -> None:
    items = [
        an_item({"valueString": "x"}),
        {
            "linkId": "gone",
            "text": "Removed group",
            "item": [an_item({"valueString": "kept"}, link_id="gone.1", text="Removed")],
        },
        an_item({"valueString": "also kept"}, link_id="gone.2"),
    ]

    sheet = read([a_question()], items)

    assert outline(sheet.strays) == [
        ("Removed group", ["Removed: kept"]),
        "gone.2: also kept",
    ]


def test_an_answer_in_the_wrong_place_is_brought_home() -> None:
    """Some programs send a flat list for a nested form; each answer finds its question."""
    form = [
        a_question("group", "g", item=[a_question(link_id="g1"), a_question(link_id="g2")]),
        a_question(link_id="z"),
    ]
    items = [an_item({"valueString": one}, link_id=one) for one in ("z", "g2", "g1")]

    sheet = read(form, items)

    assert outline(sheet.items) == [
        ("Question g", ["Question g1: g1", "Question g2: g2"]),
        "Question z: z",
    ]
    assert not sheet.strays


def test_an_answer_is_never_guessed_into_one_of_several_repeats() -> None:
    """Nobody can say to which relative a misplaced answer belongs; it stays a stray."""
    group = a_question(
        "group", "g", repeats=True, item=[a_question(link_id="g1"), a_question(link_id="g2")]
    )
    items = [
        {"linkId": "g", "item": [an_item({"valueString": "x"}, link_id="g1")]},
        {"linkId": "g", "item": [an_item({"valueString": "y"}, link_id="g1")]},
        an_item({"valueString": "whose?"}, link_id="g2"),
    ]

    sheet = read([group], items)

    assert outline(sheet.strays) == ["Question g2: whose?"]
    assert sheet.count(QuestionState.UNANSWERED) == 2


@pytest.mark.parametrize(
    ("condition", "given", "asked"),
    [
        pytest.param({"operator": "=", "answerBoolean": True}, {"valueBoolean": True}, True),
        pytest.param({"operator": "=", "answerBoolean": True}, {"valueBoolean": False}, False),
        pytest.param({"operator": "=", "answerBoolean": True}, None, False),
        pytest.param({"operator": "!=", "answerString": "a"}, {"valueString": "b"}, True),
        pytest.param({"operator": "!=", "answerString": "a"}, {"valueString": "a"}, False),
        pytest.param({"operator": "!=", "answerString": "a"}, None, True),
        pytest.param({"operator": "exists", "answerBoolean": True}, {"valueString": "b"}, True),
        pytest.param({"operator": "exists", "answerBoolean": True}, None, False),
        pytest.param({"operator": "exists", "answerBoolean": False}, None, True),
        pytest.param({"operator": ">", "answerInteger": 4}, {"valueInteger": 5}, True),
        pytest.param({"operator": ">=", "answerInteger": 5}, {"valueDecimal": 5.0}, True),
        pytest.param({"operator": "<", "answerDecimal": 5}, {"valueInteger": 5}, False),
        pytest.param({"operator": "<=", "answerDate": "2024-05"}, {"valueDate": "2024-04"}, True),
        pytest.param(
            {"operator": "=", "answerDateTime": "2024-05-17T12:00:00Z"},
            {"valueDateTime": "2024-05-17T09:00:00-03:00"},
            True,
        ),
        pytest.param(
            {"operator": "=", "answerCoding": {"system": "s", "code": "c"}},
            {"valueCoding": {"system": "s", "code": "c", "display": "d"}},
            True,
        ),
        pytest.param(
            {"operator": "=", "answerCoding": {"system": "s", "code": "c"}},
            {"valueCoding": {"system": "t", "code": "c"}},
            False,
        ),
        pytest.param(
            {"operator": ">", "answerQuantity": {"value": 30, "code": "kg"}},
            {"valueQuantity": {"value": 31, "code": "kg"}},
            True,
        ),
        pytest.param(
            {"operator": ">", "answerQuantity": {"value": 30, "code": "kg"}},
            {"valueQuantity": {"value": 31, "code": "lb"}},
            False,
        ),
        pytest.param({"operator": ">", "answerInteger": 4}, {"valueString": "x"}, False),
        pytest.param({"operator": "unheard of"}, {"valueString": "x"}, True),
    ],
)
def test_a_question_whose_condition_is_not_met_was_not_asked(
    condition: Json, given: Json | None, asked: bool
) -> None:
    """Not applicable is not the same as unanswered; what cannot be judged counts as asked."""
    questions = [
        a_question(link_id="when"),
        a_question(link_id="then", enableWhen=[{"question": "when", **condition}]),
    ]
    items = [an_item(given, link_id="when")] if given else []

    state = question_of(read(questions, items), "Question then").state

    expected = QuestionState.UNANSWERED if asked else QuestionState.NOT_APPLICABLE
    assert state is expected


@pytest.mark.parametrize(("behavior", "asked"), [("all", False), ("any", True), (None, True)])
def test_several_conditions_follow_their_behavior(behavior: str | None, asked: bool) -> None:
    conditions = [
        {"question": "when", "operator": "=", "answerString": one} for one in ("yes", "no")
    ]
    then = a_question(link_id="then", enableWhen=conditions, required=True)
    if behavior:
        then["enableBehavior"] = behavior

    sheet = read(
        [a_question(link_id="when"), then], [an_item({"valueString": "yes"}, link_id="when")]
    )

    expected = QuestionState.MISSING if asked else QuestionState.NOT_APPLICABLE
    assert question_of(sheet, "Question then").state is expected


def test_within_a_repeat_its_own_answers_decide() -> None:
    then = a_question(
        link_id="then",
        enableWhen=[{"question": "when", "operator": "exists", "answerBoolean": True}],
    )
    group = a_question("group", "g", repeats=True, item=[a_question(link_id="when"), then])
    items = [
        {"linkId": "g", "item": [an_item({"valueString": "x"}, link_id="when")]},
        {"linkId": "g", "item": [{"linkId": "when"}]},
    ]

    states = [q.state for q in read([group], items).questions() if q.label == "Question then"]

    assert states == [QuestionState.UNANSWERED, QuestionState.NOT_APPLICABLE]


def test_a_group_that_was_not_asked_is_one_line() -> None:
    off = [{"question": "no such", "operator": "exists", "answerBoolean": True}]
    group = a_question("group", "g", enableWhen=off, item=[a_question(link_id="g1")])

    (shown,) = read([group], []).items

    assert isinstance(shown, Group)
    assert (shown.applicable, shown.items) == (False, ())


def test_an_answer_against_its_condition_is_shown_and_marked() -> None:
    off = [{"question": "no such", "operator": "exists", "answerBoolean": True}]
    inside = a_question(link_id="g1")
    group = a_question("group", "g", enableWhen=off, item=[inside])
    items = [{"linkId": "g", "item": [an_item({"valueString": "x"}, link_id="g1")]}]

    question = question_of(read([group], items), "Question g1")

    assert question.off
    assert question.answers[0].text == "x"


def test_hidden_questions_show_only_when_answered() -> None:
    hidden: Json = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden",
                "valueBoolean": True,
            }
        ]
    }
    questions = [a_question(link_id="a", **hidden), a_question(link_id="b", **hidden)]

    sheet = read(questions, [an_item({"valueString": "x"}, link_id="b")])

    (shown,) = sheet.questions()
    assert (shown.label, shown.hidden) == ("Question b", True)


def test_codes_are_named_by_the_form() -> None:
    """By the options of the question, then by the contained value set it points to."""
    value_set = {
        "resourceType": "ValueSet",
        "id": "sides",
        "compose": {
            "include": [{"system": "urn:s", "concept": [{"code": "L", "display": "Esquerdo"}]}]
        },
        "expansion": {"contains": [{"contains": [{"code": "R", "display": "Direito"}]}]},
    }
    form = {
        "contained": [value_set],
        "item": [
            a_question("choice", "a", answerValueSet="#sides"),
            a_question("choice", "b", answerValueSet="#sides"),
            a_question(
                "choice",
                "c",
                answerOption=[{"valueCoding": {"code": "Y", "display": "Talvez"}}],
            ),
        ],
    }
    codes = {"a": {"system": "urn:s", "code": "L"}, "b": {"code": "R"}, "c": {"code": "Y"}}
    items = [an_item({"valueCoding": code}, link_id=one) for one, code in codes.items()]

    sheet = read_answers(form, {"item": items}, "pt-BR")

    assert [q.answers[0].text for q in sheet.questions()] == ["Esquerdo", "Direito", "Talvez"]


def test_a_code_of_two_systems_is_not_guessed() -> None:
    options = [
        {"valueCoding": {"system": system, "code": "1", "display": system}} for system in "ab"
    ]

    sheet = read(
        [a_question("choice", answerOption=options)], [an_item({"valueCoding": {"code": "1"}})]
    )

    assert only_answer(sheet).text == "1"


def test_bare_numbers_carry_the_questions_unit() -> None:
    unit = {
        "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-unit",
        "valueCoding": {"code": "kg"},
    }

    sheet = read([a_question("decimal", extension=[unit])], [an_item({"valueDecimal": 70.5})])

    assert only_answer(sheet).text == "70,5 kg"


def test_prefixes_and_instructions_are_kept() -> None:
    questions = [
        {"linkId": "0", "type": "display", "text": "Please be calm."},
        a_question(prefix="1."),
    ]

    remark, question = read(questions, []).items

    assert isinstance(remark, Remark)
    assert remark.label == "Please be calm."
    assert isinstance(question, Question)
    assert question.prefix == "1."


@pytest.mark.parametrize("where", ["response", "item"])
def test_a_signature_is_shown_with_who_and_when(where: str) -> None:
    signature = {
        "url": "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature",
        "valueSignature": {
            "who": {"display": "Maria"},
            "when": "2024-05-17T14:30:00-03:00",
            "sigFormat": "image/png",
            "data": base64.b64encode(b"a picture").decode(),
        },
    }
    item = an_item({"valueString": "x"})
    response: Json = {"item": [item]}
    (response if where == "response" else item)["extension"] = [signature]

    sheet = read_answers({"item": [a_question()]}, response, "pt-BR")

    signed = next(a for q in sheet.questions() for a in q.answers if a.attachment is not None)
    assert signed.text == "Maria, 17/05/2024 14:30 (UTC-03:00)"
    assert signed.attachment is not None
    assert signed.attachment.content == b"a picture"


def test_without_a_questionnaire_the_response_speaks_for_itself() -> None:
    items = [
        {
            "linkId": "g",
            "text": "Group",
            "item": [an_item({"valueInteger": 3}, link_id="g1", text="How many?")],
        }
    ]

    sheet = read_answers(None, {"item": items}, "en-US")

    assert outline(sheet.items) == [("Group", ["How many?: 3"])]
    assert not sheet.strays


def test_a_bottomless_form_is_cut_at_a_marked_place() -> None:
    item: Json = an_item({"valueString": "deep"})
    for _ in range(MAX_DEPTH + 60):
        item = {"linkId": "g", "item": [item]}

    sheet = read([a_question()], [item])

    assert only_answer(sheet).unreadable
    assert "deep" in only_answer(sheet).text


def test_every_text_of_a_sheet_can_be_walked() -> None:
    question = a_question("attachment", prefix="1.", item=[a_question(link_id="1a")])
    below = [an_item({"valueString": "x"}, link_id="1a")]
    given = {"valueAttachment": {"title": "foto", "url": "u"}, "item": below}
    stray = an_item({"valueString": "stray"}, link_id="9")

    texts = set(read([question], [an_item(given), stray]).texts())

    assert {"1.", "Question 1", "foto\nu", "foto", "Question 1a", "x", "9", "stray"} <= texts


def test_a_sheet_never_says_what_it_holds() -> None:
    sheet = read([a_question()], [an_item({"valueString": "secret"})])

    assert "secret" not in f"{sheet!r} {sheet} {sheet.items!r} {only_answer(sheet)!r}"


def values_given(element: Any) -> list[Any]:
    """List every value given as an answer anywhere in a response."""
    if isinstance(element, list):
        return [value for one in element for value in values_given(one)]
    if not isinstance(element, dict):
        return []
    found = [value for one in element.values() for value in values_given(one)]
    for answer in element.get("answer", []):
        found += [value for key, value in answer.items() if key.startswith("value")]
    return found


def said(value: Any) -> str:
    """Give what a reader must find of a value; '' for numbers and dates, which are reworded."""
    if isinstance(value, dict):
        return str(value.get("display") or value.get("code"))
    return value if isinstance(value, str) and not value[:4].isdigit() else ""


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
        ("questionnaire-cqf-example", "questionnaireresponse-example-gcs"),
    ],
)
def test_no_answer_of_the_official_examples_is_lost(questionnaire: str, response: str) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("no ../shared/data/fhir-r4-examples on this machine")
    form = json.loads((EXAMPLES / f"{questionnaire}.json").read_text())
    answers = json.loads((EXAMPLES / f"{response}.json").read_text())

    sheet = read_answers(form, answers, "en-US")

    told = [answer for question in sheet.questions() for answer in question.answers]
    values = values_given(answers)
    texts = [answer.text for answer in told]
    assert not any(answer.unreadable for answer in told)
    assert len(told) == len(values) > 0
    assert [one for one in map(said, values) if not any(one in text for text in texts)] == []
