"""From the organization file to OmegaAI: planned, approved, applied, and then nothing is left."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.domain.effects import EffectState as S
from accord.domain.effects import Mode
from accord.domain.organizations import Organization
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.changes import Cause, Verdict
from tests.adapters.omegaai_peer import as_new
from tests.setup.onboarding import (
    AROUND,
    NOW,
    ONBOARD,
    TWO,
    Clock,
    Cut,
    Onboarding,
    a_ledger,
    a_resource,
    an_organization,
)

V = Verdict


@pytest.fixture
def onboarding(sim: OmegaAISim, tmp_path: Path, clock: Clock) -> Iterator[Onboarding]:
    as_new(sim).load(AROUND)
    with a_ledger(tmp_path, clock) as ledger:
        yield Onboarding(sim, ledger)


def changed(sim: OmegaAISim, name: str, /, **elements: Any) -> dict[str, Any]:
    """Change a service as somebody would on OmegaAI's own screens."""
    [there] = [each for each in sim.resources("HealthcareService") if each["name"] == name]
    return sim.load([there | elements])[0]


def duration_of(service: dict[str, Any]) -> int:
    """The default duration as it stands there, in minutes."""
    values = [each.get("valueDuration") for each in service["extension"]]
    return next(int(value["value"]) for value in values if value)


def booked(sim: OmegaAISim, name: str, status: str = "booked", days: int = 3) -> None:
    """Book a patient on a service, so many days from now."""
    [there] = [each for each in sim.resources("HealthcareService") if each["name"] == name]
    at = (NOW + timedelta(days=days)).isoformat()
    actor = {"reference": f"HealthcareService/{there['id']}"}
    appointment = {
        "resourceType": "Appointment",
        "id": f"a-{status}-{days}",
        "status": status,
        "start": at,
        "end": at,
        "participant": [{"actor": actor, "status": "accepted"}],
    }
    sim.load([appointment])


async def test_what_was_applied_needs_no_plan(onboarding: Onboarding) -> None:
    """Plan, apply, plan: the second plan is empty, and applying it writes nothing."""
    assert await onboarding.make_true(TWO) == {S.VERIFIED: 2}
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]

    again = await onboarding.plan(TWO)
    assert again.is_settled
    written = list(onboarding.sim.writes)
    assert await onboarding.apply(TWO, again.items) == {}
    assert onboarding.sim.writes == written


async def test_what_is_written_reads_as_the_file_says(onboarding: Onboarding) -> None:
    """Each field that a plan can change, on the wire."""
    resource = a_resource(
        "ct-1",
        modalities=["CT", "MR"],
        resource_class="CT",
        working_days={"mon-fri": "08:00-18:00", "sat": "08:00-24:00"},
        overbooking=True,
    )
    await onboarding.make_true(an_organization([resource]))
    [made] = onboarding.sim.resources("HealthcareService")

    assert made["providedBy"] == {"reference": "Organization/norte"}
    assert made["location"] == [{"reference": "Location/room-1"}]
    assert [c["coding"][0]["code"] for c in made["specialty"]] == ["CT", "MR"]
    assert made["availableTime"][1] == {
        "daysOfWeek": ["sat"],
        "availableStartTime": "08:00:00",
        "availableEndTime": "00:00:00",
    }
    assert duration_of(made) == 30
    assert any(each.get("valueBoolean") is True for each in made["extension"])
    assert made["active"] is True


async def test_only_what_changed_is_written(onboarding: Onboarding) -> None:
    """What the file does not speak of stays as OmegaAI has it."""
    await onboarding.make_true(TWO)
    theirs = {"comment": "Ramal 12", "telecom": [{"system": "phone", "value": "12"}]}
    changed(onboarding.sim, "BLUME CT-1", **theirs)
    longer = an_organization([a_resource("ct-1", default_duration="01:00")])

    plan = await onboarding.plan(longer)
    [item] = [each for each in plan.items if each.change.key == "norte/ct-1"]
    assert [(f.name, f.before, f.after, f.cause) for f in item.change.fields] == [
        ("minutes", "30", "60", Cause.FILE)
    ]
    await onboarding.apply(longer, [item])
    after = changed(onboarding.sim, "BLUME CT-1")
    assert {name: after[name] for name in theirs} == theirs
    assert duration_of(after) == 60


async def test_a_change_at_omegaai_is_told_as_drift(onboarding: Onboarding) -> None:
    """On a field that the file owns it is put right; on another it is left alone."""
    owned = {"owned_fields": ["name", "room", "modalities", "minutes", "active"]}
    file = an_organization([a_resource("ct-1")], **owned)
    await onboarding.make_true(file)
    changed(onboarding.sim, "BLUME CT-1", name="Blume CT-1", availableTime=[])

    plan = await onboarding.plan(file)
    [item] = plan.items
    assert [(f.name, f.cause) for f in item.change.fields] == [("name", Cause.SYSTEM)]
    assert await onboarding.apply(file, plan.items) == {S.VERIFIED: 1}
    [there] = onboarding.sim.resources("HealthcareService")
    assert there["name"] == "BLUME CT-1"
    assert "availableTime" not in there


async def test_both_sides_changed_the_same_field(onboarding: Onboarding) -> None:
    """Nothing is written until a person has decided who is right."""
    await onboarding.make_true(an_organization([a_resource("ct-1")]))
    changed(onboarding.sim, "BLUME CT-1", name="CT NORTE")
    plan = await onboarding.plan(an_organization([a_resource("ct-1", name="TOMOGRAFIA")]))
    assert plan.is_empty
    assert [change.verdict for change in plan.refused] == [V.CONFLICT]


async def test_swapping_two_names_is_two_renames(onboarding: Onboarding) -> None:
    await onboarding.make_true(TWO)
    ids = {each["name"]: each["id"] for each in onboarding.sim.resources("HealthcareService")}
    swapped = an_organization(
        [
            a_resource("ct-1", name="BLUME MR-1"),
            a_resource("mr-1", name="BLUME CT-1", modalities=["MR"], room="Sala 2"),
        ]
    )
    plan = await onboarding.plan(swapped)
    assert [each.change.verdict for each in plan.items] == [V.UPDATE, V.UPDATE]
    assert {f.name for each in plan.items for f in each.change.fields} == {"name"}
    assert await onboarding.apply(swapped, plan.items) == {S.VERIFIED: 2}
    after = {each["name"]: each["id"] for each in onboarding.sim.resources("HealthcareService")}
    assert after == {"BLUME CT-1": ids["BLUME MR-1"], "BLUME MR-1": ids["BLUME CT-1"]}


ONE = an_organization([a_resource("mr-1", modalities=["MR"], room="Sala 2")])


async def test_what_leaves_the_file_is_retired(onboarding: Onboarding) -> None:
    """It becomes inactive and is never deleted; a past or cancelled visit does not keep it."""
    await onboarding.make_true(TWO)
    booked(onboarding.sim, "BLUME CT-1", status="cancelled")
    booked(onboarding.sim, "BLUME CT-1", days=-3)
    plan = await onboarding.plan(ONE)
    assert [each.change.verdict for each in plan.items] == [V.RETIRE]
    assert await onboarding.apply(ONE, plan.items) == {S.VERIFIED: 1}
    assert onboarding.names() == ["BLUME MR-1"]
    assert len(onboarding.sim.resources("HealthcareService")) == 2
    assert (await onboarding.plan(ONE)).is_settled


@pytest.mark.parametrize("status", ["proposed", "pending", "booked", "arrived", "waitlist"])
async def test_what_patients_are_booked_on_is_not_retired(
    onboarding: Onboarding, status: str
) -> None:
    await onboarding.make_true(TWO)
    booked(onboarding.sim, "BLUME CT-1", status=status)
    plan = await onboarding.plan(ONE)
    assert plan.is_empty
    [refused] = plan.refused
    assert (refused.key, refused.verdict, refused.booked) == ("norte/ct-1", V.BOOKED, 1)
    assert refused.bookings == (f"a-{status}-3",)


async def test_a_booking_after_the_plan_stops_the_retirement(onboarding: Onboarding) -> None:
    """And once it is cancelled, the same plan approved anew goes through."""
    await onboarding.make_true(TWO)
    plan = await onboarding.plan(ONE)
    booked(onboarding.sim, "BLUME CT-1")
    assert await onboarding.apply(ONE, plan.items) == {S.PARKED: 1}
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]

    onboarding.sim.remove("Appointment", "a-booked-3")
    assert await onboarding.apply(ONE, plan.items) == {S.VERIFIED: 1}
    assert onboarding.names() == ["BLUME MR-1"]


async def test_protection_outlives_its_line(onboarding: Onboarding) -> None:
    protected = a_resource("ct-1", protected=True)
    kept = an_organization([protected, a_resource("mr-1")])
    await onboarding.make_true(kept)
    plan = await onboarding.plan(an_organization([a_resource("mr-1")]))
    assert [(c.key, c.verdict) for c in plan.refused] == [("norte/ct-1", V.PROTECTED)]


async def test_what_moved_since_the_plan_is_not_written(onboarding: Onboarding) -> None:
    """The object that moved is refused; the others go through. A new plan takes its place."""
    await onboarding.make_true(TWO)
    longer = an_organization(
        [
            a_resource("ct-1", default_duration="01:00"),
            a_resource("mr-1", modalities=["MR"], room="Sala 2", default_duration="01:00"),
        ]
    )
    plan = await onboarding.plan(longer)
    theirs = changed(onboarding.sim, "BLUME CT-1", comment="in between")
    assert await onboarding.apply(longer, plan.items) == {S.PARKED: 1, S.VERIFIED: 1}
    assert changed(onboarding.sim, "BLUME CT-1")["extension"] == theirs["extension"]

    assert await onboarding.make_true(longer) == {S.VERIFIED: 1}
    assert (await onboarding.plan(longer)).is_settled
    assert onboarding.ledger.counts("lakeside", ONBOARD) == {S.VERIFIED: 4, S.SUPERSEDED: 1}


async def test_what_somebody_made_by_hand_is_not_made_twice(onboarding: Onboarding) -> None:
    """Before the plan it is adopted; after the plan its creation is refused."""
    plan = await onboarding.plan(TWO)
    by_hand = {
        "resourceType": "HealthcareService",
        "id": "by-hand",
        "active": True,
        "name": "BLUME CT-1",
        "providedBy": {"reference": "Organization/norte"},
    }
    onboarding.sim.load([by_hand])
    assert await onboarding.apply(TWO, plan.items) == {S.PARKED: 1, S.VERIFIED: 1}
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]

    assert await onboarding.make_true(TWO) == {S.VERIFIED: 1}
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]
    assert (await onboarding.plan(TWO)).is_settled


async def test_what_was_removed_there_is_made_again(onboarding: Onboarding) -> None:
    """And again, should somebody remove it once more."""
    for _ in range(2):
        await onboarding.make_true(TWO)
        [ct] = [
            each
            for each in onboarding.sim.resources("HealthcareService")
            if each["name"] == "BLUME CT-1"
        ]
        onboarding.sim.remove("HealthcareService", ct["id"])
        plan = await onboarding.plan(TWO)
        assert [each.change.verdict for each in plan.items] == [V.CREATE]
    assert await onboarding.make_true(TWO) == {S.VERIFIED: 1}


@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
@pytest.mark.parametrize("at", [0, 1])
async def test_a_killed_run_is_taken_up_where_it_stopped(
    onboarding: Onboarding, clock: Clock, dies: str, at: int
) -> None:
    """Whatever had left by then: each object once, and then nothing is left to do."""
    plan = await onboarding.plan(TWO)
    with pytest.raises(Cut):
        await onboarding.apply(TWO, plan.items, **{dies: at})
    clock.by += timedelta(minutes=2)  # its lease is over: no earlier is its turn free
    await onboarding.apply(TWO, plan.items)

    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]
    assert onboarding.ledger.counts("lakeside", ONBOARD) == {S.VERIFIED: 2}
    assert (await onboarding.plan(TWO)).is_settled


@pytest.mark.parametrize("fault", ["lose_response", "not_applied", "racy_create"])
async def test_a_server_that_goes_wrong(onboarding: Onboarding, clock: Clock, fault: str) -> None:
    """An answer that is lost, a yes without a deed: the next approval of the plan mends it."""
    plan = await onboarding.plan(TWO)
    onboarding.sim.faults.change({fault: True if fault == "racy_create" else 1})
    try:
        await onboarding.apply(TWO, plan.items)
    except Exception as error:
        assert type(error).__module__.startswith("accord.")
    onboarding.sim.faults.clear()
    clock.by += timedelta(minutes=2)
    await onboarding.apply(TWO, plan.items)
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]
    assert (await onboarding.plan(TWO)).is_settled


async def test_the_kill_switch_stops_the_next_write(onboarding: Onboarding) -> None:
    plan = await onboarding.plan(TWO)
    onboarding.ledger.set_mode("lakeside", ONBOARD, Mode.WATCH, who="ana", why="stop")
    assert await onboarding.apply(TWO, plan.items) == {}
    assert onboarding.names() == []


async def test_a_key_that_comes_back_finds_its_old_object(onboarding: Onboarding) -> None:
    """Retired, and declared again under another name: renamed and active, and not made twice."""
    await onboarding.make_true(TWO)
    await onboarding.make_true(ONE)
    back = an_organization([a_resource("ct-1", name="TOMOGRAFIA"), *_as_in_one()])
    plan = await onboarding.plan(back)
    assert [each.change.verdict for each in plan.items] == [V.UPDATE]
    assert await onboarding.apply(back, plan.items) == {S.VERIFIED: 1}
    assert onboarding.names() == ["BLUME MR-1", "TOMOGRAFIA"]
    assert len(onboarding.sim.resources("HealthcareService")) == 2


async def test_another_organizations_resource_of_the_same_key(onboarding: Onboarding) -> None:
    """Two customers of one OmegaAI may both have a `norte/ct-1`."""
    other = {
        "resourceType": "HealthcareService",
        "id": "others",
        "active": True,
        "name": "CT",
        "identifier": [{"system": "urn:accord:resource", "value": "other/norte/ct-1"}],
        "providedBy": {"reference": "Organization/elsewhere"},
    }
    elsewhere = {"resourceType": "Organization", "id": "elsewhere", "name": "X", "active": True}
    onboarding.sim.load([elsewhere, other])
    assert await onboarding.make_true(TWO) == {S.VERIFIED: 2}
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1", "CT"]


async def test_what_nobody_understands_is_not_called_missing(onboarding: Onboarding) -> None:
    """Broken at OmegaAI, it may be what the file declares: it is not made a second time."""
    await onboarding.make_true(TWO)
    changed(onboarding.sim, "BLUME CT-1", active="yes")
    plan = await onboarding.plan(TWO)
    assert plan.is_empty
    assert [(c.key, c.verdict) for c in plan.refused] == [("norte/ct-1", V.UNSEEN)]
    assert len(plan.unreadable) == 1
    assert (await onboarding.plan(ONE)).forgotten == ()


def _as_in_one() -> list[dict[str, Any]]:
    return [a_resource("mr-1", modalities=["MR"], room="Sala 2")]


SULS = [
    a_resource("us-1", modalities=["US"], protected=True),
    a_resource("us-2", modalities=["US"]),
]


def with_sul(*resources: dict[str, Any]) -> Organization:
    """A second facility of the same organization."""
    norte = TWO.facilities[0]
    sul = norte.model_copy(
        update={
            "slug": "sul",
            "name": "Lakeside Sul",
            "resources": an_organization(resources).facilities[0].resources,
        }
    )
    return TWO.model_copy(update={"facilities": (norte, sul)})


async def test_a_facility_that_leaves_the_file_is_not_forgotten(onboarding: Onboarding) -> None:
    """Its resources are retired like any other, unless protected or booked: nothing is lost."""
    sul = {"resourceType": "Organization", "id": "sul", "active": True, "name": "LAKESIDE SUL"}
    rooms = [
        {**AROUND[n], "id": f"sul-{n}", "managingOrganization": {"reference": "Organization/sul"}}
        for n in (1, 2)
    ]
    onboarding.sim.load([sul, *rooms])
    await onboarding.make_true(with_sul(*SULS))
    booked(onboarding.sim, "BLUME US-2")

    plan = await onboarding.plan(TWO)

    assert plan.forgotten == ()
    assert {(c.key, c.verdict) for c in plan.refused} == {
        ("sul/us-1", V.PROTECTED),
        ("sul/us-2", V.BOOKED),
    }


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, V.BOOKED), ({"protected": True}, V.PROTECTED)],
    ids=["booked", "protected"],
)
async def test_made_inactive_by_its_file_is_retired_as_well(
    onboarding: Onboarding, changes: dict[str, Any], verdict: Verdict
) -> None:
    """`active: false` does not go round what a removed line is refused for."""
    await onboarding.make_true(an_organization([a_resource("ct-1", **changes)]))
    booked(onboarding.sim, "BLUME CT-1")
    off = an_organization([a_resource("ct-1", active=False, **changes)])

    plan = await onboarding.plan(off)

    assert [(c.key, c.verdict) for c in plan.refused] == [("norte/ct-1", verdict)]
    assert plan.items == ()


async def test_a_booking_that_comes_after_the_yes_keeps_it_active(onboarding: Onboarding) -> None:
    await onboarding.make_true(an_organization([a_resource("ct-1")]))
    off = an_organization([a_resource("ct-1", active=False)])
    plan = await onboarding.plan(off)
    booked(onboarding.sim, "BLUME CT-1")
    assert await onboarding.apply(off, plan.items) == {S.PARKED: 1}
    assert onboarding.names() == ["BLUME CT-1"]
