"""The form of a query between reading and writing: terms joined by AND, OR and ANDNOT.

Nodes are frozen. Those made by `all_of`, `any_of` and `without` are flat, free of doubles and in the order in which
they were written, with exclusions drawn together; `key` is the same for every order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

Column = Literal["title", "abstract", "authors", "categories", "comments", "all", "topic"]

FIELDS: Final[dict[str, Column]] = {
    "ti": "title",
    "abs": "abstract",
    "au": "authors",
    "cat": "categories",
    "co": "comments",
    "all": "all",
}
"""arXiv's field names. A plain topic has a column of its own, which no field names: title or abstract."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase in one column; 'topic' is title or abstract.

    `names` are tokens that the authors column may have instead: of `all` the unfolded ones, of `au` those of a name
    with its hyphens joined; () where they do not differ. `written` is how to show it.
    """

    column: Column
    tokens: tuple[str, ...]
    prefix: bool = False
    names: tuple[str, ...] = ()
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AndNot:
    """What matches `keep` and does not match `drop`."""

    keep: "Node"
    drop: "Node"


Node = Term | And | Or | AndNot


def key(node: Node) -> str:
    """Return the canonical form: two queries that differ only in order, doubles, brackets or spelling share it."""
    match node:
        case Term():
            names = f"|{' '.join(node.names)}" if node.names else ""
            return f'{node.column}:"{" ".join(node.tokens)}{names}"' + ("*" if node.prefix else "")
        case AndNot():
            return f"({key(node.keep)} ANDNOT {key(node.drop)})"
        case And() | Or():
            return "(" + operator(node).join(sorted({key(part) for part in node.parts})) + ")"


def operator(node: And | Or) -> str:
    """Return the word between the parts, with its blanks."""
    return " AND " if isinstance(node, And) else " OR "


def _distinct(parts: Iterable[Node]) -> tuple[Node, ...]:
    return tuple({key(part): part for part in reversed(list(parts))}.values())[::-1]


def any_of(parts: Iterable[Node]) -> Node:
    """Join by OR."""
    flat = _distinct(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def all_of(parts: Iterable[Node]) -> Node:
    """Join by AND; exclusions among the parts become one exclusion around them, which says the same."""
    keep: list[Node] = []
    drop: list[Node] = []
    for part in parts:
        wanted = part
        if isinstance(wanted, AndNot):
            drop.append(wanted.drop)
            wanted = wanted.keep
        keep += wanted.parts if isinstance(wanted, And) else (wanted,)
    flat = _distinct(keep)
    node = flat[0] if len(flat) == 1 else And(flat)
    return without(node, any_of(drop)) if drop else node


def without(keep: Node, drop: Node) -> Node:
    """Leave out what matches `drop`; (a ANDNOT b) ANDNOT c is a ANDNOT (b OR c)."""
    return AndNot(keep.keep, any_of((keep.drop, drop))) if isinstance(keep, AndNot) else AndNot(keep, drop)


def depth(node: Node) -> int:
    """Return how many levels of joining a node has, which is how many brackets stand within one another."""
    match node:
        case Term():
            return 0
        case AndNot():
            return 1 + max(depth(node.keep), depth(node.drop))
        case And() | Or():
            return 1 + max(map(depth, node.parts))
