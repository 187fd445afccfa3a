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
    false,
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
    # Who owes the step that `due` belongs to: office, agency, petitioner, or nobody.
    Column("owed_by", String(12), nullable=False, default="", server_default=""),
    # The teller agreed to the case being public (number, kind and standing; never its words).
    Column("public", Boolean, nullable=False, default=False, server_default=false()),
    Index("ix_cases_status_due", "status", "due"),
    Index("ix_cases_status_case_no", "status", "case_no"),
    Index("ix_cases_agency_case_no", "agency", "case_no"),
    Index("ix_cases_agency_status_case_no", "agency", "status", "case_no"),
    Index("ix_cases_channel_case_no", "channel", "case_no"),
    Index("ix_cases_category_case_no", "category", "case_no"),
    Index("ix_cases_filed_on", "filed_on"),
    # Cover what lists and searches ask of a case, so that rows with their sealed texts are read for the page alone.
    Index("ix_cases_list", "case_no", "status", "category", "agency", "channel", "owed_by", "due"),
    Index("ix_cases_owed", "owed_by", "due", "category", "agency", "status", "case_no"),
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
    Index("ix_events_event_at", "event", "at"),
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
    Index("ix_outbox_done_at_next_at", "done_at", "next_at"),
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
#: The files that came with a case.
case_files = Table(
    "case_files", metadata,
    Column("attachment_id", String(32), ForeignKey("chat_attachments.id"), primary_key=True),
    Column("case_no", String(12), ForeignKey("cases.case_no"), nullable=False, index=True),
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
#: `merged_into` and `split_to`: which case another one went into or came out of.
case_links = Table(
    "case_links", metadata,
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("other", String(12), ForeignKey("cases.case_no"), primary_key=True, index=True),
)  # fmt: skip
#: Agencies that work a case jointly with the one in charge (协商会办).
case_parties = Table(
    "case_parties", metadata,
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True),
    Column("agency", String(32), primary_key=True),
    Index("ix_case_parties_agency_case_no", "agency", "case_no"),
)  # fmt: skip
#: Reminders already made: each case, date and kind once.
reminders = Table(
    "reminders", metadata,
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True),
    Column("due", Date, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("to_whom", String(32), nullable=False),
    Column("at", _time, nullable=False),
)  # fmt: skip
#: What petitioners are told unasked, for the channel that their case came from to show or push.
notices = Table(
    "notices", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_no", String(12), ForeignKey("cases.case_no"), nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("conversation_mac", String(64), nullable=False, index=True),
    Column("message", LargeBinary, nullable=False),
    Column("created_at", _time, nullable=False),
    Column("seen_at", _time),
)  # fmt: skip
documents = Table(
    "documents", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_no", String(12), ForeignKey("cases.case_no"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("number", String(64), nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
    Column("by", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("file", LargeBinary, nullable=False),
)  # fmt: skip
document_sequences = Table(
    "document_sequences", metadata, Column("key", String(64), primary_key=True), Column("last", Integer, nullable=False)
)
webhooks = Table(
    "webhooks", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("agency", String(32), nullable=False),
    Column("url", LargeBinary, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", _time, nullable=False),
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
#: Followers of the official account. The openid is looked up by its keyed hash and sealed for sending; nothing else of it is kept.
wechat_users = Table(
    "wechat_users", metadata,
    Column("who", String(64), primary_key=True),
    Column("openid", LargeBinary, nullable=False),
    Column("conversation", String(64), nullable=False, unique=True),
    Column("subscribed", Boolean, nullable=False),
    Column("quota", Integer, nullable=False),
    Column("quota_until", _time),
    Column("tap_quota", Integer, nullable=False),
    Column("tap_quota_until", _time),
    Column("busy_by", String(64)),
    Column("busy_until", _time),
    Column("sending_by", String(64)),
    Column("sending_until", _time),
    Column("seen_at", _time, nullable=False),
)  # fmt: skip
#: Every message and event once, by its key; undone rows are the queue of a follower.
wechat_inbox = Table(
    "wechat_inbox", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(100), nullable=False, unique=True),
    Column("who", String(64), ForeignKey("wechat_users.who"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("received_at", _time, nullable=False),
    Column("waiting_until", _time, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _time, nullable=False),
    Column("done_at", _time),
    Index("ix_wechat_inbox_who_done_at", "who", "done_at"),
    Index("ix_wechat_inbox_done_at", "done_at"),
)  # fmt: skip
#: What is to be told to followers, in order. state: waiting, sending, passive (given to an open request), sent, kept (until they write), failed.
wechat_outgoing = Table(
    "wechat_outgoing", metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("who", String(64), ForeignKey("wechat_users.who"), nullable=False),
    Column("inbox_id", Integer),
    Column("outbox_id", Integer),
    Column("kind", String(12), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("place", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("carried_by", Integer, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _time, nullable=False),
    Column("claimed_until", _time),
    Column("last_error", String(100)),
    Column("msgid", String(32), index=True),
    Column("created_at", _time, nullable=False),
    Column("sent_at", _time),
    UniqueConstraint("who", "outbox_id"),
    Index("ix_wechat_outgoing_who_state", "who", "state"),
    Index("ix_wechat_outgoing_state_next_at", "state", "next_at"),
)  # fmt: skip
wechat_bindings = Table(
    "wechat_bindings", metadata,
    Column("who", String(64), ForeignKey("wechat_users.who"), primary_key=True),
    Column("case_no", String(12), ForeignKey("cases.case_no"), primary_key=True, index=True),
    Column("bound_at", _time, nullable=False),
)  # fmt: skip
#: The account's access token, shared by all processes; whoever holds the claim renews it.
wechat_tokens = Table(
    "wechat_tokens", metadata,
    Column("app_id", String(64), primary_key=True),
    Column("token", LargeBinary),
    Column("expires_at", _time),
    Column("forced_at", _time),
    Column("claimed_by", String(64)),
    Column("claimed_until", _time),
)  # fmt: skip
#: One-time links from the chat to the page.
wechat_tickets = Table(
    "wechat_tickets", metadata,
    Column("mac", String(64), primary_key=True),
    Column("conversation", String(64), nullable=False),
    Column("expires_at", _time, nullable=False),
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
