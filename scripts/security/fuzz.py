"""Fuzzes every parser that reads what strangers send: whatever comes, it is read or refused, never a failure nobody thought of.

    python scripts/security/fuzz.py [TARGET …] [--runs N] [--seed N]         mutations of the small corpus in tests/security/corpus
    python scripts/security/fuzz.py TARGET --atheris [--runs N]              the same target led by coverage (pip install atheris)

Prints how many inputs each target really had. A failing input is written to tests/security/corpus/crash-…; exit code 1.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
CORPUS = ROOT / "tests" / "security" / "corpus"
TODAY = date(2026, 11, 23)
Target = Callable[[bytes], None]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")[:5000]


def transcripts(data: bytes) -> None:
    """The readers of the transcript formats, from bytes on."""
    from bot.hotline import formats

    try:
        formats._parse(formats._decode(Path("x"), data))
    except formats.TranscriptError:
        pass
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        pass  # `read` turns exactly these into TranscriptError


def understanding(data: bytes) -> None:
    """Everything that reads a person's words: spans lie inside the text."""
    from bot.petition.understand import (
        answers,
        contacts,
        counts,
        dates,
        demands,
        money,
        names,
        numerals,
        places,
        priors,
        respondents,
        text,
    )

    said = _text(data)
    text.clean(said)
    text.sentences(said)
    found = [
        *contacts.find_phones(said), *contacts.find_ids(said), *contacts.find_case_numbers(said), *contacts.find_query_codes(said),
        *counts.find_people(said), *dates.find_dates(said, TODAY), *money.find_amounts(said), *places.find_places(said),
        *priors.find_priors(said), *respondents.find_respondents(said),
    ]  # fmt: skip
    numerals.find_numbers(said)
    numerals.parse_number(said)
    for asked in (False, True):
        names.find_name(said, asked)
        demands.find_demand(said, asked)
        places.find_address(said, asked)
        answers.relation(said, asked)
    for read in (
        answers.yes_no,
        answers.anonymous,
        answers.publicity,
        answers.reply_by,
        answers.declines,
        answers.unknown,
    ):
        read(said)
    clean = len(text.clean(said).text)
    assert all(0 <= f.start <= f.end <= max(len(said), clean) for f in found)


def numbers(data: bytes) -> None:
    """Case numbers, tokens, origins, file names."""
    from bot.channels.limits import Tokens, media_type, origin_allowed
    from bot.channels.uploads import plain_name
    from bot.petition.numbers import normalise_case_no, valid_case_no
    from bot.storage.crypto import Keyring

    said = _text(data)
    valid_case_no(normalise_case_no(said))
    assert Tokens(Keyring(b"k" * 32)).conversation(said) is None
    try:
        origin_allowed(said, "example.cn", ("https://example.cn",))
    except ValueError:
        raise AssertionError("an origin header must not raise") from None
    media_type(data)
    plain_name(said)


def pictures(data: bytes) -> None:
    """The metadata cutter, behind each magic number."""
    from bot.channels.limits import media_type
    from bot.channels.uploads import BadFile, clean

    kind = media_type(data)
    if kind is None:
        return
    try:
        done = clean(data, kind)
    except BadFile:
        return
    assert len(done) <= len(data) + 40


def backups(data: bytes) -> None:
    """The backup reader: nothing but a whole backup of ours is read."""
    import io

    from bot.storage import backup
    from bot.storage.crypto import Keyring

    try:
        list(backup._lines(io.BytesIO(data), Keyring(b"k" * 32)))
    except backup.BackupError:
        return
    raise AssertionError("a forged backup was read")


def sealed(data: bytes) -> None:
    """Sealed values: garbage in the database is an error of ours, not of the library."""
    from bot.storage.crypto import DecryptionError, Keyring

    try:
        Keyring(b"k" * 32).decrypt(data, "place")
    except DecryptionError:
        return
    raise AssertionError("garbage was opened")


def wechat(data: bytes) -> None:
    """The platform's XML, plain and encrypted, and our reply to it."""
    from bot.channels.wechat.protocol import Protocol, Refused, sign
    from bot.settings import WeChat

    account = WeChat("token", "a" * 43, "app", max_age=0)
    query = {"timestamp": "1", "nonce": "n", "signature": sign("token", "1", "n")}
    for signed in (query, query | {"encrypt_type": "aes", "msg_signature": "0" * 40}):
        try:
            delivery = Protocol(account).open(signed, data)
        except Refused:
            continue
        assert len(delivery.key) <= 100 and 0 < len(delivery.openid) <= 64
        assert Protocol(account).read_reply(Protocol(account).reply(delivery, delivery.content.text), False) is not None
    try:
        Protocol(account).decrypt(data.decode("latin-1"))
    except Refused:
        return
    raise AssertionError("a forged message was opened")


#: The parts of a knowledge base, each as a file; the first line of an input names the one that it stands in for.
KNOWLEDGE = {
    "laws.yml": "[{title: 甲法, short: [甲], versions: [{edition: '2020', since: '2020-01-01', articles: '9'}]}]",
    "hotlines.yml": "[{number: '110', name: 报警}]", "agencies.yml": "{住建: {called: [住建局], words: [房], does: 管房, not: 不管地}}",
    "content.yml": "{categories: {住房: []}}", "forms.yml": "{lists: {a: [x]}, forms: {f: '{a}+'}}", "cases.yml": "[]",
    "procedures/p.yml": "{}", "disputes/d.yml": "{family: 房, disputes: []}", "facts/f.yml": "{}", "answers/a.yml": "{}", "stories/petition.yml": "[]",
}  # fmt: skip


def knowledge_files(data: bytes) -> None:
    """Files of the knowledge base and of a region, which offices write themselves: what is wrong is said with the file's name."""
    import tempfile

    from bot.knowledge.loader import KnowledgeError, load

    name, _, body = data.partition(b"\n")
    with tempfile.TemporaryDirectory() as folder:
        for path, text in KNOWLEDGE.items():
            file = Path(folder) / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(body if path.encode() == name else text.encode())
        try:
            load(Path(folder))
        except KnowledgeError as e:
            assert str(e)


def chat_json(data: bytes) -> None:
    """The bodies of the chat's calls, from bytes to the turn, to progress and to what a person asks of his data."""
    import asyncio
    from types import SimpleNamespace
    from unittest.mock import MagicMock

    from bot.channels import person, web
    from bot.settings import Settings

    channel = web.WebChannel(Settings(env="test"), MagicMock(), MagicMock(), MagicMock(), MagicMock())

    async def turn(handle: object, conversation: str, key: str, what: dict, said: str, how: dict) -> list:
        json.dumps([key, what, said]).encode()
        assert len(said) <= web.MAX_TEXT and said.strip() and len(key) <= 102
        return [{"text": "好"}]

    channel._turn = turn  # type: ignore[method-assign]
    try:
        body = web._body(SimpleNamespace(body=data))
    except web.Refusal:
        return
    try:
        assert asyncio.run(channel.take(None, "c", body))
    except web.Refusal as e:
        assert 400 <= e.status < 500
    from datetime import datetime, timezone

    person.asked(MagicMock(), body, "c", ROOT, datetime.now(timezone.utc), TODAY)


TARGETS: dict[str, Target] = {
    f.__name__: f
    for f in (transcripts, understanding, numbers, pictures, backups, sealed, wechat, knowledge_files, chat_json)
}
_BITS = [b"\xed\xa0\x80", "\u202e".encode(), "二〇二六年".encode(), "三百零五万".encode(), b"13800001234", b"-->", b"[", b"{", b'"', b"\x00", b"\xff", "²".encode(), "农历腊月".encode(), b"1e999", "号楼".encode()]  # fmt: skip


def corpus(name: str) -> list[bytes]:
    """The seeds of a target."""
    folder = CORPUS / name
    return [p.read_bytes() for p in sorted(folder.iterdir())] if folder.is_dir() else [b"", *_BITS]


def mutate(seed: bytes, r: random.Random) -> bytes:
    """One to six small changes."""
    data = bytearray(seed)
    for _ in range(r.randint(1, 6)):
        at, what = r.randint(0, len(data)), r.randrange(6)
        if what == 0 and data:
            data[at % len(data)] = r.randrange(256)
        elif what == 1:
            data[at:at] = r.choice(_BITS)
        elif what == 2:
            del data[at : at + r.randint(1, 20)]
        elif what == 3:
            data[at:at] = data[at : at + r.randint(1, 40)] * r.randint(1, 4)
        elif what == 4:
            data[at:at] = bytes(r.randrange(256) for _ in range(r.randint(1, 8)))
        elif data:
            del data[at % len(data) :]
    return bytes(data[:20_000])


def run(name: str, runs: int, seed: int) -> bytes | None:
    """Runs a target so often; the input that broke it, or None."""
    r, seeds, target = random.Random(f"{name}/{seed}"), corpus(name), TARGETS[name]
    for i in range(runs):
        data = seeds[i] if i < len(seeds) else mutate(r.choice(seeds), r)
        try:
            target(data)
        except Exception as e:
            print(f"{name}: {type(e).__name__}: {e}", file=sys.stderr)
            return data
    return None


def led(name: str, runs: int) -> None:
    """The same target led by coverage."""
    import atheris

    with atheris.instrument_imports(include=["bot"]):
        TARGETS[name](b"")
    found = ROOT / "var" / "security" / "corpus" / name  # what it finds goes here, the seeds stay as they are
    found.mkdir(parents=True, exist_ok=True)
    seeds = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    arguments = [sys.argv[0], f"-atheris_runs={runs}", "-max_len=5000", str(found), *seeds]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true")
    args = parser.parse_args()
    if args.atheris:
        led(args.targets[0], args.runs)
        return 0
    counts, bad = {}, 0
    for name in args.targets or TARGETS:
        broke = run(name, args.runs, args.seed)
        counts[name] = args.runs if broke is None else 0
        if broke is not None:
            bad += 1
            CORPUS.mkdir(parents=True, exist_ok=True)
            (CORPUS / f"crash-{name}").write_bytes(broke)
    print(json.dumps({"inputs": counts, "sum": sum(counts.values()), "failed": bad}))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
