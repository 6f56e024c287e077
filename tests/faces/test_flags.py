"""Flags win over a request file, and both over the sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from genas.core.errors import RequestError
from genas.core.records import Budget, Use
from genas.faces.flags import stoppable, wanted_of

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters, 30 trials"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "request.toml"
    path.write_text(f'goal = "{GOAL}"\nseed = 4\nbudget = {{trials = 5}}\n', encoding="utf-8")
    return path


def test_a_file_wins_over_its_sentence_and_flags_win_over_the_file(file: Path) -> None:
    assert wanted_of("", file).budget == Budget(trials=5)
    wanted = wanted_of("", file, budget="20 minutes", refiners=["local_search:epsilon=0.1"])
    assert wanted.budget == Budget(seconds=1200.0) and wanted.seed == 4
    assert wanted.refiners == (Use("local_search", {"epsilon": "0.1"}),)


def test_seeds_are_an_option_of_what_trains_and_refused_elsewhere(file: Path) -> None:
    assert wanted_of("", file, seeds=3).validator.options["seeds"] == 3
    with pytest.raises(RequestError, match="the validator table trains nothing, so leave --seeds out"):
        wanted_of("The best NAS-Bench-201 cell on cifar10", None, seeds=3)


def test_data_that_are_not_there_are_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="There is no file or folder"):
        wanted_of(f"classify the rows in {tmp_path}/none.csv", None)


def test_who_stops_a_run_is_told_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), stoppable(tmp_path / "my run"):
        raise KeyboardInterrupt
    said = capsys.readouterr().err
    assert f"--out '{tmp_path}/my run' goes on from here" in said
