"""Words and cue phrases of scientific English, shared by the features and the choice of takeaways.

Patterns search one sentence, ignore case and name what they find: a contribution, a result, background, a
sentence that leans on its neighbour. They hold for every field of arXiv, not for machine learning alone.
"""

import functools
import re
from typing import Final


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-'][A-Za-z0-9]+)*|\d+(?:\.\d+)?")
STOP: Final = frozenset(
    _list(
        """a about above after again all also although am an and any are as at be because been before being below
        between both but by can cannot could did do does doing down due during each either et al etc few for from
        further had has have having he her here hers him his how however i if in into is it its itself just may
        me might more most much must my neither no nor not now of off on once only onto or other our ours out
        over own per same she should since so some such than that the their theirs them then there thereby
        therefore these they this those through thus to too toward towards under until up upon us use used uses
        using very via was we were what when where whether which while who whom whose why will with within
        without would yet you your paper work method methods approach approaches propose proposed present
        presents show shows shown based new novel"""
    )
)
_SUFFIXES: Final = _list("ization isation ations ation ingly ments ment ness ities ity ings ing edly ies ed es ly s")
_MATHEMATICS: Final = re.compile(r"\$\$?[^$]{1,400}\$\$?|\\\(.{1,400}?\\\)|\\\[.{1,400}?\\\]")
_COMMAND: Final = re.compile(r"\\[A-Za-z]+ ?")


def plain(text: str) -> str:
    """Return a text with each formula as the word "x" and LaTeX commands left out, for counting only."""
    return _COMMAND.sub("", _MATHEMATICS.sub(" x ", text)) if "\\" in text or "$" in text else text


def words(text: str) -> list[str]:
    """Return the lower-case words and numbers of a text; a hyphened word is one."""
    return [word.lower() for word in _WORD.findall(text)]


@functools.lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Cut one common English suffix, leaving at least four letters."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:  # noqa: PLR2004
            return word[: -len(suffix)]
    return word


def content(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order, repeated ones too."""
    return [stem(word) for word in words(text) if word not in STOP and len(word) > 1]


def _phrase(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PAPER: Final = (
    r"(?:paper|work|article|study|letter|thesis|report|survey|review|tutorial|note|manuscript|essay|chapter)"
)
PROPOSE: Final = _phrase(
    rf"\b(?:we|this (?:\w+ ){{0,2}}{_PAPER}|the (?:present )?(?:paper|work|authors?)|our (?:paper|work))\s+"
    r"(?:(?:also|first|then|here|now|further|thus|therefore|instead|aims? to|try to|attempts? to|seeks? to|will)\s+)*"
    r"(?:propos\w*|present\w*|introduc\w*|develop\w*|describ\w*|devis\w*|design\w*|suggest\w*|formulat\w*|build\w*|"
    r"creat\w*|releas\w*|construct\w*|offer\w*|provid\w*|contribut\w*|establish\w*|deriv\w*)"
)
STUDY: Final = _phrase(
    rf"\b(?:we|this (?:\w+ ){{0,2}}{_PAPER}|our (?:paper|work))\s+"
    r"(?:(?:also|first|then|here|systematically|empirically|theoretically)\s+)*"
    r"(?:show\w*|demonstrat\w*|prov\w+|investigat\w*|stud(?:y|ies)|explor\w*|examin\w*|analy[sz]\w*|address\w*|"
    r"tackl\w*|consider\w*|argu\w*|find|found|observ\w*|identif\w*|report\w*|evaluat\w*|reveal\w*|characteri[sz]\w*|"
    r"revisit\w*|measur\w*)"
)
PAPER: Final = _phrase(rf"\b(?:in (?:this|the present|the current) {_PAPER}|this (?:\w+ ){{0,2}}{_PAPER}|here,? we)\b")
RESULT: Final = _phrase(
    r"\b(?:outperform\w*|state[- ]of[- ]the[- ]art|sota|improv\w*|achiev\w*|significant(?:ly)?|experiment\w*|results?|"
    r"empirical\w*|competitive|superior|surpass\w*|accura\w*|faster|reduc\w*|gain\w*|benchmarks?)\b"
)
BACKGROUND: Final = _phrase(
    r"^(?:recent(?:ly)?|in recent|over the (?:past|last)|traditional\w*|existing|current(?:ly)?|previous|prior|many|"
    r"most|while|although|despite|deep (?:learning|neural)|there (?:is|are|has|have)|one of the)\b|"
    r"\b(?:has|have) (?:been|become|shown|attracted|achieved|emerged|received|gained)\b|"
    r"\bis (?:a|an|one of the) (?:\w+ ){0,3}(?:important|fundamental|challenging|crucial|critical|central|key|common|"
    r"popular)\b"
)
CONTRAST: Final = _phrase(
    r"^(?:however|but|yet|unfortunately|nevertheless|nonetheless|in contrast|on the other hand|conversely)\b"
)
ANAPHOR: Final = _phrase(
    r"^(?:it|this|these|they|that|those|such|he|she|its|their|both|the former|the latter|in this way|as such|"
    r"for this)\b(?! (?:paper|work|article|study|letter|survey|review)\b)"
)
CONNECT: Final = _phrase(
    r"^(?:specifically|moreover|furthermore|additionally|in addition|in particular|finally|also|then|next|"
    r"second(?:ly)?|third(?:ly)?|first(?:ly)?|thus|therefore|hence|as a result|consequently|for (?:example|instance)|"
    r"to (?:this|that) end|more (?:precisely|specifically)|besides)\b"
)
META: Final = _phrase(
    r"\b(?:code|source code|data ?sets?|models?|implementation|demo|videos?|project page)\b[^.]{0,60}"
    r"\b(?:available|released?|found at|open[- ]sourced?)\b|https?://|\bgithub\b"
)
FUTURE: Final = _phrase(
    r"\b(?:future (?:work|research|directions?)|we hope|we believe|we discuss|we conclude|opens? (?:up )?|shed light|"
    r"implications?)\b"
)
WE: Final = _phrase(
    r"\b(?:we|I)\s+(?:(?:here|also|then|first|now|\w+ly)\s+)*(?!have|had|can|could|may|might|believe|hope|anticipate|"
    r"discuss|expect|know|need|live|do\b|are|were|will)[a-z]+"
)
SELF: Final = _phrase(
    rf"\b(?:we|our|ours|I|my|here|this (?:\w+ ){{0,2}}(?:{_PAPER}|research|project)|the (?:present|proposed) \w+)\b"
)
PASSIVE: Final = _phrase(
    r"\b(?:is|are|was|were|has been|have been)\s+(?:\w+ly\s+)?(?:introduced|presented|proposed|described|developed|"
    r"derived|given|established|studied|investigated|analy[sz]ed|obtained|computed|calculated|examined|explored|"
    r"constructed|demonstrated|reported|characteri[sz]ed|shown|proved|proven|determined|assessed|performed)\b"
)
OUR_RESULT: Final = _phrase(
    r"\b(?:our|the|these|main) (?:\w+ ){0,2}(?:results?|findings?|analys[ie]s|experiments?|simulations?|calculations?|"
    r"data)\b[^.]{0,40}\b(?:show|suggest|indicat|demonstrat|reveal|confirm|impl|support|provid|highlight|elucidat)\w*"
)
LET: Final = _phrase(r"^(?:let|suppose|assume|given|consider|denote|for (?:a|an|any|every|each))\b")
EARLIER: Final = _phrase(
    r"\b(?:in (?:an|a|our|the) (?:earlier|previous|prior|recent|companion)|previously|earlier (?:paper|work)|"
    r"years ago)\b"
)
KNOWN: Final = _phrase(
    r"\b(?:(?:is|are) (?:well[- ])?known (?:to|that|as|for)|"
    r"it (?:is|has been|was) (?:well[- ]|long |recently |previously )?(?:known|established|shown|conjectured|believed|"
    r"recognized)|in the literature)\b"
)
BESIDES: Final = _phrase(
    r"^(?:along the way|as (?:a|an|another|one) (?:by-?product|corollary|consequence|application|example|illustration|"
    r"special case)|in addition|additionally|furthermore|moreover|finally|lastly)\b|"
    r"^(?:\w+[, ]+){0,3}(?:also|further)\b"
)
DANGLE: Final = _phrase(
    r"\b(?:for|to (?:mitigate|address|solve|overcome|achieve|tackle|do)|of|by|with|from) (?:this|that|these|those)"
    r"(?: (?:problem|issue|end|gap|challenge|limitation|goal|purpose|case)s?)?(?=[\s,.;])"
    r"(?! (?:paper|work|article|study|letter))|"
    r"\bwe (?:\w+ )?(?:term|call|name|dub|refer to|apply|use|extend|illustrate|test) (?:this|these|it|them)\b|"
    r"\b(?:show|shows|prove|find|argue|demonstrate|conclude) that (?:this|these|those|it|they)\b"
)
LIMIT: Final = _phrase(
    r"\b(?:limitation|drawback|does not (?:hold|generali[sz]e|scale)|fails? (?:to|when|on)|"
    r"remains? (?:open|challenging|difficult)|still lags?|caveat)\b"
)
FINDING: Final = _phrase(
    r"\b(?:outperform\w*|state[- ]of[- ]the[- ]art|sota|surpass\w*|experiments? (?:on|show|demonstrate)|"
    r"(?:our|the|these|extensive|empirical|experimental|numerical)\s+(?:\w+ ){0,2}"
    r"(?:results?|experiments?|evaluations?|findings?|simulations?|analys[ie]s)\b|"
    r"we (?:find|found|observe|conclude|verify|confirm|prove|(?:\w+ly )?(?:show|demonstrate))\b|"
    r"\d+(?:\.\d+)?\s?(?:%|\\%|x\b|times|percent|points?)|"
    r"significantly (?:better|improv\w+|reduc\w+|lower|higher|faster)|"
    r"(?:is|are|was|were) (?:found|shown|observed|proved|demonstrated))"
)
PROBLEM: Final = _phrase(
    r"^(?:however|but|yet|unfortunately|despite|although|while)\b|"
    r"\b(?:challeng\w+|problem|difficult\w*|lack(?:s|ing)?|limited|suffers?|bottleneck|open question|unclear|"
    r"expensive|costly|prone to)\b"
)
