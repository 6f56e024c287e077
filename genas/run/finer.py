"""The last step of a race: the leader's weights go on learning in a network with a finer look at the images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from genas.core.records import Candidate
from genas.run.laboratory import Laboratory
from genas.run.means import Means
from genas.run.opening import Opening

COARSE = 0.2  # of the final goes to the leader as it is, which the finer one then starts from
_ENOUGH, _PASSES = 40_000, 14  # examples, and passes over the data, that a finer network must have time for


class Heir(NamedTuple):
    """A finer network, and the examples that it sees in a second."""

    candidate: Candidate
    rate: float


def heirs(
    rates: Mapping[str, float], seconds: float, opening: Opening, lab: Laboratory, means: Means
) -> dict[str, Heir]:
    """The networks with a finer look at their images, for which a final has time.

    A coarse network learns more in the same seconds until it has learned most of what it can; that its weights serve
    the finer one as they are is progressive resizing (Tan & Le, ICML 2021, section 4.2) as a change of architecture.
    Finals of 167 s, one seed, validation accuracy without and with: a small ResNet on CIFAR-10 .766 and .786 (the finer
    one had time for 17 passes over the data), on land_use .900 and .915 (29 passes), wider layers there .907 and .915
    (42), chest_xray .829 and .835 (59; there the cross-entropy rose). In a final of half as many seconds on CIFAR-10:
    .763 and .758. In a race on chest_xray the heir ended at .824 where its leader had .865 on 170 images.

    Args:
        rates: examples that each network of the last rung sees in a second.
        seconds: of the final.
    """
    finer = {}
    for key, rate in rates.items():
        heir = _heir(lab.book.trials[key].candidate, rate, seconds, opening, means)
        if heir is not None:
            finer[key] = heir
    return finer


def joined(heir: Candidate, lab: Laboratory) -> bool:
    """Screen the candidate like any other; return whether it keeps the limits."""
    if heir.key not in lab.book.trials:
        (trial,) = lab.screen([heir])
        lab.book.keep(lab.gate(trial) if trial.failure is None else trial)
    return lab.book.trials[heir.key].failure is None


def _heir(leader: Candidate, rate: float, seconds: float, opening: Opening, means: Means) -> Heir | None:
    arch = opening.space.finer(leader.arch)
    enough = max(_ENOUGH, _PASSES * means.size)
    if arch is None or rate * seconds * (1 - COARSE) < enough:  # it can't be faster than the leader
        return None
    note = "the leader, looking more closely"
    heir = opening.effective(Candidate(arch, "finer", (leader.key,), note, recipe=leader.recipe))
    rate *= means.speed(heir) / means.speed(leader)
    return Heir(heir, rate) if rate * seconds * (1 - COARSE) >= enough else None
