"""The last line of what we say of papers: what the summaries rest on, counted, and why no model wrote the others."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.core import times
from bot.model import Summary, Why
from bot.words import say

_TODAY = 20 * 3_600_000  # ms within which a clock says enough

_WHY: Final[Mapping[Why, str]] = {
    "": "why_none",
    "quota": "why_quota",
    "budget": "why_budget",
    "down": "why_down",
    "owner": "why_owner",
    "content": "why_content",
    "form": "why_form",
    "late": "why_late",
}
_UNTIL: Final[Mapping[Why, str]] = {"quota": "why_quota_until", "budget": "why_budget_until"}


def one(summary: Summary, language: str, zone: str, now: int) -> str:
    """Tell what one summary rests on."""
    if summary.basis == "extract":
        if not summary.why:
            return say(language, "basis_extract_one")
        return say(language, "basis_extract_one_why", why=why(summary, language, zone, now))
    return say(language, "basis_model_one", quotes=_counted([summary], language), model=summary.model)


def many(summaries: Sequence[Summary], language: str, zone: str, now: int) -> str:
    """Tell what the summaries of a digest or a list rest on."""
    if all(each.basis == "extract" and not each.why for each in summaries):
        return say(language, "basis_extract")
    parts = []
    for model in dict.fromkeys(each.model for each in summaries if each.basis != "extract"):
        written = [each for each in summaries if each.basis != "extract" and each.model == model]
        quotes = _counted(written, language)
        parts.append(say(language, "basis_model", count=f"{len(written):,}", model=model, quotes=quotes))
    extracts = [each for each in summaries if each.basis == "extract"]
    for kind in dict.fromkeys(each.why for each in extracts):
        same = [each for each in extracts if each.why == kind]
        reason = why(max(same, key=lambda each: each.until), language, zone, now)
        parts.append(say(language, "basis_extracted", count=f"{len(same):,}", why=reason))
    return say(language, "basis_parts", parts=say(language, "basis_and").join(parts))


def _counted(summaries: Sequence[Summary], language: str) -> str:
    found, quotes = sum(each.found for each in summaries), sum(each.quotes for each in summaries)
    return say(language, "quotes_found" if found == quotes else "quotes_dropped", found=found, quotes=quotes)


def why(summary: Summary, language: str, zone: str, now: int) -> str:
    """Tell why no model wrote something, as a part of a sentence."""
    if summary.why in _UNTIL and summary.until > now:
        near = summary.until - now < _TODAY
        when = times.clock(summary.until, zone) if near else times.moment(summary.until, zone, language)
        return say(language, _UNTIL[summary.why], when=when)
    return say(language, _WHY[summary.why])
