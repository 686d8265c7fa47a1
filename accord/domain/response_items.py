"""A QuestionnaireResponse as it came, made walkable; what is malformed is kept, marked so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 40  # levels of items; deeper content is kept as one unreadable answer

MALFORMED = "malformed"
"""The key under which content stands that is no FHIR answer."""

SIGNATURE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, eq=False, repr=False)
class GivenAnswer:
    """One entry of `answer`: its `value[x]` elements by key, and what is nested in it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence["GivenItem"] = ()


@dataclass(frozen=True, eq=False, repr=False)
class GivenItem:
    """One entry of `item`; equal only to itself, so that it can be ticked off once shown."""

    link_id: str
    text: str = ""
    answers: Sequence[GivenAnswer] = ()
    items: Sequence["GivenItem"] = ()
    signatures: Sequence[Any] = ()

    def nested(self) -> Iterator["GivenItem"]:
        """Walk the items directly beneath, whether they hang on an answer or not."""
        for answer in self.answers:
            yield from answer.items
        yield from self.items

    def walk(self) -> Iterator["GivenItem"]:
        """Walk this item and everything beneath it."""
        yield self
        for item in self.nested():
            yield from item.walk()


def given_items(parent: Any, depth: int = 0) -> list[GivenItem]:
    """Read the `item` element of a response, an item or an answer; ugly input is kept."""
    entries = _entries(parent, "item")
    if depth > MAX_DEPTH and entries:
        return [GivenItem("", answers=[GivenAnswer({MALFORMED: entries})])]
    return [_given_item(entry, depth) for entry in entries]


def signatures_of(parent: Any) -> list[Any]:
    """List the signatures that an element carries as an extension."""
    return [
        extension.get("valueSignature", extension) for extension in extensions_of(parent, SIGNATURE)
    ]


def extensions_of(element: Any, url: str) -> list[dict[str, Any]]:
    """List an element's extensions of one url."""
    return [
        entry
        for entry in _entries(element, "extension")
        if isinstance(entry, dict) and entry.get("url") == url
    ]


def words(value: Any) -> str:
    """Give a text as it is, '' for anything else."""
    return value.strip() if isinstance(value, str) else ""


def _entries(parent: Any, key: str) -> list[Any]:
    found = parent.get(key) if isinstance(parent, dict) else None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _given_item(entry: Any, depth: int) -> GivenItem:
    if not isinstance(entry, dict):
        return GivenItem("", answers=[GivenAnswer({MALFORMED: entry})])
    answers = [_given_answer(answer, depth) for answer in _entries(entry, "answer")]
    stated = {key: value for key, value in entry.items() if key.startswith("value")}
    if stated:  # a value beside `answer` instead of inside it
        answers.append(GivenAnswer({MALFORMED: stated}))
    return GivenItem(
        link_id=words(entry.get("linkId")),
        text=words(entry.get("text")),
        answers=answers,
        items=given_items(entry, depth + 1),
        signatures=signatures_of(entry),
    )


def _given_answer(entry: Any, depth: int) -> GivenAnswer:
    if not isinstance(entry, dict):
        return GivenAnswer({MALFORMED: entry})
    values = {key: value for key, value in entry.items() if key.startswith("value")}
    for key, value in entry.items():
        if key.startswith("_value") and key[1:] not in values:
            values["absent"] = _absence(value)
    unknown = {
        key: value
        for key, value in entry.items()
        if not key.startswith(("value", "_")) and key not in ("item", "id", "extension")
    }
    if unknown:
        values[MALFORMED] = unknown
    return GivenAnswer(values, given_items(entry, depth + 1))


def _absence(element: Any) -> Any:
    for extension in extensions_of(element, _ABSENT):
        return extension.get("valueCode")
    return element
