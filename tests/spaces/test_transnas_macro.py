"""The macro space of TransNAS-Bench-101 against its table."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from shapes_only import ShapesOnly

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.records import Architecture, Constraint
from genas.core.rng import rng
from genas.networks.transnas_macro import MODULES
from genas.spaces.transnas_macro import TransNasMacro

SPACE = TransNasMacro()


def test_parameters_are_those_of_the_table(bench_data: Path) -> None:
    """NAS-Bench-Suite-Zero built classifiers of 63 scenes, 100 objects and 9 numbers of a room's layout."""
    outputs = {"class_scene": 63, "class_object": 100, "room_layout": 9}
    file = bench_data / "transnas/transnas_macro_suite_zero_subset.parquet"
    rows = [
        row for row in pq.read_table(file, columns=["task", "arch_str", "params"]).to_pylist() if row["task"] in outputs
    ]
    for row in rows[::400]:
        with torch.device("meta"):
            network = SPACE.build(SPACE.from_text(row["arch_str"]), ShapesOnly(outputs[row["task"]], (3, 64, 64)))
        assert sum(p.numel() for p in network.parameters()) == pytest.approx(row["params"] * 1e6, abs=2)


def test_the_space_is_the_table(bench_data: Path) -> None:
    texts = pq.read_table(bench_data / "transnas/transnas_macro.parquet").column("arch_str").to_pylist()
    archs = [SPACE.from_text(text) for text in texts]
    assert len({arch.ops for arch in archs}) == 3256
    legal = sum(
        SPACE.problems(SPACE.chain([MODULES[number // 4**i % 4] for i in range(length)])) == []
        for length in (4, 5, 6)
        for number in range(4**length)
    )
    assert legal == 3256


def test_samples_are_spread_as_the_networks_are() -> None:
    sizes = [len(SPACE.sample(rng(0, "sizes", i)).ops) for i in range(600)]
    assert sizes.count(8) / 600 == pytest.approx(2296 / 3256, abs=0.06)


def test_modules_widen_and_halve() -> None:
    space = TransNasMacro(channels=4)
    network = space.build(space.from_text("plain widen halve both"), ShapesOnly(5, (3, 64, 64)))
    assert network.stem(torch.zeros(1, 3, 64, 64)).shape == (1, 4, 16, 16)
    assert network.body(torch.zeros(1, 4, 16, 16)).shape == (1, 16, 4, 4)
    again = type(network)(**network.config)  # type: ignore[arg-type]
    again.load_state_dict(network.state_dict())


def test_neighbours_of_other_lengths_are_legal_and_others() -> None:
    arch = SPACE.from_text("64-21431-basic")
    near = list(SPACE.neighbors(arch))
    assert {len(other.ops) for other in near} == {6, 7, 8}
    assert not any(SPACE.problems(other) or other == arch for other in near)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is written like"),
        ("64-2173-basic", "digits 1 to 4"),
        ("plain plain plain plain", "must be halve or both"),
        ("both both both both", "must be widen or both"),
        ("widen halve", "4, 5 or 6 modules"),
    ],
)
def test_wrong_text_is_refused_with_a_repairable_sentence(text: str, says: str) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        SPACE.from_text(text)
    assert says in str(caught.value)


def test_both_spellings_are_read() -> None:
    arch = SPACE.from_text("64-2143-basic")
    assert SPACE.to_text(arch) == "widen plain both halve"
    assert SPACE.from_text(SPACE.to_text(arch)) == arch
    assert SPACE.problems(Architecture("other", arch.ops, arch.edges[1:]))


def test_reference_keeps_the_limit_on_parameters() -> None:
    (candidate,) = SPACE.references(ShapesOnly(1000, (3, 64, 64)), [])
    assert SPACE.problems(candidate.arch) == []
    assert SPACE.references(ShapesOnly(1000, (3, 64, 64)), [Constraint("params", at_most=1e6)]) == []


def test_options_are_checked() -> None:
    with pytest.raises(RequestError, match="channels"):
        TransNasMacro(channels=3)
    with pytest.raises(RequestError, match="blocks"):
        TransNasMacro(blocks=0)
