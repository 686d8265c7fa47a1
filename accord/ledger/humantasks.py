"""What only a person can do: opened once, attested by a person, observed on the wire."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import Connection, insert, select, update

from accord.domain.base import Record
from accord.ledger.errors import UnknownTask
from accord.ledger.records import Evidence, IdOrNothing, Key, Name, Short
from accord.ledger.tables import HUMAN_TASK


class TaskState(StrEnum):
    """How far a human task has come."""

    OPEN = "open"
    ATTESTED = "attested"  # a person says it is done
    OBSERVED = "observed"  # the wire shows it


class TaskToOpen(Record):
    """A task as a plan names it; texts are made from `kind` and `details` in people's language."""

    organization: Name
    process: Name
    kind: Name
    about: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    """What makes it this task and no other (an effect's key, a source); part of its identity."""
    key: Key | None = None
    source: IdOrNothing = ""
    details: Evidence = Field(default_factory=dict)


class Word(Record):
    """What a person says of a task: that it is done, and how they know."""

    who: Annotated[Short, StringConstraints(min_length=1)]
    why: Short = ""
    evidence: Evidence = Field(default_factory=dict)


class TaskRow(Record):
    """One human task as the ledger has it."""

    id: str
    organization: str
    process: str
    kind: str
    key: str | None
    source: str
    details: Evidence
    state: TaskState
    opened_at: datetime
    attested_by: str
    attested_why: str
    attested_at: datetime | None
    evidence: Evidence
    observed_at: datetime | None
    run: str


def open_once(
    connection: Connection, id_: str, task: TaskToOpen, *, run: str, now: datetime
) -> TaskRow:
    """Open a task, unless it was opened before; give it as it stands."""
    there = _read(connection, id_, lock=True)
    if there is not None:
        return there
    values = task.model_dump(exclude={"about"}) | {
        "id": id_, "state": TaskState.OPEN, "opened_at": now, "attested_by": "", "attested_why": "",
        "attested_at": None, "evidence": {}, "observed_at": None, "run": run,
    }  # fmt: skip
    connection.execute(insert(HUMAN_TASK).values(values))
    return TaskRow.model_validate(values)


def attest(connection: Connection, id_: str, word: Word, *, now: datetime) -> TaskRow:
    """
    Write down that a person says it is done; what was observed stays observed.

    Raises:
        UnknownTask: no such task.
    """
    row = _known(connection, id_)
    if row.state is not TaskState.OPEN:
        return row
    changes: dict[str, object] = {
        "attested_by": word.who, "attested_why": word.why,
        "attested_at": now, "evidence": dict(word.evidence),
    }  # fmt: skip
    return _change(connection, row, {"state": TaskState.ATTESTED, **changes})


def observe(connection: Connection, id_: str, *, now: datetime) -> TaskRow:
    """
    Write down that the wire shows it.

    Raises:
        UnknownTask: no such task.
    """
    row = _known(connection, id_)
    if row.state is TaskState.OBSERVED:
        return row
    return _change(connection, row, {"state": TaskState.OBSERVED, "observed_at": now})


def reopen(connection: Connection, id_: str, *, run: str, now: datetime) -> TaskRow:
    """
    Open a task again: what was seen since does not agree with what was said, or seen, before.

    Raises:
        UnknownTask: no such task.
    """
    row = _known(connection, id_)
    if row.state is TaskState.OPEN:
        return row
    changes: dict[str, object] = {
        "opened_at": now, "attested_by": "", "attested_why": "", "attested_at": None,
        "evidence": {}, "observed_at": None, "run": run,
    }  # fmt: skip
    return _change(connection, row, {"state": TaskState.OPEN, **changes})


def listed(
    connection: Connection, organization: str, states: Collection[TaskState]
) -> list[TaskRow]:
    """Give an organization's tasks in these states, oldest first."""
    query = (
        select(HUMAN_TASK)
        .where(HUMAN_TASK.c.organization == organization, HUMAN_TASK.c.state.in_(sorted(states)))
        .order_by(HUMAN_TASK.c.opened_at, HUMAN_TASK.c.id)
    )
    return [TaskRow.model_validate(dict(found)) for found in connection.execute(query).mappings()]


def _read(connection: Connection, id_: str, *, lock: bool) -> TaskRow | None:
    query = select(HUMAN_TASK).where(HUMAN_TASK.c.id == id_)
    query = query.with_for_update() if lock else query
    found = connection.execute(query).mappings().one_or_none()
    return None if found is None else TaskRow.model_validate(dict(found))


def _known(connection: Connection, id_: str) -> TaskRow:
    row = _read(connection, id_, lock=True)
    if row is None:
        raise UnknownTask(id_)
    return row


def _change(connection: Connection, row: TaskRow, changes: dict[str, object]) -> TaskRow:
    connection.execute(update(HUMAN_TASK).where(HUMAN_TASK.c.id == row.id).values(**changes))
    return row.model_copy(update=changes)
