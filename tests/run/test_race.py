"""Races of real networks: what is decided, what is kept, and that a stop anywhere changes nothing."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from killed_run import designing

import genas
from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.ledger import Event, Ledger
from genas.core.records import Architecture, Candidate, Options, Report, Request, Trial, Use
from genas.run.book import Book
from genas.run.finer import heirs, joined
from genas.run.laboratory import Laboratory, context_of
from genas.run.means import Means
from genas.run.mix import Mix
from genas.run.opening import Opening
from genas.run.schedule import Schedule
from genas.run.trainer import Course, Result, Trainer
from genas.spaces.conv_net import ConvNetSpace
from genas.training.leg import Leg
from genas.training.loop import Training

GOAL = "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 20k parameters, accuracy first"
KNOWN = {
    "proposers": ["uniform"],
    "scorers": ["params"],
    "refiners": ["local_search"],
    "validator": {"name": "train", "options": {"epochs": 2, "examples": 300}},
    "budget": {"trials": 7},
    "device": "cpu",
}
FROM_SCRATCH = {"name": "conv_net", "options": {"pretrained": False}}


def figures(report: Report) -> list[object]:
    """All that a race found, but for the seconds."""
    return [
        (t.candidate, t.failure, [(m.metric, m.value, m.fidelity, m.seed, m.curve) for m in t.measurements])
        for t in report.trials
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, float]:
    start = time.monotonic()
    report = genas.design(GOAL, out=tmp_path_factory.mktemp("race"), executor="serial:threads=1", **KNOWN)
    return report, time.monotonic() - start


def test_side_by_side_and_one_after_the_other_end_the_same(undisturbed: tuple[Report, float], tmp_path: Path) -> None:
    report = genas.design(GOAL, out=tmp_path, executor="threads:2", **KNOWN)
    assert figures(report) == figures(undisturbed[0])


@pytest.mark.slow
@pytest.mark.parametrize(("executor", "number"), [("serial:threads=1", 0), ("threads:2", 1), ("threads:2", 2)])
def test_a_race_killed_at_a_random_moment_ends_the_same(
    undisturbed: tuple[Report, float], tmp_path: Path, executor: str, number: int
) -> None:
    report, seconds = undisturbed
    ledger = tmp_path / "ledger.jsonl"
    with designing(GOAL, tmp_path, executor=executor, **KNOWN) as process:
        deadline = time.monotonic() + 200
        while not ledger.is_file() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.Random(f"{executor} {number}").random() * seconds)
    again = genas.design(GOAL, out=tmp_path, executor=executor, **KNOWN)
    assert figures(again) == figures(report)
    events = [json.loads(line) for line in ledger.read_text().splitlines()]
    named = [event["id"] for event in events if "id" in event]
    assert len(set(named)) == len(named)


@pytest.mark.slow
def test_a_race_of_seconds_that_is_killed_goes_on_from_what_it_decided(tmp_path: Path) -> None:
    known = {**KNOWN, "budget": {"seconds": 24}, "scorers": ["params", "train_ms"]}
    known["validator"] = {"name": "train"}
    ledger = tmp_path / "ledger.jsonl"
    with designing(GOAL, tmp_path, **known) as process:
        deadline = time.monotonic() + 200
        while not ledger.is_file() or '"id":"final 0"' not in ledger.read_text():
            assert process.is_alive() and time.monotonic() < deadline, "the race ended before it could be killed"
            time.sleep(0.05)
    text = ledger.read_text()
    before = text[: text.rfind("\n") + 1].splitlines()  # a kill may leave half a line
    report = genas.design(GOAL, out=tmp_path, **known)
    after = ledger.read_text().splitlines()
    assert after[: len(before)] == before and len(after) > len(before)
    named = [json.loads(line).get("id", number) for number, line in enumerate(after)]
    assert len(set(named)) == len(named)
    assert report.winner is not None and report.winner.value("test_accuracy") > 0.9


def test_children_of_the_leaders_join_with_what_these_learned(undisturbed: tuple[Report, float]) -> None:
    report, _ = undisturbed
    children = [t for t in report.trials if t.candidate.parents and t.value("accuracy") is not None]
    assert children and all(t.candidate.origin in ("local_search", "race") for t in children)


def test_how_long_each_is_trained_the_race_decides_and_what_is_fixed_is_not_searched(tmp_path: Path) -> None:
    known = {**KNOWN, "refiners": ["hyperband"], "budget": {"trials": 12}}
    known["validator"] = {"name": "train", "options": {"epochs": 2, "examples": 300, "learning_rate": 0.003}}
    report = genas.design(GOAL, out=tmp_path, **known)
    events = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert any("hyperband proposes, but" in event.get("text", "") for event in events)
    trained = [t.candidate for t in report.trials if t.value("accuracy") is not None]
    assert {candidate.recipe["learning_rate"] for candidate in trained} == {0.003}
    assert any(candidate.origin == "race" for candidate in trained), "another value was changed"
    assert report.recipe["learning_rate"] == 0.003


def precisions(out: Path, **changed: object) -> list[str]:
    """Of the rungs and of the final, as the ledger has them."""
    genas.design(GOAL, out=out, executor="serial:threads=1", **{**KNOWN, **changed})
    events = {e["id"]: e for line in (out / "ledger.jsonl").read_text().splitlines() if "id" in (e := json.loads(line))}
    return [events["schedule"]["schedule"]["precision"], events["final 0"]["precision"]]


@pytest.mark.slow
def test_the_precision_is_measured_only_where_seconds_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, used = [], set()

    def fastest(*_args: object) -> str:
        asked.append(1)
        return "bfloat16"

    real = Training._loss

    def seen(training: Training, *args: object) -> object:
        used.add(training.precision)
        return real(training, *args)  # type: ignore[arg-type]

    monkeypatch.setattr("genas.training.timing.fastest_precision", fastest)
    monkeypatch.setattr(Training, "_loss", seen)
    few = {"epochs": 1, "examples": 200}
    half = {"name": "train", "options": {**few, "precision": "bfloat16"}}
    validator = {"name": "train", "options": few}
    assert precisions(tmp_path / "trials", budget={"trials": 1}, validator=validator) == ["float32"] * 2
    assert used == {"float32"}
    assert precisions(tmp_path / "half", budget={"trials": 1}, validator=half) == ["bfloat16"] * 2
    assert not asked
    known = {"budget": {"seconds": 14}, "validator": {"name": "train"}, "space": FROM_SCRATCH}
    assert precisions(tmp_path / "seconds", **known)[0] == "bfloat16"
    assert asked and "bfloat16" in used


@pytest.mark.slow
def test_what_choosing_the_means_takes_is_taken_off_the_final(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hand: list[float]
) -> None:
    real = Means.of_final

    def slow(self: Means, *args: Any, **known: Any) -> Options:
        hand[0] += 5
        return real(self, *args, **known)

    monkeypatch.setattr(Means, "of_final", slow)
    known = {"budget": {"seconds": 14}, "validator": {"name": "train"}, "space": FROM_SCRATCH}
    genas.design(GOAL, out=tmp_path, executor="serial:threads=1", **{**KNOWN, **known})
    event = Ledger(tmp_path / "ledger.jsonl", follow=True).find("final 0")
    assert event is not None and event["clock"] > 5
    assert 1 < event["each"] < 14 - event["clock"]


def test_a_precision_that_there_is_not_is_refused(tmp_path: Path) -> None:
    wrong = {"name": "train", "options": {"precision": "fp16"}}
    with pytest.raises(RequestError, match="float32, bfloat16 or auto"):
        genas.design(GOAL, out=tmp_path, **{**KNOWN, "validator": wrong})


@pytest.mark.slow
@pytest.mark.usefixtures("hand")
def test_the_leaders_weights_go_on_in_a_finer_network_also_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(_space: ConvNetSpace, arch: Architecture) -> Architecture:
        act = "silu" if "relu" in arch.ops else "relu"
        return replace(arch, ops=tuple(act if op in {"relu", "silu"} else op for op in arch.ops))

    real, steps = Training._step, []

    def stopping(training: Training, *args: float) -> None:
        if training._leg["name"] == "final 1":
            if len(steps) == 5:
                training.save()
                raise KeyboardInterrupt
            steps.append(training.steps)
        real(training, *args)

    def events() -> dict[str, Event]:
        lines = map(json.loads, (tmp_path / "ledger.jsonl").read_text().splitlines())
        return {event["id"]: event for event in lines if "id" in event}

    monkeypatch.setattr(ConvNetSpace, "finer", other)
    monkeypatch.setattr("genas.run.finer._ENOUGH", 1)
    monkeypatch.setattr("genas.run.finer._PASSES", 0)
    twice = {"name": "train", "options": {"seeds": 2}}
    known = {**KNOWN, "budget": {"seconds": 20}, "validator": twice, "space": FROM_SCRATCH}
    with monkeypatch.context() as stop, pytest.raises(KeyboardInterrupt):
        stop.setattr(Training, "_step", stopping)
        genas.design(GOAL, out=tmp_path, executor="serial:threads=1", **known)
    assert steps == [0, 1, 2, 3, 4]
    before = events()
    report = genas.design(GOAL, out=tmp_path, executor="serial:threads=1", **known)
    after = events()
    assert all(after[name] == event for name, event in before.items()), "what was decided is kept"
    leader, heir = after["finalists"]["entrants"]
    assert heir["parent"] == leader["key"]
    assert after["final 1"]["each"] > 2 * after["final 0"]["each"]
    rungs = [e["measurement"]["value"] for name, e in after.items() if name.startswith(f"race {leader['key']} 0 rung")]
    final = after[f"race {heir['key']} 0 final 1"]["measurement"]
    assert min([*final["curve"], final["value"]]) > max(rungs) - 0.1, "it starts from what was learned"
    assert report.winner is not None and report.winner.candidate.key in {leader["key"], heir["key"]}
    line = [leader] if report.winner.candidate.key == leader["key"] else [leader, heir]
    again = {f"race {entrant['key']} 1 again" for entrant in line}
    assert {name for name in after if name.endswith(" 1 again")} == again, "an heir's leader is trained again first"
    assert {m.seed for m in report.winner.all("test_accuracy")} == {0, 1}


@pytest.mark.parametrize(("rate", "seconds", "found"), [(3e3, 10.0, False), (1e6, 10.0, True)])
def test_a_finer_look_is_had_where_there_is_time_for_it(
    tmp_path: Path, rate: float, seconds: float, found: bool
) -> None:
    space, task = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
    request = Request("x", Use("digits"), Use("conv_net"), scorers=(Use("params"),), validator=Use("train"))
    ledger, executor = Ledger(tmp_path / "ledger.jsonl"), registry.create("executors", "serial")
    context = context_of(request, ledger, "cpu")
    lab = Laboratory(request, Book("accuracy", "max", (), ()), context, executor)
    validator = registry.create("validators", "train", space=space, task=task, ledger=ledger)
    means = Means(Schedule("seconds", (), 10.0), Trainer(space, task, validator, "cpu", None), executor)
    opening = Opening(request, space, task, lab, proposers=Mix({}))
    leader = Candidate(space.from_text("full stem8 s2 relu mean | plain k3 d1 w8"), "test")
    lab.book.keep(Trial(leader))
    made = heirs({leader.key: rate}, seconds, opening, lab, means)
    assert set(made) == ({leader.key} if found else set())
    for heir in made.values():
        assert space.to_text(heir.candidate.arch).startswith("full stem8 s1")
        assert heir.candidate.parents == (leader.key,) and joined(heir.candidate, lab)
    assert [opening.asks(count, hurried=True) for count in (1, 8, 11, 12)] == [False, False, False, True]
    assert [opening.asks(count, hurried=False) for count in (1, 2)] == [False, True]


def test_a_network_that_was_in_the_race_before_begins_anew_as_an_heir(tmp_path: Path) -> None:
    space, task = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
    ledger = Ledger(tmp_path / "ledger.jsonl")
    validator = registry.create("validators", "train", space=space, task=task, ledger=ledger)
    one, other = (
        Candidate(space.from_text(f"full stem8 {stride} relu mean | plain k3 d1 w8"), "test") for stride in ("s1", "s2")
    )
    first, second, last = (Leg(name, examples=256) for name in ("rung0", "rung1", "final 1"))

    def seen(trainer: Trainer, candidate: Candidate, legs: tuple[Leg, ...], parent: str = "") -> int:
        result = trainer.run(Course(candidate, 0, legs, parent, 1.0))
        assert isinstance(result, Result)
        return result.examples

    for store in (None, tmp_path / "store"):
        trainer = Trainer(space, task, validator, "cpu", store)
        assert seen(trainer, one, (first,)) == seen(trainer, other, (first,)) == 256
        assert seen(trainer, other, (first, second)) == 512
        parent = f"{other.key}-0-rung1"
        assert seen(trainer, one, (last,), parent) == 256, "what it did by itself is not counted"
        again = trainer if store is None else Trainer(space, task, validator, "cpu", store)
        assert seen(again, one, (last,), parent) == 256


def test_other_seeds_are_trained_when_the_answer_is_safe(tmp_path: Path) -> None:
    known = {**KNOWN, "budget": {"trials": 1}}
    known["validator"] = {"name": "train", "options": {"epochs": 2, "examples": 300, "seeds": 3}}
    report = genas.design(GOAL, out=tmp_path, **known)
    assert report.winner is not None
    assert {m.seed for m in report.winner.all("test_accuracy")} == {0, 1, 2}
    assert all(m.examples == 360 for m in report.winner.all("test_accuracy"))


def test_several_objectives_end_with_a_front(tmp_path: Path) -> None:
    known = {**KNOWN, "objectives": [{"metric": "accuracy"}, {"metric": "params", "goal": "min"}]}
    report = genas.design(GOAL, out=tmp_path, **known)
    tested = [t for t in report.trials if t.value("test_accuracy") is not None]
    assert report.winner in tested
    points = [(t.value("accuracy"), t.value("params")) for t in tested if t in report.front]
    assert all(not (a >= b and p <= q and (a, p) != (b, q)) for a, p in points for b, q in points)


@pytest.mark.slow
def test_ten_epochs_read_sign_language_well(tmp_path: Path) -> None:
    """The bar that holds the whole together: counted in epochs, under a minute of one core.

    The limit on FLOPs keeps out networks that a budget counted in trials would wait for.
    """
    path = assets.data("images/sign_digits.parquet")
    report = genas.design(
        f"A classifier for the images in {path} with at most 100k parameters and 20 MFLOPs, from scratch",
        out=tmp_path, budget={"trials": 3}, scorers=["params", "flops"], proposers=["uniform"], device="cpu",
        validator={"name": "train", "options": {"epochs": 10}},
    )  # fmt: skip
    assert report.winner is not None
    assert report.winner.value("params") <= 100_000
    assert report.winner.value("test_accuracy") >= 0.93
