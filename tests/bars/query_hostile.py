"""Inputs that nobody should type: junk, heaps of syntax, valid queries gone wrong, and attacks on FTS5 and SQL."""

import random
from typing import Final

from tests.bars.query_texts import Writer

ATTACKS: Final = [
    *("-title:x", "- title : x", "title : x", "{title abstract} : x", "-{title} : x", '"x" : y', "title:^x", "^x"),
    *("NEAR(a b, 3)", "NEAR(", 'NEAR("a" "b", 99999999999)', "a NEAR/2 b", "a + b", '"a" + "b"', '"a" *', "*", "a*b"),
    *('"', '""', '"a" "', '"a""b"', "'", "' OR 1=1 --", '"; DROP TABLE day; --', "x'); DELETE FROM day; --", "a;b"),
    *("SELECT * FROM day", "rank MATCH 'bm25(10)'", "day MATCH x", "rowid:1", "categories : arc0cs", "all:arc*"),
    *("au:xxs*", "au:xxn", "all:xxse*", "xxsep", "c++", "cs.CV", "talking-head", "a AND", "NOT a", "a OR NOT b"),
    *("\0", "a\0b", 'ti:"a\0"', "\x1a", "\x7f", "\ud800", "a\udfff b", "\U0010ffff", "\ufffe", "\u2028a\u2029b"),
    *(
        "\u202eabc\u202c",
        "\u2066ti:x\u2069",
        "\u200fau:y",
        "ti\u200b:x",
        "\u200dAND",
        "a\u00a0AND\u3000b",
        "\ufeffti:x",
    ),
    *("(" * 500, ")" * 500, "(" * 13 + "a" + ")" * 13, "(" * 12 + "ti:a" + ")" * 12, "ti:(" * 200, "((((ti:a))))"),
    *("a " * 500, "a AND " * 166 + "a", "ti:" * 333, '"' * 999, "x" * 1000, "x" * 1001, "ti:" + "x" * 997),
    *(" OR ".join(f"all:w{n}*" for n in range(64)), " ".join(f'"w{n} v"' for n in range(80)), "NOT " * 250),
    *("%22%28%29%3A", "+AND+", "a+AND+b", "%00", "\\", '\\"', 'ti:"\\"', "ti:\\", "$\\alpha$", "\\" * 300, "{" * 400),
    *(
        "\u6269\u6563",
        "\u05e9\u05dc",
        "\u0645\u0631",
        "\ufdfd" * 50,
        "\U0001f680" * 90,
        "a\u0301" * 300,
        "\u0130\u1e9e",
    ),
    *(
        "title:x OR categories:y",
        "submittedDate:[1 TO 2]",
        "jr:x",
        "id:1",
        "doi:",
        "cat:*",
        "cat:.",
        "cat:cs.",
        "cat:a*",
    ),
]
PIECES: Final = [
    *("ti:", "abs:", "au:", "cat:", "co:", "all:", "title:", "TI: ", "jr:", "x:", ":", "AND", "OR", "NOT", "ANDNOT"),
    *(
        "and",
        "(",
        ")",
        '"',
        "*",
        "-",
        "'",
        "'s",
        "\\",
        '\\"',
        "{",
        "}",
        "$",
        "^",
        "_",
        "_2",
        "%22",
        "%",
        "+",
        "#",
        "c++",
    ),
    *(
        "cs.CV",
        "cs",
        "hep-th",
        "math.*",
        "cs*",
        "multi",
        "pre",
        "over",
        "the",
        "of",
        "heads",
        "talking",
        "generat",
        "xxn",
    ),
    *(
        "\u00e9",
        "\u00df",
        "\u0131",
        "\u03b1",
        "\ufb01",
        "\u00bd",
        "\u2082",
        "\u6587",
        "\u202e",
        "\u200b",
        "\0",
        "\n",
        "\t",
    ),
    *(
        "[",
        "]",
        "~",
        "NEAR",
        "\u201c",
        "\u201d",
        "\uff08",
        "\uff1a",
        "\ud800",
        "Chen",
        "J",
        "O'Brien",
        "Jian-Guo",
        "\u0301",
    ),
]


class Hostile:
    """Writes one input after the other; `writer` makes the valid queries that go wrong here."""

    def __init__(self, writer: Writer, seed: int) -> None:
        self.writer = writer
        self.dice = random.Random(seed)
        self._made: list[str] = []

    def one(self) -> str:
        return self.dice.choice([self.junk, self.heap, self.heap, self.mutant, self.mutant, self.attack])()

    def junk(self) -> str:
        """Characters of all of Unicode, or of its first part only, or of ASCII."""
        most = self.dice.choice([0x10FFFF, 0xFFFF, 0x24F, 0x7F])
        return "".join(chr(self.dice.randint(0, most)) for _ in range(self.dice.choice([1, 3, 10, 40, 200])))

    def heap(self) -> str:
        blank = self.dice.choice(["", " ", " "])
        return blank.join(self.dice.choices(PIECES, k=self.dice.randint(1, 14)))

    def mutant(self) -> str:
        """A valid query with a few pieces cut out, doubled or put in; of a pool, since making them takes longest."""
        if len(self._made) < 2_000:
            self._made.append(self.writer.one().text)
        text = self.dice.choice(self._made)
        for _ in range(self.dice.choice([0, 1, 1, 2, 4])):
            start, end = sorted(self.dice.choices(range(len(text) + 1), k=2))
            end = min(end, start + self.dice.choice([0, 1, 1, 5]))
            middle = self.dice.choice(["", text[start:end] * 2, self.dice.choice(PIECES), self.dice.choice(PIECES)])
            text = text[:start] + middle + text[end:]
        return text

    def attack(self) -> str:
        """An attack by itself, beside something valid, in quotes or behind a field."""
        one, other = self.dice.choice(ATTACKS), self.dice.choice(ATTACKS)
        return self.dice.choice(
            [one, f"{one} {other}", f"ti:{one}", f'"{one}"', f"({one}) AND au:x", f"ti:x OR {one}", f'all:"{one}*"']
        )
