"""An evaluator of queries that shares no code with ours: own reading of TeX, own tokens, own names, no index.

Written from docs/queries.md. The lists of words (irregular plurals, bound prefixes, signs of other alphabets, aliases
of categories) are the product's data and are read from there; what is done with them is done again here, sign by sign
instead of by patterns, and terms are looked for in the text of each paper.
"""

import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot import resources
from bot.core import normalise
from bot.core.arxiv_id import ARCHIVES
from bot.model import Paper

PLAIN = frozenset(string.ascii_lowercase + string.digits)
LETTERS = frozenset(string.ascii_letters)
SMALL = frozenset(["and", "or", "of", "in", "the", "to", "for", "is", "are", "on", "with", "by", "as", "a"])
SYMBOLS = {"ss": "ss", "ae": "ae", "oe": "oe", "aa": "a", "o": "o", "l": "l", "i": "i", "j": "j"}
SILENT = frozenset(
    """mathcal mathbb mathrm mathbf mathsf mathfrak mathit boldsymbol operatorname emph text textit textbf textrm
    textsf texttt textsc rm it bf sf tt left right""".split()  # noqa: SIM905 - words are read more easily unquoted
)
VARIANTS = frozenset(["varepsilon", "varphi", "vartheta", "varrho", "varpi", "varsigma", "varkappa"])
GREEK = {chr(sign): name.strip() for sign, name in normalise._GREEK.items()}
UNDONE = {chr(sign): plain for sign, plain in normalise._UNDECOMPOSED.items()}
ALIASES: dict[str, str] = resources.data("categories.json")["aliases"]


# --- from text to words ---------------------------------------------------------------------------------------------


def untexed(text: str) -> str:
    """The text without TeX: accents and letters resolved, commands as words, indices glued to what they stand at."""
    out: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            shown, place = command(text, place + 1)
            out.append(shown)
        elif sign == "_" and (index := digits(text, place + 1)) and ends_in_word(out):
            while out and out[-1] in ("$", "}"):
                out.pop()
            out.append(index[0])
            place = index[1]
        elif text.startswith("$^", place) and not (out and out[-1][-1:].isalnum() and out[-1].isascii()):
            mass = digits(text, place + 2)
            if mass and text[mass[1] - 1] == "$" and text[mass[1] : mass[1] + 1].isupper():
                out.append(mass[0])
                place = mass[1]
            else:
                out.append(" ")
                place += 1
        elif text.startswith("}{", place):
            out.append(" ")
            place += 2
        else:
            out.append("" if sign == "{" else sign)
            place += 1
    return "".join(out).replace("}", "")


def ends_in_word(out: list[str]) -> bool:
    """Whether an index may be glued: a letter or a figure, perhaps a closing brace and dollar after it."""
    tail = "".join(out[-4:])
    for closing in ("$", "}"):
        tail = tail.removesuffix(closing)
    return tail[-1:].isascii() and tail[-1:].isalnum()


def digits(text: str, place: int) -> tuple[str, int] | None:
    """An index or a mass of at most three figures, perhaps braced, and where it ends (with a dollar that closes)."""
    while text[place : place + 1].isspace():
        place += 1
    braced = text[place : place + 1] == "{"
    start = place = place + braced
    while place < len(text) and text[place] in string.digits and place - start < 3:
        place += 1
    found = text[start:place]
    if not found:
        return None
    place += text[place : place + 1] == "}"
    place += text[place : place + 1] == "$"
    return found, place


def command(text: str, place: int) -> tuple[str, int]:
    """What the command after a backslash leaves in the text, and where it ends."""
    end = place
    while end < len(text) and text[end] in LETTERS:
        end += 1
    name = text[place:end]
    if text[place : place + 1] in tuple("\"'`^~=.") or name in tuple("uvHckdbrt"):
        after = end if name else place + 1
        while text[after : after + 1].isspace():
            after += 1
        after += text[after : after + 1] == "{"
        after += text[after : after + 1] == "\\"
        if text[after : after + 1] in LETTERS:
            end = after + 1
            dotless = not name and text[after - 1] == "\\" and text[after] in "ij"
            eaten = text[end : end + 1] == "}" or (dotless and text[end : end + 1].isspace())
            return text[after], end + eaten
        return (f" {name} ", end) if name else (" ", place + 1)
    if name in SYMBOLS or name in ("AE", "OE", "AA", "O", "L"):
        if text.startswith("{}", end):
            end += 2
        elif text[end : end + 1].isspace() and text[end + 1 : end + 2].islower():
            end += 1
        return SYMBOLS[name.lower()], end
    if name in SILENT:
        return " ", end
    if name:
        return f" {name.removeprefix('var') if name in VARIANTS else name} ", end
    return " ", place + (text[place : place + 1] in (",", ";", "!"))


def plain(text: str) -> str:
    """Lower case, no TeX, no accents, Greek by name."""
    out: list[str] = []
    for sign in "".join(UNDONE.get(sign, sign) for sign in untexed(text)):
        letters = unicodedata.normalize("NFKD", sign).casefold()
        out += [f" {GREEK[part]} " if part in GREEK else part for part in letters if not unicodedata.combining(part)]
    text = "".join(out)
    for name, word in (("c++", " cpp "), ("c#", " csharp "), ("f#", " fsharp ")):
        parts = text.split(name)
        text = parts[0]
        for part in parts[1:]:
            inside = text[-1:].isalnum() or text[-1:] == "_"
            text += (name if inside else word) + part
    return text


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Each run of letters and figures with what stands between it and the next one."""
    word, gap = "", ""
    for sign in f"{text} ":
        if sign in PLAIN:
            if gap and word:
                yield word, gap
                word = ""
            word, gap = word + sign, ""
        else:
            gap += sign
    if word:
        yield word, ""


def words(text: str) -> list[str]:
    """Words with bound prefixes glued, a possessive left out; plurals as they are."""
    listed: list[tuple[str, str]] = []
    for word, gap in runs(plain(text)):
        if word == "s" and listed and listed[-1][1] == "'":
            listed[-1] = (listed[-1][0], gap)
        else:
            listed.append((word, gap))
    found = [""]
    for (word, gap), (following, _) in zip(listed, [*listed[1:], ("", "")], strict=False):
        found[-1] += word
        bound = word in normalise.PREFIXES and (gap == "-" or (gap.isspace() and following not in SMALL))
        if not (following and (bound or (word in normalise._HYPHENATED and gap == "-"))):
            found.append("")
    return found[:-1]


def singular(word: str) -> str:
    """One of the word: only a plural -s is undone."""
    listed: str | None = normalise._IRREGULAR.get(word)
    if listed:
        return listed
    if word in normalise._KEEP or len(word) < 4 or word[-1] != "s" or word[-2] in "sui":
        return word
    if word[-3:] == "ies" and len(word) > 4:
        one = word[:-3] + "y"
    elif word[-3:] == "xes" or word[-4:] in ("sses", "ches", "shes", "zzes"):
        one = word[:-2]
    else:
        one = word[:-1]
    return normalise._IRREGULAR.get(one, one)


def folded(text: str) -> list[str]:
    return [singular(word) for word in words(text)]


def name_words(text: str, *, joined: bool = False) -> tuple[str, ...]:
    """The words of a name, its hyphens and apostrophes between words or gone."""
    out: list[str] = []
    hyphen = False
    for word, gap in runs(plain(text)):
        if hyphen and word[0] in LETTERS:
            out[-1] += word
        else:
            out.append(word)
        hyphen = joined and gap in ("-", "'") and word[-1] in LETTERS
    return tuple(out)


# --- a term in a paper ----------------------------------------------------------------------------------------------


def called(name: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The ways in which a name may be said."""
    ways = {name}
    if len(name) > 2 and name[-1] in ("jr", "sr", "ii", "iii", "iv"):
        ways |= called(name[:-1])
    for cut in range(1, len(name)) if len(name) <= 6 else ():
        short = tuple(word[0] for word in name[:cut])
        for given in (name[:cut], name[:1], short, short[:1]):
            ways |= {given + name[cut:], name[cut:] + given}
    return ways


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the generator asked for: `field` is ti, abs, au, cat, co, all or topic."""

    field: str
    text: str
    star: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """`how` is and, or, not; what 'not' leaves out are the parts after the first."""

    how: str
    parts: tuple["Tree", ...]


Tree = Leaf | Joined


def needles(leaf: Leaf) -> set[tuple[str, str]]:
    """In which field which words must stand; one of them is enough."""
    end = "" if leaf.star else " "
    out: set[tuple[str, str]] = set()
    for joined in {"au": (False, True), "all": (False,)}.get(leaf.field, ()):
        if name := name_words(leaf.text, joined=joined):
            out.add(("au", f" {' '.join(name)}{end}"))
    if leaf.field != "au":
        raw = words(leaf.text)
        whole = f" {' '.join(map(singular, raw))} "
        start = f" {' '.join([*map(singular, raw[:-1]), raw[-1]])}"
        for field in {"topic": ("ti", "abs"), "all": ("ti", "abs", "co")}.get(leaf.field, (leaf.field,)):
            out |= {(field, whole)} | ({(field, start)} if leaf.star else set())
    return out


class Sheet:
    """One paper as this evaluator reads it."""

    def __init__(self, paper: Paper) -> None:
        self.id = paper.id
        self.texts = {
            name: f" {' '.join(map(singular, words(text)))} "
            for name, text in (("ti", paper.title), ("abs", paper.abstract), ("co", paper.comment))
        }
        spelled = {name_words(name, joined=joined) for name in paper.authors for joined in (False, True)} - {()}
        ways = {" ".join(way) for name in spelled for way in called(name)}
        self.texts["au"] = f" {' | '.join(sorted(ways))} "
        other = {**ALIASES, **{code: alias for alias, code in ALIASES.items()}}
        self.categories = {code.lower() for each in paper.categories for code in (each, other.get(each, each))}


class Desk:
    """Finds papers by looking into each of them; a term that was looked for once is remembered."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.sheets = [Sheet(paper) for paper in papers]
        self._found: dict[Leaf, frozenset[str]] = {}

    def leaf(self, leaf: Leaf) -> frozenset[str]:
        if leaf not in self._found:
            if leaf.field == "cat":
                asked = leaf.text.lower()
                found = {each.id for each in self.sheets if any(category(asked, code) for code in each.categories)}
            else:
                wanted = needles(leaf)
                found = {each.id for each in self.sheets if any(text in each.texts[name] for name, text in wanted)}
            self._found[leaf] = frozenset(found)
        return self._found[leaf]

    def find(self, tree: Tree) -> frozenset[str]:
        if isinstance(tree, Leaf):
            return self.leaf(tree)
        first, *others = map(self.find, tree.parts)
        if tree.how == "and":
            return first.intersection(*others)
        return first.union(*others) if tree.how == "or" else first.difference(*others)


def category(asked: str, code: str) -> bool:
    """Whether a paper's category answers: the category, an archive as a whole, or a beginning with a star."""
    if asked.removesuffix("*").removesuffix(".") in {archive.lower() for archive in ARCHIVES}:
        return code.partition(".")[0] == asked.removesuffix("*").removesuffix(".")
    return code.startswith(asked[:-1]) if asked.endswith("*") else code == asked
