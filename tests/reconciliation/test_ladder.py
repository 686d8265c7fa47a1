"""The ladder of keys: which two visits are one, by which key, and which nobody can tell."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.reconciliation.ladder import Matched, Rung, match
from tests.reconciliation.visits import NINE, side

Rows = list[dict[str, Any]]


def pairs(matched: Matched) -> list[tuple[int, int, str]]:
    frame = matched.pairs.sort_values("left")
    return list(zip(frame["left"], frame["right"], frame["rung"], strict=True))


def unclear(matched: Matched) -> list[tuple[str, int, str]]:
    frame = matched.ambiguous.sort_values(["side", "row"])
    return list(zip(frame["side"], frame["row"], frame["several"], strict=True))


def matched(left: Rows, right: Rows) -> Matched:
    found = match(side(*left), side(*right))
    assert found.ties_out(len(left), len(right))
    return found


SLOT = {"patient": "7", "start": NINE, "resource": "CT 1"}


@pytest.mark.parametrize(
    ("left", "right", "rung"),
    [
        pytest.param(
            {"cross_reference": "A/1"}, {"source": "A/1"}, Rung.CROSS_REFERENCE, id="ours"
        ),
        pytest.param(
            {"source": "1.2"}, {"cross_reference": "1.2"}, Rung.CROSS_REFERENCE, id="theirs"
        ),
        pytest.param({"placer": "P1"}, {"placer": "P1"}, Rung.PLACER, id="placer"),
        pytest.param({"filler": "F1"}, {"filler": "F1"}, Rung.FILLER, id="filler"),
        pytest.param(
            {"accessions": "A1|A2"}, {"accessions": "A1|A2"}, Rung.ACCESSIONS, id="all-accessions"
        ),
        pytest.param(
            {"accessions": "A1|A2"}, {"accessions": "A2"}, Rung.SHARED_ACCESSION, id="one-of-them"
        ),
        pytest.param(SLOT, SLOT, Rung.SLOT, id="slot"),
    ],
)
def test_each_rung_finds_its_pair(left: dict[str, Any], right: dict[str, Any], rung: Rung) -> None:
    found = matched([{"placer": "other"}, left], [right, {"filler": "another"}])
    assert pairs(found) == [(1, 0, rung)]


def test_the_surest_key_decides() -> None:
    """The order number says one, the slot another: the order number is believed."""
    found = matched(
        [{"placer": "P1", **SLOT}, {"placer": "P2"}],
        [{"placer": "P2", **SLOT}, {"placer": "P1"}],
    )
    assert pairs(found) == [(0, 1, Rung.PLACER), (1, 0, Rung.PLACER)]


@pytest.mark.parametrize(
    ("left", "right", "several"),
    [
        (2, 1, "several left"),
        (1, 2, "several right"),
        (2, 2, "several on both"),
        (3, 2, "several on both"),
    ],
)
@pytest.mark.parametrize(
    "key",
    [{"placer": "P"}, {"accessions": "A1"}, SLOT],
    ids=["placer", "accessions", "slot"],
)
def test_what_several_share_is_told_by_no_weaker_key(
    left: int, right: int, several: str, key: dict[str, Any]
) -> None:
    """All of them leave the ladder: a slot may not seem to tell which of two orders it is."""
    weaker = [{**key, "filler": ""}] * left
    found = matched(weaker, [key] * right)
    assert pairs(found) == []
    assert unclear(found) == [
        *(("left", row, several) for row in range(left)),
        *(("right", row, several) for row in range(right)),
    ]


def test_accessions_that_hang_together_are_unclear() -> None:
    """One visit shares an accession with two others: neither is guessed."""
    found = matched(
        [{"accessions": "A1|A2"}, {"accessions": "A9|A8"}],
        [{"accessions": "A1|A5"}, {"accessions": "A2|A6"}, {"accessions": "A8"}],
    )
    assert pairs(found) == [(1, 2, Rung.SHARED_ACCESSION)]
    assert unclear(found) == [
        ("left", 0, "several right"),
        ("right", 0, "several right"),
        ("right", 1, "several right"),
    ]


@pytest.mark.parametrize("lacks", ["patient", "start", "resource"])
def test_half_a_slot_is_none(lacks: str) -> None:
    half = {name: value for name, value in SLOT.items() if name != lacks}
    assert pairs(matched([half], [half])) == []


def test_other_issuers_patients_are_others() -> None:
    assert pairs(matched([SLOT], [{**SLOT, "issuer": "ELSEWHERE"}])) == []


def test_close_in_time_is_only_proposed() -> None:
    """Rescheduled on one side: people are asked, and both still count as alone."""
    late = {**SLOT, "start": "2026-11-30T15:00:00Z"}
    found = matched([SLOT], [late])
    assert list(found.proposals["rung"]) == [Rung.PROPOSED]
    assert (list(found.only_left), list(found.only_right)) == ([0], [0])
    far = matched([SLOT], [{**SLOT, "start": "2026-12-05T09:00:00Z"}])
    twice = matched([SLOT], [late, {**SLOT, "start": "2026-11-30T10:00:00Z"}])
    assert far.proposals.empty
    assert twice.proposals.empty


def test_empty_sides() -> None:
    for left, right in (([], []), ([SLOT], []), ([], [SLOT])):
        assert pairs(matched(left, right)) == []


VISIT = st.fixed_dictionaries(
    {
        "cross_reference": st.sampled_from(["", "s0", "s1"]),
        "placer": st.sampled_from(["", "", "P1", "P2"]),
        "filler": st.sampled_from(["", "", "F1"]),
        "accessions": st.sampled_from(["", "A1", "A2", "A1|A2", "A2|A3"]),
        "patient": st.sampled_from(["", "1", "2"]),
        "start": st.sampled_from([None, NINE]),
        "resource": st.sampled_from(["", "CT"]),
    }
)


@settings(max_examples=50)
@given(st.lists(VISIT, max_size=6), st.lists(VISIT, max_size=6), st.randoms())
def test_any_two_sides_tie_out_in_any_order(left: Rows, right: Rows, random: Any) -> None:
    """Every row is told once; other orders, and the other way round, give the same pairs."""
    left = [{**row, "source": f"l{n}"} for n, row in enumerate(left)]
    right = [{**row, "source": f"r{n}"} for n, row in enumerate(right)]
    said = named(left, right)
    mixed = [random.sample(rows, len(rows)) for rows in (left, right)]
    assert named(*mixed) == said
    assert {(b, a) for a, b in named(right, left)} == said


def named(left: Rows, right: Rows) -> set[tuple[str, str]]:
    found = matched(left, right)
    return {(left[a]["source"], right[b]["source"]) for a, b, _ in pairs(found)}


def test_a_row_that_is_lost_does_not_tie_out() -> None:
    found = matched([SLOT], [SLOT])
    lost = Matched(
        pairs=found.pairs[:0],
        proposals=found.proposals,
        ambiguous=found.ambiguous,
        only_left=found.only_left,
        only_right=found.only_right,
    )
    twice = Matched(
        pairs=pd.concat([found.pairs, found.pairs]),
        proposals=found.proposals,
        ambiguous=found.ambiguous,
        only_left=found.only_left,
        only_right=found.only_right,
    )
    assert not lost.ties_out(1, 1)
    assert not twice.ties_out(2, 2)
