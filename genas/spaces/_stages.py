"""Chains of stages that all have the same few labels: what conv_net and mlp have in common."""

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
    """A labelled chain: input, the labels of `head`, those of `stage` once for each stage, output.

    Text form: head and stages parted by bars.
    """

    head: ClassVar[tuple[Labels, ...]] = ()  # what each label before the stages may be
    stage: ClassVar[tuple[Labels, ...]]  # what each label of a stage may be
    counts: ClassVar[tuple[int, ...]]  # of stages

    def sizes(self) -> Sequence[int]:
        """The nodes of each number of stages."""
        return [2 + len(self.head) + len(self.stage) * count for count in self.counts]

    def frame(self, nodes: int) -> Frame:
        """A chain, with what each place of it may hold."""
        stages = (nodes - 2 - len(self.head)) // len(self.stage)
        labels = (("input",), *self.head, *(self.stage * stages), ("output",))
        return Frame(labels, tuple((i, i + 1) for i in range(nodes - 1)))

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal, in sentences."""
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
        """One label changed, one stage left out, or one stage twice."""
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
        """Reads what `to_text` writes."""
        return self.check(self.chain(text.replace("|", " ").split()))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The largest network of each hand-made family that keeps the limits on params, size and FLOPs."""
        found = []
        for family, archs in self.families(task).items():
            counted = [(count, arch) for arch in archs if (count := self._count(arch, task, limits)) is not None]
            if counted:
                arch = max(counted, key=lambda pair: pair[0])[1]
                found.append(Candidate(arch, "reference", note=f"hand-made: {family} scaled to the limits"))
        return found

    def portfolio(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The pairs of `models/portfolio-<space>`, each made smaller until it keeps the limits."""
        found = []
        for entry in assets.portfolio(self.name):
            written = self.adapted(self.chain(entry["text"].replace("|", " ").split()), task)
            arch = None if self.problems(written) else self.scaled(written, task, limits)  # a stem may be ruled out
            if arch is not None:
                found.append(Candidate(arch, entry["origin"], note=entry["note"], recipe=entry["recipe"]))
        return found

    def adapted(self, arch: Architecture, task: Task) -> Architecture:
        """A pair of the portfolio as it suits the task's inputs."""
        return arch

    def scaled(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> Architecture | None:
        """With all widths one step smaller, again and again, until the limits on params, size and FLOPs are kept."""
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
        """Hand-made networks of several sizes for the task, by what they are called."""

    def stages(self, arch: Architecture) -> list[Labels]:
        """The labels of each stage of a legal architecture."""
        inner, wide = arch.ops[1 + len(self.head) : -1], len(self.stage)
        return [tuple(inner[i : i + wide]) for i in range(0, len(inner), wide)]

    def chain(self, inner: Sequence[str]) -> Architecture:
        """The architecture of these labels between input and output, legal or not."""
        labels = ("input", *inner, "output")
        return Architecture(self.name, labels, tuple((i, i + 1) for i in range(len(labels) - 1)))

    def _count(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> int | None:
        """Its parameters, None where it breaks a limit that can be counted."""
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
