"""What every task must do: the suites of genas.testing over those of genas."""

import pytest
import torch
from plugin_contexts import WINE

from genas import testing
from genas.core import registry
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.interpreters.subject.benchmarks import space_of
from genas.testing.contract import what_is_here

OPTIONS = {"cifar10": {"limit": 200}, "mnist": {"limit": 200}}
CLASSES = {name: registry.load("tasks", name) for name in registry.names("tasks")}
TABLES = [name for name, cls in CLASSES.items() if cls.lookup is not Task.lookup]
PICTURES = [name for name, cls in CLASSES.items() if cls.here and cls.modality == "image" and name not in TABLES]
pytestmark = pytest.mark.usefixtures("untouched_randomness")


@pytest.fixture(params=registry.names("tasks"), scope="module")
def task(request, picture_folder):
    options = {"images": {"path": str(picture_folder)}, "tabular": dict(WINE.options), **OPTIONS}.get(request.param, {})
    return registry.create("tasks", Use(request.param, options))


def contracts(suite):
    return pytest.mark.parametrize("contract", suite, ids=lambda contract: contract.__name__)


@contracts(testing.TASK)
def test_task(contract, task):
    contract(task)


@contracts(testing.TABLE)
@pytest.mark.parametrize("name", TABLES)
def test_table(contract, name):
    contract(registry.create("tasks", name), registry.create("spaces", space_of(Use(name)) or name))


@pytest.mark.parametrize("task", PICTURES, indirect=True)
def test_preparation_is_what_its_figures_say(task):
    with what_is_here():
        data = task.data("train")
    prepared = task.prepare(data.inputs[:64])
    assert prepared.dtype == torch.float32
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (task.mean, task.std))
    torch.testing.assert_close(prepared, (data.inputs[:64] / task.scale - mean) / std)
    assert task.preparation.words and "\n" not in task.preparation.words
    whole = task.prepare(data.inputs)
    assert whole.mean().abs() < 0.05 and (whole.std() - 1).abs() < 0.05


def test_tasks_of_one_data_set_are_known_as_such():
    tables = [Use("nasbench201"), Use("nasbench101"), Use("darts"), Use("darts", {"table": "swap"}), Use("cifar10")]
    assert {registry.create("tasks", use).data_id for use in tables} == {"cifar10"}
    others = [Use("nasbench201", {"dataset": "cifar100"}), Use("darts", {"table": "svhn"}), Use("digits"), WINE]
    assert len({registry.create("tasks", use).data_id for use in others}) == 4
