"""The file that a live site would have: planned with it, nothing is to be done."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from accord.domain.organization_text import dump, parse
from accord.domain.organizations import Organization, OrganizationFile
from accord.sandbox.omegaai import OmegaAISim
from accord.setup.exporting import Exported, export
from accord.setup.service_plans import unsaid_by
from accord.setup.untold import LEFT_OUT, Untold
from tests.adapters.omegaai_peer import as_new
from tests.domain.test_organization_text import LAKESIDE
from tests.setup.onboarding import (
    AROUND,
    ELEMENTS,
    NOW,
    Onboarding,
    a_ledger,
    a_resource,
    an_organization,
)
from tests.setup.test_applying_any import files

NORTE = {"reference": "Organization/norte"}


def a_service(id_: str, **changes: Any) -> dict[str, Any]:
    """One that somebody made by hand, complete."""
    return {
        "resourceType": "HealthcareService",
        "id": id_,
        "active": True,
        "name": f"HAND {id_}",
        "providedBy": NORTE,
        "location": [{"reference": "Location/room-2"}],
        "specialty": [{"coding": [{"code": "MR"}]}],
        "availableTime": [
            {
                "daysOfWeek": ["mon", "tue"],
                "availableStartTime": "07:00:00",
                "availableEndTime": "13:30:00",
            }
        ],
        "extension": [
            {"url": ELEMENTS.default_duration, "valueInteger": 45},
            {"url": ELEMENTS.overbooking, "valueBoolean": False},
        ],
        **changes,
    }


async def of_live(onboarding: Onboarding, organization: Organization) -> Exported:
    async with onboarding.desk() as desk:
        seen = await desk.services()
    applied = onboarding.ledger.applied(onboarding.site(organization).owner)
    return export(organization, applied, seen, unsaid=unsaid_by(ELEMENTS))


def bare(organization: Organization) -> Organization:
    """The file before anybody wrote resources into it."""
    facilities = [each.model_copy(update={"resources": ()}) for each in organization.facilities]
    return organization.model_copy(update={"facilities": tuple(facilities)})


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=files())
def test_what_a_file_made_is_exported_as_that_file(sim: OmegaAISim, file: Organization) -> None:
    """Applied, and exported again with the file and without it; a plan with either is empty."""
    as_new(sim).load(AROUND)

    async def story(directory: Path) -> None:
        with a_ledger(directory, lambda: NOW) as ledger:
            onboarding = Onboarding(sim, ledger)
            await onboarding.apply(file, (await onboarding.plan(file)).items)
            again = await of_live(onboarding, file)
            assert (again.organization, again.remarks) == (file, ())

            anew = await of_live(onboarding, bare(file))
            wanted = {r.key: r for r in file.facilities[0].resources if r.active}
            assert {r.key: r for r in anew.organization.facilities[0].resources} == wanted
            if len(wanted) == len(file.facilities[0].resources):
                assert (await onboarding.plan(anew.organization)).is_settled

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))


async def exported_and_planned(
    sim: OmegaAISim, directory: Path, *services: dict[str, Any]
) -> tuple[Exported, bool]:
    """Export a site that was set up by hand, and say whether a plan with the result is empty."""
    as_new(sim).load([*AROUND, *services])
    with a_ledger(directory, lambda: NOW) as ledger:
        onboarding = Onboarding(sim, ledger)
        found = await of_live(onboarding, bare(an_organization([a_resource("a")])))
        plan = await onboarding.plan(found.organization)
        return found, plan.is_settled and not plan.unmanaged


async def test_a_site_set_up_by_hand_becomes_a_file(sim: OmegaAISim, tmp_path: Path) -> None:
    """Each service is one resource with a key made of its name; the file can be read back."""
    found, is_empty = await exported_and_planned(
        sim, tmp_path, a_service("1", name="Ressonância 1"), a_service("2", name="ressonancia-1")
    )

    resources = found.organization.facilities[0].resources
    assert [(each.key, each.name) for each in resources] == [
        ("ressonancia-1", "Ressonância 1"),
        ("ressonancia-1-2", "ressonancia-1"),
    ]
    assert resources[0].working_days == {"mon": "07:00-13:30", "tue": "07:00-13:30"}
    assert (found.remarks, is_empty) == ((), True)
    file = parse(LAKESIDE, "lakeside.yaml")
    whole = OrganizationFile(site=file.site, organization=found.organization)
    assert parse(dump(whole), "exported.yaml") == whole


ODD: dict[Untold, dict[str, Any]] = {
    Untold.UNREADABLE: {"active": "yes"},
    Untold.NOBODYS: {"providedBy": None},
    Untold.NO_ROOM: {"location": []},
    Untold.NO_HOURS: {"availableTime": []},
    Untold.BROKEN_DAY: {
        "availableTime": [
            {"daysOfWeek": ["mon"], "availableStartTime": f"{a}:00", "availableEndTime": f"{b}:00"}
            for a, b in (("08:00", "12:00"), ("13:00", "18:00"))
        ]
    },
    Untold.WRONG_VALUE: {"specialty": []},
    Untold.NAMED_TWICE: {"name": "Hand good"},
    Untold.ANOTHERS: {
        "identifier": [{"system": "urn:accord:resource", "value": "lakeside/centro/a"}]
    },
}


async def test_a_copy_of_what_we_made_is_left_out_and_told(sim: OmegaAISim, tmp_path: Path) -> None:
    """Two resources of one key would make a file that nobody can read."""
    ours = {"identifier": [{"system": "urn:accord:resource", "value": "lakeside/norte/a"}]}

    found, _ = await exported_and_planned(
        sim, tmp_path, a_service("1", name="A", **ours), a_service("2", name="B", **ours)
    )

    assert [each.name for each in found.organization.facilities[0].resources] == ["A"]
    assert [(each.service, each.why) for each in found.remarks] == [("2", Untold.MADE_TWICE)]


@pytest.mark.parametrize("why", sorted(LEFT_OUT - {Untold.MADE_TWICE}))
async def test_what_no_file_can_say_is_left_out_and_told(
    sim: OmegaAISim, tmp_path: Path, why: Untold
) -> None:
    """It stays as it is at OmegaAI; the others are exported."""
    odd = {name: v for name, v in a_service("odd", **ODD[why]).items() if v is not None}

    found, _ = await exported_and_planned(sim, tmp_path, a_service("good", name="HAND GOOD"), odd)

    assert [each.name for each in found.organization.facilities[0].resources] == ["HAND GOOD"]
    assert [(each.service, each.why) for each in found.remarks] == [("odd", why)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"location": [{"reference": "Location/room-9"}]}, Untold.NO_DEPARTMENT),
        ({"specialty": [{"coding": [{"code": "MR"}, {"code": "CT"}]}]}, Untold.NO_CLASS),
    ],
)
async def test_what_omegaai_does_not_know_is_told(
    sim: OmegaAISim, tmp_path: Path, changes: dict[str, Any], why: Untold
) -> None:
    """The service is in the file, with a place-holder for a person to fill; OmegaAI agrees."""
    room = {"resourceType": "Location", "id": "room-9", "name": "Sala 9"}
    found, is_empty = await exported_and_planned(
        sim, tmp_path, {**room, "managingOrganization": NORTE}, a_service("1", **changes)
    )

    assert [each.why for each in found.remarks] == [why]
    assert is_empty


@pytest.mark.parametrize("why", [Untold.NO_DURATION, Untold.NO_OVERBOOKING])
async def test_what_a_plan_would_write_is_told(
    sim: OmegaAISim, tmp_path: Path, why: Untold
) -> None:
    """A file has no word for `not said`: its default would be written, so it is said."""
    service = a_service("1")
    del service["extension"][0 if why is Untold.NO_DURATION else 1]

    found, is_empty = await exported_and_planned(sim, tmp_path, service)

    assert [each.why for each in found.remarks] == [why]
    assert not is_empty


async def test_a_renamed_service_keeps_its_key(sim: OmegaAISim, tmp_path: Path) -> None:
    """Somebody renamed it at OmegaAI: exported under the key it was made under, not as new."""
    as_new(sim).load(AROUND)
    file = an_organization([a_resource("a", name="CT 1", protected=True, colour="#102030")])
    with a_ledger(tmp_path, lambda: NOW) as ledger:
        onboarding = Onboarding(sim, ledger)
        await onboarding.apply(file, (await onboarding.plan(file)).items)
        (made,) = sim.resources("HealthcareService")
        sim.load([{**made, "name": "CT um"}])

        found = await of_live(onboarding, file)

        (resource,) = found.organization.facilities[0].resources
        assert (resource.key, resource.name) == ("a", "CT um")
        assert (resource.protected, resource.colour) == (True, "#102030")
        assert (await onboarding.plan(found.organization)).is_settled
