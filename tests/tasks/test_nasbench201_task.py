"""The NAS-Bench-201 tables behind Task.lookup, against the published optima."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.records import Architecture
from genas.spaces.nasbench201 import NasBench201
from genas.tasks import nasbench201
from genas.tasks.nasbench201 import NasBench201Task

SPACE = NasBench201()
pytestmark = pytest.mark.usefixtures("bench_data")


@pytest.fixture(scope="module")
def rows(bench_data: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(bench_data / "nasbench201/nb201_accuracy.parquet").to_pylist()
    return found


def test_lookups_equal_the_rows_of_the_table(rows: list[dict[str, object]]) -> None:
    for dataset in ("cifar10", "cifar100", "imagenet16_120"):
        task = NasBench201Task(dataset=dataset)
        for index in np.random.default_rng(1).choice(len(rows), 30, replace=False):
            row = rows[index]
            arch = SPACE.from_text(str(row["arch_str"]))
            assert task.lookup(arch, "accuracy").value == pytest.approx(row[f"{dataset}_val_acc"] / 100)  # type: ignore[operator]
            assert task.lookup(arch, "test_accuracy").value == pytest.approx(row[f"{dataset}_test_acc"] / 100)  # type: ignore[operator]
            assert task.lookup(arch, "params").value == row[f"params_{dataset}"]


@pytest.mark.parametrize(
    ("dataset", "metric", "best"),
    [
        ("cifar10", "accuracy", 0.91607),
        ("cifar10", "test_accuracy", 0.94373),
        ("cifar100", "accuracy", 0.73493),
        ("cifar100", "test_accuracy", 0.73513),
        ("imagenet16_120", "accuracy", 0.46733),
        ("imagenet16_120", "test_accuracy", 0.47311),
    ],
)
def test_published_optima(dataset: str, metric: str, best: float, rows: list[dict[str, object]]) -> None:
    task = NasBench201Task(dataset=dataset)
    values = [task.lookup(SPACE.from_text(str(row["arch_str"])), metric).value for row in rows]
    assert max(values) == pytest.approx(best, abs=1e-5)


def test_341_unconnected_cells_stay_at_chance_after_12_epochs(rows: list[dict[str, object]]) -> None:
    task = NasBench201Task()
    archs = [SPACE.from_text(str(row["arch_str"])) for row in rows]
    short = [task.lookup(arch, "accuracy", fidelity=0.06).value for arch in archs]
    assert sum(v == pytest.approx(0.09712) for v in short) == 341
    assert max(short) == pytest.approx(0.84892)


def test_seconds_stand_for_the_training() -> None:
    arch = SPACE.from_text(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    full = NasBench201Task().lookup(arch, "accuracy")
    short = NasBench201Task().lookup(arch, "accuracy", fidelity=0.06)
    assert short.seconds == pytest.approx(86.653, abs=1e-3)
    assert full.seconds == pytest.approx(86.653 * 200 / 12, abs=1e-2)
    assert NasBench201Task(dataset="cifar100").lookup(arch, "accuracy").seconds == pytest.approx(2 * full.seconds)
    assert NasBench201Task().lookup(arch, "test_accuracy").seconds == 0.0


def test_latency_is_that_of_the_device(bench_data: Path) -> None:
    arch = SPACE.from_text(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    assert NasBench201Task(latency_device="pixel3").lookup(arch, "latency_ms").value == pytest.approx(3.60585, abs=1e-5)
    with pytest.raises(ScoreFailed, match="latency_device"):
        NasBench201Task().lookup(arch, "latency_ms")
    columns = pq.read_schema(bench_data / "nasbench201/nb201_latency.parquet").names
    assert {f"{device}_ms" for device in nasbench201._DEVICES} | {"arch_index"} == set(columns)


def test_devices_of_a_data_set_and_energies(bench_data: Path) -> None:
    first = SPACE.from_text(
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    )
    edge = NasBench201Task(latency_device="edgegpu")
    assert edge.lookup(first, "latency_ms").value == pytest.approx(5.807418, abs=1e-5)
    assert edge.lookup(first, "energy_mj").value == pytest.approx(24.226614, abs=1e-5)
    small = NasBench201Task(dataset="imagenet16_120", latency_device="pixel3")
    assert small.lookup(first, "latency_ms").value == pytest.approx(1.33656, abs=1e-5)
    with pytest.raises(ScoreFailed, match="energy of pixel3"):
        small.lookup(first, "energy_mj")
    pi5 = NasBench201Task(dataset="cifar100", latency_device="pi5_onnx")
    assert pi5.lookup(first, "energy_mj").value == pytest.approx(2.6315119, abs=1e-5)
    with pytest.raises(RequestError, match="imagenet16_120 must"):
        NasBench201Task(dataset="imagenet16_120", latency_device="pi5_onnx")


def test_published_proxy_scores(rows: list[dict[str, object]]) -> None:
    archs = [SPACE.from_text(str(row["arch_str"])) for row in rows[:300]]
    first = archs[0]
    task = NasBench201Task()
    assert task.lookup(first, "naswot").value == pytest.approx(740.8457, abs=1e-3)
    assert task.lookup(first, "synflow").value == pytest.approx(26.30496, abs=1e-4)
    assert task.lookup(first, "jacov").value == pytest.approx(-133.8016, abs=1e-3)
    assert task.lookup(first, "snip").seconds == 0
    hundred = NasBench201Task(dataset="cifar100")
    assert hundred.lookup(first, "naswot").value == pytest.approx(735.5392, abs=1e-3)
    assert hundred.lookup(first, "jacov").value == task.lookup(first, "jacov").value
    with pytest.raises(ScoreFailed, match="nregions"):
        NasBench201Task(dataset="imagenet16_120").lookup(first, "nregions")
    dead = [a for a in archs if _fails(task, a, "snip")]
    assert 0 < len(dead) < 300  # 6,180 of all 15,625 have operations that change nothing


def _fails(task: NasBench201Task, arch: Architecture, metric: str) -> bool:
    try:
        task.lookup(arch, metric)
    except ScoreFailed as error:
        return "change nothing" in str(error)
    return False


def test_wrong_options_say_what_to_write() -> None:
    with pytest.raises(RequestError, match="imagenet16_120"):
        NasBench201Task(dataset="mnist")
    with pytest.raises(RequestError, match="pixel3"):
        NasBench201Task(latency_device="abacus")


def test_what_is_not_tabulated_fails_with_a_reason() -> None:
    arch = SPACE.cell(["none"] * 6)
    with pytest.raises(ScoreFailed, match=r"0\.06"):
        NasBench201Task().lookup(arch, "accuracy", fidelity=0.5)
    with pytest.raises(ScoreFailed, match="not at"):
        NasBench201Task(dataset="cifar100").lookup(arch, "accuracy", fidelity=0.06)
    with pytest.raises(ScoreFailed, match="test_accuracy"):
        NasBench201Task().lookup(arch, "energy")
    with pytest.raises(ScoreFailed, match="cells only"):
        NasBench201Task().lookup(Architecture("conv_net", arch.ops, arch.edges), "accuracy")


def test_missing_tables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAS_DATA", "")
    with pytest.raises(MissingArtifact, match="nb201_accuracy"):
        NasBench201Task().lookup(SPACE.cell(["none"] * 6), "accuracy")


def test_proxies_see_cifar_images_of_the_right_size() -> None:
    for dataset, size in (("cifar10", 32), ("imagenet16_120", 16)):
        images, labels = NasBench201Task(dataset=dataset).batch(8, seed=3)
        again, _ = NasBench201Task(dataset=dataset).batch(8, seed=3)
        assert images.shape == (8, 3, size, size) and labels.shape == (8,)
        assert torch.equal(images, again) and images.abs().max() < 4
    other, _ = NasBench201Task().batch(8, seed=4)
    assert not torch.equal(NasBench201Task().batch(8, seed=3)[0], other)


def test_only_cifar10_can_be_trained_on_and_never_its_test_images() -> None:
    with pytest.raises(ScoreFailed, match="validator table"):
        NasBench201Task().data("test")
    with pytest.raises(ScoreFailed, match="cifar100"):
        NasBench201Task(dataset="cifar100").data("train")


@pytest.mark.slow
def test_halves_are_disjoint_and_balanced() -> None:
    task = NasBench201Task()
    train, val = task.data("train"), task.data("val")
    assert train.inputs.shape == val.inputs.shape == (25_000, 3, 32, 32)
    assert train.inputs.dtype == torch.uint8
    assert torch.equal(train.labels.bincount() + val.labels.bincount(), torch.full((10,), 5000))
    mean = task.prepare(train.inputs[:2000]).mean(dim=(0, 2, 3))
    assert mean.abs().max() < 0.1
