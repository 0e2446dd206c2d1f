"""Why there is nothing to send: "no papers" and "we failed" never look the same."""

from collections.abc import Sequence
from datetime import date

from bot.core import times
from bot.flow import harvest
from bot.model import Chat, Coverage
from bot.ports import Ledger, Ports
from bot.words import count, say

LOOK_BACK = 7  # days that a preview covers
_DAY = 86_400_000  # ms
_NEAR = 5  # near misses that /near lists
EXAMPLE = "graph neural networks"


def moment(at: int | None, chat: Chat, language: str) -> str:
    """When something is due, as the chat reads it; 'in a moment' where no instant is set."""
    return times.moment(at, chat.zone, language) if at else say(language, "soon")


async def reason(store: Ledger, ports: Ports, chat: Chat, language: str, *, said: Sequence[str] = ()) -> str:
    """One sentence for a chat with nothing waiting; what was `said` beside it is not said again."""
    subscriptions = await store.subscriptions(chat.id)
    if not subscriptions:
        return say(language, "no_topics", example=EXAMPLE)
    if all(subscription.muted for subscription in subscriptions):
        return say(language, "quiet_muted")
    unsent, trouble = await store.unsent(chat.id)
    if unsent:
        number = count(language, unsent, "count_one", "count_papers")
        return say(language, "quiet_unsent", count=number, why=trouble or say(language, "quiet_composed"))
    run = await store.last_run("harvest")
    if run is None:
        return say(language, "quiet_not_looked")
    if run.outcome == "failed":
        return say(language, "quiet_failed", why=run.detail, when=moment(run.next_at, chat, language))
    last = await store.last_digest(chat.id)
    when = times.moment(last or min(s.since for s in subscriptions), chat.zone, language)
    since = say(language, "since_digest" if last else "since_first", when=when)
    scanned = await store.scanned(chat.id)
    if scanned == 0:
        why = await expected(store, ports, chat.zone, language)
        return say(language, "quiet_no_new", since=since, why="" if why in said else why).rstrip()
    text = say(language, "quiet_no_match", since=since, scanned=count(language, scanned, "paper_one", "papers"))
    near = len(await store.near(chat.id, ports.clock.now() - LOOK_BACK * _DAY, _NEAR))
    return f"{text} {say(language, 'quiet_near', count=near)}" if near else text


_EXPECTED = {
    "weekend": "arxiv_weekend",
    "holiday": "arxiv_holiday",
    "not_yet": "arxiv_not_yet",
    "due": "arxiv_due",
    "late": "arxiv_late",
}
_SHOWN = 3  # announcements that /status speaks of


async def expected(store: Ledger, ports: Ports, zone: str, language: str) -> str:
    """Why arXiv is silent now: by its calendar, and by what has come where that is known."""
    seen = None
    if ports.feeds is not None:
        heard = [each.listing for each in await harvest.accounts(store, ports) if each.oai is not None and each.papers]
        seen = date.fromisoformat(heard[0]) if heard else None
    state = ports.calendar.expected(ports.clock.now(), seen)
    until = times.moment(state.until, zone, language)
    return say(language, _EXPECTED[state.why], until=until, name=state.name)


async def days(store: Ledger, ports: Ports, chat: Chat, language: str) -> list[str]:
    """Tell of the last announcements, a line each, and why the next is not there; nothing without a second witness."""
    if ports.feeds is None:
        return []
    all_ = await harvest.accounts(store, ports)
    last = ports.calendar.listing_at(ports.clock.now()).isoformat()
    lines = [day(each, all_, language) for each in all_[:_SHOWN]]
    if not any(each.listing == last and each.oai is not None for each in all_):
        lines.insert(0, await expected(store, ports, chat.zone, language))
    return lines


def day(coverage: Coverage, all_: list[Coverage], language: str) -> str:
    """'Thu 19 Nov: 1,284 papers, complete, 2 late.'."""
    name = times.listing(coverage.listing, language)
    papers = count(language, coverage.papers, "count_one", "count_papers")
    if coverage.complete_at:
        late = say(language, "day_late", count=f"{coverage.late:,}") if coverage.late else ""
        return say(language, "day_complete", day=name, papers=papers, late=late)
    return say(language, "day_open", day=name, papers=papers, why=doubtful(coverage, all_, language))


def doubtful(coverage: Coverage, all_: list[Coverage], language: str) -> str:
    """Why an announcement is not complete: what does not fit, or that somebody was not heard yet."""
    said = [
        say(language, doubt.key, group=_brief(doubt.group), have=f"{doubt.have:,}", of=f"{doubt.of:,}")
        for doubt in harvest.doubts(coverage, all_)
    ]
    return " ".join(said) or say(language, "day_waiting")


def _brief(group: str) -> str:
    """'cs.CC + 18': a group of feeds may name dozens of categories."""
    first, *more = group.split("+")
    return f"{first} + {len(more)}" if more else first
