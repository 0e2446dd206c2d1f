"""What a Discord client shows of markdown: its rules as documented and as people found them, in the client's order.

The client runs a fork of simple-markdown: rules are tried in turn at each place, blocks at the start of a line only,
and what a rule found is read again by all of them. What the sources say differently is read both ways:
https://support.discord.com/hc/en-us/articles/210298617, discord/SimpleAST, discord/discord-api-docs#6088, #6185
(no escapes in the text of a link), #7673 (an emoji there breaks the link), #7721 (so does an address).
"""

import re
import unicodedata
from dataclasses import dataclass, field

HEADING = re.compile(r" *(#{1,3})[ \t]+((?!#+)[^\n]+?)#*[ \t]*(?:\n|\Z)")
SMALL = re.compile(r" *-#[ \t]+((?!-#)[^\n]+?) *(?:\n|\Z)")
LIST = re.compile(r" *([*+-]|[0-9]+[.)]) +([^\n]+)(?:\n|\Z)")
QUOTE = re.compile(r" *(?:>>> ([\s\S]+)|> ([^\n]*)(?:\n|\Z))")
FENCE = re.compile(r"```([\s\S]+?)```")
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
SHRUG = re.compile(r"¯\\_\(ツ\)_/¯")
ADDRESS = re.compile(r"(?:https?|steam)://[^\s<]+[^<.,:;\"'\]\s]")
ANGLED = re.compile(r"<([a-z]+:[^ >]+|[^ >@]+@[^ >]+)>")
LINK = re.compile(
    r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]"
    r"\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"]([\s\S]*?)['\"])?\s*\)"
)
STRICT_LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\((\s*https?://(?:[^)\[\]\\\n])*)\)")  # as in SimpleAST's heirs
ACTS = re.compile(
    r"<@[!&]?[0-9]+>|<#[0-9]+>|<a?:\w+:[0-9]+>|<t:-?[0-9]+(?::\w)?>|</[^:\n]+:[0-9]+>|<id:\w+>|@everyone|@here"
)
STARS = re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)")
LOW = re.compile(r"_((?:__|\\[\s\S]|[^\\_])+?)_\b")
BOLD = re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")
UNDERLINE = re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")
STRIKE = re.compile(r"~~([\s\S]+?)~~(?!_)")
SPOILER = re.compile(r"\|\|([\s\S]+?)\|\|")
CODE = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")
TEXT = re.compile(r"\n|[^\n](?:(?!(?:https?|steam)://|\n)[0-9A-Za-z\s\u00c0-\uffff])*")
EMOJI = re.compile("[\xa9\xae\u203c\u2049\u2122\u231a\u231b\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]|.\u20e3")


@dataclass
class Read:
    """The visible text, and all that is more than text, as (kind, what is seen of it, where it leads)."""

    text: str = ""
    found: list[tuple[str, str, str]] = field(default_factory=list)

    def kinds(self) -> set[str]:
        return {kind for kind, _, _ in self.found}

    def links(self) -> list[tuple[str, str]]:
        return [(shown, url) for kind, shown, url in self.found if kind == "link"]


def read(source: str, *, strict: bool = False) -> Read:
    """`strict` reads links as the heirs of SimpleAST do, and escapes in their texts as escapes."""
    made = Read()
    made.text = _read(source, made, start=True, label=False, strict=strict)
    return made


def _read(source: str, made: Read, *, start: bool, label: bool, strict: bool) -> str:
    shown, at = "", 0
    while at < len(source):
        first = (start and not shown.strip()) if at == 0 else source[at - 1] == "\n"
        kind, end, text, url = _rule(source, at, first=first, label=label, strict=strict)
        if kind not in ENDS:
            text = _read(text, made, start=first, label=label or kind == "link", strict=strict)
        if kind != "text":
            made.found.append((kind, text, url))
        ended = kind in BLOCKS and source[end - 1 : end] == "\n"
        shown += "• " * (kind == "list") + text + "\n" * ended
        at = end
    return shown


ENDS = {"text", "address", "act", "code", "fence", "raw"}  # what is not read again
BLOCKS = {"heading", "small", "list", "numbers", "quote"}
Rule = tuple[str, int, str, str]


def _rule(source: str, at: int, *, first: bool, label: bool, strict: bool) -> Rule:
    """Which rule applies here: its kind, where it ends, what is to be read of it, where it leads."""
    if first and (found := _block(source, at)):
        return found
    if m := FENCE.match(source, at):
        return "fence", m.end(), m[1], ""
    if (not label or strict) and (m := SHRUG.match(source, at) or ESCAPE.match(source, at)):
        return "text", m.end(), m[0] if m.re is SHRUG else m[1], ""
    if not label:
        for rule, kind in ((ADDRESS, "address"), (ANGLED, "address"), (ACTS, "act")):
            if m := rule.match(source, at):
                address = _balanced(m[0]) if rule is ADDRESS else m[0]
                return kind, at + len(address), address, address
    if found := _link(source, at, strict=strict):
        return found
    if found := _inline(source, at):
        return found
    m = TEXT.match(source, at)
    assert m
    return "text", m.end(), m[0], ""


def _block(source: str, at: int) -> Rule | None:
    if m := SMALL.match(source, at):
        return "small", m.end(), m[1], ""
    if m := HEADING.match(source, at):
        return "heading", m.end(), m[2], ""
    if m := QUOTE.match(source, at):
        return "quote", m.end(), m[1] or m[2], ""
    if m := LIST.match(source, at):
        return "list" if m[1] in "*+-" else "numbers", m.end(), m[2], ""
    return None


def _balanced(address: str) -> str:
    """An address without the closing brackets at its end that nothing in it has opened."""
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1]
    return address


def _link(source: str, at: int, *, strict: bool) -> Rule | None:
    m = (STRICT_LINK if strict else LINK).match(source, at)
    if not m:
        return None
    label, url = m[1], m[2].strip()
    bare = "".join(c for c in label if not c.isspace() and unicodedata.category(c) not in {"Cf", "Cc", "Mn"})
    if not bare or not re.match(r"https?://[^/\s]", url) or EMOJI.search(label) or re.search(r"\w+://\w\w", label):
        return "raw", m.end(), m[0], ""
    return "link", m.end(), label, url


def _inline(source: str, at: int) -> Rule | None:
    """Emphasis: of rules that begin alike the one that reaches furthest. Then code, strikes, spoilers."""
    found = [(m.end(), kind, m[1]) for rule, kind in EMPHASES if (m := rule.match(source, at))]
    if found:
        end, kind, text = max(found)
        return kind, end, text, ""
    if m := CODE.match(source, at):
        return "code", m.end(), m[2].strip(), ""
    for rule, kind in ((STRIKE, "strike"), (SPOILER, "spoiler")):
        if m := rule.match(source, at):
            return kind, m.end(), m[1], ""
    return None


EMPHASES = ((STARS, "italic"), (LOW, "italic"), (BOLD, "bold"), (UNDERLINE, "underline"))
