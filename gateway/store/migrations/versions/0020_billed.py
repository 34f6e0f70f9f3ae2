"""What each message was billed, and the same in the daily counters, so that the recap can say what it cost.

The counters are made anew when the gateway starts.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_AGAIN = "INSERT OR IGNORE INTO counter (name, value) SELECT 'daily:unfilled', 1 WHERE EXISTS (SELECT 1 FROM daily)"


def upgrade() -> None:
    op.execute("ALTER TABLE message ADD COLUMN billed BIGINT NOT NULL DEFAULT '0'")
    op.execute(
        "UPDATE message SET billed = (SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE ledger.message = message.id) "
        "WHERE month IS NOT NULL"
    )
    op.execute("ALTER TABLE daily ADD COLUMN amount BIGINT NOT NULL DEFAULT '0'")
    op.execute(_AGAIN)


def downgrade() -> None:
    op.execute("ALTER TABLE daily DROP COLUMN amount")
    op.execute("ALTER TABLE message DROP COLUMN billed")
