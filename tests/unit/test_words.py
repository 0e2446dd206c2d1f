import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from bot.core.commands import COMMANDS, LEVELS
from bot.core.reading import EXTRACTS, PARTS
from bot.flow.answers.settings import SETTINGS
from bot.words import WORDS, count, say

BOT = Path(__file__).resolve().parents[2] / "bot"


def names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_language_has_the_same_sentences_with_the_same_values() -> None:
    english = WORDS["en"]
    for words in WORDS.values():
        assert words.keys() == english.keys()
        assert all(names(words[key]) == names(english[key]) for key in english)


def used() -> set[str]:
    found: set[str] = set()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text in WORDS["en"] and path.parent.name != "words":
                found.add(text)
    made = {f"setting_{kind}{name}" for name in SETTINGS for kind in ("", "bad_")}
    made |= {"setting_mode_daily", "setting_mode_asap", "setting_bad_switch"}
    made |= {f"level_{name}" for name in LEVELS} | {f"why_judged_{verdict}" for verdict in ("on", "borderline", "off")}
    made |= {f"{kind}{name}" for name in ("why", "like", "dislike") for kind in ("button_", "")}
    made |= {"like_what", "dislike_what"} | {f"part_{name}" for name in (*PARTS, *EXTRACTS)}
    return found | {command.does for command in COMMANDS} | made


def test_no_sentence_is_left_over() -> None:
    assert WORDS["en"].keys() - used() == set()


@pytest.mark.parametrize("key", WORDS["en"])
def test_the_voice(key: str) -> None:
    sentence = WORDS["en"][key]
    assert "!" not in sentence
    assert not re.search(r"\b(oops|awesome|please wait|AI-powered)\b", sentence, re.IGNORECASE)


def test_counting() -> None:
    assert count("en", 1, "count_one", "count_papers") == "1 paper"
    assert count("en", 1284, "count_one", "count_papers") == "1,284 papers"


def test_an_unknown_language_speaks_english() -> None:
    assert say("tlh", "abstract") == "abstract"
