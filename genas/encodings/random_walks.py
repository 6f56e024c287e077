"""Features of random walks between input and output; they are invariant to the order of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.encodings.paths import Features, free_labels, matrices

_CHUNK = 512
Flags = npt.NDArray[np.bool_]


class FlowFeatures:
    """Converts architectures of one space to rows of numbers that are equal for equal keys.

    One random walk starts at the outputs and goes back, at each node to one of its sources with equal probability (as
    signals are averaged, and as channels of a concatenation come from its parts). Another starts at the inputs and goes
    forward. The features, in this order:

    - for both walks and each label, mean and mean square of the number of visits;
    - for each label, and for identities, the number of nodes right before an output, and right behind an input;
    - for each label, the sum of the widths of its nodes, and the logarithm of the sum of their squares. Widths are
      relative to an output that concatenates: the nodes before it share its channels equally, every other node is as
      wide as the widest node it feeds;
    - the number of nodes that share the output's channels, the number of nodes at an input, their total width, and the
      number of all nodes.

    Nodes on no path from input to output do not count.

    Source: the random walks of Gaertner et al., "On graph kernels" (2003), section 4, here as moments of the visits;
    the widths as in Ying et al., "NAS-Bench-101" (2019), section 2.2, which rounds them.

    Args:
        space: its frames define which labels are free.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._ids = {op: i for i, op in enumerate(space.ops)}
        self._free, self._cut, self._passing = (
            [i for op, i in self._ids.items() if op in chosen]
            for chosen in (free_labels(space), space.zero_ops, space.identity_ops)
        )
        self._nodes = max(space.sizes())

    def features(self, archs: Sequence[Architecture]) -> Features:
        """Features [B, F], one row per architecture."""
        parts = [self._some(archs[start : start + _CHUNK]) for start in range(0, len(archs), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def _some(self, archs: Sequence[Architecture]) -> Features:
        labels, wires = matrices(archs, self._ids, self._nodes)  # [B, N], [B, N, N]
        there = labels < len(self._ids)
        starts, ends = there & ~wires.any(1), there & ~wires.any(2)  # [B, N]
        alive = _alive(wires, there & ~np.isin(labels, self._cut), starts, ends)
        wires, starts, ends = wires * alive[:, :, None] * alive[:, None, :], starts & alive, ends & alive
        kinds = np.stack([labels == label for label in self._free], axis=2) & alive[:, :, None]  # [B, N, L]
        back = _walk(wires, kinds, ends, range(self._nodes))
        forth = _walk(wires.transpose(0, 2, 1), kinds, starts, reversed(range(self._nodes)))
        before, behind = wires @ ends[:, :, None] > 0, wires.transpose(0, 2, 1) @ starts[:, :, None] > 0  # [B, N, 1]
        before, behind = before[..., 0], behind[..., 0]
        idle = np.isin(labels, self._passing)
        found = [*back, *forth]
        for near, far in ((before, starts), (behind, ends)):
            found += [(near[:, :, None] & kinds).sum(1), (near & (idle | far)).sum(1, keepdims=True)]
        sharing = (before & ~starts).sum(1)
        widths = _widths(wires, ends, before / np.maximum(sharing, 1)[:, None])
        found += [np.einsum("bn,bnl->bl", widths, kinds), np.log(np.einsum("bn,bnl->bl", widths**2, kinds) + 0.01)]
        entering = (widths * (behind & kinds.any(2))).sum(1)
        found.append(np.stack([sharing, behind.sum(1), entering, alive.sum(1)], axis=1))
        return np.concatenate(found, axis=1).astype(np.float32)


def _alive(wires: Features, passable: Flags, starts: Flags, ends: Flags) -> Flags:
    """Nodes on a path from an input to an output without a zero operation, as booleans [B, N]."""
    fed, used = starts & passable, ends & passable
    for node in range(wires.shape[1]):
        fed[:, node] |= passable[:, node] & (wires[:, :, node] * fed).any(1)
    for node in reversed(range(wires.shape[1])):
        used[:, node] |= passable[:, node] & (wires[:, node] * used).any(1)
    alive: Flags = fed & used
    return alive


def _walk(wires: Features, kinds: Flags, ends: Flags, order: Iterable[int]) -> tuple[Features, Features]:
    """Mean [B, L] and mean square [B, L] of the number of visits of a walk to each label.

    Args:
        wires: [B, N, N] edges.
        kinds: [B, N, L] label of each node, one-hot.
        ends: [B, N] where the walk ends, with equal probability.
        order: the nodes, sources first.
    """
    first = np.zeros(kinds.shape, dtype=np.float32)  # [B, N, L]
    second = np.zeros_like(first)
    for node in order:
        share = wires[:, :, node] / np.maximum(wires[:, :, node].sum(1, keepdims=True), 1)  # [B, N]
        mean, square = (np.einsum("bs,bsl->bl", share, moment) for moment in (first, second))
        met = kinds[:, node]
        first[:, node], second[:, node] = mean + met, square + met * (2 * mean + 1)
    share = ends / np.maximum(ends.sum(1, keepdims=True), 1)
    mean, square = (np.einsum("bn,bnl->bl", share, moment) for moment in (first, second))
    return mean, square


def _widths(wires: Features, ends: Flags, shares: Features) -> Features:
    """The width [B, N] of each node as a fraction of the output's channels; 1 at the outputs.

    Args:
        wires: [B, N, N] edges.
        ends: [B, N] the outputs.
        shares: [B, N] width of the nodes right before an output, 0 elsewhere.
    """
    widths: Features = np.where(ends, 1.0, shares)
    for node in reversed(range(wires.shape[1])):
        widest = (wires[:, node] * np.where(ends, 0.0, widths)).max(1)
        widths[:, node] = np.where(widths[:, node] > 0, widths[:, node], widest)
    return widths
