"""`keys`, `audit`, `backup`, `restore` and `retention`: what an operator does to keep an installation safe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bot.petition.errors import PetitionError
from bot.settings import Settings


def add_parser(commands: Any) -> None:
    """Adds the commands."""
    keys = commands.add_parser("keys", help="加密密钥")
    rotate = keys.add_subparsers(dest="what", required=True).add_parser(
        "rotate", help="换数据密钥，中断了再运行就接着做"
    )
    rotate.add_argument("--resume", action="store_true", help="不再生成新密钥，只把没换完的换完")
    rotate.add_argument("--master", action="store_true", help="换主密钥（先停服务）")
    rotate.add_argument("--new-secret-file", type=Path, help="新的主密钥写在这个文件里（用 SUFANG_SECRET_KEY 的安装）")
    keys.set_defaults(run=_keys)
    audit = commands.add_parser("audit", help="审计日志的哈希链")
    what = audit.add_subparsers(dest="what", required=True)
    verify = what.add_parser("verify", help="逐条核对，任何一行被改、被删、被插都找得出来")
    verify.add_argument("--anchor", action="append", default=[], help="从前留存的链尾，n:mac；可以给几个")
    verify.add_argument("--anchors", type=Path, help="留存链尾的文件（默认数据文件夹里的 audit.anchors）")
    what.add_parser("anchor", help="留存并打印现在的链尾，请抄到别的机器上")
    audit.set_defaults(run=_audit)
    backup = commands.add_parser("backup", help="备份数据库和附件，一个加密文件，服务不用停")
    backup.add_argument("file", type=Path)
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="从备份恢复到空的数据库")
    restore.add_argument("file", type=Path)
    restore.add_argument("--check", action="store_true", help="只检查备份能不能读完，不恢复")
    restore.set_defaults(run=_restore)


def _attempt(work: Any) -> int:
    from bot.storage.crypto import DecryptionError

    try:
        return int(work())
    except (PetitionError, DecryptionError, OSError) as e:
        print(e, file=sys.stderr)
        return 1


def _keys(args: argparse.Namespace, settings: Settings) -> int:
    return _attempt(lambda: _rotate_master(args, settings) if args.master else _rotate(args, settings))


def _progress(n: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{n}", end="", file=sys.stderr)


def _rotate(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage import rotation
    from bot.storage.open import open_engine, open_keyring, prepare

    prepare(settings)
    engine, keys, files = open_engine(settings), open_keyring(settings), settings.data_dir / "attachments"
    if not args.resume:
        rotation.begin(engine, keys)
    done = rotation.reseal(engine, keys, files, _progress)
    gone = rotation.finish(engine, keys, files, settings.now())
    print(f"重新加密 {done.resealed} 处，销毁旧数据密钥 {gone} 把", file=sys.stderr)
    if done.unlisted:
        print(f"这些列还用旧密钥：{'、'.join(done.unlisted)}", file=sys.stderr)
    if done.unreadable:
        print(f"{done.unreadable} 处打不开，没有动", file=sys.stderr)
    return 1 if done.unreadable else 0


def _rotate_master(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage import rotation
    from bot.storage.crypto import Keyring, load_or_create_key
    from bot.storage.open import open_engine, open_keyring, prepare

    path, engine = settings.data_dir / "secret.key", open_engine(settings)
    fresh = path.with_suffix(".new")
    if settings.secret_key:
        if args.new_secret_file is None:
            print("主密钥来自 SUFANG_SECRET_KEY：请用 --new-secret-file 给出新的", file=sys.stderr)
            return 2
        text = args.new_secret_file.read_text(encoding="utf-8").strip()
        if len(text) < 32:
            print("新的主密钥至少 32 个字符", file=sys.stderr)
            return 2
        new = Keyring.of_text(text)
    else:
        new = Keyring(load_or_create_key(fresh))
        if rotation.opens(engine, new) and not rotation.opens(engine, open_keyring(settings)):
            rotation.replace_key_file(path, fresh)  # the last run was stopped between the database and the file
            print("接着上次的做完了", file=sys.stderr)
            return 0
    prepare(settings)
    count = rotation.change_master(engine, open_keyring(settings), new)
    if settings.secret_key:
        print(f"{count} 把数据密钥换了主密钥。现在把 SUFANG_SECRET_KEY 换成新的再启动服务", file=sys.stderr)
    else:
        rotation.replace_key_file(path, fresh)
        print(f"{count} 把数据密钥换了主密钥，旧的在 secret.old：旧备份过期以前另存一份", file=sys.stderr)
    return 0


def _audit(args: argparse.Namespace, settings: Settings) -> int:
    return _attempt(lambda: _verify(args, settings) if args.what == "verify" else _anchor(settings))


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage import audit
    from bot.storage.open import open_engine, open_keyring, upgrade

    upgrade(settings.database_url)
    path = args.anchors or settings.data_dir / "audit.anchors"
    known = list(args.anchor) + (audit.anchors(path) if path.is_file() else [])
    found = audit.verify(open_engine(settings), open_keyring(settings), known)
    for problem in found.problems:
        print(problem)
    print(f"核对了 {found.entries} 条链、{found.rows} 行，链尾 {found.head}", file=sys.stderr)
    print(f"发现 {len(found.problems)} 个问题" if found.problems else "没有发现问题", file=sys.stderr)
    return 1 if found.problems else 0


def _anchor(settings: Settings) -> int:
    from bot.storage import audit
    from bot.storage.open import open_engine, prepare

    prepare(settings)
    print(audit.anchor(open_engine(settings), settings.data_dir / "audit.anchors"))
    return 0


def _backup(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage import backup
    from bot.storage.open import open_keyring, upgrade

    def work() -> int:
        upgrade(settings.database_url)
        keys, files = open_keyring(settings), settings.data_dir / "attachments"
        done = backup.backup(settings.database_url, keys, files, args.file)
        print(f"备份了 {sum(done.rows.values())} 行、{done.files} 个附件。主密钥不在里面，请另存一处", file=sys.stderr)
        return 0

    return _attempt(work)


def _restore(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage import audit, backup
    from bot.storage.open import open_engine, open_keyring, upgrade

    def work() -> int:
        keys, files = open_keyring(settings), settings.data_dir / "attachments"
        if args.check:
            done = backup.check(args.file, keys)
        else:
            if settings.database_url.startswith("sqlite:///"):
                settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            done = backup.restore(args.file, settings.database_url, keys, files, settings.today())
            upgrade(settings.database_url)
        print(f"{done.made_at} 的备份：{sum(done.rows.values())} 行、{done.files} 个附件", file=sys.stderr)
        if args.check:
            return 0
        found = audit.verify(open_engine(settings), open_keyring(settings))
        print("\n".join(found.problems) or "恢复完成，审计链完好", file=sys.stderr)
        return 1 if found.problems else 0

    return _attempt(work)
