"""Refuses what would have to be guessed: vague sizes, comparisons with something unknown, limits not meant strictly."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.interpreters.limits.names import Names
from genas.interpreters.plain.numerals import ENGLISH
from genas.interpreters.plain.patterns import one_of, words

_UNITS = one_of(r"""
    ms|milliseconds?|microseconds?|[km]i?b|(?:kilo|mega|giga)bytes?|[mu]j|(?:milli|micro)?joules?|per ?cent
    [kmg]flops|[kmg]macs
""")
_COUNTED = rf"(?:param\w*|weights|seconds?|minutes?|hours?|days?|weeks?|trials?|networks|epochs|{_UNITS})"
_ENDLESS = words("nan|inf|infinity|infinite(?:ly)?")
_SOME = one_of(r"""
    (?:a couple|a handful|a bunch|lots|loads|tons|dozens|hundreds|thousands|millions) of|a few|several
    (?:single|double|one|two|three|four|five|six)[- ](?:digit|figure)
""")
_VAGUE = re.compile(
    rf"\b{_SOME}\s+(?:hundred|thousand|million|[0-9]|{_COUNTED})|"
    rf"\b(?:few|some|low|tens of|hundreds of)\s+(?:hundred|thousand|million|{_UNITS})\b",
    re.I,
)
_COMPARED = r"(?:faster|quicker|smaller|lighter|better|cheaper|leaner|more accurate|fewer|less|lower|higher|larger)"
_KNOWN_TO_USER = r"(?:(?:our|the|my|your|its|any|all|that of)\b|(?:before|now|today|what|it|last|usual)\b)"
_PERCENT = r"[0-9] ?(?:%|percent|ms|[km]b|\w+ parameters)"
_MANY = r"(?:ten|twenty|fifty|a hundred|hundred)"
_RELATIVE = re.compile(
    one_of(rf"""
    \b(?:an?|one|two|three|[1-3]) (?:third|fifth|sixth|eighth|tenth)s?(?: of)? (?:an?\b|one\b|1)
    \baccuracy (?:loss|drop|gap|difference|degradation)\b|\bwithin [0-9.]+ ?(?:%|percent)
    \beither\b[^.;|]{{0,40}}[0-9][^.;|]{{0,40}}\bor\b[^.;|]{{0,40}}[0-9]
    {_PERCENT} (?:more|less|fewer|smaller|faster|better|larger|lower|higher)\b(?! (?:accura|or\b))
    \b(?:half|double|twice|triple|a third|a quarter)\s+(?:of\s+)?(?:the|as|its|that)\b
    \b(?:one|two|three|[1-9])\s+(?:\w+\s+)?(?:in|out of|per)\s+(?:every\s+)?{_MANY}\b
    \btimes (?:smaller|faster|fewer|less|more|better|larger)\b
    \b{_COMPARED} (?:\w+ )?th[ae]n {_KNOWN_TO_USER}(?![^.;]{{0,30}}[0-9])
    """),
    re.I,
)
_OTHER = words(r"""
    recall(?! (?:that|how|from)\b)|f1(?:[- ]score)?|f-?score|iou|specificity|sensitivity|top-?[2-9]|bleu|kappa
    balanced accuracy|(?:mean )?average precision|matthews(?: correlation\w*)?|mcc|rmse|mae|mse|log[- ]?loss|brier\w*
    (?:best|highest|maximal|maximi[sz](?:e|ing))(?: the)?(?: possible)? (?:roc[- ]?)?auc
    (?:roc[- ]?)?auc (?:first|matters)
    cross[- ]entropy|(?:lowest|smallest|minimal|minimum|minimi[sz]e(?: the)?) (?:test |validation |training )?loss
""")
_SUMMED = re.compile(  # accuracy minus latency: objectives have an order, and are not added up
    r"\b(?:accuracy|latency|speed|params|parameters|size|energy|memory|flops)\s*"
    r"(?:\b(?:minus|times|divided by|per|multiplied by|weighted (?:by|with|against))\b|\*)\s*(?:the )?"
    r"(?:accuracy|latency|speed|param\w*|size|energy|memory|flops|joule|watt|millisecond)\b|\bweighted sum\b",
    re.I,
)
_FREE = r"(?:fine|ok(?:ay)?|all ?right|acceptable|allowed|permitted|free|no problem|tolerable)"
_MAY = r"(?:may|can|could|might)(?: well| also| even)?"
_TOLERATED = re.compile(  # "it is fine to exceed 20k parameters" sets no limit
    one_of(rf"""
    (?<!not )(?<!not be )(?<!n't )(?<!never )\b{_FREE}\s+(?:to|if|when|with)\b[^.;,|\n]{{0,30}}[0-9]
    \b{_MAY}\s+(?:exceed|(?:go|be) (?:over|above|beyond|past))\b[^.;,|\n]{{0,30}}[0-9]
    [0-9][^.;,|\n]{{0,30}}\b{_MAY} be exceeded\b
    """),
    re.I,
)
_SOMETIME = words(r"""
    (?<!runs )(?<!works )overnight|over the weekend|(?:with)?in the hour|as long as (?:it takes|you (?:need|like|want))
    (?:no|without(?: an?)?) time limit|unlimited time|take your time|über nacht|so lange (?:wie|es)|toute la nuit
""")
_SOFT = words(r"""
    ideally|preferably|if (?:at all )?possible|if (?:you|it) can\b(?: be done)?|where(?:ver)? possible|hopefully
    (?:would|it'd|that'd) be (?:nice|great|good|lovely|welcome)|at best|I'd (?:like|prefer) it
""")
_HALVES = r"halbe?[nmrs]?|(?:drei)?viertel|demie?|quart"
_BETWEEN = r"(?:(?:and|a|half|gpu|of|[a-z]+able|hundred|thousand|million)[ -]){0,3}"
_UNREAD = re.compile(  # a number in words, which must not be lost
    rf"(?<![0-9.][ -])\b(?!one\b)(?:{ENGLISH.words}|{_HALVES})[ -]"
    rf"(?:and[ -][0-9]|{_BETWEEN}(?:{_COUNTED}|flops|macs)\b|or[ ][0-9])|"
    rf"(?:at most|at least|under|below|over|above|up to|than) (?:{ENGLISH.words})(?=\s*(?:[.,;!]|$))",
    re.I,
)
_PART = re.compile(  # of the examples; "I have 500 images" limits nothing
    r"\b(?:use|using|take|pick|sample|train(?:ed|ing)?(?: it)? (?:on|with))\s+"
    r"(?:only |just |the first |at most |up to )+"
    r"[0-9][0-9,]* (?:\w+ )?(?:images|examples|samples|pictures|photos|rows)",
    re.I,
)
_UNREAD_NUMBER = re.compile(r"(?:(?<=[\s(\[,;:<>=~])|^)[0-9][0-9.,]*(?!\w*(?:st|nd|rd|th|d)\b)\w*")
_STRAY = re.compile(rf"(?<![\w/.-]){_UNITS}(?![\w/.-])|(?<![\w|] )(?<![\w|])%", re.I)


def refuse_doubts(text: str, names: Names) -> None:
    """RequestError for vague sizes, for unknown numbers in words, and for limits that are not meant strictly."""
    if endless := _ENDLESS.search(text):
        raise RequestError(f"{endless[0]!r} can't be a limit. Write a number, or leave it out.")
    if vague := _VAGUE.search(text):
        raise RequestError(f"How much is {vague[0]!r}? Write a number.")
    if relative := _RELATIVE.search(text):
        raise RequestError(f"{relative[0]!r} compares with something that is not measured. Write a number.")
    if summed := _SUMMED.search(text):
        raise RequestError(
            f"{summed[0]!r}: objectives have an order, not weights. Write for example accuracy, then latency."
        )
    if tolerated := _TOLERATED.search(text):
        raise RequestError(f"{tolerated[0]!r} sets no limit. Leave it out, or write the limit that must be met.")
    if part := _PART.search(text):
        raise RequestError(
            f"{part[0]!r}: a sentence can't choose how many examples are used. Write validator options, such as "
            "examples = 500, in a request file, or leave it out."
        )
    if (other := _OTHER.search(text)) and not names.mentioned(other[0]):
        raise RequestError(f"{other[0]!r} is not measured here. Write a limit on accuracy, or leave it out.")
    for soft in _SOFT.finditer(text):
        begin = max(text.rfind(stop, 0, soft.start()) for stop in ",;.|\n")
        rest = re.match(r"[\s,:|]*[^,;|\n]*?(?=[,;|\n]|\.\s|$)", text[soft.end() :])
        if re.search(r"[0-9]", text[begin + 1 : soft.end() + (rest.end() if rest else 0)]):
            raise RequestError(
                f"{soft[0]!r}: limits are strict. Leave the word out, or write the wish as an objective, such as low "
                "latency."
            )
    if left := _UNREAD.search(text):
        raise RequestError(f"The number in {left[0][:40]!r} is not understood. Write it in digits.")


def refuse_endless(text: str) -> None:
    """RequestError for a vague time such as "overnight", where the sentence names no other budget."""
    if sometime := _SOMETIME.search(text):
        raise RequestError(f"How long is {sometime[0]!r}? Write a budget such as 8 hours.")


def refuse_stray(text: str) -> None:
    """RequestError for a unit or a number that is left once all limits have been read and blanked."""
    if stray := _STRAY.search(text):
        raise RequestError(f"How many {stray[0]}? Write a number in digits, or leave the unit out.")
    if number := _UNREAD_NUMBER.search(text):
        raise RequestError(f"{number[0][:40]!r} can't be read. Write a space before it and a unit after it.")
