"""How many rows a comparison saw when it last saw everything: half of them is no quiet night."""

import sqlalchemy as sa
from alembic import op

from accord.ledger.times import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "volume",
        sa.Column("organization", sa.String(), primary_key=True),
        sa.Column("process", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
