"""The privacy notice: every wording has a version, and a case keeps the version it was filed under."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

from bot.knowledge.loader import ROOT, read_yaml
from bot.petition.catalogue import catalogue
from bot.petition.consent import version
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.filing import filing_of

WEB = Path(__file__).parents[3] / "web" / "src"


def test_the_last_version_is_what_people_are_told_now() -> None:
    """When this fails the wording was changed: put it into consent.yml as a new version, and leave the old ones as they are."""
    last = read_yaml(ROOT / "consent.yml")[-1]
    assert {k: catalogue().texts[k][0] for k in last["chat"]} == last["chat"]
    source = (WEB / "words.ts").read_text(encoding="utf-8") + (WEB / "words.long.ts").read_text(encoding="utf-8")
    page = dict(re.findall(r'^  (privacy_\w+): "(.*)",$', source, re.M))
    assert page == last["page"]


def test_versions_are_days_in_order() -> None:
    versions = [str(v["version"]) for v in read_yaml(ROOT / "consent.yml")]
    assert versions == sorted(set(versions))
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", v) for v in versions)


def test_a_confirmed_draft_carries_the_version(advisor, today) -> None:
    draft = Draft(id="d" * 32)
    advice = advisor.advise("楼下饭店油烟往我家灌", today)
    assert filing_of(draft, advice, "c1", datetime.now(timezone.utc)).notice_version == version()
