"""The fake Discord is driven by the real discord.py: what it refuses, loses and remembers."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import aiohttp
import discord
import pytest
from discord import app_commands, ui

from tests.fakes.discord_schema import present
from tests.fakes.discord_server import BASE, BOT, MESSAGES, PERMISSIONS, TOKEN, DiscordServer, pointed_at, until

pytestmark = pytest.mark.integration
ANN, BEN, OWNER = 11, 12, 9
GUILD, PAPERS, NEWS, FORUM, THREAD = 1, 100, 101, 102, 103
INTENTS = discord.Intents(guilds=True)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now(self) -> int:
        return self.ms


class Client(discord.Client):
    """As shipped, but that it neither waits five seconds before a new session nor two for guilds."""

    def __init__(self, intents: discord.Intents = INTENTS, **options: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.seen: list[str] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.seen.append(event)
        super().dispatch(event, *args, **kwargs)

    def text(self, channel_id: int = PAPERS) -> discord.TextChannel:
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel

    def forum(self) -> discord.ForumChannel:
        channel = self.get_channel(FORUM)
        assert isinstance(channel, discord.ForumChannel)
        return channel

    def thread(self) -> discord.PartialMessageable:
        return self.get_partial_messageable(THREAD, guild_id=GUILD)


Body = Callable[[DiscordServer, Client], Awaitable[None]]


@asynccontextmanager
async def running(server: DiscordServer, client: Client) -> AsyncIterator[Client]:
    with pointed_at(server.url):
        async with client:
            task = asyncio.create_task(client.start(TOKEN))
            await client.wait_until_ready()
            yield client
        await task


def make_world(server: DiscordServer) -> None:
    server.add_guild(GUILD, "Lab", owner=OWNER)
    server.add_member(GUILD, ANN, "manage_guild", name="Ann", locale="de")
    server.add_member(GUILD, BEN, name="Ben")
    server.add_text(PAPERS, GUILD)
    server.add_news(NEWS, GUILD)
    server.add_forum(FORUM, GUILD, tags=("cs", "math"))
    server.add_thread(THREAD, PAPERS)


def with_client(body: Body, *, problems: int = 0, make: Callable[[], Client] = Client, **options: Any) -> None:
    async def go() -> None:
        async with DiscordServer(check_answers=True, **options) as server:
            make_world(server)
            async with running(server, make()) as client:
                await body(server, client)
            assert len(server.problems) == problems, server.problems

    asyncio.run(go())


def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The library's own waits become short; gives them."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    for module in ("discord.http", "discord.webhook.async_"):
        monkeypatch.setattr(f"{module}.asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep}))
    return waits


# --- the world -------------------------------------------------------------------------------------------------------


def test_the_client_sees_the_world_and_its_changes() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        (guild,) = client.guilds
        assert [channel.id for channel in guild.channels] == [PAPERS, NEWS, FORUM]
        assert [thread.id for thread in guild.threads] == [THREAD]
        assert [tag.name for tag in client.forum().available_tags] == ["cs", "math"]
        assert client.user
        assert (client.user.id, client.user.name) == (BOT, "paperboy")
        for flag in ({"send_messages": False}, {"view_channel": False}, {"view_channel": True}):
            server.permit(PAPERS, **flag)
            await client.wait_for("guild_channel_update", timeout=2)
            known = client.text().permissions_for(guild.me).value & sum(PERMISSIONS.values())
            assert known == server.permissions(PAPERS)
        server.permit_guild(GUILD, BOT, manage_threads=True)
        await client.wait_for("guild_role_update", timeout=2)
        assert guild.me.guild_permissions.manage_threads
        ben = await guild.fetch_member(BEN)
        assert (ben.display_name, ben.guild_permissions.manage_guild) == ("Ben", False)
        assert (await guild.fetch_member(ANN)).guild_permissions.manage_guild
        assert [role.name for role in await guild.fetch_roles()] == ["@everyone", "Paperboy", "Ann"]
        assert len(await guild.fetch_channels()) == 3
        assert (await client.fetch_guild(GUILD)).name == "Lab"
        server.archives(THREAD)
        await client.wait_for("thread_update", timeout=2)
        server.deletes(PAPERS)
        await client.wait_for("guild_channel_delete", timeout=2)
        server.outage(GUILD)
        await client.wait_for("guild_unavailable", timeout=2)
        server.outage(GUILD, over=True)
        await client.wait_for("guild_available", timeout=2)
        server.kicks(GUILD)
        await client.wait_for("guild_remove", timeout=2)
        with pytest.raises(discord.Forbidden) as no:
            await client.get_partial_messageable(NEWS).send("x")
        assert no.value.code == 50001
        server.joins(GUILD)
        await client.wait_for("guild_join", timeout=2)
        await client.text(NEWS).send("x")
        assert len(server.messages(NEWS)) == 1

    with_client(body)


def test_a_message_is_sent_read_edited_published_and_deleted() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        embed = discord.Embed(title="A", description="B", url="https://arxiv.org/abs/1")
        sent = await client.text(NEWS).send("hi", embed=embed, silent=True)
        (seen,) = server.messages(NEWS)
        assert (seen.id, seen.text, seen.silent, seen.crossposted) == (sent.id, "hi\nA\nB", True, False)
        await sent.publish()
        assert seen.crossposted
        with pytest.raises(discord.HTTPException) as no:
            await sent.publish()
        assert no.value.code == 40033
        await sent.edit(content="new", embed=None)
        assert (seen.text, seen.edits) == ("new", 1)
        assert [message.content async for message in client.text(NEWS).history()] == ["new"]
        await sent.delete()
        assert server.messages(NEWS) == []
        with pytest.raises(discord.NotFound) as gone:
            await sent.edit(content="x")
        assert gone.value.code == 10008
        with pytest.raises(discord.NotFound) as unknown:
            await client.get_partial_messageable(999).send("x")
        assert unknown.value.code == 10003
        server.add_user(77, dms=False)
        for user, code in ((ANN, 0), (77, 50007)):
            direct = await client.create_dm(discord.Object(user))
            if code:
                with pytest.raises(discord.Forbidden) as refused:
                    await direct.send("x")
                assert refused.value.code == code
            else:
                await direct.send("x")
                assert server.messages(server.dm(user))[0].text == "x"
        with_file = await client.text().send(file=discord.File(__file__, "a.png"))
        assert [one.filename for one in with_file.attachments] == ["a.png"]

    with_client(body)


def test_permissions_are_asked_of_the_server() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        embed = discord.Embed(title="A")
        for flag, target, send, code in (
            ("embed_links", PAPERS, {"embed": embed}, 50013),
            ("send_messages", PAPERS, {"content": "x"}, 50013),
            ("view_channel", PAPERS, {"content": "x"}, 50001),
            ("send_messages_in_threads", THREAD, {"content": "x"}, 50013),
        ):
            server.permit(PAPERS, **{flag: False})
            with pytest.raises(discord.Forbidden) as no:
                await client.get_partial_messageable(target).send(**send)
            assert (flag, no.value.code) == (flag, code)
            server.permit(PAPERS, **{flag: True})
        server.permit(PAPERS, send_messages=False)
        await client.thread().send("inside a thread only its own permission counts")
        assert server.invalid == 4

    with_client(body)


def test_forums_and_threads() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        forum = client.forum()
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay("abstract"))
        post = await forum.create_thread(name="Paper", view=view, applied_tags=[forum.available_tags[1]])
        (seen,) = server.messages(post.thread.id)
        assert (seen.id, seen.text, seen.v2) == (post.thread.id, "abstract", True)
        assert [tag.name for tag in post.thread.applied_tags] == ["math"]
        server.channels[FORUM].tag_required = True
        with pytest.raises(discord.HTTPException) as no:
            await forum.create_thread(name="Paper", content="x")
        assert (no.value.status, no.value.code) == (400, 40067)
        server.guilds[GUILD].thread_limit = 2
        with pytest.raises(discord.HTTPException) as full:
            await forum.create_thread(name="Paper", content="x", applied_tags=[forum.available_tags[0]])
        assert full.value.code == 160006

        first = await client.thread().send("one")
        server.archives(THREAD)
        with pytest.raises(discord.HTTPException) as archived:
            await first.edit(content="two")
        assert archived.value.code == 50083
        await client.thread().send("opens it")
        assert not server.channels[THREAD].archived
        server.archives(THREAD, locked=True)
        with pytest.raises(discord.Forbidden) as locked:
            await client.thread().send("two")
        assert locked.value.code == 160005
        server.archives(THREAD, locked=False)
        thread = await client.fetch_channel(THREAD)
        assert isinstance(thread, discord.Thread)
        await thread.edit(archived=False)
        await first.edit(content="two")
        assert [message.text for message in server.messages(THREAD)] == ["two", "opens it"]

    with_client(body)


# --- interactions ----------------------------------------------------------------------------------------------------


def test_a_command_is_deferred_and_answered_to_one_user() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        @client.tree.command()
        @app_commands.default_permissions(manage_guild=True)
        @app_commands.guild_only()
        async def subscribe(
            at: discord.Interaction,
            topic: str,
            where: discord.TextChannel | None = None,
            who: discord.Member | None = None,
        ) -> None:
            """Subscribe."""
            await at.response.defer(ephemeral=True)
            names = f"{who and who.display_name} {at.user.display_name}"
            mine = f"{topic} {where} {names} {at.locale} {at.permissions.manage_guild}"
            await at.edit_original_response(content=mine)
            await at.followup.send("more")

        @subscribe.autocomplete("topic")
        async def topics(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [app_commands.Choice(name=f"{typed}!", value=typed)]

        with pytest.raises(AssertionError, match="was it synced"):
            server.slash(PAPERS, ANN, "subscribe", topic="x")
        (synced,) = await client.tree.sync()
        assert (synced.name, [one.name for one in await client.tree.fetch_commands()]) == ("subscribe", ["subscribe"])
        with pytest.raises(AssertionError, match="may not"):
            server.slash(PAPERS, BEN, "subscribe", topic="x")
        with pytest.raises(AssertionError, match="not offered here"):
            server.slash(server.dm(ANN), ANN, "subscribe", topic="x")
        with pytest.raises(AssertionError, match="needs topic"):
            server.slash(PAPERS, ANN, "subscribe")
        asked = server.slash(PAPERS, ANN, "subscribe", topic="x", where=NEWS, who=BEN)
        answer, more = await server.answered(asked, 3)
        assert (answer.text, answer.hidden_for) == ("x news Ben Ann de True", ANN)
        assert (more.text, more.hidden_for) == ("more", 0)
        kinds = [(one.kind, one.type, one.ephemeral) for one in server.responses[asked]]
        assert kinds == [("callback", 5, True), ("edit", 0, True), ("followup", 0, False)]
        assert server.messages(PAPERS) == [more]
        assert server.messages(PAPERS, user=ANN) == [answer, more]
        typing = server.autocompletes(PAPERS, ANN, "subscribe", "topic", "qu")
        await server.answered(typing)
        assert server.responses[typing][0].body["data"]["choices"][0]["name"] == "qu!"

    with_client(body)


class Keep(ui.DynamicItem[ui.Button[Any]], template=r"keep:(?P<paper>\d+)"):
    def __init__(self, paper: int) -> None:
        super().__init__(ui.Button(label="Keep", custom_id=f"keep:{paper}"))
        self.paper = paper

    @classmethod
    async def from_custom_id(cls, _: Any, __: Any, found: Any, /) -> Self:
        return cls(int(found["paper"]))

    async def callback(self, at: discord.Interaction[Any]) -> None:
        await at.response.send_message(f"kept {self.paper}", ephemeral=True)


class Ask(ui.Modal, title="Words"):
    words: ui.TextInput[Any] = ui.TextInput(label="Which", custom_id="w")

    async def on_submit(self, at: discord.Interaction, /) -> None:
        await at.response.edit_message(view=panel(f"set to {self.words.value}"))


def panel(said: str) -> ui.LayoutView:
    class Panel(ui.LayoutView):
        row: ui.ActionRow[Any] = ui.ActionRow()
        shelf: ui.ActionRow[Any] = ui.ActionRow()

        @row.button(label="Words", custom_id="words")
        async def ask(self, at: discord.Interaction, _: Any) -> None:
            await at.response.send_modal(Ask())

        @row.button(label="Nothing", custom_id="off", disabled=True)
        async def nothing(self, _: discord.Interaction, __: Any) -> None: ...

        @shelf.select(placeholder="Pace", custom_id="pace", options=[discord.SelectOption(label="Daily", value="d")])
        async def pace(self, at: discord.Interaction, select: ui.Select[Any]) -> None:
            await at.response.defer()
            await at.edit_original_response(view=panel(f"pace {select.values}"))

    view = Panel(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay(said), ui.ActionRow(Keep(7))))
    return view


def test_components_are_pressed_chosen_and_filled_in() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        client.add_dynamic_items(Keep)
        message = await client.text().send(view=panel("hello"))
        (seen,) = server.messages(PAPERS)
        assert seen.buttons == [("Words", "words"), ("Nothing", "off"), ("Keep", "keep:7")]
        with pytest.raises(AssertionError, match="disabled"):
            server.presses(PAPERS, message.id, "Nothing", ANN)
        with pytest.raises(AssertionError, match="no 'Other'"):
            server.presses(PAPERS, message.id, "Other", ANN)
        (kept,) = await server.answered(server.presses(PAPERS, message.id, "Keep", BEN))
        assert (kept.text, kept.hidden_for) == ("kept 7", BEN)
        forged = server.presses_raw(PAPERS, message.id, "keep:666", BEN)  # not of this message: the library drops it
        nobody = server.presses_raw(PAPERS, message.id, "unknown", BEN)
        await server.answered(server.presses(PAPERS, message.id, "Pace", ANN, values=("d",)), 2)
        assert (seen.text, seen.edits) == ("pace ['d']", 1)
        assert server.responses[nobody] == server.responses[forged] == []
        pressed = server.presses(PAPERS, message.id, "Words", ANN)
        await server.answered(pressed)
        filled = server.submits(pressed, Which="quantum")
        await server.answered(filled)
        assert seen.text == "set to quantum"
        assert [one.type for one in server.responses[filled]] == [7]

    with_client(body)


def test_an_interaction_lives_three_seconds_and_its_token_fifteen_minutes() -> None:
    clock, codes = Hands(), list[int]()

    async def body(server: DiscordServer, client: Client) -> None:
        @client.tree.command()
        async def late(at: discord.Interaction, before: int, after: int) -> None:
            """Late."""
            clock.ms += before * 1000
            try:
                await at.response.defer()
                clock.ms += after * 1000
                if not after:
                    await discord.InteractionResponse(at).defer()
                await at.edit_original_response(content="x")
            except discord.HTTPException as error:
                codes.append(error.code)

        await client.tree.sync()
        for number, (before, after) in enumerate(((4, 1), (2, 20 * 60), (1, 0)), 1):
            server.slash(PAPERS, ANN, "late", before=before, after=after)
            await server.until(lambda so_many=number: len(codes) == so_many)  # type: ignore[misc]

    with_client(body, clock=clock)
    assert codes == [10062, 50027, 40060]


# --- nonces, limits, failures ----------------------------------------------------------------------------------------


def test_a_nonce_gives_the_first_message_for_a_while() -> None:
    clock = Hands()

    async def body(server: DiscordServer, client: Client) -> None:
        first = await client.text().send("a", nonce="n1")
        clock.ms += 179_000
        assert (await client.text().send("a", nonce="n1")).id == first.id
        clock.ms += 2000
        assert (await client.text().send("a", nonce="n1")).id != first.id
        assert [message.nonce for message in server.messages(PAPERS)] == ["n1", "n1"]
        server.deletes_message(PAPERS, server.messages(PAPERS)[1].id)
        with pytest.raises(discord.NotFound) as no:
            await client.text().send("a", nonce="n1")
        assert no.value.code == 10008
        await client.text(NEWS).send("a", nonce="n2")
        await client.text().send("a", nonce="n2")
        assert server.problems.pop() == f"nonce 'n2' is used in channels {NEWS} and {PAPERS}"

    with_client(body, clock=clock)


def test_the_library_waits_for_its_bucket() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        server.limits[MESSAGES] = (2, 0.3)
        began = asyncio.get_running_loop().time()
        for at in range(5):
            await client.text().send(str(at))
        assert 0.5 < asyncio.get_running_loop().time() - began < 10
        assert (server.floods, len(server.messages(PAPERS))) == ([], 5)
        async with aiohttp.ClientSession(server.url, headers={"Authorization": f"Bot {TOKEN}"}) as other:
            for _ in range(3):
                answer = await other.post(f"{BASE}/channels/{NEWS}/messages", json={"content": "x"})
        assert (answer.status, answer.headers["X-RateLimit-Scope"]) == (429, "user")
        assert 0 < (await answer.json())["retry_after"] <= 0.3
        await client.text(NEWS).send("waits for what another took")
        assert (len(server.floods), server.invalid) == (2, 2)

    with_client(body)


def test_a_limit_over_everything_holds_everything() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        server.fail("POST", "429:0.05:global")
        server.fail("POST", "429:0.05:shared")
        await client.text().send("x")
        assert ([scope for _, _, scope in server.floods], server.invalid) == (["global", "shared"], 1)
        server.everything = 2
        for _ in range(3):
            await client.fetch_channel(PAPERS)
        assert server.floods[-1][2] == "global"

    with_client(body)


def test_a_patience_with_limits_hinders_publishing_after_the_first() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        first, second = [await client.text(NEWS).send("x") for _ in range(2)]
        await first.publish()
        with pytest.raises(discord.RateLimited) as no:  # nine were left
            await second.publish()
        assert 3590 < no.value.retry_after <= 3600
        assert server.floods == []

    with_client(body, make=lambda: Client(max_ratelimit_timeout=30))


def test_the_call_that_takes_the_last_of_a_bucket_returns_when_it_is_full_again() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        server.limits["POST /channels/{channel_id}/messages/{message_id}/crosspost"] = (2, 3600)
        first, second = [await client.text(NEWS).send("x") for _ in range(2)]
        await first.publish()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second.publish(), 0.5)
        assert [message.crossposted for message in server.messages(NEWS)] == [True, True]

    with_client(body)


@pytest.mark.parametrize(
    ("how", "times", "raises", "asked", "arrived"),
    [
        ("500", 1, None, 2, 1),
        ("502", 4, None, 5, 1),
        ("504", 5, discord.DiscordServerError, 5, 0),
        ("502:late", 1, None, 2, 1),  # the library's own nonce
        ("503", 1, discord.DiscordServerError, 1, 0),
        ("429:0.01", 5, discord.HTTPException, 5, 0),
        ("429:60:cloudflare", 1, discord.HTTPException, 1, 0),
        ("lost", 1, aiohttp.ServerDisconnectedError, 1, 1),
        ("reset", 1, aiohttp.ClientOSError, 1, 0),
        ("json", 1, TypeError, 1, 1),
        ("json:403", 1, discord.Forbidden, 1, 0),
        ("403:50013", 1, discord.Forbidden, 1, 0),
    ],
)
def test_failures_end_as_the_library_takes_them(
    monkeypatch: pytest.MonkeyPatch, how: str, times: int, raises: type[Exception] | None, asked: int, arrived: int
) -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        quick(monkeypatch)
        server.fail("/messages", how, times)
        before = len(server.calls)
        if raises:
            with pytest.raises(raises):
                await client.text().send("x")
        else:
            await client.text().send("x")
        assert (len(server.calls) - before, len(server.messages(PAPERS))) == (asked, arrived)

    with_client(body)


def test_a_post_of_a_forum_doubles_when_its_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        waits = quick(monkeypatch)
        server.fail("/threads", "502:late")
        await client.forum().create_thread(name="Paper", content="x")
        posts = [one for one in server.channels.values() if one.parent_id == FORUM]
        assert (len(posts), waits[0]) == (2, 1)

    with_client(body)


def test_answers_to_interactions_are_tried_again_after_any_5xx(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        failed: list[Exception] = []

        @client.tree.command()
        async def ping(at: discord.Interaction) -> None:
            """Ping."""
            try:
                await at.response.send_message("pong")
            except discord.HTTPException as error:
                failed.append(error)

        await client.tree.sync()
        waits = quick(monkeypatch)
        server.fail("/callback", "503")
        await server.answered(server.slash(PAPERS, ANN, "ping"))
        assert (waits, failed) == ([1], [])
        server.fail("/callback", "503:late")
        await server.answered(server.slash(PAPERS, ANN, "ping"))
        await server.until(lambda: failed)
        assert [getattr(error, "code", 0) for error in failed] == [40060]
        assert [message.text for message in server.messages(PAPERS)] == ["pong", "pong"]

    with_client(body)


def test_a_stalled_answer_ends_with_the_callers_patience() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        for how, arrived in (("stall", 1), ("hang", 1)):
            server.fail("/messages", how)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.text().send("x"), 0.3)
            assert len(server.messages(PAPERS)) == arrived

    with_client(body)


# --- the gateway -----------------------------------------------------------------------------------------------------


def test_a_session_is_resumed_and_what_was_missed_is_told() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        closes, invalidates = partial(server.closes, 4000), partial(server.invalidates, resumable=True)
        for interrupt in (server.reconnects, server.drops, closes, invalidates):
            interrupt()
            server.add_text(server._new_id(), GUILD, "missed")
            await client.wait_for("resumed", timeout=5)
        assert [channel.name for channel in client.guilds[0].text_channels].count("missed") == 4
        assert (server.identifies, server.resumes, server.connections) == (1, 4, 1)

    with_client(body)


def test_a_connection_that_falls_silent_is_given_up() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        await server.until(lambda: server.beats > 2)
        server.hushes()
        server.add_text(500, GUILD, "missed")
        await client.wait_for("resumed", timeout=5)
        assert client.get_channel(500)
        assert (server.identifies, server.resumes) == (1, 1)

    with_client(body, heartbeat=50, make=lambda: Client(heartbeat_timeout=0.3))


def test_a_session_that_is_gone_is_begun_anew() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        server.invalidates(resumable=False)
        await client.wait_for("ready", timeout=5)
        assert (server.identifies, server.resumes) == (2, 0)
        server.forgets_sessions()
        server.closes(4000)
        await client.wait_for("ready", timeout=5)
        assert (server.identifies, server.resumes) == (3, 1)
        assert [channel.id for channel in client.guilds[0].channels] == [PAPERS, NEWS, FORUM]

    with_client(body)


def test_what_happens_between_sessions_is_told_by_nobody() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        server.closes(4009)
        server.deletes(PAPERS)
        server.kicks(GUILD)
        await client.wait_for("ready", timeout=5)
        assert list(client.guilds) == []
        assert "guild_remove" not in client.seen

    with_client(body)


@pytest.mark.parametrize(
    ("code", "raises"), [(4004, discord.ConnectionClosed), (4014, discord.PrivilegedIntentsRequired)]
)
def test_some_closes_end_the_client(code: int, raises: type[Exception]) -> None:
    async def go() -> None:
        async with DiscordServer() as server:
            make_world(server)
            with pointed_at(server.url):
                async with Client() as client:
                    task = asyncio.create_task(client.start(TOKEN))
                    await client.wait_until_ready()
                    server.closes(code)
                    with pytest.raises(raises):
                        await task

    asyncio.run(go())


def test_a_bad_token_and_undeclared_intents_are_refused() -> None:
    async def go() -> None:
        async with DiscordServer() as server:
            make_world(server)
            with pointed_at(server.url):
                async with Client() as client:
                    with pytest.raises(discord.LoginFailure):
                        await client.start("wrong")
                async with Client(discord.Intents(guilds=True, message_content=True)) as client:
                    with pytest.raises(discord.PrivilegedIntentsRequired):
                        await client.start(TOKEN)
            assert server.invalid == 1

    asyncio.run(go())


def test_a_gateway_that_refuses_the_first_connection_ends_the_client() -> None:
    async def go() -> None:
        async with DiscordServer() as server:
            make_world(server)
            server.fail("/socket", "502")
            with pointed_at(server.url):
                async with Client() as client:
                    task = asyncio.create_task(client.start(TOKEN))
                    await server.until(lambda: task.done() or client.is_ready(), 10)
                    if task.done():  # 2.7.1 trips over its own retry
                        assert isinstance(task.exception(), AttributeError)
                    await client.close()
                    await asyncio.wait([task])
            assert server.problems == []

    asyncio.run(go())


def test_events_come_to_who_asked_for_them() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        waiting = asyncio.create_task(client.wait_for("message", timeout=5))
        await asyncio.sleep(0)
        sent = await client.text().send("x")
        assert (await waiting).id == sent.id
        server.deletes_message(PAPERS, sent.id)
        await client.wait_for("message_delete", timeout=5)
        await server.until(lambda: "raw_message_delete" in client.seen)

        @client.tree.command(guild=discord.Object(GUILD))
        async def here(at: discord.Interaction) -> None:
            """Here."""
            await at.response.send_message("here")

        await client.tree.sync(guild=discord.Object(GUILD))
        (answer,) = await server.answered(server.slash(THREAD, ANN, "here"))
        assert (answer.channel_id, server.commands[0]) == (THREAD, [])

    with_client(body, make=lambda: Client(discord.Intents.default()))


# --- what is wrong ---------------------------------------------------------------------------------------------------


def many(parts: int, letters: int) -> list[dict[str, Any]]:
    return [{"type": 10, "content": "x" * letters}] * parts


TWICE: list[Any] = [{"type": 1, "components": [{"type": 2, "style": 2, "label": "x", "custom_id": "a"}] * 2}]


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x" * 2001},
        {},
        {"content": "x", "flags": 1 << 15},
        {"components": many(2, 2001), "flags": 1 << 15},
        {"components": [{"type": 17, "components": many(20, 1)}, *many(20, 1)], "flags": 1 << 15},
        {"components": many(1, 1)},
        {"components": TWICE, "content": "x"},
        {"components": [{"type": 1, "components": [{"type": 2, "style": 5, "label": "x", "url": "ftp://x"}]}]},
        {"embeds": [{"title": "x" * 200, "description": "x" * 3900}] * 2},
    ],
)
def test_a_wrong_message_is_a_problem(body: dict[str, Any]) -> None:
    with_raw(f"/channels/{PAPERS}/messages", body)


@pytest.mark.skipif(not present(), reason="needs ../shared/discord-openapi.json and jsonschema")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/channels/{PAPERS}/messages", {"content": 5}),
        (f"/channels/{PAPERS}/messages", {"content": "x", "nonce": "n" * 26}),
        (f"/channels/{PAPERS}/messages", {"embeds": [{"title": "x" * 257}]}),
        (f"/channels/{PAPERS}/messages", {"components": [{"type": 99}], "flags": 1 << 15}),
        (f"/channels/{FORUM}/threads", {"name": "x"}),
        (f"/channels/{FORUM}/threads", {"name": "x" * 101, "message": {"content": "x"}}),
    ],
)
def test_what_the_document_forbids_is_a_problem(path: str, body: dict[str, Any]) -> None:
    with_raw(path, body)


def with_raw(path: str, body: dict[str, Any]) -> None:
    async def go() -> None:
        async with (
            DiscordServer() as server,
            aiohttp.ClientSession(server.url, headers={"Authorization": f"Bot {TOKEN}"}) as session,
        ):
            make_world(server)
            answer = await session.post(BASE + path, json=body)
            assert (answer.status, (await answer.json())["code"] in {50035, 50006}) == (400, True)
            assert server.problems
            assert server.messages(PAPERS) == []

    asyncio.run(go())


def test_a_wrong_command_is_a_problem() -> None:
    async def body(server: DiscordServer, client: Client) -> None:
        http = client.http
        assert server.commands == {0: []}
        with pytest.raises(discord.HTTPException) as no:
            await http.bulk_upsert_global_commands(BOT, [{"name": "Big", "description": "x", "type": 1}])
        assert no.value.code == 50035
        with pytest.raises(discord.NotFound):
            await http.request(discord.http.Route("GET", "/nowhere"))

    with_client(body, problems=2)


# --- as a process ----------------------------------------------------------------------------------------------------


def test_a_process_keeps_what_it_took_when_killed(tmp_path: Path) -> None:
    port_file, log = tmp_path / "port", tmp_path / "log"
    child = subprocess.Popen([sys.executable, "-m", "tests.fakes.discord_server", str(port_file), str(log)])

    async def go() -> None:
        await until(port_file.exists)
        with pointed_at(f"http://127.0.0.1:{port_file.read_text()}"):
            async with Client() as client:
                task = asyncio.create_task(client.start(TOKEN))
                await client.wait_until_ready()
                sent = [await client.get_partial_messageable(at).send(f"to {at}", nonce=f"n{at}") for at in (5, 6)]
                await client.get_partial_messageable(6).send("to 6", nonce="n6")
                child.kill()
                rows = [json.loads(line) for line in log.read_text().splitlines()]
                assert [(row["channel_id"], row["nonce"], row["message_id"], row["text"]) for row in rows] == [
                    (5, "n5", sent[0].id, "to 5"),
                    (6, "n6", sent[1].id, "to 6"),
                ]
            task.cancel()

    try:
        asyncio.run(go())
    finally:
        child.kill()
        child.wait()
