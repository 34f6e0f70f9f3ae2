"""What was erased, and what is to be once its message has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("text_erased_at", sa.BigInteger()))
    op.add_column("message", sa.Column("people_erased_at", sa.BigInteger()))
    op.add_column("inbound", sa.Column("text_erased_at", sa.BigInteger()))
    op.add_column("inbound", sa.Column("people_erased_at", sa.BigInteger()))
    op.create_table(
        "erase_later",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("what", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message"),
    )


def downgrade() -> None:
    op.drop_table("erase_later")
    for table in ("inbound", "message"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("people_erased_at")
            batch_op.drop_column("text_erased_at")
