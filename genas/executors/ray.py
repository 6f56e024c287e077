"""Measures on a Ray cluster, this machine's own or one at an address."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ClassVar

from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.interfaces import Executor


class Ray(Executor):
    """Each evaluation is a Ray task, placed where its cores and GPUs are free.

    The machines of a cluster must have genas installed and see the run's folder at the same path. A task whose worker
    dies is tried once more by Ray; if that dies too, it ends as ScoreFailed, which makes a failed trial.

    Args:
        address: of a running cluster, such as "auto" or "10.0.0.5:6379"; None starts one on this machine.
        workers: evaluations at a time.
        threads: cores that each evaluation takes, and torch's threads there.
        gpus: GPUs that each evaluation takes; a part of one is allowed.

    Raises:
        MissingArtifact: ray is not installed.
        RequestError: there is no cluster at the address.
    """

    name = "ray"
    short: ClassVar[str | None] = "address"

    def __init__(self, *, address: str | None = None, workers: int = 2, threads: int = 1, gpus: float = 0.0) -> None:
        if workers < 1 or threads < 1 or gpus < 0:
            raise RequestError("ray needs at least 1 worker and 1 thread; write ray:workers=2,threads=1, for example.")
        try:
            import ray
        except ImportError as error:
            raise MissingArtifact("The package ray", "Install it with: pip install 'genas[ray]'") from error
        own: dict[str, Any] = {} if address else {"num_cpus": workers * threads, "include_dashboard": False}
        try:
            ray.init(address=address, log_to_driver=False, ignore_reinit_error=True, **own)
        except ConnectionError as error:
            raise RequestError(f"There is no Ray cluster at {address!r}: {error}. Write ray for one here.") from error
        self.workers, self.threads = workers, threads
        self._ray, self._needs = ray, {"num_cpus": threads, "num_gpus": gpus, "max_retries": 1}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of the work, which must be picklable; a lost worker's is ScoreFailed."""
        task = self._ray.remote(_attempt).options(**self._needs)
        future: Future[Any] = Future()
        task.remote(fn, *args, **kwargs).future().add_done_callback(lambda done: self._settle(done, future))
        return future

    def _settle(self, done: Future[Any], future: Future[Any]) -> None:
        lost = (self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.OutOfMemoryError)
        error = done.exception()
        if error is None:
            future.set_result(done.result())
        elif isinstance(error, lost):
            future.set_exception(ScoreFailed(f"the Ray worker died twice while it measured this: {error}"))
        else:
            future.set_exception(getattr(error, "cause", None) or error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; one that was started here ends."""
        self._ray.shutdown()


def _attempt(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return fn(*args, **kwargs)
