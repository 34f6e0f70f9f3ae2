"""Counters of months and years beside those of days; the words of recipients' labels.

The counters are made anew when the gateway starts; the janitor fills the words, from the first message on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_AGAIN = "INSERT OR IGNORE INTO counter (name, value) SELECT 'daily:unfilled', 1 WHERE EXISTS (SELECT 1 FROM daily)"


def upgrade() -> None:
    op.execute("ALTER TABLE daily RENAME COLUMN day TO period")
    op.execute(_AGAIN)
    op.create_table(
        "word",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
    )
    op.create_index("word_word", "word", ["school", "word"], unique=True)
    op.create_table(
        "label_word",
        sa.Column("word", sa.BigInteger(), primary_key=True),
        sa.Column("message", sa.BigInteger(), primary_key=True),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.execute("DELETE FROM counter WHERE name = 'label_words'")
    op.drop_table("label_word")
    op.drop_table("word")
    op.execute("ALTER TABLE daily RENAME COLUMN period TO day")
    op.execute(_AGAIN)
