"""What is said in the benchmark: whole filings with a question in between and the progress afterwards, plain turns, one long talk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One turn: a text, or the payload of a button that must be on offer."""

    text: str = ""
    press: str = ""


#: (story, demand, place, unit): matters that both sides read the same.
MATTERS = (
    ("楼下川菜馆的油烟从今年三月开始往我家窗户灌，物业说管不了", "要求装净化设备", "昆明市五华区莲花街道翠湖里小区", "老灶台川菜馆"),
    ("楼上饭馆的油烟从今年五月起天天往我家阳台飘，找了几次都不改", "要求停业整改", "昆明市官渡区吴井街道和平里小区", "老李川菜馆"),
    ("小区门口烧烤店的油烟从今年四月开始往屋里灌，关着窗都有味", "要求搬走烧烤炉", "昆明市盘龙区联盟街道云波小区", "阿强烧烤店"),
)  # fmt: skip
NAMES = ("李春梅", "张建军", "李丽华", "刘国强", "陈志远")


def filing(i: int) -> list[Step]:
    """A filing of 11 turns after the greeting: the story to the receipt, and the progress."""
    story, demand, place, unit = MATTERS[i % len(MATTERS)]
    return [
        Step(story),
        Step(press="/file_it"),
        Step(demand),
        Step("信访会不会被打击报复"),
        Step(place),
        Step(unit),
        Step(NAMES[i % len(NAMES)]),
        Step(f"138{i % 100_000_000:08d}"),
        Step("改第2项，要求赔偿三千元"),
        Step(press="/affirm"),
        Step("我的件办到哪一步了"),
    ]


PLAIN = ("你好", "信访会不会被打击报复", "谢谢", "我要找人工", "要多久能办完")


def plain(count: int) -> list[Step]:
    """Turns outside of any form."""
    return [Step(PLAIN[i % len(PLAIN)]) for i in range(count)]
