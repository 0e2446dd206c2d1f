"""How a wish is read and what it would bring: what /subscribe, /follow and /tune share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core import grading, links, normalise, post, query, wish
from bot.core.plain import plain
from bot.core.query_ast import Node
from bot.core.wish import Wish
from bot.errors import UserError
from bot.flow import describe
from bot.flow.answers.asked import Asked
from bot.flow.answers.papers import share
from bot.flow.silence import LOOK_BACK
from bot.flow.week import Week, week
from bot.model import Level, Line, Match, Mode, Paper, Span, Topic
from bot.model import line as line_

_SAMPLES, _NAMES = 3, 4
_MANY = 30  # papers a day from which on a topic is more than anybody reads (facts: matching, "Other costs")
_LEVELS = {f"level={name}": level for level, name in grading.NAMES.items()}
_MODES: tuple[Mode, ...] = ("daily", "asap")


@dataclass(frozen=True, slots=True)
class Read:
    """A wish as it was understood, at which level, and when its digests are to come if that was said."""

    wish: Wish
    node: Node
    topic: Topic
    level: int
    mode: Mode | None = None

    @property
    def label(self) -> str:
        """What the chat calls it."""
        return self.wish.text

    def text(self, level: int | None = None) -> str:
        """All of it as typed after a command; a level says that nothing is to be added to it."""
        flags = [f"mode={self.mode}"] if self.mode else []
        if self.topic.judged:
            flags.append(f"level={grading.NAMES[Level(level or self.level)]}")
        return " ".join([*flags, wish.write(self.wish)])


async def read(asked: Asked) -> Read:
    """Read what follows /subscribe; with a model, a topic in words gets a description. Raises UserError."""
    text, mode, level = asked.text, None, None
    while True:
        flag, _, rest = text.partition(" ")
        if flag in {f"mode={each}" for each in _MODES}:
            mode = _MODES[0] if flag.endswith(_MODES[0]) else _MODES[1]
        elif flag in _LEVELS:
            level = _LEVELS[flag]
        else:
            break
        text = rest.strip()
    wanted = wish.read(text, asked.language)
    example = await known(asked, id_) if (id_ := wish.like(wanted.text)) else None
    if level is None and wanted.bare and not example:
        wanted = await _described(asked, wanted)
    node, topic = wish.topic(wanted, asked.language, example)
    return Read(wanted, node, topic, (level or Level.NORMAL) if topic.judged else Level.RULE, mode)


def describes(asked: Asked) -> str:
    """The topic that a model would describe; '' where there is nothing for it to do."""
    text = " ".join(part for part in asked.text.split() if not part.startswith("mode="))
    if asked.ports.model is None or not text or text.startswith("level="):
        return ""
    try:
        wanted = wish.read(text)
        plain_words = wanted.bare and not wish.like(wanted.text) and query.is_topic(query.parse(wanted.text))
    except UserError:
        return text if _foreign(text) else ""
    return wanted.text if plain_words else ""


def _foreign(text: str) -> bool:
    return normalise.unreadable(text) is not None


async def _described(asked: Asked, wanted: Wish) -> Wish:
    if not describes(replace(asked, text=wanted.text)):
        return wanted
    if not await describe.known(asked.store, asked.ports, wanted.text):
        await share(asked)  # it costs a call
    found = await describe.described(asked.store, asked.ports, wanted.text)
    if found is None and _foreign(wanted.text):
        raise UserError(asked.say("topic_not_translated"))
    return found or wanted


async def known(asked: Asked, id_: str) -> Paper:
    """A paper as an example: from the ledger, else from arXiv and then remembered, never sent. Raises UserError."""
    paper = await asked.store.paper(id_)
    if paper is None:
        await share(asked)
        found = await asked.ports.source.fetch([id_])
        if not found:
            raise UserError(asked.say("no_such_paper", id=id_))
        paper = found[0]
        await asked.store.add_papers([paper], baseline=True)
    return paper


# --- what is said of it


def reading(asked: Asked, found: Read) -> list[Line]:
    """How it was read."""
    meaning, lines = found.wish.meaning, []
    if found.topic.like:
        title = plain(found.topic.meaning.definition.partition("\n")[0])
        return [
            line_(asked.say("reading_like"), " ", Span(title, "bold", links.abs_url(found.topic.like), theirs=True))
        ]
    if meaning.definition:
        lines.append(line_(Span(asked.say("reading_about", definition=meaning.definition), theirs=True)))
    if not found.topic.judged or not query.is_topic(found.node):
        lines.append(line_(asked.say("reading_query", reading=query.show(found.node))))
    elif not meaning.definition:
        lines.append(line_(asked.say("reading_topic", reading=query.show(found.node))))
    for key, names in (
        ("reading_names", meaning.aliases),
        ("reading_not", meaning.against),
        ("reading_without", found.wish.without),
        ("reading_by", found.wish.by),
    ):
        if names:
            more = f" … (+{len(names) - _NAMES})" if len(names) > _NAMES else ""
            lines.append(line_(Span(asked.say(key, names=", ".join(names[:_NAMES]) + more), theirs=True)))
    return lines


async def lately(asked: Asked, topic: Topic, *, votes: str = "") -> Week:
    """What the last days would have brought, with what votes of the chat make of it: those on the topic `votes`."""
    return await week(asked.store, asked.ports, topic, await asked.store.taste(asked.chat.id, votes or topic.id))


async def preview(asked: Asked, found: Week, level: int) -> list[Line]:
    """What passes, what just misses, what is refused; a warning where it is too much to read."""
    number = found.count(level)
    if not found.matches:
        known = await asked.store.high_water("harvest")
        return [line_(asked.say("preview_empty" if known is None else "preview_none", days=LOOK_BACK))]
    passing = found.passing(level)
    key = "preview" if number > _SAMPLES else "preview_all" if number else "preview_nothing"
    lines = [line_(asked.say(key, days=LOOK_BACK, count=post.papers(asked.language, number)))]
    lines += await _bullets(asked, passing[:_SAMPLES])
    rest = [match for match in found.matches if match.grade < level]
    missed = [match for match in rest if match.grade == level - 1][:1]
    refused = [match for match in rest if match.grade == Level.RULE and match not in missed][:1]
    for name, matches in (("preview_missed", missed), ("preview_refused", refused)):
        for paper in await asked.store.papers([match.paper for match in matches]):
            lines.append(line_(asked.say(name), " ", post.title(paper), kind="small"))
    if (rate := round(number / LOOK_BACK)) > _MANY:
        lines.append(line_(asked.say("preview_many", rate=rate)))
    return lines


async def _bullets(asked: Asked, matches: Sequence[Match]) -> list[Line]:
    papers = await asked.store.papers([match.paper for match in matches])
    return [line_(post.title(paper), kind="bullet") for paper in papers]


def levels(asked: Asked, found: Week, level: int) -> Line:
    """'strict 4 · normal 9 · broad 15': what each level would have brought."""
    spans: list[str | Span] = []
    for each in sorted(grading.NAMES, reverse=True):
        text = f"{asked.say(f'level_{grading.NAMES[each]}')} {found.count(each):,}"
        spans += [" · "] * bool(spans) + [Span(text, "bold" if each == level else "")]
    return line_(asked.say("levels"), " ", *spans)
