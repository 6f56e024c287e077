"""What every scorer and validator must do, in every space."""

import inspect
import math

import pytest
from plugin_contexts import FULL, QUICK, SMALL, TASK_OF_MODALITY, context_for, lacks_weights, samples, task_for

from genas.core import declared, registry
from genas.core.errors import GenasError, MissingArtifact, ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.records import Architecture, Measurement, Use

METERS = [(kind, name) for kind in ("scorers", "validators") for name in registry.names(kind)]
TRAINED = {"short_train", "inherited_train", "train"}  # these take the smallest task that has data
TIMED = {"latency_ms", "train_ms"}  # measured with a clock: not the same twice
pytestmark = pytest.mark.usefixtures("untouched_randomness")


def called(pair):
    return pair[1] if pair[0] == "scorers" else f"validator-{pair[1]}"


@pytest.fixture(params=METERS, ids=called)
def meter(request):
    return request.param


@pytest.fixture(params=registry.names("spaces"))
def space(request):
    options = FULL if request.param == "nasbench_graph" else SMALL
    return registry.create("spaces", Use(request.param, options.get(request.param, {})))


def made(meter, space):
    kind, name = meter
    trains = name in TRAINED and space.modality == "image"
    task = registry.create("tasks", TASK_OF_MODALITY["image"]) if trains else task_for(space)
    return registry.create(kind, Use(name, QUICK.get(name, {})), **context_for(space, task))


def scored(scorer, archs, **how):
    """The results, or None where the plug-in says which weights or data it lacks."""
    try:
        return scorer.score_all(archs, **how)
    except MissingArtifact as error:
        assert lacks_weights(error)
        return None


def test_finite_or_failed_with_a_reason(meter, space):
    archs = samples(space, 3)
    scorer = made(meter, space)
    results = scored(scorer, archs, seed=3)
    if results is None:
        return
    assert len(results) == len(archs)
    for result in results:
        if isinstance(result, ScoreFailed):
            assert str(result)
            continue
        assert isinstance(result, Measurement)
        assert result.metric == scorer.metric.name
        assert math.isfinite(result.value)
        assert result.seconds >= 0
        assert result.seed == 3


@pytest.mark.parametrize("meter", [m for m in METERS if m[1] not in TIMED], ids=called)
def test_same_seed_same_value_alone_or_in_a_batch(meter, space):
    archs = samples(space, 3)
    together, again = scored(made(meter, space), archs), scored(made(meter, space), archs[::-1])
    if together is None or again is None:
        return
    for one, other in zip(together, again[::-1], strict=True):
        assert type(one) is type(other)
        if isinstance(one, Measurement):
            assert one.value == pytest.approx(other.value, rel=1e-5, abs=1e-6)


def test_illegal_architecture_is_never_given_a_figure(meter, space):
    arch = samples(space, 1)[0]
    wrong = Architecture(space.name, (arch.ops[0], "no such label", *arch.ops[2:]), arch.edges)
    try:
        results = scored(made(meter, space), [wrong])
    except GenasError as error:
        assert str(error)
        return
    if results is not None:
        assert isinstance(results[0], ScoreFailed)


@pytest.mark.parametrize("kind_name", METERS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_says_what_it_costs_and_what_it_measures(kind_name):
    cls = registry.load(*kind_name)
    assert issubclass(cls, Scorer)
    assert declared.metric(cls.metric.name) == cls.metric, "a name has one meaning"
    assert cls.cost > 0
    assert not inspect.isabstract(cls)
    learns = cls.fit is not Scorer.fit
    assert cls.fits == learns, "`fits` must say whether `fit` changes the scores"
