r"""Links of a paper: to arXiv, and to code and project pages that its own abstract and comments name.

Invariants: no link is invented; each stands in the source text, with or without a scheme and whatever TeX is around it
(`\url{}`, `\href{}{}`, `\_`). What is returned starts with `https://` where the source named no scheme or a code host,
has no punctuation at its end, and each stands once, in order of appearance.
"""

import re
from urllib.parse import quote

from bot.model import Paper

# Hosts whose /owner/name is a repository. Of 74,727 cs papers of 2025-26, 13.3% name one in the abstract.
_REPOSITORIES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "gitee.com", "sr.ht")
_ARCHIVES = {  # hosts whose address is code or data under a number
    "zenodo.org": re.compile(r"/(?:records?|deposit|badge/latestdoi)/\d+|/doi/10\.\d+/zenodo\.\d+"),
    "doi.org": re.compile(r"/10\.5281/zenodo\.\d+"),
    "dx.doi.org": re.compile(r"/10\.5281/zenodo\.\d+"),
    "osf.io": re.compile(r"/[a-z0-9]{5}\b"),
    "ascl.net": re.compile(r"/\d{4}\.\d{3}"),
    "pypi.org": re.compile(r"/project/[\w.-]+"),
    "kaggle.com": re.compile(r"/(?:datasets|models|code|competitions)/[\w-]+(?:/[\w-]+)?"),
}
_SHELVES = frozenset({"spaces", "datasets", "models", "collections"})  # of huggingface.co
# First path segments of code hosts that are nobody's name.
_RESERVED = frozenset({
    *("about", "apps", "blog", "contact", "docs", "enterprise", "events", "explore", "features", "gist", "issues"),
    *("join", "learn", "login", "marketplace", "notifications", "orgs", "papers", "posts", "pricing", "search"),
    *("security", "settings", "signup", "site", "sponsors", "tasks", "terms", "topics", "trending", "pulls"),
})  # fmt: skip
_PAPERS = re.compile(  # pages of the paper itself or of who printed it: no project
    r"(?:^|\.)(?:arxiv\.org|doi\.org|imstat\.org|emis\.de|sciencedirect\.com|(?:link\.)?springer\.(?:com|de)|acm\.org"
    r"|ieee\.org|aclanthology\.org|openreview\.net)$"
)
_EXAMPLES = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|localhost)$|(?:^|\.)(?:test|invalid|example)$")
_ANONYMOUS = frozenset({"your", "yourname", "username", "user", "anonymous", "anon", "xxx", "owner"})
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_KNOWN = "|".join(re.escape(h) for h in (*_REPOSITORIES, "huggingface.co", "hf.co", *_ARCHIVES))
_URL = re.compile(
    rf"(?P<scheme>https?://)(?P<a>{_HOST}(?::\d+)?(?:[/?#][^\s<>\"{{}}|^`$]*)?)"
    rf"|(?<![\w@./-])(?P<b>(?:www\.)?(?:{_KNOWN})/[^\s<>\"{{}}|^`$]*)"
    rf"|(?<![\w@./-])(?P<c>(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+\.(?:github|gitlab)\.io\b(?:/[^\s<>\"{{}}|^`$]*)?)",
    re.IGNORECASE,
)
_SENTENCE = ".,;:!?'\"*_`~’”»、。，；"  # noqa: RUF001 - what may follow a link and be none of it
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def abs_url(id_: str) -> str:
    """Return the abstract page of an id, with or without a version (https://info.arxiv.org/help/arxiv_identifier.html)."""
    return f"https://arxiv.org/abs/{quote(id_, safe='/')}"


def pdf_url(id_: str) -> str:
    """Return the PDF of an id, with or without a version; arXiv answers '.pdf' at its end with a redirect."""
    return f"https://arxiv.org/pdf/{quote(id_, safe='/')}"


def code_links(paper: Paper) -> tuple[str, ...]:
    """Return repositories, models, data sets and deposits that the abstract or the comments name, always https."""
    found = [code for _, address in _addresses(paper) if (code := _code(address))]
    return _distinct(found)


def is_code(url: str) -> bool:
    """Whether an address is that of a repository, a model, a data set or a deposit."""
    return bool(_code(url.partition("://")[2]))


def project_links(paper: Paper) -> tuple[str, ...]:
    """Return the other web pages that the abstract or the comments name: with a scheme, or under github.io."""
    found = []
    for scheme, address in _addresses(paper):
        host = _host(address)
        if not (_code(address) or _nobodys(address) or _EXAMPLES.search(host) or _PAPERS.search(host)):
            found.append((scheme.lower() or "https://") + host + address[len(host) :])
    return _distinct(found)


def _addresses(paper: Paper) -> list[tuple[str, str]]:
    r"""(scheme or '', address) of whatever looks like a link, TeX taken off."""
    found = []
    for text in (paper.abstract, paper.comment):
        clean = re.sub(r"\\([_%#&~$])", r"\1", text)
        clean = re.sub(r"\{?\\(?:text)?(?:ascii)?tilde\}?(?:\{\})?|\$\\sim\$", "~", clean)
        clean = re.sub(r"\\(?:url|href|nolinkurl|path|texttt|emph|textit|textbf)\b", " ", clean)
        clean = re.sub(r"(?<=/)\s*\\(?:allowbreak|linebreak|-)\s*", "", clean)
        clean = re.sub(r"\b(github|gitlab)\.\s+com/(?=\w)", r"\1.com/", clean)  # torn by a line's end
        for match in _URL.finditer(clean):
            address = _trimmed(match["a"] or match["b"] or match["c"])
            if "." in address:
                found.append((match["scheme"] or "", address))
    return found


def _trimmed(address: str) -> str:
    """Take off what belongs to the sentence: points, quotes, TeX, brackets that were opened before the link."""
    address = address.split("\\", maxsplit=1)[0]
    opened: list[int] = []
    for at, char in enumerate(address):
        if char in "([":
            opened.append(at)
        elif char in ")]":
            if not opened:  # '(see github.com/a/b)', '[https://a.b](https://a.b)'
                address = address[:at]
                break
            opened.pop()
    else:
        if opened:
            address = address[: opened[0]]
    return address.rstrip(_SENTENCE)


def _host(address: str) -> str:
    return re.split(r"[/?#]", address, maxsplit=1)[0].lower()


def _nobodys(address: str) -> bool:
    """Tell whether an address is a code host's front page or one of its own pages."""
    host = _host(address)
    parts = [part for part in address[len(host) :].split("/") if part]
    known = host.removeprefix("www.") in {*_REPOSITORIES, *_ARCHIVES, "huggingface.co", "hf.co"}
    return known and (not parts or parts[0].lower() in _RESERVED | _ANONYMOUS)


def _code(address: str) -> str:
    """Return the https address of a repository, model, data set or deposit; '' if it is none."""
    host = _host(address).removeprefix("www.")
    path = re.split(r"[?#]", address[len(_host(address)) :], maxsplit=1)[0].rstrip("/")
    if host in _ARCHIVES:
        deposit = _ARCHIVES[host].match(path)
        return f"https://{host}{deposit[0]}" if deposit else ""
    parts = [part for part in path.split("/") if part]
    if host in {"huggingface.co", "hf.co"}:
        kind = parts.pop(0) if parts[:1] and parts[0] in _SHELVES else ""
        return _named("https://huggingface.co/" + (f"{kind}/" if kind not in {"", "models"} else ""), parts)
    if host in _REPOSITORIES:
        depth = parts.index("-") if host == "gitlab.com" and "-" in parts else len(parts)
        return _named(f"https://{host}/", parts[:depth], groups=host == "gitlab.com", rest=parts[2:depth])
    return ""


def _named(root: str, parts: list[str], *, groups: bool = False, rest: list[str] | None = None) -> str:
    """Put owner and name behind `root`, '' if there are none; a path below stays where it may be the point."""
    if len(parts) < 2 or parts[0].lower() in _RESERVED | _ANONYMOUS:  # noqa: PLR2004
        return ""
    owner, name = parts[0], parts[1].removesuffix(".git")
    if not (_NAME.fullmatch(owner.lstrip("~")) and _NAME.fullmatch(name) and name.strip(".-_")):
        return ""
    below = (
        [part for part in (rest or []) if part] if groups or (rest or [""])[0] in {"tree", "blob", "releases"} else []
    )
    return root + "/".join([owner, name, *below])


def _distinct(links: list[str]) -> tuple[str, ...]:
    """Each link once, whatever its capitals or scheme; the first spelling stays."""
    seen: dict[str, str] = {}
    for link in links:
        seen.setdefault(link.split("://", 1)[1].rstrip("/").lower(), link)
    return tuple(seen.values())
