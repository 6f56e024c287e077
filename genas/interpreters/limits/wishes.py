"""Reads the objectives of a sentence: superlatives, "accuracy first, then latency", trade-offs, adjectives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice

from genas.core import metrics
from genas.core.errors import RequestError
from genas.core.metrics import ACCURACY, Metric
from genas.core.records import Objective
from genas.interpreters.limits.names import Names, said
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
_SUPERLATIVES = tuple(
    re.compile(rf"(?P<{metric}>\b(?:{said})(?!\w))", re.I)
    for said, metric in (
        *_MOST,
        *((rf"(?:as|most) (?:{said})(?= as\b)|most (?:{said})", metric) for said, metric in _QUALITIES),
        *((rf"the (?:{said})\b[^.;|]{{0,40}}? the better", metric) for said, metric in _MORE),
    )
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


_LARGE = re.compile(
    r"\b(?:as (?:large|big) as possible|largest|biggest|most parameters)\b"
    r"(?! (?:possible )?(?:image|data|digit|concern|priority))",
    re.I,
)
_COST = r"(?:latency|inference time|memory|energy|power|flops|macs|size|params|parameters|errors?(?: rate)?|perplexity)"
_WRONG = one_of(rf"""
    \bminimi[sz](?:e|ing) (?:the )?(?:test |validation )?accuracy|\bmaximi[sz](?:e|ing) (?:the )?{_COST}\b
    \b(?:lowest|worst|least) (?:possible )?accura(?:cy|te)|\bas (?:inaccurate|slow|bad) as|\b(?:slowest|worst)\b
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


class _Grammar:
    """The patterns of wishes, for the standard metrics and those of plug-ins.

    The group of a standard metric has its name; the metrics of plug-ins have the groups "more0", "more1" and so on.
    """

    def __init__(self, more: Sequence[Metric]) -> None:
        self.more = {f"more{number}": metric for number, metric in enumerate(more)}
        self.nouns = (*((said(metric), group) for group, metric in self.more.items()), *_NOUNS)
        self.noun = {group: words for words, group in self.nouns}
        self.named, self.than = self._either(), self._either("than_")

    def metric(self, group: str) -> str:
        """The metric of a group."""
        name = group.removeprefix("than_")
        return self.more[name].name if name in self.more else name

    def _either(self, prefix: str = "") -> str:
        """A pattern with one named group for each metric."""
        return "(?:" + "|".join(rf"(?P<{prefix}{group}>\b(?:{noun})\b)" for noun, group in self.nouns) + ")"

    @cached_property
    def ranked(self) -> re.Pattern[str]:
        """The patterns of each metric by noun or adjective: above all small, then fast."""
        adjectives = {metric: adjective for adjective, metric in _QUALITIES}
        ends = rf"(?=\s*(?:[,;.|!]|and\b|then\b|$|(?:\w+ )?{_NETWORK}\b))"
        return re.compile(
            "|".join(
                rf"(?P<{group}>\b(?:{noun})\b|\b(?:{adjectives.get(group, '(?!)')})\b{ends})"
                for noun, group in self.nouns
            ),
            re.I,
        )

    @cached_property
    def strong(self) -> tuple[re.Pattern[str], ...]:
        """Explicit wishes: superlatives, "accuracy first", "latency before size"."""
        named, best = self.named, [rf"(?P<{g}>{said(m)})" for g, m in self.more.items() if m.goal == "max"]
        best += [r"(?P<accuracy>accuracy)", r"(?P<latency_ms>speed|throughput|frame rate)"]
        patterns = (
            rf"\b{_LEAST} {named}",
            rf"\bas (?:few|little|low|small|short) {named} as",
            rf"{named}(?:\s+(?!and\b|but\b)\w+){{0,2}}\s+as (?:low|small|little|short|few|high|good|fast) {_POSSIBLE}",
            rf"\bthe (?:lower|less|fewer|smaller|shorter) (?:the )?{named}[^.;|]{{0,40}}? the better\b",
            rf"\b{_BEST}(?:{'|'.join(best)})\b",
            rf"{named}(?:\s+|,\s*)(?:(?:comes?|goes|is|are) )?{_FIRST}(?!\w)",
            rf"{named}\s+{_BEFORE}\s+(?:the )?(?={self.than})",  # the second may come before a third
            rf"{named}\s*,?\s+(?:and )?(?:then|followed by|next|before)\s+(?:the |by )?(?:low )?(?={self.than})",
        )
        return (*(re.compile(pattern, re.I) for pattern in patterns), *_SUPERLATIVES)

    @cached_property
    def later(self) -> re.Pattern[str]:
        """Metrics that come second or third."""
        return re.compile(
            rf"{self.named}\s+(?:comes? |is |in )?(?:the |an? |of )?(?:(?P<third>third(?:ly)?|last|tertiary)|"
            r"second(?:ly|ary)?|next|afterwards|after that|(?:as (?:a )?)?tie[- ]?breaker)\b",
            re.I,
        )

    @cached_property
    def less(self) -> re.Pattern[str]:
        """One metric that is less important than another."""
        costs = "|".join([*(noun for noun, group in self.nouns if group != "accuracy"), "accuracy"])
        return re.compile(
            rf"(?P<less>{costs}) (?:is |matters |counts )?less (?:important )?than (?:the )?(?P<than>{costs})", re.I
        )

    @cached_property
    def weak(self) -> dict[str, re.Pattern[str]]:
        """Adjectives: small, fast, low latency."""
        less = {group: _weak("(?!)", said(metric)) for group, metric in self.more.items() if metric.goal == "min"}
        few = {"flops": words(rf"(?:low|few)[- ](?:{self.noun['flops']})")}
        return {m: _weak(adjective, self.noun[m]) for adjective, m in _QUALITIES if m != "accuracy"} | few | less

    @cached_property
    def wrong(self) -> re.Pattern[str]:
        """Wishes for a bad network."""
        up = "|".join(said(metric) for metric in self.more.values() if metric.goal == "min") or "(?!)"
        down = "|".join(said(metric) for metric in self.more.values() if metric.goal == "max") or "(?!)"
        return re.compile(
            rf"{_WRONG}|\b(?:highest|maximal|maximum|maximi[sz](?:e|ing)) (?:the )?(?:{up})(?!\w)"
            rf"|\b(?:lowest|least|minimal|minimum|minimi[sz](?:e|ing)) (?:the )?(?:{down})(?!\w)",
            re.I,
        )


@lru_cache(maxsize=8)
def _grammar(more: tuple[Metric, ...]) -> _Grammar:
    return _Grammar(more)


def read_wishes(text: str, names: Names, judged: Metric = ACCURACY) -> tuple[Objective, ...]:
    """The objectives in order: superlatives and ranked wishes as the sentence has them, the quality, then adjectives.

    Args:
        text: the sentence with its numbers blanked.
        names: the metrics that the sentence may name.
        judged: the task's metric.

    Raises:
        RequestError: the sentence asks for a bad network, for one that is both large and small, or for an unclear wish.
    """
    grammar, quality = _grammar(names.more), judged.name
    if match := grammar.wrong.search(text):
        raise RequestError(f"{match[0]!r} asks for a bad network. Write {quality} first, or leave it out.")
    text = grammar.less.sub(lambda m: f"{m['than']} before {m['less']}", text)
    needed = blank_all(text, _NEEDLESS)
    kept = _DROPPED.sub(lambda m: "|" * len(m[0]) if _UNWANTED.search(m[0]) else m[0], needed)
    counts = [len(re.findall(grammar.noun["accuracy"], part, re.I)) for part in (kept, needed)]
    unwanted = counts[0] < counts[1]
    ranks: dict[str, tuple[int, int]] = {}
    for named, place, rank in _strong(kept, grammar):
        # "accurate" means the task's own metric, as perplexity for a language model
        metric = quality if named == "accuracy" and judged.role == "quality" else grammar.metric(named)
        earlier = ranks.get(metric, (rank, place))
        ranks[metric] = max(rank, earlier[0]), min(place, earlier[1])
    if all(rank for rank, _ in ranks.values()):  # the sentence puts nothing first
        ranks[quality] = 0, 0
    order = sorted(ranks, key=ranks.__getitem__)
    weak = {group: match.start() for group, pattern in grammar.weak.items() if (match := pattern.search(kept))}
    adjectives = [grammar.metric(group) for group in sorted(weak, key=weak.__getitem__)]
    if unwanted:  # the quality comes last
        order = [metric for metric in order if metric != quality]
    order += [m for m in ((*adjectives, quality) if unwanted else (quality, *adjectives)) if m not in order]
    large = _LARGE.search(kept)
    if large and "params" in order:
        raise RequestError(f"{large[0]!r} and small contradict each other. Write one of the two.")
    if (unread := names.mentioned(kept)) is not None and unread.name not in order:
        raise RequestError(
            f"What is wanted of {unread.name}? Write a limit, such as {unread.name} at most 3 {unread.unit}".rstrip()
            + f", or {unread.name} first, or {unread.name} second; or leave it out."
        )
    goals = {metric.name: metric.goal for metric in (*metrics.STANDARD.values(), *names.more, judged)}
    objectives = [Objective(metric, goals[metric]) for metric in order]
    return (Objective("params", "max"), *objectives) if large else tuple(objectives)


def _strong(text: str, grammar: _Grammar) -> Iterator[tuple[str, int, int]]:
    """The group of each ranked metric, its position, and its rank: 0 is first, 1 and 2 for "latency second"."""
    for pattern in grammar.strong:
        for match in pattern.finditer(text):
            for name in filter(match.group, match.groupdict()):
                yield name.removeprefix("than_"), match.start(name), 0
    for match in grammar.later.finditer(text):
        metric = next(name for name in grammar.noun if match[name])
        yield metric, match.start(metric), 2 if match["third"] else 1
    for phrase in _LIST.finditer(text):
        rank = 2 if phrase["third"] else 1 if phrase["second"] else 0
        begin, end = phrase.span(phrase.re.groups)
        for match in islice(grammar.ranked.finditer(text, begin, end), len(grammar.nouns)):
            if _JOINT.sub("", text[begin : match.start()]):  # the list has ended
                break
            yield match.lastgroup or "", match.start(), rank
            begin = match.end()
