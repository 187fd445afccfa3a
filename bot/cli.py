"""The command line: parses, then hands over to the one function behind each command.

Exit codes: 0 done, 1 failed, 2 bad usage. Data goes to stdout, everything else to stderr. Nothing heavy is imported before
its command asks for it: `advise` and `case` run without TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from bot import __version__
from bot.settings import Settings, SettingsError


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not getattr(args, "run", None):
        parser.print_help(sys.stderr)
        return 2
    try:
        settings = Settings.from_env()
    except SettingsError as e:
        print(e, file=sys.stderr)
        return 2
    try:
        return int(args.run(args, settings))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sufang", description="诉访通：信访事项智能登记助手")
    parser.add_argument("--version", action="version", version=f"sufang {__version__}")
    commands = parser.add_subparsers(title="命令", metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="启动对话、群众页面（需要时先训练）",
        epilog=Settings.describe(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    serve.set_defaults(run=_serve)

    train = commands.add_parser("train", help="数据有变化时训练模型")
    train.add_argument("--force", action="store_true", help="不管有没有变化都训练")
    train.set_defaults(run=_train)

    advise = commands.add_parser("advise", help="读 JSONL，逐行给出渠道建议")
    advise.add_argument("file", nargs="?", type=Path, help='每行 {"id","text"}，可带 "date"；不给就读标准输入')
    advise.add_argument("--explain", action="store_true", help="同时给出用到的事实和触发的规则")
    advise.set_defaults(run=_advise)

    hotline = commands.add_parser("hotline", help="热线通话转写变成待确认的草稿，一行一个")
    hotline.add_argument("paths", nargs="+", type=Path, help="转写文件或文件夹")
    hotline.add_argument("--meta", type=Path, help="meta.jsonl：file、call_time、hotline；默认用同一文件夹里的")
    hotline.set_defaults(run=_hotline)

    evaluate = commands.add_parser("evaluate", help="在给定数据上测量")
    evaluate.add_argument("name", choices=["triage"], help="triage：渠道、机关、要素")
    evaluate.add_argument("data", type=Path, help="带标准答案的 JSONL")
    evaluate.add_argument("--json", action="store_true", help="只输出 JSON")
    evaluate.set_defaults(run=_evaluate)

    know = commands.add_parser("knowledge", help="检查知识库")
    know.add_argument("what", choices=["check"])
    know.add_argument("--stories", type=Path, help='再看这些故事受不受影响：JSONL，每行 {"id","text"}')
    know.add_argument("--accept", action="store_true", help="把现在的结果记为基准，以后的改动同它比")
    know.add_argument("--texts", type=Path, help="法律全文所在的文件夹，给了就逐条核对条号")
    know.set_defaults(run=_knowledge)

    from bot import cases_cli, security_cli

    cases_cli.add_parser(commands)
    security_cli.add_parser(commands)
    return parser


def _serve(args: argparse.Namespace, settings: Settings) -> int:
    from bot.model import ensure_model

    model = ensure_model(settings)
    if model is None:
        return 1
    from bot.server import serve

    return serve(settings, model)


def _train(args: argparse.Namespace, settings: Settings) -> int:
    from bot.model import ensure_model

    return 0 if ensure_model(settings, force=args.force) else 1


def _lines(source: TextIO, key: str = "text") -> Iterator[dict[str, Any]]:
    for number, line in enumerate(source, 1):
        if line.strip():
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or not isinstance(row.get(key), str):
                    raise ValueError(f"缺少 {key}")
            except ValueError as e:
                raise ValueError(f"第 {number} 行读不懂：{e}") from e
            yield row


def _rows(path: Path | None, key: str = "text") -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file that hold `key`, none without a path."""
    if path:
        with path.open(encoding="utf-8") as source:
            yield from _lines(source, key)


def _advise(args: argparse.Namespace, settings: Settings) -> int:
    from bot.petition.advice.command import Advise

    advise = Advise.ready(settings.data_dir / "models", settings.region)
    try:
        source = args.file.open(encoding="utf-8") if args.file else sys.stdin
        with source:
            for row in _lines(source):
                today = date.fromisoformat(str(row["date"])) if row.get("date") else settings.today()
                out = advise.one(row.get("id"), row["text"], today, args.explain)
                sys.stdout.write(json.dumps(out, ensure_ascii=False) + "\n")
    except (OSError, ValueError) as e:
        print(f"没有读完：{e}", file=sys.stderr)
        return 1
    return 0


#: Files of a folder that are not calls.
_NOT_CALLS = ("meta.jsonl", "gold.jsonl")


def _hotline(args: argparse.Namespace, settings: Settings) -> int:
    from bot.hotline.draft import drafts
    from bot.petition.advice.command import Advise

    files: list[Path] = []
    for path in args.paths:
        files += sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    files = [p for p in files if p.name not in _NOT_CALLS and not p.name.upper().startswith("README")]
    missing = [p for p in files if not p.is_file()]
    if missing or not files:
        print(f"没有这个文件：{missing[0]}" if missing else "没有找到转写文件", file=sys.stderr)
        return 2
    meta: dict[str, dict[str, Any]] = {}
    try:
        for source in [args.meta] if args.meta else sorted({p.parent / "meta.jsonl" for p in files}):
            if args.meta or source.is_file():
                for row in _rows(source, "file"):
                    meta[Path(str(row["file"])).name] = row
    except (OSError, ValueError) as e:
        print(f"meta 读不懂：{e}", file=sys.stderr)
        return 1
    advise = Advise.ready(settings.data_dir / "models", settings.region)
    bad = 0
    for done, record in enumerate(drafts(files, meta, advise.advisor), 1):
        if isinstance(record, Exception):
            bad += 1
            print(f"放在一边：{record}", file=sys.stderr)
        else:
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        if sys.stderr.isatty():
            print(f"\r{done}/{len(files)}", end="", file=sys.stderr)
    print(
        f"{len(files)} 个文件，{len(files) - bad} 个成了草稿" + (f"，{bad} 个放在一边" if bad else ""), file=sys.stderr
    )
    return 1 if bad else 0


def _evaluate(args: argparse.Namespace, settings: Settings) -> int:
    from bot.evaluation import triage_report

    try:
        report = triage_report(args.data, settings)
    except (OSError, ValueError, KeyError) as e:
        print(f"没有测成：{e}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for key, value in report.items():
            print(f"{key:24} {value}")
    return 0


def _knowledge(args: argparse.Namespace, settings: Settings) -> int:
    from bot.knowledge.check import citation_problems, notes, problems
    from bot.knowledge.loader import KnowledgeError
    from bot.knowledge.plain import plain_problems
    from bot.knowledge.region import regional
    from bot.petition.advice import effects

    try:
        k = regional(settings.region)
        found = problems(k, settings.today()) + plain_problems(k)
        if args.texts:
            found += citation_problems(k, args.texts)
        for line in notes(k):
            print(f"提示：{line}", file=sys.stderr)
        if not found:
            for line in effects.report(k, settings, list(_rows(args.stories)), args.accept):
                print(line)
    except (KnowledgeError, OSError, ValueError) as e:
        found = [str(e)]
    for line in found:
        print(line)
    print(f"发现 {len(found)} 个问题" if found else "知识库没有问题", file=sys.stderr)
    return 1 if found else 0
