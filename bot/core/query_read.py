"""Reads a plain topic or a query in arXiv's syntax into its nodes, and says where and why it cannot.

The only error is UserError, whose `at` is an index into the text as it was typed: nothing that happens before the
reading changes a length. What could never match (a foreign script, an unknown category) is an error, not a silence.
"""

# ruff: noqa: RUF001, SIM905 - signs that look alike are what people type, and words are read more easily unquoted
import re
from difflib import get_close_matches
from typing import Final, NamedTuple

from bot.core import normalise
from bot.core.arxiv_id import ARCHIVES, SUBSUMED
from bot.core.query_ast import FIELDS, Column, Node, Term, all_of, any_of, without
from bot.errors import UserError

MAX_CHARS: Final = 1000
MAX_TERMS: Final = 64
MAX_DEPTH: Final = 12
MAX_PHRASE: Final = 12
MIN_PREFIX: Final = 3

STOP: Final = frozenset(
    """a an and are as at be by for from in into is its of on or the to
    using via with""".split()
)
"""Words that a plain topic does not insist on, unless it has no others."""

_ALIASES: Final = {"title": "ti", "abstract": "abs", "author": "au", "authors": "au", "category": "cat"} | {
    "categories": "cat",
    "comment": "co",
    "comments": "co",
}
_REFUSED: Final = {
    "jr": "a new paper has no journal reference yet",
    "rn": "hardly any new paper has a report number",
    "id": "an id names one paper, and a query is for many",
    "doi": "a new paper has no publisher's DOI yet",
    "submitteddate": "I look at new papers only, so a date can't narrow that down",
    "lastupdateddate": "I look at new papers only, so a date can't narrow that down",
}
OPERATORS: Final = frozenset(("AND", "OR", "ANDNOT", "NOT"))
_CATEGORIES: Final = {
    code.lower(): code
    for archive, subjects in ARCHIVES.items()
    for code in ([f"{archive}.{subject}" for subject in subjects] or [archive])
}
_EXAMPLE: Final = 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'
_TOPIC: Final = "talking head generation"
_EXCLUSION: Final = "cat:cs.CV AND abs:avatar ANDNOT abs:audio"

_SHOWN: Final = 40  # characters of what was typed that an error repeats

_NAMES: Final = "ti|abs|au|cat|co|all|jr|rn|id|doi|submittedDate|lastUpdatedDate"
_TOKEN: Final = re.compile(
    r'(?P<quote>"(?:\\"|[^"])*"?\*?)|(?P<bracket>[()])'
    rf"|(?P<field>(?:ti|abs|au|cat):|(?i:{_NAMES}|{'|'.join(sorted(_ALIASES, reverse=True))}):(?=\S|\s*$))"
    rf"|(?P<loose>(?:{_NAMES}):)"  # "one for all: a model" is a title; what stands around it decides
    r'|(?P<word>(?:\\"|[^\s"()])+)'
)
_FROM_URL: Final = re.compile(r"%2[0289]|%3A|\+(?:AND|OR|ANDNOT)\+", re.IGNORECASE)
_ESCAPES: Final = {"%20": "   ", "%22": '"  ', "%28": "(  ", "%29": ")  ", "%3a": ":  ", "%3A": ":  "}
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»＂", '"') | {"（": "(", "）": ")", "：": ":", "＊": "*"})
SAFE: Final = re.compile(r"[^\W_](?:[\w.'’+#-]*[^\W_]|\+\+|#)?")
STARRED: Final = re.compile(r"[^\W_]{3}\*$")  # in a topic: "A*" is a name, "generat*" a beginning
_INNER_STAR: Final = re.compile(r"(?<=[^\W_])\*(?=[^\W_])")
_PUNCTUATION: Final = ".,;:!?…'`’‘[]{}<>|"
_UNSAFE: Final = re.compile(r"[^\w.+#'’-]+")


def read(text: str) -> Node:
    """Return the nodes of `text`, or raise UserError; the limits are on what was typed."""
    if not text.strip():
        raise UserError(f"Send me a topic or a query, for example {_TOPIC}.", at=0)
    if len(text) > MAX_CHARS:
        raise UserError(
            f"Your query has {len(text):,} characters and I can read {MAX_CHARS:,}. Split it into several topics.",
            at=MAX_CHARS,
        )
    text = _unescape(text)
    if (at := normalise.unreadable(text)) is not None:
        raise UserError(
            f"I can only match English words so far, and I can't read {_quoted(text[at:].split()[0])}. "
            f"Send me the topic in English, for example {_TOPIC}.",
            at=at,
        )
    words = _lex(text)
    if words and _unclosed(words[-1]):
        opened = words[-1]
        if any(word.kind in ("field", "operator") for word in _lex(opened.text[1:])):
            raise _error(text, opened.start, "a quote opens here and never closes", end=opened.end)
        if not _is_query(words):  # a stray quote among plain words
            words = _lex(f"{text[: opened.start]} {text[opened.start + 1 :]}")
    return _Parser(text, words).parse() if _is_query(words) else _plain(text, words)


class _Word(NamedTuple):
    kind: str  # quote, bracket, field, loose (a field or a word), operator, word, end
    text: str
    start: int
    end: int


def _unescape(text: str) -> str:
    """Undo the escapes of a copied link and of typography, each by as many characters, so that indices stay true."""
    text = text.translate(_QUOTES)
    if _FROM_URL.search(text):
        text = re.sub(r"%(?:2[0289]|3[Aa])", lambda found: _ESCAPES[found[0]], text).replace("+", " ")
    return text


def _lex(text: str) -> list[_Word]:
    out = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        kind = "operator" if kind == "word" and found[0] in OPERATORS else kind
        out.append(_Word(kind, found[0], found.start(), found.end()))
    return out


def _is_query(words: list[_Word]) -> bool:
    return any(word.kind in ("field", "operator") for word in words)


def _unclosed(word: _Word) -> bool:
    return word.kind == "quote" and not re.fullmatch(r'".*"\*?', word.text, re.DOTALL)


def _quoted(text: str) -> str:
    """Quote what was typed on one line, clipped, so that an error stays readable."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"'{text}'" if '"' in text else f'"{text}"'


def _error(
    text: str, at: int, reason: str, *, start: int | None = None, end: int | None = None, example: str = _EXAMPLE
) -> UserError:
    near = text[at if start is None else start : end]
    place = f"at {_quoted(near)}" if near.strip() else "at its end"
    return UserError(f"I couldn't read your query {place}: {reason}. Example: {example}", at=at)


def category(word: str) -> str:
    """The code of a category or of an archive with a hyphen, in arXiv's spelling; '' for any other word."""
    low = word.lower()
    return _CATEGORIES.get(low) or (f"{low}.*" if low in ARCHIVES and "-" in low else "")


def _tokens(column: Column, raw: str, prefix: bool) -> tuple[str, ...]:
    found = normalise.name_tokens(raw) if column == "authors" else normalise.tokens(raw, prefix=prefix)
    return tuple(token for token in found if token not in normalise.RESERVED)


def _term(column: Column, text: str, word: _Word) -> Term:
    """A word or a quoted phrase as a term of `column`."""
    raw = word.text
    prefix = raw.endswith(("*", '*"'))
    raw = raw.strip('"*').strip() if word.kind == "quote" else raw.rstrip("*")
    if column == "categories":
        return _category_term(text, word, raw, star=prefix)
    if column == "all" and word.kind == "word" and not prefix and (code := category(raw.rstrip(_PUNCTUATION))):
        return _category_term(text, word, code.removesuffix(".*"), star=False)
    _refuse_inner_star(text, word)
    tokens = _tokens(column, raw, prefix)
    if not tokens:
        raise _error(text, word.start, "there is no word in it to look for", end=word.end)
    if prefix and len(tokens[-1]) < MIN_PREFIX:
        reason = f"a star needs at least {MIN_PREFIX} letters before it"
        raise _error(text, word.start, reason, end=word.end, example="abs:generat*")
    if len(tokens) > MAX_PHRASE:
        reason = f"a phrase may have {MAX_PHRASE} words, and this one has {len(tokens)}"
        raise _error(text, word.start, reason, end=word.end, example=f'"{_TOPIC}"')
    names = tuple(t for t in normalise.name_tokens(raw) if t not in normalise.RESERVED) if column == "all" else ()
    written = " ".join(raw.split())
    unclean = not written.isprintable() or any(c in written for c in '"\\%') or written.endswith("*")
    if unclean or _tokens(column, written, prefix) != tokens:
        words = normalise.name_tokens(raw) if column in ("all", "authors") else normalise.pieces(raw)
        written = " ".join(words)
        if _tokens(column, written, prefix) != tokens:
            written = ", ".join(words)  # a comma keeps "poly" from being glued to what follows
    return Term(column, tokens, prefix, () if names == tokens else names, written)


def _category_term(text: str, word: _Word, code: str, *, star: bool) -> Term:
    low = code.strip().rstrip(".").lower()
    if low in _CATEGORIES and not (star and _CATEGORIES[low] != low):
        return Term("categories", (normalise.category_token(low),), written=_CATEGORIES[low])
    if low in ARCHIVES:  # a bare archive means all of it; on arXiv it would match nothing
        return Term("categories", (normalise.archive_token(low),), written=f"{low}.*")
    if star and len(low) >= MIN_PREFIX and any(each.startswith(low) for each in _CATEGORIES):
        return Term("categories", (normalise.category_token(low),), prefix=True, written=low)
    if low in SUBSUMED:
        reason = f"{low} has been part of {SUBSUMED[low]} for years"
        raise _error(text, word.start, reason, end=word.end, example=f"cat:{SUBSUMED[low]}")
    near = get_close_matches(low, _CATEGORIES, n=1, cutoff=0.8)
    archive = low.split(".")[0]
    example = _CATEGORIES[near[0]] if near else f"{archive}.*" if archive in ARCHIVES else "cs.CV"
    reason = "arXiv has no such category" if low else "no category is named"
    raise _error(text, word.start, reason, end=word.end, example=f"cat:{example}")


def _refuse_inner_star(text: str, word: _Word) -> None:
    if _INNER_STAR.search(word.text):
        reason = "a star can only stand at the end of a word"
        raise _error(text, word.start, reason, end=word.end, example="abs:generat*")


def _refuse_minus(text: str, word: _Word) -> None:
    """Elsewhere a minus leaves a word out; to read '-audio' as 'audio' would turn a wish into its opposite."""
    starts = word.start == 0 or text[word.start - 1].isspace() or text[word.start - 1] in "(:"
    after = text[word.start + 1 : word.start + 2]
    if starts and text[word.start] == "-" and (after.isalpha() or after == '"'):
        reason = "I don't know the minus sign; to leave something out write ANDNOT"
        raise _error(text, word.start, reason, end=word.end, example=_EXCLUSION)


# --- plain topics ---------------------------------------------------------------------------------------------------


def _plain(text: str, words: list[_Word]) -> Node:
    codes = [category(word.text.strip(_PUNCTUATION)) for word in words if word.kind == "word"]
    if any(codes):
        return _plain_categories(text, words)
    terms: list[Term] = []
    run: list[str] = []  # words between quotes and brackets: tokens are glued as they would be in a paper
    for word in words:
        _refuse_minus(text, word)
        if "*" in word.text:
            _refuse_inner_star(text, word)
        star = STARRED.search(word.text)
        if word.kind in ("word", "loose") and not star:
            run.append(word.text.rstrip(":"))
            continue
        terms += _run(run)
        run = []
        if word.kind == "word" or (word.kind == "quote" and _tokens("topic", word.text, prefix=False)):
            terms.append(_term("topic", text, word))
    terms += _run(run)
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > MAX_TERMS:
        raise UserError(
            f"Your topic has {len(distinct)} words and I can look for {MAX_TERMS} at once. Try the two to five that "
            f"matter most, for example {_TOPIC}.",
            at=0,
        )
    wanted = [t for t in distinct if t.tokens[0] not in STOP or len(t.tokens) > 1 or t.prefix or t.names] or distinct
    if not wanted:
        raise UserError(
            f"I found no word to look for in {_quoted(text)}. Send me a topic such as {_TOPIC}, or a query such as "
            f"{_EXAMPLE}",
            at=0,
        )
    return all_of(wanted)


def _plain_categories(text: str, words: list[_Word]) -> Node:
    """Categories alone are read as such; among other words they would be looked for as words, and not be found."""
    named = [word for word in words if category(word.text.strip(_PUNCTUATION))]
    others = [word for word in words if word not in named and _tokens("topic", word.text, prefix=False)]
    codes = list(dict.fromkeys(category(word.text.strip(_PUNCTUATION)) for word in named))
    if not others:
        return any_of(_category_term(text, named[0], code.removesuffix(".*"), star=False) for code in codes)
    query = " OR ".join(f"cat:{code}" for code in codes)
    rest = [_UNSAFE.sub(" ", word.text).strip(" .'’-") or "x" for word in others]
    rest = [f'"{each}"' if word.kind == "quote" else each for each, word in zip(rest, others, strict=True)]
    raise UserError(
        f"{codes[0].removesuffix('.*')} is a category, and its papers don't name it in their text. "
        f"Write {f'({query})' if len(codes) > 1 else query} AND {' AND '.join(rest)}",
        at=named[0].start,
    )


def _run(words: list[str]) -> list[Term]:
    """Terms of unquoted words, each shown as it was typed where that reads the same."""
    found = normalise.pieces(" ".join(words))
    shown: list[str] = []
    waiting = ""
    for index, word in enumerate(words):
        surface = waiting + word.strip(_PUNCTUATION)
        following = words[index + 1] if index + 1 < len(words) else ""
        if following and surface.lower() in normalise.PREFIXES and len(normalise.pieces(f"{word} {following}")) == 1:
            waiting = surface + "-"
            continue
        waiting = ""
        split = normalise.pieces(surface)
        shown += [surface] if len(split) == 1 and SAFE.fullmatch(surface) else split
    if [piece for each in shown for piece in normalise.pieces(each)] != found:
        shown = found
    terms = [Term("topic", (normalise.stem(piece),), written=w) for piece, w in zip(found, shown, strict=True)]
    return [term for term in terms if term.tokens[0] not in normalise.RESERVED]


# --- queries --------------------------------------------------------------------------------------------------------


class _Parser:
    """Recursive descent over the words of a query, at most MAX_DEPTH brackets deep."""

    def __init__(self, text: str, words: list[_Word]) -> None:
        self.text = text
        self.words = [*words, _Word("end", "", len(text), len(text))]
        self.index = 0
        self.terms = 0

    @property
    def here(self) -> _Word:
        return self.words[self.index]

    def parse(self) -> Node:
        node = self.any_of("all", 0)
        if self.here.kind != "end":
            raise _error(self.text, self.here.start, "this bracket closes, but none is open", end=self.here.end)
        return node

    def any_of(self, column: Column, depth: int) -> Node:
        if depth > MAX_DEPTH:
            reason = f"there are more than {MAX_DEPTH} brackets within one another"
            raise _error(self.text, self.words[self.index - 1].start, reason, end=self.here.end)
        parts = [self.all_of(column, depth)]
        while self.here.kind != "end" and self.here.text != ")":
            if self.here.text == "OR":
                self.index += 1
            parts.append(self.all_of(column, depth))
        return any_of(parts)

    def all_of(self, column: Column, depth: int) -> Node:
        node = self.one(column, depth)
        while self.here.kind == "operator" and self.here.text != "OR":
            excluding = self.here.text != "AND"
            self.index += 1
            if not excluding and self.here.kind == "operator" and self.here.text in ("NOT", "ANDNOT"):
                excluding = True
                self.index += 1
            right = self.one(column, depth)
            node = without(node, right) if excluding else all_of((node, right))
        return node

    def one(self, column: Column, depth: int) -> Node:
        word = self.here
        if word.kind in ("end", "operator") or word.text == ")":
            raise self.missing(word)
        self.index += 1
        if word.text == "(":
            return self.bracketed(word, column, depth)
        if word.kind in ("field", "loose"):
            return self.in_field(word, depth)
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise _error(self.text, word.start, f"more than {MAX_TERMS} words or phrases", end=word.end)
        _refuse_minus(self.text, word)
        if word.kind == "word" and (found := re.match(r"([A-Za-z]+):", word.text)):
            reason = f"there is no field {found[1]}, only ti, abs, au, cat, co and all"
            raise _error(self.text, word.start, reason, end=word.end)
        return _term(column, self.text, word)

    def bracketed(self, opened: _Word, column: Column, depth: int) -> Node:
        if self.here.text == ")":
            raise _error(self.text, self.here.start, "these brackets are empty", start=opened.start, end=self.here.end)
        node = self.any_of(column, depth + 1)
        if self.here.text != ")":
            raise _error(self.text, opened.start, "a bracket opens here and never closes")
        self.index += 1
        return node

    def in_field(self, word: _Word, depth: int) -> Node:
        name = word.text[:-1].lower()
        if name in _REFUSED:
            raise _error(self.text, word.start, f"{word.text} can't be used here: {_REFUSED[name]}", end=word.end)
        if self.here.kind in ("end", "operator", "field", "loose") or self.here.text == ")":
            end = self.here.end
            raise _error(self.text, word.start, f"nothing to look for follows {word.text}", end=end)
        return self.one(FIELDS[_ALIASES.get(name, name)], depth)

    def missing(self, word: _Word) -> UserError:
        """Say what is wrong where something to look for should stand."""
        before = self.words[self.index - 1] if self.index else None
        start = before.start if before else word.start
        if word.text in ("NOT", "ANDNOT"):
            reason, example = "an exclusion must follow what you do want", _EXCLUSION
        elif word.text == ")":
            reason, example = "a bracket closes before anything was named", _EXAMPLE
        elif word.kind == "operator" and before and before.kind == "operator":
            reason, example = f"{before.text} and {word.text} follow each other, one of them is too many", _EXAMPLE
        elif word.kind == "operator":
            reason, example = f"nothing stands before {word.text}", _EXAMPLE
        else:
            reason, example = f"nothing follows {before.text if before else 'it'}", _EXAMPLE
        return _error(self.text, word.start, reason, start=start, end=word.end, example=example)
