"""What a label is called means nothing; what the space says of it does."""

from collections.abc import Iterator
from itertools import islice

import pytest

from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Constraint, Frame, Measurement, Objective, Trial
from genas.encodings.paths import ArchFeatures, free_labels
from genas.predictors.gaussian_process import traits
from genas.refiners.auto import Auto

_WORTH = {"a": 0.05, "b": 0.07, "c": 0.02}


class Layers(SearchSpace):
    """Chains of five layers of three kinds, or of a fourth one that does nothing and is called as is said."""

    name = "layers"
    max_nodes = 7

    def __init__(self, idle: str, **meanings: frozenset[str]) -> None:
        self.idle, self.kinds = idle, (*_WORTH, idle)
        vars(self).update(ops=("in", *self.kinds, "out"), **meanings)

    def sizes(self):
        return (7,)

    def frame(self, nodes):
        return Frame((("in",), *(self.kinds,) * 5, ("out",)), tuple((i, i + 1) for i in range(6)))

    def problems(self, arch):
        return []


class Counts(Task):
    """Knows how many layers do something, as params; the accuracy must never be looked up."""

    name = "counts"
    description, input_shape, outputs = "layers", (1,), 2

    def data(self, split):
        raise AssertionError("no examples may be read here")

    def lookup(self, arch, metric, *, fidelity=1.0):
        assert metric != "accuracy"
        if metric == "params":
            return Measurement(metric, float(sum(op in _WORTH for op in arch.ops)))
        raise ScoreFailed(f"no table of {metric}")


def asked(space: Layers, count: int) -> Iterator[str]:
    """What `auto` asks for, one after the other, the idle layer written as a dot."""
    search = Auto(space, Counts(), 0, (Objective("accuracy"),), (Constraint("params", at_most=3),))
    for _ in range(count):
        for candidate in search.ask(1):
            value = sum(_WORTH.get(op, 0) for op in candidate.arch.ops)
            search.tell([Trial(candidate, (Measurement("accuracy", value),))])
            yield "".join("." if op == space.idle else op for op in candidate.arch.ops[1:-1])


@pytest.mark.parametrize("idle", ["none", "skip", "skip_connect", "identity"])
def test_a_label_means_nothing_unless_the_space_says_so(idle: str) -> None:
    space = Layers(idle)
    arch = Architecture("layers", ("in", "a", idle, "b", idle, "c", "out"), space.frame(7).edges)
    assert traits(arch, space).places == arch.ops
    assert free_labels(space) == ["a", "b", "c", idle]


@pytest.mark.parametrize("idle", ["none", "skip"])
def test_auto_searches_a_space_alike_whatever_its_labels_are_called(idle: str) -> None:
    neutral = list(asked(Layers("same"), 16))
    assert list(asked(Layers(idle), 16)) == neutral
    assert len(set(neutral)) == 16


def test_zero_ops_cut_paths_and_identity_ops_are_walked_through() -> None:
    cut, passed = Layers("x", zero_ops=frozenset("x")), Layers("x", identity_ops=frozenset("x"))
    arch = Architecture("layers", ("in", "a", "x", "b", "a", "b", "out"), cut.frame(7).edges)
    assert set(traits(arch, cut).places) == {""}
    assert traits(arch, passed).places == arch.ops
    assert ("a", "b", "a", "b") in traits(arch, passed).walks
    counts = ArchFeatures(passed)
    without = Architecture("layers", ("in", "a", "b", "x", "a", "b", "out"), cut.frame(7).edges)
    paths = counts.groups["paths"]
    rows = counts.features([arch, without])[:, paths]
    assert rows.any() and (rows[0] == rows[1]).all()
    assert not ArchFeatures(cut).features([arch])[:, ArchFeatures(cut).groups["paths"]].any()


def test_a_space_under_a_limit_is_searched_to_its_optimum_though_its_identity_is_called_none() -> None:
    found = list(islice(asked(Layers("none", identity_ops=frozenset({"none"})), 30), 30))
    assert any(sorted(word) == sorted(".." + "bbb") for word in found)
