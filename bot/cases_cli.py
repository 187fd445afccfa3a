"""`case` and `db upgrade`: working a case from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timezone
from typing import Any

from bot.petition.errors import PetitionError
from bot.petition.keys import AGENCIES
from bot.petition.lifecycle import STATUS_NAMES, targets
from bot.petition.progress import next_of
from bot.petition.roles import ROLES
from bot.settings import Settings


def add_parser(commands: Any) -> None:
    """Adds both commands."""
    case = commands.add_parser("case", help="在命令行上看一件事、办一件事")
    what = case.add_subparsers(dest="what", required=True)
    show = what.add_parser("show", help="看一件事的状态和经过")
    show.add_argument("case_no")
    listing = what.add_parser("list", help="列出登记的事")
    listing.add_argument("--status", choices=sorted(STATUS_NAMES), default="")
    listing.add_argument("--limit", type=int, default=50)
    move = what.add_parser("move", help="把一件事办到下一步")
    move.add_argument("case_no")
    move.add_argument("--to", required=True, choices=sorted(STATUS_NAMES))
    move.add_argument("--by", required=True, help="办理人")
    move.add_argument("--role", required=True, choices=["clerk", "handler", "supervisor", "discipline", "petitioner"])
    move.add_argument("--note", default="")
    move.add_argument("--kind", choices=["转送", "交办"])
    move.add_argument("--agency", choices=AGENCIES)
    for name in ("reason", "basis", "where", "notice"):
        move.add_argument(f"--{name}")
    move.add_argument("--approved-by", help="不起作用：谁批准的延期，由系统按督查的批准来记")
    case.set_defaults(run=_case)
    user = commands.add_parser("user", help="工作台的用户")
    add = user.add_subparsers(dest="what", required=True).add_parser("add", help="新建用户，密码只显示一次")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=list(ROLES))
    add.add_argument("--agency", choices=AGENCIES, default="", help="承办人的机关")
    add.add_argument("--token", action="store_true", help="给程序用的令牌，标准输出只有令牌")
    user.set_defaults(run=_user)
    report = commands.add_parser("report", help="报表，只统计自己的件")
    report.add_argument("what", choices=["weekly"])
    form = report.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="输出 CSV，默认 JSON")
    form.add_argument("--html", action="store_true", help="输出一个网页文件，可以打印、寄送")
    report.set_defaults(run=_report)
    simulate = commands.add_parser("simulate", help="造一间演示用的办公室：虚构的件和用户")
    simulate.add_argument("--cases", type=int, default=200, help="多少件（默认 200）")
    simulate.add_argument("--seed", type=int, default=1, help="同一个数造出同样的件")
    simulate.set_defaults(run=_simulate)
    db = commands.add_parser("db", help="数据库")
    db.add_argument("what", choices=["upgrade", "reindex"], help="upgrade：更新表结构；reindex：让早先登记的件也能查到")
    db.set_defaults(run=_db)


def _user(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage.open import open_engine, open_keyring, upgrade
    from bot.storage.staff import StaffStore

    try:
        upgrade(settings.database_url)
        store = StaffStore(open_engine(settings), open_keyring(settings))
        secret = store.add(args.name, args.role, args.agency, settings.now(), args.token)
    except PetitionError as e:
        print(e, file=sys.stderr)
        return 1
    if args.token:
        print(secret)
    else:
        print(f"已建用户 {args.name}（{ROLES[args.role]}）。第一次登录的密码，只显示这一次：{secret}")
    return 0


def _simulate(args: argparse.Namespace, settings: Settings) -> int:
    from bot.desk import simulate
    from bot.knowledge.loader import knowledge
    from bot.petition.advice.command import advisor_of
    from bot.storage.open import open_cases, open_engine, open_keyring, upgrade
    from bot.storage.stores import Stores

    try:
        upgrade(settings.database_url)
        cases = open_cases(settings)
        real = [v for v in cases.find(limit=1) if not cases.is_demo(v.case_no)]
        if real:
            print("数据库里已经有真实的件，演示数据不能混进去。换一个 SUFANG_DATA_DIR 再来。", file=sys.stderr)
            return 1
        k = knowledge()
        advisor = advisor_of(k, settings.data_dir / "models")
        made = simulate.fill(advisor, cases, settings.today(), args.cases, args.seed)
        stores = Stores.of(open_engine(settings), open_keyring(settings), settings.data_dir / "attachments")
        stores.notices.remind(settings.now(), settings.today())
        users = simulate.accounts(stores.staff, settings.now())
    except PetitionError as e:
        print(e, file=sys.stderr)
        return 1
    print(f"造了 {made} 件。用户和第一次登录的密码：")
    for name, password in users:
        print(f"  {name}  {password}")
    return 0


def _report(args: argparse.Namespace, settings: Settings) -> int:
    from bot.petition.report import weekly
    from bot.storage.figures import Figures
    from bot.storage.open import open_engine, open_keyring, upgrade

    try:
        upgrade(settings.database_url)
        report = weekly(Figures(open_engine(settings), open_keyring(settings)), settings.today())
    except PetitionError as e:
        print(e, file=sys.stderr)
        return 1
    if args.csv:
        from bot.desk.tables import report_csv

        sys.stdout.write(report_csv(report))
    elif args.html:
        from bot.desk.pages import report_file

        print(report_file(report))
    else:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    return 0


def _db(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage.open import open_cases, upgrade

    try:
        upgrade(settings.database_url)
        if args.what == "reindex":
            print(f"补了 {open_cases(settings).search.reindex()} 件", file=sys.stderr)
    except PetitionError as e:
        print(e, file=sys.stderr)
        return 1
    print("数据库已是最新结构", file=sys.stderr)
    return 0


def _case(args: argparse.Namespace, settings: Settings) -> int:
    from bot.storage.open import open_cases, upgrade

    try:
        upgrade(settings.database_url)
        cases = open_cases(settings)
        if args.what == "list":
            for v in cases.find(args.status, args.limit):
                print(
                    f"{v.case_no}  {STATUS_NAMES[v.status]}  {v.category}  {v.agency}  {v.filed_on}  到期 {v.due or '-'}"
                )
        elif args.what == "show":
            _show(cases.get(args.case_no), settings)
        else:
            keys = ("note", "kind", "agency", "reason", "basis", "where", "notice")
            data = {k: getattr(args, k) for k in keys if getattr(args, k)}
            _show(
                cases.transition(
                    args.case_no, args.to, args.by, args.role, data, datetime.now(timezone.utc), settings.today()
                ),
                settings,
            )
    except PetitionError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


def _show(v: Any, settings: Settings) -> None:
    print(f"编号 {v.case_no}  {STATUS_NAMES[v.status]}  {v.category}  {v.agency}")
    for e in v.events:
        step = STATUS_NAMES[e.target] if e.target else e.event
        print(f"  {e.at.date()}  {step}  {e.by}  {'' if v.category == '检举控告' else e.note}")
    step = next_of(v, settings.today())
    print(f"下一步：{step['what']}  {step['due'] or ''}{'（已超期）' if step['overdue'] else ''}")
    print(f"可以变为：{'、'.join(targets(v.status)) or '无'}")
