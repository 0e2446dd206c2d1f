"""The commands: one platform-neutral table that drives every platform, /help and the README."""

import difflib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from bot.errors import UserError
from bot.words import say

LEVELS = ("strict", "normal", "broad")  # how sure a paper has to be to pass
_TUNES = (*LEVELS, "save", "forget")
_COMMAND = re.compile(r"/([A-Za-z_]+)(?:@\w+)?(?:\s+(.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A verb people can type. `manages` marks those that change a chat's feed: in groups, for admins only."""

    name: str
    argument: str = ""  # as shown: '<topic>'
    manages: bool = False
    hidden: bool = False  # said by buttons, listed nowhere

    def changes(self, argument: str) -> bool:
        """Whether with this argument it changes the chat's feed."""
        words = argument.split()
        valued = len(words) > 1 and (self.name == "settings" or (self.name == "tune" and words[0] in _TUNES))
        return self.manages or valued

    @property
    def does(self) -> str:
        """Key in words.py of the sentence that says what it does."""
        return f"do_{self.name}"


COMMANDS = (
    Command("start"),
    Command("help"),
    Command("subscribe", "<topic>", manages=True),
    Command("follow", "<topic>", manages=True),
    Command("unsubscribe", "<topic>", manages=True),
    Command("topics", "[page]"),
    Command("tune", "<topic>"),
    Command("mute", "<topic>", manages=True),
    Command("unmute", "<topic>", manages=True),
    Command("latest"),
    Command("near"),
    Command("why", "<arXiv id>"),
    Command("like", "<arXiv id>"),
    Command("dislike", "<arXiv id>"),
    Command("search", "<words or query>"),
    Command("digest", manages=True),
    Command("summarize", "<arXiv id>"),
    Command("read", "<arXiv id>"),
    Command("ask", "<arXiv id> <question>"),
    Command("figure", "<arXiv id>", hidden=True),
    Command("stop", hidden=True),
    Command("evidence", "<arXiv id>", hidden=True),
    Command("translate", "<arXiv id>"),
    Command("settings", "[name value]"),
    Command("channel", "<@name>"),
    Command("status"),
    Command("delete_me", manages=True),
    Command("wording", hidden=True),
    Command("reword", hidden=True),
    Command("cancel", manages=True, hidden=True),
)

_BY_NAME = {command.name: command for command in COMMANDS}
_ALSO = {"summarise": "summarize", "sub": "subscribe", "unsub": "unsubscribe"}


def parse(text: str, language: str = "en") -> tuple[Command, str]:
    """Read what somebody typed as (command, argument); raises UserError with a sentence that helps on."""
    text = text.strip()
    found = _COMMAND.match(text)
    if not found:
        raise UserError(say(language, "not_a_command"))
    name = found[1].lower()
    name = _ALSO.get(name, name)
    if name not in _BY_NAME:
        close = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.6)
        if close:
            raise UserError(say(language, "did_you_mean", command=f"/{found[1]}", guess=f"/{close[0]}"))
        raise UserError(say(language, "unknown_command", command=f"/{found[1]}"))
    return _BY_NAME[name], (found[2] or "").strip()


# --- links that say something: t.me/<bot>?start=…, at most 64 of A-Z a-z 0-9 _ - (core.telegram.org/bots/features)

_LINKED = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEW_ID = re.compile(r"(\d{4})-(\d{4,5}(?:v\d+)?)")
_ENCODED = "b64-"


def link(says: str) -> str:
    """Return the payload of a link that says this: `/summarize <id>` or `/follow <topic>`; '' if it cannot."""
    name, _, argument = says.partition(" ")
    if name == "/summarize":
        payload = "read_" + argument.replace(".", "-").replace("/", "_")
    elif name == "/follow":
        plain = argument.replace(" ", "_")
        readable = _LINKED.fullmatch(plain) and "_" not in argument and not plain.startswith((_ENCODED, "read_"))
        payload = plain if readable else _ENCODED + urlsafe_b64encode(argument.encode()).decode().rstrip("=")
    else:
        return ""
    return payload if _LINKED.fullmatch(payload) else ""


def linked(payload: str) -> str:
    """Return what a link says: the other way round; '' if nobody made such a link."""
    if not _LINKED.fullmatch(payload):
        return ""
    if payload.startswith("read_"):
        id_ = payload.removeprefix("read_")
        found = _NEW_ID.fullmatch(id_)
        return f"/summarize {found[1]}.{found[2]}" if found else f"/summarize {id_.replace('_', '/', 1)}"
    if payload.startswith(_ENCODED):
        text = payload.removeprefix(_ENCODED)
        try:
            return f"/follow {urlsafe_b64decode(text + '=' * (-len(text) % 4)).decode()}"
        except ValueError:
            return ""
    return f"/follow {payload.replace('_', ' ')}"
