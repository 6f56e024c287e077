"""Expected latency as a sum over blocks: fitted to a device's published table, or timed block by block here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple, TypeVar

import numpy as np

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import LATENCY, Metric
from genas.core.ranges import Batch, Count, Whole, Workers
from genas.core.records import Architecture, Measurement
from genas.core.rng import rng
from genas.predictors.block_latency import (
    LEAST,
    BlockFit,
    BlockTable,
    Floats,
    Labels,
    rank_correlation,
    table,
    weights_of,
)
from genas.scorers._devices import DeviceFigures, table_of
from genas.scorers.latency_ms import LatencyMs
from genas.training.block_timing import BlockTimer

_KNOWN = 5000  # architectures of a published table
_LAST = 1000  # networks of the table that judge how well any number of examples would do
_JUDGES = 100  # networks of the table that must be left to check the fit
_HERE = 0.9  # rank correlation with the networks timed here
_HERE_INSTEAD = "Leave latency_device out, and blocks are timed on this machine."


class _Fitted(NamedTuple):
    blocks: BlockTable
    std: float  # in ms, of networks that the table was not fitted on


class _Line(NamedTuple):
    """What the sum of timed blocks says of a whole network's ms."""

    slope: float
    offset: float
    std: float


Kept = TypeVar("Kept", _Fitted, _Line)


class BlockLatency(Scorer):
    """Milliseconds as a constant and one figure for each block, for searches that put latency into their loss.

    With a published device, the figures are fitted on some architectures of its table, under what the tables of other
    devices have in common, and are refused unless they rank all others at Spearman .99. So the scorer knows the
    latency of every network of the space, not only of those in the table. Without one, each distinct block is timed
    once on this machine, and some whole networks tell how sums become latencies; below a rank correlation of .9 with
    those they are refused.

    Source: Cai et al., "ProxylessNAS" (ICLR 2019), section 3.3; Wu et al., "FBNet" (CVPR 2019), section 3.3.
    `eval/block_latency.py` says which devices pass.

    Args:
        space: of the architectures.
        task: sets inputs and outputs; one with a `latency_device` names the device if the option does not.
        device: where blocks are timed: "auto", "cpu", "cuda".
        latency_device: a device of the space's table, such as "pixel3"; None times blocks here.
        examples: architectures of the table that the figures are fitted on.
        checks: whole networks that are timed here; 0 takes plain sums of blocks, unchecked.
        batch: examples in one pass, here.
        runs: timed passes of each block or network.
        threads: CPU threads during the timing.
    """

    name = "block_latency"
    metric: ClassVar[Metric] = LATENCY
    cost: ClassVar[float] = 0.02
    repeatable: ClassVar[bool] = False

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str,
        *,
        latency_device: str | None = None,
        examples: Count = 200,
        checks: Whole = 10,
        batch: Batch = 1,
        runs: Count = 15,
        threads: Workers = 1,
    ) -> None:
        self._space, self._task, self._device, self._examples, self._checks = space, task, device, examples, checks
        self._published = latency_device or task.latency_device
        vars(self).update(repeatable=self._published is not None)  # over that of the class
        self._batch, self._runs, self._threads = batch, runs, threads

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The sum for the architecture; `std` is its usual error on networks that were only checked.

        Raises:
            ScoreFailed: the architecture is illegal, the space has no such table, or sums do not rank its networks.
        """
        start = time.perf_counter()
        if problems := self._space.problems(arch):
            raise ScoreFailed("; ".join(problems))
        if self._published is not None:
            fitted = _granted(self._fitted)
            value, std = fitted.blocks.of(_choice(self._space, arch)), fitted.std
        else:
            line = _granted(self._line)
            value, std = line.slope * self._timer.milliseconds(arch) + line.offset, line.std
        return Measurement(self.metric.name, value, time.perf_counter() - start, fidelity, seed, std)

    def blocks(self, base: Architecture, nodes: Sequence[int] | None = None) -> BlockTable:
        """The table of the places that a search may change, for a differentiable E[latency].

        Blocks timed here add up exactly where no place changes what another one is given: the blocks of `mobile` do,
        for a fixed stem and widths.

        Args:
            base: what stands in all other places. Where blocks are timed here, each figure is for its label in the
                place of the base's, all else equal.
            nodes: those places, in order; None takes all that are free in the frame.

        Raises:
            ScoreFailed: as `score`, and where a label is illegal in the base.
        """
        frame = self._space.frame(len(self._space.check(base).ops)).labels
        free = [node for node, of in enumerate(frame) if len(of) > 1]
        chosen = free if nodes is None else list(nodes)
        if self._published is not None:
            fixed = {place: base.ops[node] for place, node in enumerate(free) if node not in chosen}
            return _granted(self._fitted).blocks.fixed(fixed)
        line, whole = _granted(self._line), self._timer.milliseconds(base)
        costs = [line.slope * (self._timer.milliseconds(other) - whole) for other in self._changed(base, chosen)]
        return table(tuple(frame[node] for node in chosen), np.array(costs), line.slope * whole + line.offset)

    def _changed(self, base: Architecture, nodes: Sequence[int]) -> Iterator[Architecture]:
        """The base with each label at each of the nodes."""
        for node in nodes:
            for label in self._space.frame(len(base.ops)).labels[node]:
                arch = Architecture(base.space, (*base.ops[:node], label, *base.ops[node + 1 :]), base.edges)
                if problems := self._space.problems(arch):
                    raise ScoreFailed(f"the labels of {self._space.name} depend on each other: {'; '.join(problems)}")
                yield arch

    @cached_property
    def _timer(self) -> BlockTimer:
        return BlockTimer(
            self._space, self._task, self._device, batch=self._batch, runs=self._runs, threads=self._threads
        )

    @cached_property
    def _fitted(self) -> _Fitted | ScoreFailed:
        """The blocks of the published device, or why they are refused: found out once for all architectures."""
        try:
            return self._fit()
        except ScoreFailed as refusal:
            return refusal

    @cached_property
    def _line(self) -> _Line | ScoreFailed:
        """How sums of blocks become latencies on this machine, or why they are refused."""
        try:
            return self._compare()
        except ScoreFailed as refusal:
            return refusal

    def _fit(self) -> _Fitted:
        assert self._published is not None
        choices, figures, others = self._measured(self._published)
        few, least = self._examples, self._examples + _JUDGES
        if least > len(choices):
            raise ScoreFailed(
                f"block_latency: the table of {self._published} has {len(choices):,} networks, so examples may be "
                f"{len(choices) - _JUDGES:,} at most, not {few:,}."
            )
        labels = _labels(self._space, self._space.sizes()[0])
        known = weights_of(labels, choices, others) if others.shape[1] else None

        def fitted(count: int) -> tuple[BlockTable, Floats]:
            blocks = BlockFit(labels, choices[:count], figures[:count], known=known).table()
            return blocks, np.array([blocks.of(choice) for choice in choices[count:]])

        blocks, found = fitted(few)
        rho, left = rank_correlation(found, figures[few:]), len(choices) - few
        if rho < LEAST:
            most = max(few, len(choices) - _LAST)
            highest = rank_correlation(fitted(most)[1], figures[most:])
            more = f"Fit on more (block_latency:examples={most}), t" if highest >= LEAST else "T"
            raise ScoreFailed(
                f"block_latency: sums of blocks, fitted on {few:,} networks of the table of {self._published}, rank "
                f"the other {left:,} at Spearman {rho:.3f}; {LEAST:.2f} is needed, and {most:,} reach {highest:.3f}. "
                f"{more}ake another device, or leave block_latency out: latency_ms looks up the networks of the table."
            )
        return _Fitted(blocks, float(np.sqrt(np.mean((found - figures[few:]) ** 2))))

    def _measured(self, device: str) -> tuple[list[list[str]], Floats, Floats]:
        """Networks of the table in an order that is always the same, their latencies, and those on other devices."""
        try:
            table_of(self._space, device)
        except ScoreFailed as failure:
            raise ScoreFailed(f"block_latency: {failure}. {_HERE_INSTEAD}") from failure
        if len(self._space.sizes()) > 1:
            raise ScoreFailed(
                f"block_latency: networks of {self._space.name} have no fixed number of places. {_HERE_INSTEAD}"
            )
        known = DeviceFigures(self._space, self.metric.name)
        archs = known.population(_KNOWN)
        figures, column = known.figures(archs), known.names.index(device)
        there = np.flatnonzero(~np.isnan(figures).any(axis=1))  # some tables have gaps
        others = [family != known.families[column] for family in known.families]
        choices = [_choice(self._space, archs[row]) for row in there]
        return choices, figures[there, column], figures[there][:, others]

    def _compare(self) -> _Line:
        """Sums of blocks beside whole networks, both timed here."""
        if not self._checks:
            return _Line(1.0, 0.0, 0.0)
        generator = rng(0, self.name)
        archs = [self._space.sample(generator) for _ in range(max(self._checks, 3))]
        sums = np.array([self._timer.milliseconds(arch) for arch in archs])
        clock = LatencyMs(
            self._space, self._task, self._device, batch=self._batch, runs=self._runs, threads=self._threads
        )
        whole: Floats = np.array([clock.score(arch).value for arch in archs])
        if (rho := rank_correlation(sums, whole)) < _HERE:
            raise ScoreFailed(
                f"block_latency: sums of blocks rank {len(archs)} networks timed on this machine at Spearman "
                f"{rho:.3f}; {_HERE:.2f} is needed. Let nothing else run beside it, time more passes "
                "(block_latency:runs=50), or take latency_ms."
            )
        slope, offset = np.polyfit(sums, whole, 1)
        return _Line(float(slope), float(offset), float(np.std(whole - slope * sums - offset)))


def _granted(outcome: Kept | ScoreFailed) -> Kept:
    """What was fitted or timed; its refusal is raised."""
    if isinstance(outcome, ScoreFailed):
        raise ScoreFailed(str(outcome))
    return outcome


def _labels(space: SearchSpace, nodes: int) -> Labels:
    """The labels of the places that are free."""
    return tuple(of for of in space.frame(nodes).labels if len(of) > 1)


def _choice(space: SearchSpace, arch: Architecture) -> list[str]:
    """What the architecture has at the free places."""
    frames = zip(arch.ops, space.frame(len(arch.ops)).labels, strict=True)
    return [op for op, of in frames if len(of) > 1]
