"""Both sides' resources, compared column by column."""

from typing import Any

import pandas as pd
import pytest

from accord.domain.hours import WEEK, Span, span_of
from accord.domain.parity import WORDS, Finding
from accord.quality.resource_sides import matched_by
from accord.setup.grid import read_grid
from accord.setup.omegaai_side import in_use
from accord.setup.parity import COLUMNS, compare
from accord.setup.sides import every_day, frame_of, hours_text

F = Finding
ALL_DAYS = every_day(Span(480, 1080))
A_ROW = {
    "facility": "LAKESIDE",
    "name": "BLUME CT",
    "department": "Imagem",
    "room": "Sala 1",
    "modalities": "CT",
    "hours": hours_text(ALL_DAYS),
    "minutes": 60,
    "overbooking": False,
    "active": True,
}


def side(*rows: dict[str, Any]) -> pd.DataFrame:
    return frame_of({**A_ROW, **row, "source": f"at {n}"} for n, row in enumerate(rows))


def findings(powerserver: pd.DataFrame, omegaai: pd.DataFrame) -> list[tuple[str, str]]:
    found = compare(powerserver, omegaai)
    assert list(found.columns) == list(COLUMNS)
    return list(zip(found["name"], found["finding"], strict=True))


def test_sides_that_are_alike_have_no_findings() -> None:
    rows: tuple[dict[str, Any], ...] = ({}, {"name": "BLUME MR", "modalities": "MR"})
    assert findings(side(*rows), side(*reversed(rows))) == []
    assert findings(side(), side()) == []


WORKDAYS = hours_text({day: Span(480, 1080) for day in WEEK[:5]})


@pytest.mark.parametrize(
    ("powerserver", "omegaai", "expected"),
    [
        pytest.param({"name": "Blume CT"}, {}, F.NAME_CASE, id="case"),
        pytest.param({"name": "BLUME  CT"}, {}, F.NAME_CASE, id="two spaces"),
        pytest.param({"modalities": "CT"}, {"modalities": "CT|MR"}, F.MODALITIES, id="a subset"),
        pytest.param({}, {"minutes": 30}, F.DURATION, id="duration"),
        pytest.param({}, {"minutes": None}, F.DURATION, id="no duration"),
        pytest.param({"overbooking": True}, {}, F.OVERBOOKING, id="overbooking"),
        pytest.param({}, {"active": False}, F.INACTIVE, id="inactive"),
        pytest.param({}, {"hours": WORKDAYS.replace("18:00", "17:00")}, F.HOURS, id="end"),
        pytest.param({}, {"hours": ""}, F.HOURS, id="no working day"),
        pytest.param(
            {}, {"hours": WORKDAYS + " sat 08:00-12:00"}, F.NOT_REPRESENTABLE, id="half Saturday"
        ),
    ],
)
def test_one_difference_is_one_finding(
    powerserver: dict[str, Any], omegaai: dict[str, Any], expected: Finding
) -> None:
    assert [code for _, code in findings(side(powerserver), side(omegaai))] == [expected.value]


@pytest.mark.parametrize(
    ("powerserver", "omegaai"),
    [
        pytest.param({"facility": "@RS-BLUME TEST"}, {"facility": "@rs-Blume Test"}, id="facility"),
        pytest.param({}, {"hours": WORKDAYS}, id="fewer working days"),
        pytest.param({"department": "Imagem"}, {"department": ""}, id="department unsaid"),
    ],
)
def test_what_is_no_difference(powerserver: dict[str, Any], omegaai: dict[str, Any]) -> None:
    """PowerServer upper-cases facilities, and has no weekdays: one pair of hours for all."""
    assert findings(side(powerserver), side(omegaai)) == []


def test_what_stands_on_one_side_only() -> None:
    found = compare(side({}, {"name": "ONLY PS"}), side({}, {"name": "ONLY OAI"}))
    assert found[["name", "finding", "where"]].to_numpy().tolist() == [
        ["ONLY OAI", F.ONLY_IN_OMEGAAI, "at 1"],
        ["ONLY PS", F.ONLY_IN_POWERSERVER, "at 1"],
    ]


def test_the_same_name_at_two_facilities_is_two_resources() -> None:
    rows = ({"facility": "NORTE"}, {"facility": "SUL"})
    assert findings(side(*rows), side(*rows)) == []
    assert findings(side(*rows), side(rows[0])) == [("BLUME CT", F.ONLY_IN_POWERSERVER)]


def test_a_name_that_stands_twice_can_be_compared_with_nothing() -> None:
    """Both rows are named, and the other side's one is not called missing."""
    found = compare(side({}, {"minutes": 30}), side({}))
    assert found[["finding", "where"]].to_numpy().tolist() == [
        [F.NAME_TWICE, "at 0"],
        [F.NAME_TWICE, "at 1"],
    ]


def test_the_guides_own_example_breaks_its_own_rules() -> None:
    """
    The screenshots of the vendor's guide: BLUME CT of 30 minutes with overbooking in PowerServer,
    of 01:00 without in OmegaAI; BLUME XR ends at 10:59 PM (docs/sources.md#parity).
    """
    heading = "Facility;Class;Resource;Start Time;End Time;Default Duration;Overbooking"
    grid = read_grid(
        f"{heading}\n@RS-BLUME TEST;CT;BLUME CT;12:00 AM;11:59 PM;30;X\n"
        "@RS-BLUME TEST;XR;BLUME XR;12:00 AM;10:59 PM;60;\n".encode()
    )
    whole_day = hours_text(every_day(span_of("00:00-23:59")))
    guide = {"facility": "@rs-Blume Test", "hours": whole_day}
    omegaai = side(guide, {**guide, "name": "BLUME XR", "modalities": "XR"})

    assert findings(grid, omegaai) == [
        ("BLUME CT", F.DURATION),
        ("BLUME CT", F.OVERBOOKING),
        ("BLUME XR", F.HOURS),
    ]


def test_every_finding_has_its_words() -> None:
    assert WORDS.keys() == set(Finding)
    for words in WORDS.values():
        assert words.pt != words.en
        assert words.screen.startswith(("PowerServer: ", "OmegaAI: "))


def test_what_is_retired_at_omegaai_and_nowhere_else_is_no_difference() -> None:
    """It is gone from the scheduler on both sides; its name may be another's by now."""
    powerserver = side({"name": "A"}, {"name": "B"})
    retired = {"active": False}
    omegaai = side(
        {"name": "A"}, {"name": "a", **retired}, {"name": "B", **retired}, {"name": "C", **retired}
    )
    used = in_use(omegaai, powerserver)
    assert list(used["name"]) == ["A", "B"]
    assert findings(powerserver, used) == [("B", F.INACTIVE)]


def test_names_of_no_rows_can_be_matched() -> None:
    """Where a rule holds all of a side, what is left has no rows, and pandas no type for them."""
    nothing = pd.DataFrame({"facility": [], "name": []})
    assert matched_by(nothing["facility"], nothing["name"]).empty
