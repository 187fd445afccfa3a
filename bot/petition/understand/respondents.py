"""Whom the person complains of: a unit or a person."""

from __future__ import annotations

import re

from bot.petition.understand.found import Found
from bot.petition.understand.text import clean

_CH = "\u4e00-\u9fffA-Za-z0-9"
_COMPANY = "有限责任公司|股份有限公司|有限公司|分公司|公司|集团|物业|置业|地产|劳务|建设集团|建筑|装饰|传媒|科技|4S店|专营店|旗舰店|专卖店|健身房|健身会所|会所|美容院|培训机构|培训学校|驾校|幼儿园|小学|中学|学校|学院|大学|医院|卫生院|诊所|银行|信用社|酒店|饭店|餐馆|菜馆|火锅店|烧烤店|烧烤摊|超市|商场|门店|药店|工厂|厂|砖厂|养殖场|合作社|KTV|网吧|酒吧|快递|平台|开发商|中介|养老院|敬老院"
_AGENCY = "人民政府|县政府|市政府|区政府|镇政府|乡政府|政府|管理局|监督局|公安局|分局|执法局|城管局|住建局|规划局|教育局|民政局|水利局|交通局|社保局|人社局|房管局|环保局|税务局|卫健委|管委会|委员会|街道办事处|街道办|办事处|居委会|村委会|业委会|拆迁办|指挥部|派出所|交警大队|交警队|交警支队|执法大队|执法队|中队|大队|支队|法院|检察院|社保中心|服务中心|管理处|管理所|管理中心|供电局|供电所|自来水公司|燃气公司|热力公司|公交公司|公交集团|卫生站|社保所|信访局|城管|交警|电力公司"
_PERSON = "包工头|老板|村支书|村主任|村长|书记|镇长|乡长|县长|局长|副局长|所长|校长|院长|主任|副总|总经理|经理|队长|房东|楼上邻居|楼下邻居|邻居|班主任|前夫|前妻|丈夫|老公|婆婆|司机|法官|检察官"
_ORG = re.compile(
    rf"[{_CH}（）()·]{{0,18}}?(?:{_COMPANY}|{_AGENCY})(?:有限责任公司|股份有限公司|有限公司|分公司|公司|集团)?"
)
_WHO = re.compile(
    rf"[{_CH}]{{0,6}}?(?:{_PERSON})(?:姓[{_CH}])?|[{_CH}]{{1}}(?:老板|总|副总|书记|主任|局长|镇长|经理)|楼[上下]\d{{2,4}}(?:室|姓[{_CH}]的?)?"
)
_LEFT = re.compile(
    r".*(?:改成|变成|开了|原来是|不交|这边|那边|我是|我们是|俺是|就职于|入职|任职于|工作于|在|被|叫|让|向|由|是|找了?|告|起诉|举报|反映|投诉|关于|对|我们|俺们|咱们|我|俺|咱|你们|这个|那个|这家|那家|一家|这|那|该|某个|和|与|跟|及|给|去|到|从|把|的时候|说|问|请|因为|但是|而且|可是|但|后来|现在|之前|以前|已经|一直|都|就|也|年|月|日|号|强烈要求|要求|希望|建议|领导|您好|你好|尊敬的|楼下的|楼上的|附近的|旁边的|于|楼下|[，。！？；：、,;:!?\s“”\"])"
)
_PLAIN = re.compile(
    r"^(?:的|了|其他|别的|哪个|什么|各|每|任何|有关|相关|上级|当地|政府|公司|学校|医院|银行|法院|平台|厂|公安|检察院|委员会|老板|主任|书记|领导|邻居|队长|经理|快递|科技|传媒|建筑|装饰|超市|商场|大队|中队|集团|大学|(?:县|市|区|省|国家)?信访局|丈夫|老公|司机)$|^不交"
)
_ADDRESSED = re.compile(
    r"尊敬的[^，。：:！\n]{0,14}$|^[^，。！\n]{0,10}(?:您好|你好)|(?:请求?|希望|恳请|望|要求|建议|找了?|向|打了?)(?:市|县|区)?$"
)
_LEAD = re.compile(r"^(?:就是|是|应该是|可能是|好像是|大概是|就|嗯|哦|叫|那个|那家|找|告|反映|投诉)+")
_UNSURE = re.compile(r"不知道|不清楚|不晓得|谈不上")


def _candidates(s: str) -> list[Found]:
    out: list[Found] = []
    for m in _ORG.finditer(s):
        start, end = m.span()
        left = _LEFT.match(s[start:end])
        while (
            left
            and left.end() < end - start - 1
            and re.search(rf"(?:{_COMPANY}|{_AGENCY})", s[start + left.end() : end])
        ):
            start += left.end()
            left = _LEFT.match(s[start:end])
        piece = s[start:end].strip("（）()的了")
        if len(piece) < 2 or _ADDRESSED.search(s[max(0, start - 16) : start]):
            continue
        plain = bool(_PLAIN.match(piece))
        named = len(piece) >= 4
        confidence = 0.35 if plain else 0.85 if named else 0.65
        if re.search(
            r"(?:投诉|举报|告|反映|不服|起诉|欠|拖欠|违规|不给|不退|不管|不作为|停了|罚)",
            s[max(0, start - 6) : end + 10],
        ):
            confidence += 0.08
        out.append(
            Found("respondent", piece, piece, s.find(piece, start), s.find(piece, start) + len(piece), confidence)
        )
    covered = bytearray(len(s) + 1)
    for f in out:
        covered[f.start : f.end] = b"\x01" * (f.end - f.start)
    for m in _WHO.finditer(s):
        start, end = m.span()
        left = _LEFT.match(s[start:end])
        if left and left.end() < end - start:
            start += left.end()
        piece = s[start:end].strip("的了")
        if len(piece) < 2 or covered[start] or _ADDRESSED.search(s[max(0, start - 16) : start]):
            continue
        out.append(Found("respondent", piece, piece, start, start + len(piece), 0.3 if _PLAIN.match(piece) else 0.6))
    return out


def find_respondents(text: str) -> list[Found]:
    """Every unit or person that may be complained of, in order."""
    return sorted(_candidates(clean(text).text), key=lambda f: f.start)


def best_respondent(text: str, asked: bool = False) -> Found | None:
    """The likeliest one; when `asked`, the answer in the person's own words."""
    s = clean(text).text.strip()
    if asked:
        return _answer(s)
    found = [f for f in _candidates(s) if f.confidence >= 0.45]
    if not found:
        return None
    count = {text: s.count(text) for text in {f.text for f in found}}
    return max(found, key=lambda f: (f.confidence + 0.03 * min(count[f.text], 4), -f.start))


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
