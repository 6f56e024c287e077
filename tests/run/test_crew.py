"""Trainings of a race run where the executor says; what the ledger tells already is not trained again."""

from __future__ import annotations

import pytest

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Request, Use
from genas.run.crew import Crew, identity_of
from genas.run.trainer import Course, Trainer, legs_until

REQUEST = Request("digits", Use("digits"), Use("conv_net"), validator=Use("train"), device="cpu")
TEXTS = ("full stem8 s1 relu mean | residual k3 d1 w8", "full stem8 s1 relu mean | residual k3 d1 w16")


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    space, task = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
    validator = registry.create("validators", "train", space=space, task=task, ledger=Ledger(), device="cpu")
    return Trainer(space, task, validator, "cpu", None)


def crew(trainer: Trainer, ledger: Ledger, executor: str = "serial") -> Crew:
    return Crew(
        REQUEST, ledger, trainer, executor=registry.create("executors", executor), device="cpu", spent=lambda: 7.0
    )


def courses(trainer: Trainer) -> list[Course]:
    legs = legs_until(["rung0"], [64], "examples")
    return [Course(Candidate(trainer.space.from_text(text), "given"), 0, legs, "", 0.5) for text in TEXTS]


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_each_course_is_trained_once_and_written(executor: str, trainer: Trainer) -> None:
    ledger, wanted = Ledger(), courses(trainer)
    brought = list(crew(trainer, ledger, executor).results(wanted, "rung 0"))
    assert sorted(course.candidate.key for course, _ in brought) == sorted(c.candidate.key for c in wanted)
    for course, event in brought:
        assert event == ledger.find(identity_of(course, "rung 0"))
        assert event["seen"] == 64 and event["clock"] == 7.0 and event["leg"] == "rung0"
        assert event["measurement"]["metric"] == "accuracy" and event["measurement"]["fidelity"] == 0.5


def test_what_the_ledger_tells_is_brought_without_training(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, (first, second) = Ledger(), courses(trainer)
    crew(trainer, ledger).record(first, "rung 0", ScoreFailed("it diverged"))
    trained: list[Course] = []
    run = trainer.run
    monkeypatch.setattr(trainer, "run", lambda course: (trained.append(course), run(course))[1])
    brought = list(crew(trainer, ledger).results([second, first], "rung 0"))
    assert trained == [second]
    assert [course for course, _ in brought] == [first, second], "what is known comes first"
    assert brought[0][1]["failure"] == "it diverged"
