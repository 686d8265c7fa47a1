"""What a plan says word for word, and what was last made true in a system's set-up."""

import sqlalchemy as sa
from alembic import op

from accord.ledger.times import UtcDateTime

_SQLITE = tuple(
    f"CREATE TRIGGER plan_item_{verb.lower()} BEFORE {verb} ON plan_item"
    " BEGIN SELECT RAISE(ABORT, 'plan_item: rows are never changed'); END"
    for verb in ("UPDATE", "DELETE")
)
_POSTGRES = (
    "CREATE TRIGGER plan_item_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_item"
    " FOR EACH STATEMENT EXECUTE FUNCTION rows_never_change()",
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_item",
        sa.Column("plan", sa.String(), sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
    )
    op.create_table(
        "applied_object",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("process", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("live_id", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
