"""The demo's own judgement: whether a run ended as the patients' notes say that it must."""

import pytest

from deployments.demo_story import as_written_down

MUST_END = {"Patient Docs": 11, "Documents": 10, "held": 4, "not submitted": 1}


@pytest.mark.parametrize(
    ("message", "is_so"),
    [
        ("observed 25: already there 5, verified 16, held 4", True),
        ("observed 25: verified 21, held 4", True),
        ("observed 25: already there 5, verified 15, held 5", False),
        ("observed 25: held 25", False),
        ("observed 25: already there 5, verified 15, in doubt 1, held 4", False),
        ("observed 0: -", False),
        ("", False),
    ],
)
def test_only_a_run_that_ended_as_it_must_went_well(message: str, is_so: bool) -> None:
    assert as_written_down(message, MUST_END) is is_so
