"""Where a name begins: walking left from its last word until a word that belongs to the sentence."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.knowledge.loader import ROOT

#: Words that end before a name. Single characters that names rarely hold, and longer words.
_HARD = frozenset(
    "的了是我你您他她它咱俺这那哪谁吗呢吧啊呀哦嗯么着把被让叫给请说问没不很已将而且但若因虽然后由从对向往到去在住找告该每某另并就再还却仍又者们至称据据未受"
)
#: Characters that names hold too: they end a name only when enough of it is there already.
_SOFT = frozenset("和与于及或跟同都也有来前内外上下里中年月日号个为以之用只要会能可多等近位家条")
_WORDS = frozenset(
    "投诉 举报 反映 咨询 关于 位于 座落 坐落 来自 途经 经过 前往 购买 购得 承建 开发 加强 重视 请求 要求 查处 督促 希望 建议 恳请 望着 等等 租住 家住 现住 居住 户籍 籍贯 出生 工作 就职 任职 入职 打工 就读 就在 地址 住址 地点 "
    "领导 书记 市长 局长 县长 区长 厅长 镇长 主任 省长 院长 校长 所长 科长 部长 处长 同志 先生 女士 老师 您好 你好 尊敬 敬爱 各位 请问 所有 全部 部分 目前 现在 现有 今年 去年 前年 昨天 今天 昨晚 "
    "最近 近日 近期 一直 长期 多年 强烈 严重 附近 旁边 周边 周围 对面 隔壁 楼下 楼上 整个 如何 为何 什么 怎么 可以 能否 是否 应该 需要 必须 因为 由于 如果 但是 所以 而且 以及 还有 没有 只有 就是 不是 "
    "本人 我们 你们 他们 咱们 俺们 大家 自己 业主 居民 村民 市民 群众 老百姓 职工 员工 学生 家长 农民 代表 位置 解决 处理 改造 改善 整治 拆迁 征收 征用 征地 施工 建设 修建 新建 扩建 违规 违法 非法 违章 擅自 开设 开了 设立 成立 "
    "建起 进行 实行 开展 造成 影响 导致 存在 出现 发现 发生 看到 听说 听闻 得知 获悉 涉及 通过 按照 根据 依据 对于 质疑 控告 起诉 申请 委托 参加 加入 进入 离开 回到 搬到 迁到 搬进 住进 嫁到 路过 走到 开到 送到 送去 转到 交到 "
    "打了 找过 找了 问了 告诉 通知 答复 回复 承诺 允许 同意 批准 支持 反对 欢迎 感谢 表扬 取缔 关停 关闭 停止 禁止 开通 增设 增加 设置 安装 维修 修复 修缮 维护 管理 监管 负责 承包 租赁 出租 租用 转让 买卖 卖给 卖了 买了 拆了 占用 占了 "
    "侵占 强占 霸占 破坏 毁坏 损坏 污染 排放 偷排 倾倒 堆放 乱扔 乱倒 公司 物业 一个 一家 一条 一座 一些 一处 这个 那个 这里 那里 哪个 某个 几个 很多 许多 不少 多个 两个 三个 网友 爆料 媒体 报道 其中 包括 例如 比如 成熟 十几 几十 上百 "
    "地处 处在 紧邻 毗邻 靠近 邻近 相邻 贯穿 穿过 连接 通往 通向 开往 直到 直至 有着 带着 随着 沿着 朝着 顺着 老人 小孩 孩子 以后 之后 以前 之前 期间 当时 至今 迄今 如今 所属 所在 管辖 辖区 下属 下辖 隶属 归属 属于 具有 拥有 获得 取得 证明 介绍 主张 线路 "
    "残疾证 身份证 房产证 营业执照 许可证 电话 手机 微信 网站 平台 单位 部门 政府 派来 调来 请来 叫来 带领 组织 召集 号召 动员 强制 强行 强迫 逼迫 威胁 欺骗 诱骗 忽悠 拖欠 克扣 欠了 拒绝 拒不 就去 就到 就把 又把 还把 却把 能不能 参照 不能 盲目 随意 任意 任由 放任 深知 代理 注册 明确 喜闻 关注 重视 地方 各个 每个 每天 天天 该校 该局 本市 本县 我市 我县 我区 曾任 现任 时任 担任 原任 前任 在职 下岗 退休 离休 失业 辞职 两家 三家 几家 多家 数家 大批 一批 大量 一伙 一帮 一群 一名 一位 两名 三名 两位 一次 多次 再次 首次 每次 第一 第二 希望 恳求 拜托 麻烦 敬请 烦请 强烈 严正 郑重 实名 匿名 联名 集体 联合 共同 一同 一起 长时间 突然 擅自 随时 马上 立即 立刻 赶紧 尽快 及时 依法 依规 经过 途径 除了 不仅 不但 尤其 特别 包含 等于 大于 小于 超过 不足 高于 低于 自从 从此 从而 于是 然后 结果 竟然 居然 果然 依然 仍然 依旧 还是 或者 甚至 乃至 并且 同时 此外 另外 的话 本来 原来 其实 实际 事实 真实 证实 核实 调查 检查 督察 督查 巡查 排查 督办 交办 转办 建成 打桩 干扰 难道 伙同 勾结 利于 严禁 城镇 在校 阻扰 阻挠 阻拦 纵容 包庇 袒护 串通 联手 指使 唆使 诱导 误导 引导 前去 前来 来到 赶到 到达 咨询 询问 求助 上报 报告 汇报 呈报 写信 来信 致信 去信 寄给 发给 交给 转给 借给 欠着 所谓 号称 自称 名为 名叫 叫做 称为 简称 以下 如下 比起 相比 类似 如同 好像 仿佛 似乎 几乎 大概 大约 差不多 左右 将近 接近 跨越 深夜 凌晨 早上 上午 中午 下午 晚上 傍晚 夜里 半夜 当天 当日 次日 第二天 上周 本周 下周 上月 本月 下月 举行 举办 消息 尽管 补偿 赔偿 支付 双倍 买了 卖掉 卖出 借了 贷款 付款 缴费 交费 收费 乱收 收取 高价 低价 免费 一部 一条 每条 各条 这条 那条 该条 两条 三条 几条 兑现 谢谢 落实 配合 协调 协助 帮助 帮忙 提供 颁布 公布 发布 刊登 印发 下发 转发".split()
)
_MAX_WORD = max(map(len, _WORDS))
_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9·#*]")
_LETTER = re.compile(r"(?:[A-Z]\d{0,2}|某|[*×Xx]{1,3})(?:市|区|县|镇|乡|州|村|省)")


@lru_cache(maxsize=1)
def provinces_and_cities() -> frozenset[str]:
    """Names that people say without 省 or 市."""
    return frozenset((ROOT / "lexicon" / "divisions.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def counties() -> frozenset[str]:
    """Cities, counties and districts with their suffix."""
    lines = (ROOT / "lexicon" / "counties.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())


@lru_cache(maxsize=1)
def county_stems() -> frozenset[str]:
    """Counties and districts without their suffix: they say a place only after their city (宁波北仑)."""
    return frozenset(n[:-1] for n in counties() if len(n) >= 3 and n[-1] in "区县市")


@lru_cache(maxsize=1)
def bare_divisions() -> re.Pattern[str]:
    """Provinces and cities without their suffix, as one pattern."""
    return re.compile("|".join(sorted(map(re.escape, provinces_and_cities()), key=len, reverse=True)))


def anchored(s: str, end: int, least: int = 0) -> int | None:
    """Where a division that ends at `end` begins, when it is a known one or a blanked one (K3县); None otherwise."""
    for size in range(min(9, end - least), 1, -1):
        piece = s[end - size : end]
        if piece in counties():
            bare = next(
                (
                    n
                    for n in (3, 2)
                    if end - size - n >= least and s[end - size - n : end - size] in provinces_and_cities()
                ),
                0,
            )
            return end - size - bare
    for size in (2, 3, 4):
        if end - size >= least and _LETTER.fullmatch(s, end - size, end):
            return end - size
    return None


#: Words that end before a place, but stand in the names of public bodies and companies.
_IN_ORGANISATIONS = frozenset(
    "第一 第二 地方 管理 监管 建设 施工 维修 维护 公司 物业 处理 改造 安装 工作 学生 农民 老师 家长 职工 施工 代表 业主 居民 村民 员工 征收 征用 拆迁 整治 承包 信访 规划 开发 扩建 新建 处置 旅游 组织 市民 群众 部门 通知 租赁 政府 单位 网站 平台 加强 微信 电话 手机 位置 上海 市长 联系".split()
)


def begin(
    s: str, end: int, least: int, longest: int = 10, shortest: int = 1, organisation: bool = False
) -> tuple[int, bool]:
    """Where the name that ends at `end` begins, not before `least`; and whether a boundary was found there.

    `longest`, `shortest`: characters that such a name has. False means that the name was cut off at `longest`.
    `organisation`: words such as 管理 belong to the name.
    """
    i = end
    while i > least and end - i < longest:
        ch = s[i - 1]
        if not _NAME.match(ch):
            return i, True
        size = end - i
        if organisation and size == 0 and ch in "与跟和同及或由至为以月日年号天前后上":
            return i, True
        if (ch in _HARD and s[i - 1 : i + 1] not in _HARD_NAMES) or (
            ch.isdigit() and size and not s[i].isdigit() and not (i > 1 and s[i - 2].isascii())
        ):
            return i, True
        if ch in _SOFT and size >= shortest and not (s[i - 1 : i + 1] in _SOFT_NAMES):
            return i, True
        if _word_ends(s, i, least, organisation):
            return i, True
        i -= 1
    return i, i == least or not _NAME.match(s[i - 1]) or s[i - 1] in _HARD or _word_ends(s, i, 0, organisation)


def _word_ends(s: str, i: int, least: int, organisation: bool) -> bool:
    """Whether a word of the sentence ends at `i`."""
    for n in range(2, _MAX_WORD + 1):
        piece = s[max(least, i - n) : i]
        if piece in _WORDS and not (organisation and piece in _IN_ORGANISATIONS):
            return True
    return False


#: Openings of common names with a hard character in them.
_HARD_NAMES = frozenset(
    "住房 住建 住宅 不动 向阳 对外 未来 将军 从化 没收 在线 往来 对口 就业 再生 再就 去产 请愿 知识 说唱 要素 告庄 到底 让胡 虽县".split()
)
#: Openings of common names with a soft character in them.
_SOFT_NAMES = frozenset(
    "中山 中心 中医 中学 中国 中石 中华 中央 中南 中建 中铁 上海 上饶 下关 下沙 上城 下城 内江 内蒙 同济 同安 和平 和谐 有限 来宾 日照 月亮 外国 外语 家园 家具 家电 家政 中小 中信 中粮 中通 中行 上虞 上街 之江 年丰 于都 于洪 多伦 近郊 里水 用友 个旧 条山".split()
)
