"""OmegaAI's healthcare services over a real FHIR server."""

from collections.abc import Iterator
from typing import Any

import pytest

from accord.adapters.omegaai_services import ServicesSeen, read_services
from accord.domain.hours import Span, Weekday
from accord.domain.wires import ResourceElements
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.omegaai_side import omegaai_side
from tests.adapters.omegaai_peer import LAKESIDE, as_new, omegaai_client

ELEMENTS = ResourceElements()
MORNINGS = {
    "daysOfWeek": ["mon", "tue"],
    "availableStartTime": "08:00:00",
    "availableEndTime": "12:00:00",
}
A_SERVICE: dict[str, Any] = {
    "resourceType": "HealthcareService",
    "id": "ct-1",
    "active": True,
    "providedBy": {"reference": "Organization/unit"},
    "location": [{"reference": "Location/room-1"}],
    "name": "BLUME CT",
    "specialty": [{"coding": [{"system": "urn:oid:1.2.840.10008.2.16.4", "code": "CT"}]}],
    "availableTime": [MORNINGS],
    "extension": [
        {
            "url": ELEMENTS.default_duration,
            "valueDuration": {
                "value": 1, "code": "h", "system": "http://unitsofmeasure.org", "unit": "h",
            },
        },
        {"url": ELEMENTS.overbooking, "valueBoolean": True},
    ],
}  # fmt: skip
AROUND: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "unit", "active": True, "name": "LAKESIDE PAULISTA"},
    {"resourceType": "Location", "id": "room-1", "status": "active", "name": "Sala 1"},
]


@pytest.fixture(scope="module")
def one_sim() -> Iterator[OmegaAISim]:
    with OmegaAISim(validates=False) as sim:
        yield sim


@pytest.fixture
def sim(one_sim: OmegaAISim) -> OmegaAISim:
    as_new(one_sim).load(AROUND)
    return one_sim


async def seen(sim: OmegaAISim, *services: dict[str, Any]) -> ServicesSeen:
    sim.load(services)
    async with omegaai_client(sim) as client:
        return await read_services(client.fhir, ELEMENTS)


async def test_a_service_is_read_with_its_organization_and_room(sim: OmegaAISim) -> None:
    (found,) = (await seen(sim, A_SERVICE)).services

    assert (found.name, found.facility, found.room) == ("BLUME CT", "LAKESIDE PAULISTA", "Sala 1")
    assert found.modalities == {"CT"}
    assert found.hours == {day: (Span(480, 720),) for day in (Weekday.MON, Weekday.TUE)}
    assert (found.minutes, found.overbooking, found.active) == (60, True, True)


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        pytest.param({"valueDuration": {"value": 30, "code": "min"}}, 30, id="minutes"),
        pytest.param({"valueDuration": {"value": 1.5, "code": "h"}}, 90, id="hours and a half"),
        pytest.param({"valueInteger": 45}, 45, id="whole minutes"),
        pytest.param({"valueString": "00:20"}, 20, id="a clock"),
    ],
)
async def test_a_duration_may_be_said_in_several_ways(
    sim: OmegaAISim, value: dict[str, Any], minutes: int
) -> None:
    extension = [{"url": ELEMENTS.default_duration, **value}]
    (found,) = (await seen(sim, {**A_SERVICE, "extension": extension})).services
    assert (found.minutes, found.overbooking) == (minutes, None)


async def test_several_times_of_a_day_stand_side_by_side(sim: OmegaAISim) -> None:
    """PowerServer has one pair of hours: what it cannot hold must not be lost on the way."""
    afternoon = {
        "daysOfWeek": ["mon"],
        "availableStartTime": "13:00:00",
        "availableEndTime": "00:00:00",
    }
    whole_day = {"daysOfWeek": ["sun"], "allDay": True}
    times = [MORNINGS, afternoon, whole_day]
    (found,) = (await seen(sim, {**A_SERVICE, "availableTime": times})).services

    assert found.hours[Weekday.MON] == (Span(480, 720), Span(780, 1440))
    assert found.hours[Weekday.SUN] == (Span(0, 1440),)
    side = omegaai_side([found], LAKESIDE.facilities)
    assert "mon 08:00-12:00,13:00-24:00" in str(side.loc["HealthcareService/ct-1", "hours"])


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"availableTime": [{**MORNINGS, "availableStartTime": "8h"}]}, id="time"),
        pytest.param({"availableTime": [{**MORNINGS, "daysOfWeek": ["seg"]}]}, id="day"),
        pytest.param(
            {"extension": [{"url": ELEMENTS.default_duration, "valueString": "soon"}]},
            id="duration",
        ),
        pytest.param({"active": "yes"}, id="active"),
    ],
)
async def test_one_odd_service_is_named_and_hides_no_other(
    sim: OmegaAISim, odd: dict[str, Any]
) -> None:
    found = await seen(sim, A_SERVICE, {**A_SERVICE, "id": "odd", "name": "ODD", **odd})
    assert [service.id for service in found.services] == ["ct-1"]
    assert found.misshapen == ("odd",)


async def test_services_of_other_sites_are_left_out(sim: OmegaAISim) -> None:
    """One that names no organization stays: it may be ours, and then something is to be mended."""
    other = {"resourceType": "Organization", "id": "other", "name": "ANOTHER SITE"}
    sim.load([other])
    found = await seen(
        sim,
        A_SERVICE,
        {**A_SERVICE, "id": "theirs", "providedBy": {"reference": "Organization/other"}},
        {**{k: v for k, v in A_SERVICE.items() if k != "providedBy"}, "id": "nobodys"},
    )

    side = omegaai_side(found.services, LAKESIDE.facilities)

    assert sorted(side.index) == ["HealthcareService/ct-1", "HealthcareService/nobodys"]
