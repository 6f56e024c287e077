"""What should be large or small: superlatives, "accuracy first, then latency", trade-offs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from genas.core.errors import RequestError
from genas.core.records import Objective

_NOUNS = {
    "accuracy": r"accura(?:cy|te)|precision|precise|correctness|quality",
    "latency_ms": r"latency|speed|inference (?:time|speed)|response time|run ?time|delay|throughput|frame rate",
    "size_mb": r"(?:file|download) size|size on disk",
    "params": r"param(?:eter)?s?(?: count)?|number of (?:parameters|weights)|weights|model size|network size|size|"
    r"smallness|compactness",
    "flops": r"flops?|macs?|compute|computation(?:al cost)?|multiply[- ]adds|operations",
    "memory_mb": r"(?:working |peak )?memory(?: use| usage| footprint)?|ram(?: use| usage)?",
    "energy_mj": r"energy(?: use| usage| consumption)?|power(?: use| consumption)?|battery",
    "perplexity": r"perplexity|ppl",
}
_QUALITIES = {
    "accuracy": "accurate|precise",
    "latency_ms": "fast|quick|speedy|swift|snappy|responsive|low[- ]latency|real[- ]time",
    "params": "small|tiny|compact|lightweight|light|lean|slim|little|parameter[- ]efficient",
    "memory_mb": "memory[- ](?:efficient|saving|friendly)|low[- ]memory",
    "energy_mj": "(?:energy|power)[- ](?:efficient|saving)|low[- ](?:power|energy)",
}
_MOST = {  # adjectives as superlatives that are no "most ..." and no "as ... as"
    "latency_ms": "fastest|quickest|speediest",
    "params": r"(?:smallest|tiniest)(?! (?:possible )?(?:\w+ )?(?:file|download|latency|delay|memory|ram|flops|macs|"
    r"energy|"
    r"power|perplexity|ppl|number|image)\b)|lightest|leanest|slimmest",
    "size_mb": r"smallest (?:possible )?(?:model |weight )?(?:file|download)",
    "flops": "cheapest",
    "accuracy": "(?:most|more) accurate|fewest errors|(?:lowest|least) errors?(?: rate)?",
}
_MORE = {"latency_ms": "faster|quicker", "params": "smaller|tinier|lighter"}
_NETWORK = r"(?:network|net|model|classifier|cnn|convnet|gnn|architecture|recogni[sz]er|cell|gpt|transformer)"
_POSSIBLE = r"(?:as (?:possible|can be|you can|it gets|it can be)|possible)"


def _metrics(prefix: str = "", **also: str) -> str:
    """A pattern with one named group a metric; `also` are further words of one."""
    return "|".join(rf"(?P<{prefix}{m}>\b(?:{w}{'|' + also[m] if m in also else ''})\b)" for m, w in _NOUNS.items())


_METRIC = re.compile(_metrics(), re.I)
_NAMED, _THAN = rf"(?:{_metrics()})", rf"(?:{_metrics('than_')})"
_RANKED = re.compile(  # also by its adjective: above all small, then fast
    "|".join(
        rf"(?P<{m}>\b(?:{w})\b|\b(?:{_QUALITIES.get(m, '(?!)')})\b(?=\s*(?:[,;.|!]|and\b|then\b|$|(?:\w+ "
        rf")?{_NETWORK}\b)))"
        for m, w in _NOUNS.items()
    ),
    re.I,
)
_COSTS = "|".join(words for metric, words in _NOUNS.items() if metric != "accuracy")
_LEAST = r"(?:lowest|fewest|least|smallest|shortest|minimal|minimum|best)(?: possible)?(?: number of| amount of| peak)?"
_FIRST = (
    r"(?:(?:comes?|goes|is|are) )?(?:(?:what |all that )?(?:matters?|counts?|weighs)(?: (?:most|more than "
    r"anything(?: else)?|here))?|"
    r"first(?:ly)?|above all|foremost|paramount|decisive|crucial|king|everything|(?:before|above) (?:all|everything)|"
    r"(?:the |my |our )?(?:most important|(?:main|primary|chief|biggest|top|number one|first|only|sole) "
    r"(?:concern|priority|goal|objective|aim|criterion|focus)|priority))"
)
_STRONG = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b{_LEAST} {_NAMED}",
        rf"\bas (?:few|little|low|small|short) {_NAMED} as",
        rf"{_NAMED}(?:\s+(?!and\b|but\b)\w+){{0,2}}\s+as (?:low|small|little|short|few|high|good|fast) {_POSSIBLE}",
        rf"\bthe (?:lower|less|fewer|smaller|shorter) (?:the )?{_NAMED}[^.;|]{{0,40}}? the better\b",
        r"\b(?:highest|top|maximum|maximal|greatest|best) (?:possible |test |validation )*"
        r"(?:(?P<accuracy>accuracy)|(?P<latency_ms>speed|throughput|frame rate))\b",
        rf"{_NAMED}(?:\s+|,\s*){_FIRST}(?!\w)",
        rf"{_NAMED}\s+(?:(?:matters|counts|is|weighs)\s+)?(?:more (?:important )?than|before|ahead of|over|"
        rf">+)\s+(?:the )?{_THAN}",
        rf"{_NAMED}\s*,?\s+(?:and )?(?:then|followed by|next|before)\s+(?:the |by )?(?:low )?{_THAN}",
    )
) + tuple(
    re.compile(rf"(?P<{metric}>\b(?:{words})(?!\w))", re.I)
    for metric, words in (
        *_MOST.items(),
        *((m, rf"(?:as|most) (?:{w})(?= as\b)|most (?:{w})") for m, w in _QUALITIES.items()),
        *((m, rf"the (?:{w})\b[^.;|]{{0,40}}? the better") for m, w in _MORE.items()),
    )
)
_LATER = re.compile(
    rf"{_NAMED}\s+(?:comes? |is |in )?(?:the |an? |of )?(?:(?P<third>third(?:ly)?|last|tertiary)|second(?:ly|ary)?|"
    rf"next|"
    r"afterwards|after that|(?:as (?:a )?)?tie[- ]?breaker)\b",
    re.I,
)
_LIST = re.compile(
    r"\b(?:(?P<second>then|secondary|second(?:ly)?|after that|followed by|next)|(?P<third>tertiary|third(?:ly)?)|"
    r"trade[- ]?off (?:between|of)|trad(?:e|ing)(?: off)?|balanc(?:e|ing)|pareto (?:front |optimal )?(?:of|between|"
    r"over|in|for)|"
    r"optimi[sz](?:e|ing)(?: for)?|(?:rank|sort|order)(?:ed)? by|prioriti[sz](?:e|ing)|maximi[sz](?:e|ing)|"
    r"minimi[sz](?:e|ing)|reduc(?:e|ing)|"
    r"focus(?:ing)? on|cares? (?:most |only |mostly |mainly )?about|(?:what )?(?:matters|counts|is important)(?: "
    r"most| here| to (?:me|us))? is|"
    r"(?:what|all) (?:I|we) care about is|only(?= (?:the )?\w+ (?:matters|counts))|primary|main|"
    r"objectives?|goals?|aim|priorit(?:y|ies)|criteri(?:on|a)|concern|first(?:ly)?|above (?:all|everything)(?: else)?|"
    r"most of all|mostly|mainly)(?: (?:objective|goal|aim|criterion|concern|priority|interest))?(?: is| "
    r"are)?\s*[:,=]?\s+"
    r"(?:(?:it|this) (?:has to|must|should) be )?(?=([^.;!?]*))",
    re.I,
)
_JOINT = re.compile(
    r"\b(?:and|then|the|of|for|with|both|its|a|test|low|high|little|few|on|second(?:ly)?|third|against|versus|vs|by|"
    r"then by|"
    r"while|but|"
    r"also|as|objective|goal|priority|minimi[sz](?:e|ing)|maximi[sz](?:e|ing))\b|[\s,:&/()>|=-]|first",
    re.I,
)
_DROPPED = re.compile(
    r"[^.,;|]*\b(?:(?:does|do|is|are|did)(?:n't| not)|no matter|never mind|regardless of|irrelevant|ignor(?:e|ing)|"
    r"forget about|of no)\b[^.,;|]*",
    re.I,
)
_UNWANTED = re.compile(
    r"\b(?:matter|mind|care|important|importance|relevant|count|concern|critical|issue|problem|crucial|regardless|"
    r"irrelevant|ignor|forget)",
    re.I,
)
_LISTED = rf"(?:{'|'.join(_QUALITIES.values())})\s*(?:,|and\b|but\b|yet\b)+\s*(?:and |but |also )?"
_KEPT = (
    r"(?:\b(?:keep|make|makes|keeps|want|need|like|have) it |\b(?:should|must|to|can) be |\b(?:that|which|it)(?: is|"
    r"'s) |"
    rf"(?:^|[,;:.|])\s*(?:and |but )?|\b(?:network|net|model|classifier) |\b{_LISTED})(?:\w+ )?(?:"
)
_WEAK = {
    metric: re.compile(  # an adjective before a network, after "keep it", or alone between commas; low latency
        rf"\b(?:{words})(?=(?:[\s,-]+[\w|]+){{0,3}}?[\s-]+{_NETWORK}\b)|"
        rf"{_KEPT}{words})(?!\s*\|+[\s-]*(?:image|photo|picture|scan))(?=\s*(?:[,;.|!]|(?:and|but|yet|for|please)\b|"
        rf"$))|"
        rf"\bsav(?:e|es|ing) (?:{_NOUNS[metric]})\b|\b(?:low|few|little|short|small|modest|reduced)[- "
        rf"](?:{_NOUNS[metric]})\b|"
        rf"\b(?:{_NOUNS[metric]}) (?:(?:should|must|has to|to) be |stays? |remains? |is )?(?:low|small|short|down)\b",
        re.I,
    )
    for metric, words in _QUALITIES.items()
    if metric != "accuracy"
} | {"flops": re.compile(rf"\b(?:low|few)[- ](?:{_NOUNS['flops']})\b", re.I)}
_LESS = re.compile(
    rf"(?P<less>{_COSTS}|accuracy) (?:is |matters |counts )?less (?:important )?than (?:the )?(?P<than>{_COSTS}|"
    rf"accuracy)",
    re.I,
)
_LARGE = re.compile(
    r"\b(?:as (?:large|big) as possible|largest|biggest|most parameters)\b(?! (?:possible )?(?:image|data|digit|"
    r"concern|priority))",
    re.I,
)
_WRONG = re.compile(
    r"\bminimi[sz](?:e|ing) (?:the )?(?:test |validation )?accuracy|"
    r"\bmaximi[sz](?:e|ing) (?:the )?(?:latency|inference time|memory|energy|power|flops|macs|size|params|parameters|"
    r"errors?(?: rate)?|perplexity)\b|"
    r"\b(?:lowest|worst|least) (?:possible )?accura(?:cy|te)|\bas (?:inaccurate|slow|bad) as|\b(?:slowest|worst)\b",
    re.I,
)


def read_wishes(text: str, quality: str = "accuracy") -> tuple[Objective, ...]:
    """The objectives in order: superlatives and ranked wishes as mentioned, the quality, then mere adjectives.

    Args:
        text: the sentence with its numbers blanked.
        quality: the task's metric.
    """
    if match := _WRONG.search(text):
        raise RequestError(f"{match[0]!r} asks for a bad network. Write accuracy first, or leave it out.")
    text = _LESS.sub(lambda m: f"{m['than']} before {m['less']}", text)
    kept = _DROPPED.sub(lambda m: "|" * len(m[0]) if _UNWANTED.search(m[0]) else m[0], text)
    ranks: dict[str, tuple[int, int]] = {}
    for named, place, rank in _strong(kept):
        # an accurate language model is one of low perplexity
        metric = quality if named == "accuracy" and quality == "perplexity" else named
        old = ranks.get(metric, (rank, place))
        ranks[metric] = max(rank, old[0]), min(place, old[1])
    if all(rank for rank, _ in ranks.values()):  # nothing comes first in so many words
        ranks[quality] = 0, 0
    order = sorted(ranks, key=ranks.__getitem__)
    weak = {metric: found.start() for metric, pattern in _WEAK.items() if (found := pattern.search(kept))}
    order += [metric for metric in (quality, *sorted(weak, key=weak.__getitem__)) if metric not in order]
    large = _LARGE.search(kept)
    if large and "params" in order:
        raise RequestError(f"{large[0]!r} and small contradict each other. Write one of the two.")
    objectives = [Objective(metric, "max" if metric == "accuracy" else "min") for metric in order]
    return (Objective("params", "max"), *objectives) if large else tuple(objectives)


def _strong(text: str) -> Iterator[tuple[str, int, int]]:
    """Each metric that is wished for in so many words, where, and its rank: 0, or 1 and 2 for "latency second"."""
    for pattern in _STRONG:
        for found in pattern.finditer(text):
            for name in filter(found.group, found.groupdict()):
                yield name.removeprefix("than_"), found.start(name), 0
    for found in _LATER.finditer(text):
        metric = next(name for name in _NOUNS if found[name])
        yield metric, found.start(metric), 2 if found["third"] else 1
    for phrase in _LIST.finditer(text):
        rank = 2 if phrase["third"] else 1 if phrase["second"] else 0
        begin, end = phrase.span(phrase.re.groups)
        for found in islice(_RANKED.finditer(text, begin, end), len(_NOUNS)):
            if _JOINT.sub("", text[begin : found.start()]):  # the list has ended
                break
            yield found.lastgroup or "", found.start(), rank
            begin = found.end()
