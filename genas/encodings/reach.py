"""Features of architectures that no renumbering of nodes changes: what can be reached through which labels alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.encodings.paths import Features, free_labels

_SUBSETS = 4  # labels of which all subsets are looked at; of more, each one and all together
_FAR = 99
_CHUNK = 512


class ReachFeatures:
    """Turns architectures of one space into rows of numbers that are equal for equal keys.

    For each set of labels, the nodes outside it are taken out; of what remains: the fewest and the most labels on a
    path from an input to an output (one more than the nodes where there is none), the logarithm of 1 + the number of
    paths, the edges, those that leave the inputs and those that enter the outputs. Then, with all labels there, the
    fewest and the most of each label on a path, how often each occurs, the numbers of nodes and edges, and the largest
    numbers of edges at a node. Labels that cut are in no set; those that pass on unchanged and those that are fixed
    are in every set and count for nothing.

    Source: Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural Graph Features" (2024): operation
    counts, path lengths over allowed operations and degrees. Here with path counts, edges within a set, and the fewest
    and most of each label.

    Args:
        space: whose frames say which labels are free.
    """

    def __init__(self, space: SearchSpace) -> None:
        symbols = free_labels(space)
        sizes = range(1, len(symbols) + 1) if len(symbols) <= _SUBSETS else (1, len(symbols))
        sets = [frozenset(part) for size in sizes for part in combinations(symbols, size)]
        always = [op for op in space.ops if op not in space.zero_ops and op not in symbols]
        self._ids = {op: i for i, op in enumerate(space.ops)}
        self._nodes, self._sets = max(space.sizes()), len(sets)
        rows = [(part, part) for part in sets] + [(frozenset(symbols), frozenset((op,))) for op in symbols]
        self._allowed = self._table([(*always, *allowed) for allowed, _ in rows])
        self._counted = self._table([tuple(counted) for _, counted in rows])

    def _table(self, rows: Sequence[Sequence[str]]) -> npt.NDArray[np.bool_]:
        """Which labels each row names; the last column stands for no node.  # [R, labels + 1]"""
        found = np.zeros((len(rows), len(self._ids) + 1), dtype=bool)
        for number, row in enumerate(rows):
            found[number, [self._ids[op] for op in row]] = True
        return found

    def features(self, archs: Sequence[Architecture]) -> Features:
        """One row for each architecture.  # [B, F]"""
        parts = [self._some(archs[start : start + _CHUNK]) for start in range(0, len(archs), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def _some(self, archs: Sequence[Architecture]) -> Features:
        labels = np.full((len(archs), self._nodes), len(self._ids))  # [B, N]
        wires = np.zeros((len(archs), self._nodes, self._nodes), dtype=bool)  # [B, N, N]
        for row, arch in enumerate(archs):
            labels[row, : len(arch.ops)] = [self._ids[op] for op in arch.ops]
            for source, target in arch.edges:
                wires[row, source, target] = True
        there = labels < len(self._ids)
        starts, ends = there & ~wires.any(1), there & ~wires.any(2)  # [B, N]
        used = self._allowed[:, labels]  # [R, B, N]
        kept = used[:, :, :, None] & wires & used[:, :, None, :]  # [R, B, N, N]
        fewest, longest, ways = self._lengths(self._counted[:, labels], kept, starts & used, ends & used)
        kept = kept[: self._sets]
        found = [*fewest, *longest, *ways[: self._sets], *kept.sum((2, 3))]
        found += [*(kept & starts[:, :, None]).sum((2, 3)), *(kept & ends[:, None, :]).sum((2, 3))]
        found += [*self._counted[self._sets :][:, labels].sum(2), there.sum(1), wires.sum((1, 2))]
        found += [wires.sum(1).max(1), wires.sum(2).max(1)]
        return np.stack(found, axis=1).astype(np.float32)

    def _lengths(
        self,
        counted: npt.NDArray[np.bool_],
        kept: npt.NDArray[np.bool_],
        starts: npt.NDArray[np.bool_],
        ends: npt.NDArray[np.bool_],
    ) -> tuple[Features, Features, Features]:
        """The fewest and the most counted nodes on a path, and the logarithm of 1 + the number of paths.  # [R, B]"""
        least = np.where(starts, 0.0, _FAR).astype(np.float32)  # [R, B, N]
        most = -least
        ways = starts.astype(np.float32)
        for node in range(self._nodes):
            for before in np.flatnonzero(kept[..., node].any((0, 1))):
                wired = kept[..., before, node]
                least[wired, node] = np.minimum(least[wired, node], least[wired, before])
                most[wired, node] = np.maximum(most[wired, node], most[wired, before])
                ways[wired, node] += ways[wired, before]
            least[..., node] += counted[..., node]
            most[..., node] += counted[..., node]
        beyond = self._nodes + 1
        fewest = np.minimum(np.where(ends, least, _FAR).min(-1), beyond)
        longest = np.where(ends, most, -_FAR).max(-1)
        return fewest, np.where(longest < 0, beyond, longest), np.log1p(np.where(ends, ways, 0).sum(-1))
