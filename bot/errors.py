"""What can go wrong, classified by what we do next.

PaperboyError
├── UserError    say the sentence to the person who typed; nothing has changed
├── ConfigError  say the sentence to the owner and stop
├── Later        try again at `at` (rate limits, outages, busy databases)
├── Gone         the chat is not there any more: suspend it, keep its settings
├── Elsewhere    the chat has another address now: follow it with all that is its own
├── Refused      this very request will never be accepted: record it, go on with the next
└── InDoubt      it may or may not have arrived: record it, settle it by rule, never blindly

Every message is one sentence that names its remedy, and never holds a token.
"""


class PaperboyError(Exception):
    """The root: its text is a sentence fit to be shown."""


class UserError(PaperboyError):
    """A person's input cannot be used. `at` is the index of the offending character in what they typed, if one is."""

    def __init__(self, sentence: str, *, at: int | None = None) -> None:
        super().__init__(sentence)
        self.at = at


class ConfigError(PaperboyError):
    """A setting is missing or wrong."""


class Later(PaperboyError):  # noqa: N818 - named by what we do next, as the whole tree is
    """Not now. `wait` is in seconds as the other side asked (Retry-After), None where it did not say.

    `quota`: it is our share of it that is used up. `unsure`: it may have done, and billed, what it was asked.
    """

    def __init__(self, sentence: str, *, wait: float | None = None, quota: bool = False, unsure: bool = False) -> None:
        super().__init__(sentence)
        self.wait = wait
        self.quota = quota
        self.unsure = unsure


class Gone(PaperboyError):  # noqa: N818 - see Later
    """The destination does not exist for us any more (kicked, blocked, deleted), or only this `thread` of it."""

    def __init__(self, sentence: str, *, thread: bool = False) -> None:
        super().__init__(sentence)
        self.thread = thread


class Elsewhere(PaperboyError):  # noqa: N818 - see Later
    """The destination moved to `address` (a Telegram group became a supergroup)."""

    def __init__(self, sentence: str, *, address: str) -> None:
        super().__init__(sentence)
        self.address = address


class Refused(PaperboyError):  # noqa: N818 - see Later
    """The other side understood and said no for good."""


class InDoubt(PaperboyError):  # noqa: N818 - see Later
    """The request left, the answer did not come."""
