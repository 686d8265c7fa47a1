"""What may leave at all: modes by organization and process, and barriers by name."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from accord.domain.effects import EffectState, Mode
from accord.ledger.database import lock
from accord.ledger.records import BarrierRow, ModeRow
from accord.ledger.tables import BARRIER, EFFECT, MODE


def mode(connection: Connection, organization: str, process: str) -> Mode:
    """Give the mode; a process that nobody switched on watches."""
    row = mode_row(connection, organization, process)
    return row.mode if row is not None else Mode.WATCH


def mode_row(connection: Connection, organization: str, process: str) -> ModeRow | None:
    """Give the mode with who set it and why; None: nobody has."""
    query = select(MODE).where(MODE.c.organization == organization, MODE.c.process == process)
    found = connection.execute(query).mappings().one_or_none()
    return None if found is None else ModeRow.model_validate(dict(found))


def set_mode(connection: Connection, row: ModeRow) -> None:
    """
    Set the mode. It waits for sends under way to be committed, and none starts after it.

    In `deliver` nothing waits for the vendor: the grace of what was planned before ends with it.
    """
    lock(connection, f"mode of {row.organization}/{row.process}")
    where = (MODE.c.organization == row.organization, MODE.c.process == row.process)
    values = row.model_dump()
    if connection.execute(update(MODE).where(*where).values(values)).rowcount == 0:
        connection.execute(insert(MODE).values(values))
    if row.mode is Mode.DELIVER:
        _end_grace(connection, row.organization, row.process)


def _end_grace(connection: Connection, organization: str, process: str) -> None:
    waits = (EFFECT.c.state == EffectState.PLANNED, EFFECT.c.attempts == 0)
    given_back = EFFECT.c.reason != ""  # waits a moment for another reason
    where = (EFFECT.c.organization == organization, EFFECT.c.process == process, *waits)
    connection.execute(update(EFFECT).where(*where, ~given_back).values(not_before=None))


def raise_barrier(connection: Connection, row: BarrierRow) -> None:
    """Keep effects of this barrier's name from being claimed until it is lifted."""
    lock(connection, f"barrier of {row.organization}/{row.name}")
    where = (BARRIER.c.organization == row.organization, BARRIER.c.name == row.name)
    values = row.model_dump()
    if connection.execute(update(BARRIER).where(*where).values(values)).rowcount == 0:
        connection.execute(insert(BARRIER).values(values))


def lift_barrier(
    connection: Connection, organization: str, name: str, *, why: str, at: datetime
) -> None:
    """Let the effects of this barrier's name be claimed again."""
    where = (BARRIER.c.organization == organization, BARRIER.c.name == name)
    connection.execute(update(BARRIER).where(*where).values(why=why, lifted_at=at))
