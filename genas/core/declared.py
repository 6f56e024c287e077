"""Finds metrics by name: standard ones, and those that scorers, validators and tasks declare."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from genas.core import metrics, registry
from genas.core.errors import RequestError
from genas.core.metrics import Metric

_KINDS = ("scorers", "tasks", "validators")


def metric(name: str) -> Metric:
    """The metric of this name, also of its figure on the test split. A name that nobody declares is a plain number.

    Plug-ins are imported only for names that are not standard.

    Raises:
        RequestError: two plug-ins declare the name and mean different things.
    """
    if metrics.is_on_test(name):
        return metric(metrics.off_test(name)).on_test
    return metrics.STANDARD.get(name) or _outside().get(name) or _of_genas(name) or Metric(name)


def scorer_of(name: str) -> str | None:
    """The scorer that measures a metric; None where none does.

    First the scorer with the metric's name, then one of another package; for metrics that are not standard, any other.

    Raises:
        RequestError: several do; the request has to name one.
    """
    if name in registry.names("scorers"):
        return name
    outside = registry.outside("scorers")
    for those in (outside, [] if name in metrics.STANDARD else sorted({*registry.names("scorers")} - {*outside})):
        measuring = [one for one in those if registry.load("scorers", one).metric.name == name]
        if len(measuring) > 1:
            raise RequestError(f"The scorers {', '.join(measuring)} all measure {name}. Name one of them in scorers.")
        if measuring:
            return measuring[0]
    return None


def outside() -> tuple[Metric, ...]:
    """What plug-ins of other packages declare beyond the standard metrics."""
    return tuple(_outside().values())


def _outside() -> dict[str, Metric]:
    return _joined(tuple((kind, name) for kind in _KINDS for name in registry.outside(kind)))


@lru_cache
def _of_genas(name: str) -> Metric | None:
    """A metric of genas' own plug-ins. A proxy has its file's name; for other names all plug-ins are imported."""
    own = [(kind, one) for kind in _KINDS for one in registry.names(kind) if one not in registry.outside(kind)]
    alike = tuple(plugin for plugin in own if plugin[1] == name)
    return _joined(alike).get(name) or _joined(tuple(own)).get(name)


@lru_cache
def _joined(plugins: tuple[tuple[str, str], ...]) -> dict[str, Metric]:
    declared: dict[str, Metric] = {}
    for kind, name in plugins:
        for one in _metrics_of(kind, name):
            before = metrics.STANDARD.get(one.name) or declared.setdefault(one.name, one)
            if before != one:
                raise RequestError(
                    f"{name} of {kind} declares the metric {one.name!r} differently from before ({one}; {before}): "
                    "give its metric another name, or take the known record."
                )
    return {name: one for name, one in declared.items() if name not in metrics.STANDARD}


def _metrics_of(kind: str, name: str) -> Iterator[Metric]:
    cls = registry.load(kind, name)
    for one in (getattr(cls, "metric", None), *getattr(cls, "metrics", ())):
        if not isinstance(one, Metric):
            raise RequestError(
                f"{name} of {kind}: a metric is a record of genas.core.metrics, such as Metric({str(one)!r}), "
                f"not {one!r}."
            )
        yield one
