"""The examples of genas.api are one session that runs as it is written, on a small table and offline."""

from __future__ import annotations

import doctest
import shutil
from types import FunctionType

import pytest
from wine_table import wine_csv

from genas import api

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
VERBS = [
    name for name, value in vars(api).items() if isinstance(value, FunctionType) and value.__module__ == api.__name__
]
PUBLIC = [name for name in VERBS if not name.startswith("_")]


def examples_of(name: str, names: dict[str, object]) -> doctest.DocTest:
    """The examples in the verb's docstring, which share their variables with those of the other verbs."""
    found = doctest.DocTestFinder(recurse=False).find(getattr(api, name), name, globs=names)
    assert found, f"{name} has no docstring"
    found[0].globs = names
    return found[0]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By verb, what was wrong with its examples; "" where nothing was."""
    place, wrong = tmp_path_factory.mktemp("session"), {}
    shutil.copy(wine_csv(), place / "wine.csv")
    names = dict(vars(api))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for verb in PUBLIC:
            out: list[str] = []
            runner = doctest.DocTestRunner(optionflags=OPTIONS)
            runner.run(examples_of(verb, names), out=out.append, clear_globs=False)
            wrong[verb] = "".join(out)
    return wrong


@pytest.mark.parametrize("verb", PUBLIC)
def test_the_examples_of_each_verb_run_as_written(verb: str, said: dict[str, str]) -> None:
    assert said[verb] == ""


@pytest.mark.parametrize("verb", sorted({*PUBLIC} - {"fit"}))
def test_each_verb_has_an_example(verb: str) -> None:
    assert examples_of(verb, {}).examples
