"""Hours as people read them."""

import pytest

from accord.domain.hours import WEEK, short_hours


@pytest.mark.parametrize(
    ("text", "short"),
    [
        pytest.param("", "", id="none"),
        pytest.param("mon 08:00-18:00", "mon 08:00-18:00", id="one-day"),
        pytest.param(
            " ".join(f"{day} 00:00-23:59" for day in WEEK), "mon-sun 00:00-23:59", id="every-day"
        ),
        pytest.param(
            "mon 08:00-18:00 tue 08:00-18:00 wed 08:00-12:00 fri 08:00-12:00 sat 08:00-12:00",
            "mon-tue 08:00-18:00, wed 08:00-12:00, fri-sat 08:00-12:00",
            id="a-day-between-is-closed",
        ),
        pytest.param(
            "mon 08:00-12:00,13:00-18:00 tue 08:00-12:00,13:00-18:00",
            "mon-tue 08:00-12:00,13:00-18:00",
            id="two-spans-a-day",
        ),
    ],
)
def test_equal_days_in_a_row_are_written_once(text: str, short: str) -> None:
    assert short_hours(text) == short
