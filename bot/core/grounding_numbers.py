r"""Numbers of a text, in one form whatever they are written as: '75\,%', '75 percent', '百分之七十五'.

A number is a value with its kind (a share, percentage points, a factor, or none) and its measure (ms, h, km …) where
one stands beside it. `missing` is strict with the text (every number in it is demanded) and generous with the quote (what
is spelled out, an ordinal, the 3 of '3D' all count). A name such as GPT-4 or Hallo2 holds no number: names are
checked as names.
"""

# ruff: noqa: RUF001, E501, C901, PLR0912 - patterns are one line, a run of number words is read in one loop; signs that look alike are the subject

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

_UNITS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_SMALL: Final = {word: at for at, word in enumerate(_UNITS)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
_ORDINALS: Final = {
    **{f"{word}th": at for word, at in _SMALL.items() if at > 3},  # noqa: PLR2004
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
    "twentieth": 20,
    "thirtieth": 30,
    "second": 2,
    "first": 1,
}
_SCALES: Final = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
    "万": 10**4,
    "亿": 10**8,
    "百": 100,
    "千": 1000,
    "百万": 10**6,
    "千万": 10**7,
    "k": 1000,
    "m": 10**6,
    "b": 10**9,
}
_FACTORS: Final = {
    **dict.fromkeys(("twice", "double", "doubles", "doubled", "doubling", "twofold"), 2),
    **dict.fromkeys(("triple", "triples", "tripled", "thrice", "threefold"), 3),
    **dict.fromkeys(("quadruple", "fourfold"), 4),
}
_DENOMINATORS: Final = {"half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5}
_HAN: Final = {c: at for at, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES: Final = {"十": 10, "百": 100, "千": 1000}
_MEASURES: Final[dict[str, str]] = {
    word: name
    for name, words in {
        "ms": "ms millisecond milliseconds 毫秒",
        "s": "s sec second seconds 秒 秒钟",
        "min": "min mins minute minutes 分钟",
        "h": "h hr hrs hour hours 小时",
        "day": "day days 天 日",
        "week": "week weeks 周 星期",
        "month": "month months 月 个月",
        "year": "yr yrs year years 年",
        "nm": "nm nanometer nanometers 纳米",
        "um": "um μm micrometer micrometers 微米",
        "mm": "mm millimeter millimeters 毫米",
        "cm": "cm centimeter centimeters 厘米",
        "m": "meter meters metre metres 米",
        "km": "km kilometer kilometers kilometres 公里 千米",
        "KB": "kb 千字节",
        "MB": "mb 兆字节",
        "GB": "gb",
        "TB": "tb",
        "kg": "kg kilogram kilograms 千克 公斤",
        "Hz": "hz 赫兹",
        "kHz": "khz 千赫",
        "MHz": "mhz 兆赫",
        "GHz": "ghz 吉赫",
        "eV": "ev",
        "keV": "kev",
        "MeV": "mev",
        "GeV": "gev",
        "TeV": "tev",
        "euro": "euro euros eur 欧元",
        "dollar": "dollar dollars usd 美元",
    }.items()
    for word in words.split()
}
_KIND: Final = (
    r"(?P<pp>(?:percentage |per cent )?points?\b|pp\b|个?百分点)|(?P<share>%|percent\b|per cent\b)"
    r"|(?P<factor>[×x](?![\w])|-?\s?fold\b|times\b|倍)"
)
_DIGITS: Final = re.compile(
    r"(?P<sign>(?<![\w.)\]-])-)?(?P<n>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s?[×x*]\s?10\^?\(?(?P<times>[-+]?\d+)\)?|e(?P<e>[-+]?\d+)(?![\w])|\^\(?(?P<power>[-+]?\d+)\)?|/(?P<under>\d+)(?![\d/]))?"
    r"(?:(?P<letter>[kmb])(?![a-z])|\s?-?(?P<scale>thousand|million|billion|trillion|百万|千万|万|亿|百|千)s?)?"
    rf"(?:[\s-]?(?:{_KIND}))?"
    r"(?:(?=[\s-]?(?P<measure>[a-zμ]{1,12}|[\u4e00-\u9fff]{1,3})))?"
)
_WORDS: Final = re.compile(
    rf"\b(?:{'|'.join((*_SMALL, *_ORDINALS, *_FACTORS, 'hundred', 'hundredth', 'thousand', 'million', 'billion', 'trillion', 'dozen', 'half', 'halves', 'halved', 'quarter', 'tens', 'single', 'both', 'pair', 'dual'))})s?(?![a-z])"
)
_HAN_RUN: Final = re.compile(r"(百分之)?([零〇一二两三四五六七八九十百千]+(?:点[零〇一二三四五六七八九]+)?)(万|亿)?")
_HAN_FRACTION: Final = re.compile(r"([二两三四五六七八九十]+)分之([一二两三四五六七八九十]+)")
_HAN_IDLE: Final = re.compile(
    r"一一|两两|万一|千万别|十分|成千上万|三三两两|千差万别|百科|千里|百姓|万物|万能|统一|单一|唯一|之一|第一|一致|一"
)
_HAN_COUNTED: Final = re.compile(
    r"(?:多|余|几)?\s?(?:个|种|项|类|倍|年|天|小时|分钟|秒|次|步|阶段|层|维|大|组|篇|名|人|条|套|对|路|轮|级|成|张|台|块|只|座|位|份|章|段|家|门|款|元|美|欧|公里|米|吨|度|轴|元组|数据|任务|基准|模型|方法|语言|领域|指标|系统|模块|网络|样本|参数|公开|数据集)"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A value in its shortest form, what kind of quantity it is, its measure if one is known, and how it is written."""

    value: str
    kind: str  # 'share', 'pp', 'factor' or ''
    measure: str
    raw: str


def read(text: str) -> list[Number]:
    """Return the numbers that a text states, in its order within each way of writing."""
    prepared = prepare(text)
    return _digits(prepared, names=False) + _spelled(prepared, given=False) + _han(prepared, given=False)


def missing(text: str, quote: str) -> list[Number]:
    """Return the numbers of a text that its quote does not have; a share is no plain number, 3 ms are no 3 s."""
    prepared = prepare(quote)
    given = _digits(prepared, names=True) + _spelled(prepared, given=True) + _han(prepared, given=True)
    return [wanted for wanted in read(text) if not any(_supports(each, wanted) for each in given)]


def prepare(text: str) -> str:
    """Write powers as '^n', TeX's signs as signs, and everything in lower case and compatibility form."""
    text = re.sub(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + unicodedata.normalize("NFKC", m[0]).replace("−", "-"), text)
    text = re.sub(r"(?<=\d)(?=[½⅓⅔¼¾⅕⅛])", " ", text)
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/").lower()
    text = re.sub(r"\\times|\\cdot|·(?=\s?10\^)", "×", text)
    text = re.sub(r"\{,\}|(?<=\d)\\[,;! ]\s?(?=\d{3}(?!\d))|(?<=\d)[\u2009\u202f\xa0](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\(?:text|mathrm|textbf|%|,|;|!|\s)", lambda m: "%" if m[0] == "\\%" else " ", text)
    text = re.sub(r"\^\s*\{([^{}]*)\}", r"^\1", text)
    text = re.sub(r"(?<=\d)\$(?=\s*%)", "", re.sub(r"[{}]", "", text))
    text = re.sub(r"[‐‑‒–—−﹣]", "-", text)
    return re.sub(r"(?<=\d)\s+%", "%", text)


def plain_value(number: Number) -> str:
    """Return a number as a reader would write it, for a reason."""
    return number.raw.strip()


def _supports(given: Number, wanted: Number) -> bool:
    if given.value != wanted.value:
        return False
    if wanted.kind != given.kind and not (wanted.kind == "" and given.kind == "factor"):
        return False
    return not (given.measure and wanted.measure and given.measure != wanted.measure)


def _value(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(text: str, *, names: bool) -> list[Number]:
    found = []
    for match in _DIGITS.finditer(text):
        if not names and _is_name(text, match.start("n")):
            continue
        kind = next((name for name in ("pp", "share", "factor") if match[name]), "")
        if not kind and _opens_range(text, match.end()):
            kind = "share"
        measure = _measure(match["measure"] or "")
        found += [Number(value, kind, measure, match[0]) for value in _values(match, names=names)]
    return found


def _is_name(text: str, at: int) -> bool:
    """Tell whether digits belong to a name: 'hallo2', 'gpt-4', 'rxj1131'. 'top-5' and 'a 3-fold' are numbers."""
    before = text[:at]
    if re.search(r"[a-z_]$", before):
        return True
    found = re.search(r"([a-z][a-z0-9]*)-$", before)
    return found is not None and found[1] not in {"top", "rank", "over", "under", "nearly", "about", "to", "sub", "n"}


def _opens_range(text: str, end: int) -> bool:
    return re.match(r"\s?(?:-|~|to|至|到|and)\s?\d[\d.,]*\s?(?:%|percent)", text[end:]) is not None


def _measure(word: str) -> str:
    for length in range(len(word), 0, -1):
        if word[:length] in _MEASURES and (word[0] > "\u4e00" or length == len(word)):
            return _MEASURES[word[:length]]
    return ""


def _values(match: re.Match[str], *, names: bool) -> list[str]:
    try:
        number = Decimal(match["n"].replace(",", ""))
        if match["sign"]:
            number = -number
        if (power := match["times"] or match["e"]) is not None:
            number *= Decimal(10) ** max(-60, min(60, int(power)))
        elif match["power"] is not None:
            if abs(int(match["power"])) > 60 or number == 0:  # noqa: PLR2004
                return [f"{number}^{match['power']}"]
            number **= int(match["power"])
        elif match["under"]:
            fraction = Fraction(Fraction(number), int(match["under"])) if int(match["under"]) else None
            parts = [_value(number), match["under"]] if names else []
            return [*parts, _fraction(fraction)] if fraction is not None else [f"{number}/0"]
        scale = _SCALES.get(match["letter"] or match["scale"] or "", 1)
        values = [_value(number * scale)]
    except (InvalidOperation, OverflowError, ValueError):
        return [match[0]]
    if names and match["letter"]:
        values.append(_value(number))
    return values


def _fraction(value: Fraction) -> str:
    if value.denominator in {1, 2, 4, 5, 8, 10, 20, 25, 50, 100}:
        return _value(Decimal(value.numerator) / Decimal(value.denominator))
    return f"{value.numerator}/{value.denominator}"


def _spelled(text: str, *, given: bool) -> list[Number]:
    """Numbers in English words; a `one` and a `first` support but are never demanded, being no count mostly."""
    found: list[Number] = []
    words = [(m[0], m.start(), m.end()) for m in _WORDS.finditer(text)]
    at = 0
    while at < len(words):
        run = [words[at]]
        while at + 1 < len(words) and re.fullmatch(r"[\s-]+(?:and\s)?", text[words[at][2] : words[at + 1][1]]):
            at += 1
            run.append(words[at])
        at += 1
        found += _run([word for word, _, _ in run], text[run[-1][2] : run[-1][2] + 30], given=given)
    return found


def _run(words: list[str], after: str, *, given: bool) -> list[Number]:
    raw = " ".join(words)
    kind = "share" if re.match(r"\s?(?:%|percent|per cent)", after) else ""
    kind = "factor" if re.match(r"[\s-]?(?:times|fold)\b", after) else kind
    measure = _measure((re.match(r"[\s-]?([a-z]+)", after) or ["", ""])[1])
    if (
        len(words) > 1
        and words[-1] in _DENOMINATORS
        and (words[-2] == "one" or words[-1].endswith("s"))
        and words[-2] in _SMALL
    ):
        return [Number(_fraction(Fraction(_SMALL[words[-2]], _DENOMINATORS[words[-1]])), "", "", raw)]
    found = []
    total, current, seen = 0, 0, False
    for word in words:
        single = word if word in _SMALL or word in _SCALES or word in _ORDINALS else word.removesuffix("s")
        if word in _FACTORS:
            found.append(Number(str(_FACTORS[word]), "factor", "", raw))
        elif word in {"half", "halves", "halved"}:
            found.append(Number("0.5", "", "", raw))
        elif word == "quarter":
            found += [Number("0.25", "", "", raw)] if given else []
        elif word in {"both", "pair", "pairs", "dual"}:
            found += [Number("2", "", "", raw)] if given else []
        elif word == "single":
            found += [Number("1", "", "", raw)] if given else []
        elif word == "tens":
            found.append(Number("10", "", "", raw))
        elif single in _SMALL:
            current, seen = current + _SMALL[single], True
        elif single in _ORDINALS:
            current, seen = current + _ORDINALS[single], True
        elif single == "dozen":
            found.append(Number(str(12 * max(current, 1)), "", "", raw))
            found += [Number("10", "", "", raw)] if given else []
            current, seen = 0, False
        elif single in _SCALES:
            scale = _SCALES[single]
            current = max(current, 1) * scale
            seen = True
            if scale > 100:  # noqa: PLR2004
                total, current = total + current, 0
    total += current
    weak = words in (["one"], ["first"], ["second"], ["seconds"], ["ones"]) or (total < 2 and not given)  # noqa: PLR2004
    if seen and (given or not weak):
        found.append(Number(str(total), kind, measure, raw))
        if given:  # "two hundred" also has a two, a "twenty-third" a third
            found += [Number(str(_SMALL[word]), kind, measure, raw) for word in words if word in _SMALL]
    return found


def _han(text: str, *, given: bool) -> list[Number]:
    found = []
    for match in _HAN_FRACTION.finditer(text):
        under, over = _han_value(match[1]), _han_value(match[2])
        if under and over:
            found.append(Number(_fraction(Fraction(int(over), int(under))), "", "", match[0]))
    text = _HAN_FRACTION.sub("＿", text)
    halves = re.findall(r"一半|减半", text)
    found += [Number("0.5", "", "", each) for each in halves]
    doubled = re.search(r"翻倍|加倍|翻一番|翻了一番", text)
    found += [Number("2", "factor", "", doubled[0])] if doubled else []
    idle = _HAN_IDLE.sub(lambda m: m[0] if m[0] == "一" else "＿" * len(m[0]), text)
    for match in _HAN_RUN.finditer(idle):
        value = _han_value(match[2])
        if value is None:
            continue
        counted = _HAN_COUNTED.match(idle, match.end())
        scaled = Decimal(value) * _SCALES.get(match[3] or "", 1)
        strong = match[1] or match[3] or len(match[2]) > 1 or match[2] in "百千" or (counted and value > 1)
        if not (strong or given) or (match[2] == "一" and not match[3] and not match[1] and not given):
            continue
        if match[2] == "十" and not counted and idle[max(match.start() - 1, 0) : match.start()] not in {"数", "几"}:
            continue
        rest = idle[match.end() : match.end() + 3]
        kind = "share" if match[1] else "factor" if rest.startswith("倍") else ""
        found.append(Number(_value(scaled), kind, _measure(rest), match[0]))
    return found


def _han_value(run: str) -> Decimal | None:
    whole, _, decimals = run.partition("点")
    total, current = 0, 0
    if whole and all(c in _HAN for c in whole) and len(whole) > 1:
        total = int("".join(str(_HAN[c]) for c in whole))
    else:
        for char in whole:
            if char in _HAN_SCALES:
                total, current = total + (current or 1) * _HAN_SCALES[char], 0
            else:
                current = _HAN[char]
        total += current
    digits = "".join(str(_HAN[c]) for c in decimals if c in _HAN)
    return Decimal(f"{total}.{digits}") if digits else Decimal(total)
