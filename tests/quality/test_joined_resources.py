"""Two sides matched: what would send people to mend what is right stops the comparison."""

from collections.abc import Callable

import pandas as pd
import pytest

from accord.quality.gate import CannotJudge, screen
from accord.quality.joined_resources import JOINED, joined_facts
from accord.setup.comparing import require_sound_match
from accord.setup.parity import Joined, join
from tests.setup.test_parity import side

COUNTS = {"powerserver": 2, "omegaai": 2}
Change = Callable[[pd.DataFrame], pd.DataFrame]


def matched() -> Joined:
    """One on both sides in other letters, one on each side alone."""
    return join(
        side({"name": "BLUME CT", "facility": "Lakeside"}, {"name": "BLUME MR"}),
        side({"name": "Blume  CT"}, {"name": "BLUME XR"}),
    )


def test_a_sound_match_passes() -> None:
    assert screen(joined_facts(matched().rows), JOINED).held == {}
    require_sound_match(matched(), COUNTS)


def test_so_does_an_empty_one() -> None:
    require_sound_match(join(side(), side()), dict.fromkeys(COUNTS, 0))


def put(column: str, value: str) -> Change:
    return lambda rows: rows.assign(**{column: rows[column].where(rows["_merge"] != "both", value)})


WRONG: dict[str, Change] = {
    "matched-once": lambda rows: pd.concat([rows, rows[rows["_merge"] == "left_only"]]),
    "sides-known": lambda rows: rows.assign(_merge="neither"),
    "same-facility": put("facility_oai", "Elsewhere"),
    "same-name": put("name_ps", "BLUME US"),
    "can-be-found": put("source_oai", ""),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_match_is_not_told(rule: str) -> None:
    """A join on the wrong columns, or rows multiplied by it, ends the run by the rule's name."""
    joined = matched()
    wrong = joined._replace(rows=WRONG[rule](joined.rows))

    with pytest.raises(CannotJudge) as refused:
        require_sound_match(wrong, COUNTS)

    assert refused.value.rule == rule
    assert rule not in {
        each
        for held in screen(joined_facts(wrong.rows), JOINED.without(rule)).held.values()
        for each in held
    }


def test_a_row_that_got_lost_is_missed() -> None:
    """Control totals: an inner join would pass every rule on the rows that it keeps."""
    joined = matched()
    inner = joined._replace(rows=joined.rows[joined.rows["_merge"] == "both"])
    with pytest.raises(CannotJudge, match="totals-tie-out: powerserver: 2 rows"):
        require_sound_match(inner, COUNTS)
