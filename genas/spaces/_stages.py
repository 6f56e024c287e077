"""The base class of conv_net and mlp: chains of stages with the same few labels."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from genas.core import assets
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Candidate, Constraint, Frame

Labels = tuple[str, ...]
_WIDE = re.compile(r"(stem|w)\d+")


class Stages(SearchSpace):
    """A labelled chain: input, the labels of `head`, those of `stage` for each stage, output.

    Text form: head and stages, separated by bars.
    """

    head: ClassVar[tuple[Labels, ...]] = ()  # the choices of each label before the stages
    stage: ClassVar[tuple[Labels, ...]]  # the choices of each label of a stage
    counts: ClassVar[tuple[int, ...]]  # possible numbers of stages

    def sizes(self) -> Sequence[int]:
        """The number of nodes for each number of stages."""
        return [2 + len(self.head) + len(self.stage) * count for count in self.counts]

    def frame(self, nodes: int) -> Frame:
        """A chain, with the labels allowed at each position."""
        stages = (nodes - 2 - len(self.head)) // len(self.stage)
        labels = (("input",), *self.head, *(self.stage * stages), ("output",))
        return Frame(labels, tuple((i, i + 1) for i in range(nodes - 1)))

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the chain."""
        nodes = len(arch.ops)
        if nodes not in self.sizes():
            labels = [labels[0] for labels in (*self.head, *self.stage * self.counts[0])]
            return [
                f"between input and output there must be {len(self.head)} labels and then {self.counts[0]} to "
                f"{self.counts[-1]} stages of {len(self.stage)} labels each, "
                f"as in {self.to_text(self.chain(labels))!r}; {' '.join(arch.ops[1:-1])[:80]!r} has {nodes - 2} labels"
            ]
        frame = self.frame(nodes)
        found = [
            f"label {number} is {op!r} but must be one of {', '.join(labels)}"
            for number, (op, labels) in enumerate(zip(arch.ops, frame.labels, strict=True))
            if op not in labels
        ]
        if arch.edges != frame.edges:
            found.append("the labels must form a chain")
        return found

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All chains with one label changed, one stage removed, or one stage repeated."""
        yield from super().neighbors(arch)
        head, stages = arch.ops[1 : 1 + len(self.head)], self.stages(arch)
        for i in range(len(stages)):
            for changed in (stages[:i] + stages[i + 1 :], stages[: i + 1] + stages[i:]):
                if len(changed) in self.counts:
                    yield self.chain([*head, *(op for stage in changed for op in stage)])

    def to_text(self, arch: Architecture) -> str:
        """Head and stages, separated by bars."""
        head = [" ".join(arch.ops[1 : 1 + len(self.head)])] if self.head else []
        return " | ".join([*head, *(" ".join(stage) for stage in self.stages(arch))])

    def from_text(self, text: str) -> Architecture:
        """The architecture of a line that `to_text` wrote.

        Raises:
            InvalidArchitecture: the line is not a legal chain.
        """
        return self.check(self.chain(text.replace("|", " ").split()))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The largest network of each hand-made family that keeps the limits on params, size_mb and flops."""
        found = []
        for family, archs in self.families(task).items():
            counted = [(count, arch) for arch in archs if (count := self._count(arch, task, limits)) is not None]
            if counted:
                arch = max(counted, key=lambda pair: pair[0])[1]
                found.append(Candidate(arch, "reference", note=f"hand-made: {family} scaled to the limits"))
        return found

    def portfolio(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The pairs in `models/portfolio-<space>`, each with its widths reduced until it keeps the limits."""
        found = []
        for entry in assets.portfolio(self.name):
            written = self.adapted(self.chain(entry["text"].replace("|", " ").split()), task)
            # An option may rule out its stem.
            arch = None if self.problems(written) else self.scaled(written, task, limits)
            if arch is not None:
                found.append(Candidate(arch, entry["origin"], note=entry["note"], recipe=entry["recipe"]))
        return found

    def adapted(self, arch: Architecture, task: Task) -> Architecture:
        """An architecture of the portfolio, adapted to the inputs of the task."""
        return arch

    def scaled(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> Architecture | None:
        """The architecture with all widths reduced step by step until it keeps the limits on params, size_mb and flops.

        None if even the smallest widths break a limit.
        """
        ladders = [[label for label in labels if _WIDE.fullmatch(label)] for labels in self.frame(len(arch.ops)).labels]
        ops = list(arch.ops)
        while self._count(changed := Architecture(arch.space, tuple(ops), arch.edges), task, limits) is None:
            places = [i for i, op in enumerate(ops) if op in ladders[i]]
            if not places or all(ops[i] == ladders[i][0] for i in places):
                return None
            for i in places:
                ops[i] = ladders[i][max(0, ladders[i].index(ops[i]) - 1)]
        return changed

    @abstractmethod
    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """Hand-made networks of several sizes for the task, by the name of their family."""

    def stages(self, arch: Architecture) -> list[Labels]:
        """The labels of each stage of a legal architecture."""
        inner, wide = arch.ops[1 + len(self.head) : -1], len(self.stage)
        return [tuple(inner[i : i + wide]) for i in range(0, len(inner), wide)]

    def chain(self, inner: Sequence[str]) -> Architecture:
        """The architecture of these labels between input and output, legal or not."""
        labels = ("input", *inner, "output")
        return Architecture(self.name, labels, tuple((i, i + 1) for i in range(len(labels) - 1)))

    def _count(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> int | None:
        """The number of parameters; None if a limit on params, size_mb or flops is broken."""
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        with torch.device("meta"):
            network = self.build(arch, task).eval()
        params = sum(p.numel() for p in network.parameters())
        flops = 0
        if any(limit.metric == "flops" for limit in limits):
            with FlopCounterMode(display=False) as counter:
                network(torch.empty(1, *task.input_shape, device="meta"))
            flops = counter.get_total_flops()
        known = {"params": params, "size_mb": params * 4e-6, "flops": flops}
        return params if all(limit.holds(known[limit.metric]) for limit in limits if limit.metric in known) else None
