"""Any file after any other, with a kill at any write: in the end OmegaAI shows what it declares."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.domain.effects import EffectState as S
from accord.domain.organizations import Organization
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.service_values import values_of
from tests.adapters.omegaai_peer import as_new
from tests.setup.onboarding import (
    AROUND,
    ONBOARD,
    Cut,
    Onboarding,
    a_ledger,
    a_resource,
    an_organization,
)

NAMES = ("CT 1", "CT 2", "MR", "Ultrassom")
KEYS = ("a", "b", "c", "d")


@st.composite
def files(draw: st.DrawFn) -> Organization:
    """Any set of resources with any of a few names, in any order."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=len(KEYS)))
    names = draw(st.permutations(NAMES))
    return an_organization(
        a_resource(
            key,
            name=name,
            room=draw(st.sampled_from(["Sala 1", "Sala 2"])),
            modalities=[draw(st.sampled_from(["CT", "MR", "US"]))],
            default_duration=draw(st.sampled_from(["00:15", "01:00", "24:00"])),
            working_days=draw(
                st.sampled_from([{"mon-sun": "00:00-24:00"}, {"mon": "08:00-12:00"}])
            ),
            overbooking=draw(st.booleans()),
            active=draw(st.booleans()),
        )
        for key, name in zip(keys, names, strict=False)
    )


async def _story(
    sim: OmegaAISim, directory: Path, stages: list[Organization], kills: dict[str, int]
) -> None:
    ahead = timedelta()
    with a_ledger(directory, lambda: datetime.now(UTC) + ahead) as ledger:
        onboarding = Onboarding(sim, ledger)
        for file in stages:
            plan = await onboarding.plan(file)
            assert not plan.refused
            try:
                await onboarding.apply(file, plan.items, **kills)
            except Cut:
                ahead += timedelta(minutes=2)  # the turn of a killed run is free by then
                await onboarding.apply(file, plan.items)
            after = await onboarding.plan(file)
            assert after.is_settled, after
            wanted = [r for f in file.facilities for r in f.resources if r.active]
            assert onboarding.names() == sorted(each.name for each in wanted)
            written = list(sim.writes)
            assert await onboarding.apply(file, after.items) == {}
            assert await onboarding.apply(file, plan.items) == {}
            assert sim.writes == written
        assert set(ledger.counts("lakeside", ONBOARD)) <= {S.VERIFIED}


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    stages=st.lists(files(), min_size=1, max_size=3),
    kill=st.sampled_from([{}, *({w: n} for w in ("dies_before", "dies_after") for n in range(3))]),
    racy=st.booleans(),
    rooms=st.integers(min_value=0, max_value=2),
)
def test_any_file_after_any_other(
    sim: OmegaAISim, stages: list[Organization], kill: dict[str, int], racy: bool, rooms: int
) -> None:
    """
    Planned, applied and killed at any write, taken up again: the plan after it is empty, every
    active name stands there once, and applying once more writes nothing. Also where the server's
    conditional create is a race, and where rooms are missing.
    """
    as_new(sim).load(AROUND[: 1 + rooms])
    if racy:
        sim.faults.change({"racy_create": True})
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_story(sim, Path(directory), stages, kill))


@pytest.mark.long
@settings(parent=settings(max_examples=25, deadline=None), print_blob=True)
@given(
    stages=st.lists(files(), min_size=1, max_size=4),
    kill=st.sampled_from([{}, *({w: n} for w in ("dies_before", "dies_after") for n in range(3))]),
)
def test_many_files_one_after_the_other(
    sim: OmegaAISim, stages: list[Organization], kill: dict[str, int]
) -> None:
    """The same, at length."""
    as_new(sim).load(AROUND)
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_story(sim, Path(directory), stages, kill))


async def test_sixty_four_at_once_make_one(sim: OmegaAISim, tmp_path: Path) -> None:
    """Our own lock keeps a racy server from making twins, however many ask at the same moment."""
    as_new(sim).load(AROUND)
    sim.faults.change({"racy_create": True})
    with a_ledger(tmp_path) as ledger:
        onboarding = Onboarding(sim, ledger)
        file = an_organization([a_resource("ct-1")])
        [item] = (await onboarding.plan(file)).items
        async with onboarding.desk() as desk:
            making = (desk.create(item.change.key, values_of(item)) for _ in range(64))
            await asyncio.gather(*making)
    assert onboarding.names() == ["BLUME CT-1"]
