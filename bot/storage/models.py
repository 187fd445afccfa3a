"""Tables. Everything that people typed is sealed; what stays readable is what queues and clocks need."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_time = DateTime(timezone=True)

cases = Table(
    "cases", metadata,
    Column("case_no", String(12), primary_key=True),
    Column("draft_id", String(64), nullable=False, unique=True),
    Column("code_hash", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("conversation_mac", String(64), nullable=False),
    Column("phone_mac", String(64), index=True),
    Column("channel", String(32), nullable=False),
    Column("category", String(16), nullable=False),
    Column("agency", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("urgent", Boolean, nullable=False, default=False),
    Column("filed_on", Date, nullable=False),
    Column("due", Date, index=True),
    Column("version", Integer, nullable=False, default=1),
    Column("consent_at", _time),
    Column("content", LargeBinary, nullable=False),
    Column("advice", LargeBinary, nullable=False),
    Index("ix_cases_status_due", "status", "due"),
)  # fmt: skip
events = Table(
    "events", metadata,
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event", String(32), nullable=False),
    Column("source", String(16)),
    Column("target", String(16)),
    Column("at", _time, nullable=False),
    Column("by", String(64), nullable=False),
    Column("detail", LargeBinary, nullable=False),
)  # fmt: skip
outbox = Table(
    "outbox", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_no", String(12), nullable=False, index=True),
    Column("topic", String(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", _time, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", _time, nullable=False),
    Column("claimed_until", _time),
    Column("last_error", String(500)),
    Column("done_at", _time),
    Column("dead", Boolean, nullable=False, default=False),
)  # fmt: skip
day_sequences = Table(
    "day_sequences", metadata, Column("day", Date, primary_key=True), Column("last", Integer, nullable=False)
)
attempts = Table(
    "attempts", metadata,
    Column("who", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", _time, nullable=False),
)  # fmt: skip
chat_turns = Table(
    "chat_turns", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("message_id", String(128), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("response", LargeBinary),
    Column("created_at", _time, nullable=False),
    UniqueConstraint("conversation", "message_id"),
)  # fmt: skip
chat_attachments = Table(
    "chat_attachments", metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation", String(64), nullable=False, index=True),
    Column("name", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("created_at", _time, nullable=False),
)  # fmt: skip
staff = Table(
    "staff", metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("agency", String(32), nullable=False),
    Column("password", String(200)),
    Column("token_mac", String(64)),
    Column("must_change", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", _time, nullable=False),
    Index("ix_staff_token_mac", "token_mac", unique=True),
)  # fmt: skip
staff_sessions = Table(
    "staff_sessions", metadata,
    Column("id_mac", String(64), primary_key=True),
    Column("name", String(64), ForeignKey("staff.name"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", _time, nullable=False),
    Column("seen_at", _time, nullable=False),
)  # fmt: skip
#: Keyed hashes of the two-character pieces of a case's words: search without readable text. Accusations are not in it.
case_terms = Table(
    "case_terms", metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True, index=True),
)  # fmt: skip
access_log = Table(
    "access_log", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", _time, nullable=False),
    Column("by", String(64), nullable=False),
    Column("what", String(32), nullable=False),
    Column("case_no", String(12)),
    Column("detail", LargeBinary, nullable=False),
)  # fmt: skip
tracker_events = Table(
    "tracker_events", metadata,
    Column("sender_id", String(128), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
)  # fmt: skip
#: Data keys, wrapped by the master key. The newest of a purpose seals; the others are kept until nothing refers to them.
data_keys = Table(
    "data_keys", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("purpose", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", _time, nullable=False),
)  # fmt: skip
#: What the rows of the log were when they were written, each entry chained to the one before by a keyed hash.
audit_chain = Table(
    "audit_chain", metadata,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", _time, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("ref", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
)  # fmt: skip
#: One row: where the chain ends. Whoever appends holds its lock.
audit_head = Table(
    "audit_head", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)  # fmt: skip
