"""Folds text of papers and of queries into the same plain tokens, so that matching is a comparison of tokens.

A token is a run of [a-z0-9]: nothing else leaves this module, so FTS5's `unicode61` never splits, folds or reads a
token as syntax, and a phrase test is the substring test `" a b " in " ... "`. Only plurals are folded: Porter's stemmer
merges "generation" with "general" and breaks prefixes (facts/matching.md, Part 1). About 0.15 ms a paper; nothing here
raises.
"""

# ruff: noqa: RUF001, SIM905 - letters that look alike are the subject, and words are read more easily unquoted
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from bot import resources

NAME_GAP: Final = "xxn"
AUTHOR_GAP: Final = "xxsep"
RESERVED: Final = frozenset((NAME_GAP, AUTHOR_GAP))
"""Tokens of our own in the authors column; no query may name them."""

# --- TeX ----------------------------------------------------------------------------------------------------------

_DOTLESS: Final = re.compile(r"""\\["'`^~=.]\s*\{?\\([ij])(?![A-Za-z])(?:\}|\s?)""")  # TeX eats a blank after \i
_ACCENT: Final = re.compile(r"""\\(?:["'`^~=.]|[uvHckdbrt](?![A-Za-z]))\s*\{?\\?([A-Za-z])\}?""")
_LETTERS: Final = {"ss": "ss", "ae": "ae", "oe": "oe", "aa": "a", "o": "o", "l": "l", "i": "i", "j": "j"}
_LETTER: Final = re.compile(r"\\(ss|ae|oe|aa|AE|OE|AA|[oOlLij])(?![A-Za-z])(?:\{\}|\s(?=[a-z]))?")
# Commands that only format their argument: the name goes, the argument stays.
_FORMAT: Final = re.compile(
    r"\\(?:mathcal|mathbb|mathrm|mathbf|mathsf|mathfrak|mathit|boldsymbol|operatorname|text(?:it|bf|rm|sf|tt|sc)?|"
    r"emph|rm|it|bf|sf|tt|left|right|,|;|!|\s)(?![A-Za-z])"
)
# MoS$_2$, $\mathrm{CO}_2$ and $^{13}$C are typed MoS2, CO2 and 13C by those who look for them.
_SUBSCRIPT: Final = re.compile(r"(?<=[A-Za-z0-9])\}?\$?_\s*\{?(\d{1,3})\}?\$?")
_ISOTOPE: Final = re.compile(r"(?<![A-Za-z0-9])\$\^\s*\{?(\d{1,3})\}?\$(?=[A-Z])")
_COMMAND: Final = re.compile(r"\\(?:var(?=(?:epsilon|phi|theta|rho|pi|sigma|kappa)(?![A-Za-z])))?([A-Za-z]+)")

# --- Unicode ------------------------------------------------------------------------------------------------------

_UNDECOMPOSED: Final = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe"}
    | {"đ": "d", "Đ": "d", "ı": "i", "þ": "th", "Þ": "th", "ð": "d", "Ð": "d", "ħ": "hbar", "Ħ": "h", "ℓ": "ell"}
    | {"‐": "-", "‑": "-", "’": "'", "ʼ": "'", "\N{SOFT HYPHEN}": "", "\N{ZERO WIDTH SPACE}": ""}
)
# A Greek letter is the word TeX has for it, so that "α" and "$\alpha$" are one token.
_GREEK: Final = str.maketrans(
    dict(
        zip(
            "αβγδεζηθικλμνξοπρσςτυφχψω",
            (
                f" {name} "
                for name in """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi
                rho sigma sigma tau upsilon phi chi psi omega""".split()
            ),
            strict=True,
        )
    )
)

# --- words --------------------------------------------------------------------------------------------------------

_LANGUAGES: Final = (
    (re.compile(r"\bc\+\+"), " cpp "),
    (re.compile(r"\bc#"), " csharp "),
    (re.compile(r"\bf#"), " fsharp "),
)
_POSSESSIVE: Final = re.compile(r"(?<=[a-z0-9])'s(?![a-z0-9])")
_TOKEN: Final = re.compile(r"[a-z0-9]+")
_BOUND: Final = """multi pre post non semi sub anti hyper inter intra meta micro nano neuro poly
pseudo quasi spatio super ultra""".split()
# These are also words of their own ("learning over graphs"), so only a hyphen binds them.
_HYPHENATED: Final = ["over", "re", "un", "para", "trans", "bi", "tri", "co"]
PREFIXES: Final = frozenset(_BOUND)
"""Bound prefixes: glued to what follows, so that 'multi-modal', 'multi modal' and 'multimodal' are one token."""
_GLUE: Final = re.compile(
    rf"(?<![a-z0-9])(?:({'|'.join(_BOUND)})(?:-|\s+(?!(?:and|or|of|in|the|to|for|is|are|on|with|by|as|a)(?![a-z0-9])))"
    rf"|({'|'.join(_HYPHENATED)})-)(?=[a-z0-9])"
)
_IRREGULAR: Final = {
    plural: singular
    for pair in """matrices:matrix vertices:vertex indices:index analyses:analysis hypotheses:hypothesis
    phenomena:phenomenon criteria:criterion theses:thesis syntheses:synthesis diagnoses:diagnosis
    axes:axis bases:base basis:base biases:bias gases:gas lenses:lens viruses:virus atlases:atlas
    buses:bus campuses:campus corpora:corpus spectra:spectrum supernovae:supernova novae:nova
    nebulae:nebula formulae:formula antennae:antenna nuclei:nucleus stimuli:stimulus radii:radius
    loci:locus moduli:modulus automata:automaton minima:minimum maxima:maximum optima:optimum
    polyhedra:polyhedron bacteria:bacterium mice:mouse caches:cache niches:niche movies:movie
    cookies:cookie quizzes:quiz gpus:gpu cpus:cpu tpus:tpu npus:npu apis:api guis:gui rois:roi
    pois:poi mris:mri""".split()
    for plural, _, singular in (pair.partition(":"),)
}
_KEEP: Final = frozenset(
    """bias gas lens physics news series species atlas canvas chaos mass loss class graphics dynamics robotics campus
    always various across towards versus this was has does plus""".split()
)
_SHORTEST_PLURAL: Final = 4


def stem(token: str) -> str:
    """Return the singular of a folded token ('heads' -> 'head'); short tokens and known exceptions stay."""
    if token in _IRREGULAR:
        return _IRREGULAR[token]
    if len(token) < _SHORTEST_PLURAL or not token.endswith("s") or token in _KEEP:
        return token
    if token.endswith(("ss", "us", "is")):
        return token
    if token.endswith("ies") and len(token) > _SHORTEST_PLURAL:
        single = token[:-3] + "y"
    elif token.endswith(("sses", "xes", "ches", "shes", "zzes")):
        single = token[:-2]
    else:
        single = token[:-1]
    return _IRREGULAR.get(single, single)


def fold(text: str) -> str:
    """Return `text` in lower case with TeX and accents resolved to plain letters; other marks stay as they are."""
    if "\\" in text:
        text = _DOTLESS.sub(r"\1", text)
        text = _ACCENT.sub(r"\1", text)
        text = _LETTER.sub(lambda found: _LETTERS[found[1].lower()], text)
        text = _FORMAT.sub(" ", text)
    if "_" in text:
        text = _SUBSCRIPT.sub(r"\1", text)
    if "$^" in text:
        text = _ISOTOPE.sub(r"\1", text)
    if "\\" in text:
        text = _COMMAND.sub(r" \1 ", text)
    if "{" in text or "}" in text:
        text = text.replace("}{", " ").replace("{", "").replace("}", "")
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
        text = "".join(c for c in text if not unicodedata.combining(c)).casefold().translate(_GREEK)
    if "+" in text or "#" in text:
        for pattern, name in _LANGUAGES:
            text = pattern.sub(name, text)
    return text


def pieces(text: str) -> list[str]:
    """Return the folded words of `text` with bound prefixes glued and plurals left as they are."""
    folded = fold(text)
    if "'" in folded:
        folded = _POSSESSIVE.sub("", folded)
    return _TOKEN.findall(_GLUE.sub(r"\1\2", folded))


def tokens(text: str, *, prefix: bool = False) -> list[str]:
    """Return the tokens of `text`; with `prefix` the last one is the beginning of a word and keeps its ending."""
    found = pieces(text)
    if prefix and found:
        return [*map(stem, found[:-1]), found[-1]]
    return list(map(stem, found))


def column(text: str) -> str:
    """Return `text` as FTS5 shall index it: its tokens, one blank between them."""
    return " ".join(map(stem, pieces(text)))


def unreadable(text: str) -> int | None:
    """Return the index of the first letter that has no form in [a-z] (Chinese, Cyrillic ...), None where all have.

    Greek counts as readable, since a lone Greek letter is a TeX symbol. Marks, emoji and digits are never unreadable.
    """
    if text.isascii():
        return None
    for index, letter in enumerate(text):
        if letter.isascii() or unicodedata.category(letter) not in ("Lu", "Ll", "Lt", "Lo"):
            continue
        if any(ord(c) > 127 and c.isalpha() for c in fold(letter)):  # noqa: PLR2004 - the end of ASCII
            return index
    return None


# --- names and categories -----------------------------------------------------------------------------------------

_INSIDE_NAME: Final = re.compile(r"(?<=[a-z])['-](?=[a-z])")
_SUFFIXES: Final = frozenset(("jr", "sr", "ii", "iii", "iv"))
_LONGEST_NAME: Final = 6  # words; what is longer is a collaboration, or a list that somebody wrote as one name


def name_tokens(name: str, *, joined: bool = False) -> list[str]:
    """Return the tokens of a person's name: folded, never stemmed.

    With `joined`, hyphen and apostrophe inside a word join instead of splitting ('Jian-Guo' -> 'jianguo').
    """
    folded = fold(name)
    return _TOKEN.findall(_INSIDE_NAME.sub("", folded) if joined else folded)


def author_column(names: Iterable[str]) -> str:
    """Return the authors as FTS5 shall index them: each name in the orders in which people ask for it.

    A name is cut into given names and surname wherever it can be, since nobody tells us where 'Adrian Del Maestro' is
    cut. Each cut answers in both orders to all given names, the first, all initials and the first initial: 'Jingdong
    Chen' to 'jingdong chen', 'chen jingdong', 'chen j' and 'j chen'. A hyphen or an apostrophe splits and joins
    ('Jian-Guo' is 'jian guo' and 'jianguo'), 'Jr' and its like may be left out. A token of our own after every form
    keeps a phrase from running into the next one.
    """
    out: list[str] = []
    for name in names:
        for form in _name_forms(name):
            out += [form, NAME_GAP]
        if out:
            out[-1] = AUTHOR_GAP
    return " ".join(out)


def _name_forms(name: str) -> list[str]:
    folded = fold(name)
    spellings = [_TOKEN.findall(folded)]
    if _INSIDE_NAME.search(folded):
        spellings.append(_TOKEN.findall(_INSIDE_NAME.sub("", folded)))
    forms = {" ".join(words) for words in spellings}
    spellings += [words[:-1] for words in spellings if len(words) > 2 and words[-1] in _SUFFIXES]  # noqa: PLR2004 - two are a name
    for words in spellings:
        for cut in range(1, len(words) if len(words) <= _LONGEST_NAME else 1):
            surname = " ".join(words[cut:])
            initials = [word[0] for word in words[:cut]]
            for called in {" ".join(words[:cut]), words[0], " ".join(initials), initials[0]}:
                forms |= {f"{called} {surname}", f"{surname} {called}"}
    kept: list[str] = []
    inside = ""
    for form in sorted(forms - {""}, key=lambda form: (-len(form), form)):  # what stands inside a longer one is found
        if f" {form} " not in inside:
            kept.append(form)
            inside += f" {form} |"
    return kept


def category_token(code: str) -> str:
    """Return a category as one token ('cs.CV' -> 'cs0cv'), so that `cat:` never matches across two of them."""
    return "".join(c if c.isascii() and c.isalnum() else "0" for c in code.lower())


def archive_token(archive: str) -> str:
    """Return the token that every category of an archive carries besides its own ('cs' -> 'arc0cs')."""
    return "arc0" + category_token(archive)


def category_column(codes: Iterable[str]) -> str:
    """Return categories as FTS5 shall index them: each under both names of an alias, with the token of each archive.

    A paper of eess.SY answers to `cat:cs.SY` and `cat:cs` too: arXiv calls the two one category.
    """
    aliases: dict[str, str] = resources.data("categories.json")["aliases"]
    other = {canonical: alias for alias, canonical in aliases.items()} | aliases
    names = dict.fromkeys(name for code in codes for name in (code, other.get(code, code)))
    return " ".join(f"{category_token(name)} {archive_token(name.split('.')[0])}" for name in names)
