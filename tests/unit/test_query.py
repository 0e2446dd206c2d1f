# ruff: noqa: SIM905 - heaps of syntax are read more easily unquoted
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.core import query
from bot.core.match import COLUMNS
from bot.core.query import And, AndNot, Node, Or, Term
from bot.errors import UserError

HOSTILE = [
    *"""-title:x | c++ | * | title: | title | NEAR( | NEAR(a b, 3) | ^ | ^x | {title} : x | a AND | AND | OR | NOT
    | NOT a | a NOT | ANDNOT | a ANDNOT | a AND NOT | () | ( | ) | (() | ()) | )( | ti: | ti:() | ti:) | ti:ti:x
    | cat: | cat:* | cat:. | cat:cs. | au:_ | all:* | abs:ab* | %22 | %22%22 | %28%29 | +AND+ | talking-head | cs.CV
    | x; DROP TABLE day | ' OR 1=1 -- | a" OR "b | a:b AND c | all:xxn | au:xxsep""".replace("\n   ", "").split(" | "),
    *('"', '""', '"*"', "\x00", "a\x00b", "\U0001f680", "\u05e9\u05dc\u05d5\u05dd"),
    *("\u0645\u0631\u062d\u0628\u0627", "\u6269\u6563\u6a21\u578b", "\\", '\\"', "\ufdfd", "\ud800"),
    *("\u202eabc", "$\\alpha$", "\u0130", "\ufb00 \ufb01", "\xbd cup"),
    *("(" * 300, ")" * 300, "(" * 300 + "a" + ")" * 300, "a " * 400, "a AND " * 150, '"' * 300, "-" * 300),
    *("ti:" * 300, "NOT " * 200, "x" * 1000, "x" * 1001, "ti:" + "x" * 997),
]


@contextmanager
def fresh_table() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE VIRTUAL TABLE day USING fts5({', '.join(COLUMNS)}, content='', tokenize='unicode61')")
        yield database


def read(text: str) -> tuple[Node | None, UserError | None]:
    try:
        return query.parse(text), None
    except UserError as problem:
        return None, problem


def accepted(text: str, table: sqlite3.Connection) -> Node | None:
    """What `text` means, None where it was refused; every form of what was accepted holds."""
    node, problem = read(text)
    if node is None:
        assert problem is not None
        assert problem.at is not None
        assert 0 <= problem.at <= len(text)
        assert "\n" not in str(problem)
        return None
    table.execute("SELECT rowid FROM day WHERE day MATCH ?", (query.fts5(node),)).fetchall()
    again = query.parse(query.show(node))
    assert query.key(again) == query.key(node)
    assert query.is_topic(again) == query.is_topic(node)
    assert query.topic(again) == query.topic(node) or query.fts5(again) != query.fts5(node)
    assert query.arxiv_syntax(node)
    assert re.fullmatch(r'[a-zA-Z0-9 ":|*()]*', query.key(node))
    return node


# --- what people mean -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("talking head generation", "talking head generation"),
        ("Talking-Heads, generation of the", "talking heads generation"),
        ('"talking head" generation', '"talking head" generation'),
        ("“talking head” generation", '"talking head" generation'),
        ("%22talking head%22", '"talking head"'),
        ("state of the art", "state art"),
        ("the of", '"the" "of"'),
        ('"in context learning"', '"in context learning"'),
        ("audio or video", "audio video"),
        ("semi supervised learning", "semi-supervised learning"),
        ('pre "training"', '"pre" training'),
        ("vision-language-action (VLA) models", "vision language action VLA models"),
        ("Schrödinger bridges", "Schrödinger bridges"),
        ("C++ and C#", "C++ C#"),
        ("generat* video", "generat* video"),
        ("C*-algebra", "c algebra"),
        ("🚀 LLM agents", "LLM agents"),
        ("one for all: a unified model", "one all unified model"),
        (r"Schr\"odinger bridge", "schrodinger bridge"),
        ('5" telescope', "5 telescope"),
        ("learning over graphs", "learning over graphs"),
    ],
)
def test_a_topic_asks_for_all_its_words(text: str, shown: str) -> None:
    node = query.parse(text)
    assert query.is_topic(node)
    assert query.show(node) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('cat:cs.CV AND (ti:"talking head" OR abs:avatar)', 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'),
        ("a AND b OR c", "(all:a AND all:b) OR all:c"),
        ("a OR b AND c", "all:a OR (all:b AND all:c)"),
        ("a ANDNOT b AND c", "(all:a AND all:c) ANDNOT all:b"),
        ("a ANDNOT b ANDNOT c", "all:a ANDNOT (all:b OR all:c)"),
        ("a NOT b", "all:a ANDNOT all:b"),
        ("a AND NOT b", "all:a ANDNOT all:b"),
        ("ti:graph neural", "ti:graph OR all:neural"),
        ("ti:(graph neural) AND au:del_maestro", "(ti:graph OR ti:neural) AND au:del_maestro"),
        ("title:avatar", "ti:avatar"),
        ("TI:avatar AND Cat:cs.cv", "ti:avatar AND cat:cs.CV"),
        ("ti: avatar", "ti:avatar"),
        ("Title: avatar AND ALL: ICML", "ti:avatar AND all:ICML"),
        ("all: avatar AND co: ICML", "all:avatar AND co:ICML"),
        (r'au:"M\"uller J" OR ti:M\"obius', 'au:"muller j" OR ti:mobius'),
        ("cat:cs.CV+AND+ti:%22talking+head%22", 'cat:cs.CV AND ti:"talking head"'),
        ("cat:cs", "cat:cs.*"),
        ("cat:cs*", "cat:cs.*"),
        ("cat:cs.* AND ti:avatar", "cat:cs.* AND ti:avatar"),
        ("cat:hep-*", "cat:hep-*"),
        ("cs.CV", "cat:cs.CV"),
        ("cs.CV, hep-th", "cat:cs.CV OR cat:hep-th"),
        ("cs.CV AND avatar", "cat:cs.CV AND all:avatar"),
        ("ti:NOTHING AND ti:talking-head", "ti:NOTHING AND ti:talking-head"),
    ],
)
def test_a_query_is_shown_with_all_its_brackets(text: str, shown: str) -> None:
    node = query.parse(text)
    assert not query.is_topic(node)
    assert query.show(node) == shown
    assert query.key(query.parse(shown)) == query.key(node)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("talking heads", '({title abstract} : "talking" AND {title abstract} : "head")'),
        (
            'cat:cs.CV AND (ti:"talking head" OR abs:avatar) ANDNOT abs:audio',
            '((categories : "cs0cv" AND (title : "talking head" OR abstract : "avatar")) NOT abstract : "audio")',
        ),
        ("abs:generat*", 'abstract : "generat" *'),
        ("ti:multi-mod*", 'title : "multimod" *'),
        ("all:Adams", '({title abstract comments} : "adam" OR authors : "adams")'),
        ("all:arc*", '({title abstract comments} : "arc" * OR authors : "arc" *)'),  # never a category's token
        ("ti:galaxies*", '(title : "galaxies" * OR title : "galaxy")'),
        ('au:"Jian-Guo Chen"', '(authors : "jian guo chen" OR authors : "jianguo chen")'),
        (r'au:"M\"uller-Lyer J"', '(authors : "muller lyer j" OR authors : "mullerlyer j")'),
        ("co:ICML AND cat:math.*", '(comments : "icml" AND categories : "arc0math")'),
    ],
)
def test_fts5(text: str, expression: str) -> None:
    assert query.fts5(query.parse(text)) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("talking heads", '((ti:"talking" OR abs:"talking") AND (ti:"heads" OR abs:"heads"))'),
        ('"talking head"', '(ti:"talking head" OR abs:"talking head")'),
        ("a AND b OR c", '((all:"a" AND all:"b") OR all:"c")'),
        ("cat:cs.CV ANDNOT cat:cs", "(cat:cs.CV ANDNOT cat:cs.*)"),
        ("abs:generat*", "abs:generat*"),
        ('ti:"talking hea*"', '(ti:"talking" AND ti:hea*)'),
        ("au:del_maestro", 'au:"del maestro"'),
        ("Schrödinger's", '(ti:"Schrödinger\'s" OR abs:"Schrödinger\'s")'),
    ],
)
def test_what_arxiv_is_asked(text: str, expression: str) -> None:
    assert query.arxiv_syntax(query.parse(text)) == expression


def test_a_topic_of_the_ledger_is_named_by_its_key() -> None:
    one, other = query.topic(query.parse("talking heads")), query.topic(query.parse("Head TALKING"))
    assert one.id == other.id
    assert re.fullmatch("[0-9a-f]{16}", one.id)
    assert one.key == '(topic:"head" AND topic:"talking")'


# --- what cannot be read --------------------------------------------------------------------------------------------


WRONG = [
    ("cat:cs.CV AND )", 14, 'at "AND )": a bracket closes before anything was named. Example: cat:cs.CV AND ('),
    ("(ti:x AND y", 0, "a bracket opens here and never closes"),
    ("ti:x)", 4, "this bracket closes, but none is open"),
    ("ti:x AND ()", 10, "these brackets are empty"),
    ("AND ti:x", 0, "nothing stands before AND"),
    ("ti:x AND", 8, "nothing follows AND"),
    ("x OR AND y", 5, "OR and AND follow each other"),
    ("NOT audio", 0, "an exclusion must follow what you do want"),
    ("a OR NOT b", 5, "an exclusion must follow what you do want"),
    ("ti: AND x", 0, "nothing to look for follows ti:"),
    ('ti:"talking head AND cat:cs.CV', 3, "a quote opens here and never closes"),
    ("submittedDate:[2024 TO 2025]", 0, "a date can't narrow that down"),
    ("ti:x AND jr:nature", 9, "no journal reference yet"),
    ("ti:x AND affil:MIT", 9, "there is no field affil"),
    ("cat:cs.CVV", 4, "Example: cat:cs.CV"),
    ("cat:cs.XX", 4, "Example: cat:cs.*"),
    ("cat:cmp-lg", 4, "has been part of cs.CL for years"),
    ("abs:ge*", 4, "at least 3 letters"),
    ("au:xxs*", 3, "no word in it to look for"),  # a token of our own, which stands in every paper
    ("gen*tion", 0, "only stand at the end of a word"),
    ("diffusion -medical", 10, "write ANDNOT"),
    ("ti:x AND -medical", 9, "write ANDNOT"),
    ("扩散模型", 0, "I can only match English words so far"),
    ("diffusion 模型", 10, 'I can\'t read "模型"'),
    ("!!!", 0, "I found no word to look for"),
    ("ti:!!!", 3, "no word in it to look for"),
    ('"' + "word " * 13 + '"', 0, "a phrase may have 12 words"),
    ("ti:x AND " + "(" * 13 + "y" + ")" * 13, 21, "more than 12 brackets"),
    (" ".join(f"w{n}" for n in range(65)), 0, "65 words and I can look for 64"),
    ("ti:x " + " ".join(f"w{n}" for n in range(65)), 247, "more than 64"),
    ("x" * 1001, 1000, "1,001 characters"),
    (" ", 0, "Send me a topic"),
]


@pytest.mark.parametrize(("text", "at", "says"), WRONG)
def test_an_error_points_and_shows_the_way(text: str, at: int, says: str) -> None:
    with pytest.raises(UserError) as caught:
        query.parse(text)
    assert says in str(caught.value)
    assert caught.value.at == at


@pytest.mark.parametrize(("text", "at", "says"), WRONG)
def test_an_error_speaks_the_readers_language(text: str, at: int, says: str) -> None:
    with pytest.raises(UserError) as caught:
        query.parse(text, "zh")
    assert says not in str(caught.value)
    assert re.search("[\u4e00-\u9fff]{3}", str(caught.value))
    assert caught.value.at == at


def test_every_example_in_an_error_can_be_read() -> None:
    for text in [
        "ti:x AND )",
        "NOT a",
        "cat:cs.XX",
        "cat:cs.CVV",
        "cat:cmp-lg",
        "ge*x",
        "a -b",
        "cat:x",
        'cs.CV the "talking head"',
    ]:
        with pytest.raises(UserError) as caught:
            query.parse(text)
        query.parse(re.split(r"Example: |Write ", str(caught.value))[1])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_inputs_are_read_or_refused(text: str) -> None:
    with fresh_table() as database:
        accepted(text, database)


@settings(max_examples=600, deadline=None)
@given(st.text(max_size=80))
@example("poly(n)")
@example("multi's's *ti:")
@example("%%2222")
@example('multi"poly(n)')
@example('"c++*"')
@example('ti:\\"')
@example('"non" "multi modal"')
@example("ti:x OR ti:x*")
@example("pre's) co")
@example(r"all:Szab\'o\'s")
@example(r"multi$\alpha$AND's ti:'s")
def test_any_text_is_read_or_refused(text: str) -> None:
    with fresh_table() as database:
        accepted(text, database)


_PIECES = """ti: abs: cat: au: all: co: AND OR ANDNOT NOT ( ) " * - 's cs.CV cs hep-th multi pre over the of heads c++
%22 + . , x_2 { } title: jr: Adams xxn poly(n) gener* a [ # NEAR ~ {title} : ^""".split()
_PIECES += [" ", " ", " ", "  ", "\xe9", "$\\alpha$", "\\", "\u201c", "\u6587", "\n", "AND NOT", "\x00"]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_any_heap_of_syntax_is_read_or_refused(text: str) -> None:
    with fresh_table() as database:
        accepted(text, database)


# --- the canonical form ---------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["avatar", "head", "talking head", "net", "flow", "gaussian splat", "video", "speech"])
_FIELDED = st.one_of(
    st.builds(lambda field, word: f'{field}:"{word}"', st.sampled_from(["ti", "abs", "all", "co"]), _WORDS),
    st.sampled_from(["cat:cs.CV", "cat:cs.*", "au:chen", 'au:"Chen J"', "abs:gen*"]),
)


def written(draw: st.DrawFn, depth: int) -> Node | str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(_FIELDED)
    kind = draw(st.sampled_from(["AND", "OR", "ANDNOT"]))
    parts = [written(draw, depth - 1) for _ in range(2 if kind == "ANDNOT" else draw(st.integers(2, 3)))]
    return f"({f' {kind} '.join(map(str, parts))})"


@st.composite
def queries(draw: st.DrawFn) -> str:
    return str(written(draw, 3))


def shuffled(node: Node, dice: random.Random) -> str:
    """The same query in another order, with doubles and brackets that change nothing."""
    match node:
        case Term():
            text = query.show(node)
            return f"(({text}))" if dice.random() < 0.3 else text
        case AndNot():
            return f"({shuffled(node.keep, dice)} ANDNOT {shuffled(node.drop, dice)})"
        case And() | Or():
            parts = [shuffled(part, dice) for part in node.parts]
            parts += dice.choices(parts, k=dice.randint(0, 2))
            dice.shuffle(parts)
            return "(" + (" AND " if isinstance(node, And) else " OR ").join(parts) + ")"


@settings(max_examples=300, deadline=None)
@given(queries(), st.randoms(use_true_random=False))
def test_order_doubles_and_brackets_do_not_change_the_key(text: str, dice: random.Random) -> None:
    node = query.parse(text)
    other = shuffled(node, dice)
    assume(len(other) <= query.MAX_CHARS and other.count(":") <= query.MAX_TERMS)
    assert query.key(query.parse(other)) == query.key(node)
    assert query.topic(query.parse(other)).id == query.topic(node).id


@settings(max_examples=300, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_topic_is_the_same_in_any_order(words: list[str], dice: random.Random) -> None:
    phrases = [f'"{word}"' if " " in word else word for word in words]
    doubled = phrases + dice.choices(phrases, k=2)
    dice.shuffle(doubled)
    assert query.key(query.parse(" ".join(doubled))) == query.key(query.parse(" ".join(phrases)))


def test_different_queries_have_different_keys() -> None:
    texts = [
        "x",
        "y",
        "x y",
        '"x y"',
        "ti:x",
        "abs:x",
        "all:x",
        "ti:abc*",
        "ti:abc",
        "x AND y",
        "x OR y",
        "x ANDNOT y",
        "y ANDNOT x",
    ]
    texts += ['ti:"x y"', "ti:x AND ti:y", "cat:cs.CV", "cat:cs", "au:x", "all:adams", "all:adam"]
    assert len({query.key(query.parse(text)) for text in texts}) == len(texts)
