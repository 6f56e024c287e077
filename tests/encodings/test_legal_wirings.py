import itertools

import numpy as np
import pytest
import torch

from genas.core.errors import InvalidArchitecture
from genas.core.registry import create
from genas.encodings.legal_wirings import LegalWirings
from genas.encodings.tensors import MASKED_EDGE, Codec, Graphs
from genas.generators.conditions import Wish
from genas.generators.diffusion import ArchDiffusionPipeline, load
from genas.proposers.diffusion import DiffusionProposer

PAIRS = [(0, 1), (0, 2), (1, 2)]
# Of three nodes: a chain, or a direct edge alone; of two (the pairs with node 2 are then absent): always joined.
RULES = LegalWirings({3: np.array([[1, 0, 1], [0, 1, 0]], dtype=bool), 2: np.array([[1, 0, 0]], dtype=bool)}, PAIRS)


def graphs(*rows):
    edges = torch.zeros(len(rows), 3, 3, dtype=torch.long)
    for pair, values in zip(PAIRS, zip(*rows, strict=True), strict=True):
        edges[:, pair[0], pair[1]] = torch.tensor(values)
    return edges


def values(edges):
    return [[int(row[i, j]) for i, j in PAIRS] for row in edges]


@pytest.mark.parametrize("nodes", [2, 3])
def test_what_can_be_completed_is_what_some_wiring_agrees_with(nodes):
    table = {3: [(1, 0, 1), (0, 1, 0)], 2: [(1, 0, 0)]}[nodes]
    shown = list(itertools.product((0, 1, MASKED_EDGE), repeat=3))
    agrees = [any(all(a in (b, MASKED_EDGE) for a, b in zip(s, w, strict=True)) for w in table) for s in shown]
    assert RULES.possible(graphs(*shown), torch.full((27,), nodes)).tolist() == agrees


def test_the_wirings_of_a_benchmark_are_told_from_all_others():
    space = create("spaces", "nasbench101")
    rules = Codec(space, space.ops, space.max_nodes).wirings
    pairs = space.frame(5).open_edges
    edges = torch.zeros(2 ** len(pairs), 7, 7, dtype=torch.long)
    bits = torch.tensor(list(itertools.product((0, 1), repeat=len(pairs))))
    for (i, j), column in zip(pairs, bits.T, strict=True):
        edges[:, i, j] = column
    possible = rules.possible(edges, torch.full((len(edges),), 5))
    assert possible.sum() == 121 == len(space.wirings(5))
    assert {tuple(row) for row in bits[possible].tolist()} == {
        tuple(row) for row in space.wirings(5).astype(int).tolist()
    }


def test_mending_turns_only_what_leaves_no_wiring_and_all_orders_occur():
    blank = graphs(*[(MASKED_EDGE,) * 3] * 400)
    drawn = graphs(*[(1, 1, 1)] * 400)  # either the chain or the direct edge must go
    mended = values(RULES.mend(drawn, blank, torch.full((400,), 3), torch.Generator().manual_seed(0)))
    kinds = [mended.count([1, 0, 1]), mended.count([0, 1, 0])]
    assert sum(kinds) == 400
    assert kinds[1] / 400 == pytest.approx(1 / 3, abs=0.07)  # the direct edge was the first shown
    legal = graphs((1, 0, 1), (0, 1, 0))
    assert torch.equal(RULES.mend(legal, blank[:2], torch.tensor([3, 3]), torch.Generator()), legal)


def test_mending_leaves_what_was_shown_before():
    before = graphs(*[(MASKED_EDGE, 1, MASKED_EDGE)] * 50)
    mended = RULES.mend(graphs(*[(1, 1, 1)] * 50), before, torch.full((50,), 3), torch.Generator().manual_seed(0))
    assert values(mended) == [[0, 1, 0]] * 50


@pytest.mark.parametrize("name", ["nasbench101", "nasbench_graph"])
def test_the_rules_of_a_space_are_its_problems(name):
    space = create("spaces", name)
    random = np.random.default_rng(0)
    for arch in [space.sample(random) for _ in range(40)]:
        frame, table = space.frame(len(arch.ops)), space.wirings(len(arch.ops))
        assert [edge in arch.edges for edge in frame.open_edges] in table.tolist()
        other = random.random(len(frame.open_edges)) < 0.5
        for wiring in (table[random.integers(len(table))], other):
            on = [edge for edge, bit in zip(frame.open_edges, wiring, strict=True) if bit]
            changed = type(arch)(arch.space, arch.ops, tuple(sorted((*frame.edges, *on))))
            assert (not space.problems(changed)) == (wiring.tolist() in table.tolist())


@pytest.mark.parametrize("name", ["nasbench101", "nasbench_graph"])
@pytest.mark.parametrize("options", [{}, {"level": "any", "steps": 3}, {"temperature": 2.0, "guidance": 6.0}])
def test_raw_draws_of_shipped_models_are_legal(name, options):
    space = create("spaces", name)
    first, again = (DiffusionProposer(space, **options).draw(150, torch.Generator().manual_seed(5)) for _ in range(2))
    assert first == again
    legal = sum(not space.problems(arch) for arch in first)
    assert legal >= 0.98 * len(first)  # four skips, which labels alone decide, are illegal on nasbench_graph
    assert len({arch.key for arch in first}) > 100


def test_edits_of_a_wired_space_are_legal_and_keep_what_they_should():
    space = create("spaces", "nasbench101")
    arch = space.from_text("input conv3x3 conv1x1 conv3x3 maxpool3x3 output | 0>1 0>3 1>2 2>5 3>4 4>5")
    found = DiffusionProposer(space, 3, level="any").edit(arch, 12, keep=(0, 1, 2, 5))
    assert len(found) == 12
    for one in found:
        assert not space.problems(one)
        assert one.ops[:3] == arch.ops[:3]
        assert {e for e in one.edges if not {3, 4} & set(e)} == {(0, 1), (1, 2), (2, 5)}


def test_edges_that_no_wiring_has_are_refused():
    space = create("spaces", "nasbench_graph")
    path = DiffusionProposer(space).path()
    pipeline = load(path)
    assert isinstance(pipeline, ArchDiffusionPipeline)
    codec = Codec(space, pipeline.denoiser.config.ops, 6)
    blank, config = codec.blank([6]), pipeline.denoiser.config
    edges = blank.edges.clone()
    edges[0, 0, 3] = edges[0, 1, 3] = 1  # two inputs of the third layer
    wish = Wish(torch.tensor([9]), torch.full((1, len(config.costs)), -1), torch.zeros(1, config.task_size))
    with pytest.raises(InvalidArchitecture, match="no legal wiring"):
        pipeline(Graphs(blank.nodes, edges), codec.allowed([6]), wish, wirings=codec.wirings)
