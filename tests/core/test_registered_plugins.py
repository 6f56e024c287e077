"""Plug-ins by name, by class and from outside; what their constructors are handed."""

from importlib.metadata import EntryPoint

import pytest

from genas.core import registry
from genas.core.context import FIELDS, Context
from genas.core.errors import PluginError, RequestError, UnknownPlugin
from genas.core.interfaces import Proposer
from genas.core.records import Use
from genas.spaces.nasbench201 import NasBench201
from genas.tasks.digits import DigitsTask

CONTEXT = Context(NasBench201(), DigitsTask(), seed=7)


class Mine(Proposer):
    """Proposes nothing."""

    name = "mine"

    def __init__(self, space, seed: int, limits=(), *, size: int = 3) -> None:
        self.handed = space, seed, limits, size

    def ask(self, n):
        return []


class Strange(Mine):
    """Asks for what no run has."""

    name = "strange"

    def __init__(self, space, sede: int = 0) -> None:
        self.handed = space, sede


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})
    registry.register("proposers", Mine)


def test_a_constructor_gets_by_name_what_it_asks_for_of_the_context():
    made = registry.construct(Mine, Use("mine", {"size": "5"}), CONTEXT)
    assert made.handed == (CONTEXT.space, 7, (), 5)


def test_single_values_win_over_those_of_the_context():
    assert registry.construct(Mine, Use("mine"), CONTEXT, seed=9).handed[1] == 9


def test_what_no_run_has_is_told_to_the_author_even_where_it_has_a_default():
    with pytest.raises(PluginError, match=r"Strange asks for 'sede', which no run has.*space, task.*\*, sede"):
        registry.construct(Strange, Use("strange"), CONTEXT)


def test_a_value_that_no_context_has_is_refused():
    with pytest.raises(TypeError, match="a run has no sede"):
        registry.create("proposers", "uniform", space=CONTEXT.space, sede=3)


def test_every_constructor_of_genas_asks_for_fields_of_the_context():
    import inspect

    for kind in registry.kinds():
        for name in registry.names(kind):
            asked = inspect.signature(registry.load(kind, name).__init__).parameters.values()
            places = {p.name for p in asked if p.kind is p.POSITIONAL_OR_KEYWORD} - {"self"}
            assert places <= set(FIELDS), f"{kind} {name}"


def test_a_registered_class_is_found_like_any_other(registered):
    assert "mine" in registry.names("proposers")
    assert registry.summary("proposers", "mine") == "Proposes nothing."
    made = registry.create("proposers", "mine", CONTEXT)
    assert isinstance(made, Mine) and made.name == "mine"
    registry.register("proposers", Mine)  # a cell of a notebook is run again


def test_what_cannot_be_registered_is_refused_in_words(registered):
    with pytest.raises(PluginError, match="'uniform' among the proposers already"):
        registry.register("proposers", Mine, "uniform")
    with pytest.raises(PluginError, match="Mine must be a subclass of Scorer"):
        registry.register("scorers", Mine)
    with pytest.raises(PluginError, match="has no name"):
        registry.register("proposers", type("Nameless", (Mine,), {"name": ""}))
    with pytest.raises(UnknownPlugin):
        registry.register("proposals", Mine)


def entries(*points):
    return {point.name: point for point in points}


def test_a_package_cannot_take_the_name_of_a_plug_in_of_genas(monkeypatch):
    point = EntryPoint("uniform", f"{__name__}:Mine", "genas.proposers")
    monkeypatch.setattr(registry, "_entries", lambda kind: entries(point) if kind == "proposers" else {})
    with pytest.raises(PluginError, match="calls its plug-in 'uniform', as one of genas is called"):
        registry.load("proposers", "uniform")


def test_an_entry_point_must_name_a_class_of_its_kind(monkeypatch):
    point = EntryPoint("wrong", f"{__name__}:CONTEXT", "genas.proposers")
    monkeypatch.setattr(registry, "_entries", lambda kind: entries(point) if kind == "proposers" else {})
    with pytest.raises(PluginError, match="must be a subclass of Proposer"):
        registry.load("proposers", "wrong")


def test_an_option_that_is_not_there_is_refused():
    with pytest.raises(RequestError, match="Its options: size"):
        registry.construct(Mine, Use("mine", {"length": 3}), CONTEXT)
