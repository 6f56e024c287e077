"""Cells of DARTS: the two inputs of each node, a canonical spelling, and the labels of the space's nodes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement, permutations

NODES = 4  # intermediate nodes; sources 0 and 1 are the outputs of the two cells before, 2 to 5 the nodes
OPS = {
    "max3": "max_pool_3x3",
    "avg3": "avg_pool_3x3",
    "skip": "skip_connect",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
    "none": "none",
}  # short labels (a line has 16 of them) and published names, in the order of the tables' numbers
ZERO = "none"
_SHORT = {name: label for label, name in OPS.items()}
NAMES = ("normal", "reduction")
START = (1, 15)  # first label of each cell: its name; then "later", then three labels for each of its four nodes
COUNT = 30  # number of labels of an architecture

Slot = tuple[int, str]  # (source, published name of the operation)
Cell = tuple[Slot, ...]  # slots 2k and 2k + 1 feed node k + 2


def cell(slots: Sequence[tuple[int, str]]) -> Cell:
    """The cell with the two slots of each node sorted by their sources."""
    return tuple(slot for k in range(0, 2 * NODES, 2) for slot in sorted((int(s), op) for s, op in slots[k : k + 2]))


def canonical(slots: Sequence[tuple[int, str]]) -> Cell:
    """The canonical spelling of a cell: the smallest over all topological numberings of its nodes."""
    found = []
    for order in permutations(range(2, 2 + NODES)):
        place = [0, 1, *(order.index(node) + 2 for node in range(2, 2 + NODES))]
        if all(place[source] < place[2 + k // 2] for k, (source, _) in enumerate(slots)):
            moved = [[(place[s], op) for s, op in slots[2 * node - 4 : 2 * node - 2]] for node in order]
            found.append(cell([slot for pair in moved for slot in pair]))
    return min(found)


def pairs(node: int, *, repeated: bool) -> tuple[str, ...]:
    """The labels for the two sources of the k-th node, such as 0+2; with `repeated`, also the same source twice."""
    ways = combinations_with_replacement if repeated else combinations
    return tuple(f"{a}+{b}" for a, b in ways(range(node + 2), 2))


def labels(slots: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """The twelve labels of a cell: of each node, the operations on its earlier and later source, and the sources."""
    ordered = cell(slots)
    found: list[str] = []
    for (a, first), (b, second) in zip(ordered[::2], ordered[1::2], strict=True):
        found += [_SHORT.get(first, first), _SHORT.get(second, second), f"{a}+{b}"]
    return tuple(found)


def slots(labelled: Sequence[str]) -> Cell:
    """The cell of twelve labels."""
    found: list[Slot] = []
    for k in range(0, 3 * NODES, 3):
        first, second, sources = labelled[k : k + 3]
        a, b = map(int, sources.split("+"))
        found += [(a, OPS.get(first, first)), (b, OPS.get(second, second))]
    return tuple(found)


def ops(normal: Sequence[tuple[int, str]], reduction: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """All thirty labels of an architecture: input; for each cell its name, "later" and twelve labels; output."""
    parts = [(name, "later", *labels(found)) for name, found in zip(NAMES, (normal, reduction), strict=True)]
    return ("input", *parts[0], *parts[1], "output")


def read(labelled: Sequence[str]) -> tuple[Cell, Cell]:
    """The normal and the reduction cell of the thirty labels of a legal architecture."""
    return slots(labelled[START[0] + 2 : START[1]]), slots(labelled[START[1] + 2 : -1])


def _edges() -> tuple[tuple[int, int], ...]:
    """In each cell, the name feeds the operations on earlier sources, "later" the others, and both feed their node."""
    found = []
    for name in START:
        found += [(0, name), (name, name + 1)]
        for first in range(name + 2, name + 14, 3):
            sources = first + 2
            found += [(name, first), (name + 1, first + 1), (first, sources), (first + 1, sources)]
            found.append((sources, sources + 3 if sources < name + 13 else COUNT - 1))
    return tuple(sorted(found))


EDGES = _edges()
