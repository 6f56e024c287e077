"""Quantities as limits and budgets: what is compared, with which sign, and on which metric."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from genas.core.errors import RequestError
from genas.core.records import Budget, Constraint
from genas.interpreters._doubts import refuse_doubts, refuse_stray
from genas.interpreters._quantities import Quantity, pair, quantities
from genas.interpreters._text import blank
from genas.interpreters._vocabulary import (
    AFTER,
    ALONE_AFTER,
    ALONE_BEFORE,
    FAR,
    HOW,
    KINDS,
    METRIC,
    NAMES,
    OTHER_END,
    OTHER_WORD,
    RANGE,
    RIGHT_STOP,
    SIGNS,
    STOP,
    TRY,
    TWO,
    UNITS,
)

_FASTER = re.compile(r"\b(?:faster|quicker|slower)\b", re.I)
_BETTER = re.compile(r"\b(?:better|worse)\b", re.I)
_NAMES = re.compile(r"\|{2,}")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TURNED_INTO: dict[str, tuple[str, Callable[[float], float]]] = {
    "latency_ms": ("latency_ms", lambda seconds: round(1e3 * seconds, 9)),
    "fps": ("latency_ms", lambda rate: round(1e3 / rate, 9)),
    "macs": ("flops", lambda macs: round(2 * macs, 9)),
    "error": ("accuracy", lambda error: 1 - error),
}
_JOINT = re.compile(r"\s*(?:,|and|but|yet)(?:\s*(?:and|but))?\s*", re.I)
_COSTS = {"latency_ms", "size_mb", "memory_mb", "energy_mj", "perplexity"}
_BARE, _SIDED = {"params", "flops", "macs", "accuracy"}, {"<", "<=", ">", ">="}


@dataclass
class Limits:
    """What the numbers of a sentence say; `text` is the `sentence` with everything that was read blanked."""

    sentence: str
    text: str
    lows: dict[str, float] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    epochs: int | None = None

    def constraints(self) -> tuple[Constraint, ...]:
        """One constraint a metric, in the order they were mentioned."""
        return tuple(Constraint(m, self.highs.get(m), self.lows.get(m)) for m in self.order)


class _Term(NamedTuple):
    """One or two numbers with their sign and the span of text they were read from."""

    first: Quantity
    second: Quantity | None
    sign: str
    start: int
    end: int
    words: str = ""  # of the comparison

    @property
    def said(self) -> str:
        return self.first.text if self.second is None else f"{self.first.text} to {self.second.text}"


def read_limits(text: str) -> Limits:
    """Every number of the text as a limit or a budget; RequestError for one that cannot be placed."""
    refuse_doubts(text)
    limits = Limits(text, text)
    edge, last = 0, ""
    for term in _terms(text, quantities(text)):
        if term.first.kind == "examples" and term.sign == "":
            edge = term.end
            limits.text = blank(limits.text, term.start, term.end)
            continue
        joined = _JOINT.fullmatch(text[edge : term.start]) is not None and not term.first.kind
        try_same = joined and not METRIC.search(term.words) and _right(text, term) is None
        if try_same and last in _BARE and term.sign in _SIDED:
            metric, start, end = last, term.start, term.end
        else:
            metric, start, end = _metric(text, term, edge)
        _add(limits, metric, term)
        edge, last = end, metric
        limits.text = blank(limits.text, start, end)
    refuse_stray(limits.text)
    for metric in _COSTS & limits.lows.keys() - limits.highs.keys():  # rather a negation that was not understood
        raise RequestError(f"Should {NAMES[metric]} be that much or more? Write at most, or both ends of a range.")
    return limits


def _terms(text: str, numbers: list[Quantity]) -> Iterator[_Term]:
    index, edge = 0, 0
    while index < len(numbers):
        first = numbers[index]
        if index + 1 < len(numbers) and (start := _range_start(text, first, numbers[index + 1], edge)) is not None:
            low, high = pair(first, numbers[index + 1])
            index += 2
            edge = high.end
            yield _Term(low, high, "between", start, high.end)
            continue
        sign, start, end = _sign(text, first, edge)
        if not sign and re.search(r"\bbetween\s*$", text[edge:start], re.I):
            raise RequestError(
                f"Between {first.text} and what? Write both ends, such as between 10k and 20k parameters."
            )
        index += 1
        if first.kind == "" and sign in _SIDED and index < len(numbers) and _both_ends(text, edge, end, numbers[index]):
            falls = sign in {"<", "<="} and first.value > numbers[index].value
            first = replace(first, kind=numbers[index].kind) if falls else pair(first, numbers[index])[0]
        edge = end
        words = text[start : first.start] + text[first.end : end]
        yield _Term(first, None, sign, start, end, words)


def _both_ends(text: str, edge: int, end: int, second: Quantity) -> bool:
    """Whether "over 10k", with no other metric named before it, goes on as "but under 40k parameters"."""
    begin = max((m.end() for m in STOP.finditer(text, edge, end)), default=edge)
    named = [_name(m) for m in METRIC.finditer(text, begin, end)]
    goes_on = OTHER_END.fullmatch(text[end : second.start]) is not None
    return second.kind in {"params", "flops"} and goes_on and set(named) <= {second.kind}


def _range_start(text: str, first: Quantity, second: Quantity, edge: int) -> int | None:
    joint = text[first.end : second.start].strip().lower()
    before = re.search(r"\b(between|(?:ranging )?from|in the range(?: of)?)\s*$", text[edge : first.start], re.I)
    if before and (joint in {"and", *RANGE}):
        return edge + before.start()
    return first.start if joint in RANGE - {"up to"} else None


def _sign(text: str, quantity: Quantity, edge: int) -> tuple[str, int, int]:
    before = text[edge : quantity.start]
    for sign, pattern in AFTER:
        if after := pattern.match(text, quantity.end):
            return sign, quantity.start, after.end()
    for sign, pattern in SIGNS:
        if found := pattern.search(before):
            return sign, edge + found.start(), quantity.end
    return "", quantity.start, quantity.end


def _metric(text: str, term: _Term, edge: int) -> tuple[str, int, int]:
    """The metric of a term and the span that was read for it."""
    kind, right = term.first.kind, _right(text, term)
    left = _left(text, term, edge)
    if kind in {"params", "flops", "fps", "energy", "tokens", "trials", "epochs"}:
        return KINDS[kind], left.start() if left and _name(left) == KINDS[kind] else term.start, term.end
    if kind == "unknown":
        raise RequestError(
            f"{term.said!r} is not understood. Write a unit such as k parameters, MFLOPs, ms, MB, mJ or %."
        )
    allowed = {
        "time": {"latency_ms"} if _quick(term) else {"latency_ms", "budget"},
        "bytes": {"memory_mb", "size_mb"},
        "percent": {"accuracy", "error", "roc_auc"},
    }.get(kind, {"params", "flops", "macs", "accuracy", "error", "roc_auc", "perplexity"})
    for found in (right, left):
        if found and _name(found) in allowed:
            return _name(found), min(found.start(), term.start), max(found.end(), term.end)
    return _default(term, right, left, _alone(text, term)), term.start, term.end


def _alone(text: str, term: _Term) -> bool:
    """Whether nothing but the term stands in its clause."""
    return bool(ALONE_BEFORE.search(text[: term.start]) and ALONE_AFTER.match(text, term.end))


def _right(text: str, term: _Term) -> re.Match[str] | None:
    """The metric named right after the number."""
    kind = term.first.kind
    text = _named(text) if kind == "percent" else text  # 97 % of the digits right
    stop = RIGHT_STOP.search(text, term.end)
    right = METRIC.search(text, term.end, stop.start() if stop else len(text))
    return None if right and (FAR if kind else OTHER_WORD).search(text[term.end : right.start()]) else right


def _left(text: str, term: _Term, edge: int) -> re.Match[str] | None:
    """The last metric named before the number in the same clause, at most five words before its comparison."""
    text = _named(text)
    start, number = term.start, term.first.start
    stops = list(STOP.finditer(text, edge, start))
    begin = stops[-1].end() if stops else edge
    comma = text.rfind(",", begin, start)
    if term.first.kind or re.search(r"\w", text[comma + 1 : start]):  # else it stands between a metric and its number
        begin = max(begin, comma + 1)
    if TWO.search(text, begin, start):
        raise RequestError(f"{text[begin:start].strip()!r} names two figures for one number. Write one limit for each.")
    found = [m for m in METRIC.finditer(text, begin, number) if len(re.findall(r"\w+", text[m.end() : start])) <= 5]
    return found[-1] if found else None


def _named(text: str) -> str:
    """The text with its blanked names as words, which end no clause: the parameter budget for MNIST is 75k."""
    return _NAMES.sub(lambda m: "x" * len(m[0]), text)


def _name(match: re.Match[str]) -> str:
    return match.lastgroup or ""


def _quick(term: _Term) -> bool:
    """Whether a time is written in a unit in which no budget is."""
    return term.first.unit.lower().startswith(("n", "u", "µ", "μ", "ms", "mil", "mic"))


def _default(term: _Term, right: re.Match[str] | None, left: re.Match[str] | None, alone: bool) -> str:
    """The metric that a unit means where no word names one, or RequestError."""
    said, unit = term.said, term.first.unit.lower()
    if term.first.kind == "bytes":
        return "size_mb"
    if term.first.kind == "time":
        if _quick(term):
            return "latency_ms"
        if not unit.startswith("s"):
            return "budget"
        raise RequestError(
            f"Is {said!r} the latency or the time to search? Write {said} latency, or a budget of {said}."
        )
    listed = alone and not term.sign and term.first.value >= 0.5  # nobody asks for so many errors
    if term.first.kind == "percent" and (term.sign in {">", ">="} or listed):
        return "accuracy"
    if term.first.kind == "percent":
        raise RequestError(f"{said!r} of what? Write for example at least {term.first.text} accuracy.")
    if term.first.kind == "examples":
        raise RequestError(
            f"{said!r} limits nothing that is known. Write limits on parameters, FLOPs, latency or size."
        )
    for found in (right, left):
        if found and _name(found) in UNITS:
            raise RequestError(f"{said!r} has no unit. Write for example {HOW[_name(found)]}.")
    raise RequestError(
        f"{said!r} of what? Write for example under {said} parameters, {said} FLOPs or {said} trials, or leave it out."
    )


def _add(limits: Limits, metric: str, term: _Term) -> None:
    perfect = metric in {"accuracy", "roc_auc"} and term.sign == ">" and term.first.value in {1, 100}
    if perfect or (term.first.value <= 0 and metric != "error"):
        raise RequestError(f"{term.said!r} is no limit that can be kept. Write a number above zero, no more than all.")
    if term.sign == "~":
        raise RequestError(f"'about {term.said}' is no limit. Write under {term.said}, or between two numbers.")
    if metric in {"budget", "trials", "tokens", "epochs"}:
        _add_budget(limits, metric, term)
        return
    low, high = _ends(metric, term._replace(sign=_meant(metric, term)))
    metric, low, high = _as_metric(metric, low, high, term.said)
    if metric not in limits.order:
        limits.order.append(metric)
    if high is not None:
        limits.highs[metric] = min(high, limits.highs.get(metric, math.inf))
    if low is not None:
        limits.lows[metric] = max(low, limits.lows.get(metric, -math.inf))


def _meant(metric: str, term: _Term) -> str:
    """The sign for this metric: faster is more of a rate, better is less of a cost, at 30 fps as at 5 ms."""
    turned = _FASTER if metric == "fps" else _BETTER if metric not in {"accuracy", "roc_auc"} else None
    return _TURNED.get(term.sign, term.sign) if turned is not None and turned.search(term.words) else term.sign


def _ends(metric: str, term: _Term) -> tuple[float | None, float | None]:
    """The low and the high end; a count below 50,000 is at most 49,999, other limits include their end."""
    value, sign = term.first.value, term.sign
    if term.second is not None:
        return value, term.second.value
    if sign == "=":
        return value, value
    if sign in {">", ">="} or (not sign and metric in {"accuracy", "roc_auc", "fps"}):
        return (math.floor(value) + 1 if sign == ">" and metric == "params" else value), None
    return None, (math.ceil(value) - 1 if sign == "<" and metric == "params" else value)


def _as_metric(metric: str, low: float | None, high: float | None, said: str) -> tuple[str, float | None, float | None]:
    """A metric of constraints and the ends in its unit: of frames a second the latency, of errors the accuracy."""
    if metric in {"fps", "error"}:
        low, high = high, low
    metric, turned = _TURNED_INTO.get(metric, (metric, None))
    if turned is not None:
        low, high = (None if end is None else turned(end) for end in (low, high))
    if metric in {"accuracy", "roc_auc"}:
        low, high = _fraction(low, said), _fraction(high, said)
    if metric == "params":
        low = None if low is None else float(math.ceil(low))
        high = None if high is None else float(math.floor(high))
    return metric, low, high


def _fraction(value: float | None, said: str) -> float | None:
    """An accuracy in [0, 1]; a bare number between 1 and 100 can only be a percentage."""
    if value is None:
        return None
    if "%" not in said and "cent" not in said and 1 < value <= 100:
        value /= 100
    if not 0 <= value <= 1:
        raise RequestError(
            f"An accuracy of {said!r} is not between 0 and 100 %. Write for example at least 98 % accuracy."
        )
    return round(value, 12)


def _add_budget(limits: Limits, metric: str, term: _Term) -> None:
    if term.sign in {">", ">=", "between"} or term.second is not None:
        raise RequestError(
            f"{term.said!r}: what a run may spend is an upper limit. Write for example at most {term.first.text}."
        )
    value = term.first.value
    if metric == "budget":
        old = limits.budget.seconds
        limits.budget = replace(limits.budget, seconds=value if old is None else min(value, old))
        return
    whole = math.ceil(value) - 1 if term.sign == "<" else int(value)
    if whole < 1 or (value != int(value) and term.sign != "<"):
        raise RequestError(f"{term.said!r} must be a whole number of at least 1.")
    if metric == "epochs":
        limits.epochs = whole
    elif metric == "tokens":
        limits.budget = replace(limits.budget, llm_tokens=whole)
    else:
        _check_trials(limits.sentence, term)
        limits.budget = replace(limits.budget, trials=whole)


def _check_trials(text: str, term: _Term) -> None:
    """RequestError where "30 networks" may be what is asked for; alone in its clause it is how many to try."""
    plain = re.search(r"trial|candidate|evaluation", term.first.text, re.I) or term.sign in {"<", "<="}
    if not plain and not _alone(text, term) and not TRY.search(text[: term.end + 24]):
        raise RequestError(
            f"Is {term.said!r} how many to try? Write for example try {term.said}; one network is delivered."
        )


def check_limits(constraints: tuple[Constraint, ...]) -> None:
    """RequestError for limits that nothing can keep."""
    for c in constraints:
        name = NAMES.get(c.metric, c.metric)
        for end in (c.at_most, c.at_least):
            if end is not None and not math.isfinite(end):
                raise RequestError(f"The limit on {name} is not a finite number. Write a number.")
        if c.at_most is not None and c.at_least is not None and c.at_most < c.at_least:
            raise RequestError(
                f"At most {c.at_most:g} and at least {c.at_least:g} for {name} contradict each other. "
                "Write a low end below the high one."
            )
        if c.at_most is not None and (
            c.at_most < 0 or (c.at_most < 1 and c.metric in {"params", "flops"}) or c.at_most == 0
        ):
            raise RequestError(f"No network keeps {name} at most {c.at_most:g}. Write a larger limit.")
        if c.metric == "accuracy" and any(e is not None and not 0 <= e <= 1 for e in (c.at_most, c.at_least)):
            raise RequestError("An accuracy limit lies between 0 and 1 (98 % is 0.98).")
