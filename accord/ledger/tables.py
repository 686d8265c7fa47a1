"""The ledger's tables. None holds patient data: ids, states, codes and opaque names only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, Table, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from accord.ledger.times import UtcDateTime


class LedgerTable(SQLModel, registry=registry()):
    """The base of the ledger's tables: metadata of their own, apart from other stores."""


class Effect(LedgerTable, table=True):
    """
    One intended change in one peer.

    The key says what it is about, so a second run meets the first run's row instead of adding
    its own. Rows are never deleted; old finished ones become tombstones.
    """

    __tablename__ = "effect"
    __table_args__ = (
        CheckConstraint("length(key) = 20", name="effect_key_is_20_long"),
        CheckConstraint(
            "state NOT IN ('claimed', 'sent') OR (lease_holder <> '' AND lease_until IS NOT NULL)",
            name="effect_in_hand_has_a_lease",
        ),
        CheckConstraint("state <> 'verified' OR rung <> ''", name="effect_verified_has_a_rung"),
        UniqueConstraint("organization", "chain", "position", name="effect_chain_position"),
        Index("effect_by_state", "organization", "process", "state", "planned_at"),
        Index("effect_by_lease", "lease_until"),
        Index("effect_by_source", "organization", "source"),
        Index("effect_by_digest", "organization", "digest"),
        Index("effect_by_subject", "organization", "subject"),
    )

    key: str = Field(primary_key=True, max_length=20)
    organization: str
    process: str
    intent: str
    subject: str  # opaque
    chain: str  # opaque
    position: int  # order in the chain, from 0
    occasion: str = ""  # the peer's version or event that called for it
    source: str = ""  # an id at the peer, to read it again by
    source_updated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    section: str = ""
    document_type: str = ""
    facility: str = ""
    digest: str = ""
    parent: str = ""  # key of the effect whose document this replaces or withdraws
    barrier: str = ""  # opaque; not claimable while a barrier of this name is up
    state: str
    reason: str = ""  # a short code, never a text
    rung: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # ids only
    attempts: int = 0  # times it was sent
    lease_holder: str = ""
    lease_token: int = 0  # only grows; a worker with a smaller one is late
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    planned_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    landed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    absent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # first empty look
    moved_by: str = ""
    moved_why: str = ""
    updated_at: datetime = Field(sa_type=UtcDateTime)
    run: str = ""  # Prefect's flow run, to tell, never to decide
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EffectMove(LedgerTable, table=True):
    """One change of an effect's state, written by the database itself; never changed."""

    __tablename__ = "effect_move"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(foreign_key="effect.key", index=True)
    before: str  # '' at birth
    after: str
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    why: str
    reason: str
    token: int
    run: str


class LegalMove(LedgerTable, table=True):
    """The moves that the database lets through: the domain's MOVES."""

    __tablename__ = "legal_move"

    before: str = Field(primary_key=True)
    after: str = Field(primary_key=True)


class ProcessMode(LedgerTable, table=True):
    """What Accord may do for one organization and process; no row means `watch`."""

    __tablename__ = "mode"

    organization: str = Field(primary_key=True)
    process: str = Field(primary_key=True)
    mode: str
    who: str
    why: str
    set_at: datetime = Field(sa_type=UtcDateTime)


class Barrier(LedgerTable, table=True):
    """A stop for all effects of one name (a patient under merge) until it is lifted."""

    __tablename__ = "barrier"

    organization: str = Field(primary_key=True)
    name: str = Field(primary_key=True)  # opaque
    who: str
    why: str
    raised_at: datetime = Field(sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Watermark(LedgerTable, table=True):
    """Up to where, on the server's clock, every item has a row in this ledger."""

    __tablename__ = "watermark"

    organization: str = Field(primary_key=True)
    process: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    advanced_at: datetime = Field(sa_type=UtcDateTime)
    run: str = ""


class HumanTask(LedgerTable, table=True):
    """What a person is asked to do; the words for it are made elsewhere from kind and ids."""

    __tablename__ = "human_task"
    __table_args__ = (Index("human_task_by_source", "organization", "source"),)

    id: str = Field(primary_key=True, max_length=20)
    organization: str = Field(index=True)
    process: str
    kind: str
    key: str | None = Field(default=None, foreign_key="effect.key", index=True)
    source: str = ""
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # ids only
    state: str
    opened_at: datetime = Field(sa_type=UtcDateTime)
    attested_by: str = ""
    attested_why: str = Field(default="", sa_column_kwargs={"server_default": ""})
    attested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # ids only
    observed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run: str = ""


class Break(LedgerTable, table=True):
    """An open difference between peers, with one identity across runs."""

    __tablename__ = "break"

    id: str = Field(primary_key=True, max_length=20)
    organization: str = Field(index=True)
    process: str
    code: str
    subject: str  # opaque
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)  # ids only
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    times_seen: int = 1
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run: str = ""


class Plan(LedgerTable, table=True):
    """Effects that wait for a person's yes; its content never changes."""

    __tablename__ = "plan"

    id: str = Field(primary_key=True, max_length=20)
    organization: str
    process: str
    effects: list[str] = Field(sa_type=JSON)  # keys
    digest: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    decision: str
    decided_by: str = ""
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    run: str = ""


class PlanItem(LedgerTable, table=True):
    """What one effect of a plan would change, word for word as a person approves it."""

    __tablename__ = "plan_item"

    plan: str = Field(primary_key=True, foreign_key="plan.id")
    position: int = Field(primary_key=True)
    key: str  # of the effect, which is planned only once somebody has agreed
    content: str  # JSON of a change of set-up: names of rooms and resources, never of people


class AppliedObject(LedgerTable, table=True):
    """One object of a system's set-up as we last made it true; only ours, never a person's."""

    __tablename__ = "applied_object"

    organization: str = Field(primary_key=True)
    process: str = Field(primary_key=True)
    key: str = Field(primary_key=True)  # the file's own name of it
    live_id: str
    fields: dict[str, str] = Field(sa_type=JSON)
    protected: bool
    applied_at: datetime = Field(sa_type=UtcDateTime)
    run: str = ""


class Beacon(LedgerTable, table=True):
    """An object known to be there: finding it proves that the read-back path is alive."""

    __tablename__ = "beacon"

    organization: str = Field(primary_key=True)
    powerserver: str = Field(primary_key=True)
    sop_uid: str = Field(primary_key=True)
    study_uid: str
    series_uid: str
    seen_at: datetime = Field(sa_type=UtcDateTime)


class Volume(LedgerTable, table=True):
    """How many rows a seam saw when its process last saw everything."""

    __tablename__ = "volume"

    organization: str = Field(primary_key=True)
    process: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    rows: int
    seen_at: datetime = Field(sa_type=UtcDateTime)


class AuditRow(LedgerTable, table=True):
    """Who touched which patient's data; each entry's MAC covers the one before it."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    peer: str
    entity: str  # opaque: an HMAC of the patient
    what: str  # effect key or source
    outcome: str
    mac: str


def _table(name: str) -> Table:
    return LedgerTable.metadata.tables[name]


EFFECT = _table("effect")
EFFECT_MOVE = _table("effect_move")
LEGAL_MOVE = _table("legal_move")
MODE = _table("mode")
BARRIER = _table("barrier")
WATERMARK = _table("watermark")
HUMAN_TASK = _table("human_task")
BREAK = _table("break")
PLAN = _table("plan")
PLAN_ITEM = _table("plan_item")
APPLIED_OBJECT = _table("applied_object")
BEACON = _table("beacon")
VOLUME = _table("volume")
AUDIT = _table("audit_entry")
