"""Finds the comparison and the metric that belong to each number of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from genas.core.errors import RequestError
from genas.interpreters.limits.names import Names
from genas.interpreters.limits.quantities import Quantity, fits, pair, quantities
from genas.interpreters.limits.vocabulary import (
    AFTER,
    ALONE_AFTER,
    ALONE_BEFORE,
    BEHIND,
    COUNTED,
    FAR,
    HOW,
    KINDS,
    OTHER_END,
    OTHER_WORD,
    RANGE,
    RIGHT_STOP,
    SIGNS,
    STOP,
    TWO,
    UNITS,
)

SIDED = {"<", "<=", ">", ">="}
_BARS = re.compile(r"\|{2,}")


class Term(NamedTuple):
    """One number, or the two of a range, with their sign and the span of text they were read from.

    Args:
        first: the number, or the lower end of a range.
        second: the upper end of a range; None for a single number.
        sign: "<", "<=", ">", ">=", "=", "~" (about), "between", or "" where nothing compares.
        start: where the span begins.
        end: where the span ends.
        words: the words of the comparison.
    """

    first: Quantity
    second: Quantity | None
    sign: str
    start: int
    end: int
    words: str = ""

    @property
    def said(self) -> str:
        """The quantity, or both of a range, as written."""
        return self.first.text if self.second is None else f"{self.first.text} to {self.second.text}"


def read_terms(text: str, names: Names) -> Iterator[Term]:
    """The numbers of a plain text with their signs, in order; both ends of a range are one term."""
    numbers = quantities(text, names.units())
    index, edge = 0, 0
    while index < len(numbers):
        first = numbers[index]
        if index + 1 < len(numbers) and (start := _range_start(text, first, numbers[index + 1], edge)) is not None:
            low, high = pair(first, numbers[index + 1])
            index += 2
            edge = high.end
            yield Term(low, high, "between", start, high.end)
            continue
        sign, start, end = _sign(text, first, edge)
        if not sign and re.search(r"\bbetween\s*$", text[edge:start], re.I):
            raise RequestError(
                f"Between {first.text} and what? Write both ends, such as between 10k and 20k parameters."
            )
        index += 1
        following = numbers[index] if index < len(numbers) else None
        sided = first.kind == "" and sign in SIDED
        if sided and following is not None and _both_ends(text, edge, end, following, names):
            falls = sign in {"<", "<="} and first.value > following.value
            first = replace(first, kind=following.kind) if falls else pair(first, following)[0]
        edge = end
        words = text[start : first.start] + text[first.end : end]
        yield Term(first, None, sign, start, end, words)


def _both_ends(text: str, edge: int, end: int, second: Quantity, names: Names) -> bool:
    """Whether "over 10k" is followed by "but under 40k parameters", and no other metric is named before."""
    begin = max((m.end() for m in STOP.finditer(text, edge, end)), default=edge)
    named = [names.name(m) for m in names.pattern.finditer(text, begin, end)]
    goes_on = OTHER_END.fullmatch(text[end : second.start]) is not None
    return second.kind in {"params", "flops"} and goes_on and set(named) <= {second.kind}


def _range_start(text: str, first: Quantity, second: Quantity, edge: int) -> int | None:
    link = text[first.end : second.start].strip().lower()
    before = re.search(r"\b(between|(?:ranging )?from|in the range(?: of)?)\s*$", text[edge : first.start], re.I)
    if before and (link in {"and", *RANGE}):
        return edge + before.start()
    return first.start if link in RANGE - {"up to"} else None


def _sign(text: str, quantity: Quantity, edge: int) -> tuple[str, int, int]:
    before = text[edge : quantity.start]
    for sign, pattern in AFTER:
        if after := pattern.match(text, quantity.end):
            return sign, quantity.start, after.end()
    for sign, pattern in SIGNS:
        if match := pattern.search(before):
            return sign, edge + match.start(), quantity.end
    return "", quantity.start, quantity.end


def metric_of(text: str, term: Term, edge: int, names: Names) -> tuple[str, int, int]:
    """The metric of a term, and the span of text that names it."""
    kind, right = term.first.kind, named_right(text, term, names)
    left = _left(text, term, edge, names)
    if own := _of_plugin(text, term, right, left, names):
        return own
    if kind in {"params", "flops", "fps", "energy", "tokens", "trials", "epochs"}:
        return KINDS[kind], left.start() if left and names.name(left) == KINDS[kind] else term.start, term.end
    if kind == "unknown":
        raise RequestError(
            f"{term.said!r} is not understood. Write a unit such as k parameters, MFLOPs, ms, MB, mJ or %."
        )
    allowed = {
        "time": {"latency_ms"} if _short_time(term) else {"latency_ms", "budget"},
        "bytes": {"memory_mb", "size_mb"},
        "percent": {"accuracy", "error", "roc_auc"},
    }.get(kind, {"params", "flops", "macs", "accuracy", "error", "roc_auc", "perplexity"})
    for match in (right, left):
        if match and names.name(match) in allowed:
            return names.name(match), min(match.start(), term.start), max(match.end(), term.end)
    return _default(term, right, left, alone(text, term)), term.start, term.end


def _of_plugin(
    text: str, term: Term, right: re.Match[str] | None, left: re.Match[str] | None, names: Names
) -> tuple[str, int, int] | None:
    """The plug-in's metric that a term names, by its name or, if no metric is named, by its unit; None without one."""
    for match in (right, left):
        if (metric := names.read(match)) is not None and match is not None:
            behind = BEHIND.match(text, term.first.end)
            other = term.first.kind == "" and behind and behind.end() - len(behind[1]) != match.start() and metric.unit
            scale = term.first.scaled and term.first.unit.lower() == metric.unit.lower()
            if scale or other or not fits(term.first, metric):
                how = f"in {metric.unit}" if metric.unit else "without a unit"
                raise RequestError(
                    f"{text[term.first.start : term.end].strip()!r}: {metric.name} is counted {how}. Write for example "
                    f"{metric.name} at most {term.first.value:g}{' ' * bool(metric.unit)}{metric.unit}."
                )
            return metric.name, min(match.start(), term.start), max(match.end(), term.end)
    if term.first.kind != "other":
        return None
    owners = [metric.name for metric in names.more if metric.unit == term.first.unit]
    if right or left or len(owners) > 1:
        raise RequestError(f"{term.said!r} of what? Write for example {owners[0]} at most {term.first.text}.")
    return owners[0], term.start, term.end


def alone(text: str, term: Term) -> bool:
    """Whether the term is all that its clause holds."""
    return bool(ALONE_BEFORE.search(text[: term.start]) and ALONE_AFTER.match(text, term.end))


def named_right(text: str, term: Term, names: Names) -> re.Match[str] | None:
    """The metric named right after the number."""
    kind = term.first.kind
    text = _fill_bars(text) if kind == "percent" else text  # 97 % of the digits right
    stop = RIGHT_STOP.search(text, term.end)
    right = names.pattern.search(text, term.end, stop.start() if stop else len(text))
    return None if right and (FAR if kind else OTHER_WORD).search(text[term.end : right.start()]) else right


def _left(text: str, term: Term, edge: int, names: Names) -> re.Match[str] | None:
    """The last metric named before the number in the same clause, at most five words before its comparison."""
    text = _fill_bars(text)
    start, number = term.start, term.first.start
    stops = list(STOP.finditer(text, edge, start))
    begin = stops[-1].end() if stops else edge
    comma = text.rfind(",", begin, start)
    counted = COUNTED.match(text, term.end)  # at most 5 blorps: not the figure before the comma
    # otherwise the comma only separates a metric from its number
    if term.first.kind or counted or re.search(r"\w", text[comma + 1 : start]):
        begin = max(begin, comma + 1)
    if TWO.search(text, begin, start):
        raise RequestError(f"{text[begin:start].strip()!r} names two figures for one number. Write one limit for each.")
    every = names.pattern.finditer(text, begin, number)
    near = [m for m in every if len(re.findall(r"\w+", text[m.end() : start])) <= 5]
    return near[-1] if near else None


def _fill_bars(text: str) -> str:
    """The text with letters in the place of bars, which would end a clause: the parameter budget for MNIST is 75k."""
    return _BARS.sub(lambda m: "x" * len(m[0]), text)


def _short_time(term: Term) -> bool:
    """Whether a time is in milliseconds or a shorter unit, in which nobody writes a budget."""
    return term.first.unit.lower().startswith(("n", "u", "µ", "μ", "ms", "mil", "mic"))


def _default(term: Term, right: re.Match[str] | None, left: re.Match[str] | None, is_alone: bool) -> str:
    """The metric that the unit implies where no word names one; RequestError if it implies none."""
    said, unit = term.said, term.first.unit.lower()
    if term.first.kind == "bytes":
        return "size_mb"
    if term.first.kind == "time":
        if _short_time(term):
            return "latency_ms"
        if not unit.startswith("s"):
            return "budget"
        raise RequestError(
            f"Is {said!r} the latency or the time to search? Write {said} latency, or a budget of {said}."
        )
    listed = is_alone and not term.sign and term.first.value >= 0.5  # nobody asks for so many errors
    if term.first.kind == "percent" and (term.sign in {">", ">="} or listed):
        return "accuracy"
    if term.first.kind == "percent":
        raise RequestError(f"{said!r} of what? Write for example at least {term.first.text} accuracy.")
    if term.first.kind == "examples":
        raise RequestError(
            f"{said!r} is a limit on nothing that genas measures. Write limits on parameters, FLOPs, latency or size."
        )
    for match in (right, left):
        if match and match.lastgroup in UNITS:
            raise RequestError(f"{said!r} has no unit. Write for example {HOW[match.lastgroup]}.")
    raise RequestError(
        f"{said!r} of what? Write for example under {said} parameters, {said} FLOPs or {said} trials, or leave it out."
    )
