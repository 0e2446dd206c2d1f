"""A loopback arXiv over one simulated archive: /api/query, /oai and /rss/X, on the house's clock.

Invariants: the three endpoints tell of one World; replies have the form of captured ones; every request is recorded
with the house's time of its arrival, and what breaks arXiv's terms (two within 3 s, two at once, all endpoints
together) stands in `violations`; a fault is served as often, or as long, as it was asked for, then the archive again.

`oai` pages by offset as arXiv does: a token holds the datestamp that its page ended in and how many records of that
day were served, so that a record of that day which is restamped meanwhile shifts another one out of sight.

Simplified: all three share one address; the API's Atom `<updated>` stands still; no ListIdentifiers and no sets; what
is wrong with an id_list is judged as in arxiv_server.
"""

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from typing import Final, Literal
from urllib.parse import parse_qs, unquote

from aiohttp import web

from bot.core.times import NEW_YORK, instant, ms
from bot.model import Paper
from bot.ports import Clock
from tests.fakes import arxiv_world_wire as wire
from tests.fakes.archive import ID
from tests.fakes.arxiv_server import RAW, ArxivServer, Fault
from tests.fakes.arxiv_server import Kind as ApiKind
from tests.fakes.arxiv_world import DAY, Entry, Witness, World, utc_day

Trouble = Literal[
    ApiKind,
    "bad_token",  # OAI: 200, badResumptionToken
    "no_records",  # OAI: 200, noRecordsMatch
    "restamp",  # OAI: records of a page already served are restamped before the next one is made; `count` of them
    "stale",  # RSS: the batch of the listing before, under today's date
    "capped",  # RSS: as many items as the cap allows, none of them new: old papers fill it up, again and again
]
_OURS: Final = {"bad_token", "no_records", "restamp", "stale", "capped"}
SPACING: Final = 3000  # ms between two requests, https://info.arxiv.org/help/api/tou.html
_CHUNK: Final = 250  # records rendered before others have a turn
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class Request:
    """A request as it arrived."""

    at: int  # ms, on the house's clock
    kind: Witness
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    together: int  # in flight, itself included
    status: int = 0  # of the answer; 0 while there is none
    trouble: str = ""


@dataclass(slots=True)
class _Trouble:
    kind: Trouble
    on: Witness | Literal["any"]
    times: int | None
    after: int
    until: int | None
    group: str
    count: int
    fault: Fault = field(default_factory=lambda: Fault("status"))


class WorldServer(ArxivServer):
    """An async context manager; `base_url`, `oai_url` and `rss_url` are its addresses while it runs.

    `page`: OAI records a page; `aged`: lists may be an hour old, and an empty one is kept until midnight UTC;
    `tolerance` (ms) is taken off the 3 s, for a clock so fast that the network's own delay counts.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        page: int = 2500,
        rss_cap: int = 2000,
        aged: bool = False,
        tolerance: int = 0,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.world, self.clock = world, clock
        self.page, self.rss_cap, self.aged, self.tolerance = page, rss_cap, aged, tolerance
        self.api_behind = 0  # ms that the API's index lags behind OAI
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self._troubles: list[_Trouble] = []
        self._open: list[asyncio.Transport] = []  # connections with a request in flight
        self._tokens: dict[str, str] = {}  # UTC day on which each was given out last
        self._kept: dict[str, tuple[int, bytes]] = {}

    @property
    def oai_url(self) -> str:
        return self.base_url + "/oai"

    @property
    def rss_url(self) -> str:
        return self.base_url + "/rss"

    def fault(  # type: ignore[override]  # it says more of a fault than its parent does
        self,
        kind: Trouble,
        times: int | None = 1,
        *,
        after: int = 0,
        status: int = 503,
        on: Witness | Literal["any"] = "any",
        until: int | None = None,
        group: str = "",
        count: int = 7,
        **headers: str,
    ) -> None:
        """Spoil the next `times` requests (None: all of them) to `on`, once `after` others were served well.

        `until` (ms) ends it in any case; `group` is a category that a feed must hold to be spoilt; a_b in `headers`
        stands for a-b, as in Retry_After="120".
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        bad = Fault("status" if kind in _OURS else kind, status, named)  # type: ignore[arg-type]  # the rest are theirs
        self._troubles.append(_Trouble(kind, on, times, after, until, group, count, bad))

    def per_day(self) -> dict[date, Counter[str]]:
        """How many requests of each kind came on each UTC day."""
        found: dict[date, Counter[str]] = {}
        for request in self.requests:
            found.setdefault(instant(request.at).date(), Counter())[request.kind] += 1
        return found

    # --- requests --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        now = self.clock.now()
        kind: Witness = "rss" if request.path.startswith("/rss/") else "oai" if request.path == "/oai" else "api"
        # A client that has hung up is not in flight any more, though its stall here goes on for a moment.
        together = 1 + sum(not line.is_closing() for line in self._open)
        seen = Request(now, kind, request.path_qs, dict(request.query), dict(request.headers), together)
        own = request.transport
        self._open += [own] if own else []
        self._judge(seen)
        self.requests.append(seen)
        try:
            await asyncio.sleep(self.delay)
            self.world.advance(now)
            trouble = self._trouble_for(seen)
            seen.trouble = trouble.kind if trouble else ""
            response = await self._reply(request, seen, trouble)
            seen.status = response.status
            if not response.prepared:
                response.headers["Date"] = wire.http_date(self.clock.now())
            return response
        finally:
            if own:
                self._open.remove(own)

    def _judge(self, seen: Request) -> None:
        if self.requests and (gap := seen.at - self.requests[-1].at) < SPACING - self.tolerance:
            self.violations.append(f"{seen.path} came {gap} ms after {self.requests[-1].path}")
        if seen.together > 1:
            self.violations.append(f"{seen.path} came while {seen.together - 1} were in flight")

    def _trouble_for(self, seen: Request) -> _Trouble | None:
        for trouble in self._troubles:
            if trouble.on not in {"any", seen.kind} or (trouble.times is not None and trouble.times <= 0):
                continue
            if trouble.until is not None and seen.at >= trouble.until:
                continue
            if trouble.group and trouble.group not in seen.path.rpartition("/")[2].split("+"):
                continue
            if trouble.kind == "restamp" and "resumptionToken" not in seen.query:
                continue
            if trouble.after > 0:
                trouble.after -= 1
                continue
            if trouble.times is not None:
                trouble.times -= 1
            return trouble
        return None

    async def _reply(self, request: web.BaseRequest, seen: Request, trouble: _Trouble | None) -> web.StreamResponse:
        kind = trouble.kind if trouble else ""
        if kind == "status" and trouble:
            return web.Response(status=trouble.fault.status, headers=trouble.fault.headers, text="")
        if kind == "restamp" and trouble:
            self.world.restamp(self._served(seen.query["resumptionToken"])[: trouble.count])
        if kind in {"rate", "html"}:
            page = "Rate exceeded." if kind == "rate" else "<html><head><title>arXiv</title><body><p>Sorry<br></html>"
            return web.Response(text=page, content_type="text/html" if kind == "html" else "text/plain")
        if seen.kind == "api":
            self.papers = list(self._papers(seen.query))
            if trouble:
                return await self._spoil(trouble.fault, request, seen.query)
            return self._answer(seen.query) if request.path == "/api/query" else web.Response(status=404)
        right = self._feed(seen, kind) if seen.kind == "rss" else await self._oai(seen.query, kind)
        body = bytes(right.body) if isinstance(right.body, bytes) else b""
        if trouble and kind in RAW:
            await self._misbehave(trouble.fault.kind, request, body)
        if kind == "truncated":
            return web.Response(body=body[: max(len(body) * 2 // 3, len(body) - 700)], content_type="text/xml")
        return right

    # --- the query API ---------------------------------------------------------------------------------------------

    def _papers(self, query: dict[str, str]) -> Iterator[Paper]:
        """The papers that can be an answer; arxiv_server picks, searches and pages them."""
        world, hidden = self.world, self.world.hidden("api")
        ids: list[str] = [wanted for wanted in query.get("id_list", "").split(",") if wanted]
        asked = {_fold(found[1]): int(found[2] or 0) for wanted in ids if (found := ID.fullmatch(wanted))}
        if not ids:
            asked = dict.fromkeys(world.entries, 0)
        for id_, version in asked.items():
            entry = world.entries.get(id_)
            shown = entry and id_ not in hidden and entry.since + self.api_behind <= world.now
            if entry and shown and version <= len(entry.versions):
                yield wire.paper(entry, version)

    # --- OAI-PMH ---------------------------------------------------------------------------------------------------

    async def _oai(self, query: dict[str, str], fault: str) -> web.Response:
        now = self.clock.now()
        key = json.dumps(query, sort_keys=True)
        if self.aged and not fault and key in self._kept and now < self._kept[key][0]:
            return _xml(self._kept[key][1])
        midnight = now - now % DAY + DAY
        try:
            request, body = await self._answer_oai(query, fault, midnight)
        except _OaiError as error:
            request, body = error.request, wire.error(error.code, error.reason)
        reply = wire.oai(now, request, body)
        if self.aged and ("<error" not in body or "noRecordsMatch" in body):
            self._kept[key] = (midnight if "noRecordsMatch" in body else now + 3_600_000, reply)
        return _xml(reply)

    async def _answer_oai(self, query: dict[str, str], fault: str, midnight: int) -> tuple[str, str]:
        verb = query.get("verb")
        if verb == "Identify":
            return wire.asked(verb=verb), wire.identify()
        if verb == "GetRecord":
            return self._record(query)
        if verb != "ListRecords":
            raise _OaiError("badVerb")
        if fault == "bad_token":
            raise _OaiError("badResumptionToken")
        request, prefix, since, until, skip = self._read(query, utc_day(midnight - DAY))
        if prefix not in {"arXiv", "arXivRaw"}:
            raise _OaiError("cannotDisseminateFormat", request=wire.asked(verb="ListRecords"))
        found = self._slice(since, until, skip, self.page + 1)
        if not found or fault == "no_records":
            raise _OaiError("noRecordsMatch", request=request)
        following: str | None = "" if "resumptionToken" in query else None
        if len(found) > self.page:
            last = found.pop().stamp  # of the record that the next page begins with
            served = sum(entry.stamp == last for entry in found) + (skip if last == since else 0)
            following = wire.token_text(prefix, last, served)
            self._tokens[following] = utc_day(midnight - DAY)
        rendered = []
        for n, entry in enumerate(found):
            rendered.append(wire.record(entry, prefix, entry.change))
            if n % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
        return request, wire.records(rendered, following, midnight)

    def _read(self, query: dict[str, str], today: str) -> tuple[str, str, str, str, int]:
        """What is asked: the element that repeats it, prefix, first and last day, records to leave out."""
        if (token := query.get("resumptionToken")) is not None:
            if len(query) > 2:
                raise _OaiError("badArgument", "No other paramters allowed with resumptionToken")
            read = _token(token)
            if read is None or self._tokens.get(token, today) != today:
                raise _OaiError("badResumptionToken")
            return wire.asked_token(token), read[0], read[1], "9999", read[2]
        since, until = query.get("from", "2005-09-16"), query.get("until", "9999")
        if not _DATE.fullmatch(since) or ("until" in query and not _DATE.fullmatch(until)):
            raise _OaiError("badArgument", "from date format must be YYYY-MM-DD")
        if "until" in query and until > today:
            raise _OaiError("badArgument", "until date too late")
        said = {name: query[name] for name in ("verb", "metadataPrefix", "from", "until") if name in query}
        return wire.asked(**said), query.get("metadataPrefix", ""), since, until, 0

    def _slice(self, since: str, until: str, skip: int, size: int) -> list[Entry]:
        hidden, found = self.world.hidden("oai"), []
        for day in sorted(day for day in self.world.days if since <= day <= until):
            entries = self.world.days[day]
            for id_ in sorted(entries):
                if id_ in hidden:
                    continue
                if skip:
                    skip -= 1
                    continue
                found.append(entries[id_])
                if len(found) == size:
                    return found
        return found

    def _served(self, token: str) -> list[str]:
        """Ids of the day that a token stands in, as far as they were served."""
        _, since, skip = _token(token) or ("", "", 0)
        return [entry.id for entry in self._slice(since, since, 0, skip)] if skip else []

    def _record(self, query: dict[str, str]) -> tuple[str, str]:
        id_, prefix = query.get("identifier", ""), query.get("metadataPrefix", "")
        entry = self.world.entries.get(id_.removeprefix("oai:arXiv.org:"))
        if entry is None or entry.id in self.world.hidden("oai"):
            raise _OaiError("idDoesNotExist")
        record = wire.record(entry, prefix, entry.change)
        return wire.asked(verb="GetRecord", identifier=id_, metadataPrefix=prefix), (
            f"    <GetRecord>\n        {record}\n    </GetRecord>"
        )

    # --- RSS -------------------------------------------------------------------------------------------------------

    def _feed(self, seen: Request, fault: str) -> web.Response:
        now, names = self.clock.now(), unquote(seen.path.partition("?")[0].rpartition("/")[2])
        address, today = f"https://rss.arxiv.org/rss/{names}", instant(now, NEW_YORK).date()
        if wrong := wire.unknown(names.split("+")):
            return _xml(wire.feed(address, names, now, today, [], wrong), 400)
        day = today
        if fault == "stale":
            day = max((shown for shown in self.world.shown if shown < today), default=today)
        asked, hidden = frozenset(names.split("+")), self.world.hidden("rss")
        kinds: dict[str, list[str]] = {"new": [], "cross": [], "replace": [], "replace-cross": []}
        for event in self.world.shown.get(day, []):
            entry = self.world.entries[event.id]
            if event.id not in hidden and (said := wire.announce_type(event, entry, asked)):
                kinds[said].append(wire.item(entry, event.version, said, today))
        rest = [item for said in ("cross", "replace", "replace-cross") for item in kinds[said]][: self.rss_cap]
        if fault == "capped":
            old = sorted(self.world.entries.values(), key=lambda e: e.since)
            more = (wire.item(e, len(e.versions), "replace-cross", today) for e in cycle(old))
            kinds["new"], rest = [], [*rest, *islice(more, self.rss_cap - len(rest))]
        items = kinds["new"][: self.rss_cap - len(rest)] + rest  # the cap drops what is new first
        tag = '"' + hashlib.sha256("".join([names, str(today), *items]).encode()).hexdigest()[:32] + '"'
        tomorrow = datetime.combine(today + timedelta(days=1), datetime.min.time(), instant(now, NEW_YORK).tzinfo)
        headers = {"ETag": tag, "Cache-Control": f"max-age={(ms(tomorrow) - now) // 1000}"}
        if seen.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return _xml(wire.feed(address, names, now, today, items), headers=headers)


class _OaiError(Exception):
    def __init__(self, code: str, reason: str = "", request: str = "") -> None:
        super().__init__(code)
        self.code, self.reason, self.request = code, reason, request or wire.asked()


def _fold(id_: str) -> str:
    archive, slash, number = id_.rpartition("/")
    return archive.split(".")[0] + slash + number


def _token(text: str) -> tuple[str, str, int] | None:
    """What a token says: prefix, datestamp and offset; None if arXiv could not have written it."""
    said = parse_qs(unquote(text))
    try:
        return said["metadataPrefix"][0], said["from"][0], int(said["skip"][0])
    except (KeyError, ValueError):
        return None


def _xml(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, content_type="text/xml", charset="utf-8", headers=headers)
