"""The nouns: frozen values that every part of the house passes on.

Times are integer epoch milliseconds in UTC (`ms`), ids are text, texts are as arXiv gives them (LaTeX included);
making them fit for a reader is `core.plain`'s and the renderers' work.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from bot.words import say

# --- papers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as its source describes it. Nothing in it was written by a model."""

    id: str  # base arXiv id, folded: '2411.19525', 'math/0611800'; never a version
    version: int
    title: str  # one line, white space folded
    abstract: str  # paragraphs kept as newlines
    authors: tuple[str, ...]
    categories: tuple[str, ...]  # the primary one first
    published: int  # ms, submission of v1
    updated: int  # ms, submission of this version
    comment: str = ""
    journal_ref: str = ""
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a statement of a summary rests on."""

    quote: str  # the source's words, found there letter by letter
    sentence: str  # the sentence of the source that they stand in
    where: str  # 'abstract', 'comment', 'page 1', 'full text'
    beside: bool = False  # the quote must stand beside the statement


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper."""

    number: int
    created: int  # ms
    size: str = ""  # as arXiv writes it: '1234kb'
    source_type: str = ""  # 'D', 'I' (nothing to read: withdrawn), …


@dataclass(frozen=True, slots=True)
class Record:
    """What the record of truth says of a paper now."""

    paper: Paper
    versions: tuple[Version, ...] = ()
    license: str = ""
    withdrawn: bool = False
    stamp: int = 0  # ms, the UTC day on which the record last changed
    affiliations: tuple[str, ...] = ()
    deleted: bool = False


Happening = Literal["new", "cross", "replace", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Happened:
    """What a change of a record means to readers; `gained` are the categories of a cross-list."""

    paper: str
    kind: Happening
    version: int = 1
    gained: tuple[str, ...] = ()


Kind = Literal["new", "cross", "replace", "replace-cross"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One announcement in a feed. `kind` is 'cross' if only secondary categories were asked for.

    `paper` has no comment and no times (0): a feed does not tell them.
    """

    id: str  # base id, folded
    version: int
    kind: Kind
    categories: tuple[str, ...]
    paper: Paper


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that does not fit: the key of a sentence in `bot.words`, and what it names."""

    key: str
    group: str = ""  # of the feed it is about: 'cs.LG', 'cs.CV+cs.GR'
    have: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """A group's announcements of the day that began at `built` (ms; midnight in New York, as the feed says)."""

    items: tuple[Listed, ...]
    built: int
    etag: str = ""
    doubts: tuple[Doubt, ...] = ()  # why it may not be all


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of one announcement; the witnesses are the record of truth (oai), the feeds (rss), the audit."""

    listing: str  # the day it is named by, '2026-11-19': the morning after
    papers: int = 0  # new ones that are ours by now
    oai: int | None = None  # new papers that the record of truth named; None until it was read to its end
    rss: int | None = None  # new papers that the feeds named; None until every group was read
    missing: int = 0  # of them, that the record of truth did not have at that time
    audit: int | None = None  # papers that only the audit found; None until it was made
    late: int = 0  # papers that came after it had been called complete
    complete_at: int | None = None  # ms
    doubts: tuple[Doubt, ...] = ()  # what did not fit in the feeds


Basis = Literal["extract", "abstract"]
Why = Literal["", "quota", "budget", "down", "owner", "content", "form", "late"]
"""Why no model wrote a summary: none is there; the provider's quota; our own budget; no answer; a setting is wrong; the
provider would not speak of it; what it said failed the check; it came too late."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a digest says of a paper, and what that rests on."""

    tldr: str
    takeaways: tuple[str, ...]
    limits: tuple[str, ...] = ()  # that the authors state
    basis: Basis = "extract"  # the authors' sentences as they stand, or what a model wrote from the abstract
    model: str = ""  # that wrote it
    quotes: int = 0  # that it gave
    found: int = 0  # of them, that stand in the source
    proofs: tuple[Proof, ...] = ()  # for tldr, takeaways and limits, in this order; none where they are the source's
    why: Why = ""  # for an extract: why no model wrote it
    until: int = 0  # ms, until when an extract stands in for a model's; 0 for good


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a reading and what it rests on."""

    text: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Reading:
    """What a paper says, part by part, and what that rests on."""

    parts: tuple[tuple[str, tuple[Statement, ...]], ...]  # in the order of `core.reading.PARTS`
    affiliations: tuple[str, ...] = ()  # as printed on the first page
    keywords: tuple[str, ...] = ()  # the authors' own
    source: str = ""  # 'html' or 'pdf'; '' where only the abstract could be had
    pages: int = 0  # 0 where they are not known
    links: tuple[str, ...] = ()  # to code and project, that abstract, comments or first page name
    whole: bool = True  # whether the model was given all of it
    hidden: int = 0  # runs of text that no reader can see, and that were taken out
    model: str = ""  # that wrote it; '' for the authors' own sentences
    quotes: int = 0  # that it gave
    found: int = 0  # of them, that stand in the paper
    why: Why = ""  # why no model wrote it
    until: int = 0  # ms, until when it stands in for a better one; 0 for good


# --- who reads ----------------------------------------------------------------------------------------------------

AWAITING = say("en", "awaiting")  # why a channel that we were added to is silent
Mode = Literal["daily", "asap"]
Place = Literal["private", "group", "channel", "news", "forum"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A destination: (platform, address, thread) with its settings."""

    id: str  # 'console:you', 'telegram:-100123:42'
    platform: str
    address: str
    thread: str = ""
    title: str = ""
    kind: Place = "private"  # channel: read by many, run from its admin's private chat; news: posts can be published
    server: str = ""  # what it is a part of, if it is left as a part of that: a Discord server
    handle: str = ""  # public name without '@', if it has one
    host: str = ""  # id of the private chat of whoever let us in: hears of what goes wrong here
    language: str = "en"
    zone: str = "UTC"  # IANA name
    mode: Mode = "daily"
    minute: int = 510  # of the day in `zone`, for mode daily: 08:30
    cap: int = 0  # papers a digest carries at most; 0: all of them
    preview: bool = False  # whether the platform may show a page of the first link
    silent: bool = False  # whether messages arrive without a sound
    publish: bool = False  # whether what is posted in a news channel is published to those who follow it
    apart: bool = False  # whether each paper of a digest is a post of its own in a forum
    role: str = ""  # id of a role whose members may manage as well
    revisions: bool = False  # whether it hears of new versions and withdrawals too
    figures: bool = False  # whether it may be shown figures of papers, where their licences allow it
    suspended: str = ""  # why nothing is sent; '' while all is well
    next_at: int | None = None  # ms, when the next digest is due; None while nothing waits
    composed_at: int = 0  # ms, when its digest was last due: all that had matched until then is delivered


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a topic is about, beside the words typed."""

    definition: str = ""
    aliases: tuple[str, ...] = ()  # other names for it
    against: tuple[str, ...] = ()  # phrases of what shares its words and is not meant


@dataclass(frozen=True, slots=True)
class Topic:
    """A distinct wish; any number of chats share it."""

    id: str  # hash of `key`, 16 hex digits
    key: str  # canonical form: equal wishes have equal keys
    fts: str  # FTS5 expression of its words and authors, made of quoted normalised tokens only
    words: str = ""  # that are asked for in a paper's text
    meaning: Meaning = Meaning()
    plain: bool = False  # words, not a query: papers with other names for it are looked at as well
    drop: str = ""  # FTS5 expression of what it leaves out
    by: str = ""  # FTS5 expression of authors whose papers it always brings
    authors: tuple[str, ...] = ()  # their names as typed
    like: str = ""  # base id of the one paper that says what is wanted; its text is the definition

    @property
    def judged(self) -> bool:
        """Whether the relevance gate has a say; a query without a description is its own rule."""
        return self.plain or bool(self.meaning.definition)


class Level(IntEnum):
    """How strict a topic is; a paper's grade is the highest level that lets it pass."""

    RULE = 0  # all that a query matches; as a grade: a near miss
    BROAD = 1
    NORMAL = 2
    STRICT = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A paper that came close to a topic. `why` holds what score and grade rest on, as JSON (`core.relevance`)."""

    paper: str  # base id
    score: float = 0.0
    grade: int = Level.STRICT
    why: str = ""
    doubtful: bool = False  # whether a model should have a say


Verdict = Literal["", "on", "borderline", "off"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a paper stands with a topic of one chat."""

    match: Match  # as the topic has it; its grade is a model's, if one had its say
    at: int  # ms, when it was found as new; 0 for what was there before
    kind: str  # 'cross' if a cross-list brought it
    verdict: Verdict
    reason: str  # the model's
    shift: float  # what votes of the chat add to the score
    moved: int  # levels, by that
    waits: bool = False  # whether it was found in time for the chat's next digest


@dataclass(frozen=True, slots=True)
class Subscription:
    """A chat's wish to hear of a topic, in the words they used."""

    chat: str
    topic: Topic
    label: str
    since: int  # ms; nothing matched earlier is pushed
    muted: bool = False
    level: int = Level.RULE
    wish: str = ""  # all of it, as `core.wish` writes it
    likes: int = 0  # votes that its order rests on
    dislikes: int = 0


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Change: the chat wants this topic from now on; `papers` are what the archive already holds for it."""

    topic: Topic
    label: str
    papers: tuple[Match, ...] = ()
    next_at: int | None = None  # ms, when its digest is due if none is due earlier
    level: int = Level.RULE
    wish: str = ""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Change: the chat is done with this topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Retune:
    """Change: the wish for topic `old` becomes one for `topic`; what `old` has found and `papers` name still comes."""

    old: str
    topic: Topic
    label: str
    papers: tuple[Match, ...] = ()
    level: int = Level.RULE
    wish: str = ""
    weighed: "tuple[Weighed, ...]" = ()  # what the chat's votes, which move along, make of `papers`


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Change: the chat hears of this topic at another level."""

    topic: str
    level: int


@dataclass(frozen=True, slots=True)
class Vote:
    """Change: one person's word on a paper under a topic, 1 for more like it, -1 for less; `taste` is what follows."""

    topic: str
    paper: str
    voter: str
    value: int
    taste: "Taste"


@dataclass(frozen=True, slots=True)
class Taste:
    """What all votes of a chat say of a topic, and what they make of the papers that came close to it lately."""

    chat: str
    topic: str
    likes: int = 0
    dislikes: int = 0
    vector: str = ""  # as `core.relevance` writes it
    weighed: "tuple[Weighed, ...]" = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """A match as votes have moved it."""

    paper: str
    score: float
    moved: int  # levels, up or down
    shift: float  # of the score


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Change: what votes have taught of a topic is forgotten."""

    topic: str


Work = Literal["read", "figure"]
"""What a job does with a paper: read it (or ask it, if there is a question), or show a figure of it."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that takes its time: a paper to be read, or a question (if not '') to be asked of it."""

    id: str  # of what was said
    chat: str
    paper: str  # with its version
    language: str
    question: str = ""
    stages: int = 0  # that were told, over all attempts
    work: Work = "read"


@dataclass(frozen=True, slots=True)
class Begin:
    """Change: a job begins; this answer is the message that says how far it has come."""

    id: str  # of what was said
    paper: str
    language: str
    question: str = ""
    work: Work = "read"


@dataclass(frozen=True, slots=True)
class EndJob:
    """Change: nobody waits for a job any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Mute:
    """Change: the chat hears nothing of this topic, or hears of it again from now on."""

    topic: str
    muted: bool = True


@dataclass(frozen=True, slots=True)
class Forget:
    """Change: everything about the chat goes, and whatever else names its one person; a last answer is still sent."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Change: an admin wants digests in this chat, which was known but silent; `host` is their private chat."""

    host: str


@dataclass(frozen=True, slots=True)
class SetChat:
    """Change: the settings and next_at of the chat become those of `chat`."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class Wake:
    """Change: the chat's digest is due at `at` (ms)."""

    at: int


Change = (
    Subscribe
    | Unsubscribe
    | Retune
    | SetLevel
    | Vote
    | Unlearn
    | Begin
    | EndJob
    | Mute
    | Forget
    | Admit
    | SetChat
    | Wake
)
"""What a command does to the ledger, in the same transaction as its answer."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press of a button. It names the ledger's row of a message: the `seq`-th of its chat."""

    seq: int
    place: int  # of the button in that message, from 0
    message: str  # the platform's id of the message it stood under
    typed: str = ""  # what the reader filled into the field that the button asks


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person typed or pressed. `id` is unique per platform, so that a repeat is recognised."""

    id: str
    chat: Chat
    text: str = ""
    may_manage: bool | None = True  # None: the platform is asked once a command needs it
    author: str = ""  # the platform's id of the person; '' where there is but one
    press: Press | None = None
    reply: str = ""  # the platform's id of our message that it answers; '' if it answers none


@dataclass(frozen=True, slots=True)
class Joined:
    """We may speak in this chat. A channel stays silent until its admin admits us."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class Back:
    """We may speak again in this chat, or in all of its server if it has no address; nothing happens if unknown."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class Left:
    """We may not speak in this chat any more: in every thread of its address, if it has no thread itself.

    Without an address, in all of its server.
    """

    chat: Chat
    reason: str  # a sentence


@dataclass(frozen=True, slots=True)
class Moved:
    """All that was at one address of a platform is at another now."""

    platform: str
    old: str
    new: str


Event = Said | Joined | Back | Left | Moved
"""What a platform tells us."""


# --- what we say: the document before markup ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; `url` makes it a link."""

    text: str
    style: Literal["", "bold", "italic", "dim", "code"] = ""
    url: str = ""
    theirs: bool = False  # somebody else's words, a title for one: nothing in them may act (mention, command)


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph. `kind` tells a renderer how to set it: a heading, a list entry, plain text or small print."""

    spans: tuple[Span, ...]
    kind: Literal["text", "heading", "bullet", "small"] = "text"


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines a reader opens on demand, under a label that stays visible."""

    label: str
    lines: tuple[Line, ...]


Block = Line | Fold


@dataclass(frozen=True, slots=True)
class Button:
    """A press is the same as typing `says`; with `edits` the answer takes the place of the message above.

    With `asks`, a platform that has input fields lets the reader type what follows `says` into one of that name.
    """

    label: str
    says: str
    edits: bool = False
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What is never torn apart between two messages if it fits into one: a paper, mostly."""

    blocks: tuple[Block, ...]
    paper: str = ""  # base id, '' where the item is no paper
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A message in the platform-neutral form: head, items, foot."""

    head: tuple[Block, ...] = ()
    items: tuple[Item, ...] = ()
    foot: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    title: str = ""  # of the thread it opens, where each post is one (a forum); '' in all parts but the first
    tags: tuple[str, ...] = ()  # for that thread: arXiv categories
    hue: str = ""  # posts with the same one are coloured alike, where a platform colours: the topic
    alt: str = ""  # what the picture above it shows; '' for a post without one

    @property
    def pressable(self) -> tuple[Button, ...]:
        """All its buttons in the order of their places: the items', then its own."""
        return (*(button for item in self.items for button in item.buttons), *self.buttons)

    @property
    def papers(self) -> tuple[str, ...]:
        """Base ids of the papers it carries, in order."""
        return tuple(item.paper for item in self.items if item.paper)


def line(*parts: str | Span, kind: Literal["text", "heading", "bullet", "small"] = "text") -> Line:
    """Build a line from plain strings and spans."""
    return Line(tuple(Span(p) if isinstance(p, str) else p for p in parts), kind)


# --- deliveries -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One rendered platform message, ready to be frozen in the ledger."""

    payload: str
    papers: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()  # what a press of each does
    picture: bytes = field(default=b"", repr=False)  # PNG that it is the caption of


@dataclass(frozen=True, slots=True)
class Send:
    """One platform message in the ledger. `doubted` counts attempts whose outcome nobody knows."""

    id: str
    chat: Chat
    payload: str
    attempt: int
    nonce: str  # hash of `id`, at most 25 characters (Discord's limit)
    doubted: int = 0
    first_at: int = 0  # ms, when the first attempt was made
    seq: int = 0  # its place among the messages of its chat; names it in a Press
    edits: str = ""  # the platform's id of the message whose place it takes; '' for a new one
    first: str = ""  # the platform's id of the first message of the same digest or answer; '' if this is the first
    picture: bytes = field(
        default=b"", repr=False
    )  # PNG of at most 4 MB; b'' where there is none any more, or never was


@dataclass(frozen=True, slots=True)
class Run:
    """How the last attempt of a verb ended."""

    started_at: int
    ended_at: int
    outcome: Literal["complete", "failed"]
    detail: str  # a sentence
    papers: int  # new ones
    mark: int | None  # ms, how far a complete harvest reached
    next_at: int | None  # ms, when to try again


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which summary a digest waits for: the cache key beside paper and version. `language` '' is the chat's."""

    language: str = "en"
    prompt: str = "extract-1"
    model: str = "extract"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the ledger holds, for /status and doctor."""

    papers: int
    topics: int
    subscriptions: int
    chats: int
    suspended: int
    deliveries: int
    doubted: int
    sends: tuple[tuple[str, int], ...]  # (state, how many)


@dataclass(frozen=True, slots=True)
class Rate:
    """A budget: one slot every `every` ms, with up to `burst` slots taken at once after a pause."""

    every: int
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be asked of a provider of models; 0 is any. Days are the provider's, money is in dollars / 1,000,000."""

    requests_a_minute: int = 0
    tokens_a_minute: int = 0
    requests_a_day: int = 0
    tokens_a_day: int = 0
    micros_a_day: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a provider of models was asked since a moment; calls under way count with what they may cost at most."""

    requests: int
    tokens: int
    micros: int


class Turn(IntEnum):
    """Whose turn it is where many wait for one budget."""

    ANSWER = 0  # somebody is waiting for it
    SLOW = 1  # its chat may take few messages a minute: a slot missed is not made up for
    OTHER = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper of a digest with all that is needed to set it."""

    paper: Paper
    summary: Summary
    topic: str  # label of the topic it stands under
    others: tuple[str, ...] = ()  # labels of the chat's other topics that it matches
    mark: Literal["", "cross", "late"] = ""  # old, and new to its category; or found after its day was called complete


@dataclass(frozen=True, slots=True)
class Notice:
    """A new version or a withdrawal of a paper, for those who asked for revisions."""

    paper: Paper
    version: int
    kind: str  # 'replace' or 'withdrawn'


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest as composed: which papers, for whom, out of how many."""

    id: str
    chat: Chat
    at: int  # ms
    scanned: int  # new papers looked at since the one before
    entries: tuple[Entry, ...] = ()
    more: int = 0  # papers that its cap left out
    partial: str = ""  # the announcement that was not complete when this was composed: '2026-11-19'
    notices: tuple[Notice, ...] = ()
    unjudged: int = 0  # papers that were to be judged by a model and were not


@dataclass(frozen=True, slots=True)
class News:
    """What the owner should hear of, since they last heard."""

    chats: tuple[str, ...] = ()  # titles of new ones; '' for a private one: persons are not named
    suspended: tuple[tuple[str, str], ...] = ()  # (title, why)
    dead: int = 0  # messages given up
    dead_why: str = ""
    failed: int = 0  # looks at arXiv that failed
    failed_why: str = ""
    model_why: str = ""  # why no model is asked, a sentence
    model_until: int = 0  # ms
