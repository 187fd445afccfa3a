"""`hotline`: transcripts in, drafts out, with progress on stderr."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bot.settings import Settings

if TYPE_CHECKING:  # what reads calls is loaded when the command runs: other commands start without it
    from bot.hotline.batch import Item
    from bot.petition.advice.engine import Advisor

#: A line of progress where there is no terminal for a bar, every so many calls.
EVERY = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("paths", nargs="+", type=Path, help="转写文件或文件夹")
    parser.add_argument("--meta", type=Path, help="meta.jsonl：file、call_time、hotline；默认用同一文件夹里的")
    parser.add_argument(
        "--out", type=Path, help="草稿写到这个文件；中断以后再运行一次，接着做没做完的（默认写到标准输出）"
    )
    parser.add_argument("--bad", type=Path, help="读不懂的文件和原因写到这个文件（默认：OUT.bad.jsonl）")
    parser.add_argument("--index", type=Path, help="查重的索引文件，跨次使用（默认：OUT.index，没有 --out 就不保留）")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="用几个进程（默认 1）")
    parser.add_argument("--cluster", metavar="ADDRESS", help="用 Dask 集群：local，或者 tls://主机:端口（配 --tls）")
    parser.add_argument("--tls", nargs=3, type=Path, metavar=("CA", "CERT", "KEY"), help="连集群用的证书文件")
    parser.add_argument("--desk", action="store_true", help="同时放进工作台，等工作人员对照转写确认")


def load_advisor(models: str, region: str) -> Advisor:
    """The advisor of an installation, for every process of a run."""
    from bot.petition.advice.command import Advise

    return Advise.ready(Path(models), region, deep=False).advisor


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit code: 0 when the run came to its end, whatever was set aside; 1 when nothing could be read."""
    from bot.hotline.batch import SetAside, files_of, finished, items_of, outcomes, read_meta, records
    from bot.hotline.repeats import Repeats

    missing = [p for p in args.paths if not p.exists()]
    if missing:
        print(f"没有这个文件：{missing[0]}", file=sys.stderr)
        return 2
    if args.workers < 1:
        print("--workers 至少是 1", file=sys.stderr)
        return 2
    files = list(dict.fromkeys(files_of(args.paths)))
    if not files:
        print("没有找到转写文件", file=sys.stderr)
        return 2
    meta: dict[str, tuple[str, str]] = {}
    try:
        for source in [args.meta] if args.meta else sorted({f.parent / "meta.jsonl" for f in files}):
            if args.meta or source.is_file():
                meta |= read_meta(source)
        done = finished(args.out) if args.out else set()
    except (OSError, ValueError) as e:
        print(f"读不懂：{e}", file=sys.stderr)
        return 1
    items = [i for i in items_of(files, meta) if i.path.name not in done]
    if done:
        print(f"接着上一次：{len(files) - len(items)} 个已经做完", file=sys.stderr)
    make = partial(load_advisor, str(settings.data_dir / "models"), settings.region)
    if (args.workers > 1 or args.cluster) and items:
        make()  # learns the model once, before several processes want it
    with ExitStack() as stack:
        repeats = stack.enter_context(Repeats(args.index or (Path(f"{args.out}.index") if args.out else None)))
        out: IO[str] = stack.enter_context(args.out.open("a", encoding="utf-8")) if args.out else sys.stdout
        aside = args.bad or (Path(f"{args.out}.bad.jsonl") if args.out else None)
        bad = stack.enter_context(aside.open("w", encoding="utf-8")) if aside else None
        keep = _desk(settings) if args.desk else None
        good = wrong = 0
        try:
            found = stack.enter_context(_clustered(args, items, make)) if args.cluster else None
        except (ValueError, ImportError, OSError) as e:
            print(f"集群用不了：{e}", file=sys.stderr)
            return 1
        done_by = found if found is not None else outcomes(items, make, args.workers)
        for item, outcome in _progress(records(done_by, repeats, bool(args.desk)), len(items)):
            if isinstance(outcome, SetAside):
                wrong += 1
                print(f"放在一边：{outcome.reason}", file=sys.stderr)
                if bad:
                    bad.write(json.dumps({"file": outcome.file, "reason": outcome.reason}, ensure_ascii=False) + "\n")
                continue
            good += 1
            if keep:
                keep(item, outcome)
            out.write(json.dumps(outcome, ensure_ascii=False) + "\n")
            if args.out:
                out.flush()
    print(f"{good + wrong} 个文件，{good} 个成了草稿" + (f"，{wrong} 个放在一边" if wrong else ""), file=sys.stderr)
    return 1 if wrong and not good and not done else 0


@contextmanager
def _clustered(args: argparse.Namespace, items: list[Item], make: Any) -> Iterator[Any]:
    """The outcomes of a Dask cluster."""
    from bot.hotline import cluster

    tls = cluster.Tls(*args.tls) if args.tls else None
    address = "" if args.cluster == "local" else args.cluster
    with cluster.client(address, max(args.workers, 2), tls) as connected:
        yield cluster.outcomes(items, make, connected)


def _progress(rows: Iterator[tuple[Item, Any]], total: int) -> Iterator[tuple[Item, Any]]:
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(rows, total=total, unit="个", file=sys.stderr, smoothing=0.05)
        return
    for number, row in enumerate(rows, 1):
        yield row
        if number % EVERY == 0:
            print(f"{number}/{total}", file=sys.stderr)


def _desk(settings: Settings) -> Any:
    from bot.hotline.formats import read
    from bot.hotline.roles import turn_roles
    from bot.storage.drafts import DraftStore
    from bot.storage.open import open_engine, open_keyring

    store = DraftStore(open_engine(settings), open_keyring(settings))

    def keep(item: Item, record: dict[str, Any]) -> None:
        call = read(item.path)
        store.put(record, list(zip(turn_roles(call), (t.text for t in call.turns), strict=True)), settings.now())

    return keep
