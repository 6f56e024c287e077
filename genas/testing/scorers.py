"""What every scorer and validator must do."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple
from unittest import SkipTest

from genas.core import declared, registry
from genas.core.errors import GenasError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import Metric
from genas.core.records import Architecture, Constraint, Measurement
from genas.testing.contract import check, context, made, require, samples, what_is_here

_CLOSE = {"rel_tol": 1e-5, "abs_tol": 1e-6}


class Scoring(NamedTuple):
    """What the contracts of scorers are about: how a fresh one is made, and the space of what it scores."""

    make: Callable[[], Scorer]
    space: SearchSpace


def check_scorer(
    plugin: type[Scorer] | str, space: SearchSpace, task: Task, *, limits: Sequence[Constraint] = (), **options: object
) -> list[str]:
    """Check all contracts of a scorer or validator.

    Args:
        plugin: its class, or the name of one that genas finds.
        space: whose architectures it scores; small, so that networks are built in no time.
        task: that they are for.
        limits: that a run would have.
        options: of the plug-in, such as make it quick.

    Returns:
        What could not be checked, each with its reason.

    Raises:
        Broken: what is wrong with it.
    """
    validates = plugin in registry.names("validators") and plugin not in registry.names("scorers")

    def make() -> Scorer:
        known = context(space, task, limits=limits)
        scorer: Scorer = made("validators" if validates else "scorers", plugin, known, options)
        return scorer

    return check((SCORER, (Scoring(make, space),)))


def it_says_what_it_measures_and_costs(of: Scoring) -> None:
    """Its metric means what others mean by the name, its cost is above 0, `fits` says whether `fit` changes scores."""
    scorer = of.make()
    require(isinstance(scorer.metric, Metric), f"metric must be a genas.core.metrics.Metric, not {scorer.metric!r}")
    known = declared.metric(scorer.metric.name)
    ours = known in {scorer.metric, Metric(scorer.metric.name)}
    require(ours, f"its metric is {scorer.metric}, but the name is known as {known}; take that, or another name")
    require(scorer.cost > 0, f"cost must be above 0 (rough seconds for one architecture), not {scorer.cost}")
    learns = type(scorer).fit is not Scorer.fit
    require(scorer.fits == learns, f"fits must be {learns}: it says whether fit() changes the scores")
    require(not inspect.isabstract(type(scorer)), "it lacks a method that every scorer has")


def figures_are_finite_or_failed_with_a_reason(of: Scoring) -> None:
    """Each architecture has a finite figure of the metric, or a ScoreFailed that says why not."""
    archs, scorer = samples(of.space, 2), of.make()
    name = scorer.metric.name
    with what_is_here():
        results = scorer.score_all(archs, seed=3)
    require(len(results) == len(archs), f"score_all() of {len(archs)} architectures gives {len(results)} results")
    for arch, result in zip(archs, results, strict=True):
        if isinstance(result, ScoreFailed):
            require(str(result), f"the ScoreFailed of {arch} must say why")
            continue
        require(isinstance(result, Measurement), f"{arch} gives {result!r}, which is no Measurement")
        require(result.metric == name, f"{arch} gives the metric {result.metric!r}, not {name!r}")
        require(math.isfinite(result.value), f"{arch} gives {result.value}; raise ScoreFailed with the reason")
        require(result.seconds >= 0, f"{arch} is charged with {result.seconds} seconds")
        require(result.seed == 3, f"{arch} gives the seed {result.seed}; hand on the one that was asked for")


def the_seed_decides_the_figure_alone_or_in_a_batch(of: Scoring) -> None:
    """A figure depends on the architecture and the seed, not on what is scored beside it or before it."""
    if not of.make().repeatable:
        raise SkipTest("it reads a clock: no figure is the same twice")
    archs = samples(of.space, 2)
    with what_is_here():
        together, again = of.make().score_all(archs), of.make().score_all(archs[::-1])
    for arch, one, other in zip(archs, together, again[::-1], strict=True):
        require(type(one) is type(other), f"{arch} fails in one order of the batch only: {one!r} and {other!r}")
        if isinstance(one, Measurement) and isinstance(other, Measurement):
            same = math.isclose(one.value, other.value, **_CLOSE)
            require(same, f"{arch} gives {one.value}, and in another order of the batch {other.value}")


def an_illegal_architecture_is_never_given_a_figure(of: Scoring) -> None:
    """It is ScoreFailed, or an error of genas."""
    arch = samples(of.space, 1)[0]
    wrong = Architecture(of.space.name, (arch.ops[0], "no such label", *arch.ops[2:]), arch.edges)
    try:
        with what_is_here():
            (result,) = of.make().score_all([wrong])
    except GenasError as error:
        require(str(error), "its error for an illegal architecture has no message")
        return
    require(
        isinstance(result, ScoreFailed),
        f"the illegal {wrong} gives {result!r}; raise ScoreFailed where space.problems(arch) finds any",
    )


SCORER = (
    it_says_what_it_measures_and_costs,
    figures_are_finite_or_failed_with_a_reason,
    the_seed_decides_the_figure_alone_or_in_a_batch,
    an_illegal_architecture_is_never_given_a_figure,
)
