"""What every search space must do: the suites of genas.testing over those of genas."""

import pytest
from plugin_contexts import small_space, task_for

from genas import testing
from genas.core import registry


@pytest.fixture(params=registry.names("spaces"))
def space(request):
    return small_space(request.param)


def contracts(suite):
    return pytest.mark.parametrize("contract", suite, ids=lambda contract: contract.__name__)


@contracts(testing.SPACE)
def test_space(contract, space):
    contract(space)


@contracts(testing.BUILT)
def test_space_builds(contract, space):
    contract(space, task_for(space))


def test_samples_differ(space):
    assert len({arch.key for arch in testing.samples(space, 20)}) > 10
