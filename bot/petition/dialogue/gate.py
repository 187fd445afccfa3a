"""The gate: from what the words look like and what was just asked to what the turn means.

An intent model alone swallows stories ("…办理进度还没有，请问多久能办完我的事" looks like a question about time). The gate knows what
is pending: danger first, then an answer that fits, then a question in between, and a story whenever in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.petition import safety
from bot.petition.dialogue.asking import CHOICE, CONFIRM, FACT
from bot.petition.dialogue.commands import command, is_chat
from bot.petition.dialogue.draft import Draft
from bot.petition.dialogue.intake import SHORT, TELLABLE, YES
from bot.petition.dialogue.requests import rating_of
from bot.petition.fields import FREE, labels, read_answer, show
from bot.petition.understand import answers, contacts, corrections, respondents, story
from bot.petition.understand.shapes import shape
from bot.petition.understand.text import clean

FAQ = "faq:"
#: Intents that the form itself takes in; every other intent is an interruption with a rule of its own.
TAKEN_IN = frozenset({"inform", "affirm", "deny", "file_it", "not_now", "skip", "decline", "change", "second_matter"})
#: Intents that end a form, so that they need more certainty in the middle of one.
ENDING = frozenset({"cancel", "start_over", "goodbye"})
#: Requests about a filed case that may be waited for.
AWAITED = ("supplement", "rate", "request_review")
#: Chat that may as well be an answer that was not understood, so that it counts as one.
ASTRAY = frozenset({"greet", "out_of_scope", "complaint_about_bot", "nlu_fallback"})
#: Intents about a case that is filed already; in the middle of a form only with clear words.
ABOUT_CASE = frozenset({"ask_progress", "urge", "supplement", "withdraw", "rate", "request_review"})

_QUESTION = re.compile(
    r"[?？]|[吗么嘛呢吧啊]$|怎么|多久|多长|会不会|能不能|可不可以|是不是|要不要|用不用|行不行|有没有|什么|哪|几天|为啥|为何|凭什么|不是就|不行吗|咋|不[?？]?$|can |how "
)
_NO = frozenset(["不", "不是", "不对", "否", "不用", "不要", "没有", "不用了"])
_SECOND = re.compile(r"^(?:对了|哦|还有|另外|顺便)[，, ]?.{0,4}(?:还有|另)?(?:一?[个件]|别的|其他)(?:事|问题|情况)")
#: Asking for what somebody else said. Privacy does not hang on a likeness to examples.
_OTHERS = re.compile(
    r"(?:查|看|给我|列出?|告诉我|调出?)[^。！？]{0,20}(?:登记|反映|举报|投诉)(?:过|了)?(?:什么|啥|哪些|没|的(?:件|内容|东西))|"
    r"(?:别人|其他人|邻居|所有人|大家)的?[^。！？]{0,4}(?:件|案子|登记|信访|投诉)(?:列|看|查|拿|给|有|是|怎|$)|谁(?:举报|投诉|告)(?:的|了)?我|有没有人(?:举报|投诉|告)(?:过|了)?我"
)
_OWN = re.compile(r"我(?:自己)?(?:的|刚|登记|反映|举报|投诉|提交|填|写|说|都|交|上次|之前)|刚才|刚登记|编号|查询码")
#: Without one of these a turn in the middle of a form is not about a case that is filed already.
#: Who begins so says what is wanted, whatever the words that follow are like (要求装净化设备).
_WISHES = re.compile(
    r"^(?:我们?|俺们?)?(?:就|只)?(?:是)?(?:要求|请求|恳请|希望(?!了解|知道|咨询)|(?:让|叫|要)(?:他|她|物业|公司|老板|对方|开发商))(?!转|撤|人工|删|改)"
)
#: Who begins so does not know the answer, whatever word of asking follows (不知道是哪个单位).
_UNKNOWING = re.compile(r"^(?:我|俺|这个?)?(?:也|就|还)?(?:真)?(?:不知道|不清楚|不晓得|记不|说不)")
#: Whoever ends a form or throws it over says so; a village (前张村) that is like the examples does not.
_ENDS = {
    "start_over": re.compile(
        r"重|从头|从新|清|删|作废|不算|取消|不要|归零|再来|推倒|头再|抹|换|撤|开头|起头|头开始|由头|第一|另起|全部|打头|擦|丢掉|扔|白纸|一遍|乱|错|回到|当我没|说起|倒回|最前|最开始|打回|新的|推翻|废|初始"
    ),
    "cancel": re.compile(
        r"不|算|取消|放弃|停|结束|退|撤|罢|免|别|甭|莫|消|拉倒|作罢|到此|冇|没|弃|懒得|唔|关[掉闭了]|拜|走|完|中断|终止"
    ),
    "goodbye": re.compile(
        r"拜|再见|再会|再聊|再倾|后会|走|回|忙|先这|就这|下次|改[天日]|得空|得闲|挂|睡|88|到这|结束|下[了线]|撤了|没了|没有?[事别]|没有了|不聊|不说了|不打扰|有空|告辞|散|完[了事]|好了|行了|可以了|够了|先[下去]|吃饭|上班|干活|关|出门|晚安|赶车|收工|闪|溜|辛苦|慢走|明天|以后|打住|再联系|得了|就酱|谢|先到|休息|歇|退|bye"
    ),
}
#: Ends like a place, and says of nothing that it is to be done or left.
_PLACE_LIKE = re.compile(
    r"(?!.*(?:不|撤|算|取消|重新|我要|转|别|清|删))[\u4e00-\u9fff0-9A-Za-z，,、\-]{1,29}[村镇乡区县市州路街巷弄号栋室组屯庄寨社坝湾沟峪园苑]"
)
_NUMBER = re.compile(r"\d{6}")
_CASE_WORDS = re.compile(
    r"进度|进展|催|补充|撤|评价|打分|满意|好评|差评|复查|复核|编号|查询|查一?下|查查|那个?件|我的件|结果|办到哪|办得怎|处理得怎|有没有信|回音"
)
#: The last day of what was advised.
_DUE = re.compile(
    r"(?:期限|时限|时效|最晚|最迟|截止|到期|过期)[^，。]{0,8}(?:哪|几|什么时候|啥时候|多久|多少|多长|咋算|怎么算|[吗？?])|(?:哪天|几号|哪一天|什么时候|啥时候)(?:到期|截止|过期|之?前(?:办|去|交|提))|还[有剩](?:几|多少)天|(?:最晚|最迟)(?:是)?(?:哪|几|什么)"
)
_MORE = re.compile(
    r"(?:我想?)?(?:再)?(?:听|看|说|讲|要)?(?:听听|看看|说说)?(?:更多|多[说讲]点|详细(?:点|一点|些|说说|讲讲)?|细说|全部|还有(?:什么|啥|别的)?办法(?:吗|没有|没)?|别的(?:路|办法)呢?)(?:的)?[吧呢。？?]*"
)
#: Confirms; said once more after the receipt it is told that all is done.
_SUBMITS = re.compile(r"(?:确认)?(?:提交|交上去)(?:[吧了啊]|了吗|了没有?)?[。！!？?]?")
#: What to do about what was advised.
_HOW = re.compile(
    r"(?:那|现在|这|我|俺|到底|具体|下一步|接下来|该|要|得|应该){0,4}(?:咋|怎么|怎|如何)(?:个)?(?:弄|办|整|做|搞|走)(?:法|才好|呢|啊|呀|嘛|哩){0,2}[？?。]*"
)
#: Not a word of it was understood.
_HUH = re.compile(r"(?:啊|嗯|哈|啥|什么|咋|哦)[?？]+|(?:啊|啥|哈|什么)[。.!！]?")
_SAFE = re.compile(
    r"(?:我|现在|已经|都)?(?:安全|没事|好多|好[些点]儿?|平安|脱险|冷静|想开)了|我(?:很|现在)?(?:安全|没事|平安)|(?:已经|我)报(?:了)?警|警察(?:到|来)了|缓过来|不想死了|没有?危险了?|(?:到|在)家(?:里)?了|(?:妈妈?|爸爸?|老师|家人|大人|朋友)(?:在|来|陪)|气话|说说而已|随(?:便|口)说|瞎说的|没那个意思|没(?:真)?想死|不会(?:真的?|去)?(?:死|寻短|做傻事|想不开)|不是真的?(?:想|要)"
)
_UNSAFE = re.compile(r"不安全|不平安|还没|没有?安全")


#: What a channel writes for a file that came with a turn.
_ATTACHED = re.compile(r"\s*（附件：[^）]*）")


@dataclass(frozen=True)
class Scene:
    """What the conversation is at. pending: as `Intake.pending` while the form is open, else None. filed: a case is in hand."""

    draft: Draft
    pending: str | None = None
    awaiting: str = ""
    danger: str = ""
    offered: bool = False
    filed: bool = False


@dataclass(frozen=True)
class Reading:
    """What the turn means: an intent of the domain, for `faq` its topic, and how sure."""

    intent: str
    confidence: float
    topic: str = ""


def read(
    raw: str,
    scores: Mapping[str, float],
    scene: Scene,
    today: date,
    danger: Callable[[str], safety.Danger | None] = safety.danger,
) -> Reading:
    """Reads one turn. `scores`: probabilities of the intent model, `faq:<topic>` among them, best first."""
    text = clean(raw).text.strip()
    peril = danger(text)
    if peril:
        return Reading("emergency", 1.0, peril.kind)
    low = scene.draft.despair or (scene.danger and not scene.pending)
    if low and _SAFE.search(text) and not _UNSAFE.search(text) and story.richness(text) < 0.6:
        return Reading("relieved", 1.0, scene.danger or "self_harm")
    if scene.danger and not scene.pending and not _past_danger(text, scores, scene.danger, today):
        return Reading("emergency", 0.9, scene.danger)
    if len(text) <= 50 and _OTHERS.search(text) and not _OWN.search(text):
        return Reading("faq", 1.0, "others_cases")
    numbers = (
        scene.awaiting == "progress" and _NUMBER.search(text) and not (scene.pending and contacts.find_phones(text))
    )
    if contacts.find_case_numbers(text) or numbers:
        return Reading("ask_progress", 1.0)
    if scene.offered:
        return _offered(text, scores, scene.awaiting == "calm")
    said = command(text)
    if said:
        return _command(said, scene)
    if scene.draft.advised and _DUE.search(text) and len(text) <= 30:
        return Reading("ask_due", 1.0)
    done = scene.filed and not scene.draft.started
    if done and _DUE.search(text) and len(text) <= 30:
        return Reading("ask_progress", 1.0)
    if done and _SUBMITS.fullmatch(text):
        return Reading("affirm", 1.0)
    if scene.draft.advised and _MORE.fullmatch(text):
        return Reading("more", 1.0)
    if scene.draft.advised and _HOW.fullmatch(text):
        return Reading("repeat", 1.0)
    if scene.awaiting in AWAITED and not scene.pending:
        if text in _NO or (scene.awaiting == "rate" and text in YES):
            return Reading("goodbye", 1.0)
        if _belongs(scene.awaiting, text, scores):
            return Reading(scene.awaiting, 1.0)
    if scene.pending:
        return _in_form(text, scores, scene, today)
    words = _ATTACHED.sub("", text)
    if scene.filed and words != text and not scene.draft.values.get("narrative") and story.richness(words) < TELLABLE:
        # A file that comes after the receipt, with few words, belongs to what was filed.
        return Reading("supplement", 1.0)
    return _outside(text, scores)


def _belongs(awaiting: str, text: str, scores: Mapping[str, float]) -> bool:
    """Whether the turn is what a request about a filed case still lacked, and nothing else."""
    top, p = _top(scores)
    if awaiting == "rate":
        return rating_of(text) is not None
    return _faq(scores)[1] < 0.6 and (p < 0.8 or top in ("inform", "nlu_fallback", awaiting))


def _past_danger(text: str, scores: Mapping[str, float], kind: str, today: date) -> bool:
    """After a danger was told, only safety, a matter of its own or a clear wish leads back to business.

    So does an answer to a question of the form after a wish to die: who gives his name or street goes on, and the numbers were said. Of
    other dangers a name or street may tell where help is needed.
    """
    if _SAFE.search(text) or story.richness(text) >= 0.6:
        return True
    if kind in safety.INWARD and (_PLACE_LIKE.fullmatch(text) or shape(text, today)):
        return True
    top = _top(scores)[0]
    return top in ("file_it", "goodbye") and _says(top, text)


def _top(scores: Mapping[str, float]) -> tuple[str, float]:
    return next(iter(scores.items()), ("nlu_fallback", 0.0))


def _faq(scores: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest topic and how likely any topic is."""
    topics = [(k, p) for k, p in scores.items() if k.startswith(FAQ)]
    return (topics[0][0][len(FAQ) :], sum(p for _, p in topics)) if topics else ("", 0.0)


def _offered(text: str, scores: Mapping[str, float], calm: bool) -> Reading:
    """An unfinished draft was just offered back; after a danger a no leaves it lying, it does not throw it away."""
    top, p = _top(scores)
    if calm and (text in _NO or (top in ("deny", "not_now", "goodbye", "cancel") and p > 0.4)):
        return Reading("cancel", 1.0)
    if (top == "start_over" and p > 0.3) or (top in ("deny", "not_now") and p > 0.4) or text in _NO:
        return Reading("start_over", 1.0)
    if top in ("greet", "ask_progress", "human") and p > 0.5 and (top != "ask_progress" or _CASE_WORDS.search(text)):
        return Reading(top, p)
    return Reading("resume", 1.0)


def _command(said: str, scene: Scene) -> Reading:
    """A command that was said alone; what only makes sense in a form is something else outside of it."""
    if said == "back":
        return Reading("change" if scene.pending else "resume" if scene.draft.started else "capabilities", 1.0)
    if said == "skip" and not scene.pending:
        return Reading("nlu_fallback", 1.0)
    if said == "cancel" and scene.pending == CHOICE:
        return Reading("not_now", 1.0)
    return Reading(said, 1.0)


def _outside(text: str, scores: Mapping[str, float]) -> Reading:
    """No form is open: a story opens one."""
    top, p = _top(scores)
    topic, asked = _faq(scores)
    rich = story.richness(text)
    tells = scores.get("inform", 0.0)
    if not _says(top, text):
        top, p = "inform", tells  # digits and villages are like anything
    if top != "inform" and not top.startswith(FAQ) and p >= 0.5 and (rich < TELLABLE or p > 0.8) and len(text) <= 40:
        return Reading(top, p)
    if rich >= TELLABLE and (tells >= 0.2 or len(text) > 30) and not (asked > 0.7 and len(text) <= 30):
        return Reading("inform", max(tells, rich))
    if asked >= 0.4 and len(text) <= 60:
        return Reading("faq", asked, topic)
    if top != "inform" and not top.startswith(FAQ) and p >= 0.35 and len(text) <= 40:
        return Reading(top, p)
    if tells >= 0.4 or len(text) > 15:
        return Reading("inform", tells)
    return Reading("nlu_fallback", p)


def _in_form(text: str, scores: Mapping[str, float], scene: Scene, today: date) -> Reading:
    """What can be read by its form is; the model's opinion costs more and is looked at only after that."""
    pending = scene.pending or ""
    if pending in (CHOICE, CONFIRM):
        return _at_choice(text, scores, scene, today)
    question = bool(_QUESTION.search(text))
    if pending == FACT and len(text) <= 20 and _top(scores)[0] == "file_it" and _top(scores)[1] >= 0.5:
        return Reading(*_top(scores))
    if _HUH.fullmatch(text):
        return Reading("repeat", 1.0)
    if pending not in ("narrative", FACT) and not question and shape(text, today):
        return Reading("inform", 1.0)
    if pending not in ("narrative", FACT) and not question and len(text) <= 60 and _corrects(text, scene.draft, today):
        return Reading("change", 1.0)
    fits = pending == FACT or _fits(pending, text, today)
    surely = fits and pending not in FREE and pending != FACT
    if text in _NO or text in YES or (surely and not question):
        return Reading("inform", 1.0)
    if contacts.find_phones(text) and not question:
        return Reading("inform", 1.0)
    if answers.anonymous(text) is not None and len(text) <= SHORT and not question:
        return Reading("inform", 1.0)
    if _SECOND.search(text):
        return Reading("second_matter", 1.0)
    if (_UNKNOWING.search(text) and len(text) <= SHORT) or (_WISHES.match(text) and not question):
        return Reading("inform", 1.0)
    if pending == "respondent" and not question and respondents.is_unit(text):
        return Reading("inform", 1.0)
    if pending in ("place", "address") and not question and _PLACE_LIKE.fullmatch(text):
        return Reading("inform", 1.0)
    top, p = _top(scores)
    topic, asked = _faq(scores)
    if top in ENDING and p >= 0.5 and len(text) <= 20 and _says(top, text):
        return Reading(top, p)
    if answers.declines(text) and not (question and asked > 0.6):
        return Reading("inform", 1.0)
    if pending == "narrative" and (len(text) > 30 or story.richness(text) >= 0.5):
        return Reading("inform", scores.get("inform", 0.0))
    chat = pending in ("narrative", FACT) or is_chat(top, text)
    if not top.startswith(FAQ) and top not in TAKEN_IN and len(text) <= 40 and chat:
        limit = 0.6 if top in ENDING or top in ABOUT_CASE else 0.5
        if pending == FACT and not question:
            limit = 0.8
        if p >= limit and _says(top, text) and (top not in ABOUT_CASE or _CASE_WORDS.search(text)):
            # 撤回 in the middle of a form is this form; what was filed before is not touched unless its number is named.
            return Reading("cancel" if top == "withdraw" and not _NUMBER.search(text) else top, p)
    if asked >= 0.5 and (question or asked >= 0.85) and not (fits and not question):
        return Reading("faq", asked, topic)
    if top == "second_matter" and p >= 0.4:
        return Reading("second_matter", p)
    if top in ("skip", "decline") and p >= 0.6:
        return Reading(top, p)
    return Reading("inform", scores.get("inform", 0.0))


def _says(top: str, text: str) -> bool:
    """Whether the words of an intent that ends a form stand there; of any other intent none are asked."""
    return top not in ENDING or bool(_ENDS[top].search(text))


def _at_choice(text: str, scores: Mapping[str, float], scene: Scene, today: date) -> Reading:
    """After the advice or under the summary: only clear words count as yes or no."""
    if text in YES:
        return Reading("affirm", 1.0)
    if _HUH.fullmatch(text):
        return Reading("repeat", 1.0)
    if text in _NO:
        return Reading("deny", 1.0)
    if scene.pending == CONFIRM and (
        _corrects(text, scene.draft, today) or corrections.gives_up(text, scene.draft.wanted)
    ):
        return Reading("change", 1.0)
    top, p = _top(scores)
    topic, asked = _faq(scores)
    question = bool(_QUESTION.search(text))
    if (
        scene.pending == CONFIRM
        and not question
        and not _NUMBER.search(text)
        and (top == "supplement" or (answers.anonymous(text) is not None and len(text) <= SHORT))
    ):
        return Reading("inform", 1.0)  # what is not filed yet is added to, not supplemented
    # Consent is never guessed from a faint likeness: to file, the words must be clear; so they must be to throw it over.
    limit = 0.7 if scene.pending == CONFIRM and top in ("file_it", "affirm", "cancel", "goodbye") else 0.4
    if question and top not in ("file_it", "affirm"):
        limit = 0.75  # 那我这个用登记不: who asks has not decided to leave
    if (
        top in ("file_it", "affirm", "deny", "not_now", "cancel", "goodbye")
        and p >= limit
        and is_chat(top, text)
        and not (question and asked > p)
    ):
        return Reading("not_now" if top in ("cancel", "goodbye") and scene.pending == CHOICE else top, p)
    if asked >= 0.4 and (question or asked >= 0.7):
        return Reading("faq", asked, topic)
    if top == "second_matter" and p >= 0.5 and scene.pending == CONFIRM:
        return Reading(top, p)
    if not top.startswith(FAQ) and top not in TAKEN_IN and p >= 0.5 and len(text) <= 40 and _says(top, text):
        return Reading(top, p)
    if scene.pending == CHOICE and question and asked >= 0.3:
        return Reading("faq", asked, topic)
    return Reading("inform", scores.get("inform", 0.0))


def _fits(pending: str, text: str, today: date) -> bool:
    """Whether the text holds a proper value of the field that was asked."""
    if pending in ("narrative", "demand", "evidence", "place", "respondent", "address"):
        return not _QUESTION.search(text)
    return read_answer(pending, text, today).value is not None


def _corrects(text: str, draft: Draft, today: date) -> bool:
    known = {k: show(k, v) for k, v in draft.values.items()}
    return bool(corrections.find_corrections(text, known, today, labels()))
