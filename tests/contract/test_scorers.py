"""What every scorer and validator must do, in every space: the suite of genas.testing over those of genas."""

import pytest
from plugin_contexts import FULL, QUICK, SMALL, TASK_OF_MODALITY, context_for, task_for

from genas import testing
from genas.core import registry
from genas.core.records import Use

METERS = [(kind, name) for kind in ("scorers", "validators") for name in registry.names(kind)]
TRAINED = {"short_train", "inherited_train", "train"}  # these take the smallest task that has data
pytestmark = pytest.mark.usefixtures("untouched_randomness")


@pytest.fixture(params=METERS, ids=lambda pair: pair[1] if pair[0] == "scorers" else f"validator-{pair[1]}")
def meter(request):
    return request.param


@pytest.fixture(params=registry.names("spaces"))
def space(request):
    options = FULL if request.param == "nasbench_graph" else SMALL
    return registry.create("spaces", Use(request.param, options.get(request.param, {})))


@pytest.mark.parametrize("contract", testing.SCORER, ids=lambda contract: contract.__name__)
def test_scorer(contract, meter, space):
    kind, name = meter
    trains = name in TRAINED and space.modality == "image"
    task = registry.create("tasks", TASK_OF_MODALITY["image"]) if trains else task_for(space)

    def make():
        return registry.create(kind, Use(name, QUICK.get(name, {})), context_for(space, task))

    contract(testing.Scoring(make, space))
