"""From each older version of the tables to the next. Alembic writes the statements in each database's own SQL.

The version stands in the table `about`, and each step is part of the transaction that raises it: a step that is
killed half-way has not happened.
"""

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Float, ForeignKey, Integer, LargeBinary, String, Text


def migrate(db: Connection, version: int, target: int) -> None:
    """Lead the tables from `version` to `target`, inside the transaction of `db`."""
    operations = Operations(MigrationContext.configure(db))
    for step in range(version, target):
        STEPS[step](operations)


def _origins_validation_diagnostics(op):
    for column in (
        Column("origin", String(16), nullable=False, server_default="trained"),
        Column("parent_epoch", Integer),
        Column("sweep", String(16)),
        Column("priority", Integer, nullable=False, server_default="0"),
        Column("until", Integer),
        Column("deleted", Float),
        Column("best_validation", Float),
        Column("claimed_accuracy", Float),
    ):
        op.add_column("runs", column)
    for column in (
        Column("validation_loss", Float),
        Column("validation_accuracy", Float),
        Column("diagnostics", Text),
    ):
        op.add_column("epochs", column)
    op.create_index("runs_by_sweep", "runs", ["sweep"])
    op.create_table(
        "sweeps",
        Column("id", String(16), primary_key=True),
        Column("number", Integer, nullable=False, unique=True),
        Column("name", String(200), nullable=False),
        Column("plan", Text, nullable=False),
        Column("status", String(16), nullable=False),
        Column("step", Integer, nullable=False, server_default="0"),
        Column("created", Float, nullable=False),
        Column("ended", Float),
    )


def _own_sets(op):
    op.create_table(
        "sets",
        Column("name", String(80), primary_key=True),
        Column("title", String(80), nullable=False),
        Column("class_names", Text, nullable=False),
        Column("created", Float, nullable=False),
    )
    op.create_table(
        "set_blocks",
        Column("set", String(80), ForeignKey("sets.name", ondelete="CASCADE"), primary_key=True),
        Column("part", String(8), primary_key=True),
        Column("block", Integer, primary_key=True),
        Column("data", LargeBinary, nullable=False),
    )


def _drawings(op):
    op.create_table(
        "drawings",
        Column("id", Integer, primary_key=True),
        Column("label", Integer, nullable=False),
        Column("strokes", Text, nullable=False),
        Column("created", Float, nullable=False),
    )


def _tries(op):
    op.add_column("runs", Column("tries", Integer, nullable=False, server_default="0"))


def _owners(op):
    for table in ("runs", "sweeps", "drawings"):
        op.add_column(table, Column("owner", String(200)))
    op.create_index("runs_by_owner", "runs", ["owner"])
    op.create_table(
        "set_owners",
        Column("set", String(80), ForeignKey("sets.name", ondelete="CASCADE"), primary_key=True),
        Column("owner", String(200), primary_key=True),
    )
    op.create_table(
        "shares",
        Column("token", String(40), primary_key=True),
        Column("run", String(16), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
        Column("created", Float, nullable=False),
    )


def _visits(op):
    op.create_table(
        "visits",
        Column("token", String(40), ForeignKey("shares.token", ondelete="CASCADE"), primary_key=True),
        Column("person", String(200), primary_key=True),
    )
    op.create_index("visits_by_person", "visits", ["person"])


STEPS = {  # by the version that each starts from
    1: _origins_validation_diagnostics,
    2: _own_sets,
    3: _drawings,
    4: _tries,
    5: _owners,
    6: _visits,
}
