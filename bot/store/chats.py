"""The ledger's part about chats: who they are, what was said in them, what they wish, where they went."""

import json
import re
from collections.abc import Sequence

from bot.model import AWAITING, Button, Change, Chat, EndJob, Forget, Part, Press, Said, Subscription
from bot.ports import Clock
from bot.store import rows
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

_DAY = 86_400_000  # ms
_VERSION = re.compile(r"v\d+$")
_OPENS = {"/summarize", "/read", "/evidence", "/why"}  # what the buttons of a paper say


class Chats:
    """Half of the port Ledger; `store.Store` is the whole."""

    _db: Sqlite
    _clock: Clock

    async def hear(self, said: Said, *, edits: str = "") -> bool:
        """Make what was said safe, with its chat; False if this very message is known already.

        `edits` is the send whose message the answer replaces.
        """
        now = self._clock.now()
        row = {
            "id": said.id,
            "chat": said.chat.id,
            "text": said.text,
            "may_manage": -1 if said.may_manage is None else int(said.may_manage),
            "author": said.author,
            "edits": edits,
        }

        def work(run: Query) -> bool:
            run("add_chat", **rows.chat_values(said.chat), now=now)
            run("revive", id=said.chat.id, awaiting=AWAITING)
            heard = run("hear", now=now, **row)
            if heard and run("stay", id=said.chat.id):
                run("set_chat", **rows.chat_values(said.chat))
            return bool(heard)

        return await self._db.write(work)

    async def pressed(self, chat: str, press: Press) -> tuple[str, Button] | None:
        """(send, button) that a press of this chat names; None if there is no such message, or no such button in it."""

        def work(run: Query) -> tuple[str, Button] | None:
            found = run("pressed", chat=chat, seq=press.seq, message=press.message)
            buttons = json.loads(found[0][1] or "[]") if found else []
            if not 0 <= press.place < len(buttons):
                return None
            run("arrived", id=found[0][0], message=press.message)  # where the answer was lost, this is the proof
            says, edits = buttons[press.place]
            return found[0][0], Button("", says, bool(edits))

        return await self._db.write(work)

    async def shown(self, chat: str, message: str) -> list[str]:
        """Return the ids of the papers that a message of ours offers to open, in its order."""
        ids: dict[str, None] = {}
        for (buttons,) in await self._db.read("buttons_of", chat=chat, message=message):
            for says, _ in json.loads(buttons or "[]"):
                name, _, argument = str(says).partition(" ")
                if name in _OPENS and argument:
                    ids[_VERSION.sub("", argument.split()[0])] = None
        return list(ids)

    async def add_chat(self, chat: Chat) -> None:
        """Know a chat; its settings stay as they are if it is known."""
        await self._db.write(lambda run: run("add_chat", **rows.chat_values(chat), now=self._clock.now()))

    async def chat(self, chat: str) -> Chat | None:
        """Return a chat with its settings."""
        found = await self._db.read("chat", id=chat)
        return rows.chat(found[0]) if found else None

    async def places(self, limit: int) -> list[Chat]:
        """Return groups and channels that have topics."""
        return [rows.chat(row) for row in await self._db.read("places", limit=limit)]

    async def chat_called(self, platform: str, name: str) -> Chat | None:
        """Return a chat by its address or its public name."""

        def work(run: Query) -> Chat | None:
            found = run("chat_called", platform=platform, name=name.lower())
            return rows.chat(run("chat", id=found[0][0])[0]) if found else None

        return await self._db.look(work)

    async def subscriptions(self, chat: str) -> list[Subscription]:
        """Return a chat's topics, the oldest first."""
        found = await self._db.read("subscriptions", chat=chat)
        return [
            Subscription(chat, rows.topic(row[1:5], label), label, since, bool(muted), *rest)
            for row in found
            for label, since, muted, *rest in [row[5:]]
        ]

    async def next_said(self, chat: str) -> Said | None:
        """Return the first thing said in a chat that has no answer yet."""

        def work(run: Query) -> Said | None:
            known, found = run("chat", id=chat), run("next_said", chat=chat)
            if not known or not found:
                return None
            id_, text, may, author = found[0]
            return Said(id_, rows.chat(known[0]), text, None if may < 0 else bool(may), author)

        return await self._db.look(work)

    async def answer(
        self, said: Said, parts: Sequence[Part], changes: Sequence[Change] = (), *, about: str = ""
    ) -> None:
        """End what was said: its effects and its answer, together or not at all; a second time nothing happens.

        The effects are on the chat `about`, if not on the one where it was said. The first message of the answer
        takes the place of its placeholder, or of the message whose button was pressed.
        """
        now = self._clock.now()

        def work(run: Query) -> None:
            open_ = run("said_done", id=said.id, now=now)
            if not open_:
                return
            pressed, here = open_[0]  # it may have moved since
            ended = [change.id for change in changes if isinstance(change, EndJob)]
            if pressed and any(not run("job", id=id_) for id_ in ended):
                return  # the message whose button was pressed is the job's answer by now: that stays
            there = here if about in {"", said.chat.id} else about
            for change in changes:
                if isinstance(change, Forget):
                    rows.forget(run, there, said, pressed)
                else:
                    rows.apply(run, there, change, now)
            origin = f"said:{said.id}"
            run("retire", id=f"{origin}#wait", now=now)
            edits = f"{origin}#wait" if run("placed", id=f"{origin}#wait") else pressed
            rows.add_sends(run, here, origin, parts, now, urgent=True, edits=edits)

        await self._db.write(work)

    async def place(self, said: Said, part: Part) -> None:
        """Hold the place of an answer that takes its time; nothing happens once the answer is there."""

        def work(run: Query) -> None:
            if open_ := run("open_said", id=said.id):
                rows.add_send(
                    run, f"said:{said.id}#wait", open_[0][1], f"said:{said.id}", part, urgent=True, edits=open_[0][0]
                )

        await self._db.write(work)

    async def wake_all(self) -> None:
        """Make every chat's digest due now."""
        await self._db.write(lambda run: run("wake_all", now=self._clock.now()))

    # --- coming and going

    async def join(self, chat: Chat) -> None:
        """We may speak in a chat: it is known, and revived with all its threads unless it awaits its admin."""

        def work(run: Query) -> None:
            run("add_chat", **rows.chat_values(chat), now=self._clock.now())
            run("revive_address", platform=chat.platform, address=chat.address, awaiting=AWAITING)

        await self._db.write(work)

    async def back(self, chat: Chat) -> None:
        """We may speak again in a chat, its threads, or all of its server; one that is unknown stays unknown."""

        def work(run: Query) -> None:
            if chat.address:
                run("revive_address", platform=chat.platform, address=chat.address, awaiting=AWAITING)
            else:
                run("revive_server", platform=chat.platform, server=chat.server, awaiting=AWAITING)

        await self._db.write(work)

    async def suspend(
        self,
        chat: Chat,
        reason: str,
        *,
        only: bool = False,
        tell: Chat | None = None,
        parts: Sequence[Part] = (),
    ) -> None:
        """Send nothing more to a chat, its threads unless `only` it is meant, its server if it has no address.

        Settings and queue stay.

        `parts` are sent to the chat `tell`, once a day at most.
        """
        now = self._clock.now()

        def work(run: Query) -> None:
            values = {"reason": reason, "now": now}
            before = run("suspended_at", platform=chat.platform, address=chat.address)[0][0] or 0
            if chat.thread or only:
                changed = run("suspend", id=chat.id, **values)
            elif not chat.address:
                changed = run("suspend_server", platform=chat.platform, server=chat.server, **values)
            else:
                changed = run("suspend_address", platform=chat.platform, address=chat.address, **values)
            for (id_,) in changed:
                run("impatient", chat=id_)
                if run("abandoned", id=id_):
                    run("drop_payloads", chat=id_)
                    rows.drop(run, id_)
            if changed and tell is not None and now - before > _DAY:
                run("add_chat", **rows.chat_values(tell), now=now)
                rows.add_sends(run, tell.id, f"lost:{chat.id}@{now}", parts, now, urgent=True)

        await self._db.write(work)

    async def move(self, platform: str, old: str, new: str) -> list[str]:
        """Move all that is at one address to another, in one transaction; returns the ids of the chats there."""

        def work(run: Query) -> list[str]:
            moved = []
            for id_, thread in run("chats_at", platform=platform, address=old):
                target = ":".join(part for part in (platform, new, thread) if part)
                if run("chat", id=target):
                    run("take_over", old=id_, new=target)
                    run("drop_chat", chat=id_)
                else:
                    run("readdress", old=id_, new=target, address=new, awaiting=AWAITING)
                where = {"old": id_, "new": target}
                run("move_subscriptions", **where)
                run("drop_subscriptions", chat=id_)
                run("move_deliveries", **where)
                run("move_notices", **where)
                run("move_jobs", **where)
                run("move_votes", **where)
                run("move_tastes", **where)
                run("move_weighed", **where)
                rows.unlearn(run, id_)
                run("drop_deliveries", chat=id_)
                run("move_digests", **where)
                run("move_sends", offset=run("last_seq", chat=target)[0][0], **where)
                run("move_inbox", **where)
                moved.append(target)
            return moved

        return await self._db.write(work)

    async def gone(self, chat: str) -> None:
        """End a chat that asked to be forgotten, once its farewell is out."""

        def work(run: Query) -> None:
            if run("is_leaving", chat=chat):
                run("drop_payloads", chat=chat)
                rows.drop(run, chat)

        if await self._db.read("is_leaving", chat=chat):
            await self._db.write(work)
