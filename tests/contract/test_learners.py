"""What every learner must do."""

import inspect
import json
import math
from pathlib import Path

import pytest
from tiny_space import Tiny, examples

from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.examples import Example
from genas.learners._fit import fit_examples

LEARNERS = registry.names("learners")
SPACE, EXAMPLES = Tiny(), examples(40)
pytestmark = pytest.mark.usefixtures("untouched_randomness")


class Other(Tiny):
    name = "other"


def fitted(name: str, folder: Path, **how) -> dict[str, bytes]:
    """The files of a model that was fitted for one epoch."""
    fit_examples(name, SPACE, EXAMPLES, folder, epochs=1, **how)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", LEARNERS)
def test_says_what_it_fits(name):
    cls = registry.load("learners", name)
    assert not inspect.isabstract(cls)
    assert cls.what and cls.loss and cls.library
    assert not cls.what.endswith("."), "the card goes on with: for the search space"
    assert cls.epochs >= 1 and cls.rate > 0 and cls.weight_decay >= 0


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_seed_writes_the_same_files_and_another_seed_other_weights(name, tmp_path):
    once, again, other = (fitted(name, tmp_path / str(place), seed=seed) for place, seed in enumerate((0, 0, 1)))
    assert once == again
    weights = [file for file in once if file.endswith(".safetensors")]
    assert weights, "weights are kept as safetensors"
    assert any(once[file] != other[file] for file in weights)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_folder_holds_a_card_and_what_was_seen_and_neither_checkpoints_nor_pickles(name, tmp_path):
    heard = []
    files = fitted(name, tmp_path, on_progress=heard.append)
    assert heard and all(math.isfinite(progress.held_out) for progress in heard)
    assert f"# {name}-tiny" in files["README.md"].decode()
    assert json.loads(files[assets.SEEN]) == {"tiny": len(EXAMPLES)}
    assert not [file for file in files if "checkpoint" in file or Path(file).suffix in {".bin", ".pt", ".pkl", ".pth"}]


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
