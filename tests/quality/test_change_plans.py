"""The rules on a plan of changes: each has a row that only it holds, and misses its rule."""

from typing import Any

import pytest

from accord.quality.change_plans import CHANGES
from accord.quality.gate import CannotJudge, screen
from accord.setup.change_facts import change_facts, require_sound
from accord.setup.change_plans import PlannedChange
from accord.setup.changes import Cause, Change, FieldChange, Verdict
from tests.setup.onboarding import a_resource, an_organization

FILE = an_organization([a_resource("ct-1"), a_resource("mr-1", modalities=["MR"])])
FIELDS = {
    "facility": "Lakeside Norte",
    "name": "BLUME CT-1",
    "room": "Sala 1",
    "modalities": "CT",
    "hours": "mon 08:00-18:00",
    "minutes": "30",
    "overbooking": "false",
    "active": "true",
}


def an_item(**changes: Any) -> PlannedChange:
    change: dict[str, Any] = {
        "key": "norte/ct-1",
        "verdict": Verdict.CREATE,
        "fields": (FieldChange(name="name", before="", after="BLUME CT-1", cause=Cause.FIRST),),
        **{name: changes.pop(name) for name in ("key", "verdict", "booked") if name in changes},
    }
    if changes.pop("without_fields", False):
        change["fields"] = ()
    fields = FIELDS | {name: changes.pop(name) for name in FIELDS if name in changes}
    item = {
        "change": Change.model_validate(change),
        "fields": fields,
        "owned": ("name",),
        "organization_id": "norte",
        **changes,
    }
    return PlannedChange.model_validate(item)


A_RETIREMENT = an_item(verdict=Verdict.RETIRE, without_fields=True, etag='W/"1"')


def held(*items: PlannedChange, suite: Any = CHANGES) -> dict[str, list[str]]:
    return screen(change_facts(items, FILE), suite).held


def test_a_sound_plan_passes() -> None:
    update = an_item(key="norte/mr-1", verdict=Verdict.UPDATE, etag='W/"1"', organization_id="")
    require_sound([an_item(), update], FILE)
    require_sound([A_RETIREMENT], FILE)
    require_sound([], FILE)


BROKEN = [
    pytest.param(an_item(verdict=Verdict.FORGET, etag="x"), "verdict-writable", id="verdict"),
    pytest.param(an_item(name="BLUME CT "), "name-exact", id="name"),
    pytest.param(an_item(key="sul/ct-1"), "zone-known", id="zone"),
    pytest.param(an_item(modalities=""), "modality-known", id="modality"),
    pytest.param(an_item(hours=""), "hours-inside-the-day", id="no hours"),
    pytest.param(an_item(hours="mon 18:00-08:00"), "start-before-end", id="backwards"),
    pytest.param(an_item(minutes="0"), "duration-possible", id="no time"),
    pytest.param(an_item(minutes="1441"), "duration-possible", id="more than a day"),
    pytest.param(an_item(verdict=Verdict.UPDATE), "rests-on-a-version", id="no version"),
    pytest.param(an_item(owned=("room",)), "only-owned-fields", id="not ours"),
    pytest.param(an_item(without_fields=True), "changes-something", id="nothing"),
    pytest.param(an_item(organization_id=""), "stands-somewhere", id="nowhere"),
    pytest.param(
        A_RETIREMENT.model_copy(
            update={"change": A_RETIREMENT.change.model_copy(update={"booked": 2})}
        ),
        "nobody-booked-on-what-goes",
        id="booked",
    ),
    pytest.param(
        A_RETIREMENT.model_copy(
            update={"change": A_RETIREMENT.change.model_copy(update={"booked": None})}
        ),
        "nobody-booked-on-what-goes",
        id="who knows",
    ),
]


@pytest.mark.parametrize(("item", "rule"), BROKEN)
def test_each_rule_has_a_change_that_only_it_holds(item: PlannedChange, rule: str) -> None:
    """And without the rule the change would pass."""
    assert held(item) == {item.change.key: [rule]}
    assert held(item, suite=CHANGES.without(rule)) == {}


def test_one_name_for_two_resources() -> None:
    """The file itself refuses it; so does the gate, should a file ever get past that."""
    twins = [a_resource("ct-1"), a_resource("ct-2", name="BLUME CT-1")]
    facility = FILE.facilities[0]
    doubled = facility.model_copy(
        update={
            "resources": tuple(
                facility.resources[0].model_copy(update={"key": each["key"]}) for each in twins
            )
        }
    )
    file = FILE.model_copy(update={"facilities": (doubled,)})
    broken = screen(change_facts([an_item()], file), CHANGES).held
    assert broken == {"norte/ct-1": ["name-unique"]}


def test_one_unsound_change_stops_the_plan() -> None:
    """Half a plan is another plan than the one that somebody wanted."""
    with pytest.raises(CannotJudge, match=r"ct-1 breaks it, 1 of 2 .* Mend the organization"):
        require_sound([an_item(minutes="0"), an_item(key="norte/mr-1")], FILE)


def test_every_rule_is_tested() -> None:
    tested = {str(each.values[1]) for each in BROKEN} | {"name-unique"}
    assert tested == {rule.name for rule in CHANGES.rules}
