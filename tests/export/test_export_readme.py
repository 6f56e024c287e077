"""The README beside an exported network shows how a file becomes a class: that code runs alone and answers alike."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from wine_table import wine_csv

from genas.core import registry
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.export.answers import answers as answers_to_files
from genas.export.folder import export
from genas.reading.pictures import Form, decode


def answers(text: str, task: Task, given: torch.Tensor, file: Path, folder: Path) -> None:
    """Export a network; the README's codes, and `predict`, must answer to that file as the network does to `given`."""
    space = registry.create("spaces", "mlp" if task.modality == "tabular" else "conv_net")
    arch = space.from_text(text)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = space.build(arch, task).eval()
    export(network, arch, task, folder)
    with torch.inference_mode():
        wanted = network(task.prepare(given))
    codes = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), flags=re.DOTALL)
    shutil.copy(file, folder / ("rows.csv" if file.suffix == ".csv" else "picture.png"))
    words = [task.classes[i] for i in wanted.argmax(1).tolist()]
    for code, absent in zip(codes, (("genas",), ("genas", "torch")), strict=True):
        without = "".join(f"sys.modules[{name!r}] = None\n" for name in absent)
        script = f"import json, sys\n{without}{code}\nprint(json.dumps(scores.tolist()))"
        done = subprocess.run(
            [sys.executable, "-B", "-c", script], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr or "magnesium: missing numbers (3) are the mean" in done.stderr
        named, scores = done.stdout.splitlines()
        assert torch.allclose(torch.tensor(json.loads(scores)), wanted, atol=1e-4)
        assert named == str(words)
    said = answers_to_files(folder, [folder / ("rows.csv" if file.suffix == ".csv" else "picture.png")])
    assert said.chosen == words
    assert torch.allclose(torch.from_numpy(said.probabilities), wanted.softmax(1), atol=1e-4)


def test_a_picture_of_another_size_in_colour(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(6):
            pixels = draw.integers(0, 256, (20, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    task = registry.create("tasks", Use("images", {"path": str(tmp_path / "pets"), "size": 16}))
    file = tmp_path / "pets" / "cat" / "0.png"
    given = torch.from_numpy(decode(file, Form(3, 16, 16), "it"))[None]
    answers("full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16", task, given, file, tmp_path / "winner")


def test_a_picture_for_a_task_with_other_grey_levels(tmp_path: Path) -> None:
    task, file = registry.create("tasks", "digits"), tmp_path / "digit.png"
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    given = torch.from_numpy(pixels).view(1, 1, 8, 8).float() * 16 / 255
    answers("full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16", task, given, file, tmp_path / "winner")


def test_rows_of_a_table_with_words_and_missing_numbers(tmp_path: Path) -> None:
    lines = wine_csv().read_text().splitlines()
    lines = [lines[0] + ",split", *(f"{line},{'test' if i % 3 == 0 else 'train'}" for i, line in enumerate(lines[1:]))]
    (tmp_path / "wine.csv").write_text("\n".join(lines))
    task = registry.create("tasks", Use("tabular", {"path": str(tmp_path / "wine.csv")}))
    (tmp_path / "new.csv").write_text("\n".join([lines[0], *(line for line in lines if line.endswith(",test"))]))
    given = task.data("test").inputs
    space = registry.create("spaces", "mlp")
    text = space.to_text(space.sample(np.random.default_rng(0)))
    answers(text, task, given, tmp_path / "new.csv", tmp_path / "winner")
