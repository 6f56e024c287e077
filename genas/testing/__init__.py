"""What every plug-in must do, to be run on plug-ins of one's own: `check_space(MySpace())` says what is wrong with it.

Each check runs a suite of contracts and raises `Broken`, which lists in sentences what the plug-in's author has to
change. It returns the contracts that do not apply, each with its reason, so that nothing passes silently:

    from genas.testing import check_space

    def test_my_space() -> None:
        assert check_space(MySpace(), MyTask()) == []

The suites are tuples of functions (`SPACE` and `BUILT`, `TASK` and `TABLE`,
`PROPOSER` and `REFINER`, `SCORER`), for a test runner that
shows each contract by itself. The tests of genas run the same ones over its own plug-ins.
"""

from __future__ import annotations

from genas.testing.contract import Broken, context, samples
from genas.testing.proposers import PROPOSER, REFINER, Proposing, check_proposer
from genas.testing.scorers import SCORER, Scoring, check_scorer
from genas.testing.spaces import BUILT, SPACE, check_space
from genas.testing.tasks import TABLE, TASK, check_task

__all__ = [
    "BUILT", "PROPOSER", "REFINER", "SCORER", "SPACE", "TABLE", "TASK", "Broken", "Proposing", "Scoring",
    "check_proposer", "check_scorer", "check_space", "check_task", "context", "samples",
]  # fmt: skip
