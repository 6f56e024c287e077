"""What every search space must do."""

from __future__ import annotations

import itertools
from typing import Any, cast
from unittest import SkipTest

import numpy as np

from genas.core import wire
from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.testing.contract import check, require, samples, what_is_here

_NONSENSE = ("", "|", "nonsense", "a b c | 0>1 1>x", "__import__('os')", "\0", "é 1>2")
_TRIED = 30


def check_space(space: SearchSpace, task: Task | None = None) -> list[str]:
    """Check all contracts of a space.

    Args:
        space: small, so that its networks are built in no time.
        task: that its networks can serve; without one, no network is built.

    Returns:
        What could not be checked, each with its reason.

    Raises:
        Broken: what is wrong with it.
    """
    return check((SPACE, (space,)), (BUILT, (space, task)))


def samples_are_legal_and_within_their_frame(space: SearchSpace) -> None:
    """`sample`, `problems`, `sizes`, `ops`, `max_nodes` and `frame` say the same of every architecture."""
    for arch in samples(space, _TRIED):
        shown, nodes = f"sample() gave {arch}", len(arch.ops)
        require(not space.problems(arch), f"{shown}, of which problems() says: {space.problems(arch)}")
        require(arch.space == space.name, f"{shown}; its space must be {space.name!r}")
        require(nodes in space.sizes(), f"{shown} of {nodes} nodes, which sizes() does not name")
        require(nodes <= space.max_nodes, f"{shown} of {nodes} nodes, above max_nodes")
        require(set(arch.ops) <= set(space.ops), f"{shown} with labels that ops does not name")
        frame = space.frame(nodes)
        require(len(frame.labels) == nodes, f"frame({nodes}) names the labels of {len(frame.labels)} nodes")
        fits = all(op in labels for op, labels in zip(arch.ops, frame.labels, strict=True))
        require(fits, f"{shown} with labels that frame({nodes}) does not allow there")
        allowed = set(frame.edges) <= set(arch.edges) <= set(frame.edges) | set(frame.open_edges)
        require(allowed, f"{shown} with edges that are not those of frame({nodes})")


def the_generator_decides_the_samples(space: SearchSpace) -> None:
    """The same state of the generator gives the same architecture, others give others."""
    require(samples(space, 5) == samples(space, 5), "sample(rng) must draw from rng alone")
    require(len({arch.key for arch in samples(space, 20)}) > 1, "20 samples are one architecture")


def neighbours_are_legal_and_others(space: SearchSpace) -> None:
    """Each architecture has neighbours, and itself is none of them."""
    for arch in samples(space, 3):
        near = list(itertools.islice(space.neighbors(arch), 60))
        require(near, f"neighbors() gives none of {arch}")
        for other in near:
            require(not space.problems(other), f"neighbors() gave {other}: {space.problems(other)}")
            require(other != arch, f"neighbors() gave {arch} itself")


def nonsense_is_illegal_in_sentences(space: SearchSpace) -> None:
    """`problems` never raises, and says in words what is wrong."""
    arch = samples(space, 1)[0]
    for wrong in (
        Architecture(space.name, ("no such label", *arch.ops[1:]), arch.edges),
        Architecture(space.name, (), ()),
        Architecture(space.name, arch.ops, ((0, len(arch.ops) + 5),)),
    ):
        problems = space.problems(wrong)
        require(problems, f"problems() finds nothing wrong with {wrong}")
        require(all(isinstance(p, str) and p for p in problems), f"problems() must give sentences, not {problems}")


def text_and_json_round_trips(space: SearchSpace) -> None:
    """`from_text` reads one line of `to_text` back."""
    for arch in samples(space, 20):
        line = space.to_text(arch)
        require("\n" not in line, f"to_text() must give one line, not {line!r}")
        require(space.from_text(line).key == arch.key, f"from_text({line!r}) is not the architecture of that line")
        require(wire.from_data(Architecture, wire.to_data(arch)) == arch, f"{arch} is another after JSON")


def text_that_is_no_architecture_is_refused(space: SearchSpace) -> None:
    """`from_text` raises InvalidArchitecture, never anything else."""
    for text in _NONSENSE:
        try:
            read = space.from_text(text)
        except InvalidArchitecture:
            continue
        require(False, f"from_text({text!r}) must raise InvalidArchitecture, but gave {read}")


def meanings_are_of_its_own_labels(space: SearchSpace) -> None:
    """`zero_ops` and `identity_ops` name labels of the space, and none of them both."""
    for name in ("zero_ops", "identity_ops"):
        strange = getattr(space, name) - set(space.ops)
        require(not strange, f"{name} names {', '.join(sorted(strange))}, which is no label in ops")
    require(not space.zero_ops & space.identity_ops, "a label is in zero_ops or in identity_ops, not in both")


def wirings_are_those_that_problems_allows(space: SearchSpace) -> None:
    """Where `wirings` is written, every sample has one of them."""
    given = {nodes: space.wirings(nodes) for nodes in space.sizes()}
    if all(wirings is None for wirings in given.values()):
        raise SkipTest("its open edges do not depend on each other: it has no wirings()")
    require(all(w is not None for w in given.values()), "wirings() must be given for every size or for none")
    for arch in samples(space, _TRIED):
        frame, wirings = space.frame(len(arch.ops)), given[len(arch.ops)]
        assert wirings is not None
        drawn = np.array([edge in set(arch.edges) for edge in frame.open_edges], dtype=bool)
        require((wirings == drawn).all(1).any(), f"wirings({len(arch.ops)}) lacks that of {arch}")


def networks_run_forward_and_backward_and_know_their_config(space: SearchSpace, task: Task | None) -> None:
    """Networks give `task.outputs` finite numbers, have gradients, and can be made again from `config`."""
    from genas.training.fresh import blank, seeded

    task = _task(space, task)
    with what_is_here():
        inputs = blank(task, 2)
    for arch in samples(space, 4):
        with seeded(arch.key):  # dropout and initial weights draw from torch's own generator
            _run_and_make_again(space, task, arch, inputs)


def _run_and_make_again(space: SearchSpace, task: Task, arch: Architecture, inputs: Any) -> None:
    import torch

    from genas.training.fresh import fresh_network

    network = fresh_network(space, task, arch).train()
    outputs = network(inputs)
    require(outputs.shape[-1] == task.outputs, f"{arch} gives {outputs.shape[-1]} outputs, not {task.outputs}")
    require(torch.isfinite(outputs).all(), f"{arch} gives outputs that are not finite")
    outputs.square().mean().backward()
    slopes = [p.grad for p in network.parameters() if p.grad is not None]
    require(slopes and all(torch.isfinite(g).all() for g in slopes), f"{arch} has no finite gradients")
    require(hasattr(network, "config"), "the network must keep its constructor's arguments in config")
    again = type(network)(**cast(dict[str, Any], network.config))
    shapes, others = ({k: v.shape for k, v in n.state_dict().items()} for n in (network, again))
    require(shapes == others, f"the network of {arch} made again from config has other weights")


def building_is_decided_by_the_seed(space: SearchSpace, task: Task | None) -> None:
    """The same torch seed gives the same initial weights, another one others."""
    import torch

    from genas.training.fresh import fresh_network

    task, arch = _task(space, task), samples(space, 1)[0]
    first, second, other = (fresh_network(space, task, arch, seed=s).state_dict() for s in (0, 0, 1))
    require(all(torch.equal(first[k], second[k]) for k in first), "build() gives other weights for the same seed")
    require(any(not torch.equal(first[k], other[k]) for k in first), "build() gives the same weights for each seed")


def references_are_legal(space: SearchSpace, task: Task | None) -> None:
    """Hand-made architectures are of the space."""
    if type(space).references is SearchSpace.references:
        raise SkipTest("it has no hand-made references")
    if task is None:
        raise SkipTest("no task was given")
    for candidate in space.references(task, ()):
        require(not space.problems(candidate.arch), f"references() gave {candidate}: {space.problems(candidate.arch)}")


def _task(space: SearchSpace, task: Task | None) -> Task:
    """The task, for whose networks there is a contract."""
    if not space.builds():
        raise SkipTest("it builds no networks: its architectures are only looked up")
    if task is None:
        raise SkipTest("no task was given to build networks for")
    return task


SPACE = (
    samples_are_legal_and_within_their_frame,
    the_generator_decides_the_samples,
    neighbours_are_legal_and_others,
    nonsense_is_illegal_in_sentences,
    text_and_json_round_trips,
    text_that_is_no_architecture_is_refused,
    meanings_are_of_its_own_labels,
    wirings_are_those_that_problems_allows,
)
BUILT = (
    networks_run_forward_and_backward_and_know_their_config,
    building_is_decided_by_the_seed,
    references_are_legal,
)
