"""Reads a plain topic or a query in arXiv's syntax into its nodes, and says where and why it cannot.

The only error is UserError, whose `at` is an index into the text as it was typed: nothing that happens before the
reading changes a length. What could never match (a foreign script, an unknown category) is an error, not a silence.
"""

# ruff: noqa: RUF001, SIM905 - signs that look alike are what people type, and words are read more easily unquoted
import re
from difflib import get_close_matches
from typing import Final

from bot.core import normalise
from bot.core.arxiv_id import ARCHIVES, SUBSUMED
from bot.core.query_ast import FIELDS, Column, Node, Term, all_of, any_of, without
from bot.core.query_lex import ALIASES, Word, is_query, lex, unclosed, unescape
from bot.errors import UserError
from bot.words import say

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

_REFUSED: Final = {
    "jr": "query_no_jr",
    "rn": "query_no_rn",
    "id": "query_no_id",
    "doi": "query_no_doi",
    "submitteddate": "query_no_date",
    "lastupdateddate": "query_no_date",
}
CATEGORIES: Final = {
    code.lower(): code
    for archive, subjects in ARCHIVES.items()
    for code in ([f"{archive}.{subject}" for subject in subjects] or [archive])
}
_EXAMPLE: Final = 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'
_TOPIC: Final = "talking head generation"
_EXCLUSION: Final = "cat:cs.CV AND abs:avatar ANDNOT abs:audio"

_SHOWN: Final = 40  # characters of what was typed that an error repeats

SAFE: Final = re.compile(r"[^\W_](?:[\w.'’+#-]*[^\W_]|\+\+|#)?")
STARRED: Final = re.compile(r"[^\W_]{3}\*$")  # in a topic: "A*" is a name, "generat*" a beginning
_OURS_BEGIN: Final = {own[:end] for own in normalise.RESERVED for end in range(MIN_PREFIX, len(own) + 1)}
_INNER_STAR: Final = re.compile(r"(?<=[^\W_])\*(?=[^\W_])")
_PUNCTUATION: Final = ".,;:!?…'`’‘[]{}<>|"
_UNSAFE: Final = re.compile(r"[^\w.+#'’-]+")


def read(text: str, language: str) -> Node:
    """Return the nodes of `text`, or raise UserError; the limits are on what was typed."""
    if not text.strip():
        raise UserError(say(language, "query_nothing", example=_TOPIC), at=0)
    if len(text) > MAX_CHARS:
        sentence = say(language, "query_too_long", count=f"{len(text):,}", most=f"{MAX_CHARS:,}")
        raise UserError(sentence, at=MAX_CHARS)
    text = unescape(text)
    if (at := normalise.unreadable(text)) is not None:
        word = _quoted(text[at:].split()[0])
        raise UserError(say(language, "query_foreign", word=word, example=_TOPIC), at=at)
    words = lex(text)
    if words and unclosed(words[-1]):
        opened = words[-1]
        if any(word.kind in ("field", "operator") for word in lex(opened.text[1:])):
            raise _error(text, opened, "query_open_quote", language)
        if not is_query(words):  # a stray quote among plain words
            words = lex(f"{text[: opened.start]} {text[opened.start + 1 :]}")
    return _Parser(text, words, language).parse() if is_query(words) else _plain(text, words, language)


def _quoted(text: str) -> str:
    """Quote what was typed on one line, clipped, so that an error stays readable."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"'{text}'" if '"' in text else f'"{text}"'


def _error(
    text: str,
    word: Word,
    reason: str,
    language: str,
    *,
    start: int | None = None,
    end: int | None = None,
    example: str = _EXAMPLE,
    **values: object,
) -> UserError:
    """Point at `word`, or at what stands from `start` to `end`; `reason` is a key of bot.words, `values` its values."""
    near = text[word.start if start is None else start : word.end if end is None else end]
    key = "query_error" if near.strip() else "query_error_end"
    why = say(language, reason, **values)
    return UserError(say(language, key, near=_quoted(near), reason=why, example=example), at=word.start)


def category(word: str) -> str:
    """The code of a category or of an archive with a hyphen, in arXiv's spelling; '' for any other word."""
    low = word.lower()
    return CATEGORIES.get(low) or (f"{low}.*" if low in ARCHIVES and "-" in low else "")


def _tokens(column: Column, raw: str, prefix: bool) -> tuple[str, ...]:
    return _theirs(normalise.name_tokens(raw) if column == "authors" else normalise.tokens(raw, prefix=prefix), prefix)


def _names(column: Column, raw: str, prefix: bool) -> tuple[str, ...]:
    """What the authors column may have instead of the tokens, () where it is the same or nothing."""
    if column not in ("all", "authors"):
        return ()
    found = _theirs(normalise.name_tokens(raw, joined=column == "authors"), prefix)
    return () if found == _tokens(column, raw, prefix) else found


def _theirs(found: list[str], prefix: bool) -> tuple[str, ...]:
    """Leave out tokens of our own, and the beginning of one, which would find every paper that has authors."""
    last = found[-1:] if not prefix else [token for token in found[-1:] if token not in _OURS_BEGIN]
    return tuple(token for token in [*found[:-1], *last] if token not in normalise.RESERVED)


def _term(column: Column, text: str, word: Word, language: str) -> Term:
    """A word or a quoted phrase as a term of `column`."""
    raw = word.text
    prefix = raw.endswith(("*", '*"'))
    raw = raw.strip('"*').strip() if word.kind == "quote" else raw.rstrip("*")
    if column == "categories":
        return _category_term(text, word, raw, language, star=prefix)
    if column == "all" and word.kind == "word" and not prefix and (code := category(raw.rstrip(_PUNCTUATION))):
        return _category_term(text, word, code.removesuffix(".*"), language, star=False)
    _refuse_inner_star(text, word, language)
    tokens = _tokens(column, raw, prefix)
    if not tokens:
        raise _error(text, word, "query_wordless", language)
    if prefix and len(tokens[-1]) < MIN_PREFIX:
        raise _error(text, word, "query_short_star", language, example="abs:generat*", least=MIN_PREFIX)
    if len(tokens) > MAX_PHRASE:
        raise _error(
            text, word, "query_long_phrase", language, example=f'"{_TOPIC}"', most=MAX_PHRASE, count=len(tokens)
        )
    written = _written(column, raw, prefix)
    return Term(column, _tokens(column, written, prefix), prefix, _names(column, written, prefix), written)


def _written(column: Column, raw: str, prefix: bool) -> str:
    """How to show a term so that it reads the same: as typed, else folded, else its bare words."""
    meant = (_tokens(column, raw, prefix), _names(column, raw, prefix))
    typed = " ".join(raw.split())
    folded = " ".join(_UNSAFE.sub(" ", normalise.fold(raw)).split())
    words = normalise.name_tokens(raw) if column in ("all", "authors") else normalise.pieces(raw)
    commas = ", ".join(folded.split())  # a comma keeps "poly" from being glued to what follows
    for written in (typed, folded, " ".join(words), commas):
        clean = written.isprintable() and not any(c in written for c in '"\\%') and not written.endswith("*")
        if clean and (_tokens(column, written, prefix), _names(column, written, prefix)) == meant:
            return written
    return ", ".join(words)


def _category_term(text: str, word: Word, code: str, language: str, *, star: bool) -> Term:
    low = code.strip().rstrip(".").lower()
    if low in CATEGORIES and not (star and CATEGORIES[low] != low):
        return Term("categories", (normalise.category_token(low),), written=CATEGORIES[low])
    if low in ARCHIVES:  # a bare archive means all of it; on arXiv it would match nothing
        return Term("categories", (normalise.archive_token(low),), written=f"{low}.*")
    if star and len(low) >= MIN_PREFIX and any(each.startswith(low) for each in CATEGORIES):
        return Term("categories", (normalise.category_token(low),), prefix=True, written=low)
    if low in SUBSUMED:
        now = SUBSUMED[low]
        raise _error(text, word, "query_subsumed", language, example=f"cat:{now}", archive=low, category=now)
    near = get_close_matches(low, CATEGORIES, n=1, cutoff=0.8)
    archive = low.split(".")[0]
    example = CATEGORIES[near[0]] if near else f"{archive}.*" if archive in ARCHIVES else "cs.CV"
    reason = "query_no_category" if low else "query_category_unnamed"
    raise _error(text, word, reason, language, example=f"cat:{example}")


def _refuse_inner_star(text: str, word: Word, language: str) -> None:
    if _INNER_STAR.search(word.text):
        raise _error(text, word, "query_inner_star", language, example="abs:generat*")


def _refuse_minus(text: str, word: Word, language: str) -> None:
    """Elsewhere a minus leaves a word out; to read '-audio' as 'audio' would turn a wish into its opposite."""
    starts = word.start == 0 or text[word.start - 1].isspace() or text[word.start - 1] in "(:"
    after = text[word.start + 1 : word.start + 2]
    if starts and text[word.start] == "-" and (after.isalpha() or after == '"'):
        raise _error(text, word, "query_minus", language, example=_EXCLUSION)


# --- plain topics ---------------------------------------------------------------------------------------------------


def _plain(text: str, words: list[Word], language: str) -> Node:
    codes = [category(word.text.strip(_PUNCTUATION)) for word in words if word.kind == "word"]
    if any(codes):
        return _plain_categories(text, words, language)
    terms: list[Term] = []
    run: list[str] = []  # words between quotes and brackets: tokens are glued as they would be in a paper
    for word in words:
        _refuse_minus(text, word, language)
        if "*" in word.text:
            _refuse_inner_star(text, word, language)
        star = STARRED.search(word.text)
        if word.kind in ("word", "loose") and not star:
            run.append(word.text.rstrip(":"))
            continue
        terms += _run(run)
        run = []
        if word.kind == "word" or (word.kind == "quote" and _tokens("topic", word.text, prefix=False)):
            terms.append(_term("topic", text, word, language))
    terms += _run(run)
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > MAX_TERMS:
        sentence = say(language, "query_many_words", count=len(distinct), most=MAX_TERMS, example=_TOPIC)
        raise UserError(sentence, at=0)
    wanted = [t for t in distinct if t.tokens[0] not in STOP or len(t.tokens) > 1 or t.prefix or t.names] or distinct
    if not wanted:
        raise UserError(say(language, "query_no_word", text=_quoted(text), topic=_TOPIC, query=_EXAMPLE), at=0)
    return all_of(wanted)


def _plain_categories(text: str, words: list[Word], language: str) -> Node:
    """Categories alone are read as such; among other words they would be looked for as words, and not be found."""
    named = [word for word in words if category(word.text.strip(_PUNCTUATION))]
    others = [word for word in words if word not in named and _tokens("topic", word.text, prefix=False)]
    codes = list(dict.fromkeys(category(word.text.strip(_PUNCTUATION)) for word in named))
    if not others:
        return any_of(_category_term(text, named[0], code.removesuffix(".*"), language, star=False) for code in codes)
    query = " OR ".join(f"cat:{code}" for code in codes)
    rest = [_UNSAFE.sub(" ", word.text).strip(" .'’-") or "x" for word in others]
    rest = [f'"{each}"' if word.kind == "quote" else each for each, word in zip(rest, others, strict=True)]
    query = " AND ".join([f"({query})" if len(codes) > 1 else query, *rest])
    raise UserError(
        say(language, "query_category", category=codes[0].removesuffix(".*"), query=query), at=named[0].start
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

    def __init__(self, text: str, words: list[Word], language: str) -> None:
        self.text = text
        self.language = language
        self.words = [*words, Word("end", "", len(text), len(text))]
        self.index = 0
        self.terms = 0

    @property
    def here(self) -> Word:
        return self.words[self.index]

    def parse(self) -> Node:
        node = self.any_of("all", 0)
        if self.here.kind != "end":
            raise _error(self.text, self.here, "query_stray_bracket", self.language)
        return node

    def any_of(self, column: Column, depth: int) -> Node:
        if depth > MAX_DEPTH:
            opened = self.words[self.index - 1]
            raise _error(self.text, opened, "query_deep", self.language, end=self.here.end, most=MAX_DEPTH)
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
            raise _error(self.text, word, "query_many_terms", self.language, most=MAX_TERMS)
        _refuse_minus(self.text, word, self.language)
        if word.kind == "word" and (found := re.match(r"([A-Za-z]+):", word.text)):
            raise _error(self.text, word, "query_no_field", self.language, name=found[1])
        return _term(column, self.text, word, self.language)

    def bracketed(self, opened: Word, column: Column, depth: int) -> Node:
        if self.here.text == ")":
            raise _error(self.text, self.here, "query_empty_brackets", self.language, start=opened.start)
        node = self.any_of(column, depth + 1)
        if self.here.text != ")":
            raise _error(self.text, opened, "query_open_bracket", self.language, end=len(self.text))
        self.index += 1
        return node

    def in_field(self, word: Word, depth: int) -> Node:
        name = word.text[:-1].lower()
        if name in _REFUSED:
            raise _error(self.text, word, _REFUSED[name], self.language, field=word.text)
        if self.here.kind in ("end", "operator", "field", "loose") or self.here.text == ")":
            end = self.here.end
            raise _error(self.text, word, "query_empty_field", self.language, end=end, field=word.text)
        return self.one(FIELDS[ALIASES.get(name, name)], depth)

    def missing(self, word: Word) -> UserError:
        """Say what is wrong where something to look for should stand."""
        before = self.words[self.index - 1] if self.index else None
        start = before.start if before else word.start
        if word.text in ("NOT", "ANDNOT"):
            reason, example = "query_exclusion", _EXCLUSION
        elif word.text == ")":
            reason, example = "query_early_bracket", _EXAMPLE
        elif word.kind == "operator" and before and before.kind == "operator":
            reason, example = "query_two_operators", _EXAMPLE
        elif word.kind == "operator":
            reason, example = "query_nothing_before", _EXAMPLE
        else:
            reason, example = "query_nothing_after", _EXAMPLE
        named = before.text if before else ""
        return _error(
            self.text, word, reason, self.language, start=start, example=example, before=named, after=word.text
        )
