"""Closed months, budgets, and what an account does not bill."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school", "action"),
    )
    op.create_table(
        "month_close",
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("last_receipt", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school", "month"),
    )
    # Columns with a default are added in place: the tables may be large.
    op.add_column("ledger", sa.Column("of_month", sa.Text(), server_default="", nullable=False))
    op.add_column("part", sa.Column("credited", sa.Boolean(), server_default=sa.text("0"), nullable=False))
    _counters("tally_new", with_month=True)
    op.execute(f"INSERT INTO tally_new ({_KEY}, of_month, {_SUMS}) SELECT {_KEY}, '', {_SUMS} FROM tally")
    op.drop_table("tally")
    op.rename_table("tally_new", "tally")
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ledger_no_{verb.lower()} BEFORE {verb} ON ledger "
            "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        )


_KEY = "school, month, action, mode, account"
_SUMS = "total, delivered, parts, amount, not_submitted"


def _counters(name: str, *, with_month: bool) -> None:
    keys = [sa.Column(key, sa.Text(), nullable=False) for key in _KEY.split(", ")]
    if with_month:
        keys.append(sa.Column("of_month", sa.Text(), server_default="", nullable=False))
    sums = [sa.Column(figure, sa.BigInteger(), nullable=False) for figure in _SUMS.split(", ")]
    primary = sa.PrimaryKeyConstraint(*[key.name for key in keys])
    op.create_table(name, *keys, *sums, primary, sqlite_with_rowid=False)


def downgrade() -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER ledger_no_{verb}")
    _counters("tally_old", with_month=False)
    sums = ", ".join(f"SUM({figure})" for figure in _SUMS.split(", "))
    op.execute(f"INSERT INTO tally_old ({_KEY}, {_SUMS}) SELECT {_KEY}, {sums} FROM tally GROUP BY {_KEY}")
    op.drop_table("tally")
    op.rename_table("tally_old", "tally")
    op.drop_column("part", "credited")
    op.drop_column("ledger", "of_month")
    op.drop_table("month_close")
    op.drop_table("budget")
