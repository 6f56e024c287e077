import pytest
import torch
from scipy.stats import kendalltau
from tiny_space import Tiny, accuracy, examples

from genas.core.errors import RequestError
from genas.core.records import Architecture, Candidate, Measurement, Trial
from genas.learners._fit import fit_examples
from genas.predictors.gnn import GraphPredictor, ranking_loss, teach
from genas.scorers.gnn import GnnScorer

SPACE = Tiny()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fit_examples("gnn", SPACE, examples(), tmp_path_factory.mktemp("gnn"), epochs=25)


def trials(count, value=accuracy):
    archs = list({e.arch.key: e.arch for e in examples(200, seed=5)}.values())[:count]
    return [Trial(Candidate(a, "x"), (Measurement("accuracy", value(a)),)) for a in archs]


def tau(scorer, archs, value=accuracy):
    return kendalltau([m.value for m in scorer.score_all(archs)], [value(a) for a in archs]).statistic


def test_ranking_loss_by_hand():
    logits = torch.tensor([[0.0, 1.0, 3.0]])
    # pairs (better, worse): (2,1), (2,0), (1,0) with gaps 2, 3, 1
    expected = sum(torch.log1p(torch.exp(torch.tensor(-gap))) for gap in (2.0, 3.0, 1.0)) / 3
    assert ranking_loss(logits, torch.tensor([0.1, 0.5, 0.9])).item() == pytest.approx(float(expected), abs=1e-6)


def test_it_ranks_what_it_has_not_seen(folder):
    archs = [e.arch for e in examples(200, seed=9)]
    scorer = GnnScorer(SPACE, model=str(folder))
    assert tau(scorer, archs) > 0.8
    found = scorer.score_all(archs)
    assert all(0.0 <= m.value <= 1.0 and m.std >= 0.0 for m in found)
    assert any(m.std > 0.001 for m in found)


def test_one_by_one_equals_the_batch_and_isomorphic_graphs_score_alike(folder):
    scorer = GnnScorer(SPACE, model=str(folder))
    archs = [e.arch for e in examples(5)]
    for arch, batched in zip(archs, scorer.score_all(archs), strict=True):
        assert scorer.score(arch).value == pytest.approx(batched.value, abs=1e-5)
    one = Architecture("tiny", ("in", "a", "b", "out"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    two = Architecture("tiny", ("in", "b", "a", "out"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert one.key == two.key
    assert scorer.score(one).value == pytest.approx(scorer.score(two).value, abs=1e-6)


def test_fit_learns_a_new_order_deterministically(folder):
    def reverse(arch):
        return 1 - accuracy(arch)

    measured = trials(80, reverse)
    archs = [e.arch for e in examples(60, seed=8)]
    scorers = [GnnScorer(SPACE, seed=1, model=str(folder)) for _ in range(2)]
    before = tau(scorers[0], archs, reverse)
    state = torch.get_rng_state()
    for scorer in scorers:
        scorer.fit(measured)
    assert torch.equal(state, torch.get_rng_state())
    assert tau(scorers[0], archs, reverse) > max(0.3, before + 1.0)
    assert scorers[0].score_all(archs)[3].value == scorers[1].score_all(archs)[3].value


def test_fit_on_too_few_failed_or_equal_trials_changes_nothing(folder):
    scorer, arch = GnnScorer(SPACE, model=str(folder)), examples(1)[0].arch
    before = scorer.score(arch).value
    scorer.fit(trials(9) + [Trial(t.candidate, t.measurements, "broke") for t in trials(20)[9:]])
    scorer.fit(trials(20, lambda _: 0.5))
    assert scorer.score(arch).value == before


def test_fit_never_ranks_worse_than_the_predictor_it_began_with(folder):
    archs = [e.arch for e in examples(100, seed=8)]
    before = tau(GnnScorer(SPACE, model=str(folder)), archs)
    for seed, count in ((0, 10), (1, 12), (2, 20), (3, 60)):
        scorer = GnnScorer(SPACE, seed=seed, model=str(folder))
        scorer.fit(trials(count))
        assert tau(scorer, archs) >= before - 0.005


def test_most_quantiles_lie_within_the_stated_deviations(folder):
    scorer = GnnScorer(SPACE, model=str(folder))
    rest = trials(120)
    learnt, unseen = rest[:60], rest[60:]
    scorer.fit(learnt)
    values = sorted(accuracy(t.candidate.arch) for t in learnt)
    found = scorer.score_all([t.candidate.arch for t in unseen])
    within = 0
    for trial, m in zip(unseen, found, strict=True):
        value = accuracy(trial.candidate.arch)
        low, high = sum(v < value for v in values) / 60, sum(v <= value for v in values) / 60
        within += low - 1.645 * m.std <= m.value <= high + 1.645 * m.std
    assert within >= 0.8 * len(found)


def test_teach_leaves_each_example_out_of_one_net():
    archs, seen = [e.arch for e in examples(12)], []

    def train(model, loss):
        model.train()
        for row in range(4):
            model.zero_grad()
            loss(torch.tensor([row, row + 4]), torch.Generator()).backward()
            grads = [sum(float(p.grad.abs().sum()) for p in net.parameters()) for net in model.nets]
            seen.append([g > 0 for g in grads])
        return 0.5

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, left_out, value = teach(SPACE, archs, [(i + 0.5) / 12 for i in range(12)], train)
    assert value == 0.5
    assert seen == [[net != row for net in range(4)] for row in range(4)]
    logits = model.logits(archs)
    assert left_out == pytest.approx([float(logits[i % 4, i]) for i in range(12)])


def test_unknown_labels_are_named(folder):
    with pytest.raises(RequestError, match="zz"):
        GnnScorer(SPACE, model=str(folder)).score(Architecture("tiny", ("in", "zz", "out"), ((0, 1), (1, 2))))


def test_saving_and_loading_give_the_same_scores(folder, tmp_path):
    first = GraphPredictor.load(folder)
    first.save(tmp_path / "copy")
    second = GraphPredictor.load(tmp_path / "copy")
    archs = [e.arch for e in examples(10)]
    assert torch.equal(first.predict(archs)[0], second.predict(archs)[0])
