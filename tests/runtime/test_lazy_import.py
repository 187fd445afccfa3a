"""TensorFlow stays out of a serving process, comes when a model needs it, and the way round can be switched off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SERVE_FIVE_TURNS = """
import bot.__main__  # as `python -m bot` begins: one thread for linear algebra
import asyncio, json, sys
from pathlib import Path
from bot.model import ensure_model
from bot.server import build, warm_up
from bot.settings import Settings
settings = Settings.from_env()
app = build(settings, ensure_model(Settings.from_env({"SUFANG_DATA_DIR": "var"})))
from rasa.core.channels.channel import UserMessage
from bot.channels.output import MessageCollector
from bot.runtime import lazy_import
said = []
async def talk():
    await warm_up(app)
    for i, text in enumerate(["你好", "楼下川菜馆的油烟从今年三月开始往我家窗户灌", "帮我登记", "要求装净化设备", "谢谢"]):
        out = MessageCollector()
        await app.ctx.agent.handle_message(UserMessage(text, out, "c", message_id=str(i)))
        said.append(out.messages[-1]["text"])
asyncio.run(talk())
memory = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
print(json.dumps({"said": said, "loaded": lazy_import.LOADED, "tensorflow": "tensorflow" in sys.modules, "memory": memory}))
"""

LOADS_ON_DEMAND = """
import json, sys
from bot.runtime import lazy_import
assert lazy_import.install()
import rasa.core.agent
before = "tensorflow" in sys.modules
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
DefaultV1Recipe()._from_registry("DIETClassifier")
import numpy
from rasa.utils.tensorflow.model_data import ragged_array_to_ndarray
array = ragged_array_to_ndarray([numpy.array([1]), numpy.array([1, 2])])
import rasa.utils.train_utils
print(json.dumps({"before": before, "after": "tensorflow" in sys.modules, "shape": list(array.shape),
                  "callback": rasa.utils.train_utils.__name__, "split": callable(rasa.utils.train_utils.create_common_callbacks)}))
"""


def run(script: str, folder: Path, **settings: str) -> dict:
    env = {k: v for k, v in os.environ.items() if not k.startswith("SUFANG_")}
    env |= {"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    if not (folder / "models").exists():
        (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env=env | settings,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_serving_never_loads_tensorflow_and_says_the_same_with_it(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    lean = run(SERVE_FIVE_TURNS, tmp_path / "a")
    assert (lean["tensorflow"], lean["loaded"]) == (False, [])
    assert lean["memory"] < 320
    full = run(SERVE_FIVE_TURNS, tmp_path / "b", SUFANG_LAZY_IMPORT="off", SUFANG_PATCHES="off")
    assert full["tensorflow"] is True
    assert full["said"] == lean["said"]


def test_what_was_deferred_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    told = run(LOADS_ON_DEMAND, tmp_path)
    assert told == {"before": False, "after": True, "shape": [2], "callback": "rasa.utils.train_utils", "split": True}
