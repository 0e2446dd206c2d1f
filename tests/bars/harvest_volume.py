"""Five announcements in a row of the size that arXiv has, with faults: 1,500 new papers and 5,000 changed records each.

`python -m tests.bars.harvest_volume` prints what it took and ends with 1 if anything is wrong; `harvest` runs it beside
its 60 days. The house is in a process of its own (`harvest_lives`), so that its seconds and memory hold no archive.
"""

import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.core.times import ms
from tests.bars.harvest import CALENDAR, Size, judge, play_apart, world_of
from tests.fakes.arxiv_weather import Weather, weather
from tests.fakes.arxiv_world import HOUR
from tests.fakes.harvest_house import Feeds

WEEK = Size(5, 1500, 2500, 20_000, date(2026, 11, 1))  # a Sunday; summer time ends on it
_SEED = 7
_EDITED = 800  # records a day that staff edit, beside what the announcements change
_HORIZON = 20 * HOUR  # no fault of this week hides a paper for longer
_PATIENCE = 10.0  # real seconds: a page of 2,500 records is rendered while others work
_MEMORY = 300.0  # MiB


def sky_of(size: Size) -> Weather:
    sky = weather(CALENDAR, size.first, size.days, size.stock, _SEED, Feeds.groups)
    for number in range(-9, size.days):
        sky.bulk[size.first + timedelta(days=number)] = _EDITED
    return sky


def changed(size: Size, sky: Weather) -> list[int]:
    """How many records changed on each UTC day, counted in another archive of the same seed."""
    world, numbers = world_of(size, sky), []
    for number in range(size.days):
        day = size.first + timedelta(days=number)
        world.advance(ms(datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)))
        numbers.append(len(world.days.get(f"{day:%F}", {})))
    return numbers


def main() -> int:
    sky, start = sky_of(WEEK), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        tale, lives = play_apart(WEEK, sky, Path(name), patience=_PATIENCE)
    seconds = time.monotonic() - start
    tale.horizon = _HORIZON
    figures = judge(tale)
    cpu, most = lives.cost()
    truth = [event for event in tale.world.all_announced(tale.end) if event.at > tale.began]
    new = Counter(event.listing for event in truth if event.kind == "new").values()
    days = ", ".join(f"{number:,}" for number in changed(WEEK, sky))
    spoilt = Counter(request.trouble for request in tale.server.requests if request.trouble)
    runs = Counter(row[3] for row in tale.rows["run"])
    print(
        f"real volume: {len(new)} announcements of {min(new):,} to {max(new):,} new papers; records changed a day: "
        f"{days}\n  requests spoilt: {dict(spoilt)}; runs: {dict(runs)}\n"
        f"  {figures.new:,} papers past {_HORIZON // HOUR} hours: {figures.missed} never delivered, {figures.young} of "
        f"the younger;\n  {figures.revised:,} versions and {figures.crosses} cross-lists: {figures.revisions_missed} "
        f"and {figures.crosses_missed} missed; {len(tale.box.got)} messages, {figures.repeated} repeated;\n"
        f"  {len(tale.server.requests)} requests, {len(tale.server.violations)} closer than 3 s or together; "
        f"{seconds:.0f} s, {cpu:.0f} s of the house's CPU, {most:.0f} MiB at most"
    )
    tale.check(most < _MEMORY, f"the house took {most:.0f} MiB")
    tale.check(figures.new > 0, "nothing was held against the truth")
    problems = lives.problems + tale.problems
    for problem in problems[:20]:
        print(f"! {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
