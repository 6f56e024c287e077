"""Finds the metrics that a sentence names: standard ones by many words, those of plug-ins by name and label."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genas.core import declared, metrics, registry
from genas.core.metrics import Metric
from genas.core.records import Use
from genas.interpreters.limits.vocabulary import METRIC


class Names:
    """The metrics that a sentence may name.

    Args:
        more: metrics of plug-ins. A sentence may use the name of each, and its label unless that word means a standard
            metric.
    """

    def __init__(self, more: Sequence[Metric] = ()) -> None:
        self.more = tuple(more)
        self._groups = {f"more{number}": metric for number, metric in enumerate(more)}
        parts = [rf"(?P<{group}>(?<!\w)(?:{said(metric)})(?!\w))" for group, metric in self._groups.items()]
        exact = [rf"(?P<{group}>(?<!\w)(?:{_worded(metric.name)})(?!\w))" for group, metric in self._groups.items()]
        self._exact = re.compile("|".join(exact) or "(?!)", re.I)
        self.pattern = re.compile("|".join([*parts, METRIC.pattern]), re.I)

    def name(self, match: re.Match[str]) -> str:
        """What a match of `pattern` names: a metric, or another group of `METRIC` such as "fps" or "budget"."""
        metric = self.read(match)
        return match.lastgroup or "" if metric is None else metric.name

    def read(self, match: re.Match[str] | None) -> Metric | None:
        """The plug-in's metric that a match of `pattern` names; None if it names another."""
        return None if match is None else self._groups.get(match.lastgroup or "")

    def record(self, name: str) -> Metric | None:
        """The record of the metric of that name; None for other words, such as "fps" or "budget"."""
        return self.of_plugin(name) or metrics.STANDARD.get(name)

    def of_plugin(self, name: str) -> Metric | None:
        """The plug-in's metric of that name; None if there is none."""
        return next((metric for metric in self.more if metric.name == name), None)

    def units(self) -> tuple[str, ...]:
        """The units of the plug-ins' metrics."""
        return tuple(dict.fromkeys(metric.unit for metric in self.more if metric.unit))

    def mentioned(self, text: str) -> Metric | None:
        """The first plug-in's metric whose name occurs in a text; None without one."""
        return self.read(self._exact.search(text))


def said(metric: Metric) -> str:
    """A pattern that matches a metric's name and label."""
    words = dict.fromkeys((metric.name, metric.label) if METRIC.fullmatch(metric.label) is None else (metric.name,))
    return "|".join(map(_worded, words))


def _worded(name: str) -> str:
    return re.sub(r"(?:_|\\ |\\-)+", "[ _-]?", re.escape(name))


def names_in(sentence: str, task: Use) -> Names:
    """The metrics that a sentence may name: of other packages, of its task, and of the scorers that it names."""
    judged = registry.load("tasks", task.name)
    called = {word for word in re.findall(r"\w+", sentence.lower()) if "_" in word} & {*registry.names("scorers")}
    candidates = [*declared.outside(), judged.metric, *judged.metrics]
    candidates += [registry.load("scorers", name).metric for name in sorted(called)]
    by_name = {name: metric for metric in candidates if (name := metric.name) not in metrics.STANDARD}
    return Names([by_name[name] for name in sorted(by_name, key=lambda name: (-len(name), name))])
