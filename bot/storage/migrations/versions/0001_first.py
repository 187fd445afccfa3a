"""The first schema: cases with events and outbox, conversations, guessing limits."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("case_no", sa.String(12), primary_key=True),
        sa.Column("draft_id", sa.String(64), nullable=False, unique=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("conversation_mac", sa.String(64), nullable=False),
        sa.Column("phone_mac", sa.String(64)),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("filed_on", sa.Date, nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("consent_at", _time),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("advice", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_cases_phone_mac", "cases", ["phone_mac"])
    op.create_index("ix_cases_due", "cases", ["due"])
    op.create_index("ix_cases_status_due", "cases", ["status", "due"])
    op.create_table(
        "events",
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("source", sa.String(16)),
        sa.Column("target", sa.String(16)),
        sa.Column("at", _time, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("detail", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_no", sa.String(12), nullable=False),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _time, nullable=False),
        sa.Column("claimed_until", _time),
        sa.Column("last_error", sa.String(500)),
        sa.Column("done_at", _time),
        sa.Column("dead", sa.Boolean, nullable=False),
    )
    op.create_index("ix_outbox_case_no", "outbox", ["case_no"])
    op.create_table(
        "day_sequences", sa.Column("day", sa.Date, primary_key=True), sa.Column("last", sa.Integer, nullable=False)
    )
    op.create_table(
        "attempts",
        sa.Column("who", sa.String(80), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", _time, nullable=False),
    )
    op.create_table(
        "chat_turns",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("response", sa.LargeBinary),
        sa.Column("created_at", _time, nullable=False),
        sa.UniqueConstraint("conversation", "message_id", name="uq_chat_turns_conversation_message_id"),
    )
    op.create_table(
        "chat_attachments",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("created_at", _time, nullable=False),
    )
    op.create_index("ix_chat_attachments_conversation", "chat_attachments", ["conversation"])
    op.create_table(
        "tracker_events",
        sa.Column("sender_id", sa.String(128), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "tracker_events",
        "chat_attachments",
        "chat_turns",
        "attempts",
        "day_sequences",
        "outbox",
        "events",
        "cases",
    ):
        op.drop_table(table)
