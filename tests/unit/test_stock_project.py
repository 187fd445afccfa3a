"""The project as stock Rasa gets it for the benchmark can still be made of what we have now."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmarks.stock_project import assemble


def test_the_stock_project_has_examples_of_every_intent_that_ours_learns(tmp_path: Path) -> None:
    folder = assemble(tmp_path / "stock", 5055)
    told = yaml.safe_load((folder / "data" / "nlu" / "knowledge.yml").read_text(encoding="utf-8"))["nlu"]
    assert {"inform", "faq"} <= {block["intent"] for block in told}
    assert all(block["examples"].startswith("- ") for block in told)
    assert (folder / "endpoints.yml").is_file()
