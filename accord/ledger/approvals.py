"""Plans that wait for a person's yes: what is approved is what is carried out, and nothing else."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints
from sqlalchemy import Connection, insert, select, update

from accord.domain.base import Record
from accord.ledger.errors import PlanRefused
from accord.ledger.records import Key, Name
from accord.ledger.tables import PLAN


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
    expires_at: AwareDatetime

    @property
    def digest(self) -> str:
        """SHA-256 of what is proposed: shown to the approver, compared at resumption."""
        return digest_of(self.organization, self.process, self.effects)


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


def digest_of(organization: str, process: str, effects: tuple[str, ...]) -> str:
    """Digest a plan's content."""
    content = json.dumps([organization, process, *effects])
    return hashlib.sha256(content.encode()).hexdigest()


def propose(
    connection: Connection, id_: str, plan: ProposedPlan, *, run: str, now: datetime
) -> PlanRow:
    """Save a plan, unless this run saved it before; give it with what was decided so far."""
    there = read(connection, id_)
    if there is not None:
        return there
    values = plan.model_dump(exclude={"effects"}) | {
        "id": id_, "effects": list(plan.effects), "digest": plan.digest, "proposed_at": now,
        "decision": Decision.OPEN, "decided_by": "", "decided_at": None, "run": run,
    }  # fmt: skip
    connection.execute(insert(PLAN).values(values))
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
    if verdict.digest != row.digest or row.digest != digest_of(
        row.organization, row.process, row.effects
    ):
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


def read(connection: Connection, id_: str, *, lock: bool = False) -> PlanRow | None:
    """Give a plan; None: there is none of this id."""
    query = select(PLAN).where(PLAN.c.id == id_)
    query = query.with_for_update() if lock else query
    found = connection.execute(query).mappings().one_or_none()
    return None if found is None else PlanRow.model_validate(dict(found))
