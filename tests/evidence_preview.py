"""`python -m tests.evidence_preview [OUT.png|OUT.html]`: a digest that a model wrote, and its evidence opened.

The whole way is real but for the model, whose answers are written by hand below: a digest of the sample day over the
Gemini adapter and a loopback server, every statement held against the abstract, then a press of Evidence.
"""

# ruff: noqa: E501 - quotes are copied as they stand

import asyncio
import io
import json
import sys
import tempfile
import uuid
from pathlib import Path

from rich.console import Console as Rich

from bot.app import opened
from bot.config import Settings
from bot.demo import tour
from bot.model import Post, Said
from bot.platforms import console_view
from bot.platforms.console import ADDRESS, Console
from bot.sources.sample import Sample
from tests import telegram_preview as phone
from tests.docs import ROOT, payloads
from tests.fakes.llm_server import LlmServer

PICTURE = ROOT / "docs" / "evidence.png"
OPENED = "8812.00046"
# By a piece of each abstract: the sentence, the takeaways and the limit, each with the quote that it rests on.
ANSWERS: dict[str, list[tuple[str, str]]] = {
    "Feelings Change Slowly": [
        (
            "A diffusion model splits the motion of a portrait into emotion and articulation, at different rates.",
            (
                "We propose a two-rate diffusion model for expressive portraits, which splits the motion into two "
                "latent tracks that are denoised at different rates: articulation at 25 Hz, and emotion at 1 Hz"
            ),
        ),
        (
            "The slow track is conditioned on prosody and on the transcript.",
            (
                "The slow track is conditioned on prosody and on the transcript, and it is smoothed by a learned prior over "
                "emotional transitions"
            ),
        ),
        (
            "Sarcasm remains an open problem.",
            "Sarcasm, where voice and face disagree on purpose, remains an open problem",
        ),
    ],
    "ProfileBench": [
        (
            "ProfileBench is a benchmark for talking heads in which every synthetic view can be compared with a real one.",
            (
                "a benchmark for talking head generation with 1,260 clips of 180 actors recorded simultaneously by eleven "
                "calibrated cameras, so that every synthetic view can be compared with a real one"
            ),
        ),
        (
            "All systems degrade sharply beyond 45 degrees of yaw.",
            "All systems degrade sharply beyond 45 degrees of yaw: identity similarity drops from 0.81 to 0.43 on average",
        ),
        (
            "Mirroring the photograph before feature extraction recovers part of the loss without retraining.",
            "mirroring the photograph before feature extraction, recovers about a third of the loss without retraining",
        ),
    ],
    "DuoFace": [
        (
            "DuoFace animates both faces of a conversation and switches smoothly between speaker and listener.",
            (
                "takes both audio channels of a conversation and animates both faces, switching smoothly between the roles "
                "of speaker and listener"
            ),
        ),
        (
            "A turn-taking memory of the partner's prosody decides when a nod or a short vocal response is due.",
            (
                "a turn-taking memory which stores the last eight seconds of the partner's prosody and decides when a nod or "
                "a short vocal response is due"
            ),
        ),
        (
            "Latency stays below 120 ms.",
            "Latency stays below 120 ms, which makes the approach suitable for live video calls",
        ),
    ],
    "LipField": [
        (
            "LipField gives each phoneme its own small deformation field and blends them along the audio track.",
            (
                "LipField, which anchors a separate small deformation field to each of 42 phonemes and blends them along the "
                "audio track"
            ),
        ),
        (
            "A frozen speech encoder gives the blending weights.",
            "The blending weights come from a frozen speech encoder",
        ),
        (
            "The lip-sync distance falls from 7.9 to 6.6 on speakers it has not seen.",
            "On a held-out set of 310 speakers in nine languages, LipField lowers the lip-sync distance from 7.9 to 6.6",
        ),
        (
            "It still fails when a hand or a microphone hides the mouth.",
            "The method still fails when a hand or a microphone hides the mouth for more than half a second",
        ),
    ],
}


def answer(prompt: str) -> str:
    """What the model says of the paper in a prompt."""
    for name, rows in ANSWERS.items():
        if name in prompt:
            tldr, *others = ({"text": text, "quote": quote} for text, quote in rows)
            limits = [row for row in others if "fails" in row["text"]]
            return json.dumps(
                {"tldr": tldr, "takeaways": [row for row in others if row not in limits], "limitations": limits}
            )
    raise AssertionError("nobody wrote an answer for this paper")


async def sample() -> list[Post]:
    """The digest, and the paper with its evidence, as they went out."""
    async with LlmServer() as server:
        server.answer = answer
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.db"
            settings = Settings(
                digest_mode="asap",
                clock="simulated 2026-11-20T08:00:00+00:00",
                database_url=str(path),
                llm="gemini",
                gemini_api_key="AIza-of-nobody",
                llm_url=server.base_url,
                llm_requests_per_minute=0,
            )
            async with opened(settings) as app:
                chat = app.new_chat("console", ADDRESS)
                app.platforms["console"] = app.console = Console(chat, out=Rich(file=io.StringIO()))
                app.read_from(source := Sample(clock=app.clock))
                await tour(app, source)
                for command in ("/summarize", "/evidence"):
                    await app.store.hear(Said(uuid.uuid4().hex, chat, f"{command} {OPENED}"))
                    await app.drain()
                await app.engine.stop()
                posts = [console_view.load(payload) for payload in await payloads(path)]
                digest = next(post for post in posts if len(post.papers) > 1)
                return [digest, posts[-1]]


def document(posts: list[Post]) -> str:
    """The page: the digest on a light phone, the paper with its evidence on a dark one."""
    return phone.pair(*(phone.messages(post)[:1] for post in posts))


def main(out: Path) -> None:
    html = document(asyncio.run(sample()))
    if out.suffix == ".html":
        out.write_text(html, encoding="utf-8")
    else:
        phone.shoot(html, out, 2 * phone.WIDTH + phone.GAP)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
