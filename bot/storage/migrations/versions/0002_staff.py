"""Staff accounts with their sessions, and the blind index of the desk's search."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("agency", sa.String(32), nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("token_mac", sa.String(64)),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", _time, nullable=False),
    )
    op.create_index("ix_staff_token_mac", "staff", ["token_mac"], unique=True)
    op.create_table(
        "staff_sessions",
        sa.Column("id_mac", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), sa.ForeignKey("staff.name"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("seen_at", _time, nullable=False),
    )
    op.create_table(
        "case_terms",
        sa.Column("term", sa.BigInteger, primary_key=True),
        sa.Column("case_no", sa.String(12), sa.ForeignKey("cases.case_no"), primary_key=True),
    )
    op.create_index("ix_case_terms_case_no", "case_terms", ["case_no"])
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", _time, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("case_no", sa.String(12)),
        sa.Column("detail", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    for table in ("access_log", "case_terms", "staff_sessions", "staff"):
        op.drop_table(table)
