"""Reads an arXiv identifier in every form in which people write one, and says what is wrong with the others.

`parse` either returns an identifier that arXiv could have given, folded to its base form, or raises UserError. It
suggests another one only where that follows from what was typed; a digit that is missing is never made up. There is
no clock in here, so an identifier of a future month passes.

Forms of identifiers: https://info.arxiv.org/help/arxiv_identifier.html. Taxonomy: arXiv's list of 155 categories and
18 subsumed archives (https://arxiv.org/category_taxonomy).
"""

# ruff: noqa: RUF001 - signs that look alike are what people type
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from bot.errors import UserError
from bot.words import say

ARCHIVES: Final[dict[str, tuple[str, ...]]] = {
    archive: tuple(subjects.split())
    for archive, subjects in (
        ("astro-ph", "CO EP GA HE IM SR"),
        ("cond-mat", "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con"),
        (
            "cs",
            """AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS PF PL
            RO SC SD SE SI SY""",
        ),
        ("econ", "EM GN TH"),
        ("eess", "AS IV SP SY"),
        ("gr-qc", ""),
        ("hep-ex", ""),
        ("hep-lat", ""),
        ("hep-ph", ""),
        ("hep-th", ""),
        (
            "math",
            "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
        ),
        ("math-ph", ""),
        ("nlin", "AO CD CG PS SI"),
        ("nucl-ex", ""),
        ("nucl-th", ""),
        (
            "physics",
            """acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph geo-ph
            hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph""",
        ),
        ("q-bio", "BM CB GN MN NC OT PE QM SC TO"),
        ("q-fin", "CP EC GN MF PM PR RM ST TR"),
        ("quant-ph", ""),
        ("stat", "AP CO ME ML OT TH"),
    )
}
"""Every archive that takes new papers, with its subjects; () where the archive is itself the category."""

SUBSUMED: Final[dict[str, str]] = {
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}
"""Archives of the 1990s that were folded into a category; their identifiers live on."""

_SHOWN: Final = 60  # characters of what was typed that an error repeats
_LONGEST: Final = 2000  # characters; a longer text is not one identifier

_OPENING: Final = "<([{\"'`“‘«„*_ \t\r\n"
_CLOSING: Final = ">)]}\"'`”’»“.,;:!?…*_ \t\r\n/。、"
_INVISIBLE: Final = dict.fromkeys(map(ord, "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{WORD JOINER}\ufeff\xad"))
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_MARKDOWN: Final = re.compile(r"!?\[[^\]]*\]\s*\(\s*<?([^)\s>]+)>?[^)]*\)")

_HOSTS: Final = (
    r"arxiv\.org|xxx\.lanl\.gov|ar5iv\.org|ar5iv\.labs\.arxiv\.org|alphaxiv\.org|huggingface\.co|hf\.co|scirate\.com|"
    r"papers\.cool|arxiv-vanity\.com|arxiv\.gg|semanticscholar\.org|doi\.org"
)
_URL: Final = re.compile(
    rf"(?:[a-z][a-z+.-]*:)?//(?:[^\s/@]*@)?(?P<host>[^\s/:?#]+)(?::\d+)?(?P<path>[^\s?#]*)"
    rf"|(?P<bare>(?:[a-z0-9-]+\.)*(?:{_HOSTS}))(?P<rest>/[^\s?#]*)",
    re.IGNORECASE,
)
_KNOWN_HOST: Final = re.compile(rf"(?:[a-z0-9-]+\.)*(?:{_HOSTS})\.?", re.IGNORECASE)
_FOLDER: Final = re.compile(
    r"(?:abs|pdf|html|src|e-print|format|ps|dvi|tb|overview|audio|papers?|arxiv|forum|resources)/", re.IGNORECASE
)
_LABEL: Final = re.compile(
    r"(?:oai:arxiv\.org:"
    r"|(?:doi\s*:?\s*)?10\.48550\s*/\s*(?:arxiv\s*[.:]\s*)?"
    r"|arxiv\s+(?:e-?print|preprint)\s*[:,]?\s*(?:arxiv\s*:?\s*)?"
    r"|arxiv(?:\s*id)?\s*[.:#]?\s*)",
    re.IGNORECASE,
)
# What may follow: a version, ".pdf", the subject in brackets with the date, as arXiv's own stamp has them.
_TAIL: Final = (
    r"(?:\s*v\.?\s*(?P<version>\d{1,6})(?:\.\d{1,3})?)?(?:\.(?:pdf|html?|ps|tar\.gz|gz))*"
    r"(?:\s*[\[(][A-Za-z.-]+[\])]?(?:\s.*)?)?"
)
_NEW: Final = re.compile(rf"(?P<month>\d{{4}})\s?\.\s?(?P<number>\d+){_TAIL}", re.IGNORECASE | re.DOTALL)
_OLD: Final = re.compile(
    rf"(?P<archive>[a-z][a-z-]*)(?P<subject>\.[a-z-]+)?\s?/\s?(?P<digits>\d+){_TAIL}", re.IGNORECASE | re.DOTALL
)
_OLD_WITHOUT_SLASH: Final = re.compile(r"(?P<archive>[a-z-]+)\s*(?P<digits>\d{7})(?:v\d+)?", re.IGNORECASE)
_NEW_OTHER_DOT: Final = re.compile(r"(?P<month>\d{4})[,:;_/\s-]*(?P<number>\d{4,5})(?P<version>v\d+)?", re.IGNORECASE)

_NEW_BEGAN: Final = 704  # April 2007: YYMM.NNNN
_FIVE_BEGAN: Final = 1501  # January 2015: YYMM.NNNNN
_OLD_FIRST_YEAR: Final = 91
_DIGITS_AFTER_ARCHIVE: Final = 7


@dataclass(frozen=True, slots=True)
class ArxivId:
    """A paper's identifier: `base` is folded and without version ('2411.19525', 'math/0611800')."""

    base: str
    version: int | None = None

    def __str__(self) -> str:
        """Return the identifier as arXiv writes it, with its version where one is known."""
        return self.base if self.version is None else f"{self.base}v{self.version}"


def parse(text: str, language: str = "en") -> ArxivId:
    """Return the identifier in `text`, which holds nothing else but its wrapping; raise UserError where it is none.

    Understood are bare identifiers, `arXiv:` labels, DOIs of arXiv, and links to arXiv, alphaXiv, ar5iv, Hugging Face,
    SciRate and papers.cool, in brackets, quotes or Markdown. arXiv has no sub-versions: 'v2.1' is read as v2.
    """
    if len(text) > _LONGEST:
        raise UserError(say(language, "id_too_long"))
    body = _unwrap(text)
    if not body:
        raise UserError(say(language, "id_nothing"))
    if re.match(r"https?%3A", body, re.IGNORECASE):
        body = unquote(body)
    body = _label_off(_path(body, language))
    if found := _NEW.fullmatch(body):
        return _new(found, language)
    if found := _OLD.fullmatch(body):
        return _old(found, language)
    raise _refused(body, language)


def _unwrap(text: str) -> str:
    """Full-width and other digits become ASCII; blanks, brackets, quotes and Markdown around the text go."""
    text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).translate(_DASHES)
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    if found := _MARKDOWN.search(text):
        text = found[1]
    text = text.lstrip(_OPENING)
    while text and text[-1] in _CLOSING:
        # arXiv's own stamp ends in a bracket that belongs to it: "2411.19525 [cs.CV]".
        text = text[:-1]
    return text


def _path(body: str, language: str) -> str:
    """Of a link, the part that names the paper; everything else as it is."""
    found = _URL.match(body)
    if not found:
        return re.sub(r"^/?(?:abs|pdf|html)/", "", body)
    host, path = (found["host"], found["path"]) if found["host"] else (found["bare"], found["rest"])
    if not _KNOWN_HOST.fullmatch(host):
        raise UserError(say(language, "id_other_host", link=_quoted(body), host=_quoted(host)))
    path = re.sub(r"/{2,}", "/", unquote(path)).strip("/ ")
    if re.match(r"(?:list|search|a|user|catchup|corr|new)\b(?!/?\d{4}\.)", path) and not _OLD.fullmatch(path):
        raise UserError(say(language, "id_list", link=_quoted(body)))
    while folder := _FOLDER.match(path):
        path = path[folder.end() :]
    if not path:
        raise UserError(say(language, "id_no_paper", link=_quoted(body)))
    return path.rstrip(_CLOSING)


def _label_off(body: str) -> str:
    while found := _LABEL.match(body):
        body = body[found.end() :].lstrip(_OPENING)
    return body


def _new(found: re.Match[str], language: str) -> ArxivId:
    month, number = found["month"], found["number"]
    shown = f"{month}.{number}"
    _check_month(shown, month, language)
    if int(month) < _NEW_BEGAN or int(month[:2]) >= _OLD_FIRST_YEAR:
        raise UserError(say(language, "id_before_dots", id=shown))
    digits, since, few = (5, "id_five", "id_five_few") if int(month) >= _FIVE_BEGAN else (4, "id_four", "id_four_few")
    since = say(language, since)
    if len(number) > digits and number[: len(number) - digits].strip("0") == "" and number.strip("0"):
        guess = f"{month}.{number[-digits:]}"
        raise UserError(say(language, "id_more_zeros", id=shown, since=since, guess=guess))
    if len(number) > digits:
        raise UserError(say(language, "id_more_digits", id=shown, since=since, count=len(number)))
    if len(number) < digits:
        raise UserError(say(language, few, id=shown))
    if not number.strip("0"):
        raise UserError(say(language, "id_zero", id=shown))
    return ArxivId(shown, _version(shown, found["version"], language))


def _old(found: re.Match[str], language: str) -> ArxivId:
    archive, digits = found["archive"].lower(), found["digits"]
    shown = f"{archive}/{digits}"
    if archive not in ARCHIVES and archive not in SUBSUMED:
        key = "id_archive_like" if (near := _archive_like(archive)) else "id_no_archive"
        raise UserError(say(language, key, id=shown, archive=_quoted(archive), guess=f"{near}/{digits}"))
    if len(digits) != _DIGITS_AFTER_ARCHIVE:
        raise UserError(say(language, "id_seven", id=shown, archive=archive))
    _check_month(shown, digits[:4], language)
    if not (int(digits[:2]) >= _OLD_FIRST_YEAR or int(digits[:4]) < _NEW_BEGAN):
        raise UserError(say(language, "id_after_archives", id=shown))
    if not digits[4:].strip("0"):
        raise UserError(say(language, "id_old_zero", id=shown))
    return ArxivId(shown, _version(shown, found["version"], language))


def _check_month(shown: str, month: str, language: str) -> None:
    if not 1 <= int(month[2:]) <= 12:  # noqa: PLR2004 - months
        raise UserError(say(language, "id_no_month", id=shown, month=month[2:]))


def _version(shown: str, digits: str | None, language: str) -> int | None:
    if digits is None:
        return None
    if not int(digits):
        raise UserError(say(language, "id_version", id=shown, version=digits))
    return int(digits)


def _archive_like(name: str) -> str:
    """An archive that differs from `name` in its hyphen only ('hepth' -> 'hep-th'), '' where there is none."""
    bare = name.replace("-", "")
    return next((archive for archive in (*ARCHIVES, *SUBSUMED) if archive.replace("-", "") == bare), "")


def _refused(body: str, language: str) -> UserError:
    """Say what stands in the way of the nearest form."""
    shown = _quoted(body)
    if re.fullmatch(r"\d{7}(?:v\d+)?", body):
        return UserError(say(language, "id_unnamed_archive", id=shown))
    if (found := _OLD_WITHOUT_SLASH.fullmatch(body)) and (near := _archive_like(found["archive"].lower())):
        return UserError(say(language, "id_no_slash", id=shown, guess=f"{near}/{found['digits']}"))
    if (found := _NEW_OTHER_DOT.fullmatch(body)) and _plausible(f"{found['month']}.{found['number']}"):
        meant = f"{found['month']}.{found['number']}{(found['version'] or '').lower()}"
        return UserError(say(language, "id_no_dot", id=shown, guess=meant))
    if re.match(r"(?:doi\s*:?\s*)?10\.\d{4,9}\s*/", body, re.IGNORECASE):
        return UserError(say(language, "id_doi", id=shown))
    if re.fullmatch(r"\d{4}\s?\.\s?\d+\D.*", body, re.DOTALL):
        return UserError(say(language, "id_tail", id=shown))
    return UserError(say(language, "id_none" if shown else "id_unshown", id=shown))


def _plausible(text: str) -> bool:
    found = _NEW.fullmatch(text)
    try:
        return found is not None and bool(_new(found, "en").base)
    except UserError:
        return False


def _quoted(text: str) -> str:
    """What was typed, on one line and clipped, so that an error stays readable."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
