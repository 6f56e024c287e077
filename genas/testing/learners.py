"""What every learner must do."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from genas.core import assets
from genas.core.examples import Example
from genas.core.interfaces import SearchSpace
from genas.core.learner import Learner
from genas.core.rng import rng
from genas.learners._fit import fit_examples
from genas.learners._loop import Progress
from genas.testing.contract import check, made, require, samples

_PICKLED = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


class Learning(NamedTuple):
    """What the contracts of learners are about: how one is made for a seed, and what it learns from."""

    make: Callable[[int], Learner]
    space: SearchSpace
    examples: Sequence[Example]


def check_learner(
    plugin: type[Learner] | str, space: SearchSpace, examples: Sequence[Example] = (), **options: object
) -> list[str]:
    """Check all contracts of a learner; it is fitted some times for one epoch.

    Args:
        plugin: its class, or the name of one that genas finds.
        space: whose architectures it learns.
        examples: at least 20 measured ones; where none are given, 40 with merits that are made up.
        options: of the plug-in, such as make it quick.

    Returns:
        What could not be checked, each with its reason.

    Raises:
        Broken: what is wrong with it.
    """
    return check((LEARNER, (learning(plugin, space, examples, **options),)))


def learning(
    plugin: type[Learner] | str, space: SearchSpace, examples: Sequence[Example] = (), **options: object
) -> Learning:
    """The subject of the contracts, see `check_learner`."""

    def make(seed: int) -> Learner:
        learner: Learner = made("learners", plugin, None, options, seed=seed, device="cpu")
        return learner

    return Learning(make, space, tuple(examples) or made_up(space))


def made_up(space: SearchSpace) -> tuple[Example, ...]:
    """Examples of the space with merits and parameters that mean nothing."""
    archs = {arch.key: arch for arch in samples(space, 40)}.values()
    draw = rng(0, "made-up merits")
    return tuple(Example(a, "made up", float(draw.random()), "made up", {"params": 1e3 * len(a.ops)}) for a in archs)


def it_says_what_it_fits(of: Learning) -> None:
    """`what` and `loss` are words for the card, and the recipe is one that can be."""
    learner = of.make(0)
    for name in ("what", "loss", "library"):
        text = getattr(learner, name, "")
        require(isinstance(text, str) and text, f"{name} must be some words for the model's card, not {text!r}")
    require(not learner.what.endswith("."), "`what` must not end with a full stop: the card goes on with 'for the ...'")
    require(learner.epochs >= 1, f"epochs must be at least 1, not {learner.epochs}")
    require(learner.rate > 0, f"rate must be above 0, not {learner.rate}")


def the_seed_decides_the_weights(of: Learning) -> None:
    """The same seed and examples write the same files, another seed other weights."""
    once, again, other = (_files(of, seed) for seed in (0, 0, 1))
    changed = sorted(name for name in once.keys() | again.keys() if once.get(name) != again.get(name))
    require(not changed, f"the same seed writes other bytes into {', '.join(changed)}; draw from the given generator")
    weights = [name for name in once if name.endswith(".safetensors")]
    require(weights, "learn() must write its weights as .safetensors into lessons.folder")
    require(any(once[name] != other.get(name) for name in weights), "another seed must lead to other weights")


def the_folder_holds_a_model_and_its_card(of: Learning) -> None:
    """Weights, the card and what was seen lie there; no checkpoint stays, and nothing that is read by unpickling."""
    heard: list[Progress] = []
    files = _files(of, 0, heard.append)
    require(heard, "learn() must train by lessons.train, which keeps checkpoints and tells the progress")
    require(all(math.isfinite(step.held_out) for step in heard), "the held-out loss must be finite")
    require(of.make(0).what in files["README.md"].decode(), "the card must say what the model is")
    seen = json.loads(files[assets.SEEN])
    require(sum(seen.values()) == len(of.examples), f"{assets.SEEN} tells of {seen}")
    pickled = sorted(name for name in files if Path(name).suffix in _PICKLED)
    require(not pickled, f"{', '.join(pickled)} would be read by unpickling; write .safetensors and .json")
    left = sorted(name for name in files if "checkpoint" in name)
    require(not left, f"{', '.join(left)} is left behind")


def _files(of: Learning, seed: int, heard: Callable[[Progress], None] | None = None) -> dict[str, bytes]:
    """The files of a model fitted for one epoch."""
    with tempfile.TemporaryDirectory(prefix="genas-learner-") as name:
        folder = Path(name)
        fit_examples(of.make(seed), of.space, of.examples, folder, epochs=1, seed=seed, on_progress=heard)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LEARNER = (it_says_what_it_fits, the_seed_decides_the_weights, the_folder_holds_a_model_and_its_card)
