"""A demonstration office in one command, and its weekly report as JSON, CSV and a file to print."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from bot.cli import main


def test_simulate_fills_an_office_and_the_report_comes_in_three_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, value in (("DATA_DIR", str(tmp_path)), ("ENV", "test"), ("NOW", "2026-11-23")):
        monkeypatch.setenv(f"SUFANG_{key}", value)
    assert main(["simulate", "--cases", "12"]) == 0
    assert "demo-clerk" in capsys.readouterr().out
    assert main(["report", "weekly"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [t["people"] for t in report["topics"]] == [7]
    assert report["registered"] >= 7
    assert main(["report", "weekly", "--csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out.lstrip("\ufeff"))))
    assert rows[0] == ["group", "name", "figure", "说明"]
    assert ["registered", "", str(report["registered"]), "登记"] in rows
    assert ["topics", "1/people", "7", "热点，1，人数"] in rows
    assert main(["report", "weekly", "--html"]) == 0
    page = capsys.readouterr().out
    assert "<svg" in page
    assert "电梯" in page
    assert "/desk/" not in page  # one file that needs nothing else
    assert "检举" not in page.replace("检举控告不计入", "")
