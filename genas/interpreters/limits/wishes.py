"""Reads the objectives of a sentence: superlatives, "accuracy first, then latency", trade-offs, adjectives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from genas.core.errors import RequestError
from genas.core.records import Objective
from genas.interpreters.plain.patterns import one_of, rows, words
from genas.interpreters.plain.text import blank_all

_NOUNS = rows(r"""
    accuracy    <- accura(?:cy|te)|precision|precise|correctness|quality
    latency_ms  <- latency|speed|inference (?:time|speed)|response time|run ?time|delay|throughput|frame rate
    size_mb     <- (?:file|download) size|size on disk
    params      <- param(?:eter)?s?(?: count)?|number of (?:parameters|weights)|weights
                   model size|network size|size|smallness|compactness
    flops       <- flops?|macs?|compute|computation(?:al cost)?|multiply[- ]adds|operations
    memory_mb   <- (?:working |peak )?memory(?: use| usage| footprint)?|ram(?: use| usage)?
    energy_mj   <- energy(?: use| usage| consumption)?|power(?: use| consumption)?|battery
    perplexity  <- perplexity|ppl
""")
_QUALITIES = rows(r"""
    accuracy    <- accurate|precise
    latency_ms  <- fast|quick|speedy|swift|snappy|responsive|low[- ]latency|real[- ]time
    params      <- small|tiny|compact|lightweight|light|lean|slim|little|parameter[- ]efficient
    memory_mb   <- memory[- ](?:efficient|saving|friendly)|low[- ]memory
    energy_mj   <- (?:energy|power)[- ](?:efficient|saving)|low[- ](?:power|energy)
""")
_MEASURED = r"(?:file|download|latency|delay|memory|ram|flops|macs|energy|power|perplexity|ppl|number|image)"
_MOST = rows(rf"""
    latency_ms  <- fastest|quickest|speediest
    params      <- (?:smallest|tiniest)(?! (?:possible )?(?:\w+ )?{_MEASURED}\b)|lightest|leanest|slimmest
    size_mb     <- smallest (?:possible )?(?:model |weight )?(?:file|download)
    flops       <- cheapest
    accuracy    <- (?:most|more) accurate|fewest errors|(?:lowest|least) errors?(?: rate)?
""")
_MORE = rows("""
    latency_ms  <- faster|quicker
    params      <- smaller|tinier|lighter
""")
_NETWORK = r"(?:network|net|model|classifier|cnn|convnet|gnn|architecture|recogni[sz]er|cell|gpt|transformer)"
_POSSIBLE = r"(?:as (?:possible|can be|you can|it gets|it can be)|possible)"


def _metrics(prefix: str = "") -> str:
    """A pattern with one named group for each metric."""
    return "(?:" + "|".join(rf"(?P<{prefix}{metric}>\b(?:{said})\b)" for said, metric in _NOUNS) + ")"


def _ranked() -> Iterator[str]:
    """The patterns of each metric by noun or adjective: above all small, then fast."""
    adjectives = {metric: said for said, metric in _QUALITIES}
    ends = rf"(?=\s*(?:[,;.|!]|and\b|then\b|$|(?:\w+ )?{_NETWORK}\b))"
    for said, metric in _NOUNS:
        yield rf"(?P<{metric}>\b(?:{said})\b|\b(?:{adjectives.get(metric, '(?!)')})\b{ends})"


_NAMED, _THAN = _metrics(), _metrics("than_")
_RANKED = re.compile("|".join(_ranked()), re.I)
_COSTS = "|".join(said for said, metric in _NOUNS if metric != "accuracy")
_LEAST = r"(?:lowest|fewest|least|smallest|shortest|minimal|minimum|best)(?: possible)?(?: number of| amount of| peak)?"
_MAIN = r"(?:main|primary|chief|biggest|top|number one|first|only|sole)"
_CONCERN = r"(?:concern|priority|goal|objective|aim|criterion|focus)"
_FIRST = one_of(rf"""
    (?:what |all that )?(?:matters?|counts?|weighs)(?: (?:most|more than anything(?: else)?|here))?
    first(?:ly)?|above all|foremost|paramount|decisive|crucial|king|everything|(?:before|above) (?:all|everything)
    (?:the |my |our )?(?:most important|{_MAIN} {_CONCERN}|priority)
""")
_BEST = r"(?:highest|top|maximum|maximal|greatest|best) (?:possible |test |validation )*"
_BEFORE = r"(?:(?:matters|counts|is|weighs)\s+)?(?:more (?:important )?than|before|ahead of|over|>+)"
_STRONG = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b{_LEAST} {_NAMED}",
        rf"\bas (?:few|little|low|small|short) {_NAMED} as",
        rf"{_NAMED}(?:\s+(?!and\b|but\b)\w+){{0,2}}\s+as (?:low|small|little|short|few|high|good|fast) {_POSSIBLE}",
        rf"\bthe (?:lower|less|fewer|smaller|shorter) (?:the )?{_NAMED}[^.;|]{{0,40}}? the better\b",
        rf"\b{_BEST}(?:(?P<accuracy>accuracy)|(?P<latency_ms>speed|throughput|frame rate))\b",
        rf"{_NAMED}(?:\s+|,\s*)(?:(?:comes?|goes|is|are) )?{_FIRST}(?!\w)",
        rf"{_NAMED}\s+{_BEFORE}\s+(?:the )?(?={_THAN})",  # the second may come before a third
        rf"{_NAMED}\s*,?\s+(?:and )?(?:then|followed by|next|before)\s+(?:the |by )?(?:low )?(?={_THAN})",
    )
) + tuple(
    re.compile(rf"(?P<{metric}>\b(?:{said})(?!\w))", re.I)
    for said, metric in (
        *_MOST,
        *((rf"(?:as|most) (?:{said})(?= as\b)|most (?:{said})", metric) for said, metric in _QUALITIES),
        *((rf"the (?:{said})\b[^.;|]{{0,40}}? the better", metric) for said, metric in _MORE),
    )
)
_LATER = re.compile(
    rf"{_NAMED}\s+(?:comes? |is |in )?(?:the |an? |of )?(?:(?P<third>third(?:ly)?|last|tertiary)|"
    r"second(?:ly|ary)?|next|afterwards|after that|(?:as (?:a )?)?tie[- ]?breaker)\b",
    re.I,
)
_OPENING = one_of(r"""
    (?<!is )(?<!are )(?<!comes )(?P<second>then|secondary|second(?:ly)?|after that|followed by|next)
    (?P<third>tertiary|third(?:ly)?)
    trade[- ]?off (?:between|of)|trad(?:e|ing)(?: off)?|balanc(?:e|ing)
    pareto (?:front |optimal )?(?:of|between|over|in|for)
    optimi[sz](?:e|ing)(?: for)?|(?:rank|sort|order)(?:ed)? by|prioriti[sz](?:e|ing)
    maximi[sz](?:e|ing)|minimi[sz](?:e|ing)|reduc(?:e|ing)|focus(?:ing)? on
    cares? (?:most |only |mostly |mainly )?about|(?:what|all) (?:I|we) care about is
    (?:what )?(?:matters|counts|is important)(?: most| here| to (?:me|us))? is|only(?= (?:the )?\w+ (?:matters|counts))
    primary|main|objectives?|goals?|aim|priorit(?:y|ies)|criteri(?:on|a)|concern
    first(?:ly)?|above (?:all|everything)(?: else)?|most of all|mostly|mainly
""")
_LIST = re.compile(
    rf"\b{_OPENING}(?: (?:objective|goal|aim|criterion|concern|priority|interest))?(?: is| are)?\s*[:,=]?\s+"
    r"(?:(?:it|this) (?:has to|must|should) be )?(?=([^.;!?]*))",
    re.I,
)
_LINKS = one_of(r"""
    and|then|then by|the|of|for|with|both|its|a|by|on|while|but|also|as|against|versus|vs
    test|low|high|little|few|second(?:ly)?|third|objective|goal|priority|minimi[sz](?:e|ing)|maximi[sz](?:e|ing)
""")
_JOINT = re.compile(rf"\b{_LINKS}\b|[\s,:&/()>|=-]|first", re.I)
_DENIED = one_of(r"""
    (?:does|do|is|are|did)(?:n't| not)|no matter|never mind|regardless of|irrelevant|ignor(?:e|ing)|forget about|of no
""")
_DROPPED = re.compile(rf"[^.,;|]*\b{_DENIED}\b[^.,;|]*", re.I)
_WISH = "|".join(said for said, _ in (*_QUALITIES, *_MOST))
_NEEDLESS = re.compile(  # "no need to be fast", "neither the fastest nor the smallest", "not small"
    one_of(rf"""
    \b(?:no need|need(?:s)?(?:n't| not)|(?:not|n't) (?:have|need|has)(?: to)?|(?:not|n't) necessarily)\b[^.,;|]*?
    \bneither\b[^.,;|]*\bnor\b[^.,;|]*?
    \bnot (?:necessarily |that |so |very )?(?:the |an? )?(?:{_WISH})\b
    """)
    + r"(?=\s*(?:[.,;|]|but\b|yet\b|$))",
    re.I,
)
_UNWANTED = re.compile(
    r"\b"
    + one_of("""
    matter|mind|care|important|importance|relevant|count|concern|critical|issue|problem|crucial
    regardless|irrelevant|ignor|forget
    """),
    re.I,
)
_LISTED = rf"(?:{'|'.join(said for said, _ in _QUALITIES)})\s*(?:,|and\b|but\b|yet\b)+\s*(?:and |but |also )?"
_KEPT = one_of(rf"""
    (?:\b(?:keep|make|makes|keeps|want|need|like|have) it|\b(?:should|must|to|can) be|\b(?:that|which|it)(?: is|'s))[ ]
    (?:^|[,;:.|])\s*(?:and |but )?
    \b(?:network|net|model|classifier)[ ]
    \b{_LISTED}
""")


def _weak(adjective: str, noun: str) -> re.Pattern[str]:
    """A wish without rank: an adjective before "network", after "keep it" or alone between commas; low latency."""
    ends = r"(?!\s*\|+[\s-]*(?:image|photo|picture|scan))(?=\s*(?:[,;.|!]|(?:and|but|yet|for|please)\b|$))"
    return re.compile(
        one_of(rf"""
        \b(?:{adjective})(?=(?:[\s,-]+[\w|]+){{0,3}}?[\s-]+{_NETWORK}\b)
        {_KEPT}(?:\w+ )?(?:{adjective}){ends}
        \bsav(?:e|es|ing) (?:{noun})\b|\b(?:low|few|little|short|small|modest|reduced)[- ](?:{noun})\b
        \b(?:{noun}) (?:(?:should|must|has to|to) be |stays? |remains? |is )?(?:low|small|short|down)\b
        """),
        re.I,
    )


_NOUN = {metric: said for said, metric in _NOUNS}
_WEAK = {metric: _weak(said, _NOUN[metric]) for said, metric in _QUALITIES if metric != "accuracy"} | {
    "flops": words(rf"(?:low|few)[- ](?:{_NOUN['flops']})")
}
_LESS = re.compile(
    rf"(?P<less>{_COSTS}|accuracy) (?:is |matters |counts )?less (?:important )?than "
    rf"(?:the )?(?P<than>{_COSTS}|accuracy)",
    re.I,
)
_LARGE = re.compile(
    r"\b(?:as (?:large|big) as possible|largest|biggest|most parameters)\b"
    r"(?! (?:possible )?(?:image|data|digit|concern|priority))",
    re.I,
)
_COST = r"(?:latency|inference time|memory|energy|power|flops|macs|size|params|parameters|errors?(?: rate)?|perplexity)"
_WRONG = re.compile(
    one_of(rf"""
    \bminimi[sz](?:e|ing) (?:the )?(?:test |validation )?accuracy|\bmaximi[sz](?:e|ing) (?:the )?{_COST}\b
    \b(?:lowest|worst|least) (?:possible )?accura(?:cy|te)|\bas (?:inaccurate|slow|bad) as|\b(?:slowest|worst)\b
    """),
    re.I,
)


def read_wishes(text: str, quality: str = "accuracy") -> tuple[Objective, ...]:
    """The objectives in order: superlatives and ranked wishes as the sentence has them, the quality, then adjectives.

    Args:
        text: the sentence with its numbers blanked.
        quality: the task's metric.

    Raises:
        RequestError: the sentence asks for a bad network, or for one that is both large and small.
    """
    if match := _WRONG.search(text):
        raise RequestError(f"{match[0]!r} asks for a bad network. Write accuracy first, or leave it out.")
    text = _LESS.sub(lambda m: f"{m['than']} before {m['less']}", text)
    needed = blank_all(text, _NEEDLESS)
    kept = _DROPPED.sub(lambda m: "|" * len(m[0]) if _UNWANTED.search(m[0]) else m[0], needed)
    unwanted = len(re.findall(_NOUN["accuracy"], kept, re.I)) < len(re.findall(_NOUN["accuracy"], needed, re.I))
    ranks: dict[str, tuple[int, int]] = {}
    for named, place, rank in _strong(kept):
        # for a language model, accurate means low perplexity
        metric = quality if named == "accuracy" and quality == "perplexity" else named
        earlier = ranks.get(metric, (rank, place))
        ranks[metric] = max(rank, earlier[0]), min(place, earlier[1])
    if all(rank for rank, _ in ranks.values()):  # the sentence puts nothing first
        ranks[quality] = 0, 0
    order = sorted(ranks, key=ranks.__getitem__)
    weak = {metric: match.start() for metric, pattern in _WEAK.items() if (match := pattern.search(kept))}
    adjectives = sorted(weak, key=weak.__getitem__)
    if unwanted:  # the quality comes last
        order = [metric for metric in order if metric != quality]
    order += [m for m in ((*adjectives, quality) if unwanted else (quality, *adjectives)) if m not in order]
    large = _LARGE.search(kept)
    if large and "params" in order:
        raise RequestError(f"{large[0]!r} and small contradict each other. Write one of the two.")
    objectives = [Objective(metric, "max" if metric == "accuracy" else "min") for metric in order]
    return (Objective("params", "max"), *objectives) if large else tuple(objectives)


def _strong(text: str) -> Iterator[tuple[str, int, int]]:
    """Each metric that the sentence ranks, where it stands, and its rank: 0 is first, 1 and 2 for "latency second"."""
    for pattern in _STRONG:
        for match in pattern.finditer(text):
            for name in filter(match.group, match.groupdict()):
                yield name.removeprefix("than_"), match.start(name), 0
    for match in _LATER.finditer(text):
        metric = next(name for name in _NOUN if match[name])
        yield metric, match.start(metric), 2 if match["third"] else 1
    for phrase in _LIST.finditer(text):
        rank = 2 if phrase["third"] else 1 if phrase["second"] else 0
        begin, end = phrase.span(phrase.re.groups)
        for match in islice(_RANKED.finditer(text, begin, end), len(_NOUNS)):
            if _JOINT.sub("", text[begin : match.start()]):  # the list has ended
                break
            yield match.lastgroup or "", match.start(), rank
            begin = match.end()
