"""Papers that reach a given level of a topic, however the weights of the gate stand: found by trying."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from bot.core import grading, terms, wish
from bot.core.candidates import Scored
from bot.model import Level, Match, Paper
from tests.fakes.house import SATURDAY, paper

_SEA = (
    "The ice of the sea melts in spring. Sediments tell of storms. Rivers carry sand to the coast. "
    "Wind brings dust to the glacier. Mud is layered by the tide, and shells lie in it."
)


def _texts(words: list[str]) -> Iterator[tuple[str, str]]:
    """Titles and abstracts with more and more of the sea, and fewer and fewer of the words."""
    for length in (0, 1, 2, 3, 5, 8):
        sea = " ".join([_SEA] * length)
        for many in range(len(words), 0, -1):
            some = words[:many]
            yield f"Of {' or '.join(some)}", f"It is of {', or of '.join(some)}. {sea}"
            yield f"Of {' or '.join(some)}", sea
            yield "Shells", f"It is of {', or of '.join(some)}. {sea}"


def match_of(text: str, found: Paper) -> Match | None:
    """How a paper stands with a wish."""
    topic = wish.topic(wish.read(text))[1]
    frequencies = terms.shipped()
    with Scored([found], frequencies) as day:
        close = day.found(grading.wanted(topic, frequencies))
    return grading.match(topic, close[0]) if close else None


@cache
def graded(text: str, level: int, number: int = 1, at: int = SATURDAY - 86_400_000) -> Paper:
    """A paper whose grade for a wish is `level` exactly; RULE is a near miss. Others of its kind differ by number."""
    with ThreadPoolExecutor(1) as elsewhere:  # whoever asks may stand in an event loop, where nothing may block
        return elsewhere.submit(_found, text, level, number, at).result()


def _found(text: str, level: int, number: int, at: int) -> Paper:
    asked = wish.read(text)
    words = [*asked.text.split(), *asked.meaning.aliases, *asked.meaning.definition.split()]
    for title, abstract in _texts(words):
        found = paper(number, f"{title}, part {number}", at=at, abstract=abstract)
        match = match_of(text, found)
        if match is not None and match.grade == level:
            return found
    raise AssertionError(f"no paper of grade {level} for {text!r}")


def levels() -> tuple[Level, ...]:
    """A near miss, then what passes each level."""
    return (Level.RULE, Level.BROAD, Level.NORMAL, Level.STRICT)
