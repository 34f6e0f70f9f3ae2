"""Which keys sealed something."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("seal_key", sa.Column("mark", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("mark"))


def downgrade() -> None:
    op.drop_table("seal_key")
