"""What every learner must do."""

import json

import pytest
from tiny_space import Tiny, examples

from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.examples import Example
from genas.core.learner import Learner
from genas.learners._fit import fit_examples
from genas.testing import LEARNER, Broken, check_learner
from genas.testing.learners import learning

LEARNERS = registry.names("learners")
SPACE, EXAMPLES = Tiny(), examples(40)
pytestmark = pytest.mark.usefixtures("untouched_randomness")


class Other(Tiny):
    name = "other"


@pytest.mark.parametrize("contract", LEARNER, ids=lambda contract: contract.__name__)
@pytest.mark.parametrize("name", LEARNERS)
def test_contract(name, contract):
    contract(learning(name, SPACE, EXAMPLES))


@pytest.mark.parametrize("name", LEARNERS)
def test_several_spaces_are_learned_by_one_model_or_refused(name, tmp_path):
    archs = [e.arch for e in EXAMPLES]
    of_other = [Example(type(a)("other", a.ops, a.edges), "other", len(a.edges), "made") for a in archs]
    both = [SPACE, Other()], [*EXAMPLES, *of_other]
    if registry.load("learners", name).several:
        fit_examples(name, *both, tmp_path, epochs=1)
        assert set(json.loads((tmp_path / assets.SEEN).read_text())) == {"tiny", "other"}
    else:
        with pytest.raises(
            RequestError, match=f"{name} is fitted to one space at a time; several are learned by archlm"
        ):
            fit_examples(name, *both, tmp_path, epochs=1)


class Forgetful(Learner):
    """Breaks what it can."""

    name = "forgetful"
    what = "Nothing."
    loss = "none"

    def learn(self, lessons):
        (lessons.folder / "model.pkl").write_bytes(b"")
        return 0.0


def test_a_learner_of_ones_own_is_told_all_that_is_wrong_with_it():
    with pytest.raises(Broken) as told:
        check_learner(Forgetful, SPACE)
    assert "must not end with a full stop" in str(told.value)
    assert "must write its weights as .safetensors" in str(told.value)
    assert "must train by lessons.train" in str(told.value)
