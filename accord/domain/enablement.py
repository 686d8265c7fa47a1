"""Whether a question was asked: `enableWhen` of a FHIR R4 Questionnaire."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import ge, gt, le, lt
from typing import Any

from accord.domain.response_items import GivenAnswer, GivenItem, words

_ORDER: dict[str, Callable[[Any, Any], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}


class Scope:
    """
    What a condition can see from where its question stands.

    The nearest occurrence counts: within one repeat of a group its own answers are meant,
    not those of the other repeats.
    """

    def __init__(self, items: Sequence[GivenItem], parent: "Scope | None" = None) -> None:
        self._items, self._parent = items, parent

    @cached_property
    def _answers(self) -> Mapping[str, list[GivenAnswer]]:
        found: dict[str, list[GivenAnswer]] = {}
        for root in self._items:
            for item in root.walk():
                found.setdefault(item.link_id, []).extend(item.answers)
        return found

    def answers(self, link_id: str) -> list[GivenAnswer]:
        """Give the answers to the nearest occurrence of a question; none if it has none."""
        if link_id in self._answers:
            return self._answers[link_id]
        return self._parent.answers(link_id) if self._parent else []


def is_enabled(definition: Mapping[str, Any], scope: Scope) -> bool:
    """
    Decide whether a question's conditions are met.

    A condition that cannot be read counts as met, so that an unanswered question is never
    excused by mistake. Several without `enableBehavior`: one that is met suffices.

    Source: FHIR R4 Questionnaire.item.enableWhen and the operator value set.
    """
    conditions = definition.get("enableWhen")
    if not isinstance(conditions, list) or not conditions:
        return True
    met = (_is_met(condition, scope) for condition in conditions)
    return all(met) if definition.get("enableBehavior") == "all" else any(met)


def _is_met(condition: Any, scope: Scope) -> bool:
    if not isinstance(condition, dict):
        return True
    values = [
        value
        for answer in scope.answers(words(condition.get("question")))
        for key, value in answer.values.items()
        if key.startswith("value")
    ]
    expected = next((v for key, v in condition.items() if key.startswith("answer")), None)
    operator = condition.get("operator")
    if operator == "exists":
        return bool(values) is (expected is not False)
    if operator == "=":
        return any(_same(value, expected) for value in values)
    if operator == "!=":
        return not any(_same(value, expected) for value in values)
    if operator in _ORDER:
        return any(_ordered(_ORDER[operator], value, expected) for value in values)
    return True


def _same(value: Any, expected: Any) -> bool:
    if isinstance(value, dict) and isinstance(expected, dict):
        return _same_parts(value, expected)
    return bool(_comparable(value) == _comparable(expected))


def _same_parts(value: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Compare two Codings, Quantities or References by what identifies them."""
    if "value" in expected:
        units = [side.get("code") or side.get("unit") for side in (value, expected)]
        return _same(value.get("value"), expected["value"]) and _agree(*units)
    if "code" in expected:
        systems = value.get("system"), expected.get("system")
        return value.get("code") == expected["code"] and _agree(*systems)
    key = "reference" if "reference" in expected else "display"
    return value.get(key) is not None and value.get(key) == expected.get(key)


def _agree(one: Any, other: Any) -> bool:
    """Say whether two values agree where both are given."""
    return one is None or other is None or one == other


def _ordered(order: Callable[[Any, Any], bool], value: Any, expected: Any) -> bool:
    if isinstance(value, dict) and isinstance(expected, dict):
        units = [side.get("code") or side.get("unit") for side in (value, expected)]
        return _agree(*units) and _ordered(order, value.get("value"), expected.get("value"))
    try:
        return order(_comparable(value), _comparable(expected))
    except TypeError:  # kinds that have no order between them
        return False


def _comparable(value: Any) -> Any:
    """Give numbers as decimals and instants as instants, so that 1.0 is 1 and 12Z is 9-03:00."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    if not isinstance(value, str):
        return Decimal(str(value))
    if "T" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return moment if moment.tzinfo else value
    return value
