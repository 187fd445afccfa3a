"""The same project as users of stock Rasa would run it: `rasa run` with an action server, Jieba, counts, LogisticRegression, SQL.

Domain, rules, NLU examples and actions are this project's own. What differs is what Rasa lets a user choose without writing
components: the pipeline, the tracker store, the channel. The examples of the knowledge base that our own component learns from are
given to the stock classifier too, as plain NLU examples.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from bot.knowledge.loader import knowledge
from bot.petition.dialogue.intents import rows

ROOT = Path(__file__).parent.parent
STOCK = Path(__file__).parent / "stock"


def _examples() -> dict[str, list[str]]:
    """Examples that the project's own component takes from the knowledge base, by intent."""
    out: dict[str, list[str]] = defaultdict(list)
    for text, label, _ in rows(knowledge(), ()):
        out[label].append(" ".join(text.split()))
    return out


def _names_and_phones() -> list[str]:
    """Names and telephone numbers as examples of `inform`: a stock classifier knows an answer only by its likeness to examples.

    None of them is said in the benchmark.
    """
    surnames, given = (
        "王李张刘陈杨赵黄周吴徐孙马朱胡",
        ("桂英", "秀梅", "国军", "春兰", "建华", "志刚", "丽萍", "小红", "海涛", "玉强", "建远"),
    )
    names = [s + g for s in surnames for g in given]
    phones = [f"1{30 + i % 60}{(i * 7_919_573) % 100_000_000:08d}" for i in range(120)]
    return names + phones + [f"1380{i:07d}" for i in range(1000, 9_000_000, 200_017)]


def assemble(folder: Path, action_port: int) -> Path:
    """Writes the stock project into `folder` and returns it. Nothing of `bot/nlu` or `bot/runtime` is named in it."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(ROOT / "domain.yml", folder / "domain.yml")
    shutil.copytree(ROOT / "data" / "rules", folder / "data" / "rules")
    shutil.copytree(ROOT / "data" / "nlu", folder / "data" / "nlu")
    shutil.copy(STOCK / "config.yml", folder / "config.yml")
    shutil.copy(STOCK / "credentials.yml", folder / "credentials.yml")
    shutil.copytree(ROOT / "actions", folder / "actions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(STOCK / "answers.yml", folder / "data" / "nlu" / "answers.yml")
    nlu = [
        {"intent": "inform", "examples": "".join(f"- {t}\n" for t in _names_and_phones())},
    ]
    nlu += [
        {"intent": intent, "examples": "".join(f"- {t}\n" for t in dict.fromkeys(texts))}
        for intent, texts in _examples().items()
    ]
    _write(folder / "data" / "nlu" / "knowledge.yml", {"version": "3.1", "nlu": nlu})
    endpoints: dict[str, Any] = {
        "action_endpoint": {"url": f"http://127.0.0.1:{action_port}/webhook"},
        "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(folder / "tracker.db")},
    }
    _write(folder / "endpoints.yml", endpoints)
    return folder


def _write(path: Path, value: Any) -> None:
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8")
