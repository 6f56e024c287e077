"""genas.testing says what is wrong with plug-ins that it has never seen, and lets no contract pass silently."""

import re

import numpy as np
import pytest
import torch
from plugin_contexts import WINE
from tiny_space import Tiny

from genas import testing
from genas.core import registry
from genas.core.errors import InvalidArchitecture, MissingArtifact, PluginError, ScoreFailed
from genas.core.interfaces import Data, Proposer, Scorer, SearchSpace, Task
from genas.core.metrics import Metric
from genas.core.records import Candidate, Frame, Measurement
from genas.core.rng import rng


class Table(SearchSpace):
    name = "table"
    ops = ("a", "b", "c")
    max_nodes = 3

    def sizes(self):
        return (3,)

    def frame(self, nodes):
        return Frame((self.ops,) * nodes, ((0, 1), (1, 2)))

    def problems(self, arch):
        if len(arch.ops) != 3 or not set(arch.ops) <= set(self.ops):
            return ["three labels of a, b and c"]
        return [] if arch.edges == ((0, 1), (1, 2)) else ["a chain"]


class Numbers(Task):
    name = "numbers"
    description, input_shape, outputs = "numbers", (2,), 2

    def data(self, split):
        draw = torch.Generator().manual_seed(["train", "val", "test"].index(split))
        return Data(torch.rand(20, 2, generator=draw), torch.arange(20) % 2)


class Answers(Numbers):
    name = "answers"
    here = False

    def lookup(self, arch, metric, *, fidelity=1.0):
        if arch.space != "table" or metric not in {"accuracy", "test_accuracy"}:
            raise ScoreFailed("not in this table")
        return Measurement(metric, arch.ops.count("a") / 3, 1.0)


class Counted(Scorer):
    """The a's."""

    name = "counted"
    metric = Metric("counted")

    def __init__(self, space):
        self.space = space

    def score(self, arch, *, fidelity=1.0, seed=0):
        if self.space.problems(arch):
            raise ScoreFailed("illegal")
        return Measurement(self.metric.name, arch.ops.count("a"), 0.0, fidelity, seed)


class Twice(Proposer):
    """Says the same again, whatever the seed."""

    name = "twice"

    def __init__(self, space):
        self.space = space

    def ask(self, n):
        return [Candidate(self.space.sample(rng(0, "twice")), "someone", note="")][:n]


def test_a_space_without_networks_is_told_what_was_not_checked() -> None:
    left_out = testing.check_space(Table())
    assert [line.partition(":")[0] for line in left_out] == [
        "wirings are those that problems allows",
        "networks run forward and backward and know their config",
        "building is decided by the seed",
        "references are legal",
    ]
    assert "builds no networks" in left_out[1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"max_nodes": 2}, "above max_nodes"),
        ({"ops": ("a", "b"), "problems": lambda self, arch: Table().problems(arch)}, "labels that ops does not name"),
        ({"zero_ops": frozenset({"z"})}, "zero_ops names z"),
        ({"zero_ops": frozenset("a"), "identity_ops": frozenset("a")}, "not in both"),
        ({"problems": lambda self, arch: []}, "problems() finds nothing wrong"),
        ({"problems": lambda self, arch: ["no"]}, "no legal architecture"),
        ({"neighbors": lambda self, arch: iter([arch])}, "itself"),
        ({"to_text": lambda self, arch: "a\nb"}, "one line"),
        ({"sample": lambda self, rng: Table().sample(np.random.default_rng())}, "draw from rng alone"),
        ({"sample": lambda self, rng: Table().sample(np.random.default_rng(0))}, "20 samples are one"),
        ({"wirings": lambda self, nodes: np.zeros((1, 1), dtype=bool)}, "lacks that of"),
    ],
)
def test_what_is_wrong_with_a_space_is_said(changed: dict[str, object], said: str) -> None:
    opened = ((1, 2),) if "wirings" in changed else ()
    frame = Frame((("a", "b", "c"),) * 3, ((0, 1), (1, 2))[: 2 - len(opened)], opened)
    changed = {"frame": lambda self, nodes: frame, **changed}
    with pytest.raises((testing.Broken, InvalidArchitecture), match=re.escape(said)):
        testing.check_space(type("Wrong", (Table,), changed)())


def test_a_task_and_its_table_are_checked() -> None:
    assert testing.check_task(Numbers()) == [
        "it prepares inputs as it says: it does not say how inputs are scaled, so that its networks take prepared ones",
        "its own changes of inputs are decided by the seed: it has no augment() of its own",
        "the table answers for its space: it is no table",
        "the table tells the test split from that of validation: it is no table",
        "the table fails where it has no such metric: it is no table",
    ]
    assert not [line for line in testing.check_task(Answers(), Table()) if line.startswith("the table")]


@pytest.mark.parametrize(
    ("base", "changed", "said"),
    [
        (Numbers, {"description": ""}, "description is empty"),
        (Numbers, {"outputs": 3}, "lacks a class"),
        (Numbers, {"outputs": 1}, "labels of train must be 0 to 0"),
        (Numbers, {"input_shape": (3,)}, r"inputs of val have the shape \(2,\)"),
        (Numbers, {"modality": "sound"}, "no space makes networks for 'sound'"),
        (Numbers, {"data": lambda self, split: Numbers().data("train")}, "20 examples of test are in the training"),
        (Numbers, {"augment": lambda self, x, seed: x.add_(1)}, "augment.. changed its input"),
        (Answers, {"lookup": lambda self, *a, **k: Measurement("accuracy", 0.5)}, "gives the metric 'accuracy'"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(base: type[Task], changed: dict[str, object], said: str) -> None:
    with pytest.raises(testing.Broken, match=said):
        testing.check_task(type("Wrong", (base,), changed)(), Table())


def test_a_table_that_is_not_here_is_no_silent_pass() -> None:
    def lookup(self, arch, metric, *, fidelity=1.0):
        raise MissingArtifact("The table", "Download it.")

    left_out = testing.check_task(type("Absent", (Answers,), {"lookup": lookup})(), Table())
    assert "the table answers for its space: The table is missing. Download it." in left_out


def test_proposers_and_scorers_are_checked_with_what_a_run_hands_to_them() -> None:
    assert testing.check_proposer("uniform", Tiny(), Numbers()) == []
    assert testing.check_proposer("regularized_evolution", Tiny(), Numbers(), population=6, sample=3) == []
    assert testing.check_scorer(Counted, Table(), Numbers()) == []


def test_all_that_is_wrong_with_a_proposer_is_said_at_once() -> None:
    with pytest.raises(testing.Broken) as broken:
        testing.check_proposer(Twice, Table(), Numbers())
    assert "must be 'twice'" in str(broken.value)
    assert "the same candidates for each seed" in str(broken.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cost": 0.0}, "cost must be above 0"),
        ({"fits": True}, "fits must be False"),
        ({"score": lambda self, arch, **how: Measurement("counted", 1.0, 0.0, 1.0, how["seed"])}, "the illegal"),
        ({"score": lambda self, arch, **how: Measurement("other", 1.0, 0.0, 1.0, 3)}, "the metric 'other'"),
        ({"score": lambda self, arch, **how: Measurement("counted", torch.rand(1).item(), 0.0, 1.0, 3)}, "torch's"),
    ],
)
def test_what_is_wrong_with_a_scorer_is_said(changed: dict[str, object], said: str) -> None:
    with pytest.raises(testing.Broken, match=said):
        testing.check_scorer(type("Wrong", (Counted,), changed), Table(), Numbers())


def test_a_class_without_a_name_is_told_to_have_one() -> None:
    with pytest.raises(PluginError, match="has no name"):
        testing.check_scorer(type("Nameless", (Counted,), {"name": ""}), Table(), Numbers())


@pytest.mark.parametrize(("space", "task"), [("mlp", WINE), ("vit", "digits")])
def test_a_space_that_builds_networks_keeps_its_contracts_from_outside(space, task):
    left_out = testing.check_space(registry.create("spaces", space), registry.create("tasks", task))
    assert not any("networks run" in line for line in left_out)
