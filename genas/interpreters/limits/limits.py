"""Turns the numbers of a sentence into limits and budgets."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from genas.core import declared
from genas.core.errors import RequestError
from genas.core.metrics import Metric
from genas.core.records import Budget, Constraint
from genas.interpreters.limits.doubts import refuse_doubts, refuse_endless, refuse_stray
from genas.interpreters.limits.names import Names
from genas.interpreters.limits.quantities import turned
from genas.interpreters.limits.terms import SIDED, Term, alone, metric_of, named_right, read_terms
from genas.interpreters.limits.vocabulary import NAMES, TRY
from genas.interpreters.plain.patterns import words
from genas.interpreters.plain.text import blank

_LOG = logging.getLogger(__name__)
_FASTER = words("faster|quicker|slower")
_BETTER = words("better|worse")
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
# How a figure that has no metric of its own becomes the value of one that has.
_CONVERSIONS: dict[str, tuple[str, Callable[[float], float]]] = {
    "latency_ms": ("latency_ms", lambda seconds: round(1e3 * seconds, 9)),
    "fps": ("latency_ms", lambda rate: round(1e3 / rate, 9)),
    "macs": ("flops", lambda macs: round(2 * macs, 9)),
    "error": ("accuracy", lambda error: 1 - error),
}
_JOINT = re.compile(r"\s*(?:,|and|but|yet)(?:\s*(?:and|but))?\s*", re.I)
_TIGHTER = re.compile(  # may stand between a rough figure and its limit: about 50k, at most 60k parameters
    r"(?:\s*(?:for|on)\s+\|+)?[\s,;:(]*(?:(?:and|but|yet|though|with|or)\b\s*)*"
    r"(?:(?:an?|the|my|our)\s+)?(?:(?:hard|strict|firm|absolute)(?:ly)?\s+)?(?:(?:in|en|on|under|at)\s+)?",
    re.I,
)
_SIZES = {"params", "flops"}  # costs that may have a lower limit only
_BARE = {"params", "flops", "macs", "accuracy"}


@dataclass
class Limits:
    """What the numbers of a sentence say.

    Args:
        sentence: in plain spelling.
        text: the sentence with everything that was read blanked.
        names: the metrics that the sentence may name.
        lows: the lower limit on each metric.
        highs: the upper limit on each metric.
        order: the limited metrics, in the order of the sentence.
        about: metrics with rough figures ("about 50k parameters"), which set no limit.
        budget: what the run may spend.
        epochs: passes over the training data.
    """

    sentence: str
    text: str
    names: Names
    lows: dict[str, float] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    about: list[tuple[str, Term]] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)
    epochs: int | None = None

    def constraints(self) -> tuple[Constraint, ...]:
        """One constraint for each metric, in the order of the sentence."""
        return tuple(Constraint(m, self.highs.get(m), self.lows.get(m)) for m in self.order)


def read_limits(text: str, names: Names) -> Limits:
    """Read every number of the text as a limit or a budget; RequestError for a number that is neither."""
    refuse_doubts(text, names)
    limits = Limits(text, text, names)
    edge, last_metric, after_rough_figure = 0, "", False
    pending: Term | None = None
    for term in read_terms(text, names):
        if term.first.kind == "examples" and term.sign == "":
            edge = term.end
            limits.text = blank(limits.text, term.start, term.end)
            continue
        if term.sign == "~" and re.search(r"\b(?:between|from)\s*$", text[edge : term.start], re.I):
            raise RequestError(_not_a_limit(term))
        if pending is None and term.sign == "~" and _unplaced(text, term, edge, names):
            pending, edge = term, term.end  # its metric is that of the next limit
            limits.text = blank(limits.text, term.start, term.end)
            continue
        link = _TIGHTER if after_rough_figure else _JOINT
        linked = link.fullmatch(text[edge : term.start]) is not None and not term.first.kind
        shares_metric = linked and not names.pattern.search(term.words) and named_right(text, term, names) is None
        if shares_metric and last_metric in _BARE and term.sign in SIDED:
            metric, start, end = last_metric, term.start, term.end
        else:
            metric, start, end = metric_of(text, term, edge, names)
        if pending is not None:
            limits.about.append((metric, pending))
            pending = None
        _add(limits, metric, _in_unit_of(term, names.of_plugin(metric)))
        edge, last_metric, after_rough_figure = end, metric, term.sign == "~"
        limits.text = blank(limits.text, start, end)
    if pending is not None:
        metric_of(text, pending, 0, names)
        raise RequestError(_not_a_limit(pending))
    refuse_stray(limits.text)
    if limits.budget == Budget():
        refuse_endless(text)
    for metric, term in limits.about:
        _check_about(limits, metric, term)
    _check_costs(limits)
    return limits


def _in_unit_of(term: Term, metric: Metric | None) -> Term:
    """The term in the unit of a plug-in's metric; as it is for other metrics (None)."""
    if metric is None:
        return term
    second = None if term.second is None else turned(term.second, metric)
    return term._replace(first=turned(term.first, metric), second=second)


def _check_costs(limits: Limits) -> None:
    """RequestError for a cost with a lower limit only: more likely a negation that was not understood."""
    for metric in limits.order:
        record = limits.names.record(metric)
        cost = record is not None and record.goal == "min" and metric not in _SIZES
        if cost and metric not in limits.highs:
            name = NAMES.get(metric, metric)
            raise RequestError(f"Should {name} be that much or more? Write at most, or both ends of a range.")


def _add(limits: Limits, metric: str, term: Term) -> None:
    record = limits.names.record(metric)
    perfect = _fraction_of(record) and term.sign == ">" and term.first.value in {1, 100}
    positive = record is None or record.goal == "min" or record.fraction
    if perfect or (term.first.value <= 0 and positive and metric != "error"):
        raise RequestError(f"{term.said!r} can't be a limit. Write a number above zero (and no accuracy over 100 %).")
    if term.sign == "~":
        limits.about.append((metric, term))
        return
    if metric in {"budget", "trials", "tokens", "epochs"}:
        _add_budget(limits, metric, term)
        return
    low, high = _ends(metric, term._replace(sign=_sign_for(metric, term, record)), record)
    metric, low, high = _as_metric(metric, low, high, term.said, limits.names)
    if metric not in limits.order:
        limits.order.append(metric)
    if high is not None:
        limits.highs[metric] = min(high, limits.highs.get(metric, math.inf))
    if low is not None:
        limits.lows[metric] = max(low, limits.lows.get(metric, -math.inf))


def _unplaced(text: str, term: Term, edge: int, names: Names) -> bool:
    """Whether nothing around a number says what it measures."""
    try:
        metric_of(text, term, edge, names)
    except RequestError:
        return term.first.kind == ""
    return False


def _not_a_limit(term: Term) -> str:
    return f"'about {term.said}' is not a limit. Write under {term.said}, or between two numbers."


def _check_about(limits: Limits, metric: str, term: Term) -> None:
    """RequestError unless a limit stands beside a rough figure, and the figure meets it: about 0.7M, at most 0.8M."""
    if metric in {"budget", "trials", "tokens", "epochs"}:
        budget = limits.budget
        bound = {"budget": budget.seconds, "trials": budget.trials, "tokens": budget.llm_tokens}.get(metric)
        limited, value, low, high = bound is not None, term.first.value, None, bound
    else:
        term = _in_unit_of(term, limits.names.of_plugin(metric))
        metric, value_or_none, _ = _as_metric(metric, term.first.value, term.first.value, term.said, limits.names)
        value = value_or_none or 0.0
        low, high = limits.lows.get(metric), limits.highs.get(metric)
        record = limits.names.record(metric)
        limited = (low if _more(record) else high) is not None
    if not limited:
        raise RequestError(_not_a_limit(term))
    if (low is not None and value < low) or (high is not None and value > high):
        raise RequestError(f"'about {term.said}' contradicts the limit beside it. Write the limit alone.")
    _LOG.warning("'about %s' is left out: the limit beside it counts.", term.said)


def _sign_for(metric: str, term: Term, record: Metric | None) -> str:
    """The sign that the comparison has for this metric: "faster" means more fps, "better" means a smaller cost."""
    reversing = _FASTER if metric == "fps" else _BETTER if not _more(record) else None
    return _OPPOSITE.get(term.sign, term.sign) if reversing is not None and reversing.search(term.words) else term.sign


def _ends(metric: str, term: Term, record: Metric | None) -> tuple[float | None, float | None]:
    """The low and the high end: "under 50,000 parameters" is at most 49,999; other limits include their end."""
    value, sign = term.first.value, term.sign
    count = record is not None and record.form == "count"
    if term.second is not None:
        return value, term.second.value
    if sign == "=":
        return value, value
    if sign in {">", ">="} or (not sign and (metric == "fps" or _more(record))):
        return (math.floor(value) + 1 if sign == ">" and count else value), None
    return None, (math.ceil(value) - 1 if sign == "<" and count else value)


def _more(record: Metric | None) -> bool:
    """Whether more of a metric is better, so that a number without a comparison is a lower limit."""
    return record is not None and record.goal == "max"


def _fraction_of(record: Metric | None) -> bool:
    return record is not None and record.fraction


def _as_metric(
    metric: str, low: float | None, high: float | None, said: str, names: Names
) -> tuple[str, float | None, float | None]:
    """The metric that a constraint can name, and both ends in its unit: fps become latency, errors accuracy."""
    if metric in {"fps", "error"}:
        low, high = high, low
    metric, convert = _CONVERSIONS.get(metric, (metric, None))
    if convert is not None:
        low, high = (None if end is None else convert(end) for end in (low, high))
    record = names.record(metric)
    if _fraction_of(record):
        low, high = _fraction(low, said), _fraction(high, said)
    if record is not None and record.form == "count":
        low = None if low is None else float(math.ceil(low))
        high = None if high is None else float(math.floor(high))
    return metric, low, high


def _fraction(value: float | None, said: str) -> float | None:
    """An accuracy in [0, 1]; a bare number between 1 and 100 can only be a percentage."""
    if value is None:
        return None
    if ("%" in said or "cent" in said) and 0.9 / 100 <= value < 1 / 100:
        raise RequestError(f"Is {said!r} a fraction or a percentage? Write for example at least 98 % accuracy.")
    if "%" not in said and "cent" not in said and 1 < value <= 100:
        value /= 100
    if not 0 <= value <= 1:
        raise RequestError(
            f"An accuracy of {said!r} is not between 0 and 100 %. Write for example at least 98 % accuracy."
        )
    return round(value, 12)


def _add_budget(limits: Limits, metric: str, term: Term) -> None:
    if term.sign in {">", ">=", "between"} or term.second is not None:
        raise RequestError(f"{term.said!r}: a budget is an upper limit. Write for example at most {term.first.text}.")
    value = term.first.value
    if metric == "budget":
        earlier = limits.budget.seconds
        limits.budget = replace(limits.budget, seconds=value if earlier is None else min(value, earlier))
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


def _check_trials(text: str, term: Term) -> None:
    """RequestError where "30 networks" may mean how many to deliver; alone in its clause it is how many to try."""
    clear = re.search(r"trial|candidate|evaluation", term.first.text, re.I) or term.sign in {"<", "<="}
    if not clear and not alone(text, term) and not TRY.search(text[: term.end + 24]):
        raise RequestError(
            f"Does {term.said!r} say how many to try? Write for example try {term.said}; a run delivers one network."
        )


def check_limits(constraints: tuple[Constraint, ...]) -> None:
    """RequestError for limits that no network can meet."""
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
        record = declared.metric(c.metric)
        positive = record.goal == "min" or record.fraction
        least = 1.0 if record.form != "plain" else 0.0  # no network has less than one weight
        if c.at_most is not None and positive and (c.at_most <= 0 or c.at_most < least):
            raise RequestError(f"No network can meet a limit of {c.at_most:g} on {name}. Write a larger limit.")
        if record.fraction and any(e is not None and not 0 <= e <= 1 for e in (c.at_most, c.at_least)):
            what = "An accuracy limit" if c.metric == "accuracy" else f"A limit on {name}"
            raise RequestError(f"{what} lies between 0 and 1 (98 % is 0.98).")
