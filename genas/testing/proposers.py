"""What every proposer must do, and what a refiner must do beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from genas.core import registry
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.records import Candidate, Constraint, Measurement, Trial
from genas.core.rng import seed_of
from genas.proposers.uniform import Uniform
from genas.testing.contract import check, context, made, require, what_is_here

_ROUNDS = (3, 1, 4)


class Proposing(NamedTuple):
    """What the contracts of proposers are about.

    Args:
        make: a fresh proposer with that seed.
        space: whose architectures it proposes.
        metric: that it is told of.
        rounds: how many candidates it is asked for, time after time.
    """

    make: Callable[[int], Proposer]
    space: SearchSpace
    metric: str
    rounds: Sequence[int] = _ROUNDS


def check_proposer(
    plugin: type[Proposer] | str, space: SearchSpace, task: Task, *, limits: Sequence[Constraint] = (), **options: Any
) -> list[str]:
    """Check all contracts of a proposer, and those of a refiner where it learns from what it is told.

    Args:
        plugin: its class, or the name of one that genas finds.
        space: whose architectures it proposes.
        task: that they are for; nothing is measured.
        limits: that a run would have.
        options: of the plug-in.

    Returns:
        What could not be checked, each with its reason.

    Raises:
        Broken: what is wrong with it.
    """

    def make(seed: int) -> Proposer:
        known = context(space, task, seed=seed, limits=limits)
        kind = "proposers" if plugin in registry.names("proposers") else "refiners"
        proposer: Proposer = made(kind, plugin, known, options)
        return proposer

    learns = type(make(0)).tell is not Proposer.tell
    return check(((*PROPOSER, *(REFINER if learns else ())), (Proposing(make, space, task.metric.name),)))


def candidates_are_legal_new_and_signed(of: Proposing) -> None:
    """Each candidate is legal, says where it comes from and why, and is proposed once."""
    proposer = of.make(0)
    asked = [candidate for batch in _rounds(proposer, of) for candidate in batch]
    require(asked, "nothing was proposed")
    for candidate in asked:
        require(not of.space.problems(candidate.arch), f"{candidate} is illegal: {of.space.problems(candidate.arch)}")
        signed = candidate.origin == proposer.name
        require(signed, f"the origin of {candidate} must be {proposer.name!r}, the name of what proposed it")
        require(candidate.note, f"{candidate} has no note that says in words why it is proposed")
    keys = [(c.arch.key, c.fidelity) for c in asked]  # an architecture may be wanted again at a higher fidelity
    require(len(keys) == len(set(keys)), "an architecture was proposed twice")


def the_seed_decides_the_answers(of: Proposing) -> None:
    """The same seed and the same tells give the same answers, another seed others."""
    first, second, other = (_rounds(of.make(seed), of) for seed in (0, 0, 1))
    require(first == second, "other candidates for the same seed; draw from genas.core.rng.rng(seed, name, count)")
    require(first != other, "the same candidates for each seed")


def asking_for_nothing_gives_nothing(of: Proposing) -> None:
    """`ask(0)` is []."""
    found = of.make(0).ask(0)
    require(found == [], f"ask(0) must be [], not {found}")


def what_others_measured_is_built_upon_and_not_asked_for(of: Proposing) -> None:
    """What a refiner is told of is known to it, whoever proposed it, and decides what it asks for."""
    refiner, misled = of.make(0), of.make(0)
    others = [measured(c, of.metric) for c in Uniform(of.space, 5).ask(12)]
    refiner.tell(others)
    misled.tell([_contrary(trial) for trial in others])
    asked, opposite = ([c.arch for batch in _rounds(r, of, (5, 5)) for c in batch] for r in (refiner, misled))
    again = {arch.key for arch in asked} & {trial.candidate.key for trial in others}
    require(not again, f"{len(again)} architectures were asked for that were measured and told before")
    require(asked != opposite, "it asks for the same whatever is told of what others measured")


def measured(candidate: Candidate, metric: str, *, fails: bool = False) -> Trial:
    """A trial with a made-up but fixed figure for each architecture, or a failed one."""
    if fails:
        return Trial(candidate, failure="made to fail")
    return Trial(candidate, (Measurement(metric, seed_of(candidate.arch.key) % 1000 / 1000),))


def _contrary(trial: Trial) -> Trial:
    """The trial with the opposite figure."""
    (figure,) = trial.measurements
    return replace(trial, measurements=(replace(figure, value=1 - figure.value),))


def _rounds(proposer: Proposer, of: Proposing, sizes: Sequence[int] = ()) -> list[list[Candidate]]:
    """What is asked for in some rounds, each told but for every third, which fails."""
    proposed = []
    for n in sizes or of.rounds:
        with what_is_here():
            asked = proposer.ask(n)
        require(len(asked) <= n, f"ask({n}) gave {len(asked)} candidates")
        proposer.tell([measured(c, of.metric, fails=i % 3 == 2) for i, c in enumerate(asked)])
        proposed.append(asked)
    return proposed


PROPOSER = (candidates_are_legal_new_and_signed, the_seed_decides_the_answers, asking_for_nothing_gives_nothing)
REFINER = (what_others_measured_is_built_upon_and_not_asked_for,)
