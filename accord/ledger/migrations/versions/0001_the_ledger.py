"""The ledger: tables, the legal moves, and the triggers that hold them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from accord.ledger.migrations.guards_0001 import POSTGRES, SQLITE
from accord.ledger.times import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out, not imported: a database keeps the moves it was made with until a later migration
# changes them. A test compares this set with the domain's.
LEGAL_MOVES = (
    ("planned", "claimed"),
    ("planned", "held"),
    ("planned", "parked"),
    ("planned", "superseded"),
    ("claimed", "sent"),
    ("claimed", "planned"),
    ("claimed", "superseded"),
    ("sent", "landed"),
    ("sent", "rejected"),
    ("sent", "in doubt"),
    ("in doubt", "landed"),
    ("in doubt", "planned"),
    ("in doubt", "parked"),
    ("landed", "verified"),
    ("landed", "parked"),
    ("landed", "unverifiable"),
    ("held", "planned"),
    ("held", "done by hand"),
    ("held", "superseded"),
    ("parked", "planned"),
    ("parked", "done by hand"),
    ("parked", "superseded"),
    ("rejected", "planned"),
    ("rejected", "done by hand"),
    ("rejected", "superseded"),
)


def _text(name: str, length: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=optional)


def upgrade() -> None:
    _effects()
    _beside_effects()
    _audit()
    moves = op.create_table(
        "legal_move",
        sa.Column("before", sa.String(), primary_key=True),
        sa.Column("after", sa.String(), primary_key=True),
    )
    op.bulk_insert(moves, [{"before": before, "after": after} for before, after in LEGAL_MOVES])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.get_bind().exec_driver_sql(statement)


def _effects() -> None:
    op.create_table(
        "effect",
        sa.Column("key", sa.String(20), primary_key=True),
        *map(_text, ("organization", "process", "intent", "subject", "chain")),
        sa.Column("position", sa.Integer(), nullable=False),
        *map(_text, ("occasion", "source")),
        _time("source_updated_at", optional=True),
        *map(_text, ("section", "document_type", "facility", "digest", "parent", "barrier")),
        *map(_text, ("state", "reason", "rung")),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("lease_holder"),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        _time("lease_until", optional=True),
        _time("not_before", optional=True),
        _time("planned_at"),
        *(_time(name, optional=True) for name in ("sent_at", "landed_at", "verified_at")),
        _time("absent_at", optional=True),
        *map(_text, ("moved_by", "moved_why")),
        _time("updated_at"),
        _text("run"),
        _time("retired_at", optional=True),
        sa.CheckConstraint("length(key) = 20", name="effect_key_is_20_long"),
        sa.CheckConstraint(
            "state NOT IN ('claimed', 'sent')"
            " OR (lease_holder <> '' AND lease_until IS NOT NULL)",
            name="effect_in_hand_has_a_lease",
        ),
        sa.CheckConstraint("state <> 'verified' OR rung <> ''", name="effect_verified_has_a_rung"),
        sa.UniqueConstraint("organization", "chain", "position", name="effect_chain_position"),
    )
    by_state = ["organization", "process", "state", "planned_at"]
    op.create_index("effect_by_state", "effect", by_state)
    op.create_index("effect_by_lease", "effect", ["lease_until"])
    op.create_index("effect_by_source", "effect", ["organization", "source"])
    op.create_index("effect_by_digest", "effect", ["organization", "digest"])
    op.create_index("effect_by_subject", "effect", ["organization", "subject"])
    op.create_table(
        "effect_move",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), sa.ForeignKey("effect.key"), nullable=False),
        *map(_text, ("before", "after")),
        _time("at"),
        *map(_text, ("who", "why", "reason")),
        sa.Column("token", sa.Integer(), nullable=False),
        _text("run"),
    )
    op.create_index("ix_effect_move_key", "effect_move", ["key"])


def _beside_effects() -> None:
    op.create_table(
        "mode",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("process", sa.String(), primary_key=True),
        *map(_text, ("mode", "who", "why")),
        _time("set_at"),
    )
    op.create_table(
        "barrier",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        *map(_text, ("who", "why")),
        _time("raised_at"),
        _time("lifted_at", optional=True),
    )
    op.create_table(
        "watermark",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("process", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        _time("at"),
        _time("advanced_at"),
        _text("run"),
    )
    op.create_table(
        "human_task",
        sa.Column("id", sa.String(20), primary_key=True),
        *map(_text, ("organization", "process", "kind")),
        sa.Column("key", sa.String(), sa.ForeignKey("effect.key"), nullable=True),
        _text("source"),
        sa.Column("details", sa.JSON(), nullable=False),
        _text("state"),
        _time("opened_at"),
        _text("attested_by"),
        _time("attested_at", optional=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        _time("observed_at", optional=True),
        _text("run"),
    )
    op.create_index("ix_human_task_organization", "human_task", ["organization"])
    op.create_index("ix_human_task_key", "human_task", ["key"])
    op.create_index("human_task_by_source", "human_task", ["organization", "source"])
    op.create_table(
        "break",
        sa.Column("id", sa.String(20), primary_key=True),
        *map(_text, ("organization", "process", "code", "subject")),
        sa.Column("details", sa.JSON(), nullable=False),
        _time("first_seen_at"),
        _time("last_seen_at"),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        _time("closed_at", optional=True),
        _text("run"),
    )
    op.create_index("ix_break_organization", "break", ["organization"])
    op.create_table(
        "plan",
        sa.Column("id", sa.String(20), primary_key=True),
        *map(_text, ("organization", "process")),
        sa.Column("effects", sa.JSON(), nullable=False),
        _text("digest"),
        _time("proposed_at"),
        _time("expires_at"),
        *map(_text, ("decision", "decided_by")),
        _time("decided_at", optional=True),
        _text("run"),
    )
    op.create_table(
        "beacon",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("powerserver", sa.String(), primary_key=True),
        sa.Column("sop_uid", sa.String(), primary_key=True),
        *map(_text, ("study_uid", "series_uid")),
        _time("seen_at"),
    )


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        _time("at"),
        *map(_text, ("actor", "action", "peer", "entity", "what", "outcome", "mac")),
    )


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
