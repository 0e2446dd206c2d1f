"""Prompts: what is asked of a model, read from a file with front matter, and filled with a paper.

Invariants: nothing but the file's own `{names}` is filled in, once, so that a paper cannot name another; the paper
stands between lines that begin with a random tag, which stands nowhere else in what is filled in.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh": "Simplified Chinese (简体中文)"}
"""What a model calls the languages of chats."""

_FRONT: Final = re.compile(r"\A\+\+\+\n(.*?)^\+\+\+\n(.*)\Z", re.DOTALL | re.MULTILINE)
_NAME: Final = re.compile(r"\{(\w+)\}")
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt. `key` changes whenever the file does; `input` counts characters, `output` tokens."""

    key: str
    input: int
    output: int
    schema: Mapping[str, Any]
    text: str


def read(name: str, raw: str) -> Prompt:
    """Read a prompt file; raises ValueError if its front matter is not as prompts/README.md says."""
    found = _FRONT.match(raw)
    if found is None:
        raise ValueError(f"the prompt {name} has no front matter between two lines +++")
    front = tomllib.loads(found[1])
    if lacks := {"version", "input", "output", "schema"} - front.keys():
        raise ValueError(f"the prompt {name} does not say its {', '.join(sorted(lacks))}")
    hashed = hashlib.sha256(raw.encode()).hexdigest()[:8]
    key = f"{name}-{front['version']}-{hashed}"
    return Prompt(key, int(front["input"]), int(front["output"]), front["schema"], found[2].strip())


def fill(prompt: Prompt, tag: str, **values: str) -> str:
    """Fill in every `{name}` of the prompt; raises KeyError if one is missing.

    What a reader would not see is taken out of the values, and `tag`, which nobody could guess, with it.
    """
    clean = {name: _UNSEEN.sub("", value).replace(tag, " ") for name, value in values.items()}
    return _NAME.sub(lambda found: tag if found[1] == "tag" else clean[found[1]], prompt.text)


def paper(prompt: Prompt, **parts: str) -> str:
    """Set the parts of a paper under their names, cut to what the prompt takes: 'title: …', 'abstract: …'."""
    text = "\n\n".join(f"{name}: {part.strip()}" for name, part in parts.items() if part.strip())
    return text[: prompt.input]


def tokens(text: str) -> int:
    """Bound the tokens of a text from above: no tokenizer in use makes more than one of two bytes of prose."""
    return len(text.encode()) // 2 + 16
