"""Random search without repeats."""

from pathlib import Path

import pytest

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.records import Frame, Use
from genas.proposers.uniform import Uniform


class Pairs(SearchSpace):
    """Nine architectures."""

    name = "pairs"
    ops = ("a", "b", "c")
    max_nodes = 2

    def frame(self, nodes):
        return Frame((self.ops, self.ops), ((0, 1),))

    def problems(self, arch):
        return []

    def build(self, arch, task):
        raise AssertionError("no network may be built here")


def test_whole_space_is_given_once_and_then_less():
    uniform = Uniform(Pairs(), 0)
    first = uniform.ask(20)
    assert len({c.arch.ops for c in first}) == len(first) == 9
    assert uniform.ask(5) == []


def test_answers_do_not_depend_on_how_they_are_asked_for():
    space = registry.create("spaces", "nasbench201")
    one, three = Uniform(space, 7), Uniform(space, 7)
    at_once = one.ask(6)
    in_parts = [c for n in (1, 2, 3) for c in three.ask(n)]
    assert at_once == in_parts
    assert Uniform(space, 8).ask(6) != at_once


def test_draws_are_about_uniform():
    counts = dict.fromkeys(("a", "b", "c"), 0)
    for seed in range(300):
        counts[Uniform(Pairs(), seed).ask(1)[0].arch.ops[0]] += 1
    assert all(70 < count < 130 for count in counts.values())


def test_a_partial_table_can_be_kept_to(bench_data: Path) -> None:
    task, space = registry.create("tasks", "darts"), registry.create("spaces", "darts")
    context = {"space": space, "task": task, "seed": 0}
    found = registry.create("proposers", Use("uniform", {"within": "table"}), **context).ask(20)
    held = set(task.measured)
    assert len(found) == 20 and all(c.arch in held for c in found)
    whole = registry.create("tasks", "nasbench201")
    with pytest.raises(RequestError, match="part of the space"):
        registry.create("proposers", Use("uniform", {"within": "table"}), **{**context, "task": whole})
