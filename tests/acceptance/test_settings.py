"""The synthetic patient's settings in the organization file."""

import pytest
from pydantic import ValidationError

from accord.domain.acceptance import Acceptance, Route


def test_c_store_is_tried_only_where_the_file_asks_for_it() -> None:
    """It may complete the study, and only a person can remove what it leaves."""
    assert Acceptance().tries == frozenset(Route) - {Route.C_STORE}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"tries": ["ORM", "T10"]}, "add T02", id="a-replacement-of-nothing"),
        pytest.param({"tries": ["ORM", "fax"]}, "tries", id="no-such-route"),
        pytest.param({"family": "Conceição"}, "pattern", id="a-name-that-looks-real"),
        pytest.param({"number": "1 2"}, "pattern", id="a-number-with-a-blank"),
        pytest.param({"wait": "PT0S"}, "greater than 0", id="no-time-to-look"),
        pytest.param({"round": 0}, "greater than or equal to 1", id="round-zero"),
    ],
)
def test_what_cannot_be_walked_is_refused(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Acceptance.model_validate(settings)
