"""What a plan says to people: where to go, and which appointments are in the way."""

import pytest

from accord.ledger.humantasks import TaskState
from accord.setup.changes import Change, Verdict
from accord.setup.plan_cards import PlanCard
from tasks.onboarding_texts import card_rows


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(
            Change(key="norte/ct", verdict=Verdict.BOOKED, booked=1, bookings=("12",)),
            "move them first, or put the line back. Appointment/12",
            id="one-appointment",
        ),
        pytest.param(
            Change(key="norte/ct", verdict=Verdict.BOOKED, booked=3, bookings=("12", "13")),
            "Appointment/12, Appointment/13 …",
            id="more-than-are-named",
        ),
        pytest.param(
            Change(key="norte/ct", verdict=Verdict.BOOKED, booked=None),
            "move them first, or put the line back.",
            id="there-is-no-telling",
        ),
        pytest.param(
            Change(key="norte/ct", verdict=Verdict.MOVED, booked=1, bookings=("12",)),
            "plan again.",
            id="they-are-not-in-the-way",
        ),
    ],
)
def test_a_card_names_the_appointments_that_are_in_the_way(change: Change, says: str) -> None:
    [row] = card_rows([PlanCard(task="T1", state=TaskState.OPEN, change=change)], "en-US")
    assert row["What to do"].endswith(says)


@pytest.mark.parametrize(
    ("key", "verdict", "screen"),
    [
        ("norte/ct", Verdict.CONFLICT, "Healthcare Service"),
        ("norte/ct", Verdict.UNPLACED, "Location"),
        ("norte/room/Sala 2", Verdict.BY_HAND, "Location"),
    ],
)
def test_a_card_names_the_screen(key: str, verdict: Verdict, screen: str) -> None:
    card = PlanCard(task="T1", state=TaskState.OPEN, change=Change(key=key, verdict=verdict))
    [row] = card_rows([card], "pt-BR")
    assert row["Onde"].endswith(screen)
