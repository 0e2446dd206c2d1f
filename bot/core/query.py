"""Reads what a person asks for, a plain topic or a query in arXiv's syntax, and writes it in the forms others need.

A plain topic (no field, no upper-case operator) asks for all its words in title or abstract, quoted phrases kept. A
query has arXiv's fields and operators; AND and ANDNOT bind tighter than OR, from left to right, words side by side mean
OR, as on arXiv. arXiv's own parser has no precedence (facts/arxiv.md, section 2), so every form we write is bracketed.

- Nothing typed reaches FTS5 except as quoted tokens of [a-z0-9]; column names come from a fixed map.
- Equal queries have equal keys: operands are flattened, sorted and freed of doubles, exclusions drawn together.
- `parse(show(node))` has the key of `node`.
- The only error is UserError; what could never match (a foreign script, an unknown category) is one, not a silence.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Final

from bot.core import normalise
from bot.core.query_ast import FIELDS, And, AndNot, Column, Node, Or, Term, depth, key, operator
from bot.core.query_lex import OPERATORS
from bot.core.query_read import MAX_CHARS, MAX_DEPTH, MAX_TERMS, SAFE, STARRED, STOP, category, read
from bot.errors import UserError
from bot.model import Topic
from bot.words import say

__all__ = ["MAX_CHARS", "MAX_DEPTH", "MAX_TERMS", "STOP", "And", "AndNot", "Node", "Or", "Term", "arxiv_syntax", "fts5"]
__all__ += ["is_topic", "key", "parse", "show", "topic"]

_NAMES: Final[dict[Column, str]] = {column: name for name, column in FIELDS.items()}
_GLUED: Final = frozenset(normalise.PREFIXES)  # words that would take in the next one
_UNSAFE: Final = re.compile(r"[^\w.+#'\u2019-]+")  # what arXiv's grammar might take for its own


def parse(text: str, language: str = "en") -> Node:
    """Return the query in `text`, or raise UserError with the index of the character where reading ended.

    At most MAX_CHARS characters, MAX_TERMS words or phrases and MAX_DEPTH brackets within brackets, as typed and as
    `show` writes it out.
    """
    node = read(text, language)
    if len(show(node)) > MAX_CHARS or depth(node) - 1 > MAX_DEPTH:
        raise UserError(say(language, "query_grows"), at=0)
    return node


def show(node: Node) -> str:
    """Return the query for its reader: a plain topic as its words, anything else in arXiv syntax with all brackets."""
    if terms := _topic_terms(node):
        return " ".join(map(_shown, terms))
    return _write(node, _shown_in_field, bracket=False)


def fts5(node: Node) -> str:
    """Return the FTS5 expression, over the columns of `bot.core.match`."""
    return _write(node, _fts5_term, andnot=" NOT ")


def arxiv_syntax(node: Node) -> str:
    """Return the query for arXiv's search API, bracketed so that more can be joined to it.

    The API has no phrases that end in a prefix: the words before it are then asked for beside it, which finds more.
    """
    return _write(node, _arxiv_term)


def topic(node: Node) -> Topic:
    """Return the ledger's form of the query; its id is the first 16 hex digits of the SHA-256 of the key."""
    name = key(node)
    return Topic(id=hashlib.sha256(name.encode()).hexdigest()[:16], key=name, fts=fts5(node))


def is_topic(node: Node) -> bool:
    """Whether the query is a plain topic, which the relevance gate may judge; a written query is a rule."""
    return bool(_topic_terms(node))


def _topic_terms(node: Node) -> tuple[Term, ...]:
    """The terms of a plain topic, () for any other query."""
    parts = node.parts if isinstance(node, And) else (node,)
    terms = tuple(part for part in parts if isinstance(part, Term) and part.column == "topic")
    return terms if len(terms) == len(parts) else ()


# --- writing --------------------------------------------------------------------------------------------------------


def _write(node: Node, term: Callable[[Term], str], *, andnot: str = " ANDNOT ", bracket: bool = True) -> str:
    match node:
        case Term():
            return term(node)
        case AndNot():
            text = _write(node.keep, term, andnot=andnot) + andnot + _write(node.drop, term, andnot=andnot)
        case And() | Or():
            text = operator(node).join(_write(part, term, andnot=andnot) for part in node.parts)
    return f"({text})" if bracket else text


# A category's token is ours and no word that anybody typed, so `all` leaves that column out; cat: asks for it.
_COLUMNS: Final = {"topic": "{title abstract}", "all": "{title abstract comments}"}


def _fts5_term(term: Term) -> str:
    columns, star = _COLUMNS.get(term.column, term.column), " *" if term.prefix else ""
    wanted = [f'{columns} : "{" ".join(term.tokens)}"{star}']
    single = normalise.stem(term.tokens[-1])
    if star and single != term.tokens[-1] and term.column not in ("authors", "categories"):
        wanted.append(f'{columns} : "{" ".join((*term.tokens[:-1], single))}"')  # no indexed word begins with a plural
    if term.names or term.column == "all":
        wanted.append(f'authors : "{" ".join(term.names or term.tokens)}"{star}')
    return f"({' OR '.join(wanted)})" if len(wanted) > 1 else wanted[0]


def _shown(term: Term) -> str:
    """A term of a plain topic: quoted where its words alone would be read in another way."""
    word, star = term.written or " ".join(term.tokens), "*" if term.prefix else ""
    bare = (
        len(term.tokens) == 1
        and SAFE.fullmatch(word)
        and word not in OPERATORS
        and term.tokens[0] not in STOP
        and (not star or STARRED.search(word + star))
        and not {normalise.fold(word).split("-")[-1], *normalise.pieces(word)[-1:]} & _GLUED
    )
    return word + star if bare else f'"{word}{star}"'


def _shown_in_field(term: Term) -> str:
    if term.column == "topic":
        return "(" + " OR ".join(f'{name}:"{term.written}"' for name in ("ti", "abs")) + ")"
    word, star = term.written or " ".join(term.tokens), "*" if term.prefix else ""
    if term.column != "categories" and (not SAFE.fullmatch(word) or word in OPERATORS or category(word)):
        return f'{_NAMES[term.column]}:"{word}{star}"'
    return f"{_NAMES[term.column]}:{word}{star}"


def _arxiv_term(term: Term) -> str:
    if term.column == "categories":
        return _shown_in_field(term)
    name = _NAMES.get(term.column, "")
    written = term.written.replace("_", " ")
    split = normalise.name_tokens if term.column == "authors" else normalise.pieces
    words = split(written) or list(term.tokens)
    if not term.prefix:
        body = f'"{_UNSAFE.sub(" ", written).strip() or " ".join(words)}"'
        return f"{name}:{body}" if name else f"(ti:{body} OR abs:{body})"
    bodies = [f'"{" ".join(words[:-1])}"'] * (len(words) > 1) + [f"{words[-1]}*"]
    fields = [" AND ".join(f"{each}:{body}" for body in bodies) for each in ([name] if name else ["ti", "abs"])]
    wrapped = [f"({each})" if len(bodies) > 1 else each for each in fields]
    return wrapped[0] if name else f"({' OR '.join(wrapped)})"
