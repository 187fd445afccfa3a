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
    args, rest = parser.parse_known_args(argv)
    if rest and getattr(args, "run", None) is not _bench:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.rest = rest
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
    serve.add_argument("--workers", type=int, default=1, help="进程数；多于一个时前面要有 nginx（默认 1）")
    serve.add_argument("--no-desk", action="store_true", help="不带工作台")
    serve.set_defaults(run=_serve)

    train = commands.add_parser("train", help="数据有变化时训练模型")
    train.add_argument("--force", action="store_true", help="不管有没有变化都训练")
    train.set_defaults(run=_train)

    advise = commands.add_parser("advise", help="读 JSONL，逐行给出渠道建议")
    advise.add_argument("file", nargs="?", type=Path, help='每行 {"id","text"}，可带 "date"；不给就读标准输入')
    advise.add_argument("--explain", action="store_true", help="同时给出用到的事实和触发的规则")
    advise.set_defaults(run=_advise)

    hotline = commands.add_parser("hotline", help="热线通话转写变成待确认的草稿，一行一个")
    from bot.hotline import command as hotline_command

    hotline_command.add_arguments(hotline)
    hotline.set_defaults(run=hotline_command.run)

    evaluate = commands.add_parser("evaluate", help="在给定数据上测量")
    evaluate.add_argument(
        "name",
        choices=["triage", "spans", "values", "addresses", "intents", "topics", "personas"],
        help="triage：渠道、机关、要素；spans：要素；values：电话证件金额日期人数；addresses：地址；intents：意图；topics：主题；personas：模拟群众",
    )
    evaluate.add_argument("data", type=Path, help="带标准答案的文件")
    evaluate.add_argument("--chat", type=Path, help="intents：一份闲聊，看分不分得出来")
    evaluate.add_argument("--url", default="http://127.0.0.1:5005", help="personas：正在运行的服务")
    evaluate.add_argument("--json", action="store_true", help="只输出 JSON")
    evaluate.set_defaults(run=_evaluate)

    bench = commands.add_parser("bench", help="和原版 Rasa 在这台机器上并排测量，结果是倍数", add_help=False)
    bench.set_defaults(run=_bench)

    know = commands.add_parser("knowledge", help="检查知识库")
    know.add_argument("what", choices=["check"])
    know.add_argument("--stories", type=Path, help='再看这些故事受不受影响：JSONL，每行 {"id","text"}')
    know.add_argument("--accept", action="store_true", help="把现在的结果记为基准，以后的改动同它比")
    know.add_argument("--baseline", type=Path, help="基准放在哪个文件；默认和知识库（或者地区文件）放在一起")
    know.add_argument("--texts", type=Path, help="法律全文所在的文件夹，给了就逐条核对条号")
    know.set_defaults(run=_knowledge)

    from bot import cases_cli, security_cli
    from bot.channels.wechat import commands as wechat_cli

    cases_cli.add_parser(commands)
    security_cli.add_parser(commands)
    wechat_cli.add_parser(commands)
    return parser


def _serve(args: argparse.Namespace, settings: Settings) -> int:
    from bot.model import ensure_model

    model = ensure_model(settings)
    if model is None:
        return 1
    if args.workers > 1:
        from bot.runtime.workers import run

        return run(settings, args.workers)
    from bot.server import serve

    return serve(settings, model, with_desk=not args.no_desk)


def _bench(args: argparse.Namespace, settings: Settings) -> int:
    try:
        from benchmarks.side_by_side import main as run
    except ModuleNotFoundError:
        print("测量程序在源代码的 benchmarks/ 里，请在那里运行", file=sys.stderr)
        return 1
    return run(args.rest)


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


def _evaluate(args: argparse.Namespace, settings: Settings) -> int:
    from subprocess import TimeoutExpired

    from bot.knowledge.loader import KnowledgeError

    try:
        report = _report(args, settings)
    except (OSError, ValueError, KeyError, KnowledgeError, TimeoutExpired) as e:
        print(f"没有测成：{e}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for key, value in report.items():
            print(f"{key:24} {value}")
    return 0


def _report(args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """The measurement that was asked for; each imports what only it needs."""
    if args.name == "triage":
        from bot.evaluation.triage import triage_report

        return triage_report(args.data, settings)
    if args.name == "spans":
        from bot.evaluation.spans import spans_report

        return spans_report(args.data, settings)
    if args.name == "values":
        from bot.evaluation.values import values_report

        return values_report(args.data)
    if args.name == "addresses":
        from bot.evaluation.addresses import addresses_report

        return addresses_report(args.data)
    if args.name == "intents":
        from bot.evaluation.intents import intents_report

        return intents_report(args.data, args.chat)
    if args.name == "topics":
        from bot.evaluation.topics import topics_report

        return topics_report(args.data)
    from bot.evaluation.personas import personas_report

    return personas_report(args.data, args.url)


def _knowledge(args: argparse.Namespace, settings: Settings) -> int:
    from bot.knowledge.check import citation_problems, notes, problems, upcoming
    from bot.knowledge.loader import KnowledgeError
    from bot.knowledge.plain import plain_problems
    from bot.knowledge.region import regional
    from bot.petition.advice import effects

    try:
        k = regional(settings.region)
        found = problems(k, settings.today()) + plain_problems(k)
        if args.texts:
            found += citation_problems(k, args.texts)
        for line in [*notes(k), *upcoming(k, settings.today())]:
            print(f"提示：{line}", file=sys.stderr)
        if not found:
            for line in effects.report(k, settings, list(_rows(args.stories)), args.accept, args.baseline):
                print(line)
    except (KnowledgeError, OSError, ValueError) as e:
        found = [str(e)]
    for line in found:
        print(line)
    print(f"发现 {len(found)} 个问题" if found else "知识库没有问题", file=sys.stderr)
    return 1 if found else 0
