"""/settings: a menu of what a chat can choose, by pressing and by typing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core import post, times
from bot.errors import UserError
from bot.flow.answers.asked import Asked, Reply, next_digest
from bot.model import Button, Chat, Post, SetChat, Span
from bot.model import line as line_
from bot.words import WORDS, say

_MOST = 100  # papers in a digest: more than anybody reads
_HOURS, _MINUTES = 24, 60
_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Kolkata",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing a chat can choose: `shown` writes its value as typed, `read` makes a changed chat or raises."""

    shown: Callable[[Chat], str]
    read: Callable[[Asked, str], Chat]
    offers: tuple[str, ...]  # as buttons
    only: Callable[[Chat], bool] = lambda _: True  # chats that have this choice
    free: bool = False  # whether there are more values than offers
    reads: bool = False  # whether it needs what reads whole papers


def _clock(minute: int) -> str:
    return f"{minute // _MINUTES:02}:{minute % _MINUTES:02}"


def _bad(asked: Asked, name: str, value: str) -> UserError:
    return UserError(asked.say(f"setting_bad_{name}", value=value))


def _language(asked: Asked, value: str) -> Chat:
    for code, words in WORDS.items():
        if value.casefold() in {code, words["language_name"].casefold()}:
            return replace(asked.chat, language=code)
    raise _bad(asked, "language", value)


def _mode(asked: Asked, value: str) -> Chat:
    if value == "daily":
        return replace(asked.chat, mode="daily")
    if value == "asap":
        return replace(asked.chat, mode="asap")
    raise _bad(asked, "mode", value)


def _time(asked: Asked, value: str) -> Chat:
    hour, _, minute = value.partition(":")
    minute = minute or "00"
    digits = all(part.isascii() and part.isdecimal() for part in (hour, minute))
    if not digits or len(hour) > 2 or len(minute) != 2 or int(hour) >= _HOURS or int(minute) >= _MINUTES:  # noqa: PLR2004 - a clock face
        raise _bad(asked, "time", value)
    return replace(asked.chat, minute=int(hour) * _MINUTES + int(minute))


def _zone(asked: Asked, value: str) -> Chat:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _bad(asked, "zone", value) from None
    return replace(asked.chat, zone=value)


def _cap(asked: Asked, value: str) -> Chat:
    if value == "all":
        return replace(asked.chat, cap=0)
    if value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= _MOST:
        return replace(asked.chat, cap=int(value))
    raise _bad(asked, "cap", value)


def _switch(asked: Asked, value: str) -> bool:
    if value in {"on", "off"}:
        return value == "on"
    raise _bad(asked, "switch", value)


def _posts(asked: Asked, value: str) -> Chat:
    if value in {"digest", "paper"}:
        return replace(asked.chat, apart=value == "paper")
    raise _bad(asked, "posts", value)


def _role(asked: Asked, value: str) -> Chat:
    if value == "none":
        return replace(asked.chat, role="")
    id_ = value.removeprefix("<@&").removesuffix(">")
    if id_.isascii() and id_.isdecimal():
        return replace(asked.chat, role=id_)
    raise _bad(asked, "role", value)


def _onoff(value: bool) -> str:
    return "on" if value else "off"


SETTINGS: dict[str, Setting] = {
    "language": Setting(lambda chat: chat.language, _language, tuple(WORDS)),
    "mode": Setting(lambda chat: chat.mode, _mode, ("daily", "asap")),
    "time": Setting(lambda chat: _clock(chat.minute), _time, ("07:00", "08:30", "12:00", "18:00", "21:00"), free=True),
    "zone": Setting(lambda chat: chat.zone, _zone, _ZONES, free=True),
    "cap": Setting(lambda chat: str(chat.cap or "all"), _cap, ("all", "5", "10", "20"), free=True),
    "preview": Setting(
        lambda chat: _onoff(chat.preview),
        lambda asked, value: replace(asked.chat, preview=_switch(asked, value)),
        ("on", "off"),
        lambda chat: chat.platform != "discord",  # its components have no previews
    ),
    "silent": Setting(
        lambda chat: _onoff(chat.silent),
        lambda asked, value: replace(asked.chat, silent=_switch(asked, value)),
        ("on", "off"),
    ),
    "revisions": Setting(
        lambda chat: _onoff(chat.revisions),
        lambda asked, value: replace(asked.chat, revisions=_switch(asked, value)),
        ("off", "on"),
    ),
    "figures": Setting(
        lambda chat: _onoff(chat.figures),
        lambda asked, value: replace(asked.chat, figures=_switch(asked, value)),
        ("off", "on"),
        lambda chat: chat.kind not in {"channel", "forum"},  # nobody asks for a paper there
        reads=True,
    ),
    "publish": Setting(
        lambda chat: _onoff(chat.publish),
        lambda asked, value: replace(asked.chat, publish=_switch(asked, value)),
        ("on", "off"),
        lambda chat: chat.kind == "news",
    ),
    "posts": Setting(
        lambda chat: "paper" if chat.apart else "digest", _posts, ("digest", "paper"), lambda chat: chat.kind == "forum"
    ),
    "role": Setting(lambda chat: chat.role or "none", _role, ("none",), lambda chat: bool(chat.server), free=True),
}


def offered(chat: Chat, *, reads: bool) -> dict[str, Setting]:
    """Return the settings that a chat has; `reads`: whole papers can be read here."""
    return {name: setting for name, setting in SETTINGS.items() if setting.only(chat) and (reads or not setting.reads)}


def _offered(asked: Asked) -> dict[str, Setting]:
    return offered(asked.chat, reads=asked.ports.fulltexts is not None)


def _line(language: str, chat: Chat, name: str) -> str:
    value = SETTINGS[name].shown(chat)
    meaning = say(language, f"setting_mode_{chat.mode}" if name == "mode" else f"setting_{name}")
    return f"{name} {value} · {meaning}"


def _menu(asked: Asked) -> Post:
    title = f" · {asked.chat.title}" if asked.away else ""
    lines = [line_(Span(asked.say("settings"), "bold"), title, kind="heading")]
    lines += [line_(_line(asked.language, asked.chat, name), kind="bullet") for name in _offered(asked)]
    lines.append(line_(asked.say("settings_how"), kind="small"))
    buttons = tuple(Button(name, asked.command("settings", name), edits=True) for name in _offered(asked))
    return Post(tuple(lines), buttons=buttons)


async def settings(asked: Asked) -> Reply:
    """Show all settings, the choices of one, or change one."""
    if not asked.text:
        return _menu(asked), ()
    name, _, value = asked.text.partition(" ")
    name, value = name.casefold(), value.strip()
    setting = _offered(asked).get(name)
    if setting is None:
        raise UserError(asked.say("setting_unknown", name=name, names=", ".join(_offered(asked))))
    if not value:
        return _choices(asked, name, setting), ()
    chat = setting.read(asked, value)
    if chat.id == asked.here.id:
        asked = replace(asked, here=chat)  # a new language is spoken from its own answer on
    now = asked.ports.clock.now()
    next_at = times.next_digest(chat, now)
    notes = [asked.say("setting_done", line=_line(asked.language, chat, name))]
    if name in {"mode", "time", "zone"}:
        notes.append(next_digest(asked, chat, next_at))
        # without an hour, what waited for one comes at once; if nothing waits, compose finds that out
        chat = replace(chat, next_at=now if next_at is None else next_at)
    return post.note(*notes, buttons=(asked.button("button_settings", "settings"),)), (SetChat(chat),)


def _choices(asked: Asked, name: str, setting: Setting) -> Post:
    buttons = [
        Button(
            WORDS[value]["language_name"] if name == "language" else value,
            asked.command("settings", f"{name} {value}"),
            edits=True,
        )
        for value in setting.offers
    ]
    if setting.free:
        other = asked.button("button_other", "settings", name)
        buttons.append(replace(other, asks=name))
    buttons.append(asked.button("button_back", "settings"))
    texts = [_line(asked.language, asked.chat, name), asked.say("setting_type", name=name, value=setting.offers[-1])]
    return replace(post.note(*texts), buttons=tuple(buttons))
