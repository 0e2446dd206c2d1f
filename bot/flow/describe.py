"""describe: what a topic means, in a model's words, for whoever asked to confirm; made once a topic and paid once."""

import hashlib
import json
import secrets

from bot.core import grounding, prompt, wish
from bot.core.plain import plain
from bot.core.prompt import Prompt
from bot.core.wish import Wish
from bot.errors import UserError
from bot.flow.ask import Patience, Unanswered, ask
from bot.flow.summarize import ANSWER_WAITS
from bot.model import Meaning
from bot.ports import Ledger, Ports

_SIGNS = ';\uff1b"“”<>`'  # that end a clause or a phrase, or begin markup
_COMMAS = ",\uff0c\u3001"  # between phrases
_LEAST = 3  # other names, below which a description is of no use


async def described(store: Ledger, ports: Ports, text: str) -> Wish | None:
    """Return a wish for a topic in any language, with what it means; None if no model is there or it is of no help."""
    if ports.model is None:
        return None
    task = ports.prompts["topic"]
    text = " ".join(text.split())
    if len(text) > task.input:
        return None
    name = _name(task, text)
    async with ports.alone(name):
        if known := await store.note(name):
            return _read(json.loads(known), text)
        filled = prompt.fill(task, secrets.token_hex(8), topic=text)
        patience = Patience(ports.clock.now() + ANSWER_WAITS, urgent=True, timeout=30.0)
        reply = await ask(store, ports, task, filled, patience, f"topic {text[:80]}")
        if isinstance(reply, Unanswered) or reply.finish != "stop":
            return None
        value = grounding.parse(reply.text)
        found = _read(value, text)
        if found is not None:
            await store.set_note(name, json.dumps(value))
        return found


async def known(store: Ledger, ports: Ports, text: str) -> bool:
    """Whether `described` will answer at once."""
    if ports.model is None:
        return True
    task = ports.prompts["topic"]
    text = " ".join(text.split())
    return len(text) > task.input or bool(await store.note(_name(task, text)))


def _name(task: Prompt, text: str) -> str:
    """Where the ledger keeps what was answered."""
    return f"topic:{hashlib.sha256(f'{task.key} {text.casefold()}'.encode()).hexdigest()[:32]}"


def _read(value: object, text: str) -> Wish | None:
    """Take of a model's answer what can be used; words that were typed in English stay as they were typed."""
    if not isinstance(value, dict):
        return None
    try:
        typed = wish.topic(Wish(text))[1].words
    except UserError:
        typed = ""
    words = text if typed else _clean(value.get("topic"), wish.PHRASE)
    names = [name for name in _phrases(value.get("aliases")) if name.casefold() != words.casefold()]
    senses = [name for name in _phrases(value.get("not")) if name not in names]
    definition = _clean(value.get("definition"), wish.DEFINITION).replace(";", ",")
    found = Wish(words, Meaning(definition, tuple(names[: wish.ALIASES]), tuple(senses[: wish.SENSES])))
    try:
        wish.topic(found)
    except UserError:
        return None
    return found if words and definition and len(names) >= _LEAST and wish.read(wish.write(found)) == found else None


def _phrases(value: object) -> list[str]:
    """The phrases of a list that can be looked for, each once."""
    found: dict[str, str] = {}
    for each in value if isinstance(value, list) else []:
        phrase = _clean(each, wish.PHRASE)
        if any(sign in phrase for sign in _COMMAS):
            continue
        try:
            wish.topic(Wish(f'"{phrase}"'))
        except UserError:
            continue
        found.setdefault(phrase.casefold(), phrase)
    return list(found.values())


def _clean(value: object, most: int) -> str:
    """One line of text without what would be read as the end of a clause; '' if it is none or too long."""
    text = " ".join(plain(value).split()).strip(' ".,;:') if isinstance(value, str) else ""
    text = "".join(sign for sign in text if sign.isprintable())
    bad = len(text) > most or any(sign in text for sign in _SIGNS) or "://" in text or "@" in text
    return "" if bad else text
