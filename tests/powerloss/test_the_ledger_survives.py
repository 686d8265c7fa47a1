"""What the ledger acknowledged is there after the power failed: with FULL, and not with less."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from accord.domain.effects import MOVES, EffectState, Mode
from accord.ledger.database import Database
from accord.ledger.ledger import Ledger
from accord.ledger.migrate import migrate
from tests.ledger.builders import SITE_KEY, switch
from tests.powerloss.disk import run_with_power_loss

_WALK = [EffectState.PLANNED, EffectState.CLAIMED, EffectState.SENT, EffectState.LANDED,
         EffectState.VERIFIED]  # fmt: skip


def _a_ledger(directory: Path) -> str:
    directory.mkdir()
    url = f"sqlite:///{directory}/ledger.db"
    migrate(url)
    with Ledger(url, site_key=SITE_KEY, now=lambda: datetime.now(UTC)) as ledger:
        switch(ledger, Mode.DELIVER)
    return url


def _forgotten(url: str, acknowledged: list[str]) -> list[str]:
    """The acknowledged transitions that the ledger has no trace of."""
    said: dict[str, EffectState] = {}
    for line in acknowledged:
        key, state = line.split(" ", 1)
        said[key] = EffectState(state)
    with Ledger(url, site_key=SITE_KEY, now=lambda: datetime.now(UTC)) as ledger:
        rows = ledger.effects(said)
        for key in rows:  # whatever is there is whole
            log = ledger.moves_of(key)
            assert log[-1].after is rows[key].state
            assert all((move.before, move.after) in MOVES for move in log[1:])
    return [
        key
        for key, state in said.items()
        if key not in rows or _WALK.index(rows[key].state) < _WALK.index(state)
    ]


def _is_sound(url: str) -> bool:
    database = Database(url)
    with database.read() as connection:
        found: str = connection.execute(text("PRAGMA integrity_check")).scalar_one()
    database.close()
    return found == "ok"


def _pull_the_plug(
    url: str, tmp_path: Path, shim: Path, synchronous: str, **how: float
) -> list[str]:
    command = ["-m", "tests.powerloss.walk_effects", url, synchronous]
    return run_with_power_loss(
        command, tmp_path / "ledger", shim=shim, after=int(how.get("after", 60)),
        survivors=how.get("survivors", 0), seed=int(how.get("seed", 0)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("after", "survivors"),
    [
        pytest.param(1, 0, id="the first commit"),
        pytest.param(60, 0, id="nothing un-fsynced survives"),
        pytest.param(61, 0.5, id="half of it survives, in no order"),
        pytest.param(400, 0.3, id="over a checkpoint"),
    ],
)
def test_every_acknowledged_transition_is_there_after_the_power_failed(
    tmp_path: Path, shim: Path, after: int, survivors: float
) -> None:
    """Each line the program got out was committed with FULL: none is forgotten."""
    url = _a_ledger(tmp_path / "ledger")

    said = _pull_the_plug(url, tmp_path, shim, "FULL", after=after, survivors=survivors, seed=after)

    assert _is_sound(url)
    assert _forgotten(url, said) == []


def test_with_less_than_full_the_same_walk_forgets(tmp_path: Path, shim: Path) -> None:
    """The guard is guarded: with NORMAL the model does lose acknowledged transitions."""
    url = _a_ledger(tmp_path / "ledger")

    said = _pull_the_plug(url, tmp_path, shim, "NORMAL")

    assert _is_sound(url)
    assert _forgotten(url, said) != []
