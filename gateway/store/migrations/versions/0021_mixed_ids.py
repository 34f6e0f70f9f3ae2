"""Accounts whose receipts write ids in several forms; parts that are sent once more, found by their account."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("id_form", sa.Column("mixed", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    op.drop_column("id_form", "missed")
    op.create_index("part_again", "part", ["account", "state"], sqlite_where=sa.text("resends > 0"))


def downgrade() -> None:
    op.drop_index("part_again", "part")
    op.add_column("id_form", sa.Column("missed", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_column("id_form", "mixed")
