"""One table of settings: environment, `paperboy.toml`, `--help`, `doctor` and the README table all come from it.

A setting is read from the environment first, then from the file, then from its default. Secrets are read from the
environment (or from the file that `<NAME>_FILE` names), never from `paperboy.toml`, and are never printed.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import ConfigError

FILE = "paperboy.toml"


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError("not a time zone; use a name such as Europe/Berlin") from problem
    return text


def _time(text: str) -> str:
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(hour) < 24 and int(minute) < 60):  # noqa: PLR2004 - a clock face
        raise ValueError("not a time; use HH:MM, for example 08:30")
    return f"{int(hour):02}:{minute}"


def _choice(*allowed: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"use {' or '.join(allowed)}")
        return text

    return check


def _number(low: int, high: int) -> Callable[[str], int]:
    def check(text: str) -> int:
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"use a whole number from {low} to {high}")
        return int(text)

    return check


def _amount(low: float, high: float) -> Callable[[str], float]:
    def check(text: str) -> float:
        try:
            amount = float(text)
        except ValueError:
            amount = -1.0
        if not low <= amount <= high:
            raise ValueError(f"use a number from {low:g} to {high:g}, for example 0.50")
        return amount

    return check


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("use an address that begins with https://")
    return text.rstrip("/")


def _chat(text: str) -> str:
    name, _, address = text.partition(":")
    if not name.isalpha() or not address.removeprefix("-").isdecimal():
        raise ValueError("write the platform and your id there, as in telegram:123456789")
    return text


def _database(text: str) -> str:
    """A SQLite path, plain or as sqlite:///relative or sqlite:////absolute."""
    if text.startswith(("postgres:", "postgresql:", "postgresql+")):
        raise ValueError(
            "PostgreSQL is not supported yet; give a SQLite path such as data/paperboy.db, or unset it for the default"
        )
    path = text.removeprefix("sqlite:///")
    if "://" in path or path in {"", ":memory:"}:
        raise ValueError("give a SQLite path such as data/paperboy.db")
    return path


def _setting(default: Any, help_: str, read: Callable[[str], Any] = str, *, env: str = "", secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help_, "read": read, "env": env, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an owner can choose. Field `a_b` is `PAPERBOY_A_B` in the environment and `a_b` in the file."""

    telegram_bot_token: str = _setting("", "Token of the Telegram bot.", env="TELEGRAM_BOT_TOKEN", secret=True)
    discord_bot_token: str = _setting("", "Token of the Discord bot.", env="DISCORD_BOT_TOKEN", secret=True)
    gemini_api_key: str = _setting("", "Key for Gemini summaries.", env="GEMINI_API_KEY", secret=True)
    openai_api_key: str = _setting(
        "", "Key for an OpenAI-compatible model server, if it asks for one.", env="OPENAI_API_KEY", secret=True
    )
    llm: str = _setting(
        "auto",
        "Who writes summaries: gemini, gemini_legacy, openai, none; auto takes what has a key or an address.",
        _choice("auto", "gemini", "gemini_legacy", "openai", "none"),
    )
    llm_model: str = _setting("", "Name of the model; for Gemini, empty is the default one.")
    llm_judge: str = _setting(
        "on",
        "Ask the model of papers that are in doubt for a topic with a description: on or off.",
        _choice("on", "off"),
    )
    llm_url: str = _setting("", "Address of an OpenAI-compatible server, such as http://localhost:11434/v1.", _url)
    llm_context: int = _setting(
        32_768, "Tokens that a model takes whose size is not known (data/models.json).", _number(4096, 10**7)
    )
    llm_requests_per_minute: int = _setting(10, "Calls to the model in a minute; 0: any.", _number(0, 100_000))
    llm_tokens_per_minute: int = _setting(200_000, "Tokens in a minute; 0: any.", _number(0, 10**9))
    llm_requests_per_day: int = _setting(1000, "Calls to the model in a day (Pacific); 0: any.", _number(0, 10**7))
    llm_tokens_per_day: int = _setting(0, "Tokens in a day; 0: any.", _number(0, 10**12))
    llm_dollars_per_day: float = _setting(
        1.0, "Dollars a day, where the model's price is known (data/models.json); 0: any.", _amount(0, 100_000)
    )
    telegram_base_url: str = _setting("https://api.telegram.org", "Address of the Bot API, if you host your own.", _url)
    owner: str = _setting("", "Chat that hears of new and lost chats and of failures: telegram:<your id>.", _chat)
    asks_per_hour: int = _setting(
        30, "Papers and searches one person may ask for in an hour; 0: any.", _number(0, 1000)
    )
    database_url: str = _setting("data/paperboy.db", "Path of the SQLite ledger.", _database, env="DATABASE_URL")
    contact: str = _setting("", "Your e-mail address or web page, named to arXiv in every request.")
    language: str = _setting("en", "Language of new chats.", _choice("en", "zh"))
    zone: str = _setting("UTC", "Time zone of new chats.", _zone)
    digest_mode: str = _setting("daily", "When new chats get digests: daily or asap.", _choice("daily", "asap"))
    digest_time: str = _setting("08:30", "Hour of the daily digest in new chats.", _time)
    on_doubt: str = _setting(
        "resend", "A message that may or may not have arrived: resend or skip.", _choice("resend", "skip")
    )
    arxiv_url: str = _setting("https://export.arxiv.org/api/query", "Address of arXiv's query API.", _url)
    calendar: str = _setting("", "JSON file with arXiv holidays of your own, as data/calendar.json has them.")
    arxiv_oai_url: str = _setting("https://oaipmh.arxiv.org/oai", "Address of arXiv's OAI-PMH service.", _url)
    arxiv_rss_url: str = _setting("https://rss.arxiv.org/rss", "Address of arXiv's feeds.", _url)
    arxiv_files_url: str = _setting(
        "https://export.arxiv.org", "Address of arXiv's files, asked for HTML pages and PDFs.", _url
    )
    files_megabytes: int = _setting(
        500, "Megabytes of arXiv's files kept beside the ledger for a second look.", _number(0, 1_000_000)
    )
    arxiv_timeout: int = _setting(60, "Seconds after which a request to arXiv is given up.", _number(1, 600))
    clock: str = _setting("system", "For tests: 'simulated 2026-11-19T08:00:00Z x60' starts then, sixty times as fast.")
    log_level: str = _setting("warning", "How much is logged.", _choice("debug", "info", "warning", "error"))


def env_name(name: str) -> str:
    """Name of the environment variable of a setting."""
    own: str = {f.name: f.metadata["env"] for f in fields(Settings)}[name]
    return own or f"PAPERBOY_{name.upper()}"


def _secret(name: str, variable: str, env: Mapping[str, str]) -> str | None:
    if variable in env:
        return env[variable].strip()
    if not (file := env.get(f"{variable}_FILE")):
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{variable}_FILE: the file for {name} cannot be read as text.") from problem


def _file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        if must_exist:
            raise ConfigError(f"{path} does not exist; make it, or leave --config out.") from problem
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigError(f"{path} cannot be read: {problem}.") from problem


def load(env: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings; raises ConfigError whose sentence names the setting, what is wrong and the remedy."""
    env = os.environ if env is None else env
    path = file or Path(FILE)
    table = _file(path, must_exist=file is not None)
    values: dict[str, Any] = {}
    for f in fields(Settings):
        variable = env_name(f.name)
        given: Any = None
        where = variable
        if f.metadata["secret"]:
            if f.name in table:
                raise ConfigError(f"{path}: {f.name} is a secret; set it as {variable} in the environment instead.")
            given = _secret(f.name, variable, env)
        elif variable in env:
            given = env[variable].strip()
        elif f.name in table:
            given, where = str(table[f.name]), f"{path}: {f.name}"
        table.pop(f.name, None)
        if given in (None, "") and not f.metadata["secret"]:
            continue  # an empty variable is an unset one, as in compose files
        try:
            values[f.name] = f.metadata["read"](given or "")
        except ValueError as problem:
            shown = re.sub(r"//[^/@]*@", "//…@", given)  # an address may carry a password
            raise ConfigError(f"{where} is {shown!r}: {problem}.") from problem
    if table:
        raise ConfigError(f"{path}: there is no setting {next(iter(table))!r}; `python -m bot --help` lists them all.")
    return Settings(**values)


def secrets(settings: Settings) -> list[str]:
    """Return the values that must never be shown."""
    return [str(getattr(settings, f.name)) for f in fields(settings) if f.metadata["secret"]]


def table() -> list[tuple[str, str, str]]:
    """Rows (variable, default, help) for --help and the README."""
    return [
        (env_name(f.name), "" if f.metadata["secret"] else str(f.default), str(f.metadata["help"]))
        for f in fields(Settings)
    ]
