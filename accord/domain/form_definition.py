"""A FHIR R4 Questionnaire's items as the reader of answers needs them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accord.domain.answer_values import CodeNames
from accord.domain.response_items import MAX_DEPTH, GivenItem, extensions_of, words

_HIDDEN = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden"
_UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"


@dataclass(frozen=True, repr=False)
class Definition:
    """One item of a questionnaire."""

    link_id: str
    label: str = ""
    prefix: str = ""
    kind: str = ""
    """`type`: group, display, or one of the question types."""
    required: bool = False
    hidden: bool = False
    unit: str = ""
    names: CodeNames = field(default_factory=dict)
    items: Sequence["Definition"] = ()
    element: Mapping[str, Any] = field(default_factory=dict)
    """The item itself, for its conditions."""

    @property
    def is_group(self) -> bool:
        """Whether it is a heading with items beneath and no answer of its own."""
        return self.kind == "group"

    @property
    def is_display(self) -> bool:
        """Whether it only shows a text."""
        return self.kind == "display"

    def walk(self) -> Iterator["Definition"]:
        """Walk this item and everything beneath it."""
        yield self
        for item in self.items:
            yield from item.walk()

    @classmethod
    def unknown(cls, item: GivenItem) -> "Definition":
        """Describe an item that no questionnaire knows, by what the response says of it."""
        return cls(link_id=item.link_id, label=item.text)


def definitions(questionnaire: Mapping[str, Any] | None) -> list[Definition]:
    """
    Read a questionnaire's items; entries without a linkId are left out.

    What is answered to an item left out is a stray of the sheet, and shown there.
    """
    if questionnaire is None:
        return []
    return _items(questionnaire, _value_sets(questionnaire), 0)


def _items(
    parent: Mapping[str, Any], value_sets: Mapping[str, CodeNames], depth: int
) -> list[Definition]:
    if depth > MAX_DEPTH:
        return []
    return [
        _definition(element, value_sets, depth)
        for element in _dicts(parent, "item")
        if words(element.get("linkId"))
    ]


def _definition(
    element: Mapping[str, Any], value_sets: Mapping[str, CodeNames], depth: int
) -> Definition:
    codes = _dicts(element, "code")
    label = words(element.get("text")) or (words(codes[0].get("display")) if codes else "")
    hidden = any(one.get("valueBoolean") is True for one in extensions_of(element, _HIDDEN))
    return Definition(
        link_id=words(element.get("linkId")),
        label=label,
        prefix=words(element.get("prefix")),
        kind=words(element.get("type")),
        required=element.get("required") is True,
        hidden=hidden,
        unit=_unit(element),
        names=_names(element, value_sets),
        items=_items(element, value_sets, depth + 1),
        element=element,
    )


def _unit(element: Mapping[str, Any]) -> str:
    for extension in extensions_of(element, _UNIT):
        coding = extension.get("valueCoding")
        if isinstance(coding, dict):
            return words(coding.get("display")) or words(coding.get("code"))
    return ""


def _names(element: Mapping[str, Any], value_sets: Mapping[str, CodeNames]) -> CodeNames:
    offered = [option.get("valueCoding") for option in _dicts(element, "answerOption")]
    canonical = words(element.get("answerValueSet"))
    known = value_sets.get(canonical) or value_sets.get(canonical.partition("|")[0]) or {}
    return {**known, **_named(one for one in offered if isinstance(one, dict))}


def _value_sets(questionnaire: Mapping[str, Any]) -> dict[str, CodeNames]:
    """Read the contained value sets by every address under which an item may name them."""
    found: dict[str, CodeNames] = {}
    for resource in _dicts(questionnaire, "contained"):
        if resource.get("resourceType") == "ValueSet":
            names = _named(_concepts(resource))
            found[f"#{words(resource.get('id'))}"] = names
            if url := words(resource.get("url")):
                found[url] = names
    return found


def _concepts(value_set: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for include in _dicts(value_set.get("compose"), "include"):
        for concept in _dicts(include, "concept"):
            yield {**concept, "system": include.get("system")}
    waiting = _dicts(value_set.get("expansion"), "contains")
    while waiting:
        concept = waiting.pop()
        yield concept
        waiting += _dicts(concept, "contains")


def _named(concepts: Iterator[Mapping[str, Any]]) -> CodeNames:
    names: dict[tuple[str | None, str], str] = {}
    ambiguous = set[str]()
    for concept in concepts:
        code, said = words(concept.get("code")), words(concept.get("display"))
        if code and said:
            names[words(concept.get("system")), code] = said
            if names.setdefault((None, code), said) != said:
                ambiguous.add(code)
    for code in ambiguous:
        del names[None, code]
    return names


def _dicts(parent: Any, key: str) -> list[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]
