"""A model that can write: invented papers with true statements in three languages, and an LLM that tells them.

Invariants: what it is asked, at what moment, and what that costs is counted here, by the prompt as it arrived and by
nothing of ours; the same question in the same place of the line has the same answer, so that a run can be repeated.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.model import Paper
from bot.ports import Clock, Limits, RawReply, Usage

NAMES = (  # noqa: SIM905 - forty of them
    "Heron Stork Plover Dunlin Curlew Godwit Whimbrel Sandpiper Lapwing Avocet Gannet Puffin Petrel Shearwater Fulmar "
    "Kittiwake Skua Tern Razorbill Guillemot Osprey Kestrel Merlin Harrier Goshawk Buzzard Falcon Condor Magpie "
    "Jackdaw Raven Rook Wagtail Pipit Dipper Wren Redstart Wheatear Whinchat Stonechat"
).split()
_DOES = (
    ("keep lips and speech in time", "使口型与语音同步", "使口型與語音同步"),
    ("move the eyes with the voice", "使眼睛随声音转动", "使眼睛隨聲音轉動"),
    ("follow the pose of a driver", "跟随驱动者的姿态", "跟隨驅動者的姿態"),
    ("draw sharp teeth", "绘制清晰的牙齿", "繪製清晰的牙齒"),
    ("show the mood of a speaker", "表现说话者的情绪", "表現說話者的情緒"),
)
_NEED = (
    ("clean recordings of one speaker", "单一说话者的干净录音", "單一說話者的乾淨錄音"),
    ("labels made by hand for each frame", "逐帧手工标注", "逐幀手工標註"),
    ("a depth camera in front of the face", "正对面部的深度相机", "正對面部的深度相機"),
    ("hours of video of the same face", "同一张脸的数小时视频", "同一張臉的數小時影片"),
)
_RESTS = (
    ("a small network that reads the sound", "一个读取声音的小型网络", "一個讀取聲音的小型網路"),
    ("a sparse mesh of the mouth", "嘴部的稀疏网格", "嘴部的稀疏網格"),
)
_ASKED = re.compile(r"^(\S+) begin\n(.*?)^\1 (?:fields\n(.*)^\1 )?end", re.MULTILINE | re.DOTALL)
LANGUAGES = {"English": "en", "Simplified": "zh", "Traditional": "zh-TW"}

Fault = Literal[
    "", "shed", "quota", "down", "unsure", "json", "length", "quote", "empty", "safety", "refused", "owner", "uncounted"
]
_FAULTS: tuple[Fault, ...] = ("shed", "quota", "down", "unsure", "json", "length", "quote", "empty", "uncounted")


@dataclass(frozen=True, slots=True)
class Study:
    """An invented paper: its sentences, each with what may be said of it in each language."""

    number: int
    name: str

    @property
    def rows(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        name, n = self.name, self.number
        does, need, rests = _DOES[n % 5], _NEED[n % 4], _RESTS[n % 2]
        return (
            (
                f"We introduce {name}, a method for talking heads that can {does[0]}.",
                {
                    "en": f"{name} is a method for talking heads that can {does[0]}.",
                    "zh": f"提出{name}，一种能够{does[1]}的说话人头像方法。",
                    "zh-TW": f"提出{name}，一種能夠{does[2]}的說話人頭像方法。",
                },
            ),
            (
                f"Existing methods need {need[0]}.",
                {
                    "en": f"Methods that exist need {need[0]}.",
                    "zh": f"现有方法需要{need[1]}。",
                    "zh-TW": f"現有方法需要{need[2]}。",
                },
            ),
            (
                f"{name} rests on {rests[0]} instead.",
                {
                    "en": f"Instead, {name} rests on {rests[0]}.",
                    "zh": f"{name}改为依靠{rests[1]}。",
                    "zh-TW": f"{name}改為依靠{rests[2]}。",
                },
            ),
        )

    @property
    def paper(self) -> Paper:
        return self.at(0)

    def at(self, moment: int) -> Paper:
        abstract = " ".join(quote for quote, _ in self.rows)
        title = f"{self.name}: Talking Heads, Part {self.number + 1}"
        return Paper(f"2611.{self.number + 1:05}", 1, title, abstract, ("Ada One",), ("cs.CV",), moment, moment)


STUDIES = tuple(Study(number, name) for number, name in enumerate(NAMES))
_BY_NAME = {study.name: study for study in STUDIES}


@dataclass(slots=True)
class Asked:
    """One request as the provider saw it; what it counts and bills is filled in when it ends."""

    at: int  # ms
    paper: str
    language: str
    task: Literal["summary", "repair", "other"]
    cheap: bool
    fault: Fault
    text: str
    tokens: int = 0
    micros: float = 0.0
    ended: int = 0
    good: bool = False  # an answer that says something of the paper


class Scribe:
    """An LLM. `plan` is what becomes of the next requests; without one, `share` of them fail, by a hash."""

    def __init__(
        self,
        clock: Clock,
        *,
        plan: Iterable[Fault] = (),
        share: float = 0.0,
        price: Mapping[str, float] | None = None,
        seconds: tuple[float, float] = (2.0, 6.0),
    ) -> None:
        self.name, self.model = "scribe", "scribe-1"
        self.asked: list[Asked] = []
        self.told: dict[tuple[str, str], set[str]] = {}  # (paper, language): the sentences it was summed up in
        self.plan: list[Fault] = list(plan)
        self.wait: float | None = 20.0  # seconds that a refusal for want of quota asks for
        self.retry_after: float | None = None
        self.closed = False
        self._clock, self._share, self._seconds = clock, share, seconds
        self._price = price or {"input": 0.3, "output": 2.5}

    async def close(self) -> None:
        self.closed = True

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        found = _ASKED.search(prompt)
        assert found is not None, prompt
        title = re.search(r"^title: (\w+)", found[2], re.MULTILINE)
        study = _BY_NAME[title[1]] if title else STUDIES[0]
        language = next(code for word, code in LANGUAGES.items() if word in prompt)
        task: Literal["summary", "repair"] = "repair" if found[3] else "summary"
        for quote, _ in study.rows:
            assert quote in found[2], "it says only what it has read"
        asked = Asked(self._clock.now(), study.paper.id, language, task, limits.cheap, "", prompt)
        self.asked.append(asked)
        number = sum(1 for each in self.asked if (each.paper, each.language) == (asked.paper, language))
        asked.fault = self._next(asked, number)
        try:
            return await self._answer(asked, study, number, prompt, json.dumps(schema), limits, found[3] or "")
        finally:
            asked.ended = self._clock.now()

    def _dice(self, *about: object) -> float:
        return int.from_bytes(hashlib.sha256(repr(about).encode()).digest()[:4], "big") / 2**32

    def _next(self, asked: Asked, number: int) -> Fault:
        if self.plan:
            return self.plan.pop(0)
        dice = self._dice(asked.paper, asked.language, number)
        if dice >= self._share:
            return ""
        return _FAULTS[int(dice / self._share * len(_FAULTS))]

    async def _answer(
        self, asked: Asked, study: Study, number: int, prompt: str, schema: str, limits: Limits, failed: str
    ) -> RawReply:
        low, high = (8 * each for each in self._seconds) if asked.cheap else self._seconds
        await self._clock.sleep(low + (high - low) * self._dice("time", asked.paper, asked.language, number))
        inwards = (len(prompt.encode()) + len(schema)) // 4  # as tokenizers do with English
        if asked.fault == "unsure":
            await self._clock.sleep(limits.timeout - (self._clock.now() - asked.at) / 1000)
            self._bill(asked, inwards, limits.output // 2)
            raise Later("Time is up; asked again later.", unsure=True)
        if problem := self._refusal(asked.fault):
            raise problem
        text, finish = self._text(asked, study, failed)
        outwards = limits.output if finish == "length" else min(limits.output, 40 + len(text.encode()) // 3)
        self._bill(asked, inwards, outwards)
        usage = None if asked.fault == "uncounted" else Usage(inwards, outwards)
        return RawReply(text, finish, usage, self.model, self.retry_after)

    def _refusal(self, fault: Fault) -> PaperboyError | None:
        match fault:
            case "shed":
                return Later("The model is overloaded; asked again later.", wait=7.0)
            case "quota":
                return Later("The quota is used up for now.", wait=self.wait, quota=True)
            case "down":
                return Later("The model does not answer; asked again later.")
            case "refused":
                return Refused("It will not speak of this.")
            case "owner":
                return ConfigError("The key is wrong: set GEMINI_API_KEY.")
        return None

    def _bill(self, asked: Asked, inwards: int, outwards: int) -> None:
        asked.tokens = inwards + outwards
        asked.micros = (inwards * self._price["input"] + outwards * self._price["output"]) * (
            0.5 if asked.cheap else 1.0
        )

    def _text(
        self, asked: Asked, study: Study, failed: str
    ) -> tuple[str, Literal["stop", "length", "safety", "empty"]]:
        rows: list[dict[str, Any]] = [{"text": texts[asked.language], "quote": quote} for quote, texts in study.rows]
        fields = ["tldr", "takeaways[0]", "takeaways[1]"]
        if asked.task == "repair":
            asked.good = asked.fault in {"", "uncounted"}
            fixed = [
                row | {"field": field} for field, row in zip(fields, rows, strict=True) if f"field: {field}" in failed
            ]
            return json.dumps({"statements": fixed} if asked.good else {}, ensure_ascii=False), "stop"
        if asked.fault == "quote":
            rows[2] = rows[2] | {"quote": "Nothing of the kind stands anywhere in this paper."}
        text = json.dumps({"tldr": rows[0], "takeaways": rows[1:], "limitations": []}, ensure_ascii=False)
        match asked.fault:
            case "json":
                return text.replace('"', "'"), "stop"
            case "length":
                return text[: len(text) // 2], "length"
            case "empty":
                return "", "empty"
            case "safety":
                return "", "safety"
        asked.good = asked.fault != "quote"
        self.told.setdefault((asked.paper, asked.language), set()).add(rows[0]["text"])
        return text, "stop"
