"""The Rasa model: trained when something that it is made from changed, and only then.

Rasa's own fingerprint does not see dictionaries, knowledge or code, and loads the newest archive when a name is wrong; so the
archive is named after a digest of everything that goes in, and exactly that file is loaded.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.settings import Settings

ROOT = Path(__file__).parent.parent
#: What a model is made from, relative to the project.
SOURCES = ("domain.yml", "config.yml", "data", "bot/knowledge", "bot/nlu", "bot/petition")
MODELS = ROOT / "models"


def _files() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in (".yml", ".txt", ".py", ".csv"))
        elif path.is_file():
            yield path


def digest() -> str:
    """Changes when data, domain, config, knowledge, dictionary or the code that learns from them changes."""
    h = hashlib.sha256()
    for path in _files():
        h.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()[:16]


def ensure_model(settings: Settings, force: bool = False) -> Path | None:
    """The model of the present sources, trained now if it is not there. None when training failed (said on stderr)."""
    from bot.knowledge.loader import KnowledgeError
    from bot.knowledge.region import regional
    from bot.petition import peril
    from bot.petition.advice.triage import load_or_train

    path = MODELS / f"sufang-{digest()}.tar.gz"
    try:
        k, models = regional(settings.region), settings.data_dir / "models"
        load_or_train(k, models)
        peril.ready(k, models)
    except KnowledgeError as e:
        print(f"知识库有错，没有启动：{e}", file=sys.stderr)
        return None
    if path.is_file() and not force:
        return path
    print("数据有变化，正在训练（约一分钟）…", file=sys.stderr)
    return path if _train(path) else None


def _train(path: Path) -> bool:
    """Runs Rasa's training in a process of its own, so that serving starts without what training imported."""
    MODELS.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "rasa", "train", "--force", "--quiet",
        "--domain", "domain.yml", "--config", "config.yml", "--data", "data/nlu", "data/rules",
        "--out", str(MODELS), "--fixed-model-name", path.name.removesuffix(".tar.gz"),
    ]  # fmt: skip
    environment = os.environ | {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or not path.is_file():
        print(f"训练没有成功：\n{done.stdout[-2000:]}{done.stderr[-4000:]}", file=sys.stderr)
        return False
    for old in MODELS.glob("sufang-*.tar.gz"):
        if old != path:
            old.unlink(missing_ok=True)
    return True
