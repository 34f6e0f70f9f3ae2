"""What an account's ids are like, and receipts that wait to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "id_form",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("learned", sa.Text(), nullable=True),
        sa.Column("last", sa.Text(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
        sqlite_with_rowid=False,
    )
    op.add_column("parked", sa.Column("form", sa.Text(), server_default=sa.text("'same'"), nullable=False))
    op.create_index("parked_receipt", "parked", ["receipt"])
    op.add_column("receipt", sa.Column("waits", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    op.create_index("receipt_waiting", "receipt", ["account", "id"], sqlite_where=sa.text("part IS NULL AND waits"))
