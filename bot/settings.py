"""One frozen settings object, read once from the environment and checked at the start (contracts, section 6)."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Mapping
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
    ("SUFANG_ASR_SECRET", "语音识别回调的签名密钥，至少 32 个字符；不设就不接回调"),
    ("SUFANG_ALLOWED_ORIGINS", "允许嵌入的网站来源，逗号分隔"),
    ("SUFANG_BROKER_URL", "热线转写的队列：amqp://… 或 redis://…；不设就收到时当场处理"),
    ("SUFANG_REDIS_URL", "多个进程共用限速、会话锁和网页连接：redis:// 或 rediss://…；不设就各用各的"),
    ("SUFANG_CLAMD", "查毒服务 clamd 的 主机:端口；设了以后附件先查毒再收（默认不查）"),
    ("SUFANG_REGION", "knowledge/region 下的地区文件夹名"),
    ("SUFANG_UPSTREAM_URL", "上级平台接口的地址（https；本机地址可以用 http）；不设就不外送"),
    ("SUFANG_UPSTREAM_TOKEN", "上级平台接口的令牌"),
    (
        "SUFANG_PRIVATE_HOSTS",
        "回调地址可以指向的内网主机（名字或 IP，逗号分隔）；别的内网地址、本机地址一律不送（默认没有）",
    ),
    ("SUFANG_RATE_LIMITS", "off 关闭限速（只在 test 里）"),
    ("SUFANG_PROXIES", "前面有几层自己的反向代理，限速按它们报的地址算（默认 0；--workers 自己设）"),
    ("SUFANG_PATCHES", "off 不改 Rasa 的内部函数（见 bot/runtime/patches.py；默认 on）"),
    ("SUFANG_LAZY_IMPORT", "off 不推迟加载 TensorFlow（见 bot/runtime/lazy_import.py；默认 on）"),
    ("SUFANG_NOW", "法律上的今天，YYYY-MM-DD（只在 test 里）"),
    ("SUFANG_WECHAT_TOKEN", "公众号服务器配置里的令牌；设了才接微信，服务器地址是 /channels/wechat"),
    ("SUFANG_WECHAT_AES_KEY", "公众号的 EncodingAESKey，43 个字符；兼容、安全模式要用"),
    ("SUFANG_WECHAT_APP_ID", "公众号的 AppID"),
    ("SUFANG_WECHAT_APP_SECRET", "公众号的 AppSecret；不设就只有被动回复，没有客服消息、通知和菜单"),
    ("SUFANG_WECHAT_API_BASE", "微信接口地址（默认 https://api.weixin.qq.com；test 里可用本机的 http 地址）"),
    ("SUFANG_WECHAT_MAX_AGE", "签名的有效秒数（默认 300；0 不限，只在 test 里）"),
    ("SUFANG_WECHAT_PAGE_URL", "群众页面对外的 https 地址；设了，微信里就给出“网页填写”的链接"),
)


class SettingsError(Exception):
    """The settings are wrong; the message lists every problem."""


def safe_address(url: str) -> bool:
    """Whether data may be sent there: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return (
            bool(host)
            and not parts.username
            and (parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")))
        )
    except ValueError:
        return False


@dataclass(frozen=True)
class WeChat:
    """An official account. `max_age`: seconds a signed request stays good, 0 for ever. What is secret is not in the repr."""

    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    api_base: str = "https://api.weixin.qq.com"
    max_age: int = 300
    page_url: str = ""
    #: Without a key messages come plain; with one, plain ones are forgeries (their signature does not cover the words). Tests take all modes.
    plain_allowed: bool = True

    @property
    def loopback(self) -> bool:
        """Whether the platform is a program on this machine."""
        return _loopback(self.api_base)


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _wechat(get: Callable[[str], str], mode: str, problems: list[str]) -> WeChat | None:
    """The account, or None when none is set."""
    token, name = get("SUFANG_WECHAT_TOKEN"), "SUFANG_WECHAT_"
    if not token:
        problems += [
            f"设了 {name}{n}，还要设 {name}TOKEN" for n in ("AES_KEY", "APP_ID", "APP_SECRET") if get(name + n)
        ]
        return None
    aes_key, app_id = get(name + "AES_KEY"), get(name + "APP_ID")
    base, page = get(name + "API_BASE").rstrip("/"), get(name + "PAGE_URL").rstrip("/")
    age = get(name + "MAX_AGE") or "300"
    if not re.fullmatch(r"\w{3,32}", token, re.A):
        problems.append(f"{name}TOKEN 应为 3 到 32 个字母或数字")
    if aes_key and not re.fullmatch(r"[A-Za-z0-9]{43}", aes_key):
        problems.append(f"{name}AES_KEY 应为 43 个字母或数字")
    if not app_id and (aes_key or get(name + "APP_SECRET")):
        problems.append(f"还缺 {name}APP_ID")
    for key, url in (("API_BASE", base), ("PAGE_URL", page)):
        if url and not (
            url.startswith("https://") or (mode == "test" and url.startswith("http://") and _loopback(url))
        ):
            problems.append(f"{name}{key} 应为 https 地址（test 里可用本机的 http 地址）")
    if not age.isdigit() or (age == "0" and mode != "test"):
        problems.append(f"{name}MAX_AGE 应为秒数，0 只在 test 里")
        age = "300"
    secret = get(name + "APP_SECRET")
    return WeChat(
        token, aes_key, app_id, secret, base or WeChat.api_base, int(age), page, not aes_key or mode == "test"
    )


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
    asr_secret: str = field(default="", repr=False)
    broker_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    allowed_origins: tuple[str, ...] = ()
    region: str = ""
    clamd: str = ""
    rate_limits_on: bool = True
    fixed_today: date | None = None
    wechat: WeChat | None = None
    proxies: int = 0
    patches_on: bool = True
    lazy_import_on: bool = True
    private_hosts: tuple[str, ...] = ()
    upstream_url: str = ""
    upstream_token: str = field(default="", repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the variables; a secret may also be given as `…_FILE`. Raises SettingsError with every problem at once."""
        env = dict(os.environ if environ is None else environ)
        problems: list[str] = []
        known = {name for name, _ in _HELP}
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
        asr = get("SUFANG_ASR_SECRET")
        if asr and len(asr) < 32:
            problems.append("SUFANG_ASR_SECRET 至少 32 个字符")
        broker = get("SUFANG_BROKER_URL")
        if broker and not re.match(r"(?:amqps?|rediss?)://", broker):
            problems.append("SUFANG_BROKER_URL 应以 amqp://、amqps://、redis:// 或 rediss:// 开头")
        redis = get("SUFANG_REDIS_URL")
        if redis and not re.match(r"rediss?://", redis):
            problems.append("SUFANG_REDIS_URL 应以 redis:// 或 rediss:// 开头")
        elif redis and importlib.util.find_spec("redis") is None:
            problems.append("设了 SUFANG_REDIS_URL，还要装 requirements/queue.txt 里的包")
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
        clamd = get("SUFANG_CLAMD")
        if clamd and not re.fullmatch(r"[\w.-]+:\d{1,5}", clamd):
            problems.append("SUFANG_CLAMD 应为 主机:端口")
        settings = cls(
            env=mode,
            host=get("SUFANG_HOST") or "127.0.0.1",
            port=number("SUFANG_PORT", 5005),
            desk_port=number("SUFANG_DESK_PORT", 5006),
            data_dir=folder,
            database_url=url,
            secret_key=secret,
            asr_secret=asr,
            broker_url=broker,
            redis_url=redis,
            allowed_origins=origins,
            region=get("SUFANG_REGION"),
            clamd=clamd,
            rate_limits_on=limits == "on",
            fixed_today=today,
            wechat=_wechat(get, mode, problems),
            proxies=int(proxies) if proxies.isdigit() else 0,
            patches_on=switches["SUFANG_PATCHES"] == "on",
            lazy_import_on=switches["SUFANG_LAZY_IMPORT"] == "on",
            private_hosts=tuple(h.strip().lower() for h in get("SUFANG_PRIVATE_HOSTS").split(",") if h.strip()),
            upstream_url=get("SUFANG_UPSTREAM_URL"),
            upstream_token=get("SUFANG_UPSTREAM_TOKEN"),
        )
        if settings.upstream_url and not safe_address(settings.upstream_url):
            problems.append("SUFANG_UPSTREAM_URL 应为 https 地址（本机可以用 http）")
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
