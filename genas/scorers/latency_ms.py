"""Times the network on this machine, or looks the time up where the task is a table that lists a device."""

from __future__ import annotations

import time
from typing import ClassVar

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import LATENCY, Metric
from genas.core.ranges import Batch, Count, Whole, Workers
from genas.core.records import Architecture, Measurement
from genas.training.fresh import blank, fresh_network, guarded
from genas.training.timing import pick_device, timed_passes

_IQR_OF_NORMAL = 1.349  # interquartile range of a normal distribution, in standard deviations


class LatencyMs(Scorer):
    """Milliseconds of one forward pass: the median of repeated runs on this machine after a warm-up.

    A table task with a `latency_device` gives that device's published figure in place of a measurement.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
        device: where it is timed, "auto", "cpu" or "cuda".
        batch: examples in one pass.
        runs: timed passes.
        warmup: passes before those, not timed.
        threads: CPU threads during the timing.
    """

    name = "latency_ms"
    metric: ClassVar[Metric] = LATENCY
    cost: ClassVar[float] = 0.3
    repeatable: ClassVar[bool] = False

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str,
        *,
        batch: Batch = 1,
        runs: Count = 30,
        warmup: Whole = 5,
        threads: Workers = 1,
    ) -> None:
        if min(batch, runs, threads) < 1 or warmup < 0:
            raise RequestError("latency_ms needs batch, runs and threads of at least 1 and warmup of at least 0.")
        self._space, self._task, self._device = space, task, device
        self._batch, self._runs, self._warmup, self._threads = batch, runs, warmup, threads

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The median; `std` is the spread of the runs as the interquartile range over 1.349.

        Raises:
            ScoreFailed: where the network cannot be built or run, or the table has no figure.
        """
        if self._task.latency_device is not None:
            return self._task.lookup(arch, self.metric.name, fidelity=fidelity)
        start = time.perf_counter()
        times = self._time(arch)
        low, middle, high = np.quantile(times, (0.25, 0.5, 0.75))
        spread = float(high - low) / _IQR_OF_NORMAL
        return Measurement(self.metric.name, float(middle), time.perf_counter() - start, fidelity, seed, spread)

    def _time(self, arch: Architecture) -> list[float]:
        device = str(pick_device(self._device))
        network = fresh_network(self._space, self._task, arch, device=device).eval()
        inputs = blank(self._task, self._batch, device=device)
        with guarded():
            return timed_passes(network, inputs, runs=self._runs, warmup=self._warmup, threads_used=self._threads)
