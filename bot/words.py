"""Every sentence a reader can see, by language.

A sentence says what happened, then what to do. No exclamation marks, numbers over adjectives, times in the reader's
zone. `{name}` stands for a value; every language has the same keys and the same names (tests/unit/test_words.py).
"""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        # greetings and help
        "start": "I'm Paperboy. Name a topic and I'll bring you the new arXiv papers about it, once each.",
        "start_next": "Try /subscribe {example}, or /help for everything I understand.",
        "help": "What I understand",
        "help_foot": "A topic is plain words, or arXiv's own query language: {example}",
        "not_a_command": "I only understand commands; /help lists them.",
        "is_an_id": "That looks like an arXiv id. /summarize {id} tells you what it is about.",
        "unknown_command": "I don't know {command}. /help lists what I understand.",
        "did_you_mean": "I don't know {command}. Did you mean {guess}?",
        "admins_only": "Only admins of this chat can do that.",
        "no_button": "There is no [{number}] in the message above.",
        "trouble": "Something went wrong on my side; it is in the log. Nothing was changed: please try again.",
        # subscribing
        "subscribe_what": "Name a topic: /subscribe {example}",
        "subscribed": "Subscribed: {label}",
        "already": "You already have this topic, as “{label}”. /topics lists all of them.",
        "reading_topic": "I'll look for papers with all these words in title or abstract: {reading}",
        "reading_query": "I read your query as: {reading}",
        "preview": "The last {days} days would have brought {count}, for example",
        "preview_all": "The last {days} days would have brought {count}:",
        "preview_none": "The last {days} days would have brought nothing. Fewer or broader words bring more.",
        "preview_empty": "I am still fetching last week's papers; /topics will show what it would have brought.",
        "preview_many": "That is about {rate} a day. One more word, or a category, would make it readable.",
        "next_daily": "Next digest: {when} ({zone}). /settings changes when.",
        "next_asap": "Papers come as soon as arXiv brings them. /settings changes that.",
        "unsubscribe_what": "Which topic? /unsubscribe and its number or words.",
        "unsubscribed": "Unsubscribed from {label}. /subscribe brings it back.",
        "not_yours": "“{text}” is none of your topics. /topics lists them.",
        "too_many_topics": "You have {count} topics, which is the most a chat can have. /unsubscribe makes room.",
        "no_topics": "You have no topics yet. /subscribe {example} makes one.",
        "topics": "Your topics",
        "topic_week": "{label} · {count} in the last {days} days",
        # digests
        "digest": "{when} · {count} of {scanned}",
        "papers": "{count} new papers",
        "paper_one": "1 new paper",
        "count_papers": "{count} papers",
        "count_one": "1 paper",
        "authors_more": "{names} + {more}",
        "also": "also: {labels}",
        "takeaways": "takeaways ({count})",
        "abstract": "abstract",
        "pdf": "pdf",
        "code": "code",
        "basis_extract": "Summaries: the authors' own sentences, picked from the abstract; no model.",
        "basis_extract_one": "The authors' own sentences, picked from the abstract; no model.",
        "again": "Sent again: the first was not confirmed.",
        "coming": "{count} waiting; here it comes.",
        "coming_many": "{count} waiting; here they come.",
        # silence
        "quiet_not_looked": "Nothing yet: I am reading the last days of arXiv for the first time; give me a minute.",
        "quiet_unsent": "{count} on the way: {why}",
        "quiet_composed": "it is being written.",
        "quiet_failed": "Nothing to send, and the last look at arXiv failed: {why} Next try: {when}.",
        "quiet_no_new": "Nothing to send: arXiv brought no new papers since {since}. It announces Sunday to Thursday.",
        "quiet_no_match": "Nothing to send: none of the {scanned} since {since} matched your topics.",
        "since_digest": "your last digest ({when})",
        "since_first": "you subscribed ({when})",
        # looking at papers
        "latest": "Your last {count}",
        "latest_none": "Nothing has matched your topics so far. /topics shows what they would bring.",
        "search_what": "Search for what? /search {example}",
        "search": "{count} for {reading}",
        "search_none": "Nothing for {reading}, here or at arXiv.",
        "search_none_local": "Nothing that I have stored matches {reading}, and arXiv could not be asked: {why}",
        "search_local": "From what I have stored; arXiv could not be asked: {why}",
        "summarize_what": "Which paper? /summarize 2411.19525",
        "no_such_paper": "arXiv has no paper {id}. Check the digits; a paper appears there once it is announced.",
        "source_down": "I can't look that up now: {why}",
        "comment": "Comment: {text}",
        "journal": "Published in: {text}",
        # settings and status
        "settings": "Settings of this chat",
        "setting_mode_daily": "mode daily · one digest a day",
        "setting_mode_asap": "mode asap · papers as they come",
        "setting_time": "time {value} · hour of the daily digest",
        "setting_zone": "zone {value}",
        "settings_how": "Change one: /settings time 08:30, /settings zone Europe/Berlin, /settings mode asap",
        "setting_unknown": "There is no setting “{name}”. There are mode, time and zone.",
        "setting_bad_mode": "“{value}” isn't a mode. There are daily and asap: /settings mode daily",
        "setting_bad_time": "“{value}” isn't a time. Write hours and minutes: /settings time 08:30",
        "setting_bad_zone": "“{value}” isn't a time zone I know. Write its name: /settings zone Europe/Berlin",
        "setting_done": "Done: {line}",
        "status": "Status",
        "status_run": "Last look at arXiv: {when}, {papers}.",
        "status_failed": "The last look at arXiv ({when}) failed: {why} Next try: {next}.",
        "soon": "in a moment",
        "status_never": "First look at arXiv: under way, about a minute.",
        "status_digest": "Last digest: {when}.",
        "status_no_digest": "No digest yet.",
        "status_next": "Next digest: {when} ({zone}).",
        "status_asap": "Next digest: as soon as a paper matches.",
        "status_topics": "{topics}; {waiting} waiting.",
        "count_topics": "{count} topics",
        "count_topic_one": "1 topic",
        # what each command does, for /help, the README and the platforms' menus
        "do_start": "say hello and show how to begin",
        "do_help": "list what I understand",
        "do_subscribe": "follow a topic, in plain words or arXiv's query language",
        "do_unsubscribe": "stop following a topic",
        "do_topics": "your topics, with what they brought lately",
        "do_latest": "the last five papers that matched, once more",
        "do_search": "look for papers, here and at arXiv",
        "do_digest": "send what is waiting now",
        "do_summarize": "what a paper is about, by arXiv id or link",
        "do_settings": "when digests come: mode, time, zone",
        "do_status": "what was seen, what comes next, what is wrong",
        "button_summarize": "{place}",
        "button_undo": "Undo",
        "button_remove": "Remove {place}",
    },
}


def say(language: str, key: str, **values: object) -> str:
    """Return a sentence with its values; English where a language lacks it. Raises KeyError for an unknown key."""
    words = WORDS.get(language, WORDS["en"])
    return (words.get(key) or WORDS["en"][key]).format(**values)


def count(language: str, number: int, one: str, many: str) -> str:
    """'1 paper' or '1,284 papers'."""
    return say(language, one) if number == 1 else say(language, many, count=f"{number:,}")
