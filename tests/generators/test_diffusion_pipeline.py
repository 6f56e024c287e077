import pytest
import torch
from tiny_space import Tiny, accuracy, examples, params

from genas.core.records import Architecture, Constraint
from genas.encodings.tensors import MASKED_EDGE, Codec, Graphs
from genas.generators.conditions import Wish
from genas.generators.diffusion import AbsorbingScheduler, ArchDiffusionPipeline, _distinct, _draw
from genas.generators.graph_transformer import GraphTransformer
from genas.learners._fit import fit_examples
from genas.proposers.diffusion import DiffusionProposer

SPACE = Tiny()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fit_examples("diffusion", SPACE, examples(), tmp_path_factory.mktemp("diffusion"), epochs=40)


def untrained():
    torch.manual_seed(0)
    return GraphTransformer("tiny", list(SPACE.ops), 5, {"params": []}, 3, width=16, depth=2, heads=2).eval()


def wish(n, level=-1, size=-1, task=(0.0, 0.0, 0.0)):
    levels = torch.tensor([[level, size]]).expand(n, -1)
    return Wish(levels[:, 0], levels[:, 1:], torch.tensor(task).expand(n, -1))


def test_noise_hides_the_share_it_says_and_only_what_it_may():
    values, may = torch.zeros(4000, 2, dtype=torch.long), torch.tensor([True, False]).expand(4000, 2)
    noisy = AbsorbingScheduler().add_noise(values, 9, may, torch.full((4000,), 0.3), torch.Generator().manual_seed(0))
    assert (noisy[:, 0] == 9).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert (noisy[:, 1] == 0).all()


def test_reverse_steps_show_everything_once_and_as_many_as_they_say():
    scheduler, generator = AbsorbingScheduler(4), torch.Generator().manual_seed(0)
    hidden = torch.tensor([[True] * 8 + [False]] * 2000)
    counts, first = [], torch.zeros(9)
    for index in range(4):
        shown = scheduler.step(hidden, torch.full((2000,), 8), index, generator)
        assert not (shown & ~hidden).any()
        first += shown.float().mean(0) if index == 0 else 0
        hidden = hidden & ~shown
        counts.append(hidden.sum(1).unique().tolist())
    assert counts == [[6], [4], [2], [0]]
    assert first.tolist() == pytest.approx([0.25] * 8 + [0], abs=0.04)  # every place alike


def test_draws_follow_the_given_distribution():
    log_probs = torch.tensor([0.1, 0.2, 0.7]).log().expand(6000, 3)
    drawn = _draw(log_probs, torch.Generator().manual_seed(0))
    assert torch.bincount(drawn).div(6000).tolist() == pytest.approx([0.1, 0.2, 0.7], abs=0.03)


def test_equal_rows_are_found_and_all_come_back():
    values = torch.tensor([[1, 2], [2, 1], [1, 2], [0, 0]])
    row, place = _distinct(values)
    assert len(row) == 3
    assert torch.equal(values[row][place], values)


def test_padding_does_not_change_the_prediction():
    model = untrained()
    small, large = Codec(SPACE, SPACE.ops, 3).blank([3]), Codec(SPACE, SPACE.ops, 5).blank([3])
    share = torch.tensor([1.0])
    a, b = model(*small, wish(1, 1, 1), share), model(*large, wish(1, 1, 1), share)
    assert torch.allclose(a[0], b[0][:, :3], atol=1e-5)
    assert torch.allclose(a[1], b[1][:, :3, :3], atol=1e-5)


def test_every_part_of_a_wish_changes_the_prediction():
    model, blank = untrained(), Codec(SPACE, SPACE.ops, 5).blank([4])
    wishes = [wish(1), wish(1, 0), wish(1, 1), wish(1, -1, 0), wish(1, -1, 1), wish(1, task=(1.0, 0.0, 0.0))]
    found = [model(*blank, one, torch.tensor([1.0]))[0] for one in wishes]
    for i, one in enumerate(found):
        assert not any(torch.allclose(one, other) for other in found[:i])


def test_the_number_of_nodes_follows_the_wished_size(folder):
    pipeline = ArchDiffusionPipeline.from_pretrained(folder)
    means = []
    for size in (0, 9):
        asked = wish(200, size=size)._replace(task=torch.zeros(200, 0))
        counts = pipeline.node_counts(asked, torch.Generator().manual_seed(0), SPACE.sizes())
        assert set(counts) <= {3, 4, 5}
        means.append(sum(counts) / 200)
    assert means[0] + 0.5 < means[1]


def test_samples_are_in_the_frame_and_editing_keeps_what_is_given(folder):
    pipeline = ArchDiffusionPipeline.from_pretrained(folder)
    codec = Codec(SPACE, SPACE.ops, 5)
    arch = Architecture("tiny", ("in", "b", "c", "b", "out"), ((0, 1), (0, 3), (1, 2), (2, 3), (3, 4)))
    whole = codec.encode([arch] * 20)
    start = Graphs(whole.nodes.clone(), whole.edges.clone())
    start.nodes[:, 2], start.edges[:, 0, 4] = codec.masked, MASKED_EDGE
    asked = wish(20, 9)._replace(task=torch.zeros(20, 0))
    found = codec.decode(pipeline(start, codec.allowed([5] * 20), asked).graphs)
    assert {a.ops[2] for a in found} <= {"a", "b", "c"}
    assert len({a.key for a in found}) > 1
    for one in found:
        assert (one.ops[:2], one.ops[3:]) == (("in", "b"), ("b", "out"))
        assert set(one.edges) - {(0, 4)} == set(arch.edges)


def test_saved_and_loaded_pipelines_sample_alike(folder, tmp_path):
    first = ArchDiffusionPipeline.from_pretrained(folder)
    first.save_pretrained(tmp_path)
    second = ArchDiffusionPipeline.from_pretrained(tmp_path)
    codec = Codec(SPACE, SPACE.ops, 5)
    results = []
    for pipeline in (first, second):
        generator = torch.Generator().manual_seed(3)
        asked = wish(16, 9)._replace(task=torch.zeros(16, 0))
        sizes = pipeline.node_counts(asked, generator, SPACE.sizes())
        results.append(pipeline(codec.blank(sizes), codec.allowed(sizes), asked, guidance=2.0, generator=generator))
    assert torch.equal(results[0].graphs.nodes, results[1].graphs.nodes)
    assert torch.equal(results[0].graphs.edges, results[1].graphs.edges)


def test_the_wished_level_is_what_comes(folder):
    means = {}
    for level in (0.0, "any", "top"):
        proposer = DiffusionProposer(SPACE, model=str(folder), level=level)
        drawn = proposer.draw(200, torch.Generator().manual_seed(0))
        means[level] = sum(accuracy(arch) for arch in drawn) / len(drawn)
        candidates = proposer.ask(8)
        assert len(candidates) == 8
        assert not [p for c in candidates for p in SPACE.problems(c.arch)]
    assert means[0.0] < means["any"] < means["top"]


def test_limits_on_params_bring_small_ones(folder):
    found = {}
    for limit in (None, 300):
        limits = [Constraint("flops", 1), *([Constraint("params", limit)] if limit else [])]
        drawn = DiffusionProposer(SPACE, limits=limits, model=str(folder)).draw(100, torch.Generator().manual_seed(0))
        found[limit] = sum(params(arch) for arch in drawn) / len(drawn)
    assert found[300] + 80 < found[None]


def test_asking_is_counted_and_never_repeats(folder):
    one, two = (DiffusionProposer(SPACE, 7, model=str(folder), level="any") for _ in range(2))
    state = torch.get_rng_state()
    first, second = one.ask(10), one.ask(10)
    assert torch.equal(state, torch.get_rng_state())
    assert [two.ask(10), two.ask(10)] == [first, second]
    keys = [c.arch.key for c in first + second]
    assert len(set(keys)) == len(keys) == 20
    assert DiffusionProposer(SPACE, 8, model=str(folder), level="any").ask(10) != first


def test_an_exhausted_space_yields_fewer(folder):
    class Three(Tiny):
        def sizes(self):
            return (3,)

    found = DiffusionProposer(Three(), model=str(folder), level="any").ask(50)
    assert 4 <= len(found) <= 6  # 3 labels, with and without the skip edge


def test_edits_keep_what_is_said_and_change_some_of_the_rest(folder):
    arch = Architecture("tiny", ("in", "b", "c", "b", "out"), ((0, 1), (0, 3), (1, 2), (2, 3), (3, 4)))
    proposer = DiffusionProposer(SPACE, 1, model=str(folder), level="any")
    kept = proposer.edit(arch, 4, keep=(0, 1, 2, 4))  # only node 3 and its edges are open
    assert kept
    for one in kept:
        assert (one.ops[:3], one.ops[4]) == (("in", "b", "c"), "out")
        assert {e for e in one.edges if 3 not in e} == {e for e in arch.edges if 3 not in e}
        assert one.key != arch.key
    many = proposer.edit(arch, 8)
    assert len({a.key for a in many}) == len(many) >= 6
    assert not [p for a in many for p in SPACE.problems(a)]
    assert proposer.edit(arch, 8) != many  # counted


def test_a_guide_chooses_among_more_samples(folder):
    def mean(guide):
        found = DiffusionProposer(SPACE, 1, model=str(folder), level="any", over=4).guided(guide).ask(10)
        return sum(accuracy(c.arch) for c in found) / len(found)

    assert mean(lambda archs: [accuracy(a) for a in archs]) > mean(None) + 0.05


@pytest.mark.parametrize(("start", "share"), [(0.0, 1 / 2), (0.5, 1 / 8), (1.0, 0.0)])
def test_edges_have_their_head_start_over_labels(start, share):
    hidden, two = torch.ones(4000, 2, dtype=torch.bool), torch.full((4000,), 2)  # a label and an edge
    shown = AbsorbingScheduler(2, start).step(hidden, two, 0, torch.Generator().manual_seed(0), labels=1)
    assert (shown.sum(1) == 1).all()
    assert shown[:, 0].float().mean().item() == pytest.approx(share, abs=0.02)  # labels shown first
