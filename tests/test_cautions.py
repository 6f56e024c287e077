"""What a report must warn of."""

from __future__ import annotations

import torch

from genas.cautions import at_chance, cautions
from genas.core import assets, registry
from genas.core.interfaces import Task
from genas.core.records import Architecture, Candidate, Measurement, Request, Trial, Use


def said(space: str, task: Use, train_ms: float | None = None, **more: tuple[Use, ...]) -> dict[str, str]:
    made: Task = registry.create("tasks", task)
    return dict(cautions(Request("x", task, Use(space), **more), made, train_ms))  # type: ignore[arg-type]


def test_nothing_to_say() -> None:
    assert said("conv_net", Use("described"), proposers=(Use("uniform"),)) == {}


def test_a_limit_on_training_time_is_named() -> None:
    assert "2.5 ms" in said("conv_net", Use("digits"), train_ms=2.5)["train_ms"]


def test_a_winner_at_chance_is_named() -> None:
    task: Task = registry.create("tasks", "digits")
    arch = Architecture("conv_net", ("input", "output"), ((0, 1),))

    def trial(accuracy: float) -> Trial:
        return Trial(Candidate(arch, "x"), (Measurement("test_accuracy", accuracy),))

    counts = torch.bincount(task.data("train").labels)
    most = float(counts.max() / counts.sum())
    assert f"{most:.1%}" in str(at_chance(task, trial(most + 0.001)))
    assert at_chance(task, trial(most + 0.1)) is None
    assert at_chance(task, Trial(Candidate(arch, "x"))) is None, "the test split was not read"


def test_test_accuracies_under_the_name_of_accuracy_are_named() -> None:
    assert "TEST" in said("nasbench101", Use("nasbench101"))["task"]
    assert said("nasbench101", Use("nasbench101", {"answers": "validated"})) == {}


def test_models_that_saw_labels_are_named_also_inside_a_refiner() -> None:
    assert assets.seen("diffusion-conv_net")["digits"] > 0
    assert "very task" in said("conv_net", Use("digits"), proposers=(Use("diffusion"),))["diffusion"]
    assert set(said("conv_net", Use("digits"), refiners=(Use("auto"),))) == {"diffusion", "archlm"}
    assert said("conv_net", Use("digits"), refiners=(Use("auto", {"generators": []}),)) == {}
