"""Kill -9 wherever a harvest can be, for weeks of a simulated arXiv that fails too: nothing missed, nothing twice.

The house is a process of its own on its ledger file (`harvest_lives`). What it did is held
against the archive's own list of what it announced, its record of requests, and the platform's note of each message.
"""

import tempfile
from collections import Counter
from pathlib import Path

from tests.bars.harvest import CALENDAR, Figures, Size, Tale, judge, play_apart
from tests.bars.harvest_lives import LONG, PLACES, REQUEST, WHENEVER, Lives
from tests.fakes.arxiv_weather import fair, weather
from tests.fakes.arxiv_world import HOUR
from tests.fakes.harvest_house import Feeds

FULL = Size(33, 40, 80, 600)  # 24 announcements, of which the last 9 days' are still young at the end
REDUCED = Size(2, 20, 60, 100)  # fair weather
_SEED = {True: 20261121, False: 11}
_SPAN = {True: LONG, False: 8 * HOUR}  # ms that a process lives at most, or somewhat longer
_KILLS = {True: 60, False: 5}  # at least
_INSIDE = {place for place, _ in PLACES if place not in {REQUEST, WHENEVER}}
_SPARED = 2  # of these may be missed by chance
_PATIENCE = 1.0  # real seconds: more than a loaded machine takes for a request, and what a stalled one costs


def _ledger(tale: Tale, lives: Lives) -> None:
    """The ledger is whole, knows of each attempt that death broke off, and trusts no run that did not reach its end."""
    [(said,)] = lives.ask("PRAGMA integrity_check")
    tale.check(said == "ok", f"the ledger is damaged: {said}")
    recorded = sum(number for _, _, number in tale.rows["send"])
    tale.check(recorded == len(lives.in_doubt), f"{recorded} sends in doubt, but {len(lives.in_doubt)} were broken off")
    for verb, started, ended, outcome, _, mark in tale.rows["run"]:
        if mark is None:
            continue
        read = any(started <= at <= ended for at in lives.server.ends)
        tale.check(
            outcome == "complete" and read, f"{verb} moved the watermark to {mark} without having read to the end"
        )


def _events(tale: Tale) -> int:
    """How many events the ledger has more than once: a paper's beginning, a version, a category gained."""
    return sum(times - 1 for times in Counter(row[:4] for row in tale.rows["event"]).values())


def run(*, full: bool) -> int:
    size = FULL if full else REDUCED
    sky = fair(CALENDAR, size.first, size.days)
    if full:
        sky = weather(CALENDAR, size.first, size.days, size.stock, _SEED[full], Feeds.groups)
    with tempfile.TemporaryDirectory() as name:
        tale, lives = play_apart(size, sky, Path(name), patience=_PATIENCE, seed=_SEED[full], span=_SPAN[full])
        _ledger(tale, lives)
        figures = judge(tale)
        twice = _events(tale)
    tale.check(not twice, f"{twice} events are recorded twice")
    tale.check(len(tale.kills) >= _KILLS[full], f"only {len(tale.kills)} kills")
    tale.check(full or not figures.young, f"{figures.young} papers were not delivered by the end")
    if full:
        never = [place for place, _ in PLACES if place in _INSIDE and not lives.places[place]]
        tale.check(len(never) <= _SPARED, f"no process died {', '.join(never)}: are they still called that?")
    _table(size, tale, lives, figures)
    problems = lives.problems + tale.problems
    for problem in problems[:20]:
        print(f"! {problem}")
    return 1 if problems else 0


def _table(size: Size, tale: Tale, lives: Lives, figures: Figures) -> None:
    listings = len({event.listing for event in tale.world.all_announced(tale.end) if event.at > tale.began})
    runs = Counter(row[3] for row in tale.rows["run"])
    print(f"{size.days} days from {size.first} with {listings} announcements, {size.volume} papers a working day")
    print(f"{len(tale.kills)} kills: {', '.join(f'{n} {place}' for place, n in lives.places.most_common())}")
    print(f"  at work then: {', '.join(f'{n} {verb}' for verb, n in lives.amid.most_common())}; runs: {dict(runs)}")
    gaps = [later.at - first.at for first, later in zip(tale.server.requests, tale.server.requests[1:], strict=False)]
    print(
        f"{figures.new} papers past the horizon: {figures.missed} never delivered; {figures.young} of the younger;\n"
        f"{len(tale.box.got)} messages: {figures.repeated} repeated, all in doubt; {len(lives.in_doubt)} attempts in "
        f"doubt, {lives.unsent} of them never begun;\n"
        f"{len(tale.server.requests)} requests, the closest {min(gaps) / 1000:.1f} s apart, "
        f"{len(tale.server.violations)} violations"
    )
