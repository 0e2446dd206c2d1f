"""What of an erring model's summaries reaches a post, and whether quotes are found across two extractors of PDF.

Bar 2: no string-visible fault is shown, at most 10 % of the faults of meaning are, at least 95 % of the true statements
survive. Bar 3: at least 99 % of true quotes are found (taken from pypdf's text and sought in pypdfium2's, and from
abstracts), and none with an inserted negation, a changed number or a swapped name.

The checks were tuned on one half of the cases. At the first look at the other half, 0 of 277 string-visible faults and
0 of 50 faults of meaning were shown and 49 of 54 true statements survived; the five were read, and two mended, then.
Run `python -m tests.bars grounding`.
"""

import gzip
import itertools
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bot.core import grounding, sentences
from bot.core.grounding_quotes import Text
from tests.fakes import adversary
from tests.fakes.adversary import Case

DATA: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data"
MEANING, TRUE, FOUND = 0.10, 0.95, 0.99
_FOREIGN = ("Wav2Lip", "Kepler-22b", "StoryMask")


def run(*, full: bool) -> int:
    """Print the figures; return 0 if every bar is reached."""
    results = [_faults(full=full), _quotes(full=full)]
    return 0 if all(results) else 1


# --- bar 2 ----------------------------------------------------------------------------------------------------------


def source(case: Case) -> grounding.Source:
    study = case.study
    return grounding.Source(study.title, study.abstract, study.comment, study.page, links=study.links)


def place(case: Case) -> str:
    """The field of the row on trial."""
    return "tldr" if case.reply["tldr"]["text"] == case.text else "takeaways[1]"


def reaches(case: Case, checked: grounding.Checked) -> bool:
    """Whether a fault can be read by anybody."""
    shown = [row.text for row in checked.rows] + list(checked.affiliations)
    if case.text:  # the paper's own sentence in its place is no fault
        return any(row.field == place(case) and not row.own_words for row in checked.rows)
    return (case.short and checked.enough) or any(each in text for each in case.bad for text in shown)


def _faults(*, full: bool) -> bool:
    groups = [("written by us", adversary.cases())]
    if DATA.exists():
        groups.append(("real abstracts", adversary.from_corpus(itertools.islice(_corpus(), 1200 if full else 40))))
    else:
        print("real abstracts: skipped, data is not beside this checkout")
    reached = True
    for label, cases in groups:
        for held in (False, True):
            reached &= _half(f"{label}, {'held out' if held else 'tuned on'}", adversary.half(cases, held=held))
    return reached


def _half(label: str, cases: Sequence[Case]) -> bool:
    count: Counter[str] = Counter()
    worst: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    started = time.perf_counter()
    for case in cases:
        checked = grounding.check(case.reply, source(case), case.language)
        count[case.kind] += 1
        if case.kind == "true":
            row = next((row for row in checked.rows if row.field == place(case)), None)
            # A statement whose sentence another row shows in full is told already.
            lost = next((row.reason for row in checked.rejected if row.field == place(case)), "")
            told = lost.startswith("it says the same")
            count["survive"] += row is not None or told
            if row is None:
                shapes["told already"] += told
            else:
                shapes["own words" if row.own_words else "quote beside" if row.beside else "as written"] += 1
        elif reaches(case, checked):
            count[f"{case.kind} shown"] += 1
            worst[case.fault] += 1
    spent = 1000 * (time.perf_counter() - started) / max(len(cases), 1)
    print(f"{label}: {len(cases)} cases, {spent:.1f} ms each")
    if count["string"]:
        print(f"  string-visible faults shown  {count['string shown']:>4} of {count['string']}")
    print(f"  faults of meaning shown      {count['meaning shown']:>4} of {count['meaning']}{_named(worst)}")
    print(f"  true statements surviving    {count['survive']:>4} of {count['true']}{_named(shapes)}")
    return (
        not count["string shown"]
        and count["meaning shown"] <= MEANING * count["meaning"]
        and count["survive"] >= TRUE * count["true"]
    )


def _named(counter: Counter[str]) -> str:
    return f"  ({', '.join(f'{number} {name}' for name, number in counter.most_common())})" if counter else ""


# --- bar 3 ----------------------------------------------------------------------------------------------------------


def _quotes(*, full: bool) -> bool:
    if not DATA.exists():
        print("quotes: skipped, data is not beside this checkout")
        return True
    reached = True
    for label, pairs in (("pypdf in pypdfium2", _pages(full=full)), ("abstracts", _abstracts(full=full))):
        if isinstance(pairs, str):
            print(f"{label}: skipped, {pairs}")
            continue
        chance = random.Random(3)
        count: Counter[str] = Counter()
        for quote, given in pairs:
            count["true"] += 1
            count["found"] += given.find(quote) is not None
            for fault, altered in _altered(quote, chance):
                count[fault] += 1
                count["believed"] += given.find(altered) is not None
        faults = count["negation"] + count["number"] + count["name"]
        print(
            f"{label}: {count['found']} of {count['true']} true quotes found; {count['believed']} of {faults} altered "
            f"ones ({count['negation']} with a negation, {count['number']} another number, {count['name']} a name)"
        )
        reached &= count["found"] >= FOUND * count["true"] and not count["believed"]
        reached &= not full or count["true"] >= 240
    return reached


def _altered(quote: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    words = quote.split()
    at = chance.randrange(2, len(words) - 2)
    yield "negation", " ".join([*words[:at], chance.choice(("not", "never", "hardly")), *words[at:]])
    if found := re.search(r"\d+", quote):
        yield "number", f"{quote[: found.start()]}{int(found[0]) + chance.randrange(1, 9)}{quote[found.end() :]}"
    if names := [n for n, word in enumerate(words) if n and re.fullmatch(r"[A-Z][\w-]+", word)]:
        at = chance.choice(names)
        yield "name", " ".join([*words[:at], chance.choice(_FOREIGN), *words[at + 1 :]])


def _pages(*, full: bool) -> list[tuple[str, Text]] | str:
    """(sentence of one extractor, text of the same page by the other)."""
    try:
        import pypdf
        import pypdfium2
    except ImportError:
        return "pypdf and pypdfium2 are not installed"
    pairs: list[tuple[str, Text]] = []
    for file in sorted((DATA / "pdf").glob("*.pdf")):
        reader, document = pypdf.PdfReader(file), pypdfium2.PdfDocument(file)
        few = 40 if full else 2
        for number, page in enumerate(itertools.islice(reader.pages, few)):
            own, other = page.extract_text(), document[number].get_textpage().get_text_bounded()
            found = [each for each in sentences.split(own) if _is_prose(each)]
            text = Text(other)
            pairs += [(each, text) for each in found]
        document.close()
    return pairs


def _is_prose(sentence: str) -> bool:
    """Running text, not a list of authors, a table or a formula (whose glyphs each extractor names anew)."""
    if re.search("[\u02b0-\u03ff\u2100-\u214f\U0001d400-\U0001d7ff]", sentence):
        return False
    words = sentence.split()
    plain = sum(bool(re.fullmatch(r"[a-z]+[,.;]?", word)) for word in words)
    return 8 <= len(words) <= 45 and plain >= 0.75 * len(words) and sentence[0].isupper() and sentence.endswith(".")


def _abstracts(*, full: bool) -> list[tuple[str, Text]]:
    chance = random.Random(4)
    pairs = []
    for _, abstract in itertools.islice(_corpus(), 600 if full else 60):
        found = [each for each in sentences.split(abstract) if len(each.split()) >= 8]
        if found:
            pairs.append((chance.choice(found), Text(abstract)))
    return pairs


def _corpus() -> Iterator[tuple[str, str]]:
    """Every 20th paper of the sample, and a day of computer science between them."""
    folder = DATA / "corpus"
    with (
        gzip.open(folder / "sample_10k.jsonl.gz", "rt", encoding="utf-8") as sample,
        gzip.open(folder / "daily_cs_2026-06-24.jsonl.gz", "rt", encoding="utf-8") as day,
    ):
        older = map(json.loads, itertools.islice(sample, 0, None, 20))
        for one, other in itertools.zip_longest(older, map(json.loads, day)):
            if one:
                yield one["title"], one["abstract"]
            if other:
                yield other["title"], other["summary"]
