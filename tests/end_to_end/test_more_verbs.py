"""Any trained network of a run can be exported or trained further; the winner with several seeds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file
from typer.testing import CliRunner

from genas import api
from genas.core import wire
from genas.core.errors import GenasError, RequestError
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Candidate, Measurement, Report
from genas.faces.cli import app
from genas.reporting.outcome import short
from genas.spaces.conv_net import ConvNetSpace

GOAL = "A classifier for 8x8 grayscale handwritten digits under 20k parameters"
TINY = {
    "proposers": ["uniform"],
    "validator": {"name": "train", "options": {"epochs": 3}},
    "budget": {"trials": 3},
    "device": "cpu",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("run") / "run"
    return api.design(GOAL, out=folder, executor="serial", **TINY), folder  # type: ignore[arg-type]


@pytest.fixture
def run(finished: tuple[Report, Path], tmp_path: Path) -> tuple[str, Path]:
    """The key of a network that lost, and a copy of the run."""
    report, folder = finished
    assert report.winner is not None
    shutil.copytree(folder, tmp_path / "run")
    loser = next(t for t in report.trials if t.failure is None and t.candidate.key != report.winner.candidate.key)
    return loser.candidate.key, tmp_path / "run"


def test_the_report_tells_of_the_race(finished: tuple[Report, Path]) -> None:
    report, folder = finished
    assert report.winner is not None
    assert "won the race against" in report.text and "on 360 examples (one training)" in report.text
    assert "The winner's recipe: learning rate" in report.text and "3 were trained" in report.text
    page = (folder / "report.html").read_text()
    assert "The winner’s recipe" in page and "stopped after rung 1 of 1: 1 of 3 went on" in page
    assert "race of 3 networks over 1 rungs" in page


def test_a_network_that_lost_is_exported(run: tuple[str, Path]) -> None:
    key, folder = run
    made = api.export_network(folder, key[:6] if "-" not in key else key)
    assert made == folder / f"exported-{short(key)}"
    (stored,) = (folder / "store").glob(f"{key}-0-rung*.safetensors")
    weights, kept = load_file(made / "weights.safetensors"), load_file(stored)
    assert all(weights[name].equal(kept[name]) for name in kept)
    data = json.loads((made / "architecture.json").read_text())
    assert data.pop("recipe")["flips"] == "none", "digits may not be mirrored"
    assert wire.from_data(Architecture, data).key == key.partition("-")[0]
    assert "Trained with Muon (filters) and AdamW: learning rate" in (made / "README.md").read_text()


def test_the_last_part_of_the_winners_training_is_exported(finished: tuple[Report, Path], tmp_path: Path) -> None:
    report, folder = finished
    assert report.winner is not None
    api.export_network(folder, report.winner.candidate.key, tmp_path / "own")
    ours, theirs = (load_file(f / "weights.safetensors") for f in (tmp_path / "own", folder / "winner"))
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def proposed(folder: Path, key: str) -> Candidate:
    """A candidate of the run, as its ledger has it."""
    event = Ledger(folder / "ledger.jsonl", follow=True).find(f"candidate {key}")
    assert event is not None
    return wire.from_data(Candidate, event["candidate"])


def test_a_network_is_trained_further_and_the_run_is_left_as_it_is(run: tuple[str, Path]) -> None:
    key, folder = run
    before = {p: p.read_bytes() for p in (folder / "store").iterdir()}
    found = api.train_further(folder, key, "2 s")
    assert found.after.value > found.before.value, "the loser had hardly learned anything"
    assert 1.5 < found.after.seconds < 8 and found.test.examples == 360
    assert {p: p.read_bytes() for p in (folder / "store").iterdir()} == before
    assert found.folder == folder / f"trained-{short(key)}" and (found.folder / "model.py").is_file()
    figures = json.loads((found.folder / "figures.json").read_text())
    assert figures["key"] == key and figures["recipe"] == {**figures["recipe"], **proposed(folder, key).recipe}
    assert [leg["seconds"] for leg in figures["legs"]] == [2.0]

    assert api.train_further(folder, key, "2 seconds") == found, "the same budget again trains nothing more"
    longer = api.train_further(folder, key, "1 s")
    assert len(longer.after.curve) > len(found.after.curve), "another budget goes on from there"
    with pytest.raises(RequestError, match="trained for 2 s already"):
        api.train_further(folder, key, "2 s")
    path = found.folder / "figures.json"
    path.write_text(path.read_text().replace('"seconds": 2.0', '"seconds": 3.0'))
    with pytest.raises(RequestError, match="not as it was written"):
        api.train_further(folder, key, "1 s")


def test_a_further_training_that_was_stopped_goes_on(run: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from genas.training.loop import Training

    key, folder = run
    real, steps = Training._step, []

    def stopping(training: Training, share: float, size: float) -> None:
        if len(steps) == 5:
            training.save()
            raise KeyboardInterrupt
        steps.append(share)
        real(training, share, size)

    monkeypatch.setattr(Training, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        api.train_further(folder, key, "2 s")
    monkeypatch.setattr(Training, "_step", real)
    assert not (folder / f"trained-{short(key)}" / "figures.json").exists()
    found = api.train_further(folder, key, "2 s")
    assert found.after.seconds == pytest.approx(2, abs=1.5), "what was trained before counts"


def test_mistakes_say_what_to_write_instead(run: tuple[str, Path], tmp_path: Path) -> None:
    key, folder = run
    cases = [
        ((folder, "zzzz"), "There is no network zzzz"),
        ((folder, ""), "Write one of those that were"),
        ((tmp_path, key), "There is no run"),
    ]
    for arguments, message in cases:
        with pytest.raises(RequestError, match=message):
            api.export_network(*arguments)
    with pytest.raises(RequestError, match="counted in time"):
        api.train_further(folder, key, "3 trials")
    (folder / "store" / f"{key}-0.checkpoint").unlink()
    with pytest.raises(RequestError, match="can't be trained further"):
        api.train_further(folder, key, "1 s")
    shutil.rmtree(folder / "store")
    with pytest.raises(GenasError, match=r"weights of .* are gone"):
        api.export_network(folder, key)


def test_a_key_that_begins_several_or_was_not_trained_is_refused(run: tuple[str, Path]) -> None:
    key, folder = run
    arch, candidate = key.partition("-")[0], proposed(folder, key)
    alike = [replace(candidate, recipe={**candidate.recipe, "smoothing": value}) for value in (0.11, 0.12)]
    other = replace(candidate, arch=next(iter(ConvNetSpace().neighbors(candidate.arch))))
    ledger = Ledger(folder / "ledger.jsonl")
    trained = [event for event in ledger.read() if event.get("key") == key and event.get("scorer") == "race"][-1]
    for new in (*alike, other):
        event = {"kind": "candidate", "id": f"candidate {new.key}", "key": new.key, "candidate": wire.to_data(new)}
        ledger.append(event)
    for new in alike:
        ledger.append({**trained, "id": f"race {new.key}", "key": new.key})
    ledger.close()
    with pytest.raises(RequestError, match=r"begins \d keys in .*Write more"):
        api.export_network(folder, arch[:8] + "-")
    with pytest.raises(RequestError, match=r"was proposed in .*, but not trained"):
        api.export_network(folder, other.key)


def test_the_command_line_has_both_verbs(run: tuple[str, Path]) -> None:
    key, folder = run
    runner = CliRunner()
    exported = runner.invoke(app, ["export", str(folder), key, "--out", str(folder / "own")])
    assert exported.exit_code == 0, exported.output
    assert (folder / "own" / "model.py").is_file()
    trained = runner.invoke(app, ["train", str(folder), key, "--budget", "1 s"])
    assert trained.exit_code == 0, trained.output
    assert "Validation accuracy" in trained.output and "on 360 examples (one training)" in trained.output
    assert runner.invoke(app, ["train", str(folder), key]).exit_code == 2, "a budget must be named"


def test_seeds_train_the_winner_again(tmp_path: Path) -> None:
    from genas.faces.flags import wanted_of

    (tmp_path / "request.json").write_text(json.dumps({"goal": GOAL, **TINY}))
    wanted = wanted_of("", tmp_path / "request.json", seeds=2)
    assert wanted.validator.options == {"epochs": 3, "seeds": 2}
    report = api.design(wanted, out=tmp_path / "run", executor="serial")
    assert report.winner is not None
    tests: list[Measurement] = report.winner.all("test_accuracy")
    assert [m.seed for m in tests] == [0, 1] and "(n = 2)" in report.text
    with pytest.raises(RequestError, match="leave --seeds out"):
        wanted_of("the nasbench201 benchmark, cifar10", None, seeds=2)
