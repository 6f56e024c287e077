"""Short training from the parent's weights: better at once than fresh, repeatable, and resumed to the same end."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genas.core import registry, wire
from genas.core.building import build
from genas.core.ledger import Ledger
from genas.core.meter import Meter
from genas.core.records import Architecture, Candidate, Measurement, Use
from genas.training.judging import judge

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
USE = Use("inherited_train", {"epochs": 8, "of": 80, "examples": 600})
PARENT = SPACE.from_text("full stem8 s1 relu mean | residual k3 d1 w8 | residual k3 d1 w16")
CHILD = SPACE.from_text("full stem8 s1 relu mean | residual k3 d2 w12 | residual k3 d1 w16")
GRANDCHILD = SPACE.from_text("full stem12 s1 relu mean | residual k3 d2 w16 | residual k3 d2 w24")
STRANGER = SPACE.from_text("full stem4 s1 relu mean | separable k3 d1 w8 | plain k3 d1 w8")


def announce(ledger: Ledger, arch: Architecture, *parents: Architecture) -> None:
    candidate = Candidate(arch, "nash", tuple(p.key for p in parents), "grown")
    event = {"kind": "candidate", "id": f"candidate {arch.key}", "key": arch.key}
    ledger.append({**event, "candidate": wire.to_data(candidate)})


def made(ledger: Ledger):
    return registry.create("scorers", USE, space=SPACE, task=TASK, ledger=ledger, device="cpu")


def line(ledger: Ledger) -> list[Measurement]:
    """A parent, its child and its grandchild, measured as a run does."""
    for arch, *parents in ((PARENT,), (CHILD, PARENT), (GRANDCHILD, CHILD)):
        if ledger.find(f"candidate {arch.key}") is None:
            announce(ledger, arch, *parents)
    meter = Meter(made(ledger), USE, ledger)
    return [meter.measure([arch])[0] for arch in (PARENT, CHILD, GRANDCHILD)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, list[Measurement]]:
    path = tmp_path_factory.mktemp("line") / "ledger.jsonl"
    ledger = Ledger(path)
    found = line(ledger)
    ledger.close()
    return path, found


def test_a_child_starts_where_its_parent_ended(measured) -> None:
    parent, child, grandchild = measured[1]
    fresh = made(Ledger()).score(CHILD)
    assert child.curve[0] > fresh.curve[0] + 0.2
    assert child.value > fresh.value
    assert grandchild.curve[0] > child.value - 0.2
    assert grandchild.value >= child.value - 0.05
    assert (child.fidelity, len(child.curve)) == (0.1, 8)
    assert min(parent.seconds, child.seconds) > 0


def test_in_memory_it_is_the_same(measured) -> None:
    assert [m.curve for m in line(Ledger())] == [m.curve for m in measured[1]]


@pytest.mark.parametrize("gone", [0, 1, 3])
def test_a_killed_run_ends_the_same_with_weights_or_without(measured, tmp_path, gone) -> None:
    source, before = measured
    lines = source.read_text().splitlines(keepends=True)
    (tmp_path / "store").mkdir()
    (tmp_path / "ledger.jsonl").write_text("".join(lines[:-1]))  # the grandchild's measurement was not written
    kept = sorted((source.parent / "store").glob("*.safetensors"))
    assert len(kept) == 3
    order = {a.key: n for n, a in enumerate((GRANDCHILD, CHILD, PARENT))}
    for path in sorted(kept, key=lambda p: order[p.name[:16]])[gone:]:
        (tmp_path / "store" / path.name).write_bytes(path.read_bytes())
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert [m.curve for m in line(ledger)] == [m.curve for m in before]
    ledger.close()


def test_what_is_kept_are_the_weights_of_the_figure(measured) -> None:
    from safetensors.torch import load_file

    (path,) = (measured[0].parent / "store").glob(f"{CHILD.key}-0-*.safetensors")
    network = build(SPACE, CHILD, TASK, 0)
    network.load_state_dict(load_file(path))
    found = judge(network, TASK, TASK.data("val"), torch.device("cpu"))
    assert found.value == pytest.approx(measured[1][1].value)
    assert not list((measured[0].parent / "store").glob("*.part"))


def test_fresh_where_no_parent_serves() -> None:
    ledger = Ledger()
    announce(ledger, PARENT)
    announce(ledger, CHILD, PARENT)
    announce(ledger, STRANGER, PARENT)
    scorer = made(ledger)
    meter = Meter(scorer, USE, ledger)
    assert scorer.parent(CHILD) is None, "the parent was not measured"
    meter.measure([PARENT], seed=1)
    assert scorer.parent(CHILD) is None, "the parent was measured with another seed"
    assert scorer.parent(CHILD, seed=1) == PARENT
    assert scorer.parent(CHILD, seed=1, fidelity=0.5) is None, "the parent was measured at another fidelity"
    assert scorer.parent(STRANGER, seed=1) is None, "no morphism leads there"
    assert scorer.parent(PARENT, seed=1) is None
    meter.measure([CHILD], seed=1)
    assert scorer.parent(CHILD, seed=1) == PARENT, "the answer stays the same after the measurement"
