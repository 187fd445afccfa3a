"""WeChat: followers, every message once, what is to be told to them, bindings, the shared token, links to the page."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wechat_users",
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("openid", sa.LargeBinary, nullable=False),
        sa.Column("conversation", sa.String(64), nullable=False, unique=True),
        sa.Column("subscribed", sa.Boolean, nullable=False),
        sa.Column("quota", sa.Integer, nullable=False),
        sa.Column("quota_until", _time),
        sa.Column("tap_quota", sa.Integer, nullable=False),
        sa.Column("tap_quota_until", _time),
        sa.Column("busy_by", sa.String(64)),
        sa.Column("busy_until", _time),
        sa.Column("sending_by", sa.String(64)),
        sa.Column("sending_until", _time),
        sa.Column("seen_at", _time, nullable=False),
    )
    op.create_table(
        "wechat_inbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(100), nullable=False, unique=True),
        sa.Column("who", sa.String(64), sa.ForeignKey("wechat_users.who"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("received_at", _time, nullable=False),
        sa.Column("waiting_until", _time, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _time, nullable=False),
        sa.Column("done_at", _time),
    )
    op.create_index("ix_wechat_inbox_done_at", "wechat_inbox", ["done_at"])
    op.create_index("ix_wechat_inbox_who_done_at", "wechat_inbox", ["who", "done_at"])
    op.create_table(
        "wechat_outgoing",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("who", sa.String(64), sa.ForeignKey("wechat_users.who"), nullable=False),
        sa.Column("inbox_id", sa.Integer),
        sa.Column("outbox_id", sa.Integer),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("carried_by", sa.Integer),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _time, nullable=False),
        sa.Column("claimed_until", _time),
        sa.Column("last_error", sa.String(100)),
        sa.Column("msgid", sa.String(32)),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("sent_at", _time),
        sa.UniqueConstraint("who", "outbox_id", name="uq_wechat_outgoing_who_outbox_id"),
    )
    op.create_index("ix_wechat_outgoing_carried_by", "wechat_outgoing", ["carried_by"])
    op.create_index("ix_wechat_outgoing_msgid", "wechat_outgoing", ["msgid"])
    op.create_index("ix_wechat_outgoing_state_next_at", "wechat_outgoing", ["state", "next_at"])
    op.create_index("ix_wechat_outgoing_who_state", "wechat_outgoing", ["who", "state"])
    op.create_table(
        "wechat_bindings",
        sa.Column("who", sa.String(64), sa.ForeignKey("wechat_users.who"), primary_key=True),
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
        sa.Column("bound_at", _time, nullable=False),
    )
    op.create_index("ix_wechat_bindings_case_no", "wechat_bindings", ["case_no"])
    op.create_table(
        "wechat_tokens",
        sa.Column("app_id", sa.String(64), primary_key=True),
        sa.Column("token", sa.LargeBinary),
        sa.Column("expires_at", _time),
        sa.Column("forced_at", _time),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_until", _time),
    )
    op.create_table(
        "wechat_tickets",
        sa.Column("mac", sa.String(64), primary_key=True),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("expires_at", _time, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "wechat_tickets",
        "wechat_tokens",
        "wechat_bindings",
        "wechat_outgoing",
        "wechat_inbox",
        "wechat_users",
    ):
        op.drop_table(table)
