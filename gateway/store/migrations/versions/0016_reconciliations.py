"""Reconciliations of providers' invoices; signed ones cannot be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ulid", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("schools", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text()),
        sa.Column("signed_at", sa.BigInteger()),
        sa.Column("signed_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reconciliation_ulid", "reconciliation", ["ulid"], unique=True)
    op.create_index("reconciliation_month", "reconciliation", ["account", "month"])
    op.create_table(
        "reconciliation_line",
        sa.Column("reconciliation", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("pile", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("their_at", sa.BigInteger()),
        sa.Column("their_parts", sa.Integer()),
        sa.Column("their_amount", sa.BigInteger()),
        sa.Column("message", sa.BigInteger()),
        sa.Column("school", sa.Text()),
        sa.Column("our_at", sa.BigInteger()),
        sa.Column("our_parts", sa.Integer()),
        sa.Column("our_amount", sa.BigInteger()),
        sa.Column("month", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("reconciliation", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("reconciliation_line_pile", "reconciliation_line", ["reconciliation", "pile", "place"])
    where = sa.text("message IS NOT NULL")
    op.create_index("reconciliation_line_message", "reconciliation_line", ["message"], sqlite_where=where)
    op.create_table(
        "invoice_columns",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
        sqlite_with_rowid=False,
    )
    signed = "SELECT RAISE(ABORT, 'a signed reconciliation never changes')"
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER reconciliation_no_{verb.lower()} BEFORE {verb} ON reconciliation "
            f"WHEN OLD.signed_at IS NOT NULL BEGIN {signed}; END"
        )
    for verb, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER reconciliation_line_no_{verb.lower()} BEFORE {verb} ON reconciliation_line "
            f"WHEN (SELECT signed_at FROM reconciliation WHERE id = {row}.reconciliation) IS NOT NULL "
            f"BEGIN {signed}; END"
        )


def downgrade() -> None:
    op.drop_table("invoice_columns")
    op.drop_table("reconciliation_line")
    op.drop_table("reconciliation")
