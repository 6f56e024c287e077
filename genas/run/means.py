"""How a network of a race is trained, beside its recipe: threads, precision, and its final's rate and image size."""

from __future__ import annotations

from torch import nn

from genas.core.building import build
from genas.core.interfaces import Executor
from genas.core.records import Candidate, Options
from genas.run.schedule import Schedule
from genas.run.trainer import Trainer
from genas.training.recipe import Recipe
from genas.training.timing import fastest_threads, seconds_per_example, threads

_OFTEN = 20  # passes over the data: a final with time for fewer begins with smaller images
_OFTEN_HEIR = 40  # the same for a network that begins with what another one has learned of smaller images
_MANY, _HIGHEST = 100_000, 0.032  # examples of a final that begins at a higher learning rate; up to that rate
_SELDOM = 60  # passes over the data: a final with fewer begins at the highest rate, one with more at twice its own
_LONG = 15.0  # seconds of a final that is worth trying out more threads and the other precision for


class Means:
    """Chooses threads, precision, learning rate and image growth for each network.

    Args:
        schedule: has the precision that trains usual networks faster.
    """

    def __init__(self, schedule: Schedule, trainer: Trainer, executor: Executor) -> None:
        self.schedule, self.trainer, self.executor = schedule, trainer, executor
        self._of_rungs: dict[str, str] = {}

    def of_rung(self, candidate: Candidate) -> str:
        """The precision in the rungs.

        The schedule's, which was measured on a usual network. Networks with grouped convolutions get float32 on a CPU:
        there bfloat16 runs them at a third to six tenths of that speed.
        """
        usual = self.schedule.precision
        if usual == "float32" or self.trainer.validator.precision != "auto" or self.trainer.device.type != "cpu":
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

    def of_final(self, candidate: Candidate, each: float, rate: float, *, heir: bool) -> Options:
        """How a final is trained: threads (None: as many as there are), precision, learning rate, growing images.

        Threads and precision are as in the rungs where it is short.

        Args:
            each: what it has, in the schedule's unit.
            rate: examples that the network sees in a second, where seconds count.
            heir: whether it begins with what another network has learned of smaller images.
        """
        validator, timed = self.trainer.validator, self.schedule.unit == "seconds"
        count, precision = self.executor.threads, self.of_rung(candidate)
        if timed and each >= _LONG:
            network, task, device = self._built(candidate), self.trainer.task, str(self.trainer.device)
            if self.executor.workers > 1:
                count = fastest_threads(network, task, device)
            with threads(count):
                precision = validator.precision_of(network, device)
        examples = int(each * rate if timed else each)
        growing = examples < (_OFTEN_HEIR if heir else _OFTEN) * self.size
        highest = Recipe.from_data(candidate.recipe).learning_rate
        if "learning_rate" not in validator.fixes:
            passes = examples / self.size
            highest = rate_of_final(highest, passes, short=examples < _MANY and not heir)
        return {"threads": count, "precision": precision, "examples": examples, "growing": growing,
                "learning_rate": highest}  # fmt: skip

    @property
    def size(self) -> int:
        """Training examples of one pass."""
        size = len(self.trainer.task.data("train").labels)
        return min(size, self.trainer.validator.examples or size)

    def _built(self, candidate: Candidate) -> nn.Module:
        return build(self.trainer.space, candidate.arch, self.trainer.task, 0)


def rate_of_final(rate: float, passes: float, *, short: bool) -> float:
    """The highest learning rate of a final, for a network that ran its rungs at `rate`.

    Short legs at a constant rate make small rates look good. A small ResNet in finals, one seed, validation accuracy at
    .008, .016 and .032: CIFAR-10 .736 .743 .756 (36 s) and .767 .766 .785 (165 s). Finals of 167 s at .016 and .032:
    CIFAR-10 .769 .782 (45 passes; wider layers) and .783 .791 (17; a finer ResNet), land_use .907 .902 (150 passes).

    Args:
        rate: of the rungs.
        passes: over the data that the final has time for.
        short: whether that is so little that the rate stays.
    """
    if short:
        return rate
    return max(rate, _HIGHEST if passes < _SELDOM else min(2 * rate, _HIGHEST))
