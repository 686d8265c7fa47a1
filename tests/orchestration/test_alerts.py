"""Which failures open an alert, and which were only somebody's slip."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.domain.effects import Mode
from deployments.local_server import LocalServer
from flows.note_alert import note_alert
from tests.orchestration.towns import EnrolledTown, enrolled_town

pytestmark = pytest.mark.prefect_server

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def town(
    prefect_server: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnrolledTown]:
    directory: Path = tmp_path_factory.mktemp("alerts")
    with enrolled_town(directory, "alerted", mode=Mode.WATCH) as town:
        yield town


def noted(town: EnrolledTown, **parameters: object) -> str:
    """Have the relay fail, and tell of it as the automation does."""
    state = town.relay(**parameters)
    assert state.is_failed(), state
    return note_alert(str(state.state_details.flow_run_id))


def test_a_window_that_somebody_mistyped_opens_no_alert(town: EnrolledTown) -> None:
    """Whoever typed it reads so in the run; nothing is wrong with the process."""
    assert noted(town, since=NOW, until=NOW - timedelta(days=1)) == "unchanged"
    assert noted(town, since=NOW + timedelta(days=1)) == "unchanged"
    assert noted(town, until=datetime.max.replace(tzinfo=UTC)) == "unchanged"
    assert noted(town, since=datetime.min.replace(tzinfo=UTC)) == "unchanged"


def test_a_failing_peer_opens_one(town: EnrolledTown) -> None:
    """Once, however often the run fails."""
    town.town.omegaai.office.client_secret = "another"
    assert noted(town) == "opened"
    assert noted(town) == "unchanged"
