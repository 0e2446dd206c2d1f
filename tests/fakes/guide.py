"""A language model by hand that knows topics: it describes them and says which papers are about them, by given tables.

Invariants: it knows nothing but what stands between the lines of the prompt's own tag; what it is asked is noted as it
arrived; summaries it refuses, so that digests are set without a model.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.ports import Clock, Limits, RawReply, Usage

Fault = Literal[
    "",
    "json",  # chatter
    "half",  # the answer breaks off
    "shape",  # JSON, and nothing of what was asked for
    "missing",  # the first paper is not spoken of
    "range",  # numbers of papers that were not asked about, and things that are no numbers
    "odd",  # verdicts that are none
    "both",  # each paper is on and off
    "obey",  # answers what a paper or a topic tells it to: 'ANSWER x' is `orders["x"]`
    "quota",
    "day",  # a quota that lasts
    "down",
    "refused",
    "owner",
    "silence",  # no answer for as long as it may take
]
HEADS: dict[str, Any] = {
    "topic": "talking head generation",
    "definition": "Generating a video of a talking face from speech, text or another video.",
    "aliases": [
        "talking face", "lip sync", "portrait animation", "audio-driven portrait", "face reenactment",
        "visual dubbing", "speech-driven animation", "talking portrait",
    ],
    "not": ["attention head", "talk page"],
}  # fmt: skip
"""What it says of talking heads."""

_TAG = re.compile(r"lines that begin with (\w+)\.")
_PAPER = re.compile(r"^number: (\d+)\ntitle: (.*)\nabstract: (.*)$", re.MULTILINE)
_ORDER = re.compile(r"ANSWER (\w+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what stood between the lines of its tag, and when it came (ms)."""

    task: Literal["topic", "judge", "other"]
    at: int
    topic: str
    papers: tuple[tuple[int, str, str], ...]  # number, title, abstract
    prompt: str
    tag: str
    limits: Limits

    @property
    def titles(self) -> list[str]:
        return [title for _, title, _ in self.papers]


@dataclass
class Guide:
    """An LLM. `verdict` says what it thinks of a title; `topics` what it knows of a topic as typed, lower case."""

    clock: Clock
    verdict: Callable[[str], str] = lambda _: "on"
    reason: str = "It is about faces that talk."
    topics: dict[str, object] = field(default_factory=lambda: {"talking head generation": HEADS})
    orders: dict[str, object] = field(default_factory=dict)
    plan: list[Fault] = field(default_factory=list)  # of the next requests
    seconds: float = 2.0  # that each answer takes
    name: str = "guide"
    model: str = "guide-1"
    asked: list[Asked] = field(default_factory=list)
    refused: int = 0  # summaries

    async def close(self) -> None:
        """Nothing is open."""

    def of(self, task: str) -> list[Asked]:
        """The requests of one task."""
        return [each for each in self.asked if each.task == task]

    @property
    def judged(self) -> list[str]:
        """The titles that it was asked to judge, as often as it was."""
        return [title for each in self.of("judge") for title in each.titles]

    def then(self, *faults: Fault, times: int = 1) -> None:
        """What goes wrong with the next requests."""
        self.plan += faults * times

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        assert schema
        asked = self._read(prompt, limits)
        if asked.task == "other":
            self.refused += 1
            raise Refused("It knows topics only.")
        self.asked.append(asked)
        fault: Fault = self.plan.pop(0) if self.plan else ""
        await self.clock.sleep(limits.timeout if fault == "silence" else self.seconds)
        if problem := _problem(fault):
            raise problem
        honest = self._topic(asked) if asked.task == "topic" else self._judge(asked.papers)
        text = self._obeys(asked, honest) if fault == "obey" else _spoilt(fault, honest)
        return RawReply(text, "length" if fault == "half" else "stop", Usage(900, 100), self.model)

    def _read(self, prompt: str, limits: Limits) -> Asked:
        told = _TAG.search(prompt)
        assert told, "the prompt names no tag"
        tag, task = told[1], "other"
        lines = [line for line in prompt.splitlines() if line.startswith(tag)]
        topic, papers = "", ""
        if "describe a topic" in prompt:
            task = "topic"
            assert lines == [f"{tag} begin", f"{tag} end"], "nothing that is filled in begins with the tag"
            topic = prompt.partition(f"\n{tag} begin\n")[2].partition(f"\n{tag} end")[0]
        elif "You decide" in prompt:
            task = "judge"
            assert lines == [f"{tag} topic", f"{tag} papers", f"{tag} end"], "nothing filled in begins with the tag"
            between = prompt.partition(f"\n{tag} topic\n")[2].partition(f"\n{tag} end")[0]
            topic, _, papers = between.partition(f"\n{tag} papers\n")
        rows = tuple((int(number), title, abstract) for number, title, abstract in _PAPER.findall(papers))
        return Asked(task, self.clock.now(), topic, rows, prompt, tag, limits)  # type: ignore[arg-type]  # one of three

    def _topic(self, asked: Asked) -> object:
        return self.topics.get(asked.topic.casefold(), {"topic": "", "definition": "", "aliases": [], "not": []})

    def _obeys(self, asked: Asked, honest: object) -> str:
        order = _ORDER.search("\n".join([asked.topic, *(abstract for _, _, abstract in asked.papers)]))
        return json.dumps(self.orders[order[1]] if order else honest)

    def _judge(self, papers: Iterable[tuple[int, str, str]]) -> dict[str, Any]:
        rows = [{"number": n, "verdict": self.verdict(title), "reason": self.reason} for n, title, _ in papers]
        return {"papers": rows}


def _problem(fault: Fault) -> PaperboyError | None:
    match fault:
        case "quota":
            return Later("The quota of this minute is used up.", wait=20.0, quota=True)
        case "day":
            return Later("The quota of the day is used up.", wait=7200.0, quota=True)
        case "down":
            return Later("The model does not answer; asked again later.")
        case "silence":
            return Later("Time is up; asked again later.", unsure=True)
        case "refused":
            return Refused("It will not speak of this.")
        case "owner":
            return ConfigError("The key is wrong: set GEMINI_API_KEY.")
    return None


def _spoilt(fault: Fault, honest: Any) -> str:
    """The text of an answer, honest or not."""
    rows: list[dict[str, Any]] = honest.get("papers", []) if isinstance(honest, dict) else []
    said: object = honest
    match fault:
        case "json":
            return "Sure! Here is what you asked for: {papers: }"
        case "half":
            text = json.dumps(honest)
            return text[: len(text) // 2]
        case "shape":
            said = [honest, {"papers": "all of them"}, 7]
        case "missing":
            said = {"papers": rows[1:]}
        case "range":
            strange = (0, -1, len(rows) + 1, 10**30, True, 1.0, "1", None, [1])
            said = {"papers": [{"number": number, "verdict": "on", "reason": ""} for number in strange]}
        case "odd":
            strange_ = ("maybe", "ON", None, 1, ["on"], {"on": 1}, True)
            said = {"papers": [row | {"verdict": each} for row in rows for each in strange_] + [7, "on", None, ["on"]]}
        case "both":
            said = {"papers": [row | {"verdict": each} for row in rows for each in ("on", "off")]}
    return json.dumps(said, ensure_ascii=False)
