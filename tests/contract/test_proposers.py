"""What every proposer and refiner must do, in every space: the suites of genas.testing over those of genas."""

import tempfile
from functools import lru_cache
from pathlib import Path

import pytest
from plugin_contexts import SERVES, context_for, small_space, task_for
from tiny_chat import write_tiny_chat

from genas import testing
from genas.core import registry
from genas.core.records import Use

MAKERS = [(kind, name) for kind in ("proposers", "refiners") for name in registry.names(kind)]
OPTIONS = {
    "bananas": {"pool": 20, "trees": 10},
    "evolution": {"population": 6},
    "navigator": {"examples": 1, "repairs": 0, "batch": 4, "partition": 1},
    "nsga2": {"population": 6},
    "pbg": {"population": 6},
    "progressive": {"beam": 3, "trees": 10},
    "regularized_evolution": {"population": 6, "sample": 3},
    "smac": {"start": 4, "challengers": 50, "every": 8},
    "llm": {"examples": 2, "repairs": 0, "batch": 2},
}
CHATTING = {"llm", "navigator"}
ROUNDS = {"llm": (2,)}
pytestmark = pytest.mark.usefixtures("untouched_randomness")


@lru_cache
def tiny_chat() -> str:
    """A chat model of random weights: quick, and bound to a grammar like any other."""
    return str(write_tiny_chat(Path(tempfile.mkdtemp(prefix="tiny-chat-"))))


def made(kind, name, space, seed=0):
    options = OPTIONS.get(name, {}) | ({"model_options": {"folder": tiny_chat()}} if name in CHATTING else {})
    return registry.create(kind, Use(name, options), context_for(space, task_for(space), seed=seed))


def proposing(kind, name, space):
    def make(seed):
        return made(kind, name, space, seed)

    metric = task_for(space).metric.name
    return testing.Proposing(make, space, metric, **({"rounds": ROUNDS[name]} if name in ROUNDS else {}))


def cases(*kinds):
    """Each maker with each space that it serves."""
    pairs = [
        pytest.param((kind, name), space, id=f"{name}-{space}")
        for kind, name in MAKERS
        for space in SERVES.get(name, registry.names("spaces"))
        if kind in kinds
    ]
    return pytest.mark.parametrize(("maker", "space"), pairs)


def contracts(suite):
    return pytest.mark.parametrize("contract", suite, ids=lambda contract: contract.__name__)


@cases("proposers", "refiners")
@contracts(testing.PROPOSER)
def test_proposer(contract, maker, space):
    contract(proposing(*maker, small_space(space)))


@cases("refiners")
@contracts(testing.REFINER)
def test_refiner(contract, maker, space):
    contract(proposing(*maker, small_space(space)))
