"""Every plug-in of every kind can be listed, loaded, and asked for its options."""

import inspect
import subprocess
import sys
from collections.abc import Sequence
from typing import get_args, get_origin, get_type_hints

import pytest

from genas.core import registry
from genas.core.errors import RequestError, UnknownPlugin
from genas.core.ledger import Ledger
from genas.core.records import Use

ALL = [(kind, name) for kind in registry.kinds() for name in registry.names(kind)]
OURS = [(kind, name) for kind, name in ALL if kind != "llms"]  # chat models take options as pydantic fields


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_one_public_class_with_a_docstring(kind, name):
    cls = registry.load(kind, name)
    assert inspect.getdoc(cls)
    assert registry.summary(kind, name).strip()


@pytest.mark.parametrize(("kind", "name"), OURS)
def test_options_are_keyword_only_and_typed(kind, name):
    for option, parameter in registry.options(kind, name).items():
        assert parameter.annotation is not inspect.Parameter.empty, f"{option} has no type"


@pytest.mark.parametrize(("kind", "name"), OURS)
def test_unknown_options_are_refused(kind, name):
    with pytest.raises(RequestError, match="no_such_option"):
        registry.create(kind, Use(name, {"no_such_option": 1}))


@pytest.mark.parametrize("kind", registry.kinds())
def test_unknown_names_are_refused_with_a_hint(kind):
    with pytest.raises(UnknownPlugin, match="no_such_plugin"):
        registry.load(kind, "no_such_plugin")


def test_refiners_override_tell_and_validators_test():
    from genas.core.interfaces import Proposer

    for name in registry.names("refiners"):
        assert registry.load("refiners", name).tell is not Proposer.tell
    for name in registry.names("validators"):
        assert "test" in vars(registry.load("validators", name))


def test_listing_imports_no_torch():
    code = (
        "import sys; from genas.core import registry\n"
        "[registry.summary(k, n) for k in registry.kinds() for n in registry.names(k)]\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_several_values_may_be_joined_in_text():
    use = Use("rank_aggregate", {"proxies": "params+nope"})
    with pytest.raises(UnknownPlugin, match="no 'nope' among the scorers"):
        registry.create("scorers", use, space=None, task=None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1e400", 10**400, True, [1], {"a": 1}])
def test_no_number_may_be_endless_or_no_number(value):
    tried = 0
    for kind, name in OURS:
        plugin = registry.load(kind, name)
        hints = get_type_hints(plugin.__init__)
        for option in registry.options(kind, name):
            kinds = {hints[option], *get_args(hints[option])}
            if {int, float} & kinds and not {str, Sequence} & {*kinds, get_origin(hints[option])}:
                tried += 1
                with pytest.raises(RequestError, match=option):
                    registry._checked(plugin, Use(name, {option: value}))
    assert tried > 100, "so many options are numbers"


@pytest.mark.parametrize(
    "options",
    [{"epochs": 0}, {"seeds": -1}, {"examples": 0}, {"batch_size": 0}, {"learning_rate": -1.0}, {"precision": "half"}],
)
def test_trainings_that_cannot_be_are_refused_at_once(options, tmp_path):
    context = {"space": None, "task": None, "ledger": Ledger(tmp_path / "ledger.jsonl")}
    with pytest.raises(RequestError, match=next(iter(options))):
        registry.create("validators", Use("train", options), **context)
