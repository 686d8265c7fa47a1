"""Alembic's entry: runs on the connection that `accord.ledger.migrate` hands over."""

from alembic import context

from accord.ledger.tables import LedgerTable

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=LedgerTable.metadata,
    transactional_ddl=True,  # a half-done migration leaves nothing behind, on SQLite too
)
context.run_migrations()
