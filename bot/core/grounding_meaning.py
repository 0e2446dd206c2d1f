"""Compares what a model's text says with what its quote says, as far as words can tell.

Three verdicts: the text contradicts its quote (a reason), it cannot be vouched for (then the caller shows the quote's
own words instead), or nothing speaks against it. No understanding is claimed: each check looks for the words of one kind of
fault that models make (a denial lost, a direction turned, two systems exchanged, a doubt dropped, a share told as a
gain), and was kept because it stopped faults in `tests/fakes/adversary.py` at little cost in true statements.
"""

# ruff: noqa: RUF001, E501, PLR2004 - Chinese punctuation is meant; patterns are one line; small counts of words

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.core import grounding_numbers as numbers
from bot.core import grounding_words as words
from bot.core import normalise
from bot.core.grounding_quotes import Found, flat
from bot.core.plain import plain

_CLAUSE: Final = re.compile(
    r"[,;:.]\s|\s[-–—]\s|\b(?:but|although|though|because|while|whereas|which|so that|and then|unlike|instead of)\b"
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-./+][A-Za-z0-9]+)*\+*|\d+[A-Za-z][A-Za-z0-9]*")
_INTRODUCED: Final = re.compile(
    r"\b(?:introduce|propose|present|develop|release|build|describe|call(?:ed)?|named?|termed|dubbed|design|construct|create|"
    r"(?:framework|method|model|system|dataset|benchmark|algorithm|approach|tool)(?: called| named)?,?) "
    r"(?:the |a |an |our |it )?(?:novel |new )?\(?([A-Z][\w+.-]*[A-Z0-9\w])"
)
_SHORT: Final = 16  # words of a quote that a text must reflect whole
_COMPARED: Final = re.compile(
    r"\b(?:than|outperform\w*|underperform\w*|surpass\w*|exceed\w*|beats?|unlike|compared (?:to|with)|versus|vs\.?|over)\b",
)
_HAN_THAN: Final = re.compile(
    "(.{1,16}?)比(?!例|较|值|赛)(.{1,16}?)(?:更|少|多|高|低|快|慢|好|差|便宜|大|小|强|弱|短|长|贵|要)"
)
_HAN_OVER: Final = re.compile("(.{1,20}?)(?:优于|高于|低于|劣于|超过|胜过|大于|小于|快于|慢于|超越|不如)(.{1,16})")
_SHARE_OF: Final = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|percent|per cent) of\b")
_GAIN: Final = re.compile(
    r"\bby (?:up to |about |around |over )?(\d+(?:\.\d+)?)\s?%|(\d+(?:\.\d+)?)\s?% (?:better|faster|slower|higher|lower|more|less|"
    r"fewer|larger|smaller|improve\w*|gains?|increase\w*|reduction\w*|relative|boost|speed)"
)
_GAIN_TEXT: Final = re.compile(
    r"\bby (?:up to |about |around |over )?(\d+(?:\.\d+)?)\s?%|(\d+(?:\.\d+)?)\s?% (?:better|faster|higher|more (?!than)|improve\w*|gains?|increase)"
)
_HAN_SHARE: Final = "(?:的|受|参与|都|均|以上|以内|左右的?[^,，。;；]{0,4}的)"
_CONTRAST: Final = re.compile(
    r"\b(?:compared (?:to|with)|versus|vs\.?|than|against|whereas|while|from)\b", re.IGNORECASE
)
_FROM_TO: Final = re.compile(
    r"from\D{0,20}?([\d.,]+)\D{0,20}?\bto\D{0,12}?([\d.,]+)|从\D{0,12}?([\d.,]+)\D{0,12}?([\d.,]+)"
)
_SUPPORTED, _UNRELATED = 0.6, 0.25
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What speaks against a text: `reason` says what is false, `doubt` why it cannot be vouched for."""

    reason: str = ""
    doubt: str = ""


def own_names(title: str, abstract: str) -> frozenset[str]:
    """Return the names (flattened) of what a paper itself brings: before the title's colon, or after "we introduce"."""
    found = set()
    head, colon, _ = title.partition(":")
    if colon and len(head.split()) <= 3:
        found.add(flat(head))
    for match in _INTRODUCED.finditer(plain(abstract)):
        if _is_name(match[1]):
            found.add(flat(match[1]))
    return frozenset(name for name in found if len(name) > 1)


def judge(text: str, found: Found, *, title: str, abstract: str, own: frozenset[str], chinese: bool) -> Verdict:
    """Compare a text with its quote; the quote has been found and the text's form and numbers are in order."""
    claim = _claim(found)
    checks = (
        _names(text, found, title, abstract, own),
        _out_of_context(found),
        _shares(text, claim, chinese=chinese),
        _denial(text, claim, chinese=chinese),
        _direction(text, claim),
        _exchanged(text, claim, own),
        _subject(text, found, own, abstract),
        _doubts(text, claim, chinese=chinese),
        _claims(text, found),
        _relations(text, found),
        _terms(text, found, title) if chinese else _support(text, found, title),
    )
    for verdict in checks:
        if verdict.reason:
            return verdict
    return Verdict(doubt=next((verdict.doubt for verdict in checks if verdict.doubt), ""))


# --- words ----------------------------------------------------------------------------------------------------------


def _claim(found: Found) -> str:
    """The quote with what stands before it in its clause: nobody may cut a 'not' off."""
    pieces = _CLAUSE.split(found.before)
    head = pieces[-1] if pieces else ""
    return f"{head} {found.quote}".strip() if len(head.split()) <= 10 else found.quote


def _content(text: str) -> list[str]:
    tokens = re.findall(r"[a-z][a-z0-9]+", normalise.fold(text))
    return [_stem(token) for token in tokens if token not in words.STOP and len(token) > 2]


def _stem(token: str) -> str:
    token = normalise.stem(token)
    for ending in ("ization", "ational", "ations", "ation", "ingly", "ings", "ments", "ment", "ness", "ively", "ally", "ing", "ions", "ion", "edly",
                   "ive", "ers", "ed", "er", "es", "ly", "al", "e", "y"):  # fmt: skip
        if token.endswith(ending) and len(token) - len(ending) >= 4:
            return token[: -len(ending)]
    return token


def _is_name(token: str) -> bool:
    """Tell whether a token looks like a name: capitals within, digits, or capitals only."""
    return bool(re.search(r".[A-Z]|\d", token)) and bool(re.search(r"[A-Z]", token))


def _names_of(text: str) -> list[str]:
    """Names in a text; plain capitalised words count where they do not open a sentence."""
    text = unicodedata.normalize("NFKC", text)
    found = []
    for match in _NAME.finditer(text):
        token, before = match[0].rstrip("."), text[: match.start()].rstrip()
        opens = not before or before[-1] in '.!?:;(“"。：；（、，,' or bool(_HAN.match(before[-1]))
        capital = token[0].isupper() and len(token) > 1 and not (opens and not _HAN.search(text)) and "." not in token
        if _is_name(token) or (capital and (len(token) > 1)):
            found.append(token)
    return found


def _names(text: str, found: Found, title: str, abstract: str, own: frozenset[str]) -> Verdict:
    near = flat(f"{found.sentence} {title}")
    stems = set(_content(f"{found.sentence} {title}"))
    for name in _names_of(text):
        wanted = flat(name)
        parts = [flat(part) for part in re.split(r"[-/]", name) if part]
        if not wanted or wanted in near or wanted in own or all(part in near for part in parts):
            continue
        single = wanted.removesuffix("s")
        if single in near or _initials(single, f"{found.sentence} {title} {abstract}") or _stem(wanted) in stems:
            continue
        if not _is_name(name) and name.lower() in words.STOP:
            continue
        if wanted in flat(abstract):
            if wanted in {flat(each) for each in own}:
                continue
            return Verdict(reason=f"its quote does not speak of {name}")
        return Verdict(reason=f"the name {name} is not in its quote")
    opener = re.match(r"[A-Z][a-z]+(?![A-Za-z0-9])", text)  # a name or not, nobody can tell
    if opener and opener[0].lower() not in words.STOP and not set(_content(opener[0])) <= stems:
        return Verdict(doubt=f"“{opener[0]}” is not in its quote")
    return Verdict()


def _initials(short: str, text: str) -> bool:
    """Tell whether a short name is made of the first letters of words that follow one another."""
    if not 2 <= len(short) <= 6 or not short.isalpha():
        return False
    firsts = "".join(word[0] for word in re.findall(r"[a-z]+", text.lower()))
    return short in firsts


# --- single faults ---------------------------------------------------------------------------------------------------


def _out_of_context(found: Found) -> Verdict:
    """A quote that leaves out the word that takes it back."""
    head = found.before[-60:]
    if found.start > 0 and found.before[-1:].isalpha() and found.quote[:1].isalpha():
        return Verdict(reason="its quote begins within a word")
    last = _CLAUSE.split(head)[-1]
    if re.search(
        r"\b(?:not|never|cannot|no|nor|neither|without|fails? to|unable to)\b(?:\s+\w+){0,3}\s*$", last, re.IGNORECASE
    ):
        return Verdict(reason="its quote leaves out the denial before it")
    if re.search(
        r"\b(?:whether|if|suppose|conjecture that|unlike|contrary to)\b(?:\s+\w+){0,3}\s*$", last, re.IGNORECASE
    ):
        return Verdict(doubt="its quote leaves out a condition")
    if re.match(
        r"[\s,]*(?:fails?|is false|is wrong|is not|are not|do(?:es)? not|remains? (?:open|unclear)|cannot)\b",
        found.after,
    ):
        return Verdict(reason="its quote leaves out the denial behind it")
    return Verdict()


def _shares(text: str, claim: str, *, chinese: bool) -> Verdict:
    """'On 75 % of the tasks' is not 'by 75 %'."""
    quote, said = numbers.prepare(claim), numbers.prepare(text)
    shares = {match[1] for match in _SHARE_OF.finditer(quote)}
    gains = {match[1] or match[2] for match in _GAIN.finditer(quote)}
    for match in _GAIN_TEXT.finditer(said):
        if (match[1] or match[2]) in shares - gains:
            return Verdict(reason=f"its quote says {match[1] or match[2]}% of something, not by that much")
    if not chinese:
        return Verdict()
    for share in shares - gains:
        for place in re.finditer(rf"{re.escape(share)}%|百分之", said):
            told = re.match(rf"\s?{_HAN_SHARE}", said[place.end() :]) or re.search(
                r"(?:占|达|为|是|有)[^,，。;；]{0,4}$", said[: place.start()]
            )
            grown = re.search(
                r"(?:提高|提升|增加|增长|好|高|快|优|领先|超过|降低|减少|少|改善)了?\s?$", said[: place.start()]
            )
            if not told or (grown and not re.match(r"\s?的", said[place.end() :])):
                return Verdict(reason=f"its quote says {share}% of something, not by that much")
    for gain in gains - shares:
        if re.search(rf"在[^,，。]{{0,4}}{re.escape(gain)}%的", said):
            return Verdict(reason=f"its quote says by {gain}%, not of something")
    given = [number.value for number in numbers.read(claim)]
    told_values = [number.value for number in numbers.read(text)]
    if (
        told_values
        and len(set(given)) > 1
        and _CONTRAST.search(claim)
        and set(given) - set(told_values)
        and re.search(r"\b(?:compared (?:to|with)|versus|vs\.?|against|whereas)\b", claim, re.IGNORECASE)
    ):
        return Verdict(reason="its quote compares numbers of which the text tells one: tell both, or quote less")
    here, there = _FROM_TO.search(quote), _FROM_TO.search(said)
    if here and there:
        first = [group for group in here.groups() if group]
        second = [group for group in there.groups() if group]
        if first == second[::-1] and first != second:
            return Verdict(reason="it turns round what its quote says from and to")
    return Verdict()


def _denies(text: str) -> re.Match[str] | None:
    return words.DENIAL.search(words.NOT_DENIAL.sub(" ", text))


def _denial(text: str, claim: str, *, chinese: bool) -> Verdict:  # noqa: PLR0911 - one for each way to lose a denial
    given = _denies(claim)
    if chinese:
        bare = words.HAN_IDLE.sub(" ", text)
        if given and not words.HAN_DENYING.search(text):
            return Verdict(reason=f"its quote says “{given[0]}” and it does not: quote no more than it rests on")
        denied = words.HAN_DENIAL.search(bare)
        if denied and not words.DENYING.search(claim):
            return Verdict(reason=f"it says “{denied[0]}” and its quote does not")
        return Verdict()
    said = _denies(text)
    if said and not words.DENYING.search(claim):
        return Verdict(reason=f"it says “{said[0]}” and its quote does not")
    if turned := _turned_prefix(text, claim):
        return Verdict(doubt=turned) if said or given else Verdict(reason=turned)
    if given and not words.DENYING.search(text):
        clean = words.NOT_DENIAL.sub(" ", claim)
        denied_words = set(_content(" ".join(clean[given.end() :].split()[:6])))
        before = set(_content(" ".join(clean[: given.start()].split()[-3:])))
        if (denied_words | before) & set(_content(text)):
            return Verdict(reason=f"its quote says “{given[0]}” and it does not")
        return Verdict(doubt=f"its quote says “{given[0]}”")
    denials = [len(words.DENIAL.findall(words.NOT_DENIAL.sub(" ", each))) for each in (text, claim)]
    if denials[0] != denials[1]:
        return Verdict(doubt="it and its quote differ in what they deny")
    return Verdict()


def _turned_prefix(text: str, claim: str) -> str:
    """'Unstable' for 'stable', or the other way round."""
    said = set(re.findall(r"[a-z]+", text.lower()))
    given = set(re.findall(r"[a-z]+", claim.lower()))
    for one, other in ((said, given), (given, said)):
        for word in one - other:
            for prefix in words.PREFIXES:
                base = word.removeprefix(prefix)
                if base != word and len(base) > 4 and base in other and base not in one:
                    return f"it turns “{base}” and “{word}” round"
    return ""


def _direction(text: str, claim: str) -> Verdict:
    doubt = "" if _HAN.search(text) else _unquoted(text, claim)
    denied = bool(_denies(claim)) or bool(_denies(text))
    for axis in words.AXES.values():
        said = [bool(pattern.search(text)) for pattern in axis]
        given = [bool(pattern.search(claim)) for pattern in axis]
        if not any(said):
            continue
        turned = denied or any(
            words.HAN_DENIAL.search(text[max(match.start() - 3, 0) : match.start()])
            for pattern in axis
            for match in pattern.finditer(text)
        )
        if any(given) and not any(a and b for a, b in zip(said, given, strict=True)):
            if _crossed(text, claim):
                doubt = doubt or "it compares the other way round"
            elif turned:
                doubt = doubt or "it and its quote differ in direction"
            else:
                return Verdict(reason="it says the opposite direction of its quote")
        elif all(given) and not all(said):
            if _HAN.search(text):
                if len(claim.split()) <= _SHORT and not turned:
                    return Verdict(reason="its quote says both more and less: tell both, or quote less")
            elif _wrong_argument(text, claim, axis, up=said[0]):
                return Verdict(reason="it says the opposite direction of its quote")
        elif not any(given):
            doubt = doubt or "it says a direction that its quote does not"
    return Verdict(doubt=doubt)


def _unquoted(text: str, claim: str) -> str:
    """A word that decides the sense and is not the quote's own: 'worse' where the quote has 'better'."""
    given = set(re.findall(r"[a-z]+", claim.lower()))
    for pattern in (words.DENIAL, *(each for axis in words.AXES.values() for each in axis)):
        for match in pattern.finditer(text):
            if any(word not in given for word in re.findall(r"[a-z]+", match[0].lower())):
                return f"“{match[0]}” is not its quote's word"
    return ""


def _wrong_argument(text: str, claim: str, axis: tuple[re.Pattern[str], re.Pattern[str]], *, up: bool) -> bool:
    """With 'lowers A and raises B' for a quote: tell whether 'raises A' was said."""
    for said in _around(text, axis[0 if up else 1]):
        wanted = set(_content(said))
        same = max((len(wanted & set(_content(each))) for each in _around(claim, axis[0 if up else 1])), default=0)
        other = max((len(wanted & set(_content(each))) for each in _around(claim, axis[1 if up else 0])), default=0)
        if other > same:
            return True
    return False


def _around(text: str, pattern: re.Pattern[str]) -> list[str]:
    """What follows each direction, by two words; what stands before it where nothing follows."""
    found = []
    for match in pattern.finditer(text):
        after = re.split(r"[,;.]| and ", text[match.end() :])[0].split()[:2]
        before = re.split(r"[,;.]| and ", text[: match.start()])[-1].split()[-3:]
        found.append(" ".join(after or before))
    return found or [""]


def _sides(text: str) -> tuple[str, str] | None:
    found = _COMPARED.search(text)
    if not found:
        return None
    pieces = re.split(r"[;:]|\.\s", text[: found.start()])
    return pieces[-1], re.split(r"[,;:]|\.\s", text[found.end() :])[0]


def _tokens(side: str, own: frozenset[str]) -> set[str]:
    """What a side of a comparison speaks of; the paper's own system is one token however it is called."""
    found = set(_content(side))
    if (
        words.OURS.search(side)
        or re.match(r"\W*(?:it|they)\b", side, re.IGNORECASE)
        or any(name in flat(side) for name in own)
    ):
        found.add("@own")
    for term, english in words.TERMS:
        if term in side:
            found |= {_stem(each) for each in english}
    return found


def _crossed(text: str, claim: str, own: frozenset[str] = frozenset()) -> bool:
    quoted = _sides(claim)
    told = None
    if _HAN.search(text):
        match = _HAN_THAN.search(text) or _HAN_OVER.search(text)
        told = (match[1], match[2]) if match else None
    else:
        told = _sides(text)
    if not quoted or not told:
        return False
    left, right = _tokens(told[0], own), _tokens(told[1], own)
    first, second = _tokens(quoted[0], own), _tokens(quoted[1], own)
    over, under = _like(left - first, second - right), _like(right - second, first - left)
    return over > 0 and under > 0


def _like(some: set[str], others: set[str]) -> int:
    return sum(
        any(a == b or (min(len(a), len(b)) > 3 and (a.startswith(b) or b.startswith(a))) for b in others) for a in some
    )


def _exchanged(text: str, claim: str, own: frozenset[str]) -> Verdict:
    """A is better than B; not B than A."""
    if _crossed(text, claim, own):
        return Verdict(reason="it exchanges what its quote compares")
    quoted = _sides(claim)
    if quoted and _COMPARED.search(text.replace("over", "")) is None and not _HAN.search(text):
        said = _tokens(" ".join(text.split()[:4]), own)
        if _like(said, _tokens(quoted[1], own) - _tokens(quoted[0], own)) > _like(said, _tokens(quoted[0], own)):
            return Verdict(doubt="it may speak of the other side of a comparison")
    return Verdict()


def _subject(text: str, found: Found, own: frozenset[str], abstract: str) -> Verdict:
    """What others do is not told as the paper's own."""
    ours = bool(words.OURS.search(text)) or any(name in flat(text) for name in own)
    quote = found.quote
    if words.OTHERS.search(text):
        return Verdict()
    clauses = [
        clause
        for clause in re.split(r"[,;]\s|\bwhereas\b|\bwhile\b|\bbut\b", quote)
        if clause and len(clause.split()) > 2
    ]
    wanted = set(_content(text))
    best = max(clauses, key=lambda clause: len(wanted & set(_content(clause))), default=quote) if wanted else quote
    foreign = words.OTHERS_SUBJECT.search(best.strip()) or (
        words.OTHERS_SUBJECT.search(found.sentence) and len(clauses) < 2
    )
    if foreign:
        if ours:
            return Verdict(reason="its quote speaks of other work, not of the paper's own")
        return Verdict(doubt="its quote speaks of other work")
    spoken = any(name in flat(found.sentence) for name in own) or words.OURS_IN_QUOTE.search(found.sentence)
    if ours and not spoken and not words.MAKING.search(text):
        if any(name in flat(text) for name in own) and _opens_with_another(found.sentence, abstract):
            return Verdict(reason="its quote does not speak of the paper's own work")
        return Verdict(doubt="its quote does not say whose work it speaks of")
    return Verdict()


def _opens_with_another(sentence: str, abstract: str) -> bool:
    """Tell whether a sentence begins with a name, one that the abstract writes with a capital within sentences too."""
    if re.match(r"[A-Z][a-z]*[A-Z-]|In [a-z]+,|Earlier", sentence):
        return True
    first = re.match(r"[A-Z][a-z]+", sentence)
    return first is not None and re.search(rf"[a-z,] {first[0]}\b", abstract) is not None


def _doubts(text: str, claim: str, *, chinese: bool) -> Verdict:
    strong = words.DOUBT.search(claim)
    if chinese:
        if strong and not words.HAN_DOUBTING.search(text):
            return Verdict(reason=f"its quote says “{strong[0].strip()}” and it does not")
        return Verdict()
    if strong or words.MILD_DOUBT.search(claim):
        pattern = (
            words.DOUBTING
            if not strong
            else words.any_of(
                words.DOUBT.pattern, words.MILD_DOUBT.pattern, r"\b(?:open|unknown|potential|to be|possible)\b"
            )
        )
        if not pattern.search(text):
            return Verdict(doubt="its quote is less certain")
    return Verdict()


def _claims(text: str, found: Found) -> Verdict:
    chinese = bool(_HAN.search(text))
    for name, said, given in words.CLAIMS:
        if said.search(text) and not given.search(found.sentence):
            sentence = f"it claims {name}, its quote does not"
            return (
                Verdict(reason=sentence) if chinese or name in {"a first", "experiments"} else Verdict(doubt=sentence)
            )
    if words.MAKING.search(text) and not words.MADE.search(found.sentence):
        sentence = "it says that something is proposed, its quote does not"
        return Verdict(reason=sentence) if not chinese else Verdict(doubt=sentence)
    if (
        words.MAKING.search(text)
        and not chinese
        and not re.search(r"propos|introduc|present", found.sentence, re.IGNORECASE)
    ):
        return Verdict(doubt="its quote does not say that something is proposed")
    return Verdict()


def _relations(text: str, found: Found) -> Verdict:
    given = {tuple(map(str.lower, match.groups())) for match in words.RELATION.finditer(found.sentence)}
    said = {tuple(map(str.lower, match.groups())) for match in words.RELATION.finditer(text)}
    said |= {(words.HAN_RELATIONS[m[1]], words.HAN_RELATIONS[m[2]]) for m in words.HAN_RELATION.finditer(text)}
    if said - given:
        return Verdict(reason="its quote has another relation than " + "-to-".join(min(said - given)))
    for told, quoted in words.SPANS:
        if (match := told.search(text)) and not quoted.search(found.quote):
            return Verdict(reason=f"its quote has no “{match[0]}”")
    return Verdict()


def _support(text: str, found: Found, title: str) -> Verdict:
    """The share of a text's words that its quote or the title has."""
    wanted = _content(text)
    if not wanted:
        return Verdict()
    given = set(_content(f"{found.sentence} {title}"))
    share = sum(any(_like({word}, {each}) for each in given) for word in wanted) / len(wanted)
    if share < _UNRELATED and len(wanted) > 3:
        return Verdict(reason="its quote is about something else")
    return Verdict(doubt="it uses other words than its quote") if share < _SUPPORTED else Verdict()


def _terms(text: str, found: Found, title: str) -> Verdict:
    """Of the terms that we know in Chinese, most must be in the quote's sentence or the title."""
    given = f"{found.sentence} {title}".lower()
    known = [(term, english) for term, english in words.TERMS if term in text]
    strange = [
        term
        for term, english in known
        if not any(re.search(rf"(?<![a-z]){re.escape(each)}", given) for each in english)
    ]
    if len(strange) > 1 and 2 * len(strange) > len(known):
        return Verdict(reason=f"its quote does not speak of {'、'.join(strange[:3])}")
    return Verdict(doubt=f"its quote may not speak of {'、'.join(strange)}") if strange else Verdict()
