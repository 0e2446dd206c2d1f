"""Writes queries at random: valid ones over real papers, each with the tree that was meant, and hostile ones."""

# ruff: noqa: RUF001 - signs that look alike are what people type
import random
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from bot.core import query
from bot.core.arxiv_id import ARCHIVES
from bot.model import Paper
from tests.bars.query_words import Joined, Leaf, Tree, name_words, plain, words

OPERATORS: Final = frozenset(["AND", "OR", "ANDNOT", "NOT"])
CODES: Final = [
    code for archive, subjects in ARCHIVES.items() for code in ([f"{archive}.{s}" for s in subjects] or [archive])
]
NAMES: Final = {
    "ti": ["ti", "ti", "ti", "TI", "title", "Title"],
    "abs": ["abs", "abs", "Abs", "abstract"],
    "au": ["au", "au", "AU", "author", "authors"],
    "cat": ["cat", "cat", "category", "Categories"],
    "co": ["co", "co", "comment", "comments"],
    "all": ["all", "all", "ALL"],
}
BARE: Final = re.compile(r"[^\W_][\w.'’+#-]*[^\W_]")
LOOSE: Final = re.compile(r'[^\s"()*:%“”„«»＂（）：＊\\<>|-](?:\\"|[^\s"()*:%“”„«»＂（）：＊\\])*')
QUOTED: Final = re.compile(r'"(?:\\"|[^"])*"')
# What makes it a query: without it, "all: a model" is a title.
SURE: Final = re.compile(r"(?<!\w)(?:ti|abs|au|cat):|\w:\S|(?:^|[\s(])(?:AND|OR|ANDNOT|NOT)(?=[\s)])")
OURS: Final = frozenset(["xxn", "xxsep"])


class Made(NamedTuple):
    text: str
    tree: Tree


class Writer:
    """Makes queries of the words, names and categories of `papers`."""

    def __init__(self, papers: Sequence[Paper], seed: int) -> None:
        self.papers = papers
        self.dice = random.Random(seed)

    def one(self) -> Made:
        """A plain topic (one in four) or a query."""
        while True:
            if self.dice.random() < 0.25:
                return self.topic()
            made = self.any_of("all", 0)
            if len(made.text) <= 400 and SURE.search(QUOTED.sub(" ", made.text)):
                return made

    def asks_topic(self, tree: Tree) -> bool:
        return tree.field == "topic" if isinstance(tree, Leaf) else self.asks_topic(tree.parts[0])

    # --- queries ---

    def any_of(self, field: str, depth: int) -> Made:
        parts = [self.chain(field, depth) for _ in range(self.dice.choice([1, 1, 2, 2, 3]))]
        text = parts[0].text
        for part in parts[1:]:
            text += self.dice.choice([" OR ", " OR ", " ", "\n", "  OR  "]) + part.text
        return parts[0] if len(parts) == 1 else Made(text, Joined("or", tuple(part.tree for part in parts)))

    def chain(self, field: str, depth: int) -> Made:
        text, tree = self.unit(field, depth)
        for _ in range(self.dice.choice([0, 0, 1, 1, 2])):
            sign = self.dice.choice(["AND", "AND", "AND", "ANDNOT", "NOT", "AND NOT", "AND ANDNOT"])
            right = self.unit(field, depth)
            text += f" {sign} {right.text}"
            tree = Joined("and" if sign == "AND" else "not", (tree, right.tree))
        return Made(text, tree)

    def unit(self, field: str, depth: int) -> Made:
        if depth < 4 and self.dice.random() < 0.3:
            blank = self.dice.choice(["", "", " "])
            if self.dice.random() < 0.35:
                field = self.dice.choice(list(NAMES))
                inner = self.any_of(field, depth + 1)
                return Made(f"{self.named(field)}({blank}{inner.text}{blank})", inner.tree)
            inner = self.any_of(field, depth + 1)
            return Made(f"({blank}{inner.text}{blank})", inner.tree)
        own = field if self.dice.random() < 0.3 else self.dice.choice(["ti", "abs", "abs", "au", "cat", "co", "all"])
        text, leaf = self.leaf(own)
        return Made(text if own == field and self.dice.random() < 0.7 else self.named(own) + text, leaf)

    def named(self, field: str) -> str:
        return self.dice.choice(NAMES[field]) + self.dice.choice([":", ":", ":", ": "])

    def leaf(self, field: str) -> tuple[str, Leaf]:
        while True:
            text, leaf = {"au": self.author, "cat": self.category}.get(field, lambda: self.phrase(field))()
            if field == "cat" or self.fits(leaf):
                return text, leaf

    def fits(self, leaf: Leaf) -> bool:
        found = name_words(leaf.text) if leaf.field == "au" else words(leaf.text)
        return 0 < len(found) <= 12 and not OURS & {*found} and (not leaf.star or len(found[-1]) >= 3)

    def category(self) -> tuple[str, Leaf]:
        known = [code for code in self.dice.choice(self.papers).categories if code in CODES]
        code = self.dice.choice(known or CODES)
        archive = code.split(".")[0]
        text = self.dice.choice([code, code, code.lower(), archive, f"{archive}.*", f"{archive}*", f"{code[:4]}*"])
        if text.endswith("*") and not any(each.lower().startswith(text[:-1].lower()) for each in CODES):
            text = code
        return self.dice.choice([text, text, f'"{text}"']), Leaf("cat", text)

    def author(self) -> tuple[str, Leaf]:
        name = self.dice.choice(self.dice.choice([paper for paper in self.papers if paper.authors]).authors)
        found = name_words(name, joined=self.dice.random() < 0.2) or ("nobody",)
        last, first = found[-1], found[0]
        ways = [name, plain(name), last, f"{last} {first}", f"{last} {first[0]}", f"{last}, {first}"]
        ways += [f"{first[0]}. {last}", f"{first} {last}", " ".join(found), "_".join(found), "_".join(found[1:])]
        ways += [" ".join(found[1:] + found[:1]), f"{last} {' '.join(word[0] for word in found[:-1])}"]
        text = " ".join(self.dice.choice(ways).replace('"', "").replace("%", "").split()).rstrip("\\ ")
        return self.typed("au", text, name_words(text))

    def phrase(self, field: str) -> tuple[str, Leaf]:
        paper = self.dice.choice(self.papers)
        text = {"ti": paper.title, "abs": paper.abstract, "co": paper.comment}.get(field, "")
        text = text or self.dice.choice([paper.title, paper.abstract, paper.abstract, paper.comment, *paper.authors])
        parts = text.split() or ["nothing"]
        start = self.dice.randrange(len(parts))
        some = " ".join(parts[start : start + self.dice.choice([1, 1, 1, 2, 2, 3])])
        some = re.sub(r'(?<!\\)"|[*%“”„«»＂]', "", some).rstrip("\\ ").strip()
        return self.typed(field, some, tuple(words(some)))

    def typed(self, field: str, text: str, found: Sequence[str]) -> tuple[str, Leaf]:
        """As a bare word where it can stand so, else in quotes; at times with a star."""
        if found and self.dice.random() < 0.2:
            start = found[-1][: self.dice.randint(3, 9)]
            text = " ".join([*found[:-1], start])
            return (f"{start}*" if len(found) == 1 else f'"{text}*"'), Leaf(field, text, star=True)
        bare = text.strip(".,;:!?'")
        if BARE.fullmatch(bare) and bare not in OPERATORS and not known(bare) and self.dice.random() < 0.6:
            return bare, Leaf(field, bare)
        return f'"{text}"', Leaf(field, text)

    # --- topics ---

    def topic(self) -> Made:
        while True:
            texts: list[str] = []
            leaves: list[Leaf] = []
            for _ in range(self.dice.choice([1, 1, 1, 2, 2, 3])):
                text, some = self.part()
                texts.append(text)
                leaves += some
            wanted = [leaf for leaf in leaves if leaf.star or leaf.text.lower() not in query.STOP] or leaves
            text = " ".join(texts)
            if wanted and not any(OURS & {*words(leaf.text)} for leaf in leaves) and not re.search(r"\w:", text):
                return Made(text, wanted[0] if len(wanted) == 1 else Joined("and", tuple(wanted)))

    def part(self) -> tuple[str, list[Leaf]]:
        """A run of bare words, a quoted phrase or the beginning of a word; a bracket ends a run."""
        paper = self.dice.choice(self.papers)
        parts = self.dice.choice([paper.title, paper.title, paper.abstract]).split() or ["nothing"]
        start = self.dice.randrange(len(parts))
        some = [each.rstrip(":") for each in parts[start : start + self.dice.randint(1, 4)]]
        some = [each for each in some if LOOSE.fullmatch(each) and not OPERATORS & {each} and not known(each)]
        run = " ".join(some)
        found = words(run)
        kind = self.dice.random()
        if found and kind < 0.2 and len(found) <= 12 and "\\" not in run:
            return f'"{run}"', [Leaf("topic", run)]
        if kind < 0.35 and found and len(start_ := found[-1][: self.dice.randint(3, 8)]) >= 3:
            return f"{start_}*", [Leaf("topic", start_, star=True)]
        return self.dice.choice([f"({run})", f"{run} ()", f"() {run} ()"]), [Leaf("topic", word) for word in found]

    # --- the same query, written in another way ---

    def again(self, tree: Tree) -> str:
        """The same in another order, with doubles, all brackets and everything in quotes."""
        if isinstance(tree, Leaf):
            star = "*" if tree.star else ""
            return f"{tree.field}:{tree.text}" if tree.field == "cat" else f'{tree.field}:"{tree.text}{star}"'
        parts = [self.again(part) for part in tree.parts]
        if tree.how == "not":
            return f"({parts[0]} ANDNOT {parts[1]})"
        parts += self.dice.choices(parts, k=self.dice.choice([0, 0, 0, 1]))
        self.dice.shuffle(parts)
        return f"({f' {tree.how.upper()} '.join(parts)})"


def known(word: str) -> bool:
    """Whether a bare word is read as a category."""
    low = word.strip(".,;:!?…'`’‘[]{}<>|").lower()
    return low in {code.lower() for code in CODES} or (low in ARCHIVES and "-" in low)
