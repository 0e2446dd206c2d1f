"""The LLM port: what summaries, questions, verdicts and translations need of a language model.

Invariants:

- `complete` makes one call and returns its answer, whatever the model said in it, or raises exactly one of `Later`,
  `ConfigError` and `Refused`. Tokens that were paid for are always told: an answer that was cut or blocked after it had
  begun is a RawReply with its `usage`, not an exception.
- No retry, no limiter, no check of the answer happens in an adapter: those are shared, and the ledger's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Finish = Literal["stop", "length", "safety", "recitation", "empty", "other"]
"""Why a model ended: of itself; out of tokens; stopped for its content; for repeating a source; said nothing; else."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them. `output` is all that is billed as output, `thoughts` and answer together."""

    input: int = 0
    output: int = 0
    thoughts: int = 0  # the part of `output` that nobody sees
    cached: int = 0  # the part of `input` that was cheaper


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may cost: `output` in tokens, thinking included; `timeout` in seconds, for the call in all.

    `cheap` asks for the provider's cheap tier where there is one: half the price, an answer within minutes rather than
    seconds, and a Later more often.
    """

    output: int = 4096
    timeout: float = 60.0
    cheap: bool = False


@dataclass(frozen=True, slots=True)
class RawReply:
    """A model's answer as it came; only a `finish` of 'stop' is a whole one, and even that may be no JSON."""

    text: str
    finish: Finish
    usage: Usage | None = None  # None where the server does not count
    model_version: str = ""  # what really answered, '' where the server does not say
    retry_after: float | None = None  # seconds: the budget is empty now, the next call is not welcome before


class LLM(Protocol):
    """A language model behind one wire."""

    name: str
    model: str

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        """Make one call; `schema` is a JSON Schema for the answer, which the model follows as far as it can.

        Raises Later (quota, outage, time is up, no trustworthy answer; `wait` in seconds if the provider said), at
        midnight Pacific if Google's quota of the day is used up; ConfigError (the key, the model, the address: the
        owner must act); Refused (this very prompt will never be answered).
        """
        ...

    async def close(self) -> None:
        """Give back the connections; the next call opens them anew."""
        ...
