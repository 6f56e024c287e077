"""An exported network runs without genas and answers as the trained one did; what cannot be exported says why."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny_net
import tiny_net_greedy
import torch
from safetensors.torch import save_file
from torch import nn

from genas.core import registry, wire
from genas.core.errors import GenasError
from genas.core.interfaces import Data, Task
from genas.core.records import Architecture
from genas.core.task_records import Preparation, Scaling
from genas.export.folder import export

ARCH = Architecture("tiny", ("input", "output"), ((0, 1),))


class Stripes(Task):
    description = "tell stripes apart"
    input_shape = (1, 8, 8)
    outputs = 3
    classes = ("flat", 'up "or" down', '"""\nimport os; os.abort()\n\\')
    preparation = Preparation('"""\nraise SystemExit  # hostile words stay words', Scaling((0.4,), (0.3,), 255.0))

    def data(self, split: str) -> Data:
        generator = torch.Generator().manual_seed(len(split))
        images = torch.randint(0, 256, (40, 1, 8, 8), generator=generator, dtype=torch.uint8)
        return Data(images, torch.arange(40) % 3)

    def prepare(self, inputs: torch.Tensor) -> torch.Tensor:
        return (inputs.float() / 255 - 0.4) / 0.3


class Lying(Stripes):
    preparation = Preparation("", Scaling((0.9,), (0.3,), 255.0))


def network(kind: type[nn.Module] = tiny_net.TinyNet) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = kind(4, 3)
        made.train()(torch.randn(32, 1, 8, 8))  # so that the running statistics are not the first ones
    return made


def alone(folder: Path, raw: torch.Tensor, tmp_path: Path) -> torch.Tensor:
    """What the exported folder answers in a fresh interpreter that cannot import genas."""
    save_file({"raw": raw}, str(tmp_path / "raw.safetensors"))
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('genas', 'tiny_net'):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, {str(folder)!r})
import torch, model
from safetensors.torch import load_file, save_file
raw = load_file({str(tmp_path / "raw.safetensors")!r})["raw"]
with torch.inference_mode():
    save_file({{"out": model.load()(model.prepare(raw))}}, {str(tmp_path / "out.safetensors")!r})
print(repr(model.CLASSES))
"""
    done = subprocess.run([sys.executable, "-I", "-B", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    from safetensors.torch import load_file

    return load_file(str(tmp_path / "out.safetensors"))["out"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module, dict[str, str]]:
    folder, made = tmp_path_factory.mktemp("winner") / "winner", network()
    state = torch.random.get_rng_state()
    untrained = tiny_net.TinyNet(4, 3)
    before = {k: v.clone() for k, v in untrained.state_dict().items()}
    torch.random.set_rng_state(state)
    files = export(untrained, ARCH, Stripes(), folder, weights=made.state_dict())
    assert torch.equal(torch.random.get_rng_state(), state), "the global random state must be left alone"
    assert all(torch.equal(before[k], v) for k, v in untrained.state_dict().items()), "the given network was changed"
    return folder, made.eval(), files


def test_the_exported_files_answer_alike_without_genas(exported: Any, tmp_path: Path) -> None:
    folder, made, _ = exported
    raw = Stripes().data("test").inputs
    with torch.inference_mode():
        wanted = made(Stripes().prepare(raw))
    assert torch.allclose(alone(folder, raw, tmp_path), wanted, atol=1e-6)


def test_the_onnx_file_takes_any_batch_and_agrees(exported: Any) -> None:
    import onnxruntime

    folder, made, files = exported
    assert sorted(p.name for p in folder.iterdir()) == sorted(files)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    for size in (1, 7, 40):
        raw = Stripes().data("val").inputs[:size]
        with torch.inference_mode():
            wanted = made(Stripes().prepare(raw))
        scores, shares = session.run(None, {"inputs": raw.numpy().astype("float32")})
        assert torch.allclose(torch.from_numpy(scores), wanted, atol=1e-4)
        assert torch.allclose(torch.from_numpy(shares), wanted.softmax(1), atol=1e-4)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["classes"]) == list(Stripes.classes) and told["preparation"] == Stripes.preparation.words


def test_the_onnx_file_tells_nothing_of_this_machine_and_is_the_same_each_time(exported: Any, tmp_path: Path) -> None:
    folder, made, _ = exported
    content = (folder / "model.onnx").read_bytes()
    assert not [word for word in (b"genas/", b"site-packages", b".py", b"torch.") if word in content]
    export(made, ARCH, Stripes(), tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == content


def test_code_is_plain_data_and_torch_only(exported: Any, tmp_path: Path) -> None:
    folder, _, _ = exported
    code = (folder / "model.py").read_text()
    roots = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(code))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [])
        + ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }
    assert roots == {"__future__", "collections", "pathlib", "torch", "typing", "safetensors", "math"}
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(code).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert values["CLASSES"] == Stripes.classes
    assert values["PREPARATION"] == Stripes.preparation.words
    assert values["CONFIG"] == {"width": 4, "outputs": 3}
    assert wire.from_data(Architecture, json.loads((folder / "architecture.json").read_text())) == ARCH
    assert "pip install torch safetensors numpy`" in (folder / "README.md").read_text()
    export(network(), ARCH, Stripes(), tmp_path)
    assert (tmp_path / "model.py").read_text() == code, "the same network must give the same file"


def test_the_recipe_is_written_beside_the_network(tmp_path: Path) -> None:
    export(network(), ARCH, Stripes(), tmp_path, recipe={"learning_rate": 0.004, "flips": "mirror"})
    data = json.loads((tmp_path / "architecture.json").read_text())
    assert data.pop("recipe") == {"learning_rate": 0.004, "flips": "mirror"}
    assert wire.from_data(Architecture, data) == ARCH
    readme = (tmp_path / "README.md").read_text()
    assert "Trained with Muon (filters) and AdamW: learning rate 0.004, flips mirror" in readme


def test_a_network_without_a_fixed_graph_is_exported_without_onnx(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("of an earlier run")
    files = export(network(tiny_net.Unwritable), ARCH, Stripes(), tmp_path)
    assert files["model.onnx"].startswith("missing: this network cannot be written as ONNX (")
    assert files["model.onnx"] in (tmp_path / "README.md").read_text()
    assert not (tmp_path / "model.onnx").exists()
    assert (tmp_path / "weights.safetensors").is_file()


def test_a_task_with_its_own_preparation_gets_no_prepare(tmp_path: Path) -> None:
    class Bare(Task):
        description, input_shape, outputs = "bare", (1, 8, 8), 3

        def data(self, split: str) -> Data:
            return Data(torch.rand(20, 1, 8, 8), torch.zeros(20, dtype=torch.long))

    export(network(), ARCH, Bare(), tmp_path)
    assert "def prepare" not in (tmp_path / "model.py").read_text()
    assert "prepared as in training" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(
    ("made", "task", "message"),
    [
        (tiny_net_greedy.GreedyNet(), Stripes(), r"imports 'genas\.core\.rng' \(line 5\)"),
        (network(tiny_net.Secretive), Stripes(), "CONFIG of the network is not plain data"),
        (nn.Sequential(nn.Flatten()), Stripes(), "may import torch only"),
        (network(), Lying(), "prepares its inputs otherwise"),
    ],
)
def test_what_cannot_be_exported_says_why(made: nn.Module, task: Task, message: str, tmp_path: Path) -> None:
    with pytest.raises(GenasError, match=message):
        export(made, ARCH, task, tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GenasError, match="do not fit"):
        export(network(), ARCH, Stripes(), tmp_path, weights=tiny_net.TinyNet(5, 3).state_dict())


def test_code_that_answers_differently_is_an_error(tmp_path: Path) -> None:
    made = network()
    made.gain = 3.0  # set from outside: the constructor cannot know
    with pytest.raises(GenasError, match="answers differently from the trained network"):
        export(made, ARCH, Stripes(), tmp_path)


def test_conv_net_is_exported(tmp_path: Path) -> None:
    space, task = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
    arch = space.from_text("full stem4 s1 silu quarters | mbconv k3 d1 w8 | inverted3 k5 d1 w8")
    made = space.build(arch, task).eval()
    folder = tmp_path / "winner"
    files = export(made, arch, task, folder)
    assert files["model.onnx"].startswith("for any batch size")
    raw = task.data("test").inputs[:30]
    with torch.inference_mode():
        wanted = made(task.prepare(raw))
    assert torch.allclose(alone(folder, raw, tmp_path), wanted, atol=1e-5)


def test_a_graph_network_is_exported_without_onnx(tmp_path: Path) -> None:
    import tiny_net_graph

    class Ring(Task):
        description, input_shape, outputs, classes = "a ring of nodes", (4,), 2, ("a", "b")

        def data(self, split: str) -> Data:
            raise AssertionError("not needed")

        def batch(self, n: int, seed: int = 0) -> Any:
            around = torch.arange(6)
            return (torch.eye(6)[:, :4], torch.stack([around, (around + 1) % 6])), around % 2

    files = export(tiny_net_graph.TinyGraphNet(4, 2), ARCH, Ring(), tmp_path)
    assert files["model.onnx"] == "missing: this network reads a whole graph, not batches of examples"
    readme = (tmp_path / "README.md").read_text()
    assert "pip install torch safetensors numpy torch-geometric" in readme
    assert "load()(x, edge_index)" in readme and files["model.onnx"] in readme
