"""The precision and the threads that a network of a race is trained with: what is fastest here, where seconds count."""

from __future__ import annotations

from torch import nn

from genas.core.interfaces import Executor
from genas.core.records import Candidate
from genas.run.schedule import Schedule
from genas.run.trainer import Trainer
from genas.training.timing import build, fastest_precision, fastest_threads, seconds_per_example, threads

_LONG = 15.0  # seconds of a final that is worth trying out more threads and the other precision for


class Means:
    """Says with what each network is trained.

    Args:
        schedule: has the precision that trains usual networks faster.
    """

    def __init__(self, schedule: Schedule, trainer: Trainer, executor: Executor) -> None:
        self.schedule, self.trainer, self.executor = schedule, trainer, executor
        self._measured = trainer.validator.precision == "auto"
        self._of_rungs: dict[str, str] = {}

    def of_rung(self, candidate: Candidate) -> str:
        """The precision in the rungs.

        That of usual networks; where it was measured, networks with grouped convolutions have float32 on a CPU, which
        computes these in bfloat16 at a third of the speed.
        """
        usual = self.schedule.precision
        if usual == "float32" or not self._measured or self.trainer.device.type != "cpu":
            return usual
        if candidate.key not in self._of_rungs:
            convolutions = (m for m in self._built(candidate).modules() if isinstance(m, nn.Conv2d))
            grouped = any(convolution.groups > 1 for convolution in convolutions)
            self._of_rungs[candidate.key] = "float32" if grouped else usual
        return self._of_rungs[candidate.key]

    def speed(self, candidate: Candidate) -> float:
        """Training examples that it sees in a second, in its precision of the rungs."""
        network, device = self._built(candidate), str(self.trainer.device)
        with threads(self.executor.threads):
            return 1 / seconds_per_example(
                network, self.trainer.task, device, runs=3, precision=self.of_rung(candidate)
            )

    def of_final(self, candidate: Candidate, seconds: float) -> tuple[int | None, str]:
        """Threads (None: as many as there are) and precision of a final: as in the rungs where it is short.

        Args:
            seconds: that it has, where they count.
        """
        count, precision = self.executor.threads, self.of_rung(candidate)
        if self.schedule.unit == "examples" or seconds < _LONG:
            return count, precision
        network, task, device = self._built(candidate), self.trainer.task, str(self.trainer.device)
        if self.executor.workers > 1:
            count = fastest_threads(network, task, device)
        if self._measured:
            with threads(count):
                precision = fastest_precision(network, task, device)
        return count, precision

    def _built(self, candidate: Candidate) -> nn.Module:
        return build(self.trainer.space, candidate.arch, self.trainer.task, 0)
