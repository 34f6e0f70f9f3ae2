"""Receipts that nobody knows, to be listed newest first whatever else there is."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("receipt_of_nobody", "receipt", ["id"], sqlite_where=sa.text("part IS NULL"))
