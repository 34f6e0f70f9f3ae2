"""The outbox is read in the order in which things are due: what was put off is not passed over each time."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("door_outbox_app", "door_outbox")
    op.create_index("door_outbox_app", "door_outbox", ["app", "due_at", "id"])


def downgrade() -> None:
    op.drop_index("door_outbox_app", "door_outbox")
    op.create_index("door_outbox_app", "door_outbox", ["app", "id"])
