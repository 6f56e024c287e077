"""What every proposer and refiner must do, in every space."""

import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from plugin_contexts import SERVES, context_for, lacks_weights, small_space, task_for
from tiny_chat import write_tiny_chat

from genas.core import registry
from genas.core.errors import MissingArtifact
from genas.core.records import Measurement, Trial, Use
from genas.core.rng import seed_of

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


class Missing(Exception):
    """The plug-in said which weights it lacks."""


def measured(candidate, *, fail: bool = False) -> Trial:
    """A made-up but fixed accuracy for each architecture."""
    value = seed_of(candidate.arch.key) % 1000 / 1000
    return Trial(candidate, failure="made to fail") if fail else Trial(candidate, (Measurement("accuracy", value),))


@lru_cache
def tiny_chat() -> str:
    """A chat model of random weights: quick, and bound to a grammar like any other."""
    return str(write_tiny_chat(Path(tempfile.mkdtemp(prefix="tiny-chat-"))))


def made(kind, name, space, seed=0):
    options = OPTIONS.get(name, {}) | ({"model_options": {"folder": tiny_chat()}} if name in CHATTING else {})
    return registry.create(kind, Use(name, options), **context_for(space, task_for(space), seed=seed))


def rounds(proposer, sizes=None):
    """What is asked for in some rounds, each told but for every third, which fails."""
    found = []
    for n in sizes or ROUNDS.get(proposer.name, (3, 1, 4)):
        try:
            asked = proposer.ask(n)
        except MissingArtifact as error:
            assert lacks_weights(error)
            raise Missing from error
        assert len(asked) <= n
        proposer.tell([measured(c, fail=i % 3 == 2) for i, c in enumerate(asked)])
        found.append(asked)
    return found


@pytest.fixture(params=MAKERS, ids=lambda pair: pair[1])
def maker(request):
    return request.param


@pytest.fixture(params=registry.names("spaces"))
def space(request):
    chosen = request.node.callspec.params
    served = SERVES.get(chosen.get("maker", chosen.get("kind_name"))[1])
    return small_space(request.param if served is None or request.param in served else served[0])


def test_legal_new_and_signed(maker, space):
    try:
        asked = [c for batch in rounds(made(*maker, space)) for c in batch]
    except Missing:
        return
    assert asked, "nothing was proposed"
    for candidate in asked:
        assert space.problems(candidate.arch) == []
        assert candidate.origin == maker[1]
        assert candidate.note
    keys = [(c.arch.key, c.fidelity) for c in asked]  # an architecture may be wanted again at a higher fidelity
    assert len(keys) == len(set(keys))


def test_same_seed_same_answers_and_other_seed_others(maker, space):
    try:
        first, second, other = (rounds(made(*maker, space, seed)) for seed in (0, 0, 1))
    except Missing:
        return
    assert first == second
    assert first != other


def test_asking_for_nothing_gives_nothing(maker, space):
    assert made(*maker, space).ask(0) == []


@pytest.mark.parametrize("kind_name", [m for m in MAKERS if m[0] == "refiners"], ids=lambda pair: pair[1])
def test_refiners_do_not_ask_for_what_others_measured(kind_name, space):
    refiner, contrary = made(*kind_name, space), made(*kind_name, space)
    others = [measured(c) for c in made("proposers", "uniform", space, seed=5).ask(12)]
    refiner.tell(others)
    contrary.tell([replace(t, measurements=(Measurement("accuracy", 1 - t.value("accuracy")),)) for t in others])
    asked = [c for batch in rounds(refiner, (5, 5)) for c in batch]
    assert not {t.candidate.arch.key for t in others} & {c.arch.key for c in asked}
    opposite = [c for batch in rounds(contrary, (5, 5)) for c in batch]
    assert [c.arch for c in asked] != [c.arch for c in opposite], "what others measured was not built upon"
