"""A closed month never changes; a signed reconciliation never does either, but for numbers that are erased.

Without that exception nobody whose message was in a signed reconciliation could be erased, nor could retention go on.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_COLUMNS = (
    *("reconciliation", "place", "pile", "why", "lines", "provider_id", "their_at", "their_parts", "their_amount"),
    *("message", "school", "our_at", "our_parts", "our_amount", "month"),
)
_SIGNED = "(SELECT signed_at FROM reconciliation WHERE id = OLD.reconciliation) IS NOT NULL"
_REFUSED = "BEGIN SELECT RAISE(ABORT, 'a signed reconciliation never changes'); END"


def _row(name: str) -> str:
    return ", ".join(f"{name}.{column}" for column in _COLUMNS)


def upgrade() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER month_close_no_{verb.lower()} BEFORE {verb} ON month_close "
            "BEGIN SELECT RAISE(ABORT, 'a closed month never changes'); END"
        )
    op.execute("DROP TRIGGER reconciliation_line_no_update")
    op.execute(
        f"CREATE TRIGGER reconciliation_line_no_update BEFORE UPDATE ON reconciliation_line WHEN {_SIGNED} "
        f"AND (NEW.number NOT IN (OLD.number, '') OR ({_row('NEW')}) IS NOT ({_row('OLD')})) {_REFUSED}"
    )


def downgrade() -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER month_close_no_{verb}")
    op.execute("DROP TRIGGER reconciliation_line_no_update")
    op.execute(
        f"CREATE TRIGGER reconciliation_line_no_update BEFORE UPDATE ON reconciliation_line WHEN {_SIGNED} {_REFUSED}"
    )
