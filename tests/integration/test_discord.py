"""Paperboy as people on Discord meet it: the unmodified adapter and discord.py in SimCord's Discord."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core.commands import COMMANDS
from bot.flow.answers.settings import SETTINGS
from bot.model import Back, Chat, Left
from tests.fakes.discord_house import Sim, labels, simulated, texts

pytestmark = pytest.mark.integration
TOPIC = "talking head generation"


def play(folder: Path, body: Callable[[Sim], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with simulated(folder, **settings) as sim:
            await body(sim)
            assert await sim.house.store.dead() == []

    asyncio.run(run())


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "paperboy.db") as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


def shown(result: Any) -> str:
    assert result.response is not None
    return texts(result.response.components) or str(result.response.content)


def test_every_command_of_the_table_is_there_and_answers(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        offered = set(sim.boss.available_commands(channel))
        assert offered == {c.name for c in COMMANDS if not c.hidden} - {"start", "channel", "follow"}
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        await sim.click(result.response, "Subscribe")
        filled: dict[str, dict[str, Any]] = {
            "subscribe": {"topic": "dark matter"},
            "unsubscribe": {"topic": "9"},
            "tune": {"topic": "1"},
            "mute": {"topic": "1"},
            "unmute": {"topic": "1"},
            "search": {"query": "galaxy mergers"},
            "summarize": {"id": "8812.00016"},
            "translate": {"id": "8812.00016"},
            "read": {"id": "8812.00016"},
            "ask": {"id": "8812.00016", "question": "what data was it trained on?"},
            "why": {"id": "8812.00016"},
            "like": {"id": "8812.00016"},
            "dislike": {"id": "8812.00016"},
        }
        for name in sorted(offered):
            result = await sim.slash(channel, name, **filled.get(name, {}))
            assert shown(result), name
            assert result.ephemeral == (name not in {"summarize", "search", "read", "ask"}), name

    play(tmp_path, body)


def test_subscribing_is_a_preview_then_one_press_and_edits_one_private_message(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        result = await sim.slash(channel, "subscribe", topic=TOPIC, mode="daily")
        assert "would have brought 3 papers" in shown(result)
        assert labels(result.response.components) == ["Subscribe", "Stricter", "Broader", "Edit wording", "Cancel"]
        await sim.click(result.response, "Stricter")
        assert "would have brought 2 papers" in shown(result)
        await sim.click(result.response, "Broader")
        await sim.click(result.response, "Subscribe")
        assert f"Subscribed: {TOPIC}" in shown(result)
        chat = await sim.house.store.chat(f"discord:{channel.id}")
        assert chat is not None
        assert (chat.mode, chat.title, chat.server) == ("daily", "#papers", str(sim.guild.id))
        assert chat.host == f"discord:u{sim.boss.id}"
        assert sim.posted(channel) == [(shown(result), ["Undo", "All topics"])]

    play(tmp_path, body)


def test_a_digest_comes_with_buttons_that_open_a_paper_for_the_one_who_presses(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        await sim.click(result.response, "Subscribe")
        await sim.day()
        public = [m for m in channel.history(viewer=sim.guest) if m.author.id == sim.env.bot.user.id]
        tree = [[c.to_dict() for c in m.components] for m in public]
        assert sum(len(labels(t)) for t in tree) == 3, "three papers, a button each"
        assert all("@everyone" not in texts(t) for t in tree)
        opened = await sim.click(public[0], "takeaways (5)", who=sim.guest)
        assert opened.ephemeral
        assert "People nod, frown and smile" not in "".join(map(texts, tree)), "takeaways are a press away"
        assert "picked from the abstract" in shown(opened)

    play(tmp_path, body)


def test_menus_are_selects_and_a_form_takes_what_no_button_offers(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        menu = await sim.slash(channel, "settings")
        assert labels(menu.response.components) == [
            "language", "mode", "time", "zone", "cap", "silent", "revisions", "role"
        ]  # fmt: skip
        await sim.select(menu.response, "zone")
        form = await sim.boss.click(menu.response, label="Other …")
        assert form.modal is not None
        await sim.boss.submit_modal(form, {"typed": "Asia/Tokyo"})
        await sim.settle()
        assert "Done: zone Asia/Tokyo" in shown(menu)
        menu = await sim.slash(channel, "settings", change="time 25:00")
        assert "isn't a time" in shown(menu)
        chat = await sim.house.store.chat(f"discord:{channel.id}")
        assert chat is not None
        assert chat.zone == "Asia/Tokyo"

    play(tmp_path, body)


def test_what_is_completed_while_it_is_typed(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        await sim.click(result.response, "Subscribe")

        async def offers(command: str, option: str, typed: str) -> list[str]:
            return [choice["value"] for choice in await sim.boss.autocomplete(channel, command, option, typed)]

        assert await offers("unsubscribe", "topic", "talk") == [TOPIC]
        assert await offers("subscribe", "topic", "cs.C") == [
            "cs.C", "cat:cs.CC", "cat:cs.CE", "cat:cs.CG", "cat:cs.CL", "cat:cs.CR", "cat:cs.CV", "cat:cs.CY",
        ]  # fmt: skip
        assert await offers("settings", "change", "") == [name for name in SETTINGS if name not in
                                                          {"preview", "figures", "publish", "posts"}]  # fmt: skip
        assert await offers("settings", "change", "zone eu") == ["zone Europe/London", "zone Europe/Berlin", "zone eu"]
        assert "8812.00016" in await offers("summarize", "id", "three cameras")

    play(tmp_path, body)


def test_who_may_not_manage_is_told_and_changes_nothing(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        await sim.click(result.response, "Subscribe")
        before = rows(tmp_path, "SELECT * FROM subscription")
        assert shown(await sim.slash(channel, "subscribe", who=sim.guest, topic="dark matter")).startswith(
            "Only admins"
        )
        menu = await sim.slash(channel, "topics", who=sim.guest)
        await sim.click(menu.response, "1", who=sim.guest)
        assert TOPIC in shown(menu)
        refused = await sim.select(menu.response, "Remove", who=sim.guest)
        assert "Only admins" in "".join(followup.content for followup in refused.followups)
        assert rows(tmp_path, "SELECT * FROM subscription") == before
        role = sim.guild.create_role("Readers")
        reader = sim.guild.add_member(sim.env.create_user("reader"), roles=[role])
        assert "Done" in shown(await sim.slash(channel, "settings", change=f"role {role.id}"))
        assert labels((await sim.slash(channel, "subscribe", who=reader, topic="dark matter")).response.components)

    play(tmp_path, body)


def test_another_channel_is_fed_from_here_by_those_who_manage_it(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        here, there = sim.guild.create_text_channel("here"), sim.guild.create_text_channel("there")
        result = await sim.slash(here, "subscribe", topic=TOPIC, channel=there)
        assert "For #there." in shown(result)
        await sim.click(result.response, "Subscribe")
        assert [s.label for s in await sim.house.store.subscriptions(f"discord:{there.id}")] == [TOPIC]
        refused = await sim.slash(here, "subscribe", who=sim.guest, topic="x", channel=there)
        assert "Only admins" in shown(refused)
        await sim.day()
        assert len([m for m in there.history() if m.author.id == sim.env.bot.user.id]) == 1

    play(tmp_path, body)


@pytest.mark.parametrize("posts", ["digest", "paper"])
def test_a_forum_gets_a_post_per_digest_or_per_paper(tmp_path: Path, posts: str) -> None:
    async def body(sim: Sim) -> None:
        here, forum = sim.guild.create_text_channel("here"), sim.guild.create_forum_channel("papers")
        result = await sim.slash(here, "subscribe", topic=TOPIC, channel=forum)
        await sim.click(result.response, "Subscribe")
        assert "Done" in shown(await sim.slash(here, "settings", change=f"posts {posts}", channel=forum))
        await sim.day()
        threads = sim.env.bot.get_channel(forum.id).threads
        names = sorted(thread.name for thread in threads)
        if posts == "digest":
            assert names == ["Sat 21 Nov · 3 papers"]
        else:
            assert len(names) == 3
            assert any("Listening While Speaking" in name for name in names)
        states = rows(tmp_path, "SELECT DISTINCT state FROM send")
        assert states == [("sent",)]

    play(tmp_path, body)


def test_an_announcement_channel_is_published_if_wished(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        here, news = sim.guild.create_text_channel("here"), sim.guild.create_news_channel("news")
        result = await sim.slash(here, "subscribe", topic=TOPIC, channel=news)
        await sim.click(result.response, "Subscribe")
        await sim.slash(here, "settings", change="publish on", channel=news)
        await sim.day()
        mine = [m for m in news.history() if m.author.id == sim.env.bot.user.id]
        assert mine
        assert all(
            message.flags.value & 0b11 for message in mine
        )  # SimCord marks it by the second bit, Discord by the first

    play(tmp_path, body)


def test_direct_messages_work_the_same(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        ann = sim.env.create_user("ann")
        sim.guild.add_member(ann)
        await ann.send_dm("hello")
        result = await ann.slash("subscribe", topic=TOPIC)
        await sim.settle()
        assert "would have brought" in shown(result)
        await ann.click(result.response, label="Subscribe")
        await sim.settle()
        await sim.day()
        mine = [m for m in ann.dm_channel.history() if m.author.id == sim.env.bot.user.id]
        assert len(mine) == 2
        assert (await sim.house.store.chat(f"discord:u{ann.id}") or Chat("", "", "")).kind == "private"
        result = await ann.slash("delete_me")
        await sim.settle()
        await ann.click(result.response, label="Delete everything")
        await sim.settle()
        assert rows(tmp_path, f"SELECT 1 FROM chat WHERE id = 'discord:u{ann.id}'") == []

    play(tmp_path, body)


def test_forged_and_stale_presses_change_nothing(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel, other = sim.guild.create_text_channel("papers"), sim.guild.create_text_channel("other")
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        before = rows(tmp_path, "SELECT * FROM subscription"), rows(tmp_path, "SELECT * FROM chat")
        message = result.response.message
        for forged in ("1:1:99:e", "1:99:0:e", "2:1:0:e", "nonsense", "1:1:*:e", f"1:{'9' * 15}:0:", "1:1:0:e\n"):
            interaction = Forged(message, forged, sim, channel)
            await sim.platform.pressed(interaction)  # type: ignore[arg-type]
            await sim.settle()
            assert "out of date" in interaction.told, forged
        interaction = Forged(message, "1:1:0:e", sim, other)
        await sim.platform.pressed(interaction)  # type: ignore[arg-type]
        await sim.settle()
        assert "out of date" in interaction.told, "a row of another channel"
        assert (rows(tmp_path, "SELECT * FROM subscription"), rows(tmp_path, "SELECT * FROM chat")) == before

    play(tmp_path, body)


class Forged:
    """An interaction that no honest client would make: any custom_id on any message."""

    type = discord.InteractionType.component
    locale = guild_locale = discord.Locale.american_english
    count = 0

    def __init__(self, message: Any, custom_id: str, sim: Sim, channel: Any) -> None:
        Forged.count += 1
        self.id, self.message, self.data = Forged.count, message, {"custom_id": custom_id}
        self.channel = sim.env.bot.get_channel(channel.id)
        self.user, self.guild_id = sim.boss, sim.guild.id
        self.permissions = discord.Permissions(manage_channels=True)
        self.extras: dict[str, Any] = {}
        self.told = ""
        self.response = self.followup = self

    async def send_message(self, content: str, **_: Any) -> None:
        self.told = content

    async def send(self, content: str, **_: Any) -> None:
        self.told = content

    async def edit_original_response(self, content: str = "", **_: Any) -> None:
        self.told = content

    async def defer(self, **_: Any) -> None:
        self.type = discord.InteractionType.component

    def is_expired(self) -> bool:
        return False


def test_old_buttons_work_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        async with simulated(tmp_path) as sim:
            channel = sim.guild.create_text_channel("papers")
            result = await sim.slash(channel, "subscribe", topic=TOPIC)
            # the process forgets everything but its ledger
            sim.platform._open.clear()
            sim.platform._may.clear()
            await sim.click(result.response, "Subscribe")
            assert f"Subscribed: {TOPIC}" in shown(result)

    asyncio.run(run())


def test_an_answer_whose_interaction_is_lost_comes_as_a_direct_message(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        tell = sim.platform._hear
        assert tell is not None

        async def die(event: Any) -> str:
            told = await tell(event)
            sim.platform._open.clear()  # what was in memory is gone, the ledger has the command
            return told

        sim.platform._hear = die
        await sim.slash(channel, "status")
        dm = sim.env.backend.get_dm_channel(sim.boss.id)
        stored = list(sim.env.backend.messages.get(dm.id, {}).values())
        assert "Status" in texts(stored[-1].components)

    play(tmp_path, body)


def test_a_server_that_throws_us_out_keeps_its_settings_and_gets_what_waited(tmp_path: Path) -> None:
    async def body(sim: Sim) -> None:
        channel = sim.guild.create_text_channel("papers")
        result = await sim.slash(channel, "subscribe", topic=TOPIC)
        await sim.click(result.response, "Subscribe")
        server = sim.platform.server(sim.guild.id)
        await sim.platform.tell(Left(server, "the bot was removed from the chat."))
        await sim.day()
        assert len([m for m in channel.history() if m.author.id == sim.env.bot.user.id]) == 0
        await sim.platform.tell(Back(server))
        await sim.settle()
        assert len([m for m in channel.history() if m.author.id == sim.env.bot.user.id]) == 1
        assert [s.label for s in await sim.house.store.subscriptions(f"discord:{channel.id}")] == [TOPIC]

    play(tmp_path, body)


def test_a_missing_right_is_told_before_it_is_needed_and_suspends_when_it_is_lost(tmp_path: Path) -> None:
    async def run() -> None:
        async with simulated(tmp_path) as sim:
            here = sim.guild.create_text_channel("here")
            deny = discord.PermissionOverwrite(send_messages=False)
            shut = sim.guild.create_text_channel("shut", overwrites={sim.guild.default_role: deny})
            result = await sim.slash(here, "subscribe", topic=TOPIC, channel=shut)
            assert "I lack Send Messages in #shut" in shown(result)
            await sim.click(result.response, "Subscribe")
            await sim.day()
            chat = await sim.house.store.chat(f"discord:{shut.id}")
            assert chat is not None
            assert "lacks a permission" in chat.suspended
            told = sim.env.backend.messages.get(sim.env.backend.get_dm_channel(sim.boss.id).id, {}).values()
            assert ["#shut" in texts(m.components) for m in told] == [True], "who runs it hears of it in private"

    asyncio.run(run())
