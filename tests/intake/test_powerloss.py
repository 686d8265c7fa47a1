"""What was answered is there after the power failed: with FULL, and not with less."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from accord.intake.reader import IntakeReader
from tests.powerloss.disk import build_shim, run_with_power_loss


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shim(tmp_path_factory.mktemp("shim"))


def pull_the_plug(
    folder: Path, shim: Path, synchronous: str, *, after: int, survivors: float = 0
) -> list[str]:
    """Give what was answered before the power failed."""
    folder.mkdir()
    return run_with_power_loss(
        ["-m", "tests.intake.walk_arrivals", str(folder / "intake.db"), synchronous],
        folder,
        shim=shim,
        after=after,
        survivors=survivors,
        seed=after,
    )


def forgotten(store: Path, answered: list[str]) -> set[str]:
    try:
        with IntakeReader(store) as reader:
            kept = {message.control_id for message in reader.messages(most=1_000_000)}
    except Exception:  # an unreadable store has forgotten everything
        return set(answered)
    return set(answered) - kept


@pytest.mark.parametrize(
    ("after", "survivors"),
    [
        pytest.param(1, 0.0, id="the first commit"),
        pytest.param(100, 0.0, id="nothing un-fsynced survives"),
        pytest.param(101, 0.5, id="half of it survives, in no order"),
        pytest.param(3000, 0.3, id="over a checkpoint"),
    ],
)
def test_every_answered_message_is_there_after_the_power_failed(
    tmp_path: Path, shim: Path, after: int, survivors: float
) -> None:
    store = tmp_path / "disk" / "intake.db"
    answered = pull_the_plug(tmp_path / "disk", shim, "FULL", after=after, survivors=survivors)

    assert len(answered) >= after
    assert forgotten(store, answered) == set()
    with closing(sqlite3.connect(store)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_with_less_than_full_answered_messages_would_be_gone(tmp_path: Path, shim: Path) -> None:
    """The guard removed: the same power failure loses what a sender was told is safe."""
    answered = pull_the_plug(tmp_path / "disk", shim, "NORMAL", after=100)

    assert forgotten(tmp_path / "disk" / "intake.db", answered)
