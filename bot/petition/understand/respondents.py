"""Whom the person complains of: a unit or a person."""

from __future__ import annotations

import re

from bot.petition.understand.boundaries import anchored, begin
from bot.petition.understand.found import Found
from bot.petition.understand.names import SURNAMES
from bot.petition.understand.text import clean

#: Last words of companies, shops, works and the like.
_COMPANY = (
    "有限责任公司|股份有限公司|有限公司|分公司|总公司|公司|集团|物业|置业|地产|劳务|建设集团|装饰|传媒|科技|4[sS]店|专营店|旗舰店|专卖店|健身房|健身会所|会所|美容院|培训机构|培训学校|培训班|补习班|辅导班|驾校|幼儿园|小学|中学|学校|学院|大学|"
    "[一二三四五六七八九十]中|医院|卫生院|诊所|银行|信用社|酒店|宾馆|饭店|餐馆|餐厅|菜馆|火锅店|烧烤店|烧烤摊|夜宵摊|早餐店|超市|商场|门店|药店|洗车店|网店|店铺|工厂|化工厂|加工厂|冶炼厂|电镀厂|造纸厂|水泥厂|砖厂|砂厂|石厂|采石场|采砂场|搅拌站|猪厂|猪场|鸡场|养殖场|屠宰场|垃圾场|垃圾站|"
    "(?<=[\u4e00-\u9fff])厂(?!家|商|房|长|里|址|区|门|内)|煤矿|矿山|石矿|合作社|KTV|ktv|网吧|酒吧|歌厅|茶楼|棋牌室|麻将馆|快递|平台|开发商|中介|养老院|敬老院|企业|商家|店家|施工方|施工队|工程队|工地|拆迁队|项目部"
)
#: Last words of public bodies.
_AGENCY = (
    "人民政府|县政府|市政府|区政府|镇政府|乡政府|政府|管理局|监督局|公安局|分局|执法局|城管局|住建局|规划局|教育局|民政局|水利局|交通局|社保局|人社局|房管局|环保局|税务局|国土局|财政局|畜牧局|农业局|林业局|卫生局|商务局|运管局|电业局|供电局|电力局|邮政局|气象局|统计局|审计局|司法局|药监局|工商局|物价局|发改局|信访局|体育局|文化局|旅游局|粮食局|"
    "卫健委|发改委|教委|计生委|管委会|委员会|街道办事处|街道办|办事处|居委会|村委会|村委|业委会|业主委员会|业主大会|拆迁办|征收办|征拆办|计生办|房改办|巡管办|指挥部|派出所|交警大队|交警队|交警支队|执法大队|执法队|中队|大队|支队|巡逻队|法院|检察院|"
    "社保中心|社保站|劳保站|服务中心|服务站|管理处|管理站|管理所|管理中心|管理办公室|环卫所|环卫处|供电所|财政所|国土所|司法所|自来水公司|水厂|水务公司|燃气公司|热力公司|公交公司|公交集团|卫生站|社保所|残联|妇联|人社厅|教育厅|公积金中心|医保局|医保中心|城管队|城管|交警|电力公司|考试院|车管所|办证大厅|协会|学会|检测站|客运站|收费站|检测中心|保险中心|公积金管理中心|售楼部|营销中心|中心(?![小校医地位思城区卫学村])|政务大厅|招生办|国资委|林管站|水管站|人防办"
)
#: Persons by what they are.
_PERSON = "包工头|村支书|支部书记|党支部书记|村主任|副主任|副书记|书记|村长|副镇长|镇长|乡长|县长|副局长|局长|所长|校长|院长|站长|主任|副总|总经理|经理|队长|组长|会计|楼上邻居|楼下邻居|邻居|班主任|老师|医生|司机|法官|检察官|民警|警察|保安|工作人员|村干部|干部"
#: Sides of a private dispute: alone they say who it is.
_SIDE = re.compile(
    r"(?:我|俺)?(?:的)?(?P<kin>老公|丈夫|前夫|前妻|老婆|妻子|男朋友|女朋友|男友|女友|婆婆|公公|儿媳|女婿|继母|继父|弟弟|哥哥|姐姐|妹妹|儿子|女儿|亲戚|室友|同事|朋友)|"
    r"(?P<side>对方|男方|女方|房东|租客|承租人|出租人|甲方|乙方|买方|卖方|买家|卖家|承包人|承包方|发包方|合伙人|中间人|介绍人|担保人|欠款人|债务人|雇主|肇事者|肇事司机|肇事方|老板娘|老板|传销人员|传销团伙|传销窝点|推销员|业务员|销售员|售楼员|城管人员|执法人员|单位|学校|公司|法院|银行|医院|物业|开发商|政府|保险公司|有关部门|相关部门|商家|店家|包工头)"
)
_ORG = re.compile(
    rf"(?:{_AGENCY}|{_COMPANY})(?:有限责任公司|股份有限公司|有限公司|分公司|公司|集团|支行|分行|领导班子)?"
)
_UNIT = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9（）()]{{1,24}}?{_ORG.pattern}")
_WHO = re.compile(
    rf"(?P<what>{_PERSON})(?P<called>(?!以|于|方|应|关|计|安|时|常|经|成|任|单|公|管|解|全|从|向|相|能|那|后|连|随|查)[{SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[，。,、利贪以长违私霸强的等]))?|楼[上下]\d{{2,4}}(?:室|姓[\u4e00-\u9fff]的?)?|[{SURNAMES}](?:老板|总)(?![是有的共和体之结统理公部监经]|设计|计|额|价)"
)
#: Words that alone name nobody.
_PLAIN = re.compile(
    r"^(?:的|了|其他|其它|别的|哪个|什么|各|每|任何|有关|相关|上级|当地|地方|贵|某|该|本|此|这个|那个|政府|公司|学校|医院|银行|法院|平台|厂|公安|检察院|委员会|主任|书记|领导|邻居|队长|经理|快递|科技|传媒|装饰|超市|商场|大队|中队|集团|大学|小学|中学|企业|工厂|单位|老师|教师|医生|司机|警察|民警|保安|工作人员|干部|派出所|村委会|居委会|法官|检察官|交警|城管|物业|中介|商家|店家|施工队|工地|劳务|地产|老板|局长|所长|校长|院长|镇长|会计|组长|站长|县长|乡长|村长|业主委员会|业主大会|办事处|街道办|政务大厅|服务中心|网吧|酒店|饭店|餐馆|诊所|药店|驾校|幼儿园|城镇|私营|私有|国有|集体|民营|外资|大型|小型|中型|小|大|所有|全国|网络|电商|公立|私立|民办|公办|县里|镇里|市里|村里|我|原|老|新|旧|中心|协会|售楼部)+$"
)
_NOBODY = re.compile(
    r"^(?:(?:县|市|区|省|国家)?信访局|市长|县长|区长|厅长|省长|不交.*|[一二三四五六七八九十]中|老总|总|全.*|一些.*|很多.*|多家.*)$"
)
#: Before a candidate: it is spoken to, hoped for, or where the person belongs.
_SPOKEN_TO = re.compile(
    r"(?:尊敬的|敬爱的|您好|你好)[^，。：:！!\n]{0,12}$|(?:恳请|请求?|希望|望|盼|烦请|敬请|建议|呼吁|强烈要求|感谢)(?:相关|有关|上级|当地|市|县|区|各级|省)?[^，。；]{0,6}$"
)
_ADDRESSED = re.compile(r"[，,、:：]?\s*(?:您|请|我|能|希望|关于)")
_GREETED = re.compile(r"(?:(?:领导|和|及|、)[^，。！？\n：:]{0,8})?(?:[:：，,！!_x000D\s]{0,10}(?:您|你)们?好|[:：])")
_BELONGS = re.compile(
    r"(?:我是|我们是|本人是|系|原是|曾在|我在|本人在|分配到|调入|调到|招入|毕业于|就读于?|在读|考入|职工|考上)[^，。；]{0,8}$"
)
#: After a candidate: it is where the complaint went.
_RECEIVES = re.compile(
    r"(?:的?(?:领导|工作人员|窗口))?(?:也|都|多次|再次|进行|去|来)?(?:投诉|反映|举报|求助|申请|报案|报警|咨询|信访|上访|起诉|申诉|检举|登记|询问|打听|热线|电话|官网)"
)
#: The police of a crime: where it was reported, and who took it on, is not whom one complains of.
_REPORTED_TO = re.compile(r"(?:报了|报案(?:到|给)|报(?:到|给)|报警(?:到|给))[^，。；]{0,3}$")
_TOOK_ON = re.compile(r"(?:也|都|已经?|那边)?(?:立(?:了)?案(?:了|侦查)?|立了案|受理(?:了|登记)|接警|出警|来了|来人)")
_CASE = re.compile(
    r"(?:投诉|举报|控告|状告|起诉|告|反映|质疑|不服|检举|揭露|曝光|关于|谁来管|责令|查处|严查|查一查|被控告人(?:（单位）)?[:：]?|被举报人[:：]?|被反映人[:：]?|被投诉人[:：]?)[^，。；]{0,4}$"
)
_BY = re.compile(r"(?:被|让|由|遭|受|叫|给|和|与|跟|向|找|问)$")
_ACTS = re.compile(
    r"[^，。；！？]{0,6}?(?:不[给退发管让交办修还赔理予肯愿作承认合]|拒|拖|欠|违|乱|擅自|非法|偷|骗|强[行制拆占]|霸占|侵占|占用|占道|克扣|拆|罚|扣|收取|收了|收费|要求|说|称|以|利用|没有|没|未|就是|一直|长期|经常|每天|天天|把|将|私自|故意|恶意|推|打|威胁|欺|忽悠|态度|服务|辞退|开除|解除|停|污染|排|噪|扰|吵|施工|生产|建|搭|开设|涨|贪|受贿|挪用|隐|包庇|办[了证理]|答应|承诺|让|告[知诉])"
)
_FAR = re.compile(r"(?:介绍|推荐|比如|例如|其他|别的)[^，。]{0,4}$")
_UNSURE = re.compile(r"不知道|不清楚|不晓得|谈不上")
_LEAD = re.compile(r"^(?:就是|是|应该是|可能是|好像是|大概是|就|嗯|哦|叫|那个|那家|找|告|反映|投诉)+")
#: Sides that are mostly met by the way.
_WEAK_SIDE = re.compile(r"朋友|同事|亲戚|室友|政府|单位|有关部门|相关部门|弟弟|哥哥|姐姐|妹妹|儿子|女儿|甲方|乙方")
#: From this score on a candidate stands as the span of a text.
_FLOOR = 0.36


def _start(s: str, at: int, least: int) -> tuple[int, bool]:
    """Where the name before a last word at `at` begins; a division that it opens with belongs to it as a whole."""
    start, bounded = begin(s, at, least, 14, 1, organisation=True)
    first = None
    for i in range(at, start - 1, -1):
        if i > least and s[i - 1] in "市区县镇乡村州":
            known = anchored(s, i, least)
            if known is not None:
                first = known if first is None else min(first, known)
    if first is not None and (first <= start or first - start <= 8):
        before = anchored(s, first, least)
        return (first if before is None else before), True
    return start, bounded


def _candidates(s: str) -> list[tuple[float, Found]]:
    """Every candidate with its score; the confidence says how well it is named."""
    out: list[tuple[float, Found]] = []
    covered = bytearray(len(s) + 1)

    def add(start: int, end: int, confidence: float, bonus: float = 0.0) -> None:
        piece = s[start:end]
        if _NOBODY.match(piece):
            return
        covered[start:end] = b"\x01" * (end - start)
        before, after = s[max(0, start - 14) : start], s[end : end + 14]
        score = confidence + bonus
        if _CASE.search(before):
            score += 0.22
        elif _BY.search(before):
            score += 0.06
        if _ACTS.match(after):
            score += 0.14
        if start < 30:
            score += 0.12
        if _SPOKEN_TO.search(before) or (
            re.search(r"[记长任导厅局]$", piece) and (_GREETED.match(after) or (start < 8 and _ADDRESSED.match(after)))
        ):
            score -= 0.5
            confidence -= 0.3
        if _RECEIVES.match(after) and re.search(r"(?:向|找|到|去|给|往|跟|和|同|与|电话|打)[^，。；]{0,3}$", before):
            score -= 0.35
        if _REPORTED_TO.search(before) or _TOOK_ON.match(after):
            score -= 0.6
        if _BELONGS.search(before):
            score -= 0.12
        if _FAR.search(before):
            score -= 0.2
        score += 0.05 * min(s.count(piece) - 1, 4)
        out.append((score, Found("respondent", piece, piece, start, end, round(max(0.1, min(0.95, confidence)), 2))))

    last = 0
    for m in _ORG.finditer(s):
        start, bounded = _start(s, m.start(), last)
        while start < m.start() and s[start] in "（）()的了楼栋室号些间买卖求日拿拨任交":
            start += 1
        last = m.end()
        if m[0] == "政府" and m.start() - start > 0 and s[m.start() - 1] not in "省市区县镇乡村州旗民道办级":
            start = m.start()
        if m.start() - start == 1 and s[start] in "望现有无经据求盼至凭靠查问各全多众原前新老旧小大好给到去":
            start = m.start()
        plain = bool(_PLAIN.match(s[start : m.end()]))
        named = m.end() - start >= 4 and start < m.start()
        confidence = 0.3 if plain else 0.74 if named else 0.6
        if not bounded:
            start, confidence = (m.start(), 0.36) if m.end() - m.start() >= 2 else (start, 0.2)
        if m.end() - start < 2:
            continue
        add(start, m.end(), confidence + (0.08 if named and bounded and m.end() - start >= 6 else 0.0))
    for m in _WHO.finditer(s):
        if covered[m.start()] or covered[m.end() - 1]:
            continue
        start, bounded = (m.start(), True) if m["what"] is None else begin(s, m.start(), 0, 8, 1, organisation=True)
        if any(covered[start : m.start()]):
            start = max(i for i in range(start, m.start()) if covered[i]) + 1
            whole = next((f for _, f in reversed(out) if f.end == start), None)
            start = whole.start if whole and m["what"] else start  # 青山村委会主任
        elif m["what"] is None or start == m.start() - 1:
            of = next(
                (f for _, f in reversed(out) if f.end == start - 1 and s[f.end] == "的" and len(f.text) > 2), None
            )
            start = of.start if of else start  # 公交集团的刘副总
        plain = bool(_PLAIN.match(s[start : m.end()]))
        ours = 0.15 if re.search(r"(?:我们|俺们|咱们|我|俺|本|村|镇|县)$", s[max(0, start - 3) : start]) else 0.0
        add(
            start if bounded else m.start(),
            m.end(),
            ours + 0.34 if plain or not bounded else 0.5 if m["what"] in ("工作人员", "干部", "老师", "医生") else 0.62,
        )
    for m in _SIDE.finditer(s):
        kind = "kin" if m["kin"] else "side"
        a, b = m.span(kind)
        if not covered[a] and not re.match(r"们|里|的(?:时候)?$", s[b:]):
            weak = bool(_WEAK_SIDE.fullmatch(s, a, b))
            add(a, b, 0.18 if weak else 0.3, 0.04 if s.count(m[kind]) > 1 or len(s) < 80 else 0.0)
    return out


def find_respondents(text: str) -> list[Found]:
    """Every unit or person that may be complained of, in order."""
    return sorted((f for _, f in _candidates(clean(text).text)), key=lambda f: f.start)


#: Bodies of which a place has one, so that the place says which.
_ONE_HERE = re.compile(
    r"(?:城管|交警|派出所|公安局|执法局|城管局|住建局|规划局|教育局|民政局|水利局|交通局|社保局|社保中心|人社局|房管局|环保局|税务局|自来水公司|供电局|供电所|燃气公司|热力公司|公交公司|公交集团|村委会|居委会|街道办|街道办事处|镇政府|乡政府|县政府|区政府|市政府|法院|检察院|信访局|交警队|交警大队)$"
    r"|(?:镇长|乡长|县长|村支书|村主任|村长|书记|局长|校长|院长)$"
)
_NAMED_COMPANY = re.compile(
    rf"[\u4e00-\u9fffA-Za-z0-9]{{2,}}?(?:{_COMPANY})|[{SURNAMES}](?:副总|总|经理|书记|主任|局长|镇长|村长|校长|院长)$"
)
_GENERIC_HEAD = re.compile(r"^(?:我们|楼下|楼上|附近|旁边|隔壁|对面|门口|这个|那个|小区|村里|镇上|县里|一个|一家|某)")


def identifies(found: Found) -> bool:
    """Whether the words say which unit or person it is, given the place: a named one, or a body of which a place has one."""
    text = found.text
    if _GENERIC_HEAD.match(text) or found.confidence < 0.3:
        return False
    if _ONE_HERE.search(text):
        return True
    return found.confidence >= 0.6 and bool(_NAMED_COMPANY.search(text)) and not _PLAIN.match(text)


#: Speaks to the assistant, or of what is to be done.
_NO_UNIT = re.compile(r"人工|客服|^(?:转|找|我|你|投诉|举报|撤|取消|不|换|改|去|查|到底|请)")


def is_unit(text: str) -> bool:
    """Whether the whole text is nothing but the name of a company or public body (老灶台川菜馆, 东风镇政府)."""
    s = clean(text).text.strip(" ，。,.")
    return len(s) <= 30 and not _NO_UNIT.search(s) and bool(_UNIT.fullmatch(s))


def best_respondent(text: str, asked: bool = False) -> Found | None:
    """The likeliest one; when `asked`, the answer in the person's own words."""
    s = clean(text).text.strip()
    if asked:
        return _answer(s)
    candidates = _candidates(s)
    greeted = {f.text for _, f in candidates if f.confidence <= 0.4 and re.search(r"[记长任导厅]$", f.text)}
    found = [(score, f) for score, f in candidates if score >= _FLOOR and f.text not in greeted]
    best = max(found, key=lambda x: (x[0], -x[1].start), default=(0.0, None))[1]
    fuller = [f for _, f in found if best and len(f.text) > len(best.text) and f.text.endswith(best.text)]
    whose = next((f for _, f in found if best and f.text.startswith(best.text + "的")), None)
    return whose or (min(fuller, key=lambda f: f.start) if fuller else best)


def _answer(s: str) -> Found | None:
    body = re.sub(r"<[^<>]{0,200}>", "", s)
    if _UNSURE.search(body):
        parts = [p for p in re.split(r"[，。,；;]", body) if p and not _UNSURE.search(p)]
        body = parts[0] if parts else ""
    body = re.sub(r"[';]+\s*(?:DROP|SELECT|DELETE|INSERT|UPDATE|--).*$", "", body, flags=re.I).strip(" ，。；;,.!！'\"")
    lead = _LEAD.match(body)
    body = (body[lead.end() :] if lead and lead.end() < len(body) else body).rstrip("吧呗嘛啊呀")
    if not body or len(body) > 100 or re.search(r"[?？]$|会不会|能不能|[行中]不$|吗$|咋办$", s):
        return None
    at = s.find(body)
    return Found("respondent", body, body, max(at, 0), max(at, 0) + len(body), 0.85)
