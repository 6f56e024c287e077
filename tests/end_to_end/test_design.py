"""The main job: a request becomes a trained, exported, verified network, and goes on after a kill."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from killed_run import designing

import genas
from genas.core import wire
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Report, Request
from genas.run.folders import default_folder

GOAL = "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 20k parameters, accuracy first"
SMALL = {
    "proposers": ["uniform"],
    "scorers": ["params", "flops", "synflow"],
    "validator": {"name": "train", "options": {"epochs": 4}},
    "budget": {"trials": 4},
    "device": "cpu",
}
CHEAP = ["params"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("run")
    return genas.design(GOAL, out=folder, **SMALL), folder


def measurements(folder: Path) -> list[dict[str, object]]:
    """The measurement events without their seconds, which no two runs share; by id, as workers end in any order."""
    found = [e for e in Ledger(folder / "ledger.jsonl", follow=True).read() if e["kind"] == "measurement"]
    for event in found:
        event.get("measurement", {}).pop("seconds", None)
        event.pop("clock", None)
    return sorted(found, key=lambda event: str(event["id"]))


@pytest.mark.slow
def test_winner_keeps_its_limit_on_the_exported_network(finished: tuple[Report, Path]) -> None:
    from safetensors.torch import load_file

    report, folder = finished
    assert report.winner is not None
    weights = load_file(folder / "winner" / "weights.safetensors")
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    assert sum(w.numel() for name, w in weights.items() if not name.endswith(buffers)) < 20_000
    assert report.winner.value("params") < 20_000
    assert len(report.winner.all("test_accuracy")) == 1
    assert report.winner.value("test_accuracy") > 0.5  # chance is 0.1; four epochs are few


def test_hand_made_networks_run_in_the_race_with_the_others(finished: tuple[Report, Path]) -> None:
    report, _ = finished
    trained = [t for t in report.trials if t.value("accuracy") is not None]
    assert {"reference", "uniform"} <= {t.candidate.origin for t in trained}
    assert len(trained) == 4 and all(t.value("params") < 20_000 for t in trained)
    assert [t for t in trained if t.value("test_accuracy") is not None] == [report.winner]
    assert list(report.references) == [t for t in report.trials if t.candidate.origin == "reference"]


def test_the_winner_had_most_of_the_training(finished: tuple[Report, Path]) -> None:
    _, folder = finished
    seen: dict[str, int] = {}
    for event in measurements(folder):
        if event["scorer"] == "race":
            seen[str(event["key"])] = max(seen.get(str(event["key"]), 0), int(str(event["seen"])))
    assert max(seen.values()) >= 0.55 * sum(seen.values())


def test_a_network_that_left_keeps_what_it_learned(finished: tuple[Report, Path]) -> None:
    report, folder = finished
    for trial in report.trials:
        if trial.value("accuracy") is not None:
            assert list((folder / "store").glob(f"{trial.candidate.key}-0-*.safetensors"))


def test_run_folder_is_whole(finished: tuple[Report, Path]) -> None:
    report, folder = finished
    for name in ("report.html", "report.json", "ledger.jsonl", "winner/model.py", "winner/model.onnx"):
        assert (folder / name).stat().st_size > 200, name
    assert wire.from_data(Report, json.loads((folder / "report.json").read_text())) == report


@pytest.mark.slow
def test_same_request_and_seed_same_ledger(finished: tuple[Report, Path], tmp_path: Path) -> None:
    _, folder = finished
    genas.design(GOAL, out=tmp_path, **SMALL)
    assert measurements(tmp_path) == measurements(folder)


def test_resume_measures_nothing_twice(finished: tuple[Report, Path]) -> None:
    report, folder = finished
    before = (folder / "ledger.jsonl").read_bytes()
    again = genas.design(GOAL, out=folder, **SMALL)
    assert (folder / "ledger.jsonl").read_bytes() == before
    assert again == report


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_run_killed_anywhere_ends_the_same(finished: tuple[Report, Path], tmp_path: Path, share: float) -> None:
    """Kill -9 when a share of the events is written; with half a line at the end, as a kill may leave it."""
    report, folder = finished
    goal_lines = int(len((folder / "ledger.jsonl").read_text().splitlines()) * share)
    ledger = tmp_path / "ledger.jsonl"
    with designing(GOAL, tmp_path, **SMALL) as process:
        deadline = time.monotonic() + 240
        while not ledger.is_file() or len(ledger.read_bytes().splitlines()) < goal_lines:
            assert process.is_alive() and time.monotonic() < deadline, "the run ended before it could be killed"
            time.sleep(0.01)
    with ledger.open("ab") as file:
        file.write(b'{"kind":"measurement","id":"score')
    again = genas.design(GOAL, out=tmp_path, **SMALL)
    events = measurements(tmp_path)
    assert len({e["id"] for e in events}) == len(events)
    assert events == measurements(folder)
    assert again.winner.candidate == report.winner.candidate
    assert again.winner.value("test_accuracy") == report.winner.value("test_accuracy")


def test_another_request_may_not_go_on_in_the_same_folder(finished: tuple[Report, Path]) -> None:
    _, folder = finished
    with pytest.raises(RequestError, match="belongs to another request"):
        genas.design(GOAL.replace("20k", "30k"), out=folder, **SMALL)


def test_a_race_that_was_refused_keeps_no_folder(tmp_path: Path) -> None:
    known = {**SMALL, "budget": {"seconds": 1}}
    with pytest.raises(RequestError, match="Write a budget of at least"):
        genas.design(GOAL, out=tmp_path, **known)
    report = genas.design(GOAL, out=tmp_path, **{**SMALL, "budget": {"trials": 1}})
    assert report.winner is not None and report.request.budget.trials == 1
    with pytest.raises(RequestError, match="belongs to another request"):
        genas.design(GOAL, out=tmp_path, **known)


def test_impossible_limit_says_what_broke() -> None:
    with pytest.raises(RequestError, match="keeps the limits"):
        genas.propose(GOAL.replace("20k", "100"), 5, **SMALL)


@pytest.mark.parametrize("seed", range(3))
def test_a_limit_that_hardly_any_network_keeps_is_walked_to(seed: int) -> None:
    known = {**SMALL, "scorers": CHEAP, "constraints": [{"metric": "params", "at_most": 300}], "seed": seed}
    trials = genas.propose(GOAL, 2, **known)
    assert len(trials) == 2 and all(t.value("params") <= 300 for t in trials)
    assert {t.candidate.origin for t in trials} == {"neighbors"}


def test_of_an_impossible_limit_the_nearest_is_told() -> None:
    known = {**SMALL, "scorers": CHEAP, "constraints": [{"metric": "params", "at_most": 10}]}
    with pytest.raises(RequestError, match=r"The nearest: params 1[0-9]{2} breaks params <= 10"):
        genas.propose(GOAL, 2, **known)


def test_known_fields_win_over_a_request_that_was_read_before() -> None:
    request = genas.interpret(GOAL, scorers=CHEAP)
    trials = genas.propose(request, 2, seed=5, constraints=[{"metric": "params", "at_most": 3000}])
    assert all(t.value("params") <= 3000 for t in trials)
    with pytest.raises(RequestError, match="no key 'sead'"):
        genas.propose(request, 2, sead=5)


def test_a_misspelt_refiner_is_looked_for_among_refiners() -> None:
    with pytest.raises(RequestError, match=r"among the refiners. Did you mean .*regularized_evolution"):
        genas.propose(GOAL, 2, **{**SMALL, "refiners": ["regularised_evolution"]})


def test_proposals_are_scored_and_within_limits() -> None:
    trials = genas.propose(GOAL, 7, **SMALL)
    assert len(trials) == 7
    assert all(t.failure is None and t.value("params") < 20_000 for t in trials)
    assert all(isinstance(t.candidate.arch, Architecture) and t.value("synflow") is not None for t in trials)


def test_interpret_gives_a_full_request() -> None:
    request = genas.interpret(GOAL)
    assert isinstance(request, Request)
    assert request.task.name == "digits" and request.space.name == "conv_net"
    assert request.constraints[0].holds(19_999) and not request.constraints[0].holds(20_000)
    assert wire.from_data(Request, wire.to_data(request)) == request


def test_a_chat_model_that_only_fails_costs_nothing_but_its_candidates(tmp_path: Path) -> None:
    """Replay knows no reply to any prompt: every call fails, each failure is in the ledger, and the run is finished."""
    (tmp_path / "replies.jsonl").write_text("")
    llm = {"name": "llm", "options": {"model": "replay", "model_options": {"path": str(tmp_path / "replies.jsonl")}}}
    report = genas.design(
        GOAL, out=tmp_path / "run", **{**SMALL, "proposers": ["uniform", llm], "budget": {"trials": 2}}
    )
    assert report.winner is not None and report.winner.candidate.origin != "llm"
    events = [json.loads(line) for line in (tmp_path / "run" / "ledger.jsonl").read_text().splitlines()]
    failures = [e for e in events if e["kind"] == "completion"]
    assert failures and all("failure" in e for e in failures)


def test_tokens_of_the_budget_are_shared_out_among_chat_models(tmp_path: Path) -> None:
    from genas.core.ledger import Ledger
    from genas.run.designer import Designer

    local = {"model": "local"}
    request = genas.interpret(
        "digits under 20k parameters, at most 900 LLM tokens",
        proposers=["uniform", {"name": "llm", "options": local}],
        refiners=[{"name": "navigator", "options": local}],
    )
    assert request.budget.llm_tokens == 900
    designer = Designer(request, Ledger())
    sources = {**designer.proposers.sources, **designer.refiners.sources}
    assert [sources[name].dialogue.access.tokens for name in ("llm", "navigator")] == [450, 450]


@pytest.mark.slow
@pytest.mark.usefixtures("hand")
def test_a_budget_in_seconds_finds_a_winner(tmp_path: Path) -> None:
    kept = ["params", "train_ms"]
    report = genas.design(GOAL, out=tmp_path, proposers=["uniform"], scorers=kept, budget={"seconds": 25}, device="cpu")
    # Chance is 0.1. How many steps of the 625 that this clock allows a network gets follows from how fast it is here.
    assert report.winner is not None and report.winner.value("test_accuracy") > 0.6
    assert sum(t.value("accuracy") is not None for t in report.trials) >= 2
    again = genas.design(GOAL, out=tmp_path, proposers=["uniform"], scorers=kept, budget={"seconds": 25}, device="cpu")
    assert again.winner == report.winner


@pytest.mark.parametrize(
    "data",
    [
        {"modality": "image", "input_shape": [3, 32, 32], "outputs": 10},
        {"modality": "tabular", "input_shape": [30], "outputs": 2},
        {"modality": "graph", "input_shape": [50], "outputs": 4},
    ],
)
def test_data_that_are_only_described_can_be_proposed_for_and_not_trained(
    data: dict[str, object], tmp_path: Path
) -> None:
    known = {"task": {"name": "described", "options": data}, "proposers": ["uniform"], "budget": {"seconds": 60}}
    trials = genas.propose("at most 1M parameters", 3, **known)
    assert len(trials) == 3 and all(0 < t.value("params") <= 1e6 for t in trials)
    assert all(t.value("params") for t in genas.score("at most 1M parameters", [trials[0].candidate.arch], **known))
    with pytest.raises(RequestError, match=r"only described.*genas propose"):
        genas.design("at most 1M parameters", out=tmp_path, **known)


def test_two_runs_of_one_second_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda _: "20260101-000000")
    first = default_folder(GOAL)
    first.mkdir(parents=True)
    assert default_folder(GOAL).name == f"{first.name}-2"
