from pathlib import Path

import pytest
import torch
from written_ledger import write_ledger

from genas.core import wire
from genas.core.errors import LedgerCorrupt, RequestError
from genas.core.examples import Example, examples, quantiles
from genas.core.records import Architecture, Candidate, Measurement, Use
from genas.core.registry import create, names
from genas.core.rng import rng
from genas.learners._fit import fit, fit_examples

SPACE = create("spaces", "nasbench201")


def cells(n):
    draw = rng(3, "cells")
    return list({a.key: a for a in (SPACE.sample(draw) for _ in range(2 * n))}.values())[:n]


def measured(key, value, *, scorer="short_train", fidelity=1.0, seed=0, verb="score", metric="accuracy"):
    record = wire.to_data(Measurement(metric, value, 1.0, fidelity, seed))
    name = f'{verb} ["{scorer}", {{}}] {key} {fidelity:g} {seed} 0'
    return {"kind": "measurement", "id": name, "key": key, "scorer": scorer, "measurement": record}


def write(path: Path, archs, measurements, *, task=None, tail=""):
    events = [{"kind": "request", "id": "request", "request": {"task": wire.to_data(task or Use("digits"))}}]
    events += [proposed(Candidate(a, "uniform")) for a in archs]
    return str(write_ledger(path, events + measurements, tail))


def proposed(candidate):
    key = candidate.key
    return {"kind": "candidate", "id": f"candidate {key}", "key": key, "candidate": wire.to_data(candidate)}


def test_a_ledger_gives_the_mean_over_seeds_of_its_commonest_scorer_and_never_a_test_figure(tmp_path):
    a, b, c = cells(3)
    events = [measured(x.key, v) for x, v in ((a, 0.5), (b, 0.6), (c, 0.7))]
    events += [
        measured(a.key, 0.7, seed=1),
        measured(c.key, 0.9, scorer="train"),  # fewer architectures: not comparable, left out
        measured(c.key, 0.99, verb="test"),
        measured(b.key, 123.0, metric="params", scorer="params"),
        {"kind": "measurement", "id": "score x", "key": b.key, "scorer": "short_train", "failure": "broke"},
    ]
    use = Use("nasbench201", {"dataset": "cifar100"})
    path = write(tmp_path / "run" / "ledger.jsonl", [a, b, c], events, task=use, tail='{"unfin')
    found = examples(SPACE, [str(tmp_path / "run")])
    assert found == [
        Example(a, str(use), pytest.approx(0.6), path, {}, use),
        Example(b, str(use), 0.6, path, {"params": 123.0}, use),
        Example(c, str(use), 0.7, path, {}, use),
    ]


def test_parameters_come_from_the_ledger_or_are_counted(tmp_path, bench_data):
    a, b = cells(2)
    events = [measured(a.key, 0.5), measured(b.key, 0.6), measured(a.key, 77.0, metric="params", scorer="params")]
    task = Use("nasbench201", {"dataset": "cifar100"})
    found = examples(SPACE, [write(tmp_path / "x.jsonl", [a, b], events, task=task)], count=True)
    assert [e.costs["params"] for e in found] == [77.0, create("tasks", task).lookup(b, "params").value]
    assert found[0].costs["flops"] > 1e6


def test_ties_between_groups_go_to_the_higher_fidelity(tmp_path):
    (a,) = cells(1)
    events = [measured(a.key, 0.9, fidelity=1.0), measured(a.key, 0.5, fidelity=0.2)]
    assert examples(SPACE, [write(tmp_path / "x.jsonl", [a], events)])[0].merit == 0.9


def test_the_same_architecture_in_two_ledgers_of_a_task_counts_once_with_its_best_figure(tmp_path):
    a, b = cells(2)
    one = write(tmp_path / "1.jsonl", [a], [measured(a.key, 0.5)])
    two = write(tmp_path / "2.jsonl", [a, b], [measured(a.key, 0.8), measured(b.key, 0.9)])
    assert [e.merit for e in examples(SPACE, [one, two])] == [0.8, 0.9]
    three = write(tmp_path / "3.jsonl", cells(3), [measured(x.key, 0.1) for x in cells(3)])
    assert [e.merit for e in examples(SPACE, [one, two, three])] == [0.8, 0.9, 0.1]


def test_of_a_race_the_first_rung_counts_and_of_several_recipes_the_best(tmp_path):
    a, b = cells(2)
    raced = [Candidate(x, "uniform", recipe={"batch_size": size}) for x, size in ((a, 32), (a, 64), (b, 32))]
    events = [proposed(candidate) for candidate in raced]
    events += [measured(c.key, v, scorer="race", fidelity=0.1) for c, v in zip(raced, (0.3, 0.6, 0.5), strict=True)]
    events += [measured(raced[2].key, 0.9, scorer="race"), measured(raced[2].key, 0.95, scorer="test", verb="test")]
    path = write(tmp_path / "ledger.jsonl", [], events)
    assert [(e.arch, e.merit) for e in examples(SPACE, [path])] == [(a, 0.6), (b, 0.5)]


def test_bad_sources_say_what_is_wrong(tmp_path):
    with pytest.raises(RequestError, match="does not exist; name a ledger, a run folder or table:<task>"):
        examples(SPACE, [str(tmp_path / "none.jsonl")])
    with pytest.raises(RequestError, match="adds no measured"):
        examples(SPACE, [write(tmp_path / "empty.jsonl", cells(2), [])])
    (tmp_path / "bad.jsonl").write_text('{"kind": "request"\n')
    with pytest.raises(LedgerCorrupt, match="Line 1"):
        examples(SPACE, [str(tmp_path / "bad.jsonl")])
    with pytest.raises(RequestError, match="write 1000=VALUE"):
        examples(SPACE, ["table:nasbench201:1000"])


def test_a_table_gives_distinct_architectures_and_the_same_ones_again(bench_data):
    source = "table:nasbench201:dataset=cifar100,sample=30"
    found = examples(SPACE, [source])
    assert len({e.arch.key for e in found}) == 30
    assert found == examples(SPACE, [source])
    assert {e.task for e in found} == {"nasbench201 (dataset=cifar100)"}
    other = examples(SPACE, [source + ",seed=1"])
    assert {e.arch.key for e in other} != {e.arch.key for e in found}
    task = create("tasks", Use("nasbench201", {"dataset": "cifar100"}))
    assert found[7].merit == task.lookup(found[7].arch, "accuracy").value


def test_a_table_tells_costs_of_the_named_devices_and_less_is_better_where_the_task_says_so(bench_data):
    (one, *_) = examples(SPACE, ["table:nasbench201:sample=2,devices=pixel3+edgegpu"])
    assert sorted(one.costs) == ["energy_mj edgegpu", "latency_ms edgegpu", "latency_ms pixel3", "params"]
    task = create("tasks", Use("nasbench201", {"latency_device": "pixel3"}))
    assert one.costs["latency_ms pixel3"] == task.lookup(one.arch, "latency_ms").value
    gpt = examples(create("spaces", "gpt"), ["table:hwgpt:sample=5"])
    assert len(gpt) == 5
    assert all(e.merit < -10 for e in gpt)  # minus the perplexity


def test_quantiles_are_ranks_within_the_task():
    a = Architecture("x", ("a",), ())
    found = [Example(a, t, v, "") for t, v in (("one", 0.5), ("two", 0.1), ("one", 0.9), ("one", 0.5), ("two", 0.05))]
    assert quantiles(found) == pytest.approx([1 / 3, 0.75, 5 / 6, 1 / 3, 0.25])


def made(n=60):
    return [Example(a, "made", a.ops.count("nor_conv_3x3") / 6, "made") for a in cells(n)]


@pytest.mark.parametrize("kind", names("learners"))
def test_a_killed_fit_ends_with_the_weights_of_an_undisturbed_one(kind, tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.epoch == 11:
            raise Killed

    with pytest.raises(Killed):
        fit_examples(kind, SPACE, made(), tmp_path / "b", epochs=12, on_progress=kill)
    assert not list((tmp_path / "b").glob("*.json"))  # nothing that looks finished
    epochs = []
    fit_examples(kind, SPACE, made(), tmp_path / "b", epochs=12, on_progress=lambda p: epochs.append(p.epoch))
    assert epochs == [11, 12]
    fit_examples(kind, SPACE, made(), tmp_path / "a", epochs=12)
    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert any(f.suffix == ".safetensors" for f in files)
    assert not (tmp_path / "a" / "checkpoint.safetensors").exists()
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_the_card_says_data_command_and_limits_and_random_state_stays(tmp_path):
    state = torch.get_rng_state()
    fit_examples("gnn", SPACE, made(), tmp_path, epochs=1, seed=4, sources=["runs/x"])
    assert torch.equal(state, torch.get_rng_state())
    card = (tmp_path / "README.md").read_text()
    assert "genas fit gnn nasbench201 runs/x --epochs 1 --seed 4" in card
    assert "| made | made | 60 |" in card
    assert "nor_conv_3x3 " in card
    assert "license: apache-2.0" in card


def test_too_few_examples_and_unknown_learners_are_refused(tmp_path):
    with pytest.raises(RequestError, match="19 usable"):
        fit_examples("gnn", SPACE, made(19), tmp_path)
    with pytest.raises(RequestError, match=r"no 'gan' among the learners. Did you mean gnn"):
        fit("gan", Use("nasbench201"), [])


def test_importing_fit_does_not_import_torch():
    import subprocess
    import sys

    code = "import sys, genas.learners._fit; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
