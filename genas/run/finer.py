"""The last change of a race's leader: its weights go on learning from images that it looks at more closely."""

from __future__ import annotations

from genas.core.records import Candidate
from genas.run.laboratory import Laboratory
from genas.run.means import Means
from genas.run.opening import Opening

COARSE = 0.2  # of the final goes to the leader as it is, which the finer one then starts from
_ENOUGH = 140_000  # examples that a finer network must have time for: with fewer it ends behind


def finer(  # noqa: PLR0917 - two figures of the race and the three that do the work
    leader: Candidate, rate: float, seconds: float, opening: Opening, lab: Laboratory, means: Means
) -> tuple[Candidate, float] | None:
    """The leader with a finer look at its images, where the final has time for it and it keeps the limits.

    A coarse network learns more in the same seconds until it has learned most of what it can; that its weights serve
    the finer one as they are is progressive resizing (Tan & Le, ICML 2021, section 4.2) as a change of architecture.
    A small ResNet in finals on CIFAR-10, one seed, validation accuracy without and with: .763 and .758 (85 s, where the
    finer one saw 167,000 examples), .766 and .786 (165 s).

    Args:
        rate: examples that the leader sees in a second.
        seconds: of the final.

    Returns:
        The network, and the examples that it sees in a second.
    """
    arch = opening.space.finer(leader.arch)
    if arch is None or rate * seconds * (1 - COARSE) < _ENOUGH:  # it can't be faster than the leader
        return None
    child = opening.effective(
        Candidate(arch, "finer", (leader.key,), "the leader, looking more closely", recipe=leader.recipe)
    )
    rate *= means.speed(child) / means.speed(leader)
    if rate * seconds * (1 - COARSE) < _ENOUGH:
        return None
    if child.key not in lab.book.trials:
        (trial,) = lab.screen([child])
        lab.book.keep(lab.gate(trial) if trial.failure is None else trial)
    return (child, rate) if lab.book.trials[child.key].failure is None else None
