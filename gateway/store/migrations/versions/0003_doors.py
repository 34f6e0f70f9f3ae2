"""Doors: what comes in by them, and what waits to be delivered at them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "door_submission",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("ulid", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("wants", sa.Integer(), nullable=False),
        sa.Column("echo", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("bundle", sa.Text(), nullable=True),
        sa.Column("piece", sa.Integer(), nullable=True),
        sa.Column("pieces", sa.Integer(), nullable=True),
        sa.Column("octets", sa.LargeBinary(), nullable=True),
        sa.Column("charset", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns, unique, where in (
        ("public", ["app", "public"], True, None),
        ("message", ["message"], False, "message IS NOT NULL"),
        ("bundle", ["app", "bundle"], False, "octets IS NOT NULL"),
        ("open", ["id"], False, "ended_at IS NULL"),
        ("progress", ["id"], False, "wants >= 4 AND ended_at IS NULL"),
        ("ended", ["ended_at"], False, "ended_at IS NOT NULL"),
    ):
        condition = sa.text(where) if where else None
        op.create_index(f"door_submission_{name}", "door_submission", columns, unique=unique, sqlite_where=condition)
    op.create_table(
        "door_outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("submission", sa.BigInteger(), nullable=True),
        sa.Column("inbound", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("door_outbox_app", "door_outbox", ["app", "id"])


def downgrade() -> None:
    op.drop_table("door_outbox")
    op.drop_table("door_submission")
