"""Runs over many files: order, repeats, bad files, resuming, several processes, a file that kills its process."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hotline.making import calls, write

from bot.hotline import batch, command
from bot.hotline.batch import Item, SetAside, files_of, finished, items_of, read_meta, records
from bot.hotline.command import load_advisor
from bot.hotline.repeats import Repeats, content_id

ROOT = Path(__file__).parent.parent.parent
CALLS = {c["id"]: c for c in calls()}
MAKE = partial(load_advisor, str(ROOT / "var" / "models"), "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's calls, one of them twice under another name, and files that are none."""
    path = tmp_path / "calls"
    path.mkdir()
    meta = []
    for c in CALLS.values():
        file = write(path, c["id"], c["format"], c["turns"])
        meta.append({"file": file.name, "call_time": c["time"], "hotline": c["hotline"]})
    again = write(path, "lift_again", "srt", CALLS["lift"]["turns"])
    meta.append({"file": again.name, "call_time": "2026-04-02T10:00:00+08:00", "hotline": "合肥"})
    (path / "meta.jsonl").write_text("\n".join(json.dumps(m) for m in meta), encoding="utf-8")
    (path / "README.md").write_text("no call", encoding="utf-8")
    (path / "broken.json").write_text(
        '{"Response": {"Data": {"ResultDetail": [{"FinalSentence": 7}]}}}', encoding="utf-8"
    )
    (path / "empty.txt").write_text("", encoding="utf-8")
    return path


def run(folder: Path, advisor: Any, repeats: Repeats, workers: int = 1) -> dict[str, Any]:
    items = items_of(files_of([folder]), read_meta(folder / "meta.jsonl"))
    make = MAKE if workers > 1 else lambda: advisor
    return {i.path.name: o for i, o in records(batch.outcomes(items, make, workers), repeats)}


def test_a_folder_gives_its_drafts_and_sets_the_others_aside_with_reasons(folder: Path, advisor) -> None:
    with Repeats() as repeats:
        found = run(folder, advisor, repeats)
    assert len(found) == len(CALLS) + 3
    aside = {n: o.reason for n, o in found.items() if isinstance(o, SetAside)}
    assert set(aside) == {"broken.json", "empty.txt"}
    assert "ResultDetail[0]" in aside["broken.json"]
    doubled = {n: o["duplicate_of"] for n, o in found.items() if isinstance(o, dict) and o["duplicate_of"]}
    assert doubled == {"lift_again.srt": "lift.json"}


def test_the_index_of_repeats_outlives_the_run_and_counts_a_call_once(folder: Path, advisor, tmp_path: Path) -> None:
    index = tmp_path / "calls.index"
    with Repeats(index) as repeats:
        first = run(folder, advisor, repeats)
        size = len(repeats)
    with Repeats(index) as repeats:
        second = run(folder, advisor, repeats)
        assert len(repeats) == size
    plain = [{n: o["duplicate_of"] for n, o in r.items() if isinstance(o, dict)} for r in (first, second)]
    assert plain[0] == plain[1]
    assert index.stat().st_mode & 0o077 == 0


def test_a_run_that_is_killed_has_lost_no_call_of_the_index(folder: Path, advisor, tmp_path: Path) -> None:
    """What resumes skips the calls that have a draft: one that repeats them must find them all the same."""
    index = tmp_path / "calls.index"
    killed = Repeats(index)
    run(folder, advisor, killed)
    with Repeats(index) as beside:  # nothing was closed or committed by the run
        assert len(beside) == len(killed)
        assert len(beside) > 0
    killed.close()


def test_two_people_about_one_shop_are_one_matter_and_two_shops_are_not(advisor) -> None:
    def record(name: str, phone: str, shop: str, district: str) -> dict[str, Any]:
        turns = [
            (w, t.replace("幺三七五五五零幺二三四", phone).replace("捷安", shop).replace("翠竹苑", district))
            for w, t in CALLS["lift"]["turns"]
        ]
        from bot.hotline.draft import draft
        from bot.hotline.formats import Transcript, Turn

        made = tuple(Turn("坐席" if w == "a" else "市民", t) for w, t in turns)
        return draft(Transcript("txt", made), name, advisor, "2026-03-28T10:00:00+08:00", "合肥")

    with Repeats() as repeats:
        repeats.add(record("a", "幺三七五五五零幺二三四", "捷安", "翠竹苑"))
        neighbour = repeats.same(record("b", "幺五零零零零零九八七六", "捷安", "翠竹苑"))
        elsewhere = repeats.same(record("c", "幺五零零零零零九八七七", "恒顺", "河畔里"))
    assert neighbour is not None
    assert neighbour["file"] == "a"
    assert elsewhere is None


def test_the_identity_of_a_call_is_its_content(folder: Path, advisor) -> None:
    with Repeats() as repeats:
        found = run(folder, advisor, repeats)
    ids = {content_id(o) for o in found.values() if isinstance(o, dict)}
    assert len(ids) == len(CALLS) + 1  # another day is another call


def test_an_interrupted_run_goes_on_behind_the_last_whole_line(tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    assert finished(out) == set()
    out.write_text('{"file": "a"}\n{"file": "b"}\n{"file": "c", "ro', encoding="utf-8")
    assert finished(out) == {"a", "b"}
    assert out.read_text(encoding="utf-8") == '{"file": "a"}\n{"file": "b"}\n'


def test_the_command_resumes_and_ends_well(folder: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    from bot.cli import main

    monkeypatch.setenv("SUFANG_DATA_DIR", str(ROOT / "var"))
    out = tmp_path / "drafts.jsonl"
    assert main(["hotline", str(folder), "--out", str(out)]) == 0
    whole = out.read_text(encoding="utf-8").splitlines()
    out.write_text("\n".join(whole[:4]) + "\n" + whole[4][:20], encoding="utf-8")
    assert main(["hotline", str(folder), "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert "接着上一次：4 个" in told.err
    assert told.out == ""
    assert out.read_text(encoding="utf-8").splitlines() == whole
    bad = [json.loads(x) for x in (tmp_path / "drafts.jsonl.bad.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {b["file"] for b in bad} == {"broken.json", "empty.txt"}


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_a_bar_on_a_terminal_and_plain_lines_elsewhere(monkeypatch, terminal: bool) -> None:
    told = io.StringIO()
    monkeypatch.setattr(told, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setattr(command, "EVERY", 2)
    item = Item(Path("a.json"))
    assert len(list(command._progress(iter([(item, {})] * 4), 4))) == 4
    assert ("100%" in told.getvalue()) == terminal
    assert (told.getvalue() == "2/4\n4/4\n") == (not terminal)


def test_two_processes_give_what_one_gives(folder: Path, advisor) -> None:
    with Repeats() as repeats:
        one = run(folder, advisor, repeats)
    with Repeats() as repeats:
        two = run(folder, advisor, repeats, workers=2)
    assert one == two
    assert list(one) == list(two)


def _killed_by_poison(item: Item, advisor: Any) -> Any:
    if "poison" in item.path.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return batch_one(item, advisor)


batch_one = batch.one


def _make_poisoned() -> Any:
    batch.one = _killed_by_poison
    return MAKE()


def test_a_file_that_kills_its_process_is_set_aside_and_loses_no_other(folder: Path) -> None:
    write(folder, "poison", "txt", CALLS["policy"]["turns"])
    items = items_of(files_of([folder]), {})
    found = [(i.path.name, o) for i, o in batch.outcomes(items, _make_poisoned, workers=2)]
    assert sorted(n for n, _ in found) == sorted(i.path.name for i in items)
    aside = {n: o.reason for n, o in found if isinstance(o, SetAside)}
    assert set(aside) == {"broken.json", "empty.txt", "poison.txt"}
    assert "中断" in aside["poison.txt"]


def test_a_meta_file_that_is_wrong_says_where(tmp_path: Path) -> None:
    path = tmp_path / "meta.jsonl"
    path.write_text('{"file": "a", "call_time": ""}\n{"nofile": 1}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"meta\.jsonl 第 2 行"):
        read_meta(path)
