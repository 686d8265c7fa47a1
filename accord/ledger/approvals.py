"""Plans that wait for a person's yes: what is approved is what is carried out, and nothing else."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator
from sqlalchemy import Connection, insert, select, update

from accord.domain.base import Record
from accord.ledger.errors import PlanRefused
from accord.ledger.records import Key, Name
from accord.ledger.tables import PLAN, PLAN_ITEM


class Decision(StrEnum):
    """What a person said of a plan."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class ProposedPlan(Record):
    """The effects, by key, that a run wants to carry out once somebody agrees."""

    organization: Name
    process: Name
    effects: tuple[Key, ...] = Field(min_length=1)
    contents: tuple[str, ...] = ()
    """What each effect would change, as JSON, in their order; none: the effects say it all."""
    expires_at: AwareDatetime

    @model_validator(mode="after")
    def _each_has_its_content(self) -> Self:
        if self.contents and len(self.contents) != len(self.effects):
            raise ValueError("contents: one for each effect, or none")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what is proposed: shown to the approver, compared at resumption."""
        return digest_of(self.organization, self.process, (*self.effects, *self.contents))


class PlanRow(Record):
    """One plan as the ledger has it. `decided_by` is declared, not proven."""

    id: str
    organization: str
    process: str
    effects: tuple[str, ...]
    digest: str
    proposed_at: datetime
    expires_at: datetime
    decision: Decision
    decided_by: Annotated[str, StringConstraints(max_length=200)]
    decided_at: datetime | None
    run: str


def digest_of(organization: str, process: str, said: tuple[str, ...]) -> str:
    """Digest all that a plan says: its effects, and what each would change."""
    content = json.dumps([organization, process, *said])
    return hashlib.sha256(content.encode()).hexdigest()


def propose(
    connection: Connection, name: Callable[[int], str], plan: ProposedPlan, *, run: str,
    now: datetime,
) -> PlanRow:  # fmt: skip
    """
    Save a plan, unless this run saved it before; give it with what was decided so far.

    One that nobody decided on in time is saved anew when it is made again.

    Args:
        name: gives the plan's id, for its first time (0) and for each time after.
    """
    for time in count():
        there = read(connection, name(time))
        if there is None:
            return _saved(connection, name(time), plan, run, now)
        if there.decision is not Decision.OPEN or now < there.expires_at:
            return there
    raise AssertionError


def _saved(
    connection: Connection, id_: str, plan: ProposedPlan, run: str, now: datetime
) -> PlanRow:
    values = plan.model_dump(exclude={"effects", "contents"}) | {
        "id": id_, "effects": list(plan.effects), "digest": plan.digest, "proposed_at": now,
        "decision": Decision.OPEN, "decided_by": "", "decided_at": None, "run": run,
    }  # fmt: skip
    connection.execute(insert(PLAN).values(values))
    items = [
        {"plan": id_, "position": position, "key": key, "content": content}
        for position, (key, content) in enumerate(zip(plan.effects, plan.contents, strict=False))
    ]
    if items:
        connection.execute(insert(PLAN_ITEM), items)
    return PlanRow.model_validate(values)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said, of which content, and when."""

    decision: Decision
    who: str
    digest: str
    at: datetime


def decide(connection: Connection, id_: str, verdict: Verdict) -> PlanRow:
    """
    Write down a decision, once; the same again is no harm.

    Raises:
        PlanRefused: unknown, expired, of another digest, or decided otherwise before.
    """
    row = read(connection, id_, lock=True)
    if row is None:
        raise PlanRefused(id_, "there is no such plan")
    said = (*row.effects, *contents(connection, id_).values())
    if verdict.digest != row.digest or row.digest != digest_of(row.organization, row.process, said):
        raise PlanRefused(id_, "it is not the plan that was shown: the digest differs")
    if row.decision is verdict.decision:
        return row
    if row.decision is not Decision.OPEN:
        raise PlanRefused(id_, f"it was {row.decision} before")
    if verdict.at >= row.expires_at:
        raise PlanRefused(id_, "it has expired: what it rests on must be read again")
    changes = {"decision": verdict.decision, "decided_by": verdict.who, "decided_at": verdict.at}
    connection.execute(update(PLAN).where(PLAN.c.id == id_).values(**changes))
    return row.model_copy(update=changes)


def contents(connection: Connection, id_: str) -> dict[str, str]:
    """Give what each effect of a plan would change, by its key, in the plan's order."""
    query = (
        select(PLAN_ITEM.c.key, PLAN_ITEM.c.content)
        .where(PLAN_ITEM.c.plan == id_)
        .order_by(PLAN_ITEM.c.position)
    )
    return {row.key: row.content for row in connection.execute(query)}


def of_run(connection: Connection, organization: str, process: str, run: str) -> PlanRow | None:
    """Give the plan that a run proposed; None: it has proposed none."""
    query = select(PLAN).where(
        PLAN.c.organization == organization, PLAN.c.process == process, PLAN.c.run == run
    )
    found = connection.execute(query.order_by(PLAN.c.proposed_at.desc())).mappings().first()
    return None if found is None else PlanRow.model_validate(dict(found))


def listed(connection: Connection, organization: str) -> list[PlanRow]:
    """Give an organization's plans, oldest first."""
    query = select(PLAN).where(PLAN.c.organization == organization).order_by(PLAN.c.proposed_at)
    return [PlanRow.model_validate(dict(found)) for found in connection.execute(query).mappings()]


def read(connection: Connection, id_: str, *, lock: bool = False) -> PlanRow | None:
    """Give a plan; None: there is none of this id."""
    query = select(PLAN).where(PLAN.c.id == id_)
    query = query.with_for_update() if lock else query
    found = connection.execute(query).mappings().one_or_none()
    return None if found is None else PlanRow.model_validate(dict(found))
