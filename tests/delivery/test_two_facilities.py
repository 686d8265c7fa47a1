"""An organization with two facilities: a form that could be of either goes nowhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.domain.effects import EffectState
from accord.domain.totals import Bucket
from tests.delivery.clinic import Clinic, a_clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with a_clinic(tmp_path) as opened:
        organization = opened.file.organization
        (first,) = organization.facilities
        norte = first.model_copy(
            update={"slug": "lakeside-norte", "name": "Lakeside Norte", "omegaai_id": "norte"}
        )
        both = organization.model_copy(update={"facilities": (first, norte)})
        opened.file = opened.file.model_copy(update={"organization": both})
        yield opened


async def test_a_form_of_two_facilities_is_held_and_never_sent(clinic: Clinic) -> None:
    """The order names one, the appointment the other: held with words, also if released."""
    visit = clinic.world.visits[0]
    norte = {"resourceType": "Organization", "id": "norte", "name": "Lakeside Norte"}
    order = clinic.omegaai.read("ServiceRequest", visit.service_request_id)
    clinic.omegaai.load([norte, {**order, "performer": [{"reference": "Organization/norte"}]}])
    clinic.blume.submit_normal(visit, "clinical")
    clinic.blume.submit_normal(clinic.world.visits[1], "clinical")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.HELD: 1}
    (attention,) = report.attention
    assert attention.reason == "facility-known"
    assert "citam duas" in attention.what_to_do

    clinic.ledger.move(attention.key or "", EffectState.PLANNED, who="ana", why="try it")
    await clinic.relay()

    assert clinic.states() == {EffectState.VERIFIED: 1, EffectState.PARKED: 1}
    assert len(clinic.powerserver.documents) == 1


async def test_a_place_that_cannot_be_understood_is_told_as_such(clinic: Clinic) -> None:
    """What names the facility is odd: the form waits, and the words are about its neighbour."""
    with_an_odd_place(clinic)

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.VERIFIED: 1, Bucket.HELD: 1}
    (attention,) = report.attention
    assert "pedido" in attention.what_to_do


@pytest.mark.parametrize(
    "pointer",
    [{"reference": "Organization/norte"}, ["Organization/norte"], "Organization/norte"],
    ids=["an-object", "a-list-of-texts", "a-text"],
)
async def test_a_pointer_that_cannot_be_understood_is_not_passed_over(
    clinic: Clinic, pointer: object
) -> None:
    """It may name the other facility: nothing is guessed from what can be understood."""
    visit = clinic.world.visits[0]
    norte = {"resourceType": "Organization", "id": "norte", "name": "Lakeside Norte"}
    order = clinic.omegaai.read("ServiceRequest", visit.service_request_id)
    clinic.omegaai.load([norte, {**order, "performer": pointer}])
    clinic.blume.submit_normal(visit, "clinical")

    report = await clinic.relay()

    assert report.totals.buckets == {Bucket.HELD: 1}
    assert report.attention[0].reason == "neighbour-misshapen"


async def test_where_there_is_one_facility_no_place_is_asked(tmp_path: Path) -> None:
    with a_clinic(tmp_path) as clinic:
        with_an_odd_place(clinic)

        report = await clinic.relay()

        assert report.totals.buckets == {Bucket.VERIFIED: 2}


def with_an_odd_place(clinic: Clinic) -> None:
    """Submit two forms; the first one's order is for a place whose name is a list."""
    visit = clinic.world.visits[0]
    odd = {"resourceType": "Organization", "id": "odd", "name": ["Lakeside"]}
    order = clinic.omegaai.read("ServiceRequest", visit.service_request_id)
    clinic.omegaai.load([odd, {**order, "performer": [{"reference": "Organization/odd"}]}])
    clinic.blume.submit_normal(visit, "clinical")
    clinic.blume.submit_normal(clinic.world.visits[1], "clinical")
