"""What should be large or small: superlatives, "accuracy first, then latency", trade-offs."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.core.records import Objective

_WORDS = {
    "accuracy": r"accura(?:cy|te)|precision|correctness|quality",
    "latency_ms": r"latency|speed|inference time|response time|run ?time|delay",
    "params": r"param(?:eter)?s?(?: count)?|number of (?:parameters|weights)|weights|model size|network size|size|"
    r"smallness|compactness",
    "flops": r"flops?|macs?|compute|computation(?:al cost)?|multiply[- ]adds|operations",
    "memory_mb": r"memory(?: use| usage| footprint)?|ram",
    "energy_mj": r"energy(?: use| consumption)?|power(?: consumption)?|battery",
    "perplexity": r"perplexity|ppl",
}
_METRIC = re.compile("|".join(rf"(?P<{name}>\b(?:{words})\b)" for name, words in _WORDS.items()), re.I)
_COSTS = "|".join(words for name, words in _WORDS.items() if name not in {"accuracy", "params"})
_SUPERLATIVES = {
    "accuracy": r"(?:most|more) accurate|as accurate as|(?:best|highest|top|"
    r"maximum|maximal|greatest) (?:possible |"
    r"test |validation )?accuracy|fewest errors|lowest error|least errors",
    "latency_ms": r"as (?:fast|quick) as|fastest|quickest|(?:lowest|least|minimal|minimum|shortest|smallest|"
    r"best) (?:possible )?(?:latency|inference time|delay|response time)|highest speed|maximum speed",
    "params": r"as (?:small|tiny|compact|light|lean) as|"
    rf"smallest(?! (?:possible )?(?:(?:model |weight )?(?:file|download)|{_COSTS}))|tiniest|"
    r"(?:fewest|least|minimal|minimum|lowest) (?:possible )?(?:number of )?(?:parameters|params|weights)|"
    r"most compact|lightest|leanest",
    "size_mb": r"smallest (?:possible )?(?:model |weight )?(?:file|download)",
    "flops": r"(?:fewest|least|lowest|minimal|minimum|smallest) (?:possible )?(?:flops|macs|compute|computation|"
    r"operations)|cheapest",
    "memory_mb": r"(?:least|lowest|minimal|minimum|smallest) (?:possible )?(?:memory|ram|memory footprint)",
    "perplexity": r"(?:lowest|best|smallest|minimal|minimum) (?:possible )?(?:perplexity|ppl)",
    "energy_mj": r"(?:least|lowest|minimal|minimum) (?:possible )?(?:energy|power)|"
    r"most (?:energy|power)[- ]efficient|"
    r"as (?:energy|power)[- ]efficient as",
}
_BETTER = {
    "latency_ms": "faster|quicker|lower (?:the )?latency",
    "params": "smaller|tinier|lighter|fewer (?:parameters|params|weights)",
    "flops": "fewer (?:flops|macs|operations)",
    "energy_mj": "less (?:energy|power)",
    "memory_mb": "less (?:memory|ram)",
}
_NOUN = (
    r"(?=(?:[\s,-]+[\w|]+){0,3}?[\s-]+(?:network|net|model|classifier|cnn|convnet|gnn|architecture|"
    r"recogni[sz]er|cell|gpt|transformer)\b)"
)
_QUALITIES = {
    "latency_ms": "fast|quick|speedy|low[- ]latency|real[- ]time",
    "params": "small|tiny|compact|lightweight|light|lean|little",
    "energy_mj": "(?:energy|power)[- ]efficient",
}
_LISTED = rf"(?:accurate|precise|{'|'.join(_QUALITIES.values())})\s*(?:,|and\b|but\b|yet\b)+\s*(?:and |but |also )?"
_KEPT = (
    r"(?:\b(?:keep|make|makes|keeps) it |\b(?:should|must|to|can) be |\b(?:that|which|it)(?: is|'s) |"
    rf"(?:^|[,;:.|])\s*(?:and |but )?|\b(?:network|net|model|classifier) |\b{_LISTED})(?:\w+ )?(?:"
)
_ALONE = r")(?=\s*(?:[,;.|!]|(?:and|but|yet|for|please)\b|$))"


def _adjective(words: str) -> str:
    """An adjective before a network, after "keep it", or alone between commas."""
    return rf"\b(?:{words}){_NOUN}|{_KEPT}{words}{_ALONE}"


_ADJECTIVES = {
    "latency_ms": _adjective(_QUALITIES["latency_ms"]) + r"|\blow latency\b",
    "params": _adjective(_QUALITIES["params"]) + r"|\bfew (?:parameters|params|weights)\b",
    "memory_mb": r"\blow[- ]memory\b",
    "energy_mj": _adjective(_QUALITIES["energy_mj"]) + r"|\blow[- ](?:power|energy)\b",
}
_FIRST = (
    r"(?:comes? |goes |is )?(?:first(?:ly)?|above all|foremost|most important|top priority|matters? most|"
    r"counts? most|is (?:the )?priority|(?:before|above) (?:all|everything))"
)
_MAIN = re.compile(rf"(?:{_METRIC.pattern})(?:\s+|,\s*)(?:{_FIRST})", re.I)
_POSSIBLE = re.compile(
    rf"(?:{_METRIC.pattern})(?:\s+(?!and\b|but\b)\w+){{0,2}}\s+as "
    r"(?:low|small|little|short|few|high|good) as (?:possible|can be)",
    re.I,
)
_OVER = re.compile(
    rf"(?:{_METRIC.pattern})\s+(?:(?:matters|counts|is|weighs)\s+)?(?:more (?:important )?than|before|ahead of|>+)\s+"
    rf"(?:the )?(?:{_METRIC.pattern.replace('?P<', '?P<than_')})",
    re.I,
)
_THEN = re.compile(
    rf"(?:{_METRIC.pattern})\s*,?\s+(?:and )?(?:then|followed by|next|before)\s+(?:the )?(?:low )?"
    rf"(?:{_METRIC.pattern.replace('?P<', '?P<than_')})",
    re.I,
)
_SECOND = re.compile(rf"(?:{_METRIC.pattern})\s+(?:comes? |is )?(?:second(?:ly)?|next|afterwards|after that)\b", re.I)
_LIST = re.compile(
    r"\b(?:then|second(?:ly)?|third(?:ly)?|after that|followed by|next|trade[- ]?off (?:between|of)|"
    r"trad(?:e|ing)(?: off)?|balanc(?:e|ing)|pareto (?:front )?(?:of|between|over)|"
    r"optimi[sz](?:e|ing)(?: for)?|prioriti[sz](?:e|ing)|maximi[sz](?:e|ing)|minimi[sz](?:e|ing)|"
    r"focus(?:ing)? on|care(?:s)? (?:most )?about|"
    r"objectives?:?|goals?:?|priorit(?:y|ies)(?: is| are)?:?|"
    r"first(?:ly)?|above all|most of all|mostly|mainly)\s*[:,]?\s+(?=([^.;!?]*))",
    re.I,
)
_NOT = re.compile(
    r"[^.,;|]*\b(?:does(?:n't| not)|do(?:n't| not)|is(?:n't| not)|are(?:n't| not)|no matter|"
    r"regardless of|irrelevant)\b[^.,;|]*",
    re.I,
)
_LARGE = re.compile(
    r"\b(?:as (?:large|big) as possible|largest|biggest|most parameters)\b(?! (?:possible )?(?:image|"
    r"data|digit))",
    re.I,
)
_WRONG = re.compile(
    r"\bminimi[sz]e (?:the )?(?:test |validation )?accuracy|"
    r"\bmaximi[sz](?:e|ing) (?:the )?(?:latency|inference time|memory|energy|power|flops|macs|size|"
    r"params|parameters)\b|"
    r"\b(?:lowest|worst|"
    r"least) (?:possible )?accura(?:cy|te)|\bas inaccurate as",
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
    kept = _NOT.sub(_unless_wish, text)
    strong = _strong(kept)
    weak = {
        m: min(f.start() for f in re.finditer(p, kept, re.I))
        for m, p in _ADJECTIVES.items()
        if re.search(p, kept, re.I)
    }
    order = [metric for metric, _ in sorted(strong.items(), key=lambda item: item[1])]
    if quality == "perplexity":  # an accurate language model is one of low perplexity
        order = list(dict.fromkeys(quality if metric == "accuracy" else metric for metric in order))
    seconds = [m for found in _SECOND.finditer(kept) if (m := found.lastgroup or "") not in order]
    order = [*(order or [quality]), *(m for m in seconds if m != quality)]
    if quality not in order:
        order.append(quality)
    order += [metric for metric in sorted(weak, key=weak.__getitem__) if metric not in order]
    large = _LARGE.search(kept)
    if large and "params" in order:
        raise RequestError(f"{large[0]!r} and small contradict each other. Write one of the two.")
    objectives = [Objective(metric, "max" if metric == "accuracy" else "min") for metric in order]
    return (Objective("params", "max"), *objectives) if large else tuple(objectives)


def _strong(text: str) -> dict[str, int]:
    """Where each metric is wished for in so many words."""
    places: dict[str, int] = {}

    def note(metric: str, place: int) -> None:
        places[metric] = min(place, places.get(metric, place))

    for metric, pattern in _SUPERLATIVES.items():
        for found in re.finditer(rf"\b(?:{pattern})(?!\w)", text, re.I):
            note(metric, found.start())
    for wish in (_MAIN, _POSSIBLE):
        for found in wish.finditer(text):
            note(found.lastgroup or "", found.start())
    for found in (*_OVER.finditer(text), *_THEN.finditer(text)):
        for name in filter(found.group, found.groupdict()):
            note(name.removeprefix("than_"), found.start(name))
    for phrase in _LIST.finditer(text):
        for found in _METRIC.finditer(text, phrase.start(1), phrase.end(1)):
            if _joined(text[phrase.start(1) : found.start()]):
                note(found.lastgroup or "", found.start())
    for metric, words in _BETTER.items():
        for found in re.finditer(rf"\bthe (?:{words})\b[^.;|]{{0,40}}?\bthe better\b", text, re.I):
            note(metric, found.start())
    for adverb in re.finditer(
        r"\b(?:then|second(?:ly)?|next|above all|most of all|mainly|mostly)[\s,:]+(?:the )?"
        r"(?:small|compact|fast|quick|cheap)\w*",
        text,
        re.I,
    ):
        word = adverb[0].split()[-1].lower()
        metric = (
            "latency_ms" if word.startswith(("fast", "quick")) else "flops" if word.startswith("cheap") else "params"
        )
        note(metric, adverb.start())
    return places


def _joined(between: str) -> bool:
    """Whether a list of wishes still runs: only metric words and joints stand between."""
    rest = _METRIC.sub(" ", between)
    return not re.sub(
        r"\b(?:and|then|the|of|for|with|both|its|test|low|high|on|secondly|second|third|against|versus|vs|by|"
        r"both|while|but|also|minimi[sz](?:e|ing)|maximi[sz](?:e|ing))\b|[\s,:&/()>|-]|first",
        "",
        rest,
        flags=re.I,
    )


def _unless_wish(match: re.Match[str]) -> str:
    dropped = re.search(r"\b(?:matter|care|important|relevant|count|concern|regardless|irrelevant)", match[0], re.I)
    return "|" * len(match[0]) if dropped else match[0]
