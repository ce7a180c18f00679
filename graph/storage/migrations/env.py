"""What alembic runs: the steps, on the connection and in the transaction that ``Database.migrate`` opened."""

from alembic import context

from graph.storage.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
