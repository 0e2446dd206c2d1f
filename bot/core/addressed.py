"""Tells whether a paper's text holds words addressed to a language model that reads it, rather than to people.

Invariants: letters are compared, not signs: zero-width characters, odd spacing, accents, look-alikes and digits in the
place of letters make no difference. A paper about prompt injection that quotes such words is flagged too; a flag is a
note for people and never a reason to leave a paper out. No string makes it raise; about half a millisecond an abstract.
The forms are those of the hidden prompts found in arXiv manuscripts in July 2025 (arXiv:2507.06185) and of the first
line of most injections, "ignore all previous instructions".
"""

# ruff: noqa: RUF001, E501 - look-alikes are meant; a rule is one line

import re
import unicodedata
from typing import Final

from bot.core import sentences

__all__ = ["addressed", "to_people"]

_LOOKALIKES: Final = str.maketrans("аеорсухіѕԁһӏνοαιτκ", "aeopcyxisdhlvoaitk")
_LEET: Final = str.maketrans("013457@$!|", "oieastasil")
_WORD: Final = re.compile(r"[a-z0-9@$!|]+")
# On lower-case words with one blank between them and no other signs.
_ENGLISH: Final = re.compile(
    r"\b(?:"
    r"(?:ignore|disregard|forget|override|bypass) (?:\w+ ){0,3}?(?:previous|prior|above|preceding|earlier|foregoing|existing|other|your|system|safety) (?:\w+ ){0,2}?(?:instructions?|prompts?|guidelines|rules|directives|commands|context)"
    r"|(?:ignore|disregard|forget) (?:(?:all|any|everything) )?(?:of )?(?:the )?above\b(?! \w+(?:ed|ing)\b)"
    r"|(?:ignore|disregard|forget) (?:(?:all|any) )?(?:of )?your instructions"
    r"|(?:give|provide|write|output|generate|produce|return|leave) (?:me |us )?(?:only )?(?:an? )?(?:\w+ )?(?:positive|favou?rable|glowing) (?:peer )?(?:reviews?|evaluations?|feedback|assessments?|scores?)(?: only)?(?! (?:\w+ ){0,3}(?:were|was|are|is|have|had|than)\b)"
    r"|positive (?:reviews?|evaluations?|feedback) only"
    r"|(?:do not|dont|never|must not|should not|avoid) (?:mention|mentioning|highlight|highlighting|list|listing|report|reveal|raise|point out|include|discuss) (?:any |the |its |all )?(?:of the )?(?:negatives?|weakness(?:es)?|flaws?|shortcomings|limitations of (?:this|the) (?:paper|work|manuscript))"
    r"|as an? (?:ai |large |llm )?(?:language model|ai model|ai assistant|llm|ai|reviewer|ai reviewer|llm reviewer|assistant)(?: reviewer)? (?:you|please|i|recommend|your)\b"
    r"|(?:you are|youre|act as|pretend to be) (?:now )?an? (?:\w+ ){0,2}(?:language model|llm|assistant|chatbot|reviewer|ai)(?! (?:\w+ ){0,2}(?:system|user)s?\b)"
    r"|(?:for|to|attention|dear|hey|note to|if you are an?) (?:all |any )?(?:the |an? )?(?:llms?|ai|language model|gpt|chatgpt|gemini|claude) (?:reviewers?|readers?|assistants?|models?|agents?) (?:please|ignore|you|give|must|do|note|should (?:rate|accept|recommend|give|write|praise))"
    r"|if you are an? (?:ai|llm|large language model|language model|chatbot)\b"
    r"|(?:please )?(?:recommend|advise) (?:accepting|acceptance of|to accept|strong accept\w*) (?:this|the) (?:paper|manuscript|submission|work)"
    r"|(?:rate|score|rank|accept|recommend|praise|endorse) (?:this|the present) (?:paper|manuscript|submission)\b(?! (?:by|was|is)\b)"
    r"|(?:this|the) (?:paper|manuscript|submission) (?:must|should) be (?:accepted|rated|given|recommended)"
    r"|(?:reveal|print|repeat|show|output|leak) (?:me )?(?:your|the) (?:entire |full |hidden |initial )?system prompt"
    r"|new (?:system )?instructions? (?:for|to) (?:the )?(?:llm|ai|model|assistant|you)"
    r"|begin system prompt|end system prompt|system override|do anything now"
    r"|(?:emphasi[sz]e|praise|highlight) (?:the )?(?:exceptional|outstanding) (?:strengths?|novelty|contributions?|merits?|\w+ and \w+ of this)"
    r")"
)
_RAW: Final = re.compile(  # signs matter here
    r"<\|?(?:im_start|im_end|system|endoftext|assistant|user|inst)\|?>|\[/inst\]|<</?sys>>|\bbegin (?:hidden )?(?:system )?prompt\b|(?m:^\s*(?:#+\s*)?(?:system|assistant)\s*:\s*you\b)"
)
_HAN: Final = re.compile(
    r"(?:忽略|无视|忘记|忘掉|不要理会|不要遵循|跳过)[^。！？]{0,10}(?:指令|指示|提示词?|命令|规则|要求)(?!微调|调优|数据|学习|工程)"
    r"|(?:只|仅|请|必须|务必)[^。，]{0,8}(?:给出?|写|提供|输出|作出)[^。，]{0,6}(?:正面|积极|好评|肯定|高分)[^。]{0,6}(?:评价|评审|审稿|意见|评论|评分|分数)?"
    r"|(?:不要|请勿|切勿|勿|不得)(?:提及?|提到|列出|指出|讨论)[^。，]{0,8}(?:缺点|不足|弱点|负面|局限|问题)"
    r"|作为(?:一个|一名|一位)?(?:ai|人工智能|大?语言模型|llm|审稿)[^。，]{0,6}[,，]?\s?(?:你|您|请)"
    r"|(?:你|您)(?:现在)?(?:是|扮演)一?(?:个|名|位)?[^。，]{0,8}(?:助手|语言模型|审稿人|评审)"
    r"|(?:建议|推荐|务必|请)(?:直接)?(?:接收|录用|接受)(?:本文|该文|此文|这篇|本论文|该论文)|(?:输出|泄露|重复)(?:你|您)?的?系统提示"
)


_JOINED: Final = re.compile(  # letters alone, for 'i g n o r e' and 'ignoreAllPrevious'
    r"(?:ignore|disregard|forget)(?:all|any|the|your|of){0,3}(?:previous|prior|above|preceding|earlier)(?:instruction|prompt|guideline|rule|direction)"
    r"|(?:give|provide|write|output)(?:me|us|only|an?){0,3}(?:positive|favou?rable)(?:peer)?review"
    r"|positivereviewonly|donot(?:mention|highlight|list|report)(?:any|the)?(?:negative|weakness|flaw)|asa(?:n?ai|large)?languagemodelyou"
)


def addressed(text: str) -> bool:
    """Tell whether a title, an abstract or a comment speaks to a language model or a reviewing program."""
    folded = unicodedata.normalize("NFKD", text).lower().translate(_LOOKALIKES)
    shown = "".join(c for c in folded if c.isspace() or unicodedata.category(c) not in {"Cf", "Mn", "Me", "Cc", "Cs"})
    if _RAW.search(shown) or _HAN.search(re.sub(r"\s", "", shown)):
        return True
    words = " ".join(map(_unmasked, _WORD.findall(re.sub(r"['’‘]", "", shown))))
    return bool(_ENGLISH.search(words) or _JOINED.search(re.sub(r"[^a-z]", "", words)))


def to_people(text: str) -> str:
    """Leave out the sentences that speak to language models: none of them is what a paper says."""
    if not addressed(text):
        return text
    return " ".join(each for each in sentences.split(text) if not addressed(each))


def _unmasked(word: str) -> str:
    """Put letters for the digits and signs within a word: '1gn0re', 'in$truct!ons'."""
    bare = word.rstrip("!|$@")
    return bare.translate(_LEET) if re.search(r"[a-z]", bare) and not bare.isalpha() else bare
