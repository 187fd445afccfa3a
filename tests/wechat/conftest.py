"""Both databases, a platform, workers."""

from databases import url  # noqa: F401
from wechat_stage import stage  # noqa: F401
