"""/start, /help, /channel, /status, /delete_me: the chat itself."""

from bot.core import basis, commands, post
from bot.errors import UserError
from bot.flow import silence
from bot.flow.answers.asked import Asked, Reply
from bot.flow.answers.topics import EXAMPLES
from bot.model import AWAITING, Admit, Button, Forget, Post, Span, Summary
from bot.model import line as line_
from bot.words import again, count

_QUERY = 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'


async def start(asked: Asked) -> Reply:
    """Greet, and offer topics to try. What a link says was taken up before."""
    buttons = tuple(Button(text, asked.command("subscribe", text)) for text in EXAMPLES)
    texts = (asked.say("start"), asked.say("start_next", example=silence.EXAMPLE))
    return post.note(*texts, buttons=buttons), ()


async def help_(asked: Asked) -> Reply:
    """Show the table of commands."""
    lines = [line_(Span(asked.say("help"), "bold"), kind="heading")]
    for command in commands.COMMANDS:
        if not command.hidden:
            shown = Span(f"/{command.name} {command.argument}".strip(), "code")
            lines.append(line_(shown, f"  {asked.say(command.does)}", kind="bullet"))
    lines.append(line_(asked.say("help_foot", example=_QUERY), kind="small"))
    return Post(tuple(lines)), ()


async def channel(asked: Asked) -> Reply:
    """Ask, then begin to post in a channel that its admin runs from here."""
    if not asked.away:
        raise UserError(asked.say("channel_what"))
    title = asked.chat.title or asked.chat.address
    if asked.text == "yes":
        buttons = (
            asked.button("button_topics", "topics", edits=False),
            asked.button("button_settings", "settings", edits=False),
        )
        how = asked.say("channel_how", command=asked.command("subscribe"), example=silence.EXAMPLE)
        return post.note(asked.say("channel_done", title=title), how, buttons=buttons), (Admit(asked.here.id),)
    if asked.text == "rights":
        raise UserError(asked.say("channel_lost", title=title, why=asked.say("gone_rights")))
    if not asked.chat.suspended:
        raise UserError(asked.say("channel_known", title=title, command=asked.command("topics")))
    if asked.chat.suspended != AWAITING:
        raise UserError(asked.say("channel_lost", title=title, why=again(asked.language, asked.chat.suspended)))
    buttons = (
        asked.button("button_channel", "channel", "yes"),
        Button(asked.say("button_cancel"), "/cancel", edits=True),
    )
    return post.note(asked.say("channel_ask", title=title), buttons=buttons), ()


async def delete_me(asked: Asked) -> Reply:
    """Ask once, then forget everything about the chat."""
    if asked.text == "yes":
        return post.note(asked.say("deleted_there" if asked.away else "deleted")), (Forget(),)
    buttons = (asked.button("button_delete", "delete_me", "yes"), asked.button("button_cancel", "cancel"))
    topics = len(await asked.store.subscriptions(asked.chat.id))
    counted = count(asked.language, topics, "count_topic_one", "count_topics")
    title = asked.chat.title if asked.away else asked.say("this_chat")
    return post.note(asked.say("delete_ask", title=title, topics=counted), buttons=buttons), ()


async def status(asked: Asked) -> Reply:
    """What was seen, what comes next, what is wrong."""
    store, chat, language = asked.store, asked.chat, asked.language
    texts = []
    run = await store.last_run("harvest")
    if run is None:
        texts.append(asked.say("status_never"))
    elif run.outcome == "failed":
        next_ = silence.moment(run.next_at, chat, language)
        texts.append(asked.say("status_failed", when=asked.moment(run.ended_at), why=run.detail, next=next_))
    else:
        papers = count(language, run.papers, "paper_one", "papers")
        texts.append(asked.say("status_run", when=asked.moment(run.ended_at), papers=papers))
    days = await silence.days(store, asked.ports, chat, language)
    texts += days
    last = await store.last_digest(chat.id)
    texts.append(asked.say("status_digest", when=asked.moment(last)) if last else asked.say("status_no_digest"))
    topics, waiting = len(await store.subscriptions(chat.id)), await store.waiting(chat.id)
    if topics and chat.mode == "asap":
        texts.append(asked.say("status_asap"))
    elif topics and chat.next_at:
        texts.append(asked.say("status_next", when=asked.moment(chat.next_at), zone=chat.zone))
    counted = count(language, topics, "count_topic_one", "count_topics")
    texts.append(asked.say("status_topics", topics=counted, waiting=post.papers(language, waiting)))
    if model := asked.ports.model:
        name, paused = model.llm.model, await store.paused(model.llm.name)
        if paused:
            stands = Summary("", (), why=paused[1], until=paused[0])
            why = basis.why(stands, language, chat.zone, asked.ports.clock.now())
            texts.append(asked.say("status_no_model", model=name, why=why))
        else:
            texts.append(asked.say("status_model", model=name))
    if chat.suspended:
        texts.append(asked.say("status_suspended", why=again(language, chat.suspended)))
    elif topics and not waiting:
        texts.append(await silence.reason(store, asked.ports, chat, language, said=days))
    head = line_(Span(asked.say("status"), "bold"), kind="heading")
    return Post((head, *(line_(text, kind="bullet") for text in texts))), ()
