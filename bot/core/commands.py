"""The commands: one platform-neutral table that drives every platform, /help and the README."""

import difflib
import re
from dataclasses import dataclass

from bot.errors import UserError
from bot.words import say

_COMMAND = re.compile(r"/([A-Za-z_]+)(?:@\w+)?(?:\s+(.*))?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A verb people can type. `manages` marks those that change a chat's feed: in groups, for admins only."""

    name: str
    argument: str = ""  # as shown: '<topic>'
    manages: bool = False

    @property
    def does(self) -> str:
        """Key in words.py of the sentence that says what it does."""
        return f"do_{self.name}"


COMMANDS = (
    Command("start"),
    Command("help"),
    Command("subscribe", "<topic>", manages=True),
    Command("unsubscribe", "<topic>", manages=True),
    Command("topics"),
    Command("latest"),
    Command("search", "<words or query>"),
    Command("digest", manages=True),
    Command("summarize", "<arXiv id>"),
    Command("settings", "[name value]"),
    Command("status"),
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
