"""SMAC is told all that is known, with what failed as the worst, and asked for decisions of any size."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from line_space import Letters, text, trial, word

from genas.core import registry
from genas.core.errors import MissingArtifact
from genas.core.records import Candidate, Measurement, Objective, Trial
from genas.refiners.smac import Smac

_GOAL = (Objective("accuracy"),)


def _costs(search):
    return {
        "".join("abcde"[config[f"node {i}"]] for i in (1, 2, 3)): search._facade.runhistory.get_cost(config)
        for config in search._facade.runhistory.get_configs()
    }


def test_smac_is_told_what_others_measured_and_what_failed():
    search = Smac(Letters(), 0, _GOAL, start=3, challengers=50)
    search.tell([trial(Candidate(word(w), "x")) for w in ("aaa", "aee", "eab")])
    search.tell([trial(Candidate(word("ddd"), "x"), failure="too large")])
    assert _costs(search) == pytest.approx({"aaa": 0.0, "aee": -0.2, "eab": -0.1, "ddd": 0.0})
    asked = search.ask(2)
    search.tell([trial(asked[0])])
    assert _costs(search)[text(asked[0])] == pytest.approx(-0.1 * text(asked[0]).count("e"))


def test_decisions_of_other_sizes_are_inactive():
    space = registry.create("spaces", "transnas_macro")
    search = Smac(space, 0, _GOAL, start=4, challengers=50)
    for _ in range(4):
        asked = search.ask(4)
        search.tell([Trial(c, (Measurement("accuracy", len(c.arch.ops) / 10),)) for c in asked])
    found = search._facade.runhistory.get_configs()
    assert {len(dict(config)) - config["nodes"] for config in found} == {5}  # 4, 5 or 6 labels and the number of nodes
    assert len(asked[-1].arch.ops) == 8  # more nodes were always better


_ASKED = """
from line_space import Letters, text, trial
from genas.core.records import Objective
from genas.refiners.smac import Smac
search, found = Smac(Letters(), 0, (Objective("accuracy"),), start=4, challengers=50), []
for _ in range(8):
    asked = search.ask(2)
    found += [text(c) for c in asked]
    search.tell([trial(c) for c in asked])
print(*found)
"""


@pytest.mark.slow
def test_other_processes_ask_for_the_same():
    here = str(Path(__file__).parent)
    asked = [
        subprocess.run(
            [sys.executable, "-c", _ASKED],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": here},
            capture_output=True, text=True, check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]  # fmt: skip
    assert len(asked[0].split()) == 16
    assert asked[0] == asked[1]


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "smac", None)  # an import of it fails
    with pytest.raises(MissingArtifact, match="pip install smac"):
        Smac(Letters(), 0, _GOAL)
