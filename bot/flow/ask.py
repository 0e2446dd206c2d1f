"""ask: one call to the model, within its budgets and in turn; whatever goes wrong has a reason and an end.

A call is reserved in the ledger before it leaves, with what it may cost at most, and settled with what it did cost.
What a provider asks for (a pause, a quota of the day) is kept there too, so that it outlives a restart.
"""

import json
import logging
from dataclasses import dataclass, replace

from bot.core import prices, times
from bot.core.prompt import Prompt, tokens
from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.model import Rate, Turn, Why
from bot.ports import Ledger, Limits, Model, Ports, RawReply

log = logging.getLogger(__name__)

DAY_ZONE = "America/Los_Angeles"  # where Google's quotas of a day begin anew; ours with them
_TRIES = 3
_FIRST_WAIT = 4.0  # seconds before the second try where the provider does not say; doubles
_DOWN = 60.0  # seconds for which a provider that does not answer is left alone
_OWNER = 3600.0  # seconds until a setting that is wrong is tried again
_MINUTE = 60_000  # ms
_NEXT_DAY = 30 * 3_600_000  # ms from a midnight into the next day, even if this one has 25 hours


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer; `wait` in seconds until it is worth asking again, None: this very question never."""

    why: Why
    wait: float | None


@dataclass(frozen=True, slots=True)
class Patience:
    """How a call is made: up to when (ms) it may be waited for, and whether somebody sits there waiting."""

    until: int
    urgent: bool = False
    cheap: bool = False
    timeout: float = 60.0  # seconds of one try
    large: bool = False  # it may cost more than others do: a budget too small for it may do for them


async def ask(
    store: Ledger, ports: Ports, prompt: Prompt, text: str, patience: Patience, about: str
) -> RawReply | Unanswered:
    """Make a call, up to three times while the provider does not answer and `patience` lasts.

    `about` is what the ledger notes: 'summary 2411.19525 en'. Raises nothing but Later, for a ledger that is down.
    """
    if ports.model is None:
        return Unanswered("owner", None)
    return await _Call(store, ports, ports.model, prompt, text, patience, about).make()


@dataclass(frozen=True, slots=True)
class _Call:
    store: Ledger
    ports: Ports
    model: Model
    prompt: Prompt
    text: str
    patience: Patience
    about: str

    @property
    def limits(self) -> Limits:
        return Limits(self.prompt.output, self.patience.timeout, self.patience.cheap)

    def late(self, seconds: float) -> bool:
        """Whether so many seconds from now are too many."""
        return self.ports.clock.now() + 1000 * seconds > self.patience.until

    def cost(self, input_: int, output: int) -> int:
        found = prices.cost(
            self.model.facts, at=self.ports.clock.now(), input=input_, output=output, cheap=self.patience.cheap
        )
        return found or 0

    async def make(self) -> RawReply | Unanswered:
        if self.late(0):
            return Unanswered("late", _DOWN)
        wait = _FIRST_WAIT
        answer = Unanswered("late", _DOWN)
        for number in range(1, _TRIES + 1):
            reply = await self._once()
            if isinstance(reply, RawReply):
                return reply
            answer = reply
            if answer.why not in {"down", "quota"}:
                return answer
            pause = max(wait, answer.wait or 0)
            if number == _TRIES or self.late(pause):
                break
            await self.ports.clock.sleep(pause)
            wait *= 2
        if answer.why == "down" and not self.patience.cheap:  # the cheap tier is shed often, and says nothing of others
            answer = replace(answer, wait=max(answer.wait or 0, _DOWN))
            await self._pause(answer.wait or _DOWN, "down", "The model does not answer.")
        return answer

    async def _once(self) -> RawReply | Unanswered:
        id_, tokens_, micros, unanswered = await self._reserve()
        if unanswered:
            return unanswered
        try:
            reply = await self.model.llm.complete(self.text, self.prompt.schema, self.limits)
        except PaperboyError as problem:
            unsure = isinstance(problem, Later) and problem.unsure  # it may have been billed: the reservation stands
            await self.store.settle_call(id_, tokens=tokens_ if unsure else 0, micros=micros if unsure else 0)
            return await self._failed(problem)
        except Exception:
            log.exception("%s: the adapter of the model failed", self.about)
            await self.store.settle_call(id_, tokens=tokens_, micros=micros)
            return Unanswered("down", _DOWN)
        if reply.usage is not None:  # else the reservation stands
            tokens_ = reply.usage.input + reply.usage.output
            micros = self.cost(reply.usage.input, reply.usage.output)
        try:
            await self.store.settle_call(id_, tokens=tokens_, micros=micros)
        except Later as problem:  # the answer is paid for and here; its reservation stands
            log.warning("%s: what it cost cannot be noted: %s", self.about, problem)
        if reply.retry_after:
            await self._pause(reply.retry_after, "quota", "The provider's budget is empty.")
        return reply

    async def _reserve(self) -> tuple[str, int, int, Unanswered | None]:
        """Wait for a place in the budgets; returns (id, tokens, micro-dollars, None), or why there is none."""
        provider, budget, clock = self.model.llm.name, self.model.budget, self.ports.clock
        inwards = tokens(self.text) + tokens(json.dumps(self.prompt.schema))
        most, micros = inwards + self.limits.output, self.cost(inwards, self.limits.output)
        paused = await self.store.paused(provider)
        if paused and paused[0] > self.patience.until:  # no place in the line for what will not be answered in time
            return "", 0, 0, Unanswered(paused[1], (paused[0] - clock.now()) / 1000)
        if budget.requests_a_minute:
            turn = Turn.ANSWER if self.patience.urgent else Turn.OTHER
            rate, left = Rate(_MINUTE // budget.requests_a_minute), (self.patience.until - clock.now()) / 1000
            try:
                await self.ports.gate.take(f"model:{provider}", rate, patience=left, turn=turn)
            except Later as problem:
                return "", 0, 0, Unanswered("late", problem.wait)
        while True:
            since = times.midnight(clock.now(), DAY_ZONE)
            until = times.midnight(since + _NEXT_DAY, DAY_ZONE)
            id_, wait, why = await self.store.reserve(
                provider, self.about, budget, since=since, until=until, tokens=most, micros=micros
            )
            if id_:
                return id_, most, micros, None
            if self.late(wait):
                if (
                    why == "budget" and wait > _DOWN and not self.patience.large
                ):  # of the day: the owner is to hear of it, and nobody to ask again
                    await self._pause(wait, why, "The budget of the day (PAPERBOY_LLM_…_PER_DAY) is used up.")
                return "", 0, 0, Unanswered(why, wait)
            await clock.sleep(wait)

    async def _failed(self, problem: PaperboyError) -> Unanswered:
        """Say what an error means for this question, and for the next ones."""
        log.info("%s: %s", self.about, problem)
        if isinstance(problem, Later) and problem.quota:
            wait = problem.wait or _DOWN
            await self._pause(wait, "quota", str(problem))
            return Unanswered("quota", wait)
        if isinstance(problem, ConfigError):
            await self._pause(_OWNER, "owner", str(problem))
            return Unanswered("owner", _OWNER)
        if isinstance(problem, Refused):
            return Unanswered("content", None)
        return Unanswered("down", getattr(problem, "wait", None) or 0.0)

    async def _pause(self, seconds: float, why: Why, detail: str) -> None:
        await self.store.pause(self.model.llm.name, self.ports.clock.now() + int(1000 * seconds), why, detail)
