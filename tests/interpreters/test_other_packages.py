"""Tasks and spaces of other packages are found in a sentence, however it spells their names."""

import pytest

from genas.core import registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Use


class Macro(SearchSpace):
    """Chains of eight layers."""

    name, ops, max_nodes = "nas_bench_macro", ("a", "b"), 8

    def problems(self, arch):
        return []


class MacroTable(Task):
    """Published accuracies of macro networks on CIFAR-10."""

    name = "nas_bench_macro"
    description, input_shape, outputs, here = "Published accuracies.", (3, 32, 32), 10, False

    def data(self, split):
        raise ScoreFailed("no images")

    def lookup(self, arch, metric, *, fidelity=1.0):
        raise ScoreFailed("no table")


class Other(MacroTable):
    """Accuracies of something else."""

    name = "blocks7"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})
    registry.register("spaces", Macro)
    registry.register("tasks", MacroTable)
    registry.register("tasks", Other)


def read(sentence, **known):
    return registry.create("interpreters", "exact").read(sentence, **known)


@pytest.mark.parametrize("said", ["NAS-Bench-Macro", "nas_bench_macro", "NASBench Macro", "nas bench macro"])
def test_a_table_is_found_however_its_name_is_spelled(said):
    request = read(f"The best network of {said}")
    assert (request.task, request.space, request.validator) == (Use("nas_bench_macro"),) * 2 + (Use("table"),)


def test_a_data_set_that_the_table_is_about_may_be_named_beside_it():
    assert read("The best network of NAS-Bench-Macro for cifar10").task == Use("nas_bench_macro")
    with pytest.raises(RequestError, match="nas_bench_macro and cifar100: write one task"):
        read("The best network of NAS-Bench-Macro for cifar100")


def test_a_space_is_found_beside_a_task_of_genas():
    assert read("Handwritten digits with a NAS-Bench-Macro network", task=Use("digits")).space == Use("nas_bench_macro")


def test_numbers_in_a_name_are_no_quantities():
    assert read("The best network of blocks-7", space=Use("nas_bench_macro")).constraints == ()


def test_a_table_whose_space_is_not_said_is_asked_about():
    with pytest.raises(RequestError, match="Whose architectures does the table blocks7 know"):
        read("The best network of Blocks 7")


def test_two_tables_at_once_are_refused():
    with pytest.raises(RequestError, match="blocks7 and nas_bench_macro: write one of these tasks"):
        read("The best network of Blocks 7 and NAS-Bench-Macro")
