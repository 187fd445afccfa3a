"""The trained model for tests of the runtime, on data of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("runtime")
    (folder / "models").symlink_to(ROOT / "var" / "models", target_is_directory=True)
    names = {"SUFANG_ENV": "test", "SUFANG_NOW": "2026-11-23", "SUFANG_DATA_DIR": str(folder)}
    os.environ |= names
    yield folder
    for name in names:
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def model(data_dir: Path) -> Path:
    from bot.model import ensure_model
    from bot.settings import Settings

    path = ensure_model(Settings.from_env({"SUFANG_DATA_DIR": str(ROOT / "var")}))
    assert path is not None
    return path
