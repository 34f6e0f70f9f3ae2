"""Daily counters of what was submitted, and the index by which the recap is read.

The counters of messages that are there already need the zones of schools: they are made when the gateway starts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = ("school", "day", "action", "mode", "account", "user", "workstation", "status")


def upgrade() -> None:
    op.create_table(
        "daily",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _KEY),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "message_sent",
        "message",
        ["school", "sent_at", "action", "mode", "user", "workstation"],
        sqlite_where=sa.text("sent_at IS NOT NULL"),
    )
    op.execute(
        "INSERT INTO counter (name, value) SELECT 'daily:unfilled', 1 WHERE EXISTS "
        "(SELECT 1 FROM message WHERE sent_at IS NOT NULL)"
    )


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'daily:unfilled'")
    op.drop_index("message_sent", "message")
    op.drop_table("daily")
