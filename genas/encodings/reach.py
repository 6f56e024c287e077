"""Features of paths through subsets of labels; they are invariant to the order of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.encodings.paths import Features, free_labels

_SUBSETS = 4  # with at most this many labels, all subsets are used; with more, only single labels and all together
_FAR = 99
_CHUNK = 512


class ReachFeatures:
    """Converts architectures of one space to rows of numbers that are equal for equal keys.

    For each set of labels, in the subgraph of nodes with these labels: the minimum and maximum number of labels on a
    path from an input to an output (the number of nodes plus one if there is no path), log(1 + number of paths), and
    the numbers of edges, of edges from inputs, and of edges to outputs. Then, in the whole graph: the minimum and
    maximum number of each label on a path, the count of each label, the numbers of nodes and edges, and the largest
    in-degree and out-degree. Cuts are in no set; identities and fixed labels are in every set and are not counted.

    Source: Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural Graph Features" (2024): operation
    counts, path lengths over allowed operations and degrees. Here also path counts, edges within a set, and the minimum
    and maximum of each label.

    Args:
        space: its frames define which labels are free.
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
        """The labels of each row as booleans [R, labels + 1]; the last column is padding."""
        found = np.zeros((len(rows), len(self._ids) + 1), dtype=bool)
        for number, row in enumerate(rows):
            found[number, [self._ids[op] for op in row]] = True
        return found

    def features(self, archs: Sequence[Architecture]) -> Features:
        """Features [B, F], one row per architecture."""
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
        """Minimum and maximum number of counted nodes on a path, and log(1 + number of paths), [R, B] each.

        Args:
            counted: [R, B, N] nodes that count towards the length.
            kept: [R, B, N, N] edges of the subgraph.
            starts: [R, B, N] inputs in the subgraph.
            ends: [R, B, N] outputs in the subgraph.
        """
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
