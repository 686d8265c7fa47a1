"""What a rule of the gate is: a name, words for people, and one expectation; all of it data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Any


class Severity(StrEnum):
    """What a broken rule does to its row; the words are Great Expectations' own."""

    HOLDS = "critical"  # the row waits for a person
    WARNS = "warning"  # the row passes and is named


Column = str
Build = Callable[[ModuleType, Sequence[Column], Mapping[str, Any]], Any]
"""
Makes an expectation from `great_expectations.expectations`, the columns to read, in the order of
the check's, and the common arguments.
"""


@dataclass(frozen=True)
class Check:
    """The condition of one rule, and the columns it reads."""

    columns: tuple[Column, ...]
    build: Build
    where: tuple[Column, str | bool] | None = None
    """Judges only rows in which this column has this value."""

    def only_where(self, column: Column, value: str | bool) -> "Check":
        """Narrow the check to the rows in which `column` has `value`."""
        return Check(self.columns, self.build, (column, value))

    @property
    def reads(self) -> tuple[Column, ...]:
        """Every column that must be there: those judged, and the one that narrows."""
        return (*self.columns, self.where[0]) if self.where else self.columns


@dataclass(frozen=True)
class Rule:
    """One named rule: what it asks, in two languages, and what to do where it is broken."""

    name: str
    check: Check
    text_pt: str
    text_en: str
    what_to_do_pt: str
    what_to_do_en: str
    severity: Severity = Severity.HOLDS
    releasable: bool = True
    """Whether a person's word may stand over it; never over whose the form is."""

    def text(self, locale: str) -> str:
        """Say what the rule asks, in the site's language (`pt-BR` or `en-US`)."""
        return self.text_pt if locale.startswith("pt") else self.text_en

    def what_to_do(self, locale: str) -> str:
        """Say what a person does about a held row, in the site's language."""
        return self.what_to_do_pt if locale.startswith("pt") else self.what_to_do_en


@dataclass(frozen=True)
class Suite:
    """The rules of one seam, most telling first: the first broken one is a row's reason."""

    name: str
    rules: tuple[Rule, ...]
    may_be_empty: bool = True
    """Whether a frame without rows is a fine answer here."""
    _by_name: dict[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {rule.name: rule for rule in self.rules})
        if len(self._by_name) != len(self.rules):
            raise ValueError(f"suite {self.name}: two rules share one name")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column that the rules read, in the order of the rules."""
        return tuple(dict.fromkeys(c for rule in self.rules for c in rule.check.reads))

    def rule(self, name: str) -> Rule:
        """Give a rule by its name; KeyError where there is none."""
        return self._by_name[name]

    def without(self, name: str) -> "Suite":
        """Give the suite without one of its rules."""
        rules = tuple(rule for rule in self.rules if rule.name != name)
        return Suite(name=self.name, rules=rules, may_be_empty=self.may_be_empty)


def is_true(column: Column) -> Check:
    """Ask that a column of booleans be True."""
    return one_of(column, True)


def one_of(column: Column, *values: str | bool) -> Check:
    """Ask that a column hold one of `values`."""
    return Check(
        (column,),
        lambda gxe, columns, common: gxe.ExpectColumnValuesToBeInSet(
            column=columns[0], value_set=list(values), **common
        ),
    )


def between(column: Column, lowest: float | None, highest: float | None) -> Check:
    """Ask that a column of numbers lie between two bounds, both included."""
    return Check(
        (column,),
        lambda gxe, columns, common: gxe.ExpectColumnValuesToBeBetween(
            column=columns[0], min_value=lowest, max_value=highest, **common
        ),
    )


def not_above(column: Column, limit: Column) -> Check:
    """Ask that a column of numbers not exceed another column."""
    return Check(
        (column, limit),
        lambda gxe, columns, common: gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=columns[1], column_B=columns[0], or_equal=True, **common
        ),
    )


def matches(column: Column, pattern: str) -> Check:
    """Ask that a column of texts match a regular expression, from their beginning."""
    return Check(
        (column,),
        lambda gxe, columns, common: gxe.ExpectColumnValuesToMatchRegex(
            column=columns[0], regex=pattern, **common
        ),
    )


def unique(column: Column) -> Check:
    """Ask that no value of a column stand twice; each row that shares one is named."""
    return Check(
        (column,),
        lambda gxe, columns, common: gxe.ExpectColumnValuesToBeUnique(column=columns[0], **common),
    )
