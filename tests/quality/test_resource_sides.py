"""The rules on one side's resources: each has a row that only it holds, and misses its rule."""

from pathlib import Path
from typing import Any

import pytest

from accord.domain.organization_text import parse
from accord.domain.resources import Department
from accord.quality.gate import CannotJudge, screen
from accord.quality.resource_sides import SIDE, side_facts
from accord.setup.sides import frame_of

FILE = Path(__file__).parents[2] / "deployments" / "organizations" / "lakeside.yaml"
ORGANIZATION = parse(FILE.read_text(encoding="utf-8"), FILE.name).organization
CENTRO = ORGANIZATION.facilities[0]
WITH_ROOMS = ORGANIZATION.model_copy(
    update={
        "facilities": (
            CENTRO.model_copy(update={"departments": (Department(name="D", rooms=("Sala 1",)),)}),
            *ORGANIZATION.facilities[1:],
        )
    }
)
A_ROW: dict[str, Any] = {
    "facility": CENTRO.name.upper(),
    "name": "BLUME CT",
    "department": "D",
    "room": "SALA 1",
    "modalities": "CT|MR",
    "hours": "mon 08:00-18:00 tue 08:00-12:00,13:00-18:00",
    "minutes": 60,
    "overbooking": False,
    "active": True,
    "source": "line 2",
}


def held(*rows: dict[str, Any], suite: Any = SIDE) -> dict[str, list[str]]:
    side = frame_of({**A_ROW, **row, "source": f"line {n}"} for n, row in enumerate(rows, start=2))
    return screen(side_facts(side, WITH_ROOMS), suite).held


def test_a_good_side_passes() -> None:
    assert held({}, {"name": "BLUME MR", "minutes": None, "room": ""}) == {}
    assert held() == {}


BROKEN = [
    pytest.param({"facility": "NOWHERE"}, "facility-is-ours", id="facility"),
    pytest.param({"name": "BLUME  CT"}, "name-exact", id="two spaces"),
    pytest.param({"name": "BLUME CT "}, "name-exact", id="a space at the end"),
    pytest.param({"name": "x" * 65}, "name-exact", id="too long"),
    pytest.param({"modalities": ""}, "modality-known", id="no modality"),
    pytest.param({"room": "Sala 9"}, "room-exists", id="room"),
    pytest.param({"hours": ""}, "works-some-day", id="no hours"),
    pytest.param({"hours": "mon 18:00-08:00"}, "start-before-end", id="backwards"),
    pytest.param({"minutes": 0}, "duration-possible", id="no time"),
    pytest.param({"minutes": 1441}, "duration-possible", id="more than a day"),
]


@pytest.mark.parametrize(("change", "rule"), BROKEN)
def test_each_rule_holds_its_row_and_is_missed(change: dict[str, Any], rule: str) -> None:
    """A row of another facility has no zone of ours either: the first rule is the reason."""
    assert held(change)["line 2"][0] == rule
    assert rule not in held(change, suite=SIDE.without(rule)).get("line 2", [])


def test_a_name_that_stands_twice_holds_both() -> None:
    assert held({}, {"name": "blume ct"}) == {
        "line 2": ["name-unique"],
        "line 3": ["name-unique"],
    }
    assert held({}, {"name": "blume ct"}, suite=SIDE.without("name-unique")) == {}


def test_half_of_what_was_there_before_stops_the_comparison() -> None:
    side = frame_of([A_ROW])
    with pytest.raises(CannotJudge, match="volume"):
        screen(side_facts(side, ORGANIZATION), SIDE, volume_before=3)
