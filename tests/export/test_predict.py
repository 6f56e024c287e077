"""`genas predict`: classes and probabilities of new files, as CSV or JSON, and clear refusals."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import genas
from genas.core import registry
from genas.core.errors import Damaged, RequestError
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.export.folder import export
from genas.faces.cli import app


def exported(task: Task, folder: Path) -> torch.nn.Module:
    """An untrained network, as a run's winner."""
    space = registry.create("spaces", "mlp" if task.modality == "tabular" else "conv_net")
    arch = space.sample(np.random.default_rng(0)) if task.modality == "tabular" else space.from_text(
        "full stem8 s1 relu mean | residual k3 d1 w8"
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = space.build(arch, task).eval()
    export(network, arch, task, folder)
    return network


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> tuple[Path, Path, Task, torch.nn.Module]:
    """A run's folder with a winner, its pictures, its task and the network."""
    root = tmp_path_factory.mktemp("pets")
    for split in ("train", "test"):
        for label, name in enumerate(("cat", "=dog, big")):
            (root / "data" / split / name).mkdir(parents=True)
            for i in range(8):
                pixels = np.random.default_rng([label, i]).integers(0, 256, (10, 12, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / "data" / split / name / f"{i}.png")
    task = registry.create("tasks", Use("images", {"path": str(root / "data"), "size": 8}))
    network = exported(task, root / "run" / "winner")
    return root / "run", root / "data", task, network


def wanted(task: Task, network: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        return network(task.prepare(task.data("test").inputs)).softmax(1)


def test_a_folder_of_pictures_as_csv_and_json(pets):
    run, data, task, network = pets
    truth = wanted(task, network)
    done = CliRunner().invoke(app, ["predict", str(run), str(data / "test")])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["example", "class", "probability", *(f"p({name})" for name in task.classes)]
    assert [row["example"] for row in rows] == [str(path) for path in sorted((data / "test").rglob("*.png"))]
    assert [row["class"] for row in rows] == [task.classes[i] for i in truth.argmax(1)]
    shares = torch.tensor([[float(row[f"p({name})"]) for name in task.classes] for row in rows])
    assert torch.allclose(shares, truth, atol=1e-4)
    done = CliRunner().invoke(app, ["predict", str(run / "winner"), str(data / "test"), "--json"])
    found = json.loads(done.stdout)
    assert found["classes"] == list(task.classes) and found["notes"] == []
    assert [answer["class"] for answer in found["answers"]] == [row["class"] for row in rows]


def test_several_files_in_their_order(pets):
    run, data, task, network = pets
    files = [data / "test" / "cat" / "3.png", data / "test" / "cat" / "1.png"]
    found = genas.predict(run, files)
    assert found.examples == tuple(map(str, files))
    assert torch.allclose(torch.from_numpy(found.probabilities), wanted(task, network)[[3 + 8, 1 + 8]], atol=1e-4)


def test_what_is_left_out_is_said(pets, tmp_path):
    run, data, *_ = pets
    shutil.copytree(data / "test", tmp_path / "new")
    (tmp_path / "new" / "notes.txt").write_text("no picture")
    done = CliRunner().invoke(app, ["predict", str(run), str(tmp_path / "new")])
    assert done.exit_code == 0 and "note: 1 file" in done.stderr and "notes.txt" in done.stderr


def test_rows_of_a_table(tmp_path):
    text = ["age,town,label", *(f"{i * 3},{'Rome' if i % 2 else 'Oslo'},{'yes' if i % 3 else 'no'}" for i in range(60))]
    (tmp_path / "train.csv").write_text("\n".join(text))
    task = registry.create("tasks", Use("tabular", {"path": str(tmp_path / "train.csv")}))
    network = exported(task, tmp_path / "winner")
    (tmp_path / "new.csv").write_text("town,age\nOslo,\nRome,30\nParis,31\n")
    found = genas.predict(tmp_path / "winner", tmp_path / "new.csv")
    mean = task.columns[0].mean
    rows = [{("age", None): mean, ("town", "Oslo"): 1.0}, {("age", None): 30.0, ("town", "Rome"): 1.0}]
    rows.append({("age", None): 31.0})
    raw = torch.tensor([[row.get(feature, 0.0) for feature in task.features] for row in rows], dtype=torch.float64)
    with torch.inference_mode():
        truth = network(task.prepare(raw)).softmax(1)
    assert torch.allclose(torch.from_numpy(found.probabilities), truth, atol=1e-4)
    assert found.examples == tuple(f"{i} of {tmp_path / 'new.csv'}" for i in range(3))
    assert any("Paris" in note for note in found.notes) and any("missing" in note for note in found.notes)
    (tmp_path / "new.csv").write_text("town\nOslo\n")
    with pytest.raises(RequestError, match="no column age"):
        genas.predict(tmp_path / "winner", tmp_path / "new.csv")


def test_what_cannot_be_read_ends_in_one_line(pets, tmp_path):
    run, *_ = pets
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no")
    for given, words in (
        (tmp_path / "broken.png", "broken.png cannot be read"),
        (tmp_path / "none.png", "Name images, a folder"),
    ):
        done = CliRunner().invoke(app, ["predict", str(run), str(given)])
        assert isinstance(done.exception, RequestError) and words in str(done.exception)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match="no images"):
        genas.predict(run, tmp_path / "empty")


def test_a_folder_without_a_network_says_what_to_do(pets, tmp_path):
    _, data, *_ = pets
    with pytest.raises(RequestError, match="holds no network"):
        genas.predict(tmp_path, data)
    (tmp_path / "ledger.jsonl").write_text("")
    with pytest.raises(RequestError, match="no winner yet"):
        genas.predict(tmp_path, data)
    (tmp_path / "model.py").write_text("")
    with pytest.raises(RequestError, match="could not be written as ONNX"):
        genas.predict(tmp_path, data)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_damaged_network_is_not_asked(pets, tmp_path, place):
    run, data, *_ = pets
    shutil.copytree(run / "winner", tmp_path / "winner")
    path = tmp_path / "winner" / "model.onnx"
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(Damaged, match=r"not as it was written\. Export the network again"):
        genas.predict(tmp_path, data / "test")
    (tmp_path / "winner" / "SHA256SUMS").unlink()
    with pytest.raises(RequestError, match="has no SHA256SUMS"):
        genas.predict(tmp_path, data / "test")


def test_a_link_out_of_the_networks_folder_is_not_followed(pets, tmp_path):
    run, data, *_ = pets
    shutil.copytree(run / "winner", tmp_path / "winner")
    (tmp_path / "winner" / "model.onnx").unlink()
    (tmp_path / "winner" / "model.onnx").symlink_to(run / "winner" / "model.onnx")
    with pytest.raises(RequestError, match="a link that leads out"):
        genas.predict(tmp_path, data / "test")


def test_the_digests_are_those_that_sha256sum_knows(pets):
    import hashlib

    run, *_ = pets
    lines = (run / "winner" / "SHA256SUMS").read_text().splitlines()
    listed = dict(reversed(line.split("  ", 1)) for line in lines)
    files = {path.relative_to(run / "winner").as_posix() for path in (run / "winner").rglob("*") if path.is_file()}
    assert set(listed) == files - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((run / "winner" / name).read_bytes()).hexdigest() == digest
