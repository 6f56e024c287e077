"""Search by a method of your own, here a hill climb: python examples/own_refiner.py"""

from __future__ import annotations

from collections.abc import Sequence

import own_space

import genas
from genas.core.rng import rng


class Climber(genas.Proposer):
    """Proposes neighbours of the best network so far.

    Args:
        space: says which networks are neighbours.
        seed: of the run.
        objectives: the first one is climbed.
    """

    name = "climber"

    def __init__(self, space: genas.SearchSpace, seed: int, objectives: Sequence[genas.Objective]) -> None:
        self._space, self._seed, self._objective = space, seed, objectives[0]
        self._best: genas.Trial | None = None
        self._told: set[str] = set()
        self._asked = 0

    def ask(self, n: int) -> list[genas.Candidate]:
        """Up to n neighbours that were not measured yet; the same ones for the same seed and the same tells."""
        random = rng(self._seed, self.name, self._asked)  # not a global generator: a resumed run asks the same again
        self._asked += 1
        if self._best is None:
            return [genas.Candidate(self._space.sample(random), self.name, note="a start") for _ in range(n)]
        place = self._best.candidate
        near = [arch for arch in self._space.neighbors(place.arch) if arch.key not in self._told]
        chosen = random.permutation(len(near))[:n]
        return [genas.Candidate(near[i], self.name, (place.key,), "one step from the best") for i in chosen]

    def tell(self, trials: Sequence[genas.Trial]) -> None:
        """Remember what was measured and where it is best."""
        for trial in trials:
            self._told.add(trial.candidate.arch.key)
            if self._worth(trial) > self._worth(self._best):
                self._best = trial

    def _worth(self, trial: genas.Trial | None) -> float:
        value = None if trial is None or trial.failure else trial.value(self._objective.metric)
        if value is None:
            return float("-inf")
        return value if self._objective.goal == "max" else -value


genas.register("refiners", Climber)


def main(folder: str = "runs/own_refiner", trials: int = 60) -> genas.Report:
    """Search the table of own_space.py: nothing is trained, so the search itself is seen at work."""
    own_space.register()
    report = genas.design(
        "The best network of ladder_table",
        out=folder,
        space="ladder",
        scorers=["table"],
        refiners=["climber"],
        budget={"trials": trials},
    )
    print(report.text)
    return report


if __name__ == "__main__":
    main()
