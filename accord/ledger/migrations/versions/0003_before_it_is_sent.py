"""Before it is sent, an effect may turn out to be about another patient; refused, it is made anew."""

from alembic import op

from accord.ledger.migrations.guards_0003 import POSTGRES, SQLITE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
