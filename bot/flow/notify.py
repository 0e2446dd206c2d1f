"""notify: tell the owner, in private, what they would otherwise have to look for; at most every ten minutes."""

from collections.abc import Sequence

from bot.core import post, times
from bot.flow.typeset import parts
from bot.model import Chat, News
from bot.ports import Ledger, Ports
from bot.words import again, say

EVERY = 600_000  # ms
_NAMED = 5  # of many


async def is_due(store: Ledger, ports: Ports) -> bool:
    """Whether the owner, if there is one, heard nothing for long enough."""
    return bool(ports.settings.owner) and await store.news(ports.settings.owner, EVERY) is not None


async def notify(store: Ledger, ports: Ports, key: str) -> None:
    """`notify:owner`: one message with all that is new, or none; what was told is told once."""
    del key
    owner = ports.settings.owner
    name, _, address = owner.partition(":")
    platform = ports.platforms.get(name)
    if platform is None or (found := await store.news(owner, EVERY)) is None:
        return
    news, at = found
    chat = await store.chat(owner) or Chat(
        owner, name, address, language=ports.settings.language, zone=ports.settings.zone
    )
    lines = _lines(news, chat.language, chat.zone)
    await store.tell(chat, at, parts(platform, post.note(*lines)) if lines else [])
    if lines:
        ports.nudge(f"deliver:{owner}")


def _lines(news: News, language: str, zone: str) -> list[str]:
    lines = []
    private = say(language, "a_private_chat")
    if news.chats:
        names = _names([title or private for title in news.chats])
        lines.append(say(language, "news_chats", names=names, count=len(news.chats)))
    lines += [
        say(language, "news_suspended", title=title or private, why=again(language, why))
        for title, why in news.suspended[:_NAMED]
    ]
    if (left := len(news.suspended) - _NAMED) > 0:
        lines.append(say(language, "news_suspended_more", count=left))
    if news.dead:
        lines.append(say(language, "news_dead", count=news.dead, why=news.dead_why))
    if news.model_why:
        when = times.moment(news.model_until, zone, language)
        lines.append(say(language, "news_model", when=when, why=news.model_why))
    if news.failed:
        lines.append(say(language, "news_failed", count=news.failed, why=news.failed_why))
    return lines


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" + {more}" if more > 0 else "")
