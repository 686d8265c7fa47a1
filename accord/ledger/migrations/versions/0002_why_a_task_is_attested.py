"""Why a person says that a task is done stands beside who and when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "human_task", sa.Column("attested_why", sa.String(), nullable=False, server_default="")
    )


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
