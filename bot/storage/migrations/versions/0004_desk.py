"""The working desk: who owes the next step, links between cases, joint agencies, reminders, notices, documents, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_time = sa.DateTime(timezone=True)
_INDEXES = (
    ("ix_cases_status_case_no", "cases", ["status", "case_no"]),
    ("ix_cases_agency_case_no", "cases", ["agency", "case_no"]),
    ("ix_cases_agency_status_case_no", "cases", ["agency", "status", "case_no"]),
    ("ix_cases_channel_case_no", "cases", ["channel", "case_no"]),
    ("ix_cases_category_case_no", "cases", ["category", "case_no"]),
    ("ix_cases_filed_on", "cases", ["filed_on"]),
    ("ix_cases_list", "cases", ["case_no", "status", "category", "agency", "channel", "owed_by", "due"]),
    ("ix_cases_owed", "cases", ["owed_by", "due", "category", "agency", "status", "case_no"]),
    ("ix_events_event_at", "events", ["event", "at"]),
    ("ix_outbox_done_at_next_at", "outbox", ["done_at", "next_at"]),
)
#: Who owes the next step of a case that stands at this status.
_OWED = {
    "office": ("registered",),
    "agency": ("dispatched", "notified", "accepted", "handling", "extended", "review", "final_review"),
    "petitioner": ("replied",),
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("owed_by", sa.String(12), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("public", sa.Boolean, nullable=False, server_default=sa.false()))
    cases = sa.table("cases", sa.column("status"), sa.column("owed_by"))
    for owed_by, statuses in _OWED.items():
        op.execute(cases.update().where(cases.c.status.in_(statuses)).values(owed_by=owed_by))
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    op.create_table(
        "case_links",
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("other", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
    )
    op.create_index("ix_case_links_other", "case_links", ["other"])
    op.create_table(
        "case_parties",
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
        sa.Column("agency", sa.String(32), primary_key=True),
    )
    op.create_index("ix_case_parties_agency_case_no", "case_parties", ["agency", "case_no"])
    op.create_table(
        "case_files",
        sa.Column("attachment_id", sa.String(32), sa.ForeignKey("chat_attachments.id"), primary_key=True),
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), nullable=False),
    )
    op.create_index("ix_case_files_case_no", "case_files", ["case_no"])
    op.create_table(
        "reminders",
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
        sa.Column("due", sa.Date, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("to_whom", sa.String(32), nullable=False),
        sa.Column("at", _time, nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("conversation_mac", sa.String(64), nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("seen_at", _time),
    )
    op.create_index("ix_notices_case_no", "notices", ["case_no"])
    op.create_index("ix_notices_conversation_mac", "notices", ["conversation_mac"])
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("number", sa.String(64), nullable=False, unique=True),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("file", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_documents_case_no", "documents", ["case_no"])
    op.create_table(
        "document_sequences",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("url", sa.LargeBinary, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", _time, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "webhooks",
        "document_sequences",
        "documents",
        "notices",
        "reminders",
        "case_files",
        "case_parties",
        "case_links",
    ):
        op.drop_table(table)
    for name, table, _ in _INDEXES:
        op.drop_index(name, table)
    # Not in a batch: SQLite would make the table anew, and rows elsewhere refer to it.
    op.drop_column("cases", "public")
    op.drop_column("cases", "owed_by")
