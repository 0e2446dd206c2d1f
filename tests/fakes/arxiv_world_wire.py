"""The simulated archive's papers in words and in bytes: OAI-PMH records, RSS items, and Papers for the query API.

Invariants: names, order and nesting of elements, forms of dates and the prefix of a description are those of captured
replies (OAI and RSS of 2026); `authors` of arXivRaw are one string with TeX accents and affiliations in parentheses,
prefix arXiv splits and decodes them, and sets a blank after every dot; texts follow from a paper's seed alone.
"""

from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from bot.core.arxiv_id import ARCHIVES
from bot.core.times import NEW_YORK, instant
from bot.model import Paper
from tests.fakes.arxiv_world import CATEGORIES, TWINS, Entry, Event

BASE: Final = "https://oaipmh.arxiv.org/oai"
_OWN: Final = ("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat")  # archives that are groups of their own
_XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

# --- words ---------------------------------------------------------------------------------------------------------

_NOUNS: Final = """talking heads|diffusion models|quantum codes|sparse graphs|neutron stars|elliptic curves|random walks
|language models|gene networks|superconductors|dark matter halos|convex programs|plasma waves|time series|neural fields
|black holes|auction markets|graph transformers|Ramsey numbers|spin glasses|protein folding|video generation"""
_VERBS: Final = "estimating|generating|bounding|simulating|learning|aligning|measuring|compressing|detecting|steering"
_TAILS: Final = """with few samples|in the wild|under noise|at scale|from sparse data|without supervision
|for $\\alpha < 2$|near criticality|on the sphere $S^{d-1}$
|in Schr\\"odinger form|by R&D methods|beyond linear response"""
_NAMES: Final = (  # forenames, last name, last name as arXivRaw has it
    *(("Ada", "Lovelace", "Lovelace"), ("Paul", "Erdős", "Erd\\H{o}s"), ("Hans", "Müller", 'M\\"uller')),
    *(("Chunhai", "Lyu", "Lyu"), ("Zoltán", "Harman", "Harman"), ("Niccolò", "Bisagno", "Bisagno")),
    *(("Renée", "Çelik", "\\c{C}elik"), ("Jan", "van der Berg", "van der Berg"), ("Maria", "Łoś", "{\\L}o\\'s")),
    *(("Wei", "Zhang", "Zhang"), ("Quoc", "Nguyen", "Nguyen"), ("Elena", "Petrova", "Petrova")),
    *(("Anna", "Sigurðsson", "Sigur{\\eth}sson"), ("J.-P.", "Serrano", "Serrano")),
)
_TEX: Final = {"á": "\\'a", "ò": "\\`o", "é": "\\'e"}
_PLACES: Final = ("ETH Zurich", "CfA", "Ohio State", "MIT")


@cache
def _sentences() -> tuple[str, ...]:
    nouns, verbs, tails = _words()
    return tuple(
        f"We show that {verbs[n % len(verbs)]} {nouns[n * 7 % len(nouns)]} {tails[n * 5 % len(tails)]} needs no more "
        f"than {n % 89 + 2} {nouns[n * 3 % len(nouns)]}, {n % 17 + 2}% better than before."
        for n in range(211)
    )


@cache
def _words() -> tuple[list[str], list[str], list[str]]:
    nouns, verbs, tails = (text.replace("\n", "").split("|") for text in (_NOUNS, _VERBS, _TAILS))
    return nouns, verbs, tails


def title(entry: Entry) -> str:
    nouns, verbs, tails = _words()
    n = entry.seed
    return f"{verbs[n % 10].capitalize()} {nouns[n // 10 % len(nouns)]} {tails[n // 1000 % len(tails)]}, {n % 9973}"


def abstract(entry: Entry) -> str:
    pool, n = _sentences(), entry.seed
    return " ".join(pool[(n >> 6 * k) % len(pool)] for k in range(3 + n % 4))


def authors(entry: Entry) -> list[tuple[str, str, str]]:
    n = entry.seed // 7
    return [_NAMES[(n >> 5 * k) % len(_NAMES)] for k in range(1 + n % 5)]


def paper(entry: Entry, version: int = 0) -> Paper:
    """The Paper that the query API serves; the current version if none is asked for."""
    shown = version or len(entry.versions)
    return Paper(
        id=entry.id,
        version=shown,
        title=title(entry),
        abstract=abstract(entry),
        authors=tuple(f"{first} {last}" for first, last, _ in authors(entry)),
        categories=entry.categories,
        published=entry.versions[0].submitted,
        updated=entry.versions[shown - 1].submitted,
        comment=entry.comment,
        journal_ref=entry.journal_ref,
        doi=entry.doi,
    )


# --- OAI-PMH -------------------------------------------------------------------------------------------------------


def oai(now: int, request: str, body: str) -> bytes:
    """A whole reply; `request` is the element that repeats what was asked."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" \n'
        f"         {_XSI}\n"
        '         xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ '
        'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
        f"    <responseDate>{instant(now):%Y-%m-%dT%H:%M:%SZ}</responseDate>\n"
        f"                {request}\n\n\n{body}\n</OAI-PMH>"
    ).encode()


def asked(**arguments: str) -> str:
    text = "".join(f' {name}="{_html(value)}"' for name, value in arguments.items())
    return f"<request{text}>{BASE}</request>"


def asked_token(token: str) -> str:
    return f"<request verb='ListRecords' resumptionToken='{_html(token)}'>{BASE}</request>"


def error(code: str, reason: str = "") -> str:
    said = {
        "noRecordsMatch": "The combination of the values of the from, until, set and metadataPrefix arguments results"
        " in an empty list.",
        "badResumptionToken": "The value of the resumptionToken argument is invalid or expired. Reason: Token decoding"
        " failed or format is invalid.",
        "badArgument": "The request includes illegal arguments, is missing required arguments, includes a repeated"
        " argument, or values for arguments have an illegal syntax.",
        "badVerb": "Value of the verb argument is not a legal OAI-PMH verb, the verb argument is missing, or the verb"
        " argument is repeated. Reason: Invalid verb provided",
        "cannotDisseminateFormat": "The metadata format identified by the value given for the metadataPrefix argument"
        " is not supported by the item or by the repository. Reason: Did not recognize requested format",
        "idDoesNotExist": "The value of the identifier argument is unknown or illegal in this repository. Reason:"
        " Invalid arXiv_id structure",
    }[code]
    return f"    <error code='{code}'>{said}{' Reason: ' + reason if reason else ''}</error>"


def identify() -> str:
    return (
        "    <Identify>\n        <repositoryName>arXiv</repositoryName>\n"
        f"        <baseURL>{BASE}</baseURL>\n        <protocolVersion>2.0</protocolVersion>\n"
        "        <adminEmail>help@arxiv.org</adminEmail>\n"
        "        <earliestDatestamp>2005-09-16</earliestDatestamp>\n"
        "        <deletedRecord>persistent</deletedRecord>\n        <granularity>YYYY-MM-DD</granularity>\n"
        "    </Identify>"
    )


def token_text(prefix: str, since: str, skip: int) -> str:
    """A token as arXiv writes it: the query, encoded once more; neither its size nor its age."""
    return quote(f"verb=ListRecords&metadataPrefix={prefix}&from={since}&skip={skip}", safe="")


def records(found: list[str], token: str | None, midnight: int) -> str:
    """The body of a list; the last page of several has an empty token, a list of one page has none."""
    tail = ""
    if token:
        tail = (
            f"\n                    <resumptionToken expirationDate='{instant(midnight):%Y-%m-%dT%H:%M:%SZ}'>"
            f"{token}</resumptionToken>\n"
        )
    elif token is not None:
        tail = "\n                    <resumptionToken/>\n"
    return "    <ListRecords>\n            " + "".join(found) + tail + "\n    </ListRecords>"


@lru_cache(maxsize=10_000)
def record(entry: Entry, prefix: str, change: int) -> str:  # noqa: ARG001 - `change` is what the cache goes by
    """A record; kept until it changes."""
    sets = "".join(f"            <setSpec>{name}</setSpec>\n" for name in _sets(entry.categories))
    inner = _raw(entry) if prefix == "arXivRaw" else _split(entry)
    space = f"http://arxiv.org/OAI/{prefix}/"
    return (
        "        <record>\n                <header>\n"
        f"        <identifier>oai:arXiv.org:{entry.id}</identifier>\n        <datestamp>{entry.stamp}</datestamp>\n"
        f"{sets}    </header>\n\n            <metadata>\n"
        f'                        <{prefix} xmlns="{space}" {_XSI} '
        f'xsi:schemaLocation="{space} https://oaipmh.arxiv.org/OAI/{prefix}.xsd">\n'
        f"        <id>{entry.id}</id>\n{inner}    </{prefix}>\n\n"
        "            </metadata>\n        </record>\n\n            "
    )


def _raw(entry: Entry) -> str:
    names = [f"{''.join(_TEX.get(c, c) for c in first)} {last}" for first, _, last in authors(entry)]
    if entry.seed % 10 == 0:
        place = _PLACES[entry.seed // 10 % len(_PLACES)]
        names[0] += f" ({place})" if entry.seed % 20 else " (1)"
        names[-1] += "" if entry.seed % 20 else f" ((1) {place})"
    versions = "".join(
        f'            <version version="v{n}">\n                <date>{_gmt(v.submitted)}</date>\n'
        f"                <size>{v.kb}kb</size>\n{_line('source_type', v.source, 20)}            </version>\n"
        for n, v in enumerate(entry.versions, 1)
    )
    return (
        f"        <submitter>{_html(' '.join(authors(entry)[0][:2]))}</submitter>\n{versions}"
        f"        <title>{_html(title(entry))}</title>\n        <authors>{_html(', '.join(names))}</authors>\n"
        f"        <categories>{' '.join(entry.categories)}</categories>\n" + _rest(entry)
    )


def _split(entry: Entry) -> str:
    names = "".join(
        f"                <author>\n                    <keyname>{_html(last)}</keyname>\n"
        f"                        <forenames>{_html(first.replace('.', '. ').strip())}</forenames>\n"
        "                </author>\n"
        for first, last, _ in authors(entry)
    )
    return (
        f"        <created>{instant(entry.versions[-1].submitted):%Y-%m-%d}</created>\n"  # the current version's
        f"            <updated>{entry.stamp}</updated>\n        <authors>\n{names}        </authors>\n"
        f"        <title>{_html(title(entry))}</title>\n"
        f"            <categories>{' '.join(entry.categories)}</categories>\n" + _rest(entry)
    )


def _rest(entry: Entry) -> str:
    return (
        _line("comments", entry.comment)
        + _line("journal-ref", entry.journal_ref)
        + _line("doi", entry.doi)
        + _line("license", entry.license)
        + _line("abstract", abstract(entry))
    )


def _line(name: str, text: str, indent: int = 12) -> str:
    return f"{' ' * indent}<{name}>{_html(text)}</{name}>\n" if text else ""


def _sets(categories: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(_set(c) for name in categories for c in (name, TWINS.get(name, name))))


@cache
def _set(category: str) -> str:
    archive, _, subject = category.partition(".")
    group = archive if archive in _OWN else "physics"
    return f"{group}:{archive}:{subject}" if subject else f"{group}:{archive}"


def _gmt(at: int) -> str:
    return f"{instant(at):%a, %d %b %Y %H:%M:%S} GMT"


def _html(text: str) -> str:
    return escape(text, {'"': "&#34;", "'": "&#39;"})


# --- RSS -----------------------------------------------------------------------------------------------------------


def unknown(names: list[str]) -> str:
    """What arXiv says of the first name that is no archive and no category; '' if there is none."""
    for name in names:
        archive, _, subject = name.partition(".")
        if archive not in ARCHIVES:
            return f"Bad archive '{archive}'. Valid archives are: {', '.join(ARCHIVES)}."
        if subject and name not in CATEGORIES:
            valid = ", ".join(f"{archive}.{s}" for s in ARCHIVES[archive])
            return f"Bad subject class '{subject}'. Valid subject classes for the archive '{archive}' are: {valid}."
    return ""


def announce_type(event: Event, entry: Entry, names: frozenset[str]) -> str:
    """How a feed of these archives and categories calls an event; '' if it is none of its business."""
    primary, any_ = _within(entry.categories[:1], names), _within(entry.categories, names)
    if event.kind == "new":
        return "new" if primary else "cross" if any_ else ""
    if event.kind == "cross":
        return "cross" if _within(event.categories, names) else ""
    if event.version > 5:
        return ""
    return "replace" if primary else "replace-cross" if any_ else ""


def _within(categories: tuple[str, ...], names: frozenset[str]) -> bool:
    return any(name in names or name.partition(".")[0] in names for name in categories)


def feed(address: str, names: str, now: int, day: date, items: list[str], error: str = "") -> bytes:
    """A feed that was built now and says that it is of `day`."""
    head = f"Feed error for query: {address}" if error else f"{names.replace('+', ', ')} updates on arXiv.org"
    said = escape(error) or f"{names.replace('+', ', ')} updates on the arXiv.org e-print archive."
    days = "    <skipDays>\n      <day>Sunday</day>\n      <day>Saturday</day>\n    </skipDays>\n"
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'version="2.0">\n  <channel>\n    <title>{escape(head)}</title>\n    <link>{escape(address)}</link>\n'
        f"    <description>{said}</description>\n"
        f'    <atom:link href="{escape(address)}" rel="self" type="application/rss+xml"/>\n'
        "    <docs>http://www.rssboard.org/rss-specification</docs>\n    <language>en-us</language>\n"
        f"    <lastBuildDate>{instant(now):%a, %d %b %Y %H:%M:%S} +0000</lastBuildDate>\n"
        f"    <managingEditor>rss-help{'.' if error else '@'}arxiv.org</managingEditor>\n"
        f"    <pubDate>{_midnight(day)}</pubDate>\n{'' if error else days}" + "".join(items) + "  </channel>\n</rss>\n"
    ).encode()


def item(entry: Entry, version: int, said: str, day: date) -> str:
    creators = ", ".join(f"{first} {last}" for first, last, _ in authors(entry))
    kinds = "".join(f"      <category>{name}</category>\n" for name in entry.categories)
    doi = f"      <arxiv:DOI>{escape(entry.doi)}</arxiv:DOI>\n" if entry.doi else ""
    journal = f"      <arxiv:journal_reference>{escape(entry.journal_ref)}</arxiv:journal_reference>\n"
    return (
        f"    <item>\n      <title>{escape(title(entry))}</title>\n"
        f"      <link>https://arxiv.org/abs/{entry.id}</link>\n"
        f"      <description>arXiv:{entry.id}v{version} Announce Type: {said} \n"
        f"Abstract: {escape(abstract(entry))}</description>\n"
        f'      <guid isPermaLink="false">oai:arXiv.org:{entry.id}v{version}</guid>\n{kinds}'
        f"      <pubDate>{_midnight(day)}</pubDate>\n      <arxiv:announce_type>{said}</arxiv:announce_type>\n"
        f"      <dc:rights>{entry.license}</dc:rights>\n{journal if entry.journal_ref else ''}{doi}"
        f"      <dc:creator>{escape(creators)}</dc:creator>\n    </item>\n"
    )


@cache
def _midnight(day: date) -> str:
    return f"{datetime(day.year, day.month, day.day, tzinfo=instant(0, NEW_YORK).tzinfo):%a, %d %b %Y %H:%M:%S %z}"


def http_date(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
