"""Hotline calls: the inbox of recognisers, drafts, and what clerks changed in them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "hotline_inbox",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("received_at", _time, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("draft_id", sa.String(64)),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_hotline_inbox_state_received", "hotline_inbox", ["state", "received_at"])
    op.create_table(
        "hotline_drafts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("call_time", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("completeness", sa.Float, nullable=False),
        sa.Column("repeats", sa.Boolean, nullable=False),
        sa.Column("decided_at", _time),
        sa.Column("by", sa.String(64)),
        sa.Column("case_no", sa.String(12)),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("final", sa.LargeBinary),
    )
    op.create_index("ix_hotline_drafts_status_urgent", "hotline_drafts", ["status", "urgent", "call_time"])
    op.create_table(
        "hotline_edits",
        sa.Column("draft_id", sa.String(64), primary_key=True),
        sa.Column("field", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for table in ("hotline_edits", "hotline_drafts", "hotline_inbox"):
        op.drop_table(table)
