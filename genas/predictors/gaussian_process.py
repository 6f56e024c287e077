"""A Gaussian process over architectures: predicts values with uncertainty from a few measured ones; no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.stats import norm, rankdata

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture

Floats = npt.NDArray[np.float64]
_WALK = 4  # number of labels in the longest walks
_MOST = 512  # maximum number of walks of one length per architecture
_NOISE = 0.05  # prior mean of the noise variance, as a fraction of the total


class Traits(NamedTuple):
    """The features of one architecture that the kernels compare."""

    places: tuple[str, ...]  # the label of each node, "" if it is on no path from input to output
    edges: frozenset[tuple[int, int]]
    walks: Counter[tuple[str, ...]]  # sequences of labels along paths


def traits(arch: Architecture, space: SearchSpace) -> Traits:
    """The nodes on paths from input to output, and the label walks among them; walks skip identity nodes.

    Args:
        arch: an architecture of the space.
        space: defines which labels are identities or zero operations.
    """
    after: list[list[int]] = [[] for _ in arch.ops]
    for source, target in arch.edges:
        after[source].append(target)
    alive = _alive(arch, after, space.zero_ops)
    onward: dict[int, list[int]] = {}
    for node in reversed(range(len(arch.ops))):  # targets have larger numbers and come first
        if node in alive:
            steps = [t for t in after[node] if t in alive]
            onward[node] = [t for s in steps for t in (onward[s] if arch.ops[s] in space.identity_ops else [s])][:_MOST]
    walks: Counter[tuple[str, ...]] = Counter()
    ends: list[tuple[tuple[str, ...], int]] = [
        ((arch.ops[node],), node) for node in onward if arch.ops[node] not in space.identity_ops
    ]
    for _ in range(_WALK):
        walks.update(walk for walk, _ in ends)
        ends = [((*walk, arch.ops[t]), t) for walk, node in ends for t in onward[node]][:_MOST]
    places = tuple(op if node in alive else "" for node, op in enumerate(arch.ops))
    return Traits(places, frozenset(arch.edges), walks)


def _alive(arch: Architecture, after: Sequence[Sequence[int]], zero: frozenset[str]) -> set[int]:
    """Nodes on a path from the first to the last node without a zero operation."""
    open_nodes = {node for node, op in enumerate(arch.ops) if op not in zero}
    reached = {0} & open_nodes
    for node in range(len(arch.ops)):
        if node in reached:
            reached.update(t for t in after[node] if t in open_nodes)
    useful = {len(arch.ops) - 1}
    for node in reversed(range(len(arch.ops))):
        if node in open_nodes and any(t in useful for t in after[node]):
            useful.add(node)
    return reached & useful


def quantiles(values: npt.ArrayLike) -> Floats:
    """Normal quantiles of the ranks of the values [n]; missing values (nan) are at the median, 0."""
    raw = np.asarray(values, dtype=np.float64)
    present, scores = ~np.isnan(raw), np.zeros(len(raw))
    if present.any():
        scores[present] = norm.ppf((rankdata(raw[present]) - 0.5) / present.sum())
    return scores


class Surrogate:
    """A Gaussian process over a fixed set of N architectures, with a weighted sum of three kernels.

    Source: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), algorithm 2.1. The kernels are
    exponential in the fraction of positions with different labels or edges (a Hamming kernel), squared exponential in
    the counts of label walks (a truncated walk kernel, Gaertner et al. 2003), and squared exponential in `figures`.
    Length scales follow from the mean distance within the set; weights and noise are maximum a posteriori estimates.

    Args:
        views: the traits of every architecture.
        figures: [N, F] further features of all of them, each roughly standard normal.
    """

    _rows: list[int]
    _root: Floats  # lower Cholesky root of the covariance of `_rows`  # [n, n]
    _shared: Floats  # its inverse times the covariance with all  # [n, N]

    def __init__(self, views: Sequence[Traits], figures: Floats) -> None:
        counts = _counts([view.walks for view in views])  # [N, W]
        self._places = _places(views)  # [N, P]
        different = sum(1 - (np.unique(c, return_counts=True)[1] ** 2).sum() / len(c) ** 2 for c in self._places.T)
        self._step = 0.4 * max(float(different), 1e-9)
        self._smooth = [_scaled(x) for x in (counts, figures.astype(np.float32)) if x.size and x.std() > 0]
        self._columns: dict[int, npt.NDArray[np.float32]] = {}  # by architecture: its kernel values [kernels, N]
        self._log_weights = np.log([1.0] * (1 + len(self._smooth)) + [_NOISE])
        self._forget()

    def adopt(self, other: Surrogate) -> None:
        """Take over the kernel weights of another surrogate with the same kernels."""
        if len(other._log_weights) == len(self._log_weights):
            self._log_weights = other._log_weights.copy()
            self._forget()

    def fit(self, rows: Sequence[int], values: Floats) -> None:
        """Fit the kernel weights and the noise.

        Args:
            rows: [n] indices of measured architectures.
            values: [n] their values, roughly standard normal.
        """
        kernels = np.stack([self._column(i)[:, rows] for i in rows]).transpose(1, 0, 2).astype(np.float64)  # [k, n, n]
        bounds = [(-6.0, 4.0)] * len(kernels) + [(-7.0, 1.0)]
        best = minimize(
            _misfit, self._log_weights, (kernels, values), "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 30}
        )
        self._log_weights = best.x
        self._forget()

    def predict(self, rows: Sequence[int], values: Floats) -> tuple[Floats, Floats]:
        """Posterior mean [N] and standard deviation [N] of every architecture, given the values [n] at `rows`.

        The factorisation of leading rows shared with the previous call is reused, so that one more row costs n x N.
        """
        pairs = zip(rows, self._rows, strict=False)
        same = next((k for k, (new, old) in enumerate(pairs) if new != old), min(len(rows), len(self._rows)))
        if len(rows) > same:
            self._rows, self._root, self._shared = self._rows[:same], self._root[:same, :same], self._shared[:same]
            self._extend(rows[same:])
        root, shared = self._root[: len(rows), : len(rows)], self._shared[: len(rows)]
        mean = solve_triangular(root, values, lower=True, check_finite=False) @ shared
        total = float(np.exp(self._log_weights[:-1]).sum())
        return mean, np.sqrt(np.maximum(total - np.einsum("ij,ij->j", shared, shared), 1e-9))

    def _extend(self, rows: Sequence[int]) -> None:
        """Add rows to the Cholesky root of the covariance of the measured values.

        Source: the block form of the Cholesky decomposition (Golub & Van Loan, "Matrix Computations", 4.2.9).
        """
        *weights, noise = np.exp(self._log_weights)
        scale = np.array(weights, dtype=np.float32)
        cross = np.stack([scale @ self._column(i) for i in rows]).astype(np.float64)  # [b, N]
        below = self._shared[:, rows].T  # [b, n]
        cross -= below @ self._shared
        corner = np.linalg.cholesky(cross[:, rows] + noise * np.eye(len(rows)))
        above = np.zeros((len(self._rows), len(rows)))
        self._root = np.block([[self._root, above], [below, corner]])
        fresh = solve_triangular(corner, cross, lower=True, check_finite=False, overwrite_b=True)
        self._shared = np.concatenate([self._shared, fresh])
        self._rows = [*self._rows, *rows]

    def _forget(self) -> None:
        """Drop the factorisation under other weights."""
        self._rows = []
        self._root = np.zeros((0, 0))
        self._shared = np.zeros((0, len(self._places)))

    def _column(self, row: int) -> npt.NDArray[np.float32]:
        if row not in self._columns:
            differing = (self._places != self._places[row]).sum(1)
            kernels = [np.exp(-differing / self._step)]
            kernels += [np.exp(-0.5 * np.maximum(n + n[row] - 2 * (x @ x[row]), 0)) for x, n in self._smooth]
            self._columns[row] = np.stack(kernels).astype(np.float32)
        return self._columns[row]


def _misfit(log_weights: Floats, kernels: Floats, values: Floats) -> tuple[float, Floats]:
    """The negative log posterior of the log weights under wide log-normal priors, and its gradient.

    Args:
        log_weights: [k + 1], the last one of the noise.
        kernels: [k, n, n].
        values: [n].
    """
    *weights, noise = np.exp(log_weights)
    root = np.linalg.cholesky(np.tensordot(weights, kernels, 1) + (noise + 1e-8) * np.eye(len(values)))
    inverse = cho_solve((root, True), np.eye(len(values)))
    solved = inverse @ values
    slope = inverse - np.outer(solved, solved)
    gradient = [0.5 * w * float((slope * k).sum()) for w, k in zip(weights, kernels, strict=True)]
    gradient.append(0.5 * noise * float(np.trace(slope)))
    off = log_weights - np.array([0.0] * len(weights) + [np.log(_NOISE)])
    width = np.array([4.0] * len(weights) + [2.0])  # variances of the priors
    value = 0.5 * values @ solved + np.log(np.diag(root)).sum() + 0.5 * (off**2 / width).sum()
    return float(value), np.array(gradient) + off / width


def _scaled(values: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Values divided by a length scale of sqrt(3/4) of their root mean square distance, and their squared norms."""
    scaled = values / np.sqrt(1.5 * values.var(0).sum())
    return scaled, (scaled**2).sum(1)


def _counts(walks: Sequence[Counter[tuple[str, ...]]]) -> npt.NDArray[np.float32]:
    """Counts [N, W] of each walk that occurs anywhere."""
    numbers: dict[tuple[str, ...], int] = {}
    for counter in walks:
        for walk in counter:
            numbers.setdefault(walk, len(numbers))
    counts = np.zeros((len(walks), len(numbers)), dtype=np.float32)
    for row, counter in enumerate(walks):
        for walk, count in counter.items():
            counts[row, numbers[walk]] = count
    return counts


def _places(views: Sequence[Traits]) -> npt.NDArray[np.int16]:
    """Features [N, P] by position: the number of the label at each node, and the edges; constant columns left out."""
    most = max(len(view.places) for view in views)
    numbers = {label: i for i, label in enumerate(sorted({p for view in views for p in view.places}))}
    rows = np.full((len(views), most), -1, dtype=np.int16)
    for row, view in enumerate(views):
        rows[row, : len(view.places)] = [numbers[place] for place in view.places]
    edges = sorted(
        frozenset().union(*(v.edges for v in views)) - views[0].edges.intersection(*(v.edges for v in views))
    )
    wired = np.array([[edge in view.edges for edge in edges] for view in views], dtype=np.int16).reshape(len(views), -1)
    columns = np.concatenate([rows, wired], axis=1)
    differs = (columns != columns[0]).any(0)
    return columns[:, differs]
