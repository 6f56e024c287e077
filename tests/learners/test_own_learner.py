"""A learner of one's own is one file: `genas.fit` and `genas fit` fit it, and nothing else is edited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed_package import installed_package
from safetensors.torch import load_file

import genas
from genas import catalogue, defaults
from genas.core import assets, registry
from genas.core.records import Request, Use
from genas.testing import check_learner

FILE = '''"""A line over how often each label occurs."""

from typing import ClassVar

import torch
from safetensors.torch import save_file

from genas.core.examples import quantiles
from genas.core.learner import Learner, Lessons


class LabelCounts(Learner):
    """Fits one weight to each label.

    Args:
        scale: what counts are multiplied by.
    """

    what: ClassVar[str] = "A linear predictor of the rank of an architecture from counts of its labels"
    loss: ClassVar[str] = "squared error of the rank quantile"

    def __init__(self, *, scale: float = 1.0) -> None:
        self.scale = scale

    def learn(self, lessons: Lessons) -> float:
        (space,) = lessons.spaces
        counts = [[self.scale * e.arch.ops.count(label) for label in space.ops] for e in lessons.examples]
        inputs, ranks = torch.tensor(counts), torch.tensor(quantiles(lessons.examples))
        model = torch.nn.Linear(len(space.ops), 1)

        def loss(rows, generator):
            return (model(inputs[rows]).flatten() - ranks[rows]).square().mean()

        held_out = lessons.train(model, loss)
        save_file(model.cpu().state_dict(), lessons.folder / "model.safetensors")
        return held_out
'''
SOURCE = "table:nasbench201:sample=120"


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Path]:
    """A folder on the path, as a package is installed: the file, and the entry point that names it."""
    (tmp_path / "label_counts.py").write_text(FILE)
    with installed_package(tmp_path, "label_counts", "[genas.learners]\nlabel_counts = label_counts:LabelCounts\n"):
        yield tmp_path
    sys.modules.pop("label_counts", None)


def test_it_is_listed_and_explained_like_the_others(installed: Path) -> None:
    assert catalogue.plugins("learners")["learners"]["label_counts"] == "A line over how often each label occurs."
    explained = catalogue.explain("label_counts")
    assert "Fits one weight to each label." in explained and "scale: float = 1.0" in explained


def test_it_keeps_the_contracts_of_learners(installed: Path) -> None:
    assert check_learner("label_counts", registry.create("spaces", "nasbench201"), scale=2.0) == []


def test_fit_learns_what_raises_the_accuracy(installed: Path, bench_data: Path) -> None:
    folder = genas.fit("label_counts", "nasbench201", [SOURCE], out=installed / "model")
    labels = registry.load("spaces", "nasbench201").ops
    weights = dict(zip(labels, load_file(folder / "model.safetensors")["weight"][0].tolist(), strict=True))
    assert weights["nor_conv_3x3"] > weights["none"]
    card = (folder / "README.md").read_text()
    assert "A linear predictor of the rank of an architecture from counts of its labels, for the search space" in card
    assert "(squared error of the rank quantile)" in card and "label_counts" in card.splitlines()[3]
    assert json.loads((folder / assets.SEEN).read_text()) == {"nasbench201": 120}
    assert not list(folder.glob("checkpoint*"))


def test_its_options_are_read_from_the_command_line_and_kept_on_the_card(installed: Path, bench_data: Path) -> None:
    command = ["fit", "label_counts:scale=0.5", "nasbench201", SOURCE, "--epochs", "1", "--out", "model"]
    environment = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-m", "genas", *command],
        capture_output=True, text=True, cwd=installed, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "The model is in model." in done.stdout
    card = (installed / "model" / "README.md").read_text()
    assert f"genas fit label_counts:scale=0.5 nasbench201 {SOURCE} --epochs 1 --seed 0" in card


def test_a_proposer_of_its_name_is_a_default_once_a_model_of_the_space_is_there(installed, monkeypatch) -> None:
    info = installed / "label_counts-1.0.dist-info" / "entry_points.txt"
    info.write_text(info.read_text() + "[genas.proposers]\nlabel_counts = genas.proposers.uniform:Uniform\n")
    registry._entries.cache_clear()
    monkeypatch.setattr(assets, "seen", lambda name: {"made": 120} if name == "label_counts-conv_net" else {})
    request = defaults.filled(Request("", Use("digits"), Use("conv_net")))
    assert [use.name for use in request.proposers] == ["uniform", "label_counts"]
