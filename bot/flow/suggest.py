"""suggest: what somebody who is still typing a command may mean; nothing is recorded and nothing is changed."""

from bot.core.plain import plain
from bot.core.query_read import CATEGORIES
from bot.flow.answers.settings import offered
from bot.flow.answers.topics import EXAMPLES
from bot.model import Chat
from bot.ports import Ledger

_MOST = 25  # suggestions; more nobody reads, and no platform takes


async def suggest(store: Ledger, chat: Chat, command: str, typed: str, *, reads: bool = False) -> list[tuple[str, str]]:
    """Return (label, what it stands for), the likeliest first: topics, papers, categories or settings.

    `reads`: whole papers can be read here.
    """
    typed = " ".join(typed.split())
    if command in {"unsubscribe", "tune", "mute", "unmute"}:
        found = [(s.label, s.label) for s in await store.subscriptions(chat.id)]
    elif command in {"summarize", "translate"}:
        latest = await store.latest(chat.id, _MOST)
        found = [(f"{paper.id} · {plain(paper.title)}", paper.id) for paper, _ in latest]
    elif command == "settings":
        name, _, value = typed.partition(" ")
        known = await store.chat(chat.id) or chat
        if setting := offered(known, reads=reads).get(name):
            near = [offer for offer in setting.offers if value.casefold() in offer.casefold()]
            said = [*near, *([value] if setting.free and value and value not in near else [])]
            return [(f"{name} {each}", f"{name} {each}") for each in said][:_MOST]
        found = [(each, each) for each in offered(known, reads=reads)]
    elif command in {"subscribe", "follow", "search"}:
        # what was typed stands first: whoever presses Enter gets it
        found = [(f"cat:{category}", f"cat:{category}") for category in CATEGORIES.values()]
        start = typed.casefold().removeprefix("cat:")
        found = [pair for pair in found if pair[0][4:].casefold().startswith(start)] if start else []
        return [(typed, typed), *found][:_MOST] if typed else [(each, each) for each in EXAMPLES]
    else:
        return []
    return [pair for pair in found if typed.casefold() in pair[0].casefold()][:_MOST]
