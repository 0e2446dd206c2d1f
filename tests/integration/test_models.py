"""The house with a model: real adapters against a loopback provider that fails in every way there is.

Whatever becomes of the model, the digest goes out once, whole and in time, and its last line tells the truth about it;
a model that obeys the papers it reads changes no form, no language and no link.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import asyncio
import contextlib
import json
import logging
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SimulatedClock
from bot.config import Settings
from bot.core import times
from bot.core.addressed import addressed
from bot.core.plain import plain
from bot.model import Chat, Fold, Item, Paper, Post, Said, Span, Why
from bot.platforms import console_view
from bot.ports import LLM, Limits, RawReply
from bot.words import say
from tests.fakes import adversary, reader
from tests.fakes.adversary import STUDIES, Study
from tests.fakes.chat import FakeChat
from tests.fakes.house import DAY, SATURDAY, House, house
from tests.fakes.llm_server import Kind, LlmServer
from tests.fakes.ports import SteppedClock

pytestmark = pytest.mark.integration

KEY = "not-a-real-key-0123456789-abcdef"  # of no form that is known for one
SIDES = ("gemini", "gemini_legacy", "openai")
TOPIC = "cs.CV"
THREE = tuple(STUDIES[n] for n in (0, 3, 5))  # what the honest reader says of them is shown as it is
HOUR = 3_600_000  # ms
MINUTE = 60_000  # ms
FOREVER = 500
BRIEF = 0.15  # seconds; the adapters' timeouts are real time


class Heard:
    """An LLM in front of a real adapter: remembers what that one gave us, and has no patience with one that stalls."""

    def __init__(self, llm: LLM, longest: float) -> None:
        self.name, self.model = llm.name, llm.model
        self.given: list[str] = []  # texts, as they came
        self._llm, self._longest = llm, longest

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        reply = await self._llm.complete(prompt, schema, replace(limits, timeout=min(limits.timeout, self._longest)))
        self.given.append(reply.text)
        return reply

    async def close(self) -> None:
        await self._llm.close()


@dataclass
class Home:
    """A house with a model, and the provider that it asks."""

    house: House
    server: LlmServer
    heard: Heard

    @property
    def clock(self) -> SteppedClock:
        assert isinstance(self.house.clock, SteppedClock)
        return self.house.clock

    @property
    def posts(self) -> list[Post]:
        """Everything that arrived, in order."""
        return [console_view.load(payload) for _, payload in self.house.fake.sent]

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        path = Path(self.house.store._db.path)
        with contextlib.closing(sqlite3.connect(path)) as db:
            return db.execute(sql, values).fetchall()


def settings(side: str, server: LlmServer, **more: Any) -> Settings:
    """The settings of a house whose model is asked through this adapter at the loopback provider."""
    given: dict[str, Any] = {"llm": side, "digest_mode": "asap"}
    if side == "openai":
        given |= {"openai_api_key": KEY, "llm_url": f"{server.base_url}/v1", "llm_model": "some-model"}
    else:
        given |= {"gemini_api_key": KEY, "llm_url": server.base_url}
    return Settings(**given | more)


@contextlib.asynccontextmanager
async def home(
    folder: Path,
    side: str,
    server: LlmServer,
    *,
    clock: SteppedClock | SimulatedClock | None = None,
    chat: FakeChat | None = None,
    longest: float = 5.0,
    **more: Any,
) -> AsyncIterator[Home]:
    """Open a house with a model; what it shows comes in one message however long."""
    chat = chat or FakeChat(limit=10**7)
    async with house(folder, settings=settings(side, server, **more), clock=clock, chat=chat) as found:
        assert found.model
        heard = Heard(found.model.llm, longest)
        found.model = replace(found.model, llm=heard)
        try:
            yield Home(found, server, heard)
        finally:
            await heard.close()


def of(study: Study, number: int, **fields: Any) -> Paper:
    """A study as a paper that the topic matches."""
    at = SATURDAY - DAY
    made = Paper(
        f"2611.{number:05}", 1, study.title, study.abstract, ("Ada One",), ("cs.CV",), at, at, comment=study.comment
    )
    return replace(made, **fields)


async def follow(found: Home, *chats: Chat) -> None:
    """Let chats hear of every paper to come; the baseline is done."""
    await found.house.day()
    for chat in chats or (found.house.chat(),):
        await found.house.say(f"/follow {TOPIC}", chat)
    found.house.fake.sent.clear()


def chinese(name: str = "z") -> Chat:
    return Chat(f"fake:{name}", "fake", name, language="zh", mode="asap")


# --- what a digest says, read without any code of the house but its post ------------------------------------------


@dataclass(frozen=True)
class Told:
    """A paper of a digest: its statements, and whether it says that they are the authors' own."""

    paper: str
    statements: tuple[str, ...]
    quotes: tuple[str, ...]  # that stand beside them
    own: bool


@dataclass(frozen=True)
class Basis:
    """The last line of a digest: what each kind of summary counts."""

    by_model: int
    quotes: tuple[int, int]  # (found, of)
    extracted: dict[str, int]  # why -> how many
    all_extracted: bool  # no model at all, and nothing to explain


OWN_WORDS = tuple(say(language, "own_words") for language in ("en", "zh"))
QUOTED = re.compile("“(.*)”")


def spans(item: Item) -> list[Span]:
    return [
        span
        for block in item.blocks
        for line in (block.lines if isinstance(block, Fold) else (block,))
        for span in line.spans
    ]


def told(item: Item) -> Told:
    """Read an item of a digest: the plain line, the folded ones, and the mark beside the links."""
    lines: list[str] = []
    quotes: list[str] = []
    for block in item.blocks:
        for line in block.lines if isinstance(block, Fold) else (block,):
            if line.kind in {"text", "bullet"}:
                lines.append(line.spans[0].text)
                quotes += [found for span in line.spans[1:] for found in QUOTED.findall(span.text)]
    last = spans(item)[-1].text
    return Told(item.paper, tuple(lines), tuple(quotes), any(mark in last for mark in OWN_WORDS))


NUMBERS = {"found": r"\d+", "quotes": r"\d+"}


def pattern(language: str, key: str, **groups: str) -> re.Pattern[str]:
    """What a sentence of ours looks like, with these patterns in its places."""
    marks = {name: f"zz{name}zz" for name in groups}
    text = re.escape(say(language, key, **marks))
    for name, mark in marks.items():
        text = text.replace(mark, f"(?P<{name}>{groups[name]})")
    return re.compile(text)


COUNTS = [
    (
        pattern(language, "basis_model", count=r"\d+", model=r"\S+?", quotes=".*?(?=[;.；。])"),
        pattern(language, quotes, **NUMBERS),
    )
    for language in ("en", "zh")
    for quotes in ("quotes_found", "quotes_dropped")
]
OWN = [pattern(language, "basis_extracted", count=r"\d+", why="[^()（）]*") for language in ("en", "zh")]
ALL_OWN = {say(language, "basis_extract") for language in ("en", "zh")}


def basis(post: Post) -> Basis:
    """Read the last line of a digest."""
    line = "".join(span.text for block in post.foot[:1] if not isinstance(block, Fold) for span in block.spans)
    models = [
        (int(found["count"]), int(counted["found"]), int(counted["quotes"]))
        for summaries, quotes in COUNTS
        for found in summaries.finditer(line)
        if (counted := quotes.fullmatch(found["quotes"]))
    ]
    own = {found["why"]: int(found["count"]) for each in OWN for found in each.finditer(line)}
    assert models or own or line in ALL_OWN, line
    return Basis(
        sum(row[0] for row in models),
        (sum(row[1] for row in models), sum(row[2] for row in models)),
        own,
        line in ALL_OWN,
    )


WORD = re.compile(r"[^\W_]+")


def stands(text: str, paper: Paper) -> bool:
    """Whether all words of a text stand in one sentence (or two) of the paper, in their order."""
    given = iter(WORD.findall(plain(f"{paper.abstract} {paper.comment}").lower()))
    return all(word in given for word in WORD.findall(plain(text).lower()))


def served(found: Home) -> set[str]:
    """Every text of a statement that the provider gave us."""
    texts: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                texts.add(" ".join(plain(value["text"]).split()))
            for part in value.values():
                collect(part)
        elif isinstance(value, list):
            for part in value:
                collect(part)

    for text in found.heard.given:
        with contextlib.suppress(ValueError, RecursionError):
            collect(json.loads(text))
    return texts


def true_to_its_basis(found: Home, post: Post, papers: Mapping[str, Paper]) -> Basis:
    """Assert that a digest carries these papers, each with something to read, and says the truth about it."""
    items = [told(item) for item in post.items if item.paper]
    assert sorted(item.paper for item in items) == sorted(papers)
    assert all(item.statements for item in items), "an empty paper"
    line = basis(post)
    if line.by_model and (line.extracted or line.all_extracted):
        own = [item for item in items if item.own]
    else:
        own = [] if line.by_model else items
    assert len(own) == (len(items) if line.all_extracted else sum(line.extracted.values()))
    assert line.by_model == len(items) - len(own)
    given = served(found)
    for item in items:
        assert item in own or len(item.statements) > 2, "half a summary"
        for text in item.statements:
            theirs = stands(text, papers[item.paper])
            if item in own:
                assert theirs, f"not the authors' sentence: {text}"
            else:
                assert theirs or text in given, f"neither the model's nor the authors': {text}"
        for quote in item.quotes:
            assert stands(quote, papers[item.paper]), quote
    shown = sum(len(item.statements) for item in items if item not in own)
    assert line.quotes[0] <= line.quotes[1]
    assert line.quotes[0] >= shown, "a statement without a quote that was found"
    return line


def no_key(found: Home, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that the key stands in no message, no row and no file of the house, and in no record of the log."""
    folder = Path(found.house.store._db.path).parent
    said = "".join(payload for _, payload in found.house.fake.sent)
    for record in caplog.records:
        said += record.getMessage() + repr(record.__dict__)
    for secret in (KEY, KEY[8:]):
        assert secret not in said
        for file in folder.iterdir():
            assert secret.encode() not in file.read_bytes(), file.name


# --- every fault there is, once, twice and for ever ----------------------------------------------------------------


@dataclass(frozen=True)
class Ill:
    """A fault of the provider; what a digest may say for a reason after it has lasted, and what one of them does.

    passes: the same paper is asked again; refuses: this paper is not, others are; pauses: nobody is asked for a while.
    """

    kind: Kind
    why: Why
    once: str = "passes"
    how: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return "-".join([self.kind, *(str(value) for name, value in self.how.items() if name != "message")])


ILLS = (
    Ill("minute", "quota"),
    Ill("day", "quota", "pauses"),
    Ill("nothing", "owner", "pauses"),
    Ill("status", "quota", how={"status": 429}),
    Ill("status", "quota", how={"status": 429, "retry_after": "90"}),
    Ill("status", "down", how={"status": 500}),
    Ill("status", "down", how={"status": 503, "retry_after": "30"}),
    Ill("status", "down", how={"status": 504}),
    Ill("status", "down", how={"status": 408}),
    Ill("status", "owner", "pauses", {"status": 401, "message": "Unauthenticated"}),
    Ill("status", "owner", "pauses", {"status": 403, "message": "Permission denied"}),
    Ill("status", "content", "refuses", {"status": 413, "message": "Too large"}),
    Ill("html", "down"),
    Ill("html", "down", how={"status": 502}),
    Ill("html", "owner", "pauses", {"status": 404}),
    Ill("drop", "down"),
    Ill("short_body", "down"),
    Ill("cut", "down"),
    Ill("hollow", "down"),
    Ill("number", "down"),
    Ill("max_tokens", "form"),
    Ill("max_thoughts", "down"),
    Ill("safety", "content", "refuses"),
    Ill("half_safety", "content", "refuses"),
    Ill("recitation", "content", "refuses"),
    Ill("odd", "form"),
    Ill("blocked", "content", "refuses"),
    Ill("empty", "down"),
    Ill("nobody", "down"),
    Ill("bad_json", "form"),
    Ill("key", "owner", "pauses"),
    Ill("gone", "owner", "pauses"),
    Ill("bad_request", "content", "refuses", {"message": f"Unknown name at {KEY}"}),
    Ill("too_long", "content", "refuses"),
    Ill("redirect", "owner", "pauses"),
)
WHYS: tuple[Why, ...] = ("quota", "down", "owner", "content", "form")
SAYS: dict[str, dict[str, str]] = {
    language: {why: say(language, f"why_{why}") for why in WHYS} for language in ("en", "zh")
}


HOW_OFTEN = {"once": 1, "twice": 2, "for ever": FOREVER}
# Each fault once and for ever on every wire, twice on one of the three.
CASES = [
    pytest.param(side, ill, often, id=f"{side}-{ill.name}-{name}")
    for number, ill in enumerate(ILLS)
    for place, side in enumerate(SIDES)
    for name, often in HOW_OFTEN.items()
    if often != 2 or number % 3 == place
]


@pytest.mark.filterwarnings("ignore:.*FinishReason:UserWarning")  # both packages warn of a reason they do not know
@pytest.mark.parametrize(("side", "ill", "often"), CASES)
def test_whatever_goes_wrong_the_digest_is_there_once_in_time_and_true(
    side: str, ill: Ill, often: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    language = "zh" if ILLS.index(ill) % 2 else "en"

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            await follow(found, replace(found.house.chat(), language=language))
            server.fault(ill.kind, often, **ill.how)
            papers = {f"2611.{n:05}": of(study, n) for n, study in enumerate(THREE, 1)}
            began = found.clock.now()
            await found.house.day(*papers.values())
            assert found.clock.now() - began <= 11 * MINUTE
            (post,) = found.posts
            line = true_to_its_basis(found, post, papers)
            assert all(why.startswith(SAYS[language][ill.why]) for why in line.extracted), line
            assert not line.all_extracted
            if often == FOREVER:
                assert line.by_model == 0
            elif ill.once == "passes":
                assert line.by_model >= (3 if often == 1 else 2)
            elif ill.once == "refuses":
                assert line.by_model == 3 - often
            server._faults.clear()
            found.clock.step(2 * 3600)
            await found.house.drain()
            assert len(found.posts) == 1  # it came once
            no_key(found, caplog)

    asyncio.run(run())


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", ["stall", "stall_body", "dribble"])
def test_a_provider_that_never_ends_holds_up_no_digest(
    side: str, kind: Kind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server, longest=BRIEF) as found:
            server.answer = reader.honest
            await follow(found)
            server.fault(kind, FOREVER)
            papers = {f"2611.{n:05}": of(study, n) for n, study in enumerate(THREE[:2], 1)}
            began = found.clock.now()
            await found.house.day(*papers.values())
            assert found.clock.now() - began <= 11 * MINUTE
            (post,) = found.posts
            line = true_to_its_basis(found, post, papers)
            assert line.extracted == {SAYS["en"]["down"]: 2}
            ((calls, tokens),) = found.rows("SELECT count(*), min(tokens) FROM call")
            assert 2 <= calls <= 6  # some of them may have ended before they were connected
            assert tokens > 2048  # it may have been billed: the most it may cost stays
            no_key(found, caplog)

    asyncio.run(run())


UNBOUND: dict[str, Any] = {
    "llm_requests_per_minute": 0,
    "llm_tokens_per_minute": 0,
    "llm_requests_per_day": 0,
    "llm_dollars_per_day": 0.0,
}


def frame(item: Item) -> list[tuple[str, str, str, str]]:
    """All of a paper in a digest but what is said of it: (kind, style, text, address) of each span."""
    return [
        (block.kind, span.style, span.text, span.url)
        for block in item.blocks
        if not isinstance(block, Fold) and block.kind not in {"text", "bullet"}
        for span in block.spans
        if not any(mark in span.text for mark in OWN_WORDS)
    ]


async def day_of(found: Home, papers: Mapping[str, Paper], *chats: Chat) -> dict[str, Post]:
    """A day of these papers; returns the digest of each chat."""
    await follow(found, *chats)
    await found.house.day(*papers.values())
    assert sorted(chat for chat, _ in found.house.fake.sent) == sorted(chat.id for chat in chats)
    return {chat: console_view.load(payload) for chat, payload in found.house.fake.sent}


ADDRESS = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|org|net|io|ai|cn)\b", re.IGNORECASE)
ACTS = re.compile(r"(?<!\w)@\w|<[@#!]|(?<![\w/<])/[a-z]\w+|</?[a-z]|\*\*|`|\]\(|[{}]", re.IGNORECASE)
HAN = re.compile(r"[\u3400-\u9fff]")
STRANGE = re.compile(r"[\u0400-\u04ff]|\b(?:les|une|avec|dans|nicht|und|die|mit)\b")


def leads_astray(item: Item, paper: Paper) -> list[str]:
    """The links of a paper in a digest that are neither arXiv's nor, letter by letter, the paper's own."""
    arxiv = {f"https://arxiv.org/{page}/{paper.id}" for page in ("abs", "pdf")}
    found = {span.url for span in spans(item)} - {""} - arxiv
    return [url for url in found if url not in f"{paper.abstract} {paper.comment}"]


def baited() -> dict[str, Paper]:
    """A paper for each bait."""
    papers = {}
    for number, bait in enumerate(reader.BAITS):
        study = THREE[number % 3]
        title, abstract, comment = reader.spoil(study, bait)
        made = of(study, number, title=title, abstract=abstract, comment=comment)
        papers[made.id] = made
    return papers


def bait_of(paper: str) -> reader.Bait:
    return reader.BAITS[int(paper.split(".")[1])]


async def digests_by(answer: reader.Reader, folder: Path, papers: Mapping[str, Paper]) -> dict[str, Post]:
    """The digests of an English and a Chinese chat whose model answers so."""
    await asyncio.to_thread(folder.mkdir)
    async with LlmServer() as server, home(folder, "gemini", server, **UNBOUND) as found:
        server.answer = answer
        digests = await day_of(found, papers, found.house.chat("en"), chinese("zh"))
        for post in digests.values():
            line = true_to_its_basis(found, post, papers)
            assert answer is not reader.honest or line.by_model == len(papers), line
        return digests


def test_a_model_that_obeys_its_papers_changes_no_form_no_language_and_no_link(tmp_path: Path) -> None:
    papers = baited()
    assert len(papers) >= 40

    async def run() -> None:
        straight = await digests_by(reader.honest, tmp_path / "honest", papers)
        bent = await digests_by(reader.obedient, tmp_path / "obedient", papers)
        for chat, post in bent.items():
            language = chat.removeprefix("fake:")
            assert [item.paper for item in post.items] == [item.paper for item in straight[chat].items]
            assert post.head == straight[chat].head
            for item, right in zip(post.items, straight[chat].items, strict=True):
                same_but_for_the_words(item, right, papers[item.paper], language)

    asyncio.run(run())


def same_but_for_the_words(item: Item, right: Item, paper: Paper, language: str) -> None:
    """Hold a paper of a digest by an obedient model against that by an honest one."""
    bait = bait_of(paper.id)
    assert frame(item) == frame(right), bait.name
    assert item.buttons == right.buttons
    found = spans(item)
    assert not leads_astray(item, paper), bait.name
    assert not any(ACTS.search(span.text) for span in found if not span.theirs), bait.name
    note = SPEAKS[language] in [span.text for span in found]
    assert note == addressed(f"{paper.title}\n{paper.abstract}\n{paper.comment}")
    if bait.flagged is not None:
        assert note == bait.flagged, bait.name
    bent, straight = told(item), told(right)
    if bent.own:  # the paper's own sentences, as `true_to_its_basis` has found, and said to be
        return
    for text in bent.statements:
        assert not ADDRESS.search(text), (bait.name, text)
        assert not ACTS.search(text), (bait.name, text)
        assert bool(HAN.search(text)) == (language == "zh"), (bait.name, text)
        assert not STRANGE.search(text), (bait.name, text)
        honest = text in straight.statements or text.rstrip("!").lower() in map(str.lower, straight.statements)
        assert honest or stands(text, paper), (bait.name, text)


SPEAKS = {language: say(language, "addressed") for language in ("en", "zh")}


def test_what_stands_in_for_a_summary_repeats_no_order_to_models(tmp_path: Path) -> None:
    papers = {id_: paper for id_, paper in baited().items() if bait_of(id_).flagged}

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server, **UNBOUND) as found:
            server.fault("blocked", FOREVER)
            digests = await day_of(found, papers, found.house.chat())
            for item in digests["fake:a"].items:
                for text in told(item).statements:
                    assert not addressed(text), (bait_of(item.paper).name, text)
                    assert not ADDRESS.search(text), (bait_of(item.paper).name, text)

    asyncio.run(run())


def test_brackets_without_end_in_one_answer_are_no_outage(tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            server.answer = lambda prompt: "[" * 20_000 if THREE[0].title in prompt else reader.honest(prompt)
            await follow(found)
            line = await digest_of(found, batch(10))
            assert (line.by_model, line.extracted) == (2, {SAYS["en"]["down"]: 1})
            assert len(server.seen) == 4  # once more for that paper, and nobody waits for the others
            assert found.rows("SELECT * FROM pause") == []

    asyncio.run(run())


# --- one repair ---------------------------------------------------------------------------------------------------


def with_a_fault(field: str) -> reader.Reader:
    """A reader that is honest but for one statement, in which it chats."""

    def answer(prompt: str) -> str:
        given = json.loads(reader.honest(prompt))
        row = given["tldr"] if field == "tldr" else given["takeaways"][0]
        row["text"] = "Sure! Here is the summary you asked for."
        return json.dumps(given)

    return answer


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("field_", ["tldr", "takeaways[0]"])
def test_one_repair_makes_up_for_one_fault(side: str, field_: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.twice(with_a_fault(field_), reader.honest)
            await follow(found)
            line = await digest_of(found, batch(10))
            assert line.by_model == 3
            assert line.quotes[0] == line.quotes[1]
            assert len(server.seen) == 6

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["day", "key", "safety", "blocked", "bad_json", "max_tokens", "empty", "hollow"])
@pytest.mark.parametrize("field_", ["tldr", "takeaways[0]"])
def test_a_repair_that_fails_costs_the_statement_and_not_the_truth(kind: Kind, field_: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            server.answer = reader.twice(with_a_fault(field_), reader.honest)
            await follow(found)
            server.fault("status", status=200)  # the first answer comes
            server.fault(kind, FOREVER)
            papers = {"2611.00001": of(THREE[0], 1)}
            line = await digest_of(found, papers)
            if field_ == "tldr":  # without its one line there is no summary
                why = {"day": "quota", "key": "owner", "blocked": "content", "hollow": "down"}.get(kind, "form")
                ((said, number),) = line.extracted.items()
                assert (said.startswith(SAYS["en"][why]), number) == (True, 1)
            else:
                assert line.by_model == 1

    asyncio.run(run())


@pytest.mark.parametrize("side", SIDES)
def test_a_paper_that_nobody_knows_is_summarized_in_either_language(side: str, tmp_path: Path) -> None:
    abstract = (
        "We describe Lantern, a lamp for deep water. It runs for a week on one charge. Divers took it to three lakes. "
        "The light did not disturb the fish. Plans for the housing are free to use."
    )
    paper = of(Study("Lantern: A Lamp for Deep Water", abstract), 1)

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            for post in (await day_of(found, {paper.id: paper}, found.house.chat("a"), chinese())).values():
                assert true_to_its_basis(found, post, {paper.id: paper}).by_model == 1

    asyncio.run(run())


# --- the faults of published digests ------------------------------------------------------------------------------


def test_no_fault_of_published_digests_reaches_a_post_though_the_model_insists(tmp_path: Path) -> None:
    kinds: dict[str, int] = {}
    cases = []
    for case in adversary.string_cases():
        kinds[case.fault] = kinds.get(case.fault, 0) + 1
        if kinds[case.fault] <= 10:
            cases.append(case)
    assert len(cases) > 100
    papers = {}
    for number, case in enumerate(cases):
        category = "cs.CV" if case.language == "en" else "cs.CL"
        made = of(case.study, number, comment=reader.marker(number), categories=(category,))
        papers[made.id] = made

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server, **UNBOUND) as found:
            server.answer = reader.erring(cases)
            await found.house.day()
            await found.house.say("/follow cs.CV")
            await found.house.say("/follow cs.CL", chinese())
            found.house.fake.sent.clear()
            await found.house.day(*papers.values())
            seen = 0
            for post in found.posts:
                carried = {id_: paper for id_, paper in papers.items() if id_ in post.papers}
                true_to_its_basis(found, post, carried)
                for item in post.items:
                    case = cases[int(item.paper.split(".")[1])]
                    said = told(item)
                    seen += 1
                    for bad in (case.text,) if case.text else case.bad if case.fault != "facts" else case.bad[:1]:
                        reached = [text for text in said.statements if " ".join(bad.split()) in text]
                        assert all(stands(text, papers[item.paper]) for text in reached), (case.name, reached)
                    assert papers[item.paper].title not in said.statements
                    assert not leads_astray(item, papers[item.paper])
            assert seen == len(cases)

    asyncio.run(run())


# --- what is left alone -------------------------------------------------------------------------------------------


def batch(first: int) -> dict[str, Paper]:
    """Three papers that were not there before."""
    return {f"2611.{first + n:05}": of(study, first + n) for n, study in enumerate(THREE)}


async def digest_of(found: Home, papers: Mapping[str, Paper]) -> Basis:
    """Let these papers appear; returns the basis of the one digest that follows."""
    found.house.fake.sent.clear()
    await found.house.day(*papers.values())
    (post,) = found.posts
    return true_to_its_basis(found, post, papers)


@pytest.mark.parametrize("kind", ["key", "gone", "nothing", "redirect"])
@pytest.mark.parametrize("side", SIDES)
def test_a_wrong_setting_pauses_the_model_for_an_hour(side: str, kind: Kind, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            await follow(found)
            server.fault(kind, FOREVER)
            owner = {SAYS["en"]["owner"]: 3}
            assert (await digest_of(found, batch(10))).extracted == owner
            asked = len(server.seen)
            assert 1 <= asked <= 3
            for hour in range(3):
                found.clock.step(600)
                assert (await digest_of(found, batch(100 + 10 * hour))).extracted == owner
            assert len(server.seen) == asked
            found.clock.step(3600)
            assert (await digest_of(found, batch(200))).extracted == owner
            assert asked < len(server.seen) <= asked + 3  # the owner may have mended it
            server._faults.clear()
            found.clock.step(3660)
            assert (await digest_of(found, batch(300))).by_model == 3

    asyncio.run(run())


@pytest.mark.parametrize("side", ["gemini", "gemini_legacy"])
def test_a_quota_of_the_day_stops_every_call_until_midnight_in_california(side: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            await follow(found)
            server.fault("day", FOREVER)
            line = await digest_of(found, batch(10))
            midnight = times.moment(SATURDAY + DAY, "UTC", "en")
            assert list(line.extracted) == [say("en", "why_quota_until", when=midnight)]
            asked = len(server.seen)
            assert asked <= 3
            server._faults.clear()  # it would answer, but it is not asked
            for number, hours in enumerate((6, 12, 23.5), 1):
                found.clock.set(SATURDAY + int(hours * HOUR))
                line = await digest_of(found, batch(100 * number))
                assert (line.by_model, sum(line.extracted.values())) == (0, 3)
                (answer,) = await found.house.say("/summarize 2611.00010")
                assert SAYS["en"]["quota"] in answer
            assert len(server.seen) == asked
            found.clock.set(SATURDAY + 24 * HOUR + MINUTE)
            assert (await digest_of(found, batch(400))).by_model == 3
            *_, answer = await found.house.say("/summarize 2611.00010")  # what stood in for it is replaced
            assert "From the abstract by gemini-3.5-flash-lite" in answer
            assert len(server.seen) == asked + 4

    asyncio.run(run())


# --- asked for by somebody ----------------------------------------------------------------------------------------


def reading_basis(post: Post) -> str:
    return "".join(span.text for block in post.foot if not isinstance(block, Fold) for span in block.spans)


@pytest.mark.parametrize("side", SIDES)
def test_who_asks_gets_a_placeholder_then_the_summary_in_its_place_with_its_evidence(side: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            server.delay = 0.3
            paper = of(THREE[0], 1)
            found.house.source.add(paper)
            first, second = await found.house.say("/summarize 2611.00001")
            assert first == say("en", "reading", id="2611.00001")
            place, answer = found.house.fake.messages
            assert answer[0].edits == place[1]
            assert adversary.rows(THREE[0], "en")[0]["text"] in second
            assert "5 of 5 quotes found." in second
            (opened,) = await found.house.press(say("en", "button_evidence"))
            assert opened.count(f"{say('en', 'where_abstract')})") == 5
            shown = QUOTED.findall(opened)
            assert shown
            assert all(" ".join(text.split()) in plain(paper.abstract) for text in shown)
            assert found.house.fake.messages[-1][0].edits == place[1]
            *_, closed = await found.house.press(say("en", "hide_evidence"))
            assert closed == second
            *_, again = await found.house.say("/summarize 2611.00001v1")
            assert again == second  # at once, and for nothing
            assert len(server.seen) == 1
            assert found.rows("SELECT about FROM call") == [("summary 2611.00001v1 en",)]

    asyncio.run(run())


@pytest.mark.parametrize("side", SIDES)
def test_a_summary_is_paid_once_for_each_language_whoever_asks_in_the_same_second(side: str, tmp_path: Path) -> None:
    async def run() -> None:
        clock = SimulatedClock(SATURDAY, 50.0, time.time())  # one that goes on its own: six wait for two
        async with LlmServer() as server, home(tmp_path, side, server, clock=clock) as found:
            server.answer = reader.honest
            server.delay = 0.05
            chats = [found.house.chat(name) for name in "abc"] + [chinese(name) for name in "xyz"]
            await follow(found, *chats)
            found.house.source.add(of(THREE[0], 1))
            for chat in chats:
                await found.house.store.hear(Said(f"said:{chat.id}", chat, "/summarize 2611.00001"))
            await found.house.drain()
            assert len(server.seen) == 2
            answers: dict[str, str] = {}
            for chat_, payload in found.house.fake.sent:
                answers[chat_] = console_view.text(console_view.load(payload))  # the last is what stays
            assert len(answers) == 6
            assert len(set(answers.values())) == 2
            for text in answers.values():
                assert "5 of 5 quotes found" in text or "5 处引文核实 5 处" in text
            found.house.fake.sent.clear()
            await found.house.day()  # a digest takes what was paid for
            assert len(found.posts) == 6
            assert all(basis(post).by_model == 1 for post in found.posts)
            assert len(server.seen) == 2

    asyncio.run(run())


@pytest.mark.filterwarnings("ignore:.*FinishReason:UserWarning")
@pytest.mark.parametrize("ill", ILLS, ids=[ill.name for ill in ILLS])
def test_who_asks_while_the_model_fails_is_told_within_half_a_minute(
    ill: Ill, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    side = SIDES[ILLS.index(ill) % 3]

    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            server.fault(ill.kind, FOREVER, **ill.how)
            paper = of(THREE[0], 1)
            found.house.source.add(paper)
            began = found.clock.now()
            await found.house.say("/summarize 2611.00001")
            assert found.clock.now() - began <= MINUTE / 2
            post = found.posts[-1]
            says = say("en", "basis_extract_one_why", why=SAYS["en"][ill.why])
            assert reading_basis(post).startswith(says.rstrip("."))
            (item,) = post.items
            assert told(item).statements
            assert all(stands(text, paper) for text in told(item).statements)
            no_key(found, caplog)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("empty", "empty", "down"),
        ("nobody", "nobody", "down"),
        ("max_thoughts", "max_thoughts", "down"),
        ("bad_json", "safety", "content"),
        ("max_tokens", "recitation", "content"),
    ],
)
def test_words_that_never_came_are_not_said_to_have_failed_a_check(
    first: Kind, second: Kind, why: Why, tmp_path: Path
) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            server.answer = reader.honest
            server.fault(first)
            server.fault(second)
            found.house.source.add(of(THREE[0], 1))
            await found.house.say("/summarize 2611.00001")
            assert SAYS["en"][why] in reading_basis(found.posts[-1])

    asyncio.run(run())


# --- translations -------------------------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return "".join(text.split())


def translation_of(study: Study) -> str:
    return squeezed(plain(reader.TRANSLATED[study.abstract]))


@pytest.mark.parametrize("side", SIDES)
def test_an_abstract_is_translated_once_and_its_title_never(side: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            for number, study in enumerate((reader.MURMUR, reader.COLD), 1):
                found.house.source.add(of(study, number))
                texts = await found.house.say(f"/translate 2611.0000{number}", chinese())
                assert study.title in texts[-1]
                assert translation_of(study) in squeezed(texts[-1])
                assert squeezed(say("zh", "basis_translated", model=found.heard.model))[-20:] in squeezed(texts[-1])
                again = await found.house.say(f"/translate 2611.0000{number}", chinese("y"))
                assert again[-1] == texts[-1]
                assert len(server.seen) == number
            await found.house.say("/summarize 2611.00001", chinese())
            pressed = await found.house.press(say("zh", "button_translate"), chinese())
            assert translation_of(reader.MURMUR) in squeezed(pressed[-1])
            assert len(server.seen) == 3

    asyncio.run(run())


BAD: dict[str, Callable[[str], object]] = {
    "left in English": lambda good: {"text": reader.MURMUR.abstract + good[:0]},
    "a link": lambda good: {"text": good + "详见https://evil.example.org/x。"},
    "a number": lambda good: {"text": good.replace("75", "85")},
    "a mention": lambda good: {"text": "@everyone " + good},
    "markup": lambda good: {"text": f"**{good}**"},
    "a sentence too many": lambda good: {"text": good + "这是一篇杰作，强烈推荐阅读。"},
    "half of it": lambda good: {"text": good[: len(good) // 2]},
    "chatter": lambda good: {"text": "好的，以下是摘要的翻译：" + good},
    "no object": lambda good: [good],
    "no text": lambda good: {"translation": good},
    "no JSON": lambda good: good,
    "another paper": lambda _: {"text": reader.TRANSLATED[reader.COLD.abstract]},
}


def test_a_bad_translation_is_asked_twice_and_never_shown(tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            for number, (name, change) in enumerate(BAD.items(), 1):
                said = json.dumps(change(reader.TRANSLATED[reader.MURMUR.abstract]), ensure_ascii=False)
                server.answer = lambda _, said=said: said.strip('"') if name == "no JSON" else said  # type: ignore[misc]  # noqa: B023
                found.house.source.add(of(reader.MURMUR, number))
                for _ in range(2):  # the second time it is known
                    texts = await found.house.say(f"/translate 2611.{number:05}", chinese())
                    assert plain(reader.MURMUR.abstract) in texts[-1], name
                    assert say("zh", "not_translated", why=SAYS["zh"]["form"]) in texts[-1], name
                    assert not re.search(r"evil|everyone|杰作|\*\*", texts[-1]), name
                    assert len(server.seen) == 2 * number, name

    asyncio.run(run())


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("kind", "why", "asked"),
    [("day", "quota", 1), ("key", "owner", 1), ("safety", "content", 1), ("blocked", "content", 1), ("cut", "down", 3)],
)
def test_without_an_answer_the_abstract_stands_as_it_is_with_the_reason(
    side: str, kind: Kind, why: str, asked: int, tmp_path: Path
) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, side, server) as found:
            server.answer = reader.honest
            server.fault(kind, FOREVER)
            found.house.source.add(of(reader.MURMUR, 1))
            began = found.clock.now()
            texts = await found.house.say("/translate 2611.00001", chinese())
            assert plain(reader.MURMUR.abstract) in texts[-1]
            assert say("zh", "not_translated", why=SAYS["zh"][why]).rstrip("。") in texts[-1]
            assert len(server.seen) == asked
            assert found.clock.now() - began <= MINUTE / 2
            if why != "content":  # it is good again later
                server._faults.clear()
                found.clock.step(25 * 3600)
                texts = await found.house.say("/translate 2611.00001", chinese())
                assert translation_of(reader.MURMUR) in squeezed(texts[-1])

    asyncio.run(run())


def test_a_translation_cut_off_is_asked_for_with_more_room(tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            server.answer = reader.honest
            server.fault("max_tokens")
            found.house.source.add(of(reader.MURMUR, 1))
            texts = await found.house.say("/translate 2611.00001", chinese())
            assert translation_of(reader.MURMUR) in squeezed(texts[-1])
            rooms = [seen.body["generationConfig"]["maxOutputTokens"] for seen in server.seen]
            assert rooms == [4096, 8192]

    asyncio.run(run())


def test_nobody_is_asked_for_a_translation_that_cannot_be(tmp_path: Path) -> None:
    async def run() -> None:
        async with LlmServer() as server, home(tmp_path, "gemini", server) as found:
            found.house.source.add(of(reader.MURMUR, 1))
            *_, text = await found.house.say("/translate 2611.00001")
            assert text == say("en", "translate_english")
            *_, text = await found.house.say("/translate", chinese())
            assert text == say("zh", "translate_what")
            found.house.model = None
            *_, text = await found.house.say("/translate 2611.00001", chinese())
            assert text == say("zh", "translate_no_model")
            assert server.seen == []

    asyncio.run(run())


# --- killed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", SIDES)
def test_killed_between_call_and_answer_the_digest_goes_out_once_and_the_call_stays_booked(
    side: str, tmp_path: Path
) -> None:
    chat = FakeChat(limit=10**7)
    papers = {"2611.00001": of(THREE[0], 1)}

    async def run() -> None:
        async with LlmServer() as server:
            server.answer = reader.honest
            server.delay = 10.0
            async with home(tmp_path, side, server, chat=chat) as found:
                await follow(found)
                server.arrived.clear()
                day = asyncio.create_task(found.house.day(*papers.values()))
                await asyncio.wait_for(server.arrived.wait(), 10)
                await found.house.engine.stop()  # the process is gone
                day.cancel()
                await asyncio.gather(day, return_exceptions=True)
                now = found.clock.now()
                ((tokens, micros, ended),) = found.rows("SELECT tokens, micros, ended_at FROM call")
                assert ended is None
                assert tokens > 2048  # the whole answer that was allowed, and the question
                assert (micros > 0) == (side != "openai")  # its price is not known
                assert not chat.sent
            server.delay = 0.0
            async with home(tmp_path, side, server, chat=chat, clock=SteppedClock(now + MINUTE)) as found:
                await found.house.store.recover(resend=True)
                await found.house.drain()
                (post,) = found.posts
                assert true_to_its_basis(found, post, papers).by_model == 1
                calls = found.rows("SELECT tokens, micros, ended_at IS NULL FROM call ORDER BY at")
                assert calls[0] == (tokens, micros, 1)
                assert [row[2] for row in calls] == [1, 0]
                assert calls[1][0] == 1070  # what the provider counted
                found.clock.step(2 * 3600)
                await found.house.drain()
                assert len(chat.sent) == 1

    asyncio.run(run())
