"""Dominance by hand, and a front search whose first trials fail."""

import numpy as np
from line_space import Letters, text, trial

from genas.core.pareto import dominance
from genas.core.records import Objective
from genas.refiners.nsga2 import Nsga2


def test_dominance_by_hand():
    points = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]])
    assert np.argwhere(dominance(points)).tolist() == [[0, 2], [1, 2], [3, 2]]  # equals do not dominate each other


def test_nsga2_goes_on_where_the_first_trials_failed():
    search = Nsga2(Letters(), 0, (Objective("accuracy"), Objective("params", "min")))
    found = []
    for _ in range(3):
        asked = search.ask(2)
        found += [text(c) for c in asked]
        search.tell([trial(c, failure="not measured") for c in asked])
    assert len(set(found)) == 6
