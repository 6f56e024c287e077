"""The package of one file in examples/own_space.py: checked, searched by `auto`, and run as a script."""

import os
import subprocess
import sys
from itertools import pairwise, product
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the script prints."""
    place, root = tmp_path_factory.mktemp("own space"), str(EXAMPLES.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    command = [sys.executable, str(EXAMPLES / "own_space.py")]
    env = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_best_ladder_within_the_limit_is_found_in_thirty_of_4096(shown: list[str]) -> None:
    gain = {"wide": 0.05, "deep": 0.07, "pool": 0.02, "none": 0.0}
    ladders = [ops for ops in product(gain, repeat=6) if 6 - ops.count("none") <= 4]
    best = max(0.5 + sum(map(gain.get, o)) - 0.03 * sum(a == b for a, b in pairwise(o)) for o in ladders)
    assert float(shown[-1].split()[-1]) == pytest.approx(best)
    assert 6 - shown[-1].count("none") <= 4


def test_what_could_not_be_checked_is_said_with_its_reason(shown: list[str]) -> None:
    left_out = [line for line in shown if line.startswith("not checked: ")]
    assert len(left_out) == len(shown) - 1
    assert any("it builds no networks" in line for line in left_out)
    assert all(line.count(": ") >= 2 for line in left_out)
