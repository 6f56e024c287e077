"""Grid search: all of a small space, each once, in an order that is spread over it."""

from itertools import product

import numpy as np

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Frame
from genas.proposers.grid import Grid


class Fork(SearchSpace):
    """Two or three nodes, of which the first two lead to the third; ab* and ba* are then the same graph."""

    name = "fork"
    ops = ("a", "b")
    max_nodes = 3

    def sizes(self):
        return (2, 3)

    def frame(self, nodes):
        return Frame((self.ops,) * nodes, ((0, 1),) if nodes == 2 else ((0, 2), (1, 2)))

    def problems(self, arch):
        return ["not only b"] if set(arch.ops) == {"b"} else []

    def build(self, arch, task):
        raise AssertionError("no network may be built here")


class Squares(Fork):
    """Two nodes of ten labels each."""

    name = "squares"
    ops = tuple("abcdefghij")

    def sizes(self):
        return (2,)


def test_every_architecture_exactly_once():
    legal = [ops for size in (2, 3) for ops in product("ab", repeat=size) if "a" in ops]
    keys = {Architecture("fork", ops, Fork().frame(len(ops)).edges).key for ops in legal}
    assert len(keys) == 3 + 7 - 2
    for seed in range(3):
        grid = Grid(Fork(), seed)
        found = [c.arch.key for n in (1, 3, 20, 5) for c in grid.ask(n)]
        assert len(found) == len(keys)
        assert set(found) == keys


def test_the_first_ones_are_spread_over_the_grid():
    for seed in range(5):
        asked = Grid(Squares(), seed).ask(10)
        counts = [len({c.arch.ops[place] for c in asked}) for place in (0, 1)]
        assert max(counts) >= 9  # of ten labels
        places = np.sort([int(c.note.split()[1]) for c in asked])
        gaps = np.diff([*places, places[0] + 100])
        assert gaps.min() >= 3
        assert gaps.max() <= 17  # drawn at random, the largest of ten gaps is 29 on average


def test_asking_in_parts_makes_no_difference():
    parts = Grid(Squares(), 3)
    assert [*parts.ask(4), *parts.ask(0), *parts.ask(5)] == Grid(Squares(), 3).ask(9)


def test_a_grid_too_large_to_count_in_64_bits():
    class Large(Squares):
        name = "large"

        def sizes(self):
            return (30,)

        def frame(self, nodes):
            return Frame((self.ops,) * nodes, tuple((i, i + 1) for i in range(nodes - 1)))

    asked = Grid(Large(), 0).ask(20)
    assert len({c.arch.key for c in asked}) == 20
    assert len({c.arch.ops[0] for c in asked}) > 1
