"""Why there is nothing to send: "no papers" and "we failed" never look the same."""

from bot.core import times
from bot.model import Chat
from bot.ports import Ledger
from bot.words import count, say

LOOK_BACK = 7  # days that a preview covers
EXAMPLE = "graph neural networks"


def moment(at: int | None, chat: Chat, language: str) -> str:
    """When something is due, as the chat reads it; 'in a moment' where no instant is set."""
    return times.moment(at, chat.zone, language) if at else say(language, "soon")


async def reason(store: Ledger, chat: Chat, language: str) -> str:
    """One sentence for a chat with nothing waiting."""
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
        return say(language, "quiet_no_new", since=since)
    return say(language, "quiet_no_match", since=since, scanned=count(language, scanned, "paper_one", "papers"))
