"""`python -m bot demo`: a bundled sample day through the real pipeline, with no key, no token and no network.

It has a ledger of its own beside the real one, so that no sample paper ever stands among real ones.
"""

import uuid
from dataclasses import replace
from pathlib import Path

from bot import resources
from bot.app import App, opened, owner
from bot.config import Settings
from bot.flow import silence
from bot.flow.harvest import look
from bot.model import Said
from bot.platforms.console import ADDRESS
from bot.sources.sample import Sample

TOPIC = (
    "level=normal talking head generation; means: generating or animating a video of a person's talking face, from "
    "speech, text or another video; also: talking face, talking portrait, speaking portrait, lip sync, audio-driven "
    "portrait, video portrait; not: talk page"
)


async def play(settings: Settings, *, once: bool) -> int:
    """Play the sample day; then, unless `once`, chat until Ctrl-D or Ctrl-C. Returns the exit code."""
    path = Path(settings.database_url)
    path = path.with_name(f"{path.stem}-demo{path.suffix}")
    # whatever the environment holds: nothing of the demo leaves this terminal
    settings = replace(settings, telegram_bot_token="", discord_bot_token="", llm="none", owner="")
    settings = replace(settings, database_url=str(path), digest_mode="asap")
    with owner(path):
        async with opened(settings) as app:
            sample = Sample(clock=app.clock)
            app.read_from(sample)
            if once:
                app.console.mute_input()
            app.console.say(resources.data("sample_day.json")["note"])
            before = await app.sent_digests()
            await tour(app, sample)
            if await app.sent_digests() == before:
                chat = await app.store.chat(app.console.chat_id)
                assert chat is not None, "tour() made it"  # noqa: S101 - an impossible state
                app.console.say(await silence.reason(app.store, app.ports, chat, chat.language))
            if not once:
                app.console.say(
                    "Try a number to open a paper, /subscribe graph neural networks, /search galaxy, /help."
                )
                await app.serve()
                app.console.say("\nThat was the demo. `python -m bot run` is the real thing.")
    return 0


async def tour(app: App, sample: Sample) -> None:
    """Store the week before, subscribe to a topic unless there is one, then let the sample day come."""
    chat = app.new_chat("console", ADDRESS)
    await app.store.recover(resend=True)
    await app.store.add_chat(chat)
    await look(app.store, app.ports)  # the week before: in silence, it makes the preview
    await app.drain()
    if not await app.store.subscriptions(chat.id):
        await app.store.hear(Said(f"demo:{uuid.uuid4().hex}", chat, f"/follow {TOPIC}"))
        await app.drain()
    sample.day_out = True
    await look(app.store, app.ports)
    await app.drain()
