"""Which language model writes here, by the settings: its adapter, what may be asked of it, what is known of it."""

from typing import Any

from bot import resources
from bot.config import Settings
from bot.errors import ConfigError
from bot.model import Budget
from bot.ports import LLM, Clock, Model

_MICROS = 1_000_000  # in a dollar


def provider(settings: Settings) -> str:
    """Return the name of the adapter that the settings ask for; '' for none."""
    if settings.llm != "auto":
        return "" if settings.llm == "none" else settings.llm
    if settings.llm_url:
        return "openai"
    return "gemini" if settings.gemini_api_key else ""


def chosen(settings: Settings, clock: Clock) -> Model | None:
    """Build the model; None if there is none. Raises ConfigError if the settings do not fit together."""
    name = provider(settings)
    if not name:
        return None
    known: dict[str, Any] = resources.data("models.json")["openai" if name == "openai" else "gemini"]
    model = settings.llm_model or known.get("default", "")
    budget = Budget(
        settings.llm_requests_per_minute,
        settings.llm_tokens_per_minute,
        settings.llm_requests_per_day,
        settings.llm_tokens_per_day,
        round(settings.llm_dollars_per_day * _MICROS),
    )
    llm = _adapter(name, settings, model, settings.llm_url or known["address"], clock)
    return Model(llm, budget, known["models"].get(model.removeprefix("models/"), {}))


def _adapter(name: str, settings: Settings, model: str, url: str, clock: Clock) -> LLM:
    if name == "openai":
        from bot.llm.openai import OpenAI

        if not model:
            raise ConfigError("PAPERBOY_LLM_MODEL is not set: name a model that the server at PAPERBOY_LLM_URL has.")
        return OpenAI(key=settings.openai_api_key, model=model, clock=clock, base_url=url)
    if not settings.gemini_api_key:
        raise ConfigError(f"PAPERBOY_LLM is {name}, but there is no key: set GEMINI_API_KEY.")
    if name == "gemini_legacy":
        from bot.llm.gemini_legacy import GeminiLegacy

        return GeminiLegacy(key=settings.gemini_api_key, model=model, clock=clock, base_url=url)
    from bot.llm.gemini import Gemini

    return Gemini(key=settings.gemini_api_key, model=model, clock=clock, base_url=url)


def told(model: Model | None) -> list[str]:
    """Tell the owner who writes summaries, and what becomes of what is sent there, a sentence each."""
    if model is None:
        return ["Summaries: the authors' own sentences, no model; GEMINI_API_KEY or PAPERBOY_LLM_URL brings one."]
    texts = [f"Summaries: by {model.llm.model} ({model.llm.name}), checked against the abstract."]
    if model.llm.name.startswith("gemini"):
        texts.append(
            "Google: on its free tier it may use what it is sent (abstracts, which are public) to improve its "
            "products; on a paid one it does not."
        )
    if model.budget.micros_a_day and not model.facts.get("price"):
        texts.append(
            f"The price of {model.llm.model} is not known, so dollars are not counted: "
            "PAPERBOY_LLM_TOKENS_PER_DAY limits it."
        )
    return texts
