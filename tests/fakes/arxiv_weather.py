"""What goes wrong at the simulated arXiv, and when: every kind of fault that it was seen to have, by the seed.

Invariants: a fault belongs to one listing and ends with the announcement of the next, but for papers that a witness
lacks: the record of truth has them within nine days, a feed never.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from bot.core.calendar import Calendar
from tests.fakes.arxiv_world import DAY, HOUR
from tests.fakes.arxiv_world_server import WorldServer


@dataclass(slots=True)
class Weather:
    """What goes wrong, and when: a pure function of the seed."""

    acts: list[tuple[int, Callable[[WorldServer], object]]] = field(default_factory=list)
    wrong: dict[date, set[str]] = field(default_factory=dict)  # faults by listing
    late: dict[date, float] = field(default_factory=dict)
    bulk: dict[date, int] = field(default_factory=dict)
    decks: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    looks: list[int] = field(default_factory=list)  # ms, when somebody asks for a harvest by hand
    lacking: set[date] = field(default_factory=set)  # listings of which a witness lacks papers all day


_ENDPOINTS = ("oai", "oai", "rss", "rss", "api", "any", "any")
_PLAIN = ("rate", "html", "truncated", "stall", "stall_body", "dribble_head", "drop", "short_body")
_FAULTS = (
    *("refused", "refused", "plain", "plain", "plain", "plain", "bad_token", "no_records", "restamp", "restamp"),
    *("stale", "capped", "hide_oai", "hide_rss", "hide_two", "api_behind", "midnight", "outage"),
)
_SHARE = 0.55  # of the listings that are faulty


def weather(calendar: Calendar, first: date, days: int, stock: int, seed: int, groups: Sequence[str]) -> Weather:
    """Plan the days from `first` on, for an archive with so much `stock` and for a reader of these groups of feeds."""
    sky, dice = Weather(), random.Random(f"weather {seed}")
    end = first + timedelta(days=days)
    listings = list(calendar.listings(first + timedelta(days=1), end))
    for listing in listings:
        said = sky.wrong.setdefault(listing, set())
        if dice.random() > _SHARE:
            continue
        start = calendar.announced(listing)
        over = calendar.announced(calendar.after(listing))
        for _ in range(dice.choice((1, 1, 2, 3))):
            said.add(_fault(sky, dice, listing, (start, min(over, start + DAY)), groups))
    for number, listing in enumerate(listings[4::13]):
        sky.late[listing] = (3.0, 8.0, 26.0)[number % 3]
        sky.wrong[listing].add("late")
        sky.wrong[calendar.after(listing)] = sky.wrong.get(calendar.after(listing), set()) | {"late"}
    for listing in listings[7::17]:
        sky.bulk[listing] = round(stock * 0.7)
        sky.wrong[listing].add("bulk")
    sky.acts.sort(key=lambda act: act[0])
    sky.looks.sort()
    return sky


def fair(calendar: Calendar, first: date, days: int) -> Weather:
    """Plan nothing."""
    last = first + timedelta(days=days + 7)
    return Weather(wrong={listing: set() for listing in calendar.listings(first, last)})


def _draw(sky: Weather, dice: random.Random, kinds: tuple[str, ...]) -> str:
    """Draw a kind; none comes again before all others have come."""
    deck = sky.decks.setdefault(kinds, [])
    if not deck:
        deck += dice.sample(kinds, len(kinds))
    return deck.pop()


def _fault(sky: Weather, dice: random.Random, listing: date, span: tuple[int, int], groups: Sequence[str]) -> str:
    """Plan one fault between an announcement and the next, and name it."""
    start, over = span

    def plan(at: int, act: Callable[[WorldServer], object]) -> None:
        sky.acts.append((at, act))

    kind = _draw(sky, dice, _FAULTS)
    on: Any = dice.choice(_ENDPOINTS)
    at, times = dice.randrange(start, over - 8 * HOUR), dice.randint(1, 4)
    after = dice.randint(0, {"api": 0, "rss": 9}.get(on, 6))
    group = dice.choice(groups).split("+")[0]
    match kind:
        case "refused":
            status, more = dice.choice(((429, {"Retry_After": "120"}), (503, {"Retry_After": "120"}), (503, {})))
            how: dict[str, Any] = {"after": after, "status": status, "on": on, "until": over, **more}
            plan(at, lambda s: s.fault("status", times, **how))
        case "plain":
            plain: Any = _draw(sky, dice, _PLAIN)
            plan(at, lambda s: s.fault(plain, times, after=after, on=on, until=over))
        case "bad_token" | "no_records" | "restamp":
            ours: Any = kind
            plan(at, lambda s: s.fault(ours, times, after=after, on="oai", until=over, count=9))
        case "stale" | "capped":
            feed: Any = kind
            plan(start, lambda s: s.fault(feed, None, on="rss", group=group, until=over))
            sky.lacking.add(listing)
        case "hide_oai":
            until = start + round(dice.uniform(1.2, 8) * DAY)
            plan(start, lambda s: s.world.hide("oai", listing, 0.3, until))
            sky.lacking.add(listing)
        case "hide_rss":
            plan(start, lambda s: s.world.hide("rss", listing, 0.3))
            sky.lacking.add(listing)
        case "hide_two":  # the same papers: only the audit can find them
            until = start + round(dice.uniform(3, 8.5) * DAY)
            plan(start, lambda s: (s.world.hide("oai", listing, 0.2, until), s.world.hide("rss", listing, 0.2)))
        case "api_behind":
            plan(start, lambda s: setattr(s, "api_behind", 20 * HOUR))
            plan(over, lambda s: setattr(s, "api_behind", 0))
        case "midnight":
            sky.looks.append(start - start % DAY + DAY - 8_000)
        case _:
            until = at + dice.randint(1, 9) * HOUR
            plan(at, lambda s: s.fault("status", None, on=on, until=min(until, over)))
    return kind
