"""A run knows its data and its files: what changed since it wrote them is said, and what is refused leaves nothing."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import command_line
import numpy as np
import pytest
from tiny_design import GOAL, TINY

import genas
from genas import api
from genas.core import registry, wire
from genas.core.errors import Damaged, GenasError, LedgerCorrupt, MissingArtifact, RequestError
from genas.core.ledger import Ledger
from genas.core.progress import Silence
from genas.core.records import Report, Use

FLIPS = 400
ROWS = "A classifier for the rows of {}, at most 5k parameters"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    folder = tmp_path_factory.mktemp("finished") / "run"
    return genas.design(GOAL, out=folder, executor="serial:threads=1", **TINY), folder


@pytest.fixture
def run(finished: tuple[Report, Path], tmp_path: Path) -> Path:
    """A copy of the finished run."""
    return Path(shutil.copytree(finished[1], tmp_path / "run"))


def again(folder: Path) -> Report:
    return genas.design(GOAL, out=folder, executor="serial:threads=1", **TINY)


class Notes(Silence):
    """Keeps what is said before a run goes on."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def note(self, text: str) -> None:
        self.notes.append(text)


def flip(path: Path, place: int, bit: int = 0) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1 << bit
    path.write_bytes(bytes(raw))


def cut_after(folder: Path, words: str) -> None:
    """The ledger as a kill leaves it after the first line with those words."""
    lines = (folder / "ledger.jsonl").read_text().splitlines(keepends=True)
    last = next(number for number, line in enumerate(lines) if words in line)
    (folder / "ledger.jsonl").write_text("".join(lines[: last + 1]))


def warnings(folder: Path) -> list[str]:
    return [e["text"] for e in Ledger(folder / "ledger.jsonl", follow=True).read() if e["kind"] == "warning"]


# The ledger


def test_every_flipped_bit_of_a_ledger_is_one_error_that_names_the_line(run: Path) -> None:
    path, drawn = run / "ledger.jsonl", random.Random(0)
    before = path.read_bytes()
    assert len({json.loads(line)["kind"] for line in before.splitlines()}) >= 8, "a ledger of all kinds"
    for _ in range(FLIPS):
        place, bit = drawn.randrange(len(before)), drawn.randrange(8)
        flip(path, place, bit)
        number = before.count(b"\n", 0, place) + 1
        with pytest.raises(LedgerCorrupt) as caught:
            Ledger(path)
        # a line end that is gone makes one line of two; one that is new makes two of one
        assert f"Line {number} of {path}" in str(caught.value) and "\n" not in str(caught.value)
        path.write_bytes(before)
    assert again(run).winner is not None and path.read_bytes() == before


def test_half_a_last_line_with_a_flipped_bit_is_made_again(finished: tuple[Report, Path], run: Path) -> None:
    cut_after(run, '"scorer":"test"')
    path = run / "ledger.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    flip(path, -5, 3)
    report = again(run)
    assert report.winner == finished[0].winner and path.read_bytes().startswith(whole[: whole[:-1].rfind(b"\n") + 1])


@pytest.mark.parametrize("verb", ["design", "report", "export", "train"])
def test_no_verb_reads_an_edited_accuracy(run: Path, verb: str) -> None:
    path = run / "ledger.jsonl"
    path.write_text(path.read_text().replace('"metric":"accuracy","value":0.', '"metric":"accuracy","value":99.', 1))
    verbs = {
        "design": lambda: again(run),
        "report": lambda: api.report(run),
        "export": lambda: api.export_network(run, "a"),
        "train": lambda: api.train_further(run, "a", "1 s"),
    }
    with pytest.raises(LedgerCorrupt, match=r"Line \d+ of .*checksum"):
        verbs[verb]()


# Weights, checkpoints and the report


def test_a_damaged_checkpoint_is_trained_again_and_said(finished: tuple[Report, Path], run: Path) -> None:
    report, _ = finished
    assert report.winner is not None
    cut_after(run, '"id":"final 0"')
    checkpoint = run / "store" / f"{report.winner.candidate.key}-0.checkpoint"
    flip(checkpoint, checkpoint.stat().st_size // 2)
    found = again(run)
    assert found.winner is not None and found.winner.value("accuracy") == report.winner.value("accuracy")
    assert [m.curve for m in found.winner.all("accuracy")] == [m.curve for m in report.winner.all("accuracy")]
    assert found.winner.value("test_accuracy") == report.winner.value("test_accuracy")
    text = f"{checkpoint.name} in the store was damaged; what it held is trained again."
    assert text in warnings(run) and text in (run / "report.html").read_text() and text in api.report(run)


def test_a_missing_checkpoint_is_said_in_the_terminal_and_in_the_report_and_trained_again(
    finished: tuple[Report, Path], run: Path
) -> None:
    report, _ = finished
    assert report.winner is not None
    cut_after(run, '"id":"final 0"')
    name = f"{report.winner.candidate.key}-0.checkpoint"
    (run / "store" / name).unlink()
    notes: list[str] = []
    found = genas.design(GOAL, out=run, executor="serial:threads=1", progress=Notes(notes), **TINY)
    assert found.winner is not None and found.winner.value("test_accuracy") == report.winner.value("test_accuracy")
    text = f"{name} in the store is missing; what it held is trained again if needed."
    assert text in notes and text in warnings(run) and text in (run / "report.html").read_text()
    assert (run / "store" / name).is_file()


def test_a_checkpoint_in_the_place_of_anothers_is_trained_again_and_said(run: Path) -> None:
    cut_after(run, '"id":"final 0"')
    one, two, *_ = sorted((run / "store").glob("*.checkpoint"))
    shutil.copy(one, two)
    again(run)
    assert f"{two.name} in the store was damaged; what it held is trained again." in warnings(run)
    assert not any(one.name in text for text in warnings(run))


@pytest.mark.parametrize("content", [b"", b"short", b"\x00" * 5000])
def test_a_checkpoint_that_was_cut_or_written_over_is_trained_again(
    finished: tuple[Report, Path], run: Path, content: bytes
) -> None:
    cut_after(run, '"id":"final 0"')
    for checkpoint in (run / "store").glob("*.checkpoint"):
        checkpoint.write_bytes(content)
    assert again(run).winner == finished[0].winner or warnings(run)
    assert len(warnings(run)) >= len(list((run / "store").glob("*.checkpoint")))


def test_damaged_weights_are_taken_from_the_checkpoint_or_refused(finished: tuple[Report, Path], run: Path) -> None:
    report, _ = finished
    assert report.winner is not None
    key = report.winner.candidate.key
    weights, checkpoint = run / "store" / f"{key}-0-final 0.safetensors", run / "store" / f"{key}-0.checkpoint"
    before = weights.read_bytes()
    flip(weights, len(before) // 2)
    with pytest.raises(Damaged, match=r"final 0\.safetensors are damaged"):
        api.export_network(run, key)
    flip(checkpoint, 100)
    with pytest.raises(Damaged, match=r"checkpoint .* is damaged"):
        api.train_further(run, key, "1 s")
    flip(checkpoint, 100)
    exported = (run / "winner" / "weights.safetensors").read_bytes()
    assert replace(again(run), warnings=()) == replace(report, warnings=())
    assert weights.read_bytes() == before and (run / "winner" / "weights.safetensors").read_bytes() == exported
    weights.write_bytes(before[:-10])
    checkpoint.unlink()
    with pytest.raises(GenasError, match="weights that the run made are gone"):
        again(run)


@pytest.mark.parametrize("name", ["report.json", "winner/weights.safetensors"])
def test_a_report_is_told_only_as_the_run_wrote_it_and_the_same_design_mends_it(run: Path, name: str) -> None:
    told = api.report(run)
    flip(run / name, (run / name).stat().st_size // 2)
    with pytest.raises(GenasError, match=r"not as the run wrote it|are damaged"):
        api.report(run)
    again(run)
    assert api.report(run) == told


# The data


def table(
    path: Path,
    rows: int = 120,
    classes: tuple[str, ...] = ("cold", "hot"),
    shift: float = 0.0,
    names: str = "a,b,c,label",
) -> Path:
    """A table whose class is told by a, and by b where there are three."""
    values = np.random.default_rng(0).normal(size=(rows, 3))
    labels = (values[:, 0] > 0).astype(int) + (values[:, 1] > 1) * (len(classes) > 2)
    lines = [
        ",".join(f"{v + shift:.4f}" for v in row) + f",{classes[n]}" for row, n in zip(values, labels, strict=True)
    ]
    path.write_text(f"{names}\n" + "\n".join(lines) + "\n")
    return path


CHANGES = {
    "labels are renamed": ({"classes": ("cool", "hot")}, r"classes 2 \(cold, hot\) then, 2 \(cool, hot\) now"),
    "rows are added": ({"rows": 140}, r"train examples 84 then, 98 now"),
    "a column is rewritten": ({"shift": 1.0}, "train inputs changed"),
    "a column is renamed": ({"names": "a,b,rain,label"}, r"features 3 \(a, b, c\) then, 3 \(a, b, rain\) now"),
    "a class is added": (
        {"classes": ("cold", "hot", "wet")},
        r"classes 2 \(cold, hot\) then, 3 \(cold, hot, wet\) now",
    ),
}


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a table and of a run on it."""
    folder = tmp_path_factory.mktemp("weather")
    goal = ROWS.format(table(folder / "weather.csv"))
    genas.design(goal, out=folder / "run", **TINY)
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_data_that_changed_since_the_run_began_are_named_and_nothing_is_learned(weather: Path, name: str) -> None:
    changed, words = CHANGES[name]
    path = weather / "weather.csv"
    before = (weather / "run" / "ledger.jsonl").read_bytes()
    (first, *_) = (e["key"] for e in map(json.loads, before.splitlines()) if e.get("scorer") == "race")
    table(path, **changed)  # type: ignore[arg-type]
    verbs = (
        lambda: genas.design(ROWS.format(path), out=weather / "run", **TINY),
        lambda: api.check(ROWS.format(path), out=weather / "run", **TINY),
        lambda: api.export_network(weather / "run", first),
        lambda: api.train_further(weather / "run", first, "1 s"),
    )
    for verb in verbs:
        with pytest.raises(RequestError, match=words) as caught:
            verb()
        assert "Name another --out" in str(caught.value) and "\n" not in str(caught.value)
    table(path)
    assert genas.design(ROWS.format(path), out=weather / "run", **TINY).winner is not None
    assert (weather / "run" / "ledger.jsonl").read_bytes() == before


def test_the_identity_of_images_is_their_bytes_order_classes_and_splits(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0)
    images, labels = drawn.integers(0, 255, (60, 8, 8), dtype=np.uint8), np.arange(60) % 2
    path = tmp_path / "squares.npz"

    def identity(x: np.ndarray, y: np.ndarray, **options: object) -> dict[str, str]:
        np.savez(path, x=x, y=y)
        return registry.create("tasks", Use("images", {"path": str(path), **options})).identity()

    first = identity(images, labels)
    assert first == identity(images.copy(), labels.copy())
    assert first["train examples"] == "44" and first["classes"].startswith("2 (")
    one_pixel = images.copy()
    one_pixel[0, 0, 0] ^= 1
    others = [
        identity(one_pixel, labels),
        identity(images[::-1], labels[::-1]),
        identity(images, 1 - labels),
        identity(images, labels + 1),
        identity(images, labels, limit=20),
        identity(images, labels, size=16),
    ]
    assert all(other != first for other in others)


def test_a_table_of_measurements_is_known_by_its_files(bench_data: Path) -> None:
    parts = registry.create("tasks", "fbnet").identity()
    assert set(parts) == {"fbnet_latency.parquet", "fbnet_zero_cost.parquet"}


# Refusals


REFUSED = {
    "too short a budget": ({"budget": {"seconds": 0.5}}, "budget"),
    "an unknown plug-in": ({"proposers": ["unifrom"]}, "Did you mean uniform"),
    "an unknown option": ({"validator": {"name": "train", "options": {"epoch": 2}}}, "no option 'epoch'"),
    "an option out of its range": ({"validator": {"name": "train", "options": {"epochs": 0}}}, "equal to 1"),
    "no such device": ({"device": "cuda:7"}, "cuda"),
    "nothing that measures": ({"objectives": [{"metric": "latency_ms", "goal": "min"}]}, "measures latency_ms"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_nothing_and_the_dry_run_finds_it_too(tmp_path: Path, name: str) -> None:
    changed, words = REFUSED[name]
    request = api.interpret(GOAL, **TINY)
    wrong = {**TINY, **changed}
    if "seconds" in str(changed):
        wrong["validator"] = {"name": "train"}
    with pytest.raises(RequestError, match=words) as designed:
        genas.design(GOAL, out=tmp_path / "deep" / "run", **wrong)
    with pytest.raises(RequestError, match=words) as checked:
        api.check(GOAL, out=tmp_path / "deep" / "run", **wrong)
    if name != "too short a budget":  # whose message tells seconds
        assert str(checked.value) == str(designed.value)
    assert list(tmp_path.iterdir()) == []
    api.check(request, out=tmp_path / "deep" / "run")
    assert list(tmp_path.iterdir()) == []


def test_limits_that_nothing_keeps_leave_nothing(tmp_path: Path) -> None:
    for verb in (genas.design, api.propose):
        with pytest.raises(RequestError, match="keeps"):
            verb(GOAL, out=tmp_path / "run", **{**TINY, "constraints": [{"metric": "params", "at_most": 3}]})
    assert list(tmp_path.iterdir()) == []


def test_a_corrupt_image_of_the_test_split_is_found_before_anything_is_written(tmp_path: Path) -> None:
    from PIL import Image

    for split, count in (("train", 8), ("val", 4), ("test", 4)):
        for label, shade in (("dark", 40), ("light", 220)):
            folder = tmp_path / "pets" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("L", (8, 8), shade + number).save(folder / f"{number}.png")
    broken = tmp_path / "pets" / "test" / "dark" / "3.png"
    broken.write_bytes(broken.read_bytes()[:40])
    goal = f"A classifier for the images in {tmp_path / 'pets'} under 20k parameters"
    for verb in (genas.design, api.check):
        with pytest.raises(RequestError, match=r"3\.png"):
            verb(goal, out=tmp_path / "run", **TINY)
    assert not (tmp_path / "run").exists()


def test_five_seconds_are_refused_and_more_seconds_run_in_the_same_folder(tmp_path: Path) -> None:
    command = "design", GOAL, "--out", "run", "--budget"
    for arguments in ((), ("--dry-run",)):
        done = command_line.genas(*command, "1 second", *arguments, cwd=tmp_path)
        assert done.returncode == 2 and "budget" in done.stderr.splitlines()[-1] and not (tmp_path / "run").exists()
    done = command_line.genas(*command, "20 seconds", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0 and not (tmp_path / "run").exists(), done.stderr
    assert api.design(GOAL, out=tmp_path / "run", **TINY).winner is not None


def test_where_no_run_can_be_written_is_found_by_the_dry_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "run", Path("/proc/run"), tmp_path / ("x" * 300), tmp_path / "a\0b"):
        for verb in (genas.design, api.check):
            with pytest.raises(RequestError, match="No run can be written in"):
                verb(GOAL, out=folder, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_table_that_is_not_here_is_found_by_the_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENAS_DATA")
    for verb in (genas.design, api.check):
        with pytest.raises(MissingArtifact, match="Set GENAS_DATA"):
            verb("the best NAS-Bench-201 cell for CIFAR-10", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_request_is_found_by_the_dry_run(run: Path) -> None:
    before = (run / "ledger.jsonl").read_bytes()
    for verb in (genas.design, api.check):
        with pytest.raises(RequestError, match="belongs to another request"):
            verb(GOAL, out=run, **{**TINY, "seed": 5})
    assert (run / "ledger.jsonl").read_bytes() == before
    assert wire.to_data(again(run))["winner"] is not None
