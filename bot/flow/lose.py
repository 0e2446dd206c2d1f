"""lose: a chat cannot be reached any more: suspend it, keep all that is its own, and tell who let us in."""

from dataclasses import replace

from bot.core import post
from bot.flow.typeset import parts
from bot.model import Chat
from bot.ports import Ledger, Ports
from bot.words import again, say


async def lose(store: Ledger, ports: Ports, chat: Chat, why: str, *, thread_only: bool) -> None:
    """Suspend a chat, or one thread of it, and tell whoever let us in; of a lost thread the chat itself can hear."""
    gone = chat if thread_only else replace(chat, thread="")
    tell = None
    if chat.host:
        private = Chat(chat.host, chat.platform, chat.host.partition(":")[2], language=chat.language)
        tell = await store.chat(chat.host) or private  # who never spoke to us reads it when they first do
    if tell is None and thread_only:
        address = f"{chat.platform}:{chat.address}"
        tell = await store.chat(address) or replace(chat, id=address, thread="", next_at=None)
    told = []
    if tell is not None and tell.id != chat.id and (platform := ports.platforms.get(tell.platform)):
        text = say(tell.language, "lost_chat", title=chat.title or chat.id, why=again(tell.language, why))
        told = parts(platform, post.note(text))
    await store.suspend(gone, why, only=thread_only, tell=tell if told else None, parts=told)
    if told and tell is not None:
        ports.nudge(f"deliver:{tell.id}")
