"""All wirings of a NAS-Bench-101 cell, weighted so that sampling is uniform over its 423,624 cells."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_VERTICES, MAX_EDGES, CHOICES = 7, 9, 3

Edges = tuple[tuple[int, int], ...]


class Wirings(NamedTuple):
    """The wirings of one size, as bits over the pairs (source, target) in row-major order.

    Args:
        pairs: the pair of each bit.
        bits: [W, pairs], one row per wiring.
        weights: [W] number of cells per spelling; over all sizes, they sum to the number of distinct cells.
    """

    pairs: Edges
    bits: NDArray[np.bool_]
    weights: NDArray[np.float64]


@cache
def legal(vertices: int) -> tuple[Edges, NDArray[np.bool_]]:
    """Every wiring of that many vertices with at most nine edges and every vertex on a path from input to output.

    Vertices are in topological order, so a vertex lies on such a path if it has an incoming and an outgoing edge.

    Returns:
        the pairs of the bits, and the bits [W, pairs], one row per wiring.
    """
    pairs = tuple((i, j) for i in range(vertices) for j in range(i + 1, vertices))
    masks = np.arange(2 ** len(pairs), dtype=np.uint32)
    masks = masks[np.bitwise_count(masks) <= MAX_EDGES]
    for vertex in range(vertices):
        entering = sum(1 << b for b, (_, target) in enumerate(pairs) if target == vertex)
        leaving = sum(1 << b for b, (source, _) in enumerate(pairs) if source == vertex)
        for touching in filter(None, (entering, leaving)):
            masks = masks[(masks & np.uint32(touching)) > 0]
    return pairs, np.stack([(masks >> b) & 1 for b in range(len(pairs))], axis=1).astype(bool)


@cache
def wirings(vertices: int) -> Wirings:
    """The legal wirings of that many vertices, with weights.

    A wiring occurs once per topological order. `weights` corrects for that and counts labellings up to symmetry, by
    Burnside's lemma: the sum over automorphisms g of CHOICES^cycles(g), divided by the number of topological orders.
    """
    pairs, bits = legal(vertices)
    return Wirings(pairs, bits, _weights(vertices, pairs, bits))


def _weights(vertices: int, pairs: Edges, bits: NDArray[np.bool_]) -> NDArray[np.float64]:
    matrix = np.zeros((len(bits), vertices, vertices), dtype=bool)
    matrix[:, [i for i, _ in pairs], [j for _, j in pairs]] = bits
    orders, labellings = np.zeros(len(bits)), np.zeros(len(bits))
    backward = np.tril_indices(vertices)
    for moved in _relabellings(vertices):
        other = matrix[:, moved][:, :, moved]
        orders += ~other[:, backward[0], backward[1]].any(axis=1)
        labellings += (other == matrix).all(axis=(1, 2)) * float(CHOICES ** len(_cycles(moved)))
    return labellings / orders


def _relabellings(vertices: int) -> list[list[int]]:
    """Every order of the inner vertices; the input stays first and the output last."""
    return [[0, *inner, vertices - 1] for inner in permutations(range(1, vertices - 1))]


def _cycles(moved: list[int]) -> list[list[int]]:
    """The cycles of a relabelling among the inner vertices."""
    found, left = [], set(range(1, len(moved) - 1))
    while left:
        cycle, at = [], min(left)
        while at in left:
            left.remove(at)
            cycle.append(at)
            at = moved[at]
        found.append(cycle)
    return found


@cache
def _cumulative() -> NDArray[np.float64]:
    return np.cumsum([wirings(n).weights.sum() for n in range(2, MAX_VERTICES + 1)])


def count() -> int:
    """How many distinct cells there are: 423,624."""
    return round(float(_cumulative()[-1]))


@cache
def _shares(vertices: int) -> NDArray[np.float64]:
    return np.cumsum(wirings(vertices).weights)


def draw(rng: np.random.Generator) -> tuple[Edges, list[int]]:
    """Sample a cell uniformly from all distinct cells: its edges, and the choice at each inner vertex.

    Samples a wiring by its weight, then an automorphism g in proportion to CHOICES^cycles(g), then one choice per cycle
    of g. So each class of symmetric labellings has the same probability (Burnside).
    """
    sizes = _cumulative()
    vertices = 2 + int(np.searchsorted(sizes, rng.random() * sizes[-1], side="right"))
    found, shares = wirings(vertices), _shares(vertices)
    row = found.bits[int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))]
    edges = tuple(pair for pair, bit in zip(found.pairs, row, strict=True) if bit)
    present = set(edges)
    same = [m for m in _relabellings(vertices) if {(m[i], m[j]) for i, j in edges} == present]
    likely = np.array([float(CHOICES ** len(_cycles(m))) for m in same])
    cycles = _cycles(same[int(rng.choice(len(same), p=likely / likely.sum()))])
    choices = [0] * (vertices - 2)
    for cycle in cycles:
        choice = int(rng.integers(CHOICES))
        for vertex in cycle:
            choices[vertex - 1] = choice
    return edges, choices
