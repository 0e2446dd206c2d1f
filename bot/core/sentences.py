"""Splits English scientific prose (abstracts, text of a PDF) into sentences.

Joining the pieces with single blanks gives the input with its white space folded: nothing is lost, added or
reordered, and a boundary always falls on white space. Mathematics, URLs, e-mail addresses and DOIs are masked
first, so that a full stop within them never ends a sentence. Standard library only, about 0.3 ms an abstract.
"""

# ruff: noqa: RUF001 - the stops, quotes and dashes of other scripts are meant

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Abbreviations after which a full stop does not end the sentence.
_ABBREVIATIONS: Final = _set(
    """e.g i.e cf viz vs etc al fig figs eq eqs eqn eqns ref refs sec sect secs tab tabs thm thms lem prop props cor def
    defs app appx ch chap vol vols no nos p pp ed eds dr mr mrs ms prof st jr sr approx resp w.r.t wrt s.t a.k.a aka
    i.i.d iid w.l.o.g wlog w.h.p whp a.s a.e inc ltd co corp dept univ proc conf trans int symp intl natl assoc u.s u.k
    u.n e.u ph.d m.sc b.sc b.s m.s d.c jan feb mar apr jun jul aug sep sept oct nov dec min max avg std dev est ca c.f
    et.al q.e.d incl excl alg algs deg v ver yr yrs hr hrs i.v e.v cond obs exp sim gen spec var subsp sp spp phys rev
    lett math comput sci mon not astron astrophys j ann nucl"""
)
# Those that may end one all the same, if what follows is capitalised and a usual first word.
_EITHER_WAY: Final = _set(
    """etc al a.k.a i.i.d iid w.h.p whp u.s u.k u.n e.u ph.d inc ltd co corp a.s a.e q.e.d s.t w.l.o.g wlog no app def
    est max min dev st co int cor ch prop mon not math j ed dec mar jan deg yr yrs hr hrs v exp obs sim b.c d.c spec
    var gen"""
)
_FIRST_WORDS: Final = _set(
    """the a an this that these those we our it its in on at for from to by with as if when while however moreover
    furthermore additionally finally first second third here thus therefore hence then also to unlike although despite
    because since such both each all most many some experiments experimental results extensive empirically specifically
    notably recent recently existing previous prior using under given based they their there one two three can does is
    are what how why let i no not but and yet so where which after before during through via overall together"""
)
_MASKED: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\$\$.{1,2000}?\$\$",
        # A lone dollar is money: mathematics neither begins with a blank nor ends with one, save for short "$ x $".
        r"(?<![\\$])\$(?![\s$])(?:\\.|[^$\\]){1,600}?(?<!\s)\$(?!\d)|(?<![\\$])\$ [^$.!?]{1,40} \$",
        r"\\\(.{1,600}?\\\)",
        r"\\\[.{1,2000}?\\\]",
        r"\\begin\{(\w{1,20}\*?)\}.{1,2000}?\\end\{\1\}",
        r"(?:https?://|www\.)[^\s<>\"]+",
        r"\b[\w+-][\w.+-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
        r"\b10\.\d{4,9}/\S+",
    )
)
_DOTS: Final = re.compile(r"[.!?。！？\s]")
_DISPLAY: Final = ("$$", "\\[", "\\begin")
_END: Final = re.compile(r"([.!?。！？]+)((?:['\"”’»)\]$*]|\[\d+(?:[,–-] ?\d+)*\])*) (?=\S)")
_NEXT_WORD: Final = re.compile(r"[(\[\"“'‘`«]*(\S+)")
_AHEAD: Final = 200  # characters that decide what follows
_CLOSES: Final = re.compile(r"(?:[^()\[\]]|\([^()]*\))*[)\]]")
_LETTERS: Final = re.compile(r"[^a-z]+")
_INITIALS: Final = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_LABEL: Final = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])\)?")
_NEXT_INITIAL: Final = re.compile(r"[A-Z]\.,?")  # "J. A. Smith"
_NUMBERED: Final = frozenset(("", "theorem", "lemma", "proposition", "corollary", "conjecture", "definition"))
# "vitamin C.", "hypothesis B.": a single capital that is no initial of a name.
_NOT_A_NAME: Final = re.compile(
    r"(?:\b(?:class|type|case|group|step|vitamin|hypothesis|phase|model|system|condition|problem|algorithm|method|"
    r"and|or|than|set|of|in|on)|\d)$",
    re.IGNORECASE,
)
# Names that begin a sentence in lower case: iPhone, mRNA, t-SNE.
_LOWER_NAME: Final = re.compile(r"[a-z]{1,2}(?:[A-Z]|-[A-Z])")


def split(text: str) -> list[str]:
    """Return the sentences of a text in order, white space folded; an empty or blank text has none."""
    folded = " ".join(text.split())
    masked = _mask(folded)
    pieces: list[str] = []
    start = 0
    for end in _END.finditer(masked):
        if _ends(masked[start : end.start()], end[1], end[2], masked[end.end() : end.end() + _AHEAD]):
            pieces.append(folded[start : end.end() - 1])
            start = end.end()
    if start < len(folded):
        pieces.append(folded[start:])
    return pieces


def _mask(text: str) -> str:
    for pattern in _MASKED:
        text = pattern.sub(_hide, text)
    return text


def _hide(found: re.Match[str]) -> str:
    """Return the passage with blanks and full stops hidden and its length unchanged."""
    whole = found[0]
    if whole.startswith(("http", "www.", "10.")):
        kept = whole.rstrip(".,;:!?)]}'\"")
        return _DOTS.sub("\0", kept) + whole[len(kept) :]
    hidden = _DOTS.sub("\0", whole)
    inner = whole.strip("$").rstrip().removesuffix("\\]").removesuffix("\\)").rstrip()
    if inner.endswith("."):  # mathematics that carries the full stop of its sentence
        if whole.startswith(_DISPLAY):
            return hidden[:-1] + "."
        if whole.endswith(".$"):
            return hidden[:-2] + ".$"
    return hidden


def _ends(before: str, stop: str, closing: str, after: str) -> bool:
    """Tell whether a sentence ends between `before` + `stop` + `closing` and `after`."""
    found = _NEXT_WORD.match(after)
    word = found[1] if found else ""
    if not closing and _inside(before, after):
        return False
    if stop != ".":
        return not word[:1].islower()
    if word[:1] in {",", ";", ":", ")", "]", "}"} or (word[:1] in {"-", "–", "—"} and not word[1:2].isalpha()):
        return False
    if word[:1].islower() and not closing and not _LOWER_NAME.match(word):
        return False
    return not _abbreviated(before, closing, word)


def _inside(before: str, after: str) -> bool:
    """Tell whether a bracket is open that closes soon: "[D. Gallistl, SIAM J. (2018). Online]" is one piece."""
    opened = before.count("(") + before.count("[") - before.count(")") - before.count("]")
    return opened > 0 and _CLOSES.match(after) is not None


def _abbreviated(before: str, closing: str, word: str) -> bool:
    """Tell whether the full stop after `before` belongs to an abbreviation, an initial or a list label."""
    head, _, token = before.rpartition(" ")
    token = token.lstrip("([{\"“'‘`~").rstrip(",;:")
    token = token.rpartition("~")[2]
    opener = word[:1].isupper() and _LETTERS.sub("", word.lower()) in _FIRST_WORDS
    bare = token.lower().rstrip(".")
    initial = len(token) == 1 and "A" <= token <= "Z" and not closing
    if initial and _NEXT_INITIAL.fullmatch(word):
        return True
    if bare in _ABBREVIATIONS:
        return not (bare in _EITHER_WAY and opener)
    if initial:
        return word[:1].isupper() and not opener and not _NOT_A_NAME.search(head)
    if _INITIALS.fullmatch(token):
        return not opener
    return head.lower() in _NUMBERED and _LABEL.fullmatch(token) is not None
