"""The TransNAS-Bench-101 tables behind Task.lookup, against the published optima."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.records import Architecture
from genas.spaces.transnas_macro import TransNasMacro
from genas.tasks.transnas import TransNas

SPACE = TransNasMacro()
pytestmark = pytest.mark.usefixtures("bench_data")


@pytest.fixture(scope="module")
def archs(bench_data: Path) -> list[Architecture]:
    texts = pq.read_table(bench_data / "transnas/transnas_macro.parquet").column("arch_str").to_pylist()
    return [SPACE.from_text(text) for text in texts]


@pytest.mark.parametrize(
    ("dataset", "best"),
    [
        ("class_scene", 0.5741),
        ("class_object", 0.4742),
        ("room_layout", math.exp(-0.5822)),
        ("jigsaw", 0.9702),
        ("segmentsemantic", 0.9486),
        ("normal", 0.6435),
        ("autoencoder", 0.7488),
    ],
)
def test_optima_of_the_release(dataset: str, best: float, archs: list[Architecture]) -> None:
    task = TransNas(dataset=dataset)
    values = [task.lookup(arch, "accuracy").value for arch in archs]
    assert max(values) == pytest.approx(best, abs=1e-4) and min(values) > 0
    assert f"dataset={dataset}" in task.caution
    assert all(math.isfinite(task.lookup(arch, "zen").value) for arch in archs[:50])


def test_published_proxies_of_all_and_of_some(archs: list[Architecture]) -> None:
    scene, normal = TransNas(), TransNas(dataset="normal")
    first = SPACE.from_text("64-232323-basic")
    assert scene.lookup(first, "zen").value == pytest.approx(92.82459, abs=1e-4)
    assert scene.lookup(first, "synflow").value == pytest.approx(106.0956, abs=1e-4)
    with pytest.raises(ScoreFailed, match="not tabulated for normal"):
        normal.lookup(first, "synflow")
    known = SPACE.from_text("64-1242-basic")
    assert scene.lookup(known, "naswot").value == scene.lookup(known, "nwot").value == pytest.approx(502.811, abs=1e-3)
    assert scene.lookup(known, "params").value == pytest.approx(11_218_783, abs=2)
    counted = 0
    for arch in archs:
        try:
            counted += scene.lookup(arch, "snip").value > 0
        except ScoreFailed as error:
            assert "not tabulated" in str(error)
    assert counted == 662


def test_what_is_not_tabulated_fails_with_a_reason(archs: list[Architecture]) -> None:
    with pytest.raises(ScoreFailed, match="no table of test_accuracy"):
        TransNas().lookup(archs[0], "test_accuracy")
    with pytest.raises(ScoreFailed, match="fidelity 1"):
        TransNas().lookup(archs[0], "accuracy", fidelity=0.5)
    with pytest.raises(ScoreFailed, match="3,256"):
        TransNas().lookup(SPACE.chain(["plain"] * 4), "accuracy")
    with pytest.raises(ScoreFailed, match="validator table"):
        TransNas().batch(4)
    with pytest.raises(RequestError, match="room_layout"):
        TransNas(dataset="scenes")


def test_missing_tables_are_named(monkeypatch: pytest.MonkeyPatch, archs: list[Architecture]) -> None:
    monkeypatch.setenv("GENAS_DATA", "")
    with pytest.raises(MissingArtifact, match="transnas_macro"):
        TransNas().lookup(archs[0], "accuracy")
