"""Lets schemathesis, a generic fuzzer of OpenAPI, loose on the desk: a desk of its own with a few cases, a run for each role.

Schemathesis wants newer packages than Rasa allows, so it lives in an environment of its own:
    python3.10 -m venv .venv-fuzz && .venv-fuzz/bin/pip install -r requirements/fuzz.in
    .venv/bin/python scripts/fuzz_desk.py --schemathesis .venv-fuzz/bin/schemathesis
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
from datetime import date, datetime, timezone
from pathlib import Path

from aiohttp import web

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bot.desk import api, simulate  # noqa: E402
from bot.desk.app import build  # noqa: E402
from bot.desk.service import Desk  # noqa: E402
from bot.knowledge.loader import knowledge  # noqa: E402
from bot.petition.advice.command import advisor_of  # noqa: E402
from bot.settings import Settings  # noqa: E402
from bot.storage.open import make_engine, open_keyring, upgrade  # noqa: E402
from bot.storage.stores import Stores  # noqa: E402

DAY = date(2026, 11, 23)
ROLES = (("clerk", ""), ("handler", "住建"), ("supervisor", ""), ("discipline", ""), ("auditor", ""), ("admin", ""))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schemathesis", default="schemathesis", help="the program")
    parser.add_argument("--port", type=int, default=5390)
    parser.add_argument("--examples", type=int, default=50, help="examples an operation")
    parser.add_argument("--role", choices=[r for r, _ in ROLES], help="only this role")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            env="test", data_dir=Path(folder), database_url=f"sqlite:///{folder}/fuzz.db", fixed_today=DAY
        )
        upgrade(settings.database_url)
        stores = Stores.of(make_engine(settings.database_url), open_keyring(settings))
        now = datetime.now(timezone.utc)
        tokens = {role: stores.staff.add(f"fuzz-{role}", role, agency, now, token=True) for role, agency in ROLES}
        advisor = advisor_of(knowledge(), ROOT / "var" / "models")
        simulate.fill(advisor, stores.cases, DAY, 40, 1)
        desk = Desk(stores, advisor, lambda: DAY, settings.now)
        # Numbers of real cases: with invented ones the fuzzer would see nothing but 404.
        api.document()["components"]["parameters"]["no"]["schema"] = {
            "enum": [v.case_no for v in stores.cases.find(limit=40)]
        }
        stop = _serve(build(desk, settings), args.port)
        failed = [r for r in ([args.role] if args.role else tokens) if _fuzz(args, tokens[r], folder)]
        stop()
    print("failed for " + "、".join(failed) if failed else "no failure", file=sys.stderr)
    return 1 if failed else 0


def _fuzz(args: argparse.Namespace, token: str, folder: str) -> int:
    url = f"http://127.0.0.1:{args.port}/desk/api/v1"
    command = [
        args.schemathesis, "run", f"{url}/openapi.json", "--url", url, "-H", f"Authorization: Bearer {token}",
        "--max-examples", str(args.examples), "--seed", "1", "--exclude-checks", "ignored_auth", "--generation-deterministic",
        "--suppress-health-check", "all", "--exclude-path", "/logout",
    ]  # fmt: skip
    # What it keeps between runs goes where the desk of this run lives.
    return subprocess.run(command, check=False, timeout=3600, cwd=folder).returncode


def _serve(app: web.Application, port: int):
    """Serves in a thread; returns what stops it."""
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def start() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.set()

    def work() -> None:
        loop.run_until_complete(start())
        loop.run_forever()

    threading.Thread(target=work, daemon=True).start()
    if not ready.wait(30):
        raise RuntimeError("the desk did not start")
    return lambda: loop.call_soon_threadsafe(loop.stop)


if __name__ == "__main__":
    raise SystemExit(main())
