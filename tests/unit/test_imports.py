"""The import law: the core stays pure, and only the Rasa rooms import Rasa."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HEAVY = {"rasa", "tensorflow", "sanic"}
#: room → top-level packages that it must not import
LAW = {
    "bot/petition": HEAVY | {"rasa_sdk", "sqlalchemy", "aiohttp", "actions"},
    "bot/knowledge": HEAVY | {"rasa_sdk", "sqlalchemy", "aiohttp", "actions"},
    "bot/storage": HEAVY | {"rasa_sdk", "actions"},
    "bot/desk": HEAVY | {"rasa_sdk", "actions"},
    "bot/upstream": HEAVY | {"rasa_sdk", "actions"},
    "actions": HEAVY,
}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return names | {
        n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and not n.level
    }


@pytest.mark.parametrize("room", LAW)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = {str(p): bad for p in (ROOT / room).rglob("*.py") if (bad := imported(p) & LAW[room])}
    assert not wrong


@pytest.mark.parametrize("module", ["bot.cli", "actions.base", "bot.petition.advice.command", "bot.cases_cli"])
def test_light_commands_do_not_load_rasa_or_tensorflow(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'rasa', 'tensorflow', 'sklearn'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
