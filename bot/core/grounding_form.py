r"""What no post may carry whatever it rests on: placeholders, chatter, echoes, labels, markup, mentions, strange links.

Each rule is a pattern with the sentence that says what is wrong. Some words are harmless where the paper itself uses
them ("University" in a study of universities): those rules are forgiven if the source's sentence has the very words.
Patterns were written from the faults counted in published digests; they run on lower-case NFKC text.
"""

# ruff: noqa: RUF001, E501, ISC004 - Chinese punctuation is meant; a rule is one line

import re
import unicodedata
from collections.abc import Collection
from difflib import SequenceMatcher
from typing import Final

from bot.core.grounding_quotes import flat

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]+(?:[-'][A-Za-zÀ-ɏ]+)*")
_UNIT: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[A-Za-z0-9][A-Za-zÀ-ɏ0-9_.%+-]*|[^\W\d_]+")

_LABELS: Final = (
    r"titles?|authors?|affiliations?|key ?words?|urls?|links?|github|code|summary|methods?|methodology|conclusions?|"
    r"abstract|results?|tl;?dr|text|quote|(?:key )?take-?aways?|background|workload|performance|innovation(?: points?)?|"
    r"note|output|answer|response|system|assistant|user|human|prompt|override|main contributions?|contributions?"
)
_HAN_LABELS: Final = (
    "标题|题目|作者|单位|机构|隶属机构|所属机构|关键词|链接|代码|代码链接|论文链接|项目链接|方法|结论|创新点|工作量|性能|研究背景|背景|总结|"
    "摘要|数据集链接|输出|答案|意义在于|总结如下|如下"
)
_TOP: Final = (
    "com|org|net|io|ai|edu|gov|mil|int|info|biz|cn|dev|app|shop|me|ly|co|uk|de|fr|jp|ru|eu|us|in|it|nl|ch|at|es|br|kr|tw|"
    "hk|xyz|site|online|tech|cc|tv|gl|gg|link|club|top|vip|work|cloud|page|example|test|invalid|localhost|store|zip|su|pw"
)
_ADDRESS: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)[^\s<>\"'，。；）】]*"
    rf"|(?<![\w@.-])(?:[\w-]+\.)+(?:{_TOP})(?![\w-])(?:[/:?#][^\s<>\"'，。；）】]*)?"
)
_Rule = tuple[str, re.Pattern[str]]


def _rules(table: str) -> tuple[_Rule, ...]:
    rules = []
    for line in filter(None, map(str.strip, table.strip().splitlines())):
        name, _, pattern = line.partition(" :: ")
        rules.append((name, re.compile(pattern, re.MULTILINE)))
    return tuple(rules)


# Never forgiven, in a model's words or in the source's: shown, they would do something.
_HARMFUL: Final = _rules(r"""
invisible or control characters :: [\x00-\x08\x0b-\x1f\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\U000e0000-\U000e007f]
a mention :: (?<![\w.])@\s?[\w]{2,}|<[@#!][^>]*>|@(?:everyone|here)\b
a command :: (?:^|(?<=[\s“"'（(。，]))[/!][a-z][a-z0-9_]+(?=$|[\s.,;:!?。，])
markup :: </?[a-z!][^>]*>|<t:\d|&(?:[a-z]{2,8}|#\d+);|```|\[[^\]]*\]\([^)]*\)
an address that is disguised :: hxxp|\[\.\]|\(dot\)|\bdot (?:com|org|net|io|ai|cn)\b|javascript:|\bdata:[a-z]+/|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|[\w.+-]+@[\w-]+\.\w
an instruction :: \b(?:ignore|disregard|forget|override|bypass)\b[^.。]{0,40}\b(?:instructions?|prompts?|above|previous|prior|everything|rules?|guidelines)\b|忽略[^。]{0,12}(?:指令|指示|提示|内容|要求)|system prompt|\bllm reviewers?\b|\bas (?:an? )?(?:ai|llm) (?:reviewer|language model|model|assistant)|(?:give|write|provide) (?:a |an )?(?:only )?positive (?:review|evaluation)|positive review only|recommend (?:acceptance|accepting)|(?:strong|weak) accept\b|(?:do not|don't|never) (?:mention|highlight|reveal|list) (?:any )?(?:weakness|negative|limitation|flaw)|(?:不要|请勿|勿)提(?:及|到)|正面(?:评价|评论|审稿)|好评
""")  # fmt: skip

# Never forgiven in a model's own words.
_HARD: Final = _rules(rf"""
a placeholder :: \bexample\.(?:com|org|net|edu)\b|\blorem ipsum\b|待(?:补充|确认|提供|填|定|更新|添加)|需要根据实际|链接地址|此处填|【[^】]*】|\{{[a-z][a-z_ ]{{2,}}\}}|_{{2,}}|＿|<[^>]{{1,30}}>|\[(?:insert|your|add|fill|name|link|title|todo|tbd)[^\]]*\]|placeholder|占位
a placeholder :: (?<![a-z])x{{2,}}(?![a-z])|(?<![a-z0-9])tb[ad](?![a-z0-9])|\btodo\b|\bn/a\b|(?:\.{{3,}}|…)\W*$|:\s?(?:none|unknown|nil|null|n/a|xx+)\b|(?:none|null)\s*$|^暂无|[:]\s*(?:未知|暂无|无|不详)|\bto be (?:added|provided|confirmed|determined|filled|announced|updated)\b
chatter :: \b(?:sure|certainly|of course|absolutely|okay)[!,]|\bhere(?:'s| is| are)\b[^.]{{0,30}}\b(?:summary|takeaways?|bullet|answer|json|response)|\bi (?:hope|apologi[sz]e|cannot|can't|was unable|am unable|could not access|don't have|do not have)\b|\bhope (?:this|that|it) helps|\blet me know\b|\bhappy to help\b|\bfeel free\b|\bplease note\b|\bas an ai\b|\blanguage model,? i\b|\bmeets? your (?:requirements?|needs)
chatter :: based on (?:the|this) (?:provided|given|above)?\s?(?:abstract|text|information|summary|paper)\b|\b(?:full|complete|entire) (?:text|paper)\b|\bthe (?:provided|given) (?:abstract|text)\b|\bthe abstract (?:does not|doesn't|only|provides?)|would be provided|if available|further details|no (?:further )?(?:information|details)|not (?:specified|mentioned|stated|provided) in
chatter :: 希望(?:这|本|以上|对|能)|请注意|以上(?:内容|是|总结|就是)|仅供参考|对您|您的?|根据(?:您|提供|以上|所提供)|由于(?:缺乏|无法|没有|论文)|无法(?:获取|确认|准确|评估|访问|得知|提供)|建议(?:阅读|查阅|参考)|查阅原文|阅读原文|具体(?:细节|内容)(?:可能)?(?:需|请|未)|^好的|作为(?:ai|人工智能|一个|语言模型)|未(?:在摘要中)?提及|摘要(?:中|未|没有)|全文|如有(?:需要|疑问|错误)|如果有
an echo of the prompt :: \b(?:at most|maximum of|max\.?) \d+ (?:words|characters|bullets)|\bin json\b|\bjson\b|\bverbatim\b|\b(?:you are|act as) an? [^.]{{0,30}}(?:assistant|expert|researcher|model|reviewer)|^\s*summari[sz]e (?:the|this)|bullet points?\b|\btake-?aways\b|\boutput language\b|\b(?:begin|end) (?:source|paper|data|text)\b|text of the summary|follow the schema|as instructed|you (?:must|should|were)\b|if not available
an echo of the prompt :: 如果不可用|填写|请用|用一句话|不超过\d*[^。]{{0,4}}(?:词|字)|总结(?:这篇|以下|下面|该|如下)|(?:以下|下面)(?:论文|内容|是)|\(如有\)|（如有）|如有\)|预印本链接
words of a template :: 工作量|创新点|文章(?:整体|结构)|研究意义在于|^\W*\(?\d\)?[.、)]?\s?(?:研究)?背景|\bworkload\b|innovation points?
words of a template :: ^[\W\d]{{0,8}}(?:{_LABELS})\s?:|(?:[.!?]\s|[;；。]\s?)(?:{_LABELS}|{_HAN_LABELS})\s?:|(?:{_HAN_LABELS})\s?:|^\s*[*_#]*\s?(?:summary|key takeaways|conclusion|methods?)[*_\s]*$|:\s*$
markup :: \*\*|__|~~|\|\||`|^\s*#{{1,6}}\s|^\s*>|^\s*[-*•·]\s|\[\[|\]\]|\{{\{{|\\[a-z]+\{{|!\[|^\s*\d{{1,2}}[.、)]\s|^\s*[(]\d{{1,2}}[)]|\n|"\s*:\s*[{{\["]
a request to the reader :: \b(?:click|visit|download|join|send|type|contact|subscribe|email)\b (?:here|now|us|the|this|our|\S+\.\S+|/\S+)|联系|点击|扫码|关注我们|\bread https?\b|加入群
""")  # fmt: skip

# Forgiven where the source's sentence has the same words (for Chinese: their English).
_SOFT: Final[tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]] = tuple(
    (name, re.compile(pattern), re.compile(english) if english else None)
    for name, pattern, english in (
        (
            "an affiliation",
            r"\b(?:universit\w+|institutes?|laborator(?:y|ies)|colleges?|academy|department|faculty|hospitals?|inc\.|corp(?:oration)?\b|"
            r"ltd|professors?|prof\.|affiliat\w+|et al)|researchers? (?:at|from)|authors? (?:are|is|from|of|come)|team (?:led|from|at)",
            None,
        ),
        (
            "an affiliation",
            r"大学|学院|研究院|研究所|实验室|公司|集团|教授|作者(?:们|来自|单位|均)|第一作者|单位(?=为|是|:)|所属|隶属|科学院|团队来自|由.{2,14}(?:完成|提出|开发)",
            r"universit|institut|compan|corporat|laborator|college|professor|academ|enterprise|group|firm",
        ),
        (
            "praise",
            r"\b(?:groundbreaking|ground-breaking|masterpiece|must-read|outstanding|remarkabl[ey]|brilliant|excellent|impressive|best paper|"
            r"highly recommend\w*|worth reading|accept it|rate this|revolutionary|phenomenal|amazing|exceptional|incredible|world-class)\b",
            None,
        ),
        (
            "praise",
            r"杰作|强烈推荐|推荐阅读|值得一读|必读|突破性|里程碑|革命性|完美|卓越|惊艳|顶级",
            r"breakthrough|milestone|revolution|perfect|outstanding|remarkabl|excellent|excel",
        ),
        ("an author's year", r"\b(?:19|20)\d\d[a-z]\b|等人", r"et al|colleagues"),
    )
)
_FOREIGN: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff]"
)
_NOT_HAN: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7af\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff]")
_ENGLISH: Final = frozenset(
    "the a an of and in on to is are was with for by that this from at it its as be than we not can has have".split()  # noqa: SIM905
)
_OTHER: Final = frozenset(
    [
        "der",
        "die",
        "das",
        "und",
        "ist",
        "nicht",
        "mit",
        "ein",
        "eine",
        "für",
        "von",
        "zu",
        "le",
        "la",
        "les",
        "des",
        "une",
        "est",
        "pour",
        "dans",
        "avec",
        "el",
        "los",
        "las",
        "una",
        "es",
        "para",
        "con",
        "por",
        "il",
        "che",
        "di",
        "non",
        "per",
        "sono",
        "uma",
        "não",
        "com",
        "os",
        "é",
        "het",
        "een",
        "van",
        "niet",
        "voor",
        "och",
        "att",
        "som",
        "är",
    ]
)
_ALIKE: Final = 0.9


_SEAM: Final = re.compile(r"(?<=[\u3400-\u9fff\uff00-\uffef])(?=[!-~])")  # a word ends here, which \\b does not know


def harmful(text: str, links: Collection[str]) -> str:
    """Return what makes a text unfit to be shown by anybody, or ''."""
    folded = _SEAM.sub(" ", _folded(text))
    for name, pattern in _HARMFUL:
        if found := pattern.search(text if name.startswith("invisible") else folded):
            return _says(name, found[0])
    return _strange_link(folded, links)


def fault(raw: str, text: str, sentence: str, language: str, links: Collection[str]) -> str:
    """Return the first fault in the form of a model's line that rests on `sentence`, or ''; `text` is `raw` without TeX."""
    for each in (raw, text):
        if problem := harmful(each, links):
            return problem
    if "\n" in raw.strip() or re.search(r"\\(?:section|begin|item)\b", raw):
        return "it holds markup"
    folded, given = _folded(text), _folded(sentence)
    for name, pattern in _HARD:
        if found := pattern.search(folded):
            return _says(name, found[0])
    for name, pattern, english in _SOFT:
        found = pattern.search(folded)
        if found and found[0] not in given and not (english and english.search(given)):
            return _says(name, found[0])
    return _wrong_language(text, sentence, language)


def length(text: str) -> int:
    """Count words; a Chinese character counts as one."""
    return len(_UNIT.findall(text))


def is_chinese(language: str) -> bool:
    """Tell whether a language code is one of Chinese."""
    return language.split("-", maxsplit=1)[0].lower() in {"zh", "yue", "wuu"}


def alike(one: str, other: str) -> bool:
    """Tell whether two lines say the same in nearly the same words."""
    first, second = flat(one), flat(other)
    if not first or not second:
        return first == second
    if first == second or (
        min(len(first), len(second)) > 0.8 * max(len(first), len(second)) and (first in second or second in first)
    ):
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _says(name: str, found: str) -> str:
    shown = " ".join(repr(found.strip())[1:-1].split())[:40]
    return f"it holds {name}: “{shown}”" if shown else f"it holds {name}"


def _strange_link(folded: str, links: Collection[str]) -> str:
    allowed = {_address(link) for link in links}
    for found in _ADDRESS.finditer(folded):
        if _address(found[0]) not in allowed:
            return f"its link is none of the paper's: “{found[0][:60]}”"
    return ""


def _address(link: str) -> str:
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", unicodedata.normalize("NFKC", link).lower())
    return bare.rstrip("/.,;:!?)]}'\"")


def _wrong_language(text: str, sentence: str, language: str) -> str:
    han, words = len(_HAN.findall(text)), [word.lower() for word in _LATIN.findall(text)]
    if is_chinese(language):
        if (strange := _NOT_HAN.search(text)) and strange[0] not in sentence:
            return f"it holds a letter of another script: “{strange[0]}”"
        return "" if han >= 4 and han >= len(words) else "it is not written in the reader's language"  # noqa: PLR2004
    if (strange := _FOREIGN.search(text)) and strange[0] not in sentence:
        return f"it holds a letter of another script: “{strange[0]}”"
    if language.startswith("en"):
        ours = sum(word in _ENGLISH for word in words)
        others = sum(word in _OTHER for word in words)
        if others > ours and others > 1:
            return "it is not written in the reader's language"
    return ""
