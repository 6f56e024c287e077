"""The DARTS space against published parameter counts and tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from shapes_only import ShapesOnly
from torch import nn

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import Task
from genas.core.records import Architecture, Constraint
from genas.core.rng import rng
from genas.encodings.tensors import Codec
from genas.spaces._darts_cells import OPS, ZERO, canonical
from genas.spaces.darts import Darts

DARTS_V2 = (
    "normal sep3 sep3 0+1 sep3 sep3 0+1 skip sep3 0+1 "
    "skip dil3 0+2 reduction max3 max3 0+1 max3 skip 1+2 "
    "max3 skip 0+2 max3 skip 1+2"
)


NAMES = tuple(OPS.values())


def _arch(space: Darts, text: str) -> Architecture:
    normal, reduction = ([(s, NAMES[op]) for s, op in cell] for cell in json.loads(text))
    return space.check(space.cell(normal, reduction))


def _outline(space: Darts, arch: Architecture, task: Task) -> nn.Module:
    with torch.device("meta"):
        return space.build(arch, task)


def test_the_cells_darts_found_have_the_published_parameters() -> None:
    """3.349342 million is what the authors' code prints for DARTS_V2 without the auxiliary head."""
    space = Darts()
    (candidate,) = space.references(ShapesOnly(), [])
    assert space.to_text(candidate.arch) == DARTS_V2
    assert sum(p.numel() for p in _outline(space, candidate.arch, ShapesOnly()).parameters()) == 3_349_342
    assert space.references(ShapesOnly(), [Constraint("params", at_most=1e6)]) == []


def test_parameters_are_those_of_the_oncenas_table(bench_data: Path) -> None:
    space = Darts(wide=True)
    for row in pq.read_table(bench_data / "darts/darts_oncenas_545.parquet").to_pylist()[::100]:
        network = _outline(space, _arch(space, row["cells"]), ShapesOnly())
        assert sum(p.numel() for p in network.parameters()) == pytest.approx(row["params_m"] * 1e6, abs=1)


def test_parameters_are_those_of_the_nas_bench_301_tables_but_for_scales_of_norms(bench_data: Path) -> None:
    """NAS-Bench-301 builds 8 cells of 32 channels whose operations have norms without scale and shift."""
    space = Darts(channels=32, cells=8)
    shapes = {"ninapro": (1, 18), "scifar100": (3, 100), "svhn": (3, 10)}
    rows = pq.read_table(bench_data / "darts/nb301_suite_zero_subset.parquet").to_pylist()[::150]
    rows += pq.read_table(bench_data / "darts/nb301_other_datasets_subset.parquet").to_pylist()[::100]
    for row in rows:
        inputs, outputs = shapes.get(row.get("dataset", ""), (3, 10))
        network = _outline(space, _arch(space, row["cells"]), ShapesOnly(outputs, (inputs, 32, 32)))
        scales = sum(
            p.numel()
            for name, module in network.named_modules()
            if ".ops." in name and isinstance(module, nn.BatchNorm2d)
            for p in module.parameters()
        )
        assert sum(p.numel() for p in network.parameters()) - scales == pytest.approx(row["params"] * 1e6, abs=1)


def test_all_cells_of_the_tables_are_in_the_space_or_the_wide_one(bench_data: Path) -> None:
    for wide, names in ((False, ("nb301_archs_proxies",)), (True, ("darts_oncenas_545", "darts_swap_1000"))):
        space = Darts(wide=wide)
        for name in names:
            for text in pq.read_table(bench_data / f"darts/{name}.parquet").column("cells").to_pylist()[::10]:
                arch = _arch(space, text)
                assert space.from_text(space.to_text(arch)) == arch


def test_every_filling_of_the_frame_is_legal_and_there_are_10_to_the_18() -> None:
    for wide, choices in ((False, (180 * 7**8) ** 2), (True, (3 * 6 * 10 * 15 * 8**8) ** 2)):
        space = Darts(wide=wide)
        frame = space.frame(30)
        assert np.prod([float(len(labels)) for labels in frame.labels]) == pytest.approx(choices)
        draw = rng(0, "fill")
        for _ in range(100):
            ops = tuple(labels[int(draw.integers(len(labels)))] for labels in frame.labels)
            assert space.problems(Architecture("darts", ops, frame.edges)) == []


def test_the_frame_as_tensors_keeps_only_choices_open() -> None:
    space = Darts()
    codec = Codec(space, space.ops, space.max_nodes)
    blank = codec.blank([30])
    assert int((blank.nodes == codec.masked).sum()) == 22  # 16 operations and 3 pairs of sources in each cell
    arch = space.sample(rng(1, "codec"))
    assert codec.decode(codec.encode([arch])) == [arch]


def test_the_two_inputs_of_a_node_may_be_written_in_any_order() -> None:
    space = Darts()
    swapped = DARTS_V2.replace("skip dil3 0+2", "dil3 skip 2+0")
    assert swapped != DARTS_V2
    assert space.from_text(swapped) == space.from_text(DARTS_V2)


def test_keys_tell_apart_what_differs_in_one_place_only() -> None:
    space = Darts()
    arch = space.from_text(DARTS_V2)
    near = list(space.neighbors(arch))
    assert len(near) == len({other.key for other in near} - {arch.key}) == 2 * (8 * 6 + 2 + 5 + 9)
    first = DARTS_V2.replace("normal sep3 sep", "normal max3 sep")
    other = DARTS_V2.replace("normal sep3 sep3", "normal sep3 max3")
    assert space.from_text(first).key != space.from_text(other).key
    normal, reduction = space.slots(arch)
    assert space.cell(reduction, normal).key != arch.key


def test_a_cell_under_other_node_numbers_is_the_same_network() -> None:
    space = Darts(channels=4, cells=3)
    a, b = (3, 0), (1, 0)  # nodes 2 and 3, which feed neither each other
    one = [
        (0, NAMES[a[0]]),
        (1, NAMES[a[1]]),
        (0, NAMES[b[0]]),
        (1, NAMES[b[1]]),
        (2, NAMES[3]),
        (3, NAMES[4]),
        (0, NAMES[2]),
        (4, NAMES[0]),
    ]
    two = [*one[2:4], *one[:2], (3, NAMES[3]), (2, NAMES[4]), *one[6:]]
    assert canonical(one) == canonical(two) == canonical(canonical(one))
    assert canonical(one) != canonical([*one[:4], (3, NAMES[3]), (2, NAMES[4]), *one[6:]])
    counts = {sum(p.numel() for p in space.build(space.cell(c, c), ShapesOnly()).parameters()) for c in (one, two)}
    assert len(counts) == 1


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 15, 13)])
def test_networks_of_all_operations_learn_on_any_image_size(shape: tuple[int, ...]) -> None:
    space = Darts(channels=4, cells=3, wide=True)
    slots = [
        (0, NAMES[0]),
        (1, NAMES[1]),
        (0, NAMES[2]),
        (1, NAMES[3]),
        (1, NAMES[4]),
        (2, NAMES[5]),
        (0, NAMES[6]),
        (1, NAMES[7]),
    ]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = space.build(space.cell(slots, slots), ShapesOnly(5, shape))
        logits = network(torch.randn(2, *shape))
    assert logits.shape == (2, 5)
    logits.sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    again = type(network)(**network.config)  # type: ignore[arg-type]
    again.load_state_dict(network.state_dict())


def test_cells_of_nothing_still_run() -> None:
    space = Darts(channels=4, cells=3, wide=True)
    nothing = [(0, ZERO)] * 8
    logits = space.build(space.cell(nothing, nothing), ShapesOnly(5, (1, 8, 8)))(torch.ones(2, 1, 8, 8))
    assert torch.isfinite(logits).all() and logits.shape == (2, 5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("conv conv", "are written like"),
        (DARTS_V2.replace("dil3", "dil9"), "dil9"),
        (DARTS_V2.replace("dil3", "none"), "none"),
        (DARTS_V2.replace("normal sep3 sep3 0+1", "normal sep3 sep3 0+3"), "0+3"),
        (DARTS_V2.replace("dil3 0+2", "dil3 0,2"), "0,2"),
        (DARTS_V2.replace("dil3 ", ""), "are written like"),
    ],
)
def test_wrong_text_is_refused_with_a_repairable_sentence(text: str, says: str) -> None:
    with pytest.raises(InvalidArchitecture, match=r"must be|are written like") as caught:
        Darts().from_text(text)
    assert says in str(caught.value)


def test_options_are_checked() -> None:
    with pytest.raises(RequestError, match="channels"):
        Darts(channels=1)
