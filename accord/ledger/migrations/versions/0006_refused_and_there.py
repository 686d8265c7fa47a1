"""What a peer refused may be there all the same: a look moves it on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ADDED = (("rejected", "landed"), ("rejected", "parked"))

# The guard of 0001 lets nobody add a legal move: it is taken away for these, and stands again.
_SQLITE = (
    "DROP TRIGGER legal_move_insert",
    "CREATE TRIGGER legal_move_insert BEFORE INSERT ON legal_move"
    " BEGIN SELECT RAISE(ABORT, 'legal_move: rows are never changed'); END",
)
_POSTGRES = (
    "ALTER TABLE legal_move DISABLE TRIGGER legal_move_stays",
    "ALTER TABLE legal_move ENABLE TRIGGER legal_move_stays",
)


def upgrade() -> None:
    connection = op.get_bind()
    open_it, close_it = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES
    moves = sa.table("legal_move", sa.column("before", sa.String), sa.column("after", sa.String))
    connection.exec_driver_sql(open_it)
    op.bulk_insert(moves, [{"before": before, "after": after} for before, after in ADDED])
    connection.exec_driver_sql(close_it)


def downgrade() -> None:
    from accord.ledger.migrate import refuse_downgrade

    refuse_downgrade()
