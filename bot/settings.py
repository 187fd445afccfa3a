"""One frozen settings object, read once from the environment and checked at the start (contracts, section 6)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

_HELP = (
    ("SUFANG_ENV", "production 或 test；test 才允许只有测试能做的事（默认 production）"),
    ("SUFANG_HOST", "监听地址（默认 127.0.0.1）"),
    ("SUFANG_PORT", "对话、群众页面、进度、健康检查的端口（默认 5005）"),
    ("SUFANG_DESK_PORT", "工作台端口（默认 5006）"),
    ("SUFANG_DATA_DIR", "数据文件夹（默认 var/）"),
    ("SUFANG_DATABASE_URL", "数据库地址（默认数据文件夹里的 SQLite；PostgreSQL 写 postgresql+psycopg2://…）"),
    ("SUFANG_SECRET_KEY", "加密主密钥，至少 32 个字符（默认第一次运行时在数据文件夹里生成，权限 0600）"),
    ("SUFANG_ALLOWED_ORIGINS", "允许嵌入的网站来源，逗号分隔"),
    ("SUFANG_REGION", "knowledge/region 下的地区文件夹名"),
    ("SUFANG_RATE_LIMITS", "off 关闭限速（只在 test 里）"),
    ("SUFANG_PROXIES", "前面有几层自己的反向代理，限速按它们报的地址算（默认 0；--workers 自己设）"),
    ("SUFANG_PATCHES", "off 不改 Rasa 的内部函数（见 bot/runtime/patches.py；默认 on）"),
    ("SUFANG_LAZY_IMPORT", "off 不推迟加载 TensorFlow（见 bot/runtime/lazy_import.py；默认 on）"),
    ("SUFANG_NOW", "法律上的今天，YYYY-MM-DD（只在 test 里）"),
)
#: Settings of parts that later versions bring; named here so that a typing error is told from a later name.
_LATER = (
    "SUFANG_REDIS_URL",
    "SUFANG_BROKER_URL",
    "SUFANG_UPSTREAM_URL",
    "SUFANG_UPSTREAM_TOKEN",
    "SUFANG_WECHAT_TOKEN",
    "SUFANG_WECHAT_AES_KEY",
    "SUFANG_WECHAT_APP_ID",
    "SUFANG_WECHAT_APP_SECRET",
    "SUFANG_WECHAT_API_BASE",
    "SUFANG_WECHAT_MAX_AGE",
)


class SettingsError(Exception):
    """The settings are wrong; the message lists every problem."""


@dataclass(frozen=True)
class Settings:
    """Everything that may differ between two installations. Secrets never appear in its repr."""

    env: str = "production"
    host: str = "127.0.0.1"
    port: int = 5005
    desk_port: int = 5006
    data_dir: Path = Path("var")
    database_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    allowed_origins: tuple[str, ...] = ()
    region: str = ""
    rate_limits_on: bool = True
    fixed_today: date | None = None
    proxies: int = 0
    patches_on: bool = True
    lazy_import_on: bool = True

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the variables; a secret may also be given as `…_FILE`. Raises SettingsError with every problem at once."""
        env = dict(os.environ if environ is None else environ)
        problems: list[str] = []
        known = {name for name, _ in _HELP} | set(_LATER)
        for name in sorted(env):
            if name.startswith("SUFANG_") and name.removesuffix("_FILE") not in known:
                problems.append(f"不认识的设置 {name}")

        def get(name: str) -> str:
            file = env.get(f"{name}_FILE")
            if not file:
                return env.get(name, "").strip()
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except OSError as e:
                problems.append(f"{name}_FILE 读不出来：{e.strerror}")
                return ""

        def number(name: str, default: int) -> int:
            text = get(name)
            if not text:
                return default
            if not text.isdigit() or not 0 < int(text) < 65536:
                problems.append(f"{name} 应为 1 到 65535 的整数")
                return default
            return int(text)

        mode = get("SUFANG_ENV") or "production"
        if mode not in ("production", "test"):
            problems.append("SUFANG_ENV 应为 production 或 test")
        today = None
        if get("SUFANG_NOW"):
            try:
                today = date.fromisoformat(get("SUFANG_NOW")[:10])
            except ValueError:
                problems.append("SUFANG_NOW 应为 YYYY-MM-DD")
            if mode != "test":
                problems.append("SUFANG_NOW 只在 SUFANG_ENV=test 时可用")
        limits = get("SUFANG_RATE_LIMITS") or "on"
        if limits not in ("on", "off"):
            problems.append("SUFANG_RATE_LIMITS 应为 on 或 off")
        elif limits == "off" and mode != "test":
            problems.append("SUFANG_RATE_LIMITS=off 只在 SUFANG_ENV=test 时可用")
        proxies = get("SUFANG_PROXIES") or "0"
        if not proxies.isdigit() or int(proxies) > 9:
            problems.append("SUFANG_PROXIES 应为 0 到 9 的整数")
        switches = {name: get(name) or "on" for name in ("SUFANG_PATCHES", "SUFANG_LAZY_IMPORT")}
        problems += [f"{name} 应为 on 或 off" for name, value in switches.items() if value not in ("on", "off")]
        secret = get("SUFANG_SECRET_KEY")
        if secret and len(secret) < 32:
            problems.append("SUFANG_SECRET_KEY 至少 32 个字符")
        folder = Path(get("SUFANG_DATA_DIR") or "var").absolute()
        url = get("SUFANG_DATABASE_URL") or f"sqlite:///{folder / 'sufang.db'}"
        if not re.match(r"(sqlite|postgresql\+psycopg2)://", url):
            problems.append("SUFANG_DATABASE_URL 应以 sqlite:// 或 postgresql+psycopg2:// 开头")
        origins = tuple(o.strip().rstrip("/") for o in get("SUFANG_ALLOWED_ORIGINS").split(",") if o.strip())
        problems += [
            f"SUFANG_ALLOWED_ORIGINS 里的 {o} 不是网站来源"
            for o in origins
            if not urlsplit(o).netloc or urlsplit(o).path
        ]
        settings = cls(
            env=mode,
            host=get("SUFANG_HOST") or "127.0.0.1",
            port=number("SUFANG_PORT", 5005),
            desk_port=number("SUFANG_DESK_PORT", 5006),
            data_dir=folder,
            database_url=url,
            secret_key=secret,
            allowed_origins=origins,
            region=get("SUFANG_REGION"),
            rate_limits_on=limits == "on",
            fixed_today=today,
            proxies=int(proxies) if proxies.isdigit() else 0,
            patches_on=switches["SUFANG_PATCHES"] == "on",
            lazy_import_on=switches["SUFANG_LAZY_IMPORT"] == "on",
        )
        if problems:
            raise SettingsError("设置有误：\n" + "\n".join(f"  - {p}" for p in problems))
        return settings

    def today(self) -> date:
        """The legal today, in Beijing."""
        return self.fixed_today or datetime.now(ZONE).date()

    @staticmethod
    def now() -> datetime:
        """The real time, for limits, tokens and logs."""
        return datetime.now(timezone.utc)

    @staticmethod
    def describe() -> str:
        """The list for `--help`."""
        return "环境变量（都可以不设；密钥也可以用 …_FILE 指文件）：\n" + "\n".join(f"  {n:24} {t}" for n, t in _HELP)
