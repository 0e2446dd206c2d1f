"""Decides what of a model's summary may be shown: each row with its quote in the source's words, or the reason why not.

Invariants: a row is accepted only if its quote stands in the source letter by letter (`grounding_quotes`), every number
of its text in that quote (`grounding_numbers`), and its form is fit for a post (`grounding_form`). Facts are never
taken from a model: whatever a reply says besides `SCHEMA` is rejected unread; an affiliation is a span of page 1 or
nothing. A claim with a number, and one that nothing contradicts but that cannot be vouched for (`grounding_meaning`),
is shown in the source's own sentence; to a reader of another language in the model's words with the quote `beside` it.
Nothing here raises on any JSON value. About ten milliseconds a reply.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from bot.core import extract_trim, grounding_form, grounding_meaning, grounding_numbers
from bot.core.grounding_quotes import SHORTEST, Found, Text, flat, letters, nearest
from bot.core.plain import plain

__all__ = ["SCHEMA", "Checked", "Passage", "Rejected", "Row", "Sheet", "Source"]
__all__ += ["affiliations", "check", "nearest", "parse", "row", "sheet"]

FEWEST: Final = 2
"""Takeaways that must be left; with fewer, or without the one line, the embedded summary is the better one."""
MOST: Final = 7
TLDR_WORDS: Final = 35
BULLET_WORDS: Final = 40
HAN_UNITS: Final = 90  # Chinese characters and Latin words of a line: what 35 English words come to
OWN_WORDS: Final = 60  # words of the source's own sentence that may stand for a line
_FEWEST_WORDS: Final = 3
_FEWEST_HAN: Final = 6

_ROW: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "the statement, in the reader's language"},
        "quote": {"type": "string", "description": "the words of the paper that it rests on, unchanged"},
    },
    "required": ["text", "quote"],
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "tldr": _ROW,
        "takeaways": {"type": "array", "items": _ROW, "minItems": 3, "maxItems": MOST},
        "limitations": {"type": "array", "items": _ROW, "maxItems": 2},
        "affiliations": {"type": "array", "items": {"type": "string"}, "maxItems": 8},
    },
    "required": ["tldr", "takeaways"],
    "propertyOrdering": ["tldr", "takeaways", "limitations", "affiliations"],
}
"""What is asked of a model, as JSON schema; `additionalProperties` is left out, for some providers refuse it."""

_GENERIC: Final = frozenset("university institute laboratory college hospital school department center centre".split())  # noqa: SIM905
_HEAD: Final = 3000  # characters of page 1 in which affiliations stand
Kind = Literal["tldr", "takeaway", "limitation"]


@dataclass(frozen=True, slots=True)
class Source:
    """What a model was given, as arXiv has it (LaTeX included). `page` is the text of page 1, `body` of the rest."""

    title: str
    abstract: str
    comment: str = ""
    page: str = ""
    body: str = ""
    links: tuple[str, ...] = ()  # the only ones that may be shown


@dataclass(frozen=True, slots=True)
class Row:
    """A statement that may be shown."""

    field: str  # 'tldr', 'takeaways[2]': where the reply has it
    kind: Kind
    text: str  # as it may be shown: plain text, no TeX, no markup
    quote: str  # in the source's own wording
    sentence: str  # the sentence (or sentences) that the quote stands in: the evidence
    where: str  # 'abstract', 'comment', 'page 1', 'full text'
    own_words: bool = False  # the text is the source's, not the model's
    beside: bool = False  # the quote must stand beside the text: another language, and a number or a doubt
    note: str = ""  # why the source's words stand here, or the quote beside


@dataclass(frozen=True, slots=True)
class Rejected:
    """A statement that may not be shown, with a reason for people and for the repair request."""

    field: str
    text: str
    quote: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a reply."""

    tldr: Row | None = None
    takeaways: tuple[Row, ...] = ()
    limitations: tuple[Row, ...] = ()
    affiliations: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    quotes: int = 0  # that the reply gave
    found: int = 0  # of them, that stand in the source

    @property
    def enough(self) -> bool:
        """Whether this can be shown; if not, the caller shows the embedded summary."""
        return self.tldr is not None and len(self.takeaways) >= FEWEST

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every accepted statement in the order of a post."""
        return ((self.tldr,) if self.tldr else ()) + self.takeaways + self.limitations

    @property
    def counted(self) -> str:
        """'6 of 6 quotes found'."""
        return f"{self.found} of {self.quotes} quotes found"


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the source in which a quote may stand, and how that place is named."""

    where: str
    text: str


@dataclass(slots=True)
class Sheet:
    """What is checked against, flattened once, and what has been accepted so far."""

    source: Source
    language: str
    texts: list[tuple[str, Text]]
    own: frozenset[str]
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    quotes: int = 0
    found: int = 0
    flattened: dict[Passage, Text] = field(default_factory=dict)

    def search(self, passages: Iterable[Passage]) -> None:
        """Look for the quotes that follow in these places, in their order."""
        self.texts = [(each.where, self.flattened.setdefault(each, Text(each.text))) for each in passages]


def parse(text: str) -> object:
    """Read a model's answer as JSON, with or without a code fence around it; None if it is none."""
    bare = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text)
    try:
        value: object = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    return value


def check(reply: object, source: Source, language: str = "en") -> Checked:
    """Check a reply (a JSON value) against its source for a reader of `language`, statement by statement."""
    parts = (
        ("abstract", source.abstract),
        ("comment", source.comment),
        ("page 1", source.page),
        ("full text", source.body),
    )
    found = sheet(source, language)
    found.search(Passage(name, text) for name, text in parts if text.strip())
    return _checked(found, reply)


def sheet(source: Source, language: str = "en") -> Sheet:
    """Begin to check statements against a source, in the places that `search` is told."""
    return Sheet(source, language, [], grounding_meaning.own_names(source.title, source.abstract))


def _checked(sheet: Sheet, reply: object) -> Checked:
    if not isinstance(reply, Mapping):
        return Checked(
            rejected=(Rejected("", _shown(reply), "", "the reply is no JSON object with a tldr and takeaways"),)
        )
    if "tldr" not in reply:
        sheet.rejected.append(Rejected("tldr", "", "", "it is missing"))
    else:
        row(sheet, "tldr", "tldr", reply["tldr"])
    for name, kind, most in (("takeaways", "takeaway", MOST), ("limitations", "limitation", 2)):
        _rows(sheet, name, kind, reply.get(name, []), most)  # type: ignore[arg-type]
    affiliations_ = affiliations(sheet, reply.get("affiliations", []))
    for name in reply.keys() - SCHEMA["properties"].keys():
        sheet.rejected.append(Rejected(str(name), _shown(reply[name]), "", "no model is asked for this"))
    return Checked(
        next((row for row in sheet.rows if row.kind == "tldr"), None),
        tuple(row for row in sheet.rows if row.kind == "takeaway"),
        tuple(row for row in sheet.rows if row.kind == "limitation"),
        affiliations_,
        tuple(sheet.rejected),
        sheet.quotes,
        sheet.found,
    )


def _rows(sheet: Sheet, name: str, kind: Kind, given: object, most: int) -> None:
    if not isinstance(given, list):
        sheet.rejected.append(Rejected(name, _shown(given), "", "it is no list"))
        return
    if not given and kind == "takeaway":
        sheet.rejected.append(Rejected(name, "", "", "they are missing"))
    for number, each in enumerate(given):
        if number >= most:
            sheet.rejected.append(Rejected(f"{name}[{number}]", _shown(each), "", f"there are more than {most}"))
        else:
            row(sheet, f"{name}[{number}]", kind, each)


def row(sheet: Sheet, name: str, kind: Kind, given: object) -> None:
    """Accept or reject one statement of a reply, `name` being where it stands there."""
    text, quote = (given.get("text"), given.get("quote")) if isinstance(given, Mapping) else (None, None)
    if not isinstance(text, str) or not isinstance(quote, str):
        sheet.rejected.append(Rejected(name, _shown(given), "", "it is no object with a text and a quote"))
        return
    sheet.quotes += bool(quote.strip())
    where, found = _find(sheet, quote)
    sheet.found += found is not None
    if found is None:
        short = letters(flat(quote)) < SHORTEST
        reason = "its quote is too short to be found by more than chance" if short else "its quote is not in the paper"
        outcome: Row | str = reason
    else:
        outcome = _judge(
            sheet, Row(name, kind, " ".join(plain(text).split()), found.quote, found.sentence, where), found, text
        )
    if isinstance(outcome, Row) and (
        twin := next((r for r in sheet.rows if grounding_form.alike(r.text, outcome.text)), None)
    ):
        outcome = f"it says the same as {twin.field}"
    if isinstance(outcome, Row):
        sheet.rows.append(outcome)
    else:
        sheet.rejected.append(Rejected(name, text, quote, outcome))


def _find(sheet: Sheet, quote: str) -> tuple[str, Found | None]:
    for where, text in sheet.texts:
        if (found := text.find(quote)) is not None:
            return where, found
    return "", None


def _judge(sheet: Sheet, row: Row, found: Found, raw: str) -> Row | str:  # noqa: PLR0911 - one for each check
    """Return the row as it may be shown, or the reason why it may not."""
    source, chinese = sheet.source, grounding_form.is_chinese(sheet.language)
    links = source.links
    if problem := grounding_form.fault(raw, row.text, found.sentence, sheet.language, links):
        return problem
    if problem := _length(row, chinese=chinese):
        return problem
    if grounding_form.alike(row.text, plain(source.title)):
        return "it is the title"
    if problem := grounding_form.harmful(found.quote, links):
        return f"its quote cannot be shown: {problem}"
    if lost := grounding_numbers.missing(row.text, found.quote):
        return f"its number {grounding_numbers.plain_value(lost[0])} is not in its quote"
    verdict = grounding_meaning.judge(
        row.text, found, title=source.title, abstract=source.abstract, own=sheet.own, chinese=chinese
    )
    if verdict.reason:
        return verdict.reason
    note = "it has a number" if grounding_numbers.read(row.text) else verdict.doubt
    if not note or flat(row.text) == flat(found.sentence):
        return row
    if not sheet.language.startswith("en"):
        return replace(row, beside=True, note=note)
    return _in_own_words(row, found, note, links)


def _in_own_words(row: Row, found: Found, note: str, links: tuple[str, ...]) -> Row | str:
    """Put the source's sentence in the place of the text; its quote where the sentence is too long."""
    for words in (extract_trim.bullet(found.sentence), found.quote):
        own = " ".join(words.split())
        if len(own.split()) <= OWN_WORDS and not grounding_form.harmful(own, links) and letters(flat(own)) >= SHORTEST:
            return replace(row, text=own, own_words=True, note=note)
    return f"{note}, so that the paper's own words would stand here, and these are too long or hold a link"


def _length(row: Row, *, chinese: bool) -> str:
    words = grounding_form.length(row.text)
    fewest, most = (
        (_FEWEST_HAN, HAN_UNITS) if chinese else (_FEWEST_WORDS, TLDR_WORDS if row.kind == "tldr" else BULLET_WORDS)
    )
    if words < fewest:
        return "it says too little"
    return f"it is {words} words long, {most} are allowed" if words > most else ""


def affiliations(sheet: Sheet, given: object) -> tuple[str, ...]:
    """Return the affiliations that stand on page 1 before the abstract, in its spelling."""
    head = re.split(r"(?im)^\W*abstract\b", sheet.source.page[:_HEAD])[0]
    page = re.sub(r"\s+", " ", plain(head))
    accepted: list[str] = []
    for number, each in enumerate(given if isinstance(given, list) else [given] if given else []):
        name = each.get("verbatim") if isinstance(each, Mapping) else each
        place = re.search(rf"(?<!\w){re.escape(' '.join(name.split()))}(?!\w)", page) if isinstance(name, str) else None
        problem = ""
        if place is None or not isinstance(name, str) or not name.strip():
            problem = "it is not on page 1"
        elif name.lower().strip() in _GENERIC or letters(flat(name)) < _FEWEST_WORDS or not name.strip()[0].isupper():
            problem = "it is no name of an institution"
        elif len(name) > 120 or grounding_form.harmful(name, ()):  # noqa: PLR2004
            problem = "it is too long or cannot be shown"
        if problem or place is None:
            sheet.rejected.append(Rejected(f"affiliations[{number}]", _shown(each), "", problem))
        elif place[0] not in accepted:
            accepted.append(place[0])
    return tuple(accepted)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)[:200]
