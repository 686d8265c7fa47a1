"""Two sides of one visit, and what is wrong between them."""

from typing import Any

import pytest

from accord.domain.breaks import WORDS, BreakCode
from accord.reconciliation.judging import judge, status_break
from accord.reconciliation.ladder import match
from tests.reconciliation.visits import NINE, side

C = BreakCode
RIS: dict[str, Any] = {
    "placer": "P1", "patient": "7", "start": NINE, "resource": "CT 1", "status": "CONFIRMED",
}  # fmt: skip
OAI: dict[str, Any] = {**RIS, "status": "booked"}


def codes(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[str]:
    frames = side(*left), side(*right)
    return sorted(judge(*frames, match(*frames))["code"])


@pytest.mark.parametrize(
    ("ris", "oai", "expected"),
    [
        pytest.param({}, {}, [], id="they-agree"),
        pytest.param({}, {"patient": "8"}, [C.PATIENT_DIFFERS], id="another-patient"),
        pytest.param({}, {"issuer": "X"}, [C.PATIENT_DIFFERS], id="under-another-issuer"),
        pytest.param(
            {}, {"patient": "8", "status": "cancelled"}, [C.PATIENT_DIFFERS], id="and-nothing-else"
        ),
        pytest.param({}, {"patient": ""}, [], id="not-said"),
        pytest.param({"facility": "LAKESIDE NORTE"}, {}, [], id="upper-case-facility"),
        pytest.param({"facility": "Centro"}, {}, [C.FACILITY_DIFFERS], id="another-facility"),
        pytest.param({}, {"resource": "CT 2"}, [C.RESOURCE_DIFFERS], id="another-resource"),
        pytest.param({}, {"start": "2026-11-30T10:00:00Z"}, [C.TIME_SHIFTED], id="by-a-whole-hour"),
        pytest.param(
            {}, {"start": "2026-11-30T09:20:00Z"}, [C.TIME_DIFFERS], id="by-twenty-minutes"
        ),
        pytest.param(
            {}, {"start": "2026-12-02T09:00:00Z"}, [C.TIME_DIFFERS], id="by-more-than-any-zone"
        ),
        pytest.param({}, {"start": None}, [], id="no-time-yet"),
        pytest.param({"status": "SCHEDULED"}, {}, [C.STATUS_BEHIND], id="confirmed-in-blume-only"),
        pytest.param({"status": "ARRIVED"}, {}, [C.STATUS_AHEAD], id="arrived-at-the-desk"),
        pytest.param({"status": "CANCELLED"}, {}, [C.STATUS_CONFLICT], id="cancelled-on-one-side"),
        pytest.param({"status": "VACATION"}, {}, [C.STATUS_UNMAPPED], id="a-word-of-its-own"),
        pytest.param({"status": "HOLD"}, {}, [C.STATUS_UNDOCUMENTED], id="hold"),
    ],
)
def test_what_a_pair_says(
    ris: dict[str, Any], oai: dict[str, Any], expected: list[BreakCode]
) -> None:
    assert codes([{**RIS, **ris}], [{**OAI, **oai}]) == sorted(expected)


@pytest.mark.parametrize(
    ("powerserver", "omegaai", "reschedule", "expected"),
    [
        ("SCHEDULED", "pending", False, None),
        ("ORDERED", "proposed", False, None),
        ("READYFORSCAN", "checked-in", False, None),
        ("STARTED", "checked-in", False, None),
        ("COMPLETED", "fulfilled", False, None),
        ("SIGNED", "fulfilled", False, None),
        ("SCHEDULED", "proposed", True, None),
        ("SCHEDULED", "proposed", False, C.STATUS_AHEAD),
        ("CANCELLED", "cancelled", False, None),
        ("CANCELLED", "noshow", False, C.STATUS_CONFLICT),
        ("EXAMCOMPLETED", "checked-in", False, C.STATUS_AHEAD),
    ],
)
def test_statuses_by_the_official_table(
    powerserver: str, omegaai: str, reschedule: bool, expected: BreakCode | None
) -> None:
    """Requested against Scheduled is right only while a reschedule is open (domain.md 5.12)."""
    assert status_break(powerserver, omegaai, reschedule=reschedule) is expected
    both = (
        [{**RIS, "status": powerserver, "reschedule": reschedule}],
        [{**OAI, "status": omegaai}],
    )
    assert codes(*both) == ([expected] if expected else [])


def test_what_stands_alone_is_missing_on_the_other_side() -> None:
    assert codes([RIS], []) == [C.MISSING_IN_OMEGAAI]
    assert codes([], [OAI]) == [C.MISSING_IN_POWERSERVER]
    assert codes([], []) == []


def test_what_is_there_twice_is_no_missing_visit() -> None:
    assert codes([RIS, RIS], [OAI]) == [C.DUPLICATE_IN_POWERSERVER] * 3
    assert codes([RIS], [OAI, OAI]) == [C.DUPLICATE_IN_OMEGAAI] * 3
    assert codes([RIS, RIS], [OAI, OAI]) == [C.AMBIGUOUS] * 4


def test_many_pairs_are_judged_each_by_its_own() -> None:
    """Verdicts are computed for each different pair of words, and given back row by row."""
    words = [("CONFIRMED", "booked"), ("SCHEDULED", "booked"), ("ARRIVED", "booked")]
    left = [{**RIS, "placer": f"P{n}", "status": words[n % 3][0]} for n in range(9)]
    right = [{**OAI, "placer": f"P{n}", "status": words[n % 3][1]} for n in range(9)]
    frames = side(*left), side(*right)
    found = judge(*frames, match(*frames))
    assert {code: sorted(rows["left"]) for code, rows in found.groupby("code")} == {
        C.STATUS_BEHIND: [1, 4, 7],
        C.STATUS_AHEAD: [2, 5, 8],
    }


def test_every_code_has_its_words() -> None:
    assert WORDS.keys() == set(BreakCode)
    for words in WORDS.values():
        assert words.text("pt-BR") != words.text("en-US")
