"""From whose messages a number opted out."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = "school, number, source, at, actor"


def upgrade() -> None:
    op.rename_table("opt_out", "opt_out_of_all")
    op.create_table(
        "opt_out",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school", "number", "sender"),
    )
    op.execute(f"INSERT INTO opt_out ({_COLUMNS}, sender) SELECT {_COLUMNS}, '' FROM opt_out_of_all")
    op.drop_table("opt_out_of_all")


def downgrade() -> None:
    op.rename_table("opt_out", "opt_out_by_sender")
    op.create_table(
        "opt_out",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school", "number"),
    )
    op.execute(f"INSERT OR IGNORE INTO opt_out ({_COLUMNS}) SELECT {_COLUMNS} FROM opt_out_by_sender ORDER BY sender")
    op.drop_table("opt_out_by_sender")
