"""Rooms that the file declares and OmegaAI lacks: made first, each once, and never changed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from accord.adapters.omegaai_rooms import RoomDesk
from accord.domain.effects import EffectState as S
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.change_plans import Kind
from accord.setup.changes import Verdict
from tests.adapters.omegaai_peer import as_new
from tests.setup.onboarding import AROUND, TWO, Clock, Cut, Onboarding, a_ledger

V = Verdict
ROOM = "norte/room/Sala 2"


@pytest.fixture
def onboarding(sim: OmegaAISim, tmp_path: Path, clock: Clock) -> Iterator[Onboarding]:
    """An OmegaAI that lacks the second room."""
    as_new(sim).load([each for each in AROUND if each["id"] != "room-2"])
    with a_ledger(tmp_path, clock) as ledger:
        yield Onboarding(sim, ledger)


def rooms(onboarding: Onboarding) -> list[str]:
    return sorted(str(each["name"]) for each in onboarding.sim.resources("Location"))


def where(onboarding: Onboarding) -> dict[str, str]:
    """Name the room of each service."""
    names = {f"Location/{r['id']}": r["name"] for r in onboarding.sim.resources("Location")}
    return {
        each["name"]: names[each["location"][0]["reference"]]
        for each in onboarding.sim.resources("HealthcareService")
    }


async def test_a_missing_room_is_made_before_what_stands_in_it(onboarding: Onboarding) -> None:
    """The plan names it first; applied, and planned again, nothing is left."""
    plan = await onboarding.plan(TWO)
    assert [(each.kind, each.change.key) for each in plan.items] == [
        (Kind.ROOM, ROOM),
        (Kind.SERVICE, "norte/ct-1"),
        (Kind.SERVICE, "norte/mr-1"),
    ]

    assert await onboarding.apply(TWO, plan.items) == {S.VERIFIED: 3}

    assert rooms(onboarding) == ["Sala 1", "Sala 2"]
    assert where(onboarding) == {"BLUME CT-1": "Sala 1", "BLUME MR-1": "Sala 2"}
    assert (await onboarding.plan(TWO)).is_settled
    written = list(onboarding.sim.writes)
    assert await onboarding.apply(TWO, plan.items) == {}
    assert onboarding.sim.writes == written


@pytest.mark.parametrize("write", range(3))
@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
async def test_killed_at_any_write_each_is_made_once(
    onboarding: Onboarding, clock: Clock, dies: str, write: int
) -> None:
    plan = await onboarding.plan(TWO)
    with pytest.raises(Cut):
        await onboarding.apply(TWO, plan.items, **{dies: write})
    clock.by += timedelta(minutes=2)

    await onboarding.apply(TWO, plan.items)

    assert rooms(onboarding) == ["Sala 1", "Sala 2"]
    assert onboarding.names() == ["BLUME CT-1", "BLUME MR-1"]
    assert (await onboarding.plan(TWO)).is_settled


async def test_a_room_made_by_hand_meanwhile_is_not_made_twice(onboarding: Onboarding) -> None:
    """Its own change is a person's to look at; what stands in it goes on, into that room."""
    plan = await onboarding.plan(TWO)
    onboarding.sim.load([{**AROUND[2], "id": "by-hand"}])

    assert await onboarding.apply(TWO, plan.items) == {S.PARKED: 1, S.VERIFIED: 2}

    assert rooms(onboarding) == ["Sala 1", "Sala 2"]
    assert where(onboarding)["BLUME MR-1"] == "Sala 2"
    assert (await onboarding.plan(TWO)).is_settled


async def test_without_its_room_nothing_is_put_elsewhere(onboarding: Onboarding) -> None:
    """Approved without the room's own change: the service waits, and nothing is written of it."""
    plan = await onboarding.plan(TWO)
    services = [each for each in plan.items if each.kind is Kind.SERVICE]

    assert await onboarding.apply(TWO, services) == {S.VERIFIED: 1, S.PARKED: 1}

    assert onboarding.names() == ["BLUME CT-1"]


async def test_in_other_letters_it_is_a_persons(onboarding: Onboarding) -> None:
    """`SALA 2` may be the room or another: none is made beside it."""
    onboarding.sim.load([{**AROUND[2], "name": "SALA 2"}])

    plan = await onboarding.plan(TWO)

    assert [each.change.key for each in plan.items] == ["norte/ct-1"]
    assert [(c.key, c.verdict) for c in plan.refused] == [("norte/mr-1", V.UNPLACED)]


async def test_where_no_room_is_taken_a_person_makes_it(
    onboarding: Onboarding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards: the room, and what waits for it."""

    async def never(_: RoomDesk) -> bool:
        return False

    monkeypatch.setattr(RoomDesk, "can_create", never)

    plan = await onboarding.plan(TWO)

    assert [(c.key, c.verdict) for c in plan.refused] == [
        (ROOM, V.BY_HAND),
        ("norte/mr-1", V.UNPLACED),
    ]


async def test_a_racy_server_makes_one_room(onboarding: Onboarding) -> None:
    """Its conditional create is a race; ours is guarded, and looked at afterwards."""
    onboarding.sim.faults.change({"racy_create": True})
    await onboarding.make_true(TWO)
    assert rooms(onboarding) == ["Sala 1", "Sala 2"]
