"""Convolutional networks for images of any size: a stem and two to four stages, from 1k to 10M weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Candidate, Constraint, Frame

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

_KINDS = ("plain", "residual", "bottleneck", "separable", "inverted", "mbconv", "convnext")
_KERNELS = ("k3", "k5", "k7")
_DEPTHS = ("d1", "d2", "d3", "d4")
_SIZES = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_WIDTHS = tuple(f"w{w}" for w in _SIZES)
_STEMS = tuple(f"stem{w}" for w in _SIZES[:10])
_STAGE = (_KINDS, _KERNELS, _DEPTHS, _WIDTHS)
_STAGES = (2, 3, 4)


class ConvNetSpace(SearchSpace):
    """A labelled chain: input, stem, then kind, kernel, depth and width of each stage, output.

    Text form: `stem16 | residual k3 d2 w16 | mbconv k5 d1 w32`.
    """

    ops: ClassVar = ("input", "output", *_STEMS, *_KINDS, *_KERNELS, *_DEPTHS, *_WIDTHS)
    max_nodes: ClassVar = 3 + 4 * max(_STAGES)

    def sizes(self) -> Sequence[int]:
        """11, 15 or 19 nodes: 2, 3 or 4 stages."""
        return [3 + 4 * stages for stages in _STAGES]

    def frame(self, nodes: int) -> Frame:
        """A chain, with what each place of it may hold."""
        labels = (("input",), _STEMS, *(_STAGE * ((nodes - 3) // 4)), ("output",))
        return Frame(labels, tuple((i, i + 1) for i in range(nodes - 1)))

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal, in sentences."""
        nodes = len(arch.ops)
        if nodes not in self.sizes():
            return [f"a network has a stem and 2, 3 or 4 stages of 4 labels each, not {nodes - 3} stage labels"]
        frame = self.frame(nodes)
        found = [
            f"label {number} is {op!r} but must be one of {', '.join(labels)}"
            for number, (op, labels) in enumerate(zip(arch.ops, frame.labels, strict=True))
            if op not in labels
        ]
        if arch.edges != frame.edges:
            found.append("the labels must form a chain")
        return found

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W)."""
        from genas.nn.conv_blocks import ConvNet

        self.check(arch)
        if len(task.input_shape) != 3:
            raise InvalidArchitecture([f"conv_net needs images of shape (C, H, W), not {task.input_shape}"])
        channels, height, width = task.input_shape
        stages = [
            (kind, int(kernel[1:]), int(depth[1:]), int(outer[1:])) for kind, kernel, depth, outer in _stages(arch)
        ]
        return ConvNet(int(arch.ops[1][4:]), stages, channels, min(height, width), task.outputs)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Kinds, kernels and depths uniform; the width starts anywhere and grows by zero to two steps a stage."""
        width = int(rng.integers(len(_STEMS)))
        ops = [_STEMS[width]]
        for _ in range(int(rng.choice(_STAGES))):
            ops += [labels[int(rng.integers(len(labels)))] for labels in _STAGE[:3]]
            width = min(width + int(rng.integers(3)), len(_WIDTHS) - 1)
            ops.append(_WIDTHS[width])
        return self._chain(ops)

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """One label changed, one stage left out, or one stage twice."""
        yield from super().neighbors(arch)
        stages = _stages(arch)
        for i in range(len(stages)):
            for changed in (stages[:i] + stages[i + 1 :], stages[: i + 1] + stages[i:]):
                if len(changed) in _STAGES:
                    yield self._chain([arch.ops[1], *(op for stage in changed for op in stage)])

    def to_text(self, arch: Architecture) -> str:
        """The stem and the stages, separated by bars."""
        return " | ".join([arch.ops[1], *(" ".join(stage) for stage in _stages(arch))])

    def from_text(self, text: str) -> Architecture:
        """Reads what `to_text` writes."""
        return self.check(self._chain(text.replace("|", " ").split()))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The largest small ResNet and MobileNetV2 that keep the limits on params and flops.

        Source: He et al. 2016, section 4.2 (three stages of widths w, 2w, 4w, n basic blocks each); Sandler et al. 2018
        (inverted residuals, expansion 6, narrow stem), with the widths doubled from stage to stage likewise.
        """
        found = []
        for family, kind in (("small ResNet", "residual"), ("small MobileNetV2", "inverted")):
            kept = []
            for base in _SIZES:
                for depth in (1, 2, 3, 4) if base * 4 in _SIZES and f"stem{base}" in _STEMS else ():
                    stages = [op for i in range(3) for op in (kind, "k3", f"d{depth}", f"w{base << i}")]
                    arch = self._chain([f"stem{base}", *stages])
                    if (count := self._count(arch, task, limits)) is not None:
                        kept.append((count, arch))
            if kept:
                arch = max(kept, key=lambda pair: pair[0])[1]
                found.append(Candidate(arch, "reference", note=f"hand-made: {family} scaled to the limits"))
        return found

    def _count(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> int | None:
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

    def _chain(self, ops: Sequence[str]) -> Architecture:
        labels = ("input", *ops, "output")
        return Architecture(self.name, labels, tuple((i, i + 1) for i in range(len(labels) - 1)))


def _stages(arch: Architecture) -> list[tuple[str, ...]]:
    inner = arch.ops[2:-1]
    return [tuple(inner[i : i + 4]) for i in range(0, len(inner), 4)]
