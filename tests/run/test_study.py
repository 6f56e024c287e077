"""A search for what somebody measures: what is measured, counted, kept, and that a stop anywhere changes nothing."""

import doctest
import math
import operator

import pytest
import tiny_space
import torch
from tiny_table import Edges, TinySpace, TinyTable, tiny_worth

import genas
from genas.core import registry
from genas.core.errors import PluginError, RequestError, ScoreFailed
from genas.core.progress import Silence
from genas.core.records import Use

TWO = (genas.Objective("worth"), genas.Objective("size", "min"))


@pytest.fixture(autouse=True)
def _own_plugins(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})
    monkeypatch.setattr(registry, "_MADE", {})


worth = tiny_worth


def both(candidate):
    return {"worth": worth(candidate), "size": len(candidate.arch.edges)}


def figures(study):
    return [(trial.candidate, trial.measurements, trial.failure) for trial in study.trials]


def test_a_study_finds_what_an_own_function_likes_in_an_own_space():
    study = genas.Study(TinySpace, worth, refiner="local_search", trials=40)
    best = study.run()
    assert study.measured == 40 == len({trial.candidate.key for trial in study.trials})
    assert best == study.best == max(study.trials, key=lambda trial: trial.value("objective"))
    assert best.value("objective") == worth(best.candidate) > worth(study.trials[0].candidate)


def test_asking_and_telling_is_what_a_run_does():
    run = genas.Study(TinySpace(), worth, refiner="local_search", trials=12, seed=3)
    run.run()
    study = genas.Study(TinySpace(), refiner="local_search", seed=3)
    while study.measured < 12:
        for candidate in study.ask():
            study.tell(candidate, worth(candidate))
    assert figures(study) == figures(run)


@pytest.mark.parametrize("refiner", ["local_search", "regularized_evolution", "auto"])
def test_a_stopped_study_goes_on_and_measures_nothing_twice(tmp_path, refiner):
    known = {"refiner": refiner, "trials": 12, "seed": 1}
    undisturbed = genas.Study(TinySpace(), worth, **known)
    undisturbed.run()
    calls = []

    def breaking(candidate):
        calls.append(candidate.key)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return worth(candidate)

    study = genas.Study(TinySpace(), breaking, out=tmp_path, **known)
    with pytest.raises(KeyboardInterrupt):
        study.run()
    study.close()
    assert study.measured == 5 and [c.key for c in study.pending] == calls[-1:]
    again = genas.Study(TinySpace(), breaking, out=tmp_path, **known)
    assert figures(again) == figures(study)
    again.run()
    assert figures(again) == figures(undisturbed)
    assert sorted(calls) == sorted([*(t.candidate.key for t in undisturbed.trials), calls[5]])


def test_a_measurement_whose_telling_was_cut_off_is_not_made_again(tmp_path):
    study = genas.Study(TinySpace(), worth, refiner="local_search", out=tmp_path, trials=3)
    study.run()
    study.close()
    ledger = tmp_path / "ledger.jsonl"
    lines = ledger.read_text().splitlines(keepends=True)
    assert '"kind":"told"' in lines[-1]
    ledger.write_text("".join(lines[:-1]))
    again = genas.Study(TinySpace(), refiner="local_search", out=tmp_path)
    assert again.measured == 2 and len(again.pending) == 1
    again.objective = lambda _: pytest.fail("it was measured before")
    again.run(3)
    assert figures(again) == figures(study)


def test_more_trials_go_on_with_the_same_study(tmp_path):
    genas.Study(TinySpace(), worth, refiner="local_search", out=tmp_path, trials=4).close()
    with genas.Study(TinySpace(), worth, refiner="local_search", out=tmp_path, trials=9) as study:
        study.run()
        assert study.measured == 9


def test_what_breaks_a_limit_of_a_scorer_is_not_measured_and_costs_no_trial():
    measured = []

    def objective(candidate):
        measured.append(candidate)
        return len(measured)

    task = genas.Use("described", {"input_shape": [1, 8, 8], "outputs": 10})
    limit = genas.Constraint("params", at_most=300_000)
    study = genas.Study("nasbench201", objective, task=task, limits=[limit], refiner="uniform", trials=5)
    study.run()
    assert len(measured) == study.measured == 5
    assert all(t.value("params") <= 300_000 for t in study.trials if t.candidate in measured)
    assert any("breaks params <= 300000" in (t.failure or "") for t in study.trials)
    assert study.best.value("params") <= 300_000


def test_a_limit_on_what_is_measured_fails_the_trial_and_keeps_it_off_the_front():
    limit = genas.Constraint("size", at_most=3)
    study = genas.Study(TinySpace(), both, objectives=TWO, limits=[limit], refiner="nsga2", trials=20)
    study.run()
    assert study.measured == 20 and any("breaks size <= 3" in (t.failure or "") for t in study.trials)
    assert study.front and all(t.value("size") <= 3 for t in study.front)


def test_several_objectives_end_with_a_front():
    study = genas.Study(TinySpace(), both, objectives=TWO, refiner="nsga2", trials=25)
    study.run()
    points = [(t.value("worth"), t.value("size")) for t in study.front]
    assert len(points) > 1 and points == sorted(points, reverse=True)
    assert all(not (a >= b and p <= q and (a, p) != (b, q)) for a, p in points for b, q in points)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, ScoreFailed("it diverged")])
def test_what_has_no_value_is_a_failed_trial(wrong):
    def objective(candidate):
        if isinstance(wrong, ScoreFailed):
            raise wrong
        return wrong

    study = genas.Study(TinySpace(), objective, refiner="local_search", trials=3)
    assert study.run() is None
    assert study.measured == 3 and all(trial.failure for trial in study.trials)


def test_an_error_of_the_function_is_shown_and_the_study_can_go_on(tmp_path):
    study = genas.Study(TinySpace(), lambda _: operator.truediv(1, 0), refiner="local_search", trials=3, out=tmp_path)
    with pytest.raises(ZeroDivisionError):
        study.run()
    study.objective = worth
    study.run()
    assert study.measured == 3


def test_a_table_answers_where_there_is_no_function():
    study = genas.Study(TinySpace(), task=TinyTable, refiner="local_search", trials=10)
    best = study.run()
    assert best.value("accuracy") == tiny_space.accuracy(best.candidate.arch)


def test_workers_measure_several_at_a_time_with_the_same_answer():
    serial, threads, processes = (
        genas.Study(TinySpace(), tiny_worth, refiner="uniform", trials=6, executor=executor)
        for executor in ("serial", "threads:2", "processes:2")
    )
    for study in (serial, threads, processes):
        study.run()
    assert figures(serial) == figures(threads) == figures(processes)


def test_an_architecture_of_ones_own_can_be_told_of():
    study = genas.Study(TinySpace(), refiner="local_search")
    trial = study.tell(TinySpace().to_text(genas.Architecture("tiny", ("in", "a", "out"), ((0, 1), (1, 2)))), 0.5)
    assert trial.candidate.origin == "given" and study.best == trial
    with pytest.raises(RequestError, match="told of before"):
        study.tell(trial.candidate, 0.6)
    assert study.tell(study.ask()[0], failure="out of memory").failure == "out of memory"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"trials": 0}, "whole number from 1"),
        ({"limits": [genas.Constraint("params", at_most=9)]}, "without a task: name the task"),
        ({"limits": [genas.Constraint("blorps", at_most=9)], "task": "digits"}, "No scorer measures blorps"),
        ({"refiner": "blorp"}, "blorp"),
        ({"refiner": Use("local_search", {"steps": 3})}, "has no option 'steps'"),
        ({"objectives": [genas.Objective("a"), genas.Objective("a")]}, "each metric once"),
        ({"device": ""}, "device"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(known, text):
    with pytest.raises(RequestError, match=text):
        genas.Study(TinySpace(), worth, **known)


def test_figures_that_are_not_those_wanted_are_refused():
    study = genas.Study(TinySpace(), lambda _: {"worth": 1.0}, objectives=TWO, refiner="nsga2", trials=2)
    with pytest.raises(RequestError, match="Measure worth, size, no more and no less; not worth"):
        study.run()
    with pytest.raises(RequestError, match="either a value or a failure"):
        study.tell(study.pending[0])
    with pytest.raises(RequestError, match="no objective"):
        genas.Study(TinySpace()).run()


def test_the_folder_of_another_study_is_refused(tmp_path):
    genas.Study(TinySpace(), worth, refiner="local_search", out=tmp_path).close()
    with pytest.raises(RequestError, match="belongs to another request"):
        genas.Study(TinySpace(), worth, refiner="local_search", out=tmp_path, seed=5)


def test_a_refiner_that_has_changed_is_said(tmp_path, monkeypatch):
    with genas.Study(TinySpace(), worth, refiner="uniform", out=tmp_path, trials=3) as study:
        study.run()

    uniform = registry.load("proposers", "uniform")
    ask = uniform.ask
    monkeypatch.setattr(uniform, "ask", lambda self, n: ask(self, n + 1)[1:])
    with pytest.raises(RequestError, match="proposes other candidates than when"):
        genas.Study(TinySpace(), worth, refiner="uniform", out=tmp_path)


def test_classes_and_instances_stand_for_names_in_every_verb():
    known = {"proposers": ["uniform"], "scorers": [Edges, "table"], "validator": "table"}
    trials = genas.propose("anything", 2, space=TinySpace(), task=TinyTable(), **known)
    assert len(trials) == 2 and {trial.candidate.arch.space for trial in trials} == {"tiny"}
    own = registry.create("spaces", "nasbench201")
    with pytest.raises(PluginError, match=r"name it, with its options, as Use\('nasbench201'"):
        genas.propose("anything", 2, space=own, task="digits")


def test_the_example_in_the_docstring_runs_as_written():
    (found, *_) = doctest.DocTestFinder(recurse=False).find(genas.Study, "Study", globs={})
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0


def test_a_candidate_can_be_built_and_written_as_text():
    (trial,) = genas.propose("digits, at most 20k parameters", 1, proposers=["uniform"], scorers=["params"])
    network = trial.candidate.build("digits")
    alike = trial.candidate.build(registry.create("tasks", "digits"))
    assert all(map(torch.equal, network.parameters(), alike.parameters()))
    assert sum(p.numel() for p in network.parameters()) == trial.value("params")
    again = registry.create("spaces", trial.candidate.arch.space).from_text(trial.candidate.text)
    assert again.key == trial.candidate.key


def test_a_refiner_of_partial_trainings_is_refused():
    with pytest.raises(RequestError, match="hyperband asks for parts of trainings"):
        genas.Study("nasbench201", lambda _: 1.0, refiner="hyperband").ask(4)


def test_the_end_of_a_space_is_said():
    notes = []

    class Heard(Silence):
        def note(self, text):
            notes.append(text)

    study = genas.Study(TinySpace, worth, refiner="grid", trials=10_000, progress=Heard())
    study.run()
    assert notes == [f"grid has nothing new to propose after {study.measured} of 10000 trials."]


def test_an_instance_without_a_name_is_called_as_its_class():
    class Nameless(TinySpace):
        name = ""

    study = genas.Study(Nameless(), worth, refiner="uniform", trials=2)
    assert study.run().candidate.arch.space == study.request.space.name == "Nameless"
