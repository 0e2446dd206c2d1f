"""How a request to Discord ended, as what to do next."""

import aiohttp
import discord

from bot.errors import Gone, InDoubt, Later, PaperboyError, Refused
from bot.model import Send
from bot.words import say

# discord.com/developers/docs/topics/opcodes-and-status-codes#json
_GONE = {
    10003: "gone_chat",  # unknown channel
    10004: "gone_chat",  # unknown guild
    40067: "gone_tag",  # a tag is required
    50001: "gone_rights_discord",  # missing access
    50007: "gone_blocked",  # cannot send messages to this user
    50013: "gone_rights_discord",  # missing permissions
    50083: "gone_thread",  # thread is archived
    160005: "gone_thread",  # thread is locked
}
_SERVER = 500


def ended(problem: Exception, send: Send, *, again: bool) -> PaperboyError:
    """Classify what a send raised. With `again` a repeat does no harm: nothing is in doubt."""
    language = send.chat.language
    if isinstance(problem, discord.RateLimited):
        return Later(f"Discord asked to wait {problem.retry_after:.0f} s.", wait=problem.retry_after)
    if isinstance(problem, discord.HTTPException) and problem.status < _SERVER and not foreign(problem):
        return _refused(problem, send, language)
    if not unclear(problem):
        return Later(f"Discord cannot be reached ({why(problem)}).")
    kind = Later if again else InDoubt
    return kind(f"Discord did not confirm a message ({why(problem)}).")


def unclear(problem: Exception) -> bool:
    """Whether what was sent may have arrived all the same."""
    if isinstance(problem, discord.HTTPException):
        return problem.status >= _SERVER
    return not isinstance(problem, aiohttp.ClientConnectorError | discord.RateLimited)


def foreign(problem: discord.HTTPException) -> bool:
    """Whether it is a page of somebody between us and Discord, who does not know our chats."""
    return problem.status not in {401, 429} and not problem.code and problem.text.lstrip().startswith("<")


def _refused(problem: discord.HTTPException, send: Send, language: str) -> PaperboyError:
    if key := _GONE.get(problem.code):
        return Gone(say(language, key))
    match problem.status:
        case 429:
            return Later("Discord asked to wait.", wait=_retry_after(problem))
        case 401:
            return Later("Discord does not know this token any more; set DISCORD_BOT_TOKEN anew.", wait=300)
        case 403:
            return Gone(say(language, "gone_blocked" if send.chat.kind == "private" else "gone_rights_discord"))
        case _:
            return Refused(f"Discord refused a message: {problem.text or problem.status}")


def _retry_after(problem: discord.HTTPException) -> float | None:
    value = problem.response.headers.get("Retry-After")
    try:
        return float(value) if value else None
    except ValueError:
        return None


def why(problem: BaseException) -> str:
    """Name a problem in a word or two; addresses of webhooks hold tokens."""
    if isinstance(problem, discord.HTTPException):
        return f"{problem.status} {problem.code}"
    return type(problem).__name__
