import json

import pytest
import torch
from scipy.stats import kendalltau
from tiny_space import Tiny, accuracy, examples

from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.core.records import Candidate, Measurement, Trial, Use
from genas.learners._fit import fit_examples
from genas.learners.gnn import lesson
from genas.predictors.gnn import GraphPredictor
from genas.predictors.multi_task import Lesson, folds_of
from genas.predictors.questions import MERIT, Question, of_device, of_task
from genas.scorers.gnn import GnnScorer

SPACE = Tiny()
FLOWERS, ROOMS = "photographs of flowers", "recordings of sounds in rooms"
UNSEEN = [e.arch for e in examples(150, seed=9)]


class Described(Task):
    """A task of which nothing but its words is asked."""

    input_shape = (3, 8, 8)
    outputs = 4

    def __init__(self, description, latency_device=None):
        self.description, self.latency_device = description, latency_device

    def data(self, split):
        raise AssertionError("no data may be read here")


def long(arch):
    return len(arch.ops) + 0.1 * len(arch.edges)


def full_of_b(arch):
    return 1.0 + arch.ops.count("b") + 0.1 * len(arch.edges)


def told(n=120):
    """Two tasks with opposite orders and two devices, which find different architectures slow."""
    found = []
    for row, e in enumerate(examples(n)):
        costs = {"params": 3.0, "latency_ms pixel3": long(e.arch), "latency_ms gold_6240": full_of_b(e.arch)}
        task, merit = (FLOWERS, e.merit) if row % 2 else (ROOMS, -e.merit)
        found.append(e._replace(task=task, merit=merit, costs=costs))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fit_examples("gnn", SPACE, told(), tmp_path_factory.mktemp("lessons"), epochs=35)


@pytest.fixture(scope="module")
def model(folder):
    return GraphPredictor.load(folder)


def tau(found, value):
    return kendalltau(found, [value(arch) for arch in UNSEEN]).statistic


def asked(model, question, value):
    return tau(model.predict(UNSEEN, question=question)[0], value)


@pytest.mark.slow
def test_the_words_of_a_task_tell_opposite_orders_apart(model):
    assert asked(model, Question(MERIT, FLOWERS), accuracy) > 0.6
    assert asked(model, Question(MERIT, ROOMS), accuracy) < -0.6


def test_costs_are_learned_for_each_device(model):
    for device, cost, other in (("pixel3", long, full_of_b), ("gold_6240", full_of_b, long)):
        own, others = (asked(model, of_device("latency_ms", device), lambda a, c=c: -c(a)) for c in (cost, other))
        assert own > 0.6
        assert own > others + 0.2


def test_what_was_not_taught_is_answered_by_what_is_alike_in_words_and_less_surely(model):
    phone = of_device("latency_ms", "a mobile phone by Samsung (ARM CPU)")
    assert phone not in model.taught.questions
    assert asked(model, phone, lambda a: -long(a)) > 0.5
    shares = model.taught.shares(phone)
    assert shares.sum().item() == pytest.approx(1)
    assert shares[model.taught.questions.index(of_device("latency_ms", "pixel3"))] > 0.9
    sure, unsure = (model.predict(UNSEEN, question=q)[1] for q in (of_device("latency_ms", "pixel3"), phone))
    assert unsure.mean() > 1.5 * sure.mean()  # either device was ranked badly by the other
    assert asked(model, of_task(Described("pictures of flowers")), accuracy) > 0.5


def test_deviations_of_what_was_not_taught_are_as_wide_as_left_out_tasks_needed(model):
    question = of_task(Described("pictures of flowers"))
    own = max(s for q, s in zip(model.taught.questions, model.config["stretches"], strict=True) if q.kind == "task")
    assert model.config["widened"]["task"] > own  # the two tasks are opposite
    spread = torch.sigmoid(model.asked(UNSEEN, question=question)).std(0, unbiased=False)
    assert (model.predict(UNSEEN, question=question)[1] > model.config["widened"]["task"] * spread).all()


def test_without_a_question_all_tasks_count_alike(model):
    shares = model.taught.shares(None)
    kinds = [question.kind for question in model.taught.questions]
    assert [round(float(s), 6) for s in shares] == [0.5 if kind == "task" else 0.0 for kind in kinds]


def test_an_untaught_metric_is_refused_with_what_to_write(folder, tmp_path):
    with pytest.raises(RequestError, match=r"not energy_mj.*devices=NAME"):
        GraphPredictor.load(folder).predict(UNSEEN[:1], question=of_device("energy_mj", "pixel3"))
    one = fit_examples("gnn", SPACE, examples(), tmp_path, epochs=1)
    with pytest.raises(RequestError, match="taught merit, not latency_ms"):
        GnnScorer(SPACE, model=str(one), learn="latency_ms", target="pixel3").score(UNSEEN[0])


def test_one_order_is_learned_as_before(tmp_path):
    one = fit_examples("gnn", SPACE, examples(), tmp_path, epochs=1)
    config = json.loads((one / "config.json").read_text())
    assert set(config) == {"class", "space", "ops", "nets", "width", "depth", "stretch"}
    model = GraphPredictor.load(one)
    assert model.logits(UNSEEN).shape == (4, 150)
    named = model.predict(UNSEEN, question=Question(MERIT, FLOWERS))[0]
    assert torch.equal(named, model.predict(UNSEEN)[0])


def test_the_same_seed_gives_the_same_weights_and_no_checkpoint_is_left(tmp_path):
    one, two = (fit_examples("gnn", SPACE, told(40), tmp_path / name, epochs=2) for name in ("one", "two"))
    for name in ("config.json", "model.safetensors"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert sorted(path.name for path in one.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "seen_tasks.json",
    ]  # fmt: skip


def test_saving_and_loading_give_the_same_answers(model, tmp_path):
    model.save(tmp_path)
    again = GraphPredictor.load(tmp_path)
    assert again.config == model.config
    for question in (None, *model.taught.questions):
        for mine, its in zip(
            model.predict(UNSEEN, question=question), again.predict(UNSEEN, question=question), strict=True
        ):
            assert torch.equal(mine, its)


def test_the_lesson_ranks_within_a_task_and_costs_downwards():
    archs = UNSEEN[:4]
    found = [e._replace(arch=a) for e, a in zip(told(4), archs, strict=True)]
    found = [
        e._replace(merit=merit, costs={} if cost is None else {"flops": 1.0, "latency_ms pixel3": cost})
        for e, merit, cost in zip(found, (1.0, 5.0, 3.0, 4.0), (9.0, 2.0, 4.0, None), strict=True)
    ]
    made = lesson(found)
    assert [(q.metric, q.words) for q in made.questions] == [
        (MERIT, ROOMS), (MERIT, FLOWERS), ("latency_ms", "Google Pixel 3, a mobile phone (ARM CPU)"),
    ]  # fmt: skip
    expected = torch.tensor(
        [[0.25, torch.nan, 0.25], [torch.nan, 0.75, 0.5], [0.75, torch.nan, 0.75], [torch.nan, 0.25, torch.nan]]
    )
    assert torch.equal(made.quantiles.nan_to_num(-1), expected.nan_to_num(-1))
    assert made.vectors.shape == (3, 388)


def test_one_task_under_two_names_is_one_question():
    use = Use("digits")
    found = [e._replace(task=f"digits {row % 2}", use=use, costs={}) for row, e in enumerate(told(8))]
    made = lesson(found)
    assert len(made.questions) == 1
    assert made.quantiles.shape == (8, 1)
    assert made.quantiles[::2, 0].mean() == made.quantiles[1::2, 0].mean() == 0.5  # each name ranked by itself
    assert made.parts() == []


def test_all_that_is_asked_of_a_device_is_left_out_together_and_the_only_task_stays():
    questions = [Question(MERIT, "one task"), *(of_device("latency_ms", d) for d in ("pixel3", "edgegpu", "gold_6240"))]
    asked_of = Lesson((*questions, of_device("energy_mj", "edgegpu")), torch.zeros(5, 2), torch.zeros(6, 5))
    assert asked_of.parts() == [[1], [2, 4], [3]]
    rest = asked_of.without([2, 4])
    assert rest.questions == (questions[0], questions[1], questions[3])
    assert rest.quantiles.shape == (6, 3)


def test_an_architecture_is_left_out_of_one_net_wherever_it_stands():
    archs = [UNSEEN[0], UNSEEN[1], UNSEEN[0], *UNSEEN[2:8], UNSEEN[1]]
    folds = folds_of(archs, 4).tolist()
    assert (folds[0], folds[1]) == (folds[2], folds[-1])
    assert set(folds) == {0, 1, 2, 3}


def scored(folder, **options):
    return [m.value for m in GnnScorer(SPACE, model=str(folder), **options).score_all(UNSEEN)]


def test_the_scorer_asks_about_the_task_or_the_device(folder):
    assert tau(scored(folder, task=Described("pictures of flowers")), accuracy) > 0.5
    assert tau(scored(folder, task=Described("sounds in rooms")), accuracy) < -0.5
    phone = Described("pictures", latency_device="pixel3")
    assert tau(scored(folder, task=phone, learn="latency_ms"), lambda a: -long(a)) > 0.6
    assert tau(scored(folder, task=phone, learn="latency_ms", target="gold_6240"), lambda a: -full_of_b(a)) > 0.6


def test_measured_costs_are_learned_downwards(folder):
    scorer = GnnScorer(SPACE, model=str(folder), learn="latency_ms", target="a mobile phone")
    archs = list({e.arch.key: e.arch for e in examples(100, seed=5)}.values())[:30]
    scorer.fit([Trial(Candidate(a, "x"), (Measurement("latency_ms", full_of_b(a)),)) for a in archs])
    assert tau([m.value for m in scorer.score_all(UNSEEN)], lambda a: -full_of_b(a)) > 0.7


def test_the_scorer_says_what_is_missing_or_too_much():
    for options, words in (
        ({"learn": "latency_ms"}, "target=DEVICE"),
        ({"target": "pixel3"}, "learn=latency_ms"),
        ({"learn": "energy_mj", "target": "x", "transfer": ["a"]}, "leave one of them out"),
    ):
        with pytest.raises(RequestError, match=words):
            GnnScorer(SPACE, **options)
