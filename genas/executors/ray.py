"""Measures on a Ray cluster: a local one on this machine, or one at an address."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from genas.core.errors import MissingArtifact, RequestError
from genas.core.ranges import Amount, Workers
from genas.executors._slots import Lost, Slot, SlotExecutor


class Ray(SlotExecutor):
    """Each worker is a Ray actor, placed where enough cores and GPUs are free.

    All machines of the cluster must have genas installed and see the run's folder at the same path. If the worker of a
    job dies, the job is tried once more on a new worker. If that dies too, the job fails with ScoreFailed, which makes
    a failed trial.

    Args:
        address: of a running cluster, such as "auto" or "10.0.0.5:6379"; None starts one on this machine.
        workers: number of measurements at a time.
        threads: cores reserved for each worker, and its torch threads.
        gpus: GPUs reserved for each worker; fractions are allowed.

    Raises:
        MissingArtifact: ray is not installed.
        RequestError: there is no cluster at the address.
    """

    name = "ray"
    short: ClassVar[str | None] = "address"

    def __init__(
        self, *, address: str | None = None, workers: Workers = 2, threads: Workers = 1, gpus: Amount = 0.0
    ) -> None:
        if workers < 1 or threads < 1 or gpus < 0:
            raise RequestError("ray needs at least 1 worker and 1 thread; write ray:workers=2,threads=1, for example.")
        try:
            import ray
        except ImportError as error:
            raise MissingArtifact("The package ray", "Install it with: pip install 'genas[ray]'") from error
        own: dict[str, Any] = {}
        if address is None:
            here = {"env_vars": {"PYTHONPATH": os.pathsep.join(sys.path)}}  # workers can import what this process can
            own = {"num_cpus": workers * threads, "include_dashboard": False, "runtime_env": here}
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error", ignore_reinit_error=True, **own)
        except ConnectionError as error:
            raise RequestError(
                f"There is no Ray cluster at {address!r}: {error}. Write ray to start one on this machine."
            ) from error
        self._ray = ray
        super().__init__([_Actor(ray, threads, gpus) for _ in range(workers)], threads)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the workers and disconnect from the cluster; a cluster that was started here is stopped."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        self._ray.shutdown()


class _Actor(Slot):
    def __init__(self, ray: Any, threads: int, gpus: float) -> None:
        self._ray, self._make = ray, ray.remote(_Worker).options(num_cpus=threads, num_gpus=gpus)
        self._worker: Any = None

    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._worker = self._worker or self._make.remote()
        try:
            return self._ray.get(self._worker.run.remote(fn, *args, **kwargs))
        except self._ray.exceptions.RayActorError as error:
            self._worker = None
            raise Lost("the Ray actor ended") from error
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause or error) from error

    def close(self) -> None:
        if self._worker is not None:
            self._ray.kill(self._worker)
            self._worker = None


class _Worker:
    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)
