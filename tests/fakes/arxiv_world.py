"""One simulated archive: what is submitted, held, announced, cross-listed, replaced, withdrawn and edited, by the day.

Invariants: the seed decides everything, whenever it is asked; what was announced is told apart from what an endpoint
shows (`announced` is the truth, `entries` and `days` are what the archive holds by the last `advance`); ids are dense
within a month but for the gaps that `gaps` names; a paper has at most one event a listing; time never goes back.

Simplified: no paper is deleted, no version is announced apart from its listing, subjects of a hold never change, and
what is older than the simulation (`stock`) is thinned out, so that its ids are not dense.
"""

import heapq
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, count
from typing import Final, Literal

from bot.core.arxiv_id import ARCHIVES
from bot.core.calendar import Calendar
from bot.core.times import NEW_YORK, instant, ms

Kind = Literal["new", "cross", "replace", "withdrawn", "other"]
Witness = Literal["oai", "rss", "api"]

HOUR: Final = 3_600_000  # ms
DAY: Final = 24 * HOUR
CATEGORIES: Final = tuple(f"{a}.{s}" if s else a for a, subjects in ARCHIVES.items() for s in subjects or ("",))
TWINS: Final = {
    **(_half := {
        "cs.IT": "math.IT", "cs.NA": "math.NA", "eess.SY": "cs.SY",
        "math-ph": "math.MP", "math.ST": "stat.TH", "q-fin.EC": "econ.GN",
    }),
    **{twin: name for name, twin in _half.items()},
}  # fmt: skip
"""Categories that are one and the same, https://arxiv.org/category_taxonomy."""

_WEIGHTS: Final = tuple(
    accumulate({"cs": 5, "astro-ph": 4, "quant-ph": 12, "hep-ph": 7}.get(name.split(".")[0], 2) for name in CATEGORIES)
)
_LICENSES: Final = (
    *("http://arxiv.org/licenses/nonexclusive-distrib/1.0/",) * 5,
    *("http://creativecommons.org/licenses/by/4.0/",) * 3,
    "http://creativecommons.org/licenses/by-nc-nd/4.0/",
    "http://creativecommons.org/publicdomain/zero/1.0/",
)


@dataclass(frozen=True, slots=True)
class Version:
    submitted: int  # ms
    kb: int
    source: str  # arXiv's source types; I: withdrawn


@dataclass(frozen=True, slots=True)
class Event:
    """What arXiv announced of a paper."""

    listing: date
    id: str
    kind: Kind
    categories: tuple[str, ...]  # new: all of them, the primary one first; cross: those gained; else all
    version: int
    submitted: int  # ms, of this version
    at: int  # ms, when OAI and the API have it


@dataclass(slots=True, eq=False)
class Entry:
    """A paper as the archive holds it now."""

    id: str
    seed: int
    categories: tuple[str, ...]
    versions: list[Version]
    stamp: str  # UTC day of the last change
    license: str = ""
    comment: str = ""
    journal_ref: str = ""
    doi: str = ""
    since: int = 0  # ms, when it became public
    change: int = 0  # how often it has changed: a rendering of another count is stale
    # what is decided, though not yet public
    planned: int = 1  # versions
    wanted: tuple[str, ...] = ()  # categories
    touched: date = date.min  # listing of its last event
    gone: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    kind: Kind
    entry: Entry | None  # None: `size` papers of the stock, in bulk
    event: Event | None = None
    gained: tuple[str, ...] = ()
    version: Version | None = None
    size: int = 0


@dataclass(slots=True)
class _Draft:
    submitted: int
    categories: tuple[str, ...]


@dataclass(slots=True)
class _Wish:
    kind: Kind
    id: str
    categories: tuple[str, ...]


@dataclass
class World:
    """`volume` papers are submitted a working day; `first` is the first listing, before it lies only the `stock`.

    `bulk`: on a UTC day, at noon, so many papers of the stock are restamped. `late`: a listing is so many hours late.
    """

    calendar: Calendar
    first: date
    seed: int = 0
    volume: int = 60
    stock: int = 2000
    lag: int = 9_000_000  # ms from the announcement until OAI and the API have it: 22:30 in New York
    gap: float = 0.002  # share of ids that were never given
    bulk: Mapping[date, int] = field(default_factory=dict)
    late: Mapping[date, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = 0
        self.entries: dict[str, Entry] = {}
        self.days: dict[str, dict[str, Entry]] = {}  # by datestamp
        self.shown: dict[date, list[Event]] = {}  # by the day of the feed that shows them
        self.gaps: list[str] = []  # ids that no paper has
        self._events: dict[date, list[Event]] = {}
        self._pending: dict[date, list[_Draft]] = {}
        self._wishes: dict[date, list[_Wish]] = {}
        self._hidden: list[tuple[Witness, frozenset[str], int]] = []
        self._known: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self._numbers: dict[str, int] = {}
        self._heap: list[tuple[int, int, _Change]] = []
        self._order = count()
        self._cycle = instant(self.calendar.window(self.first)[0], NEW_YORK).date()
        self._next = self.first
        self._fill()
        for day, size in self.bulk.items():
            noon = ms(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
            self._push(noon, _Change("other", None, size=size))

    # --- the truth -------------------------------------------------------------------------------------------------

    def announced(self, listing: date) -> list[Event]:
        """All that a listing announced or will announce."""
        while self._next <= listing:
            self._plan(self._next)
            self._next = self.calendar.after(self._next)
        return self._events.get(listing, [])

    def all_announced(self, until: int | None = None) -> list[Event]:
        """All that is public by an instant (ms), by now if none is given, in order."""
        until = self.now if until is None else until
        self.announced(self.calendar.listing_at(until))
        found = [event for events in self._events.values() for event in events if event.at <= until]
        return sorted(found, key=lambda event: (event.at, event.listing))

    def submit(self, listing: date, submitted: int, categories: tuple[str, ...]) -> None:
        """Have a paper of ours announced in a listing that is not planned yet."""
        assert listing >= self._next, f"{listing} is planned already"
        self._pending.setdefault(listing, []).append(_Draft(submitted, categories))

    def wish(self, listing: date, kind: Kind, id_: str, categories: tuple[str, ...] = ()) -> None:
        """Have something happen to a paper that is known by then; `categories` are those a cross-list adds."""
        assert listing >= self._next, f"{listing} is planned already"
        self._wishes.setdefault(listing, []).append(_Wish(kind, id_, categories))

    def public_at(self, listing: date) -> int:
        """When (ms) OAI and the API have a listing."""
        return self.calendar.announced(listing) + self.lag + round(self.late.get(listing, 0) * HOUR)

    def hide(self, witness: Witness, listing: date, share: float, until: int | None = None) -> frozenset[str]:
        """Let a witness lack a share of a listing's new papers until an instant (ms), or for ever; tells their ids."""
        new = [event.id for event in self.announced(listing) if event.kind == "new"]
        ids = frozenset(random.Random(f"{self.seed} hide {listing}").sample(new, round(share * len(new))))
        self._hidden.append((witness, ids, until if until is not None else 1 << 62))
        return ids

    def hidden(self, witness: Witness) -> frozenset[str]:
        """Ids that a witness lacks now."""
        return frozenset().union(*(ids for who, ids, until in self._hidden if who == witness and self.now < until))

    # --- the archive -----------------------------------------------------------------------------------------------

    def advance(self, now: int) -> None:
        """Let the archive be what it is at an instant (ms)."""
        self.announced(self.calendar.listing_at(now))
        while self._heap and self._heap[0][0] <= now:
            at, _, change = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            self._apply(at, change)
        self.now = max(self.now, now)

    def restamp(self, ids: list[str]) -> None:
        """Change records at once, as an edit by staff would: no version, no category, only the datestamp moves."""
        for id_ in ids:
            self._stamp(self.entries[id_], self.now)

    def _apply(self, at: int, change: _Change) -> None:
        entry = change.entry
        if entry is None:
            for old in sorted(self.entries.values(), key=lambda e: e.since)[: change.size]:
                self._stamp(old, at)
            return
        if change.kind == "new":
            self._open(entry, at)
        if change.gained:
            entry.categories += change.gained
        if change.version and change.kind != "new":
            entry.versions.append(change.version)
        if change.kind == "withdrawn":
            entry.comment = "This paper has been withdrawn by the author due to an error in Lemma 2"
        if change.kind == "other" and not change.gained:
            entry.journal_ref = f"J. Simul. Arch. {entry.change + 1} (2026) {entry.seed % 900 + 1}"
            entry.doi = f"10.5555/jsa.{entry.seed % 10**8}.{entry.change}"
        self._stamp(entry, at - self.lag if change.event else at)
        if change.event:
            self.shown.setdefault(feed_day(at - self.lag), []).append(change.event)

    def _open(self, entry: Entry, at: int) -> None:
        entry.since = at
        self.entries[entry.id] = entry

    def _stamp(self, entry: Entry, at: int) -> None:
        self.days.get(entry.stamp, {}).pop(entry.id, None)
        entry.stamp = utc_day(at)
        entry.change += 1
        self.days.setdefault(entry.stamp, {})[entry.id] = entry

    def _push(self, at: int, change: _Change) -> None:
        heapq.heappush(self._heap, (at, next(self._order), change))

    # --- what happens ----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Papers of 2007 to two months before the first listing, and some with ids of the 1990s."""
        rng = random.Random(f"{self.seed} stock")
        latest = ms(datetime.combine(self.first, datetime.min.time(), UTC)) - 62 * DAY
        for _ in range(self.stock):
            at = rng.randrange(725_846_400_000 if rng.random() < 0.1 else 1_175_400_000_000, latest - 30 * DAY)
            month, categories = f"{instant(at):%y%m}", self._categories(rng)
            since = instant(at).year * 100 + instant(at).month
            prefix, digits, thin = (f"{month}.", 5, 30) if since >= 201501 else (f"{month}.", 4, 30)
            if since < 200704:
                prefix, digits, thin = f"{categories[0].split('.')[0]}/{month}", 3, 3
            number = self._numbers[prefix] = self._numbers.get(prefix, 0) + rng.randint(1, thin)
            id_ = f"{prefix}{number:0{digits}}"
            times = sorted([at, *(rng.randrange(at, latest) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 5))))])
            entry = self._entry(rng, id_, categories, [self._version(rng, time) for time in times])
            entry.planned = len(times)
            self._known.append(entry)
            self._open(entry, at)
            self._stamp(entry, rng.randrange(max(times[-1], 1_126_900_000_000), latest + 40 * DAY))

    def _plan(self, listing: date) -> None:
        """Decide on everything that a listing announces, and on what else changes until the next."""
        rng = random.Random(f"{self.seed} {listing}")
        announced, at = self.calendar.announced(listing), self.public_at(listing)
        start, end = self.calendar.window(listing)
        self._receive(rng, listing, end)
        events = self._events[listing] = []
        month = f"{instant(announced, NEW_YORK):%y%m}"  # of the announcement, whenever it was submitted
        fresh = []
        for draft in sorted(self._pending.pop(listing, []), key=lambda d: d.submitted):
            while (number := self._number(month)) and rng.random() < self.gap:
                self.gaps.append(f"{month}.{number:05}")
            version = self._version(rng, draft.submitted)
            entry = self._entry(rng, f"{month}.{number:05}", draft.categories, [version])
            entry.touched = listing
            fresh.append(entry)
            event = Event(listing, entry.id, "new", entry.categories, 1, draft.submitted, at)
            events.append(event)
            self._push(at, _Change("new", entry, event))
        size = max(len(fresh), 1)
        wishes = self._wishes.pop(listing, [])
        for kind, share in (("cross", 0.08), ("replace", 0.5), ("withdrawn", 0.008)):
            wishes += [_Wish(kind, "", ()) for _ in range(_about(rng, size * share))]  # type: ignore[arg-type]
        for wish in wishes:
            self._revise(rng, listing, wish, rng.randrange(start, end))
        until = self.calendar.announced(self.calendar.after(listing))
        for _ in range(_about(rng, size * 1.2)):
            if edited := self._pick(rng, listing):
                twin = tuple(TWINS[c] for c in edited.wanted if c in TWINS and TWINS[c] not in edited.wanted)
                gained = twin[:1] if rng.random() < 0.2 else ()  # no cross-list: the two are one
                edited.wanted += gained
                self._push(rng.randrange(at, max(until, at + HOUR)), _Change("other", edited, gained=gained))
        self._known += fresh

    def _receive(self, rng: random.Random, listing: date, end: int) -> None:
        """Take in what is submitted until a deadline; moderation holds some."""
        last = instant(end, NEW_YORK).date()
        while self._cycle < last:
            self._cycle += timedelta(days=1)
            noon = datetime.combine(self._cycle, datetime.min.time(), instant(0, NEW_YORK).tzinfo)
            to = ms(noon.replace(hour=14))
            busy = 1.0 if self._cycle.weekday() < 5 else 0.3
            for _ in range(_about(rng, self.volume * busy * rng.uniform(0.85, 1.15))):
                submitted = rng.randrange(to - 23 * HOUR, to)
                hold = rng.choices((0.0, rng.uniform(1, 4), 25.0), (94, 5, 1))[0]
                into = self.calendar.listing_of_submission(submitted + round(hold * DAY)) if hold else listing
                draft = _Draft(submitted, self._categories(rng))
                self._pending.setdefault(max(into, listing), []).append(draft)

    def _revise(self, rng: random.Random, listing: date, wish: _Wish, submitted: int) -> None:
        entry = self._by_id[wish.id] if wish.id else self._pick(rng, listing, gone=wish.kind != "cross")
        if entry is None:
            return
        kind, version, gained = wish.kind, None, wish.categories
        if kind == "cross":
            gained = gained or tuple(self._other(rng, entry.wanted))
            entry.wanted += gained
        else:
            entry.planned += 1
            entry.gone = kind == "withdrawn"
            version = Version(submitted, 0, "I") if entry.gone else self._version(rng, submitted)
        entry.touched = listing
        shown = gained if kind == "cross" else entry.wanted
        event = Event(listing, entry.id, kind, shown, entry.planned, submitted, self.public_at(listing))
        self._events[listing].append(event)
        self._push(event.at, _Change(kind, entry, event, gained if kind == "cross" else (), version))

    def _pick(self, rng: random.Random, listing: date, *, gone: bool = False) -> Entry | None:
        """Some paper that this listing has not touched yet, half the time a recent one; `gone`: not withdrawn."""
        for _ in range(20):
            size = len(self._known)
            if not size:
                return None
            entry = self._known[rng.randrange(max(size - 2000, 0) if rng.random() < 0.5 else 0, size)]
            if entry.touched < listing and not (gone and entry.gone):
                return entry
        return None

    def _entry(self, rng: random.Random, id_: str, categories: tuple[str, ...], versions: list[Version]) -> Entry:
        entry = Entry(id_, rng.getrandbits(62), categories, versions, "", rng.choice(_LICENSES), wanted=categories)
        if rng.random() < 0.6:
            entry.comment = f"{rng.randint(4, 60)} pages, {rng.randint(1, 12)} figures"
        self._by_id[id_] = entry
        return entry

    def _version(self, rng: random.Random, submitted: int) -> Version:
        return Version(submitted, rng.randint(5, 30_000), rng.choice(("", "", "D", "D", "D", "A", "X")))

    def _number(self, month: str) -> int:
        self._numbers[month] = self._numbers.get(month, 0) + 1
        return self._numbers[month]

    def _categories(self, rng: random.Random) -> tuple[str, ...]:
        found = dict.fromkeys(rng.choices(CATEGORIES, cum_weights=_WEIGHTS, k=rng.choice((1, 1, 1, 2, 2, 3, 4))))
        for name in tuple(found):
            if name in TWINS and rng.random() < 0.8:
                found.setdefault(TWINS[name])
        return tuple(found)

    def _other(self, rng: random.Random, has: tuple[str, ...]) -> list[str]:
        taken = {*has, *(TWINS[name] for name in has if name in TWINS)}
        return rng.choices([name for name in CATEGORIES if name not in taken])


def utc_day(at: int) -> str:
    return f"{instant(at):%Y-%m-%d}"


def feed_day(at: int) -> date:
    """The day of the feed that shows what was announced at an instant (ms): the one that follows in New York."""
    return instant(at + 4 * HOUR, NEW_YORK).date()


def _about(rng: random.Random, expected: float) -> int:
    """A whole number that is `expected` on average."""
    return int(expected) + (rng.random() < expected % 1)
