"""Differences that a site expects: excused until their day, and named when they excuse nothing."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from accord.domain.expected_differences import ExpectedDifference
from accord.domain.parity import Finding
from accord.setup.expecting import Weighed, weigh
from accord.setup.parity import COLUMNS

TODAY = date(2026, 11, 28)
NAMES = {"centro": "Lakeside Centro"}
ENTRY: dict[str, Any] = {
    "facility": "centro",
    "resource": "Blume CT",
    "finding": Finding.DURATION,
    "reason": "until the new contract",
    "until": TODAY,
}


def a_finding(name: str = "BLUME CT", finding: Finding = Finding.DURATION) -> dict[str, str]:
    return {
        **dict.fromkeys(COLUMNS, "x"),
        "facility": "LAKESIDE CENTRO",
        "name": name,
        "finding": finding.value,
    }


def weighed(findings: list[dict[str, str]], *entries: dict[str, Any]) -> Weighed:
    frame = pd.DataFrame(findings, columns=list(COLUMNS)).astype("str")
    expected = [ExpectedDifference.model_validate({**ENTRY, **entry}) for entry in entries]
    return weigh(frame, expected, NAMES, TODAY)


def test_what_is_expected_is_told_apart_with_its_reason() -> None:
    """Facilities and names are matched as the comparison matches them: without case."""
    found = weighed([a_finding(), a_finding("BLUME MR")], {})
    assert found.left["name"].tolist() == ["BLUME MR"]
    assert found.excused[["name", "reason", "until"]].to_numpy().tolist() == [
        ["BLUME CT", "until the new contract", "2026-11-28"]
    ]
    assert (found.unused, found.expired) == ((), ())


def test_an_entry_whose_day_is_over_excuses_nothing_and_is_named() -> None:
    found = weighed([a_finding()], {"until": date(2026, 11, 27)})
    assert (len(found.left), len(found.excused)) == (1, 0)
    assert [entry.resource for entry in found.expired] == ["Blume CT"]


@pytest.mark.parametrize(
    "change", [{"finding": Finding.HOURS}, {"resource": "BLUME US"}, {"facility": "norte"}]
)
def test_an_entry_that_excuses_nothing_is_named(change: dict[str, Any]) -> None:
    found = weighed([a_finding()], change)
    assert (len(found.left), len(found.excused), len(found.unused)) == (1, 0, 1)


def test_an_entry_given_twice_excuses_once() -> None:
    found = weighed([a_finding()], {}, {})
    assert (len(found.left), len(found.excused)) == (0, 1)


def test_nothing_found_and_nothing_expected_is_nothing() -> None:
    found = weighed([])
    assert (len(found.left), len(found.excused)) == (0, 0)
    assert list(found.left.columns) == list(COLUMNS)
