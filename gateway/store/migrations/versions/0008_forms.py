"""Messages that phones show at once, and what a message says to its provider alone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("flash", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("message", sa.Column("tlvs", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "tlvs")
    op.drop_column("message", "flash")
