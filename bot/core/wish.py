"""Reads and writes what a chat wishes to hear of: words or a query, and clause by clause what it means.

    talking head generation; means: video of a talking face; also: lip sync, talking face; not: attention heads;
    without: survey; by: Jane Doe

- `means`, `also`, `not` describe a topic to the relevance gate (`core.relevance`); other names widen what is looked at.
- `without` leaves out papers with these words, `by` always brings the papers of these authors.
- Equal wishes make equal topics: whoever wrote them, and in whatever order.
- `read(write(wish)) == wish`.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.core import arxiv_id, query
from bot.core.query_ast import Node, any_of
from bot.core.relevance import words_of
from bot.errors import UserError
from bot.model import Meaning, Paper, Topic
from bot.words import say

CLAUSES: Final = ("means", "also", "not", "without", "by")
"""Names of the clauses, in the order in which they are written."""

ALIASES, SENSES, WITHOUT, AUTHORS = 20, 8, 10, 20
"""How many other names, senses it does not have, excluded words and followed authors a topic can have."""

DEFINITION, PHRASE = 600, 80
"""Characters of a definition, and of each other name, sense, excluded word or author."""

_LIKE: Final = re.compile(r"(?:more\s+)?like[\s:]+(\S+)", re.IGNORECASE)
_MOST: Final = {"also": ALIASES, "not": SENSES, "without": WITHOUT, "by": AUTHORS}
_END, _COLON, _COMMA = ";\uff1b", ":\uff1a", ",\uff0c\u3001"  # as typed in English and in Chinese
_CLAUSE: Final = re.compile(rf"[{_END}]\s*({'|'.join(CLAUSES)})\s*[{_COLON}]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for. `text` is the words or the query, as they typed it."""

    text: str
    meaning: Meaning = Meaning()  # noqa: RUF009 - frozen
    without: tuple[str, ...] = ()
    by: tuple[str, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether nothing stands beside the words."""
        return self == Wish(self.text)


def read(text: str, language: str = "en") -> Wish:
    """Read a wish; raises UserError for a clause that is too long, doubled or empty."""
    words, clauses = split(text, language)
    for name, value in clauses.items():
        if not value:
            raise UserError(say(language, "wish_clause", name=name))
    return changed(Wish(words), clauses, language)


def split(text: str, language: str = "en") -> tuple[str, dict[str, str]]:
    """Return what stands before the clauses, and the clauses as written; raises UserError for a doubled one."""
    first, *rest = _CLAUSE.split(" ".join(text.split()))
    clauses: dict[str, str] = {}
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        if name.lower() in clauses:
            raise UserError(say(language, "wish_clause", name=name.lower()))
        clauses[name.lower()] = value.strip(" " + _END)
    return first.strip(), clauses


def changed(wish: Wish, clauses: Mapping[str, str], language: str = "en") -> Wish:
    """Return the wish with other clauses; an empty one is dropped. Raises UserError for one that is too long."""
    lists = {name: _list(name, value, language) if value else () for name, value in clauses.items() if name != "means"}
    means = clauses.get("means", wish.meaning.definition)
    if len(means) > DEFINITION:
        raise UserError(say(language, "wish_definition", most=DEFINITION))
    meaning = Meaning(means, lists.get("also", wish.meaning.aliases), lists.get("not", wish.meaning.against))
    return Wish(wish.text, meaning, lists.get("without", wish.without), lists.get("by", wish.by))


def _list(name: str, value: str, language: str) -> tuple[str, ...]:
    found = tuple(
        {
            part.casefold(): part for each in re.split(f"[{_COMMA}]", value) if (part := each.strip(f' "“”{_END}'))
        }.values()
    )
    if not found or len(found) > _MOST[name]:
        raise UserError(say(language, "wish_many", name=name, most=_MOST[name]))
    for part in found:
        if len(part) > PHRASE:
            raise UserError(say(language, "wish_long", text=part[:PHRASE] + "…", most=PHRASE))
    return found


def write(wish: Wish) -> str:
    """Write a wish so that it can be read again."""
    values = {
        "means": wish.meaning.definition,
        "also": ", ".join(wish.meaning.aliases),
        "not": ", ".join(wish.meaning.against),
        "without": ", ".join(wish.without),
        "by": ", ".join(wish.by),
    }
    return wish.text + "".join(f"; {name}: {values[name]}" for name in CLAUSES if values[name])


def like(text: str) -> str:
    """The base id in 'more like 2411.19525' or 'like:2411.19525'; '' if a text says something else."""
    found = _LIKE.fullmatch(text.strip())
    try:
        return arxiv_id.parse(found[1]).base if found else ""
    except UserError:
        return ""


def topic(wish: Wish, language: str = "en", example: Paper | None = None) -> tuple[Node, Topic]:
    """Return how the words were read, and the ledger's form of the whole wish.

    A query is a rule: it says itself what it wants, and is judged only if it has a description. Raises UserError for
    what cannot be read, naming it. `example` is the paper of a wish for more like it.
    """
    id_ = like(wish.text)
    if id_ and wish.meaning != Meaning():
        raise UserError(say(language, "wish_like_names"))
    node = query.parse(f'"more like {id_}"' if id_ else wish.text, language)
    plain = query.is_topic(node)
    if wish.meaning.aliases and not plain:
        raise UserError(say(language, "wish_query_names"))
    for phrase in (*wish.meaning.aliases, *wish.meaning.against):
        _phrase(phrase, language)
    authors = [query.parse(f'au:"{_bare(name)}"', language) for name in wish.by]
    drop = [_phrase(word, language) for word in wish.without]
    if wish.bare and not id_:
        bare = query.topic(node)
        return node, Topic(bare.id, bare.key, bare.fts, words_of(node), plain=plain)
    key = query.key(node) + " " + json.dumps(_sorted(wish), ensure_ascii=False, sort_keys=True)
    return node, Topic(
        id=hashlib.sha256(key.encode()).hexdigest()[:16],
        key=key,
        fts=query.fts5(any_of([node, *authors])),
        words="" if id_ else words_of(node),
        meaning=Meaning(f"{example.title}\n{example.abstract}") if example else wish.meaning,
        plain=plain,
        drop=query.fts5(any_of(drop)) if drop else "",
        by=query.fts5(any_of(authors)) if authors else "",
        authors=wish.by,
        like=id_,
    )


def _sorted(wish: Wish) -> dict[str, object]:
    """Everything beside the words that makes a topic another one, the same in every order and case."""

    def set_(parts: tuple[str, ...]) -> list[str]:
        return sorted({part.casefold() for part in parts})

    return {
        "means": wish.meaning.definition,
        "also": set_(wish.meaning.aliases),
        "not": set_(wish.meaning.against),
        "without": set_(wish.without),
        "by": set_(wish.by),
    }


def _phrase(text: str, language: str) -> Node:
    return query.parse(f'"{_bare(text)}"', language)


def _bare(text: str) -> str:
    """A phrase without signs that would end it."""
    return re.sub(r'["“”„«»＂\\]', " ", text)  # noqa: RUF001 - what is typed
