"""What a report must warn of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diabetes_rows import Diabetes

from genas.core import assets, registry
from genas.core.interfaces import Task
from genas.core.metrics import PERPLEXITY
from genas.core.records import Architecture, Budget, Candidate, Measurement, Request, Trial, Use
from genas.run.cautions import after_training, at_chance, at_mean, cautions, not_followed, too_slow


def said(space: str, task: Use, **more: tuple[Use, ...]) -> dict[str, str]:
    made: Task = registry.create("tasks", task)
    return dict(cautions(Request("x", task, Use(space), **more), made))  # type: ignore[arg-type]


def test_nothing_to_say() -> None:
    assert said("conv_net", Use("described"), proposers=(Use("uniform"),)) == {}


def test_a_limit_on_training_time_is_named() -> None:
    assert "2.5 ms" in too_slow(2.5)


def test_what_a_race_decides_otherwise_is_named() -> None:
    asked = Request(
        "x", Use("digits"), Use("conv_net"), budget=Budget(seconds=60), validator=Use("train", {"epochs": 3}),
        scorers=(Use("params"), Use("short_train")),
    )  # fmt: skip
    found = dict(not_followed(asked, "accuracy"))
    assert set(found) == {"epochs", "short_train"}
    assert "do not bound the training" in found["epochs"]
    counted = replace(asked, budget=Budget(trials=4), scorers=(), refiners=())
    assert dict(not_followed(counted, "accuracy")) == {}


def a_winner(*figures: Measurement) -> Trial:
    return Trial(Candidate(Architecture("conv_net", ("input", "output"), ((0, 1),)), "x"), figures)


def test_a_rising_curve_and_few_test_examples_are_named() -> None:
    task: Task = registry.create("tasks", "digits")
    rising = Measurement("accuracy", 0.95, curve=(0.5, 0.8, 0.9, 0.93, 0.95))
    found = dict(after_training(task, a_winner(rising, Measurement("test_accuracy", 0.94, examples=360))))
    assert set(found) == {"rising", "few tests"}
    assert "+0.050" in found["rising"] and "360 examples" in found["few tests"]
    flat = Measurement("accuracy", 0.95, curve=(0.5, 0.94, 0.945, 0.95, 0.95))
    assert dict(after_training(task, a_winner(flat, Measurement("test_accuracy", 0.94, examples=5000)))) == {}


def test_a_curve_of_what_is_good_when_small_rises_by_falling() -> None:
    task: Task = registry.create("tasks", "digits")
    vars(task)["metric"] = PERPLEXITY
    falling, rising = (30.0, 24.0, 22.0, 21.0, 20.0), (30.0, 24.0, 20.0, 21.0, 22.0)
    found = dict(after_training(task, a_winner(Measurement("perplexity", 20.0, curve=falling))))
    assert "still falls (-2.000 over" in found["rising"]
    assert dict(after_training(task, a_winner(Measurement("perplexity", 22.0, curve=rising)))) == {}


def test_a_part_of_the_data_is_named() -> None:
    task: Task = registry.create("tasks", "digits")
    task.limit = 500  # type: ignore[attr-defined]
    assert "500" in dict(after_training(task, a_winner()))["part"]


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


def test_a_winner_no_better_than_the_mean_is_named() -> None:
    task = Diabetes()
    std = float(task.data("val").labels.std())

    def trial(rmse: float) -> Trial:
        return a_winner(Measurement("test_rmse", rmse, std=3.0, examples=82))

    assert "always saying the mean" in str(at_mean(task, trial(std - 2)))
    assert at_mean(task, trial(std - 20)) is None
    assert "at chance" in dict(after_training(task, trial(std - 2)))


def test_an_error_that_still_falls_is_named() -> None:
    falling = Measurement("rmse", 50.0, curve=(80.0, 60.0, 55.0, 52.0, 50.0))
    assert "still falls (-5.000 over" in dict(after_training(Diabetes(), a_winner(falling)))["rising"]
    rising = Measurement("rmse", 55.0, curve=(80.0, 60.0, 50.0, 52.0, 55.0))
    assert dict(after_training(Diabetes(), a_winner(rising))) == {}


def test_test_accuracies_under_the_name_of_accuracy_are_named() -> None:
    assert "TEST" in said("nasbench101", Use("nasbench101"))["task"]
    assert said("nasbench101", Use("nasbench101", {"answers": "validated"})) == {}


def test_models_that_saw_labels_are_named_also_inside_a_refiner(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {"diffusion-conv_net": {"digits": 40}, "archlm-conv_net": {"digits": 40}}
    monkeypatch.setattr(assets, "seen", lambda name: seen.get(name, {}))
    assert (
        "40 architectures on this very task"
        in said("conv_net", Use("digits"), proposers=(Use("diffusion"),))["diffusion"]
    )
    assert set(said("conv_net", Use("digits"), refiners=(Use("auto"),))) == {"diffusion", "archlm"}
    assert said("conv_net", Use("digits"), refiners=(Use("auto", {"generators": []}),)) == {}
    assert said("conv_net", Use("mnist"), proposers=(Use("diffusion"),)) == {}
