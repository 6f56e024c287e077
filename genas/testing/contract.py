"""What the suites share: how a contract is run, how it fails, and how it says that it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import SkipTest  # pytest and unittest both show it as skipped, with its reason

import numpy as np
import numpy.typing as npt

from genas.core import registry
from genas.core.context import Context
from genas.core.errors import MissingArtifact, PluginError
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Constraint, Objective, Use
from genas.core.rng import rng

Contract = Callable[..., None]


class Broken(AssertionError):
    """A plug-in breaks a contract; the message tells its author which and how."""


def require(holds: object, sentence: str) -> None:
    """Raise `Broken` with the sentence unless it holds."""
    if not holds:
        raise Broken(sentence)


def check(*suites: tuple[Sequence[Contract], tuple[Any, ...]]) -> list[str]:
    """Run all contracts of suites, each on what it is about.

    Returns:
        Those that do not apply, each with its reason.

    Raises:
        Broken: some do not hold; the message lists all of them.
    """
    broken, left_out = [], []
    for contract, subject in ((contract, subject) for contracts, subject in suites for contract in contracts):
        name = contract.__name__.replace("_", " ")
        try:
            with untouched_randomness():
                contract(*subject)
        except SkipTest as reason:
            left_out.append(f"{name}: {reason}")
        except AssertionError as error:
            broken.append(f"{name}: {error}")
    if broken:
        raise Broken("\n".join(broken))
    return left_out


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Raises `Broken` where the state of the global random generators is another at the end."""
    import torch

    before = torch.get_rng_state().clone(), _numpy_state()
    yield
    remedy = "draw from genas.core.rng.rng(seed, name, count), or inside genas.training.fresh.seeded(...)"
    require(torch.equal(before[0], torch.get_rng_state()), f"torch's global random state was changed; {remedy}")
    same = np.array_equal(before[1], _numpy_state())
    require(same, f"numpy's global random state was changed; {remedy}")


def _numpy_state() -> npt.NDArray[np.uint32]:
    state: Any = np.random.get_state()
    return np.array(state[1])


@contextmanager
def what_is_here() -> Iterator[None]:
    """A table, images or weights that are absent inside mean that the contract can't be checked; no silent pass.

    Raises:
        Broken: the plug-in does not say how to get what is missing.
        SkipTest: with what is missing.
    """
    try:
        yield
    except MissingArtifact as error:
        require(error.hint and error.hint in str(error), f"its error does not say what brings it: {error}")
        raise SkipTest(str(error)) from error


def samples(space: SearchSpace, count: int, seed: int = 0) -> list[Architecture]:
    """As many architectures of the space, the same for the same seed."""
    return [space.sample(rng(seed, "contract", i)) for i in range(count)]


def context(
    space: SearchSpace, task: Task, *, seed: int = 0, limits: Sequence[Constraint] = (), device: str = "cpu"
) -> Context:
    """What a run on the task would hand to its plug-ins."""
    objectives = (Objective(task.metric.name, task.metric.goal),)
    return Context(space, task, device=device, seed=seed, objectives=objectives, limits=tuple(limits))


def made(kind: str, plugin: type[Any] | str, of: Context, options: dict[str, Any]) -> Any:
    """The plug-in as a run would make it.

    Args:
        kind: such as scorers, where `plugin` is a name.
        plugin: its class, or the name of one that genas finds.
        of: what the run knows.
        options: of the plug-in.

    Raises:
        PluginError: the class has no name.
    """
    if isinstance(plugin, str):
        return registry.create(kind, Use(plugin, options), of)
    if not getattr(plugin, "name", ""):
        raise PluginError(f"{plugin.__name__} has no name; write the class attribute name, such as name = 'my_own'.")
    return registry.construct(plugin, Use(plugin.name, options), of)
