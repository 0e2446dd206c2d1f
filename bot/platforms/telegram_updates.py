"""What a Telegram update tells us, as events: pure reading, no requests."""

import re
from collections.abc import Sequence
from dataclasses import replace

import telegram
from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, Update, User

from bot.model import AWAITING, Chat, Event, Joined, Left, Moved, Place, Press, Said
from bot.words import WORDS, say

_COMMAND = re.compile(r"/\w+(?:@(\w+))?")
_KINDS: dict[str, Place] = {"private": "private", "channel": "channel"}  # all others are groups
_PRESS = re.compile(r"1:(\d{1,15}):(\d{1,3})(?::(\d{1,15}))?", re.ASCII)


class Reader:
    """Reads updates for one bot. `template` is a new chat, `bot` the bot's id."""

    def __init__(self, template: Chat, bot: str) -> None:
        self._template, self._bot = template, bot
        self.username = ""  # without it, commands to any bot of the group are taken for ours

    def events(self, update: Update) -> Sequence[Event]:
        """What happened, in order; nothing for what is not our business."""
        id_ = f"telegram:{self._bot}:{update.update_id}"
        if update.message is not None:
            return self._message(id_, update.message)
        if update.callback_query is not None:
            return self._press(id_, update.callback_query)
        if update.my_chat_member is not None:
            return self._standing(id_, update.my_chat_member)
        return ()

    def language(self, user: User | None) -> str:
        """The language of a person's app, if we speak it."""
        code = ((user.language_code if user else None) or "").partition("-")[0]
        return code if code in WORDS else self._template.language

    def chat(self, chat: telegram.Chat, thread: str = "", user: User | None = None) -> Chat:
        """A destination as Telegram describes it. Names of persons are nobody's business: theirs are not kept."""
        kind = _KINDS.get(chat.type, "group")
        address = str(chat.id)
        return replace(
            self._template,
            id=":".join(part for part in ("telegram", address, thread) if part),
            address=address,
            thread=thread,
            kind=kind,
            title="" if kind == "private" else chat.title or "",
            handle="" if kind == "private" else chat.username or "",
            language=self.language(user) if kind == "private" else self._template.language,
        )

    def _message(self, id_: str, message: Message) -> Sequence[Event]:
        if message.migrate_to_chat_id:
            return (Moved("telegram", str(message.chat.id), str(message.migrate_to_chat_id)),)
        if message.migrate_from_chat_id:
            return (Moved("telegram", str(message.migrate_from_chat_id), str(message.chat.id)),)
        text = message.text or message.caption or ""
        private = message.chat.type == "private"
        if not text and not (private and message.effective_attachment):
            return ()  # service messages: who came, what was pinned
        found = _COMMAND.match(text)
        reply = "" if found else self._replied(message)
        if not private and not reply and (found is None or (found[1] and not self._me(found[1]))):
            return ()
        user, sender = message.from_user, message.sender_chat
        anonymous = sender is not None and sender.id == message.chat.id
        if user is not None and user.is_bot and sender is None:
            return ()
        thread = str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""
        may_manage: bool | None = None
        if private or anonymous:
            may_manage = True
        elif sender is not None:
            may_manage = False  # speaks as a channel of its own
        author = str(sender.id if sender else user.id if user else "")
        return (Said(id_, self.chat(message.chat, thread, user), text, may_manage, author, reply=reply),)

    def _replied(self, message: Message) -> str:
        """The id of our own message that one answers; in groups only a question is taken for one to us."""
        to = message.reply_to_message
        if to is None or to.from_user is None or str(to.from_user.id) != self._bot:
            return ""
        asks = message.chat.type == "private" or (message.text or "").rstrip().endswith(("?", "\uff1f"))
        return str(to.message_id) if asks else ""

    def _me(self, name: str) -> bool:
        return not self.username or name.casefold() == self.username.casefold()

    def _press(self, id_: str, query: CallbackQuery) -> Sequence[Event]:
        found = _PRESS.fullmatch(query.data or "")
        if found is None or query.message is None:
            return ()
        press = Press(int(found[1]), int(found[2]), str(query.message.message_id))
        chat = self.chat(query.message.chat, found[3] or "", query.from_user)
        may_manage = True if chat.kind == "private" else None
        return (Said(id_, chat, "", may_manage, str(query.from_user.id), press),)

    def _standing(self, id_: str, change: ChatMemberUpdated) -> Sequence[Event]:
        """We were let in, thrown out, given or refused rights."""
        chat, user = self.chat(change.chat, user=change.from_user), change.from_user
        private = self._of(user)
        language = private.language
        new, old = change.new_chat_member, change.old_chat_member
        inside = _inside(new)
        if chat.kind == "private":
            return (Joined(chat),) if inside else (Left(chat, say(chat.language, "gone_blocked")),)
        if not inside:
            return (Left(chat, say(language, "gone_kicked")),)
        if chat.kind == "channel":
            able = bool(getattr(new, "can_post_messages", False))
            known = Joined(replace(chat, suspended=AWAITING, host=private.id))
            if able:
                return (known, self._ask(id_, private, chat))
            if _inside(old):
                return (Left(chat, say(language, "gone_rights")),)
            return (known, self._ask(id_, private, chat, " rights"))
        if new.status == ChatMember.RESTRICTED and not getattr(new, "can_send_messages", True):
            return (Left(chat, say(language, "gone_rights")),)
        joined = Joined(replace(chat, host=private.id))
        if _inside(old):
            return (joined,)
        return (joined, Said(id_, chat, "/start", None, private.address))

    def _ask(self, id_: str, admin: Chat, channel: Chat, lacks: str = "") -> Said:
        """In the admin's private chat, what they would ask there themselves."""
        return Said(id_, admin, f"/channel @{channel.address}{lacks}", True, admin.address)

    def _of(self, user: User) -> Chat:
        """The private chat of a person."""
        address = str(user.id)
        return replace(
            self._template, id=f"telegram:{address}", address=address, kind="private", language=self.language(user)
        )


def _inside(member: ChatMember) -> bool:
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", True))
    return member.status not in {ChatMember.LEFT, ChatMember.BANNED}
