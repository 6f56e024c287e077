"""Decoder-only transformers of HW-GPT-Bench: depth, width, and the heads and MLP ratio of every layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.metrics import PERPLEXITY
from genas.core.records import Architecture, Frame

if TYPE_CHECKING:
    from torch import nn

_RATIOS = (2, 3, 4)


class _Scale(NamedTuple):
    widths: tuple[int, ...]
    layers: tuple[int, ...]
    heads: tuple[int, ...]


_SCALES = {
    "tiny": _Scale((16, 32), (1, 2), (1, 2)),
    "s": _Scale((192, 384, 768), (10, 11, 12), (4, 8, 12)),
    "m": _Scale((256, 512, 1024), (22, 23, 24), (8, 12, 16)),
    "l": _Scale((320, 640, 1280), (34, 35, 36), (8, 16, 20)),
}


class Gpt(SearchSpace):
    """Language models that are chains of layers, each with its own number of heads and width of the MLP.

    Source: Sukthanker et al., "HW-GPT-Bench" (NeurIPS 2024). A chain of nodes: the embedding (width, and whether
    linear layers have a bias), the layers (heads and MLP ratio), the output.

    Args:
        scale: "s" (GPT-S: 10 to 12 layers), "m" (22 to 24), "l" (34 to 36), or "tiny" for tests.

    Raises:
        RequestError: there is no such scale.
    """

    name = "gpt"
    modality: ClassVar[str] = "text"
    ops: ClassVar[tuple[str, ...]] = ()  # set by the scale
    max_nodes: ClassVar[int] = 38

    def __init__(self, *, scale: str = "s") -> None:
        if scale not in _SCALES:
            raise RequestError(f"gpt: scale must be one of {', '.join(_SCALES)}, not {scale!r}.")
        self.scale, chosen = scale, _SCALES[scale]
        self._layers = chosen.layers
        self._first = tuple(f"width{w}_{b}" for w in chosen.widths for b in ("bias", "plain"))
        self._inner = tuple(f"heads{h}_mlp{r}" for h in chosen.heads for r in _RATIOS)
        vars(self).update(ops=(*self._first, *self._inner, "output"), max_nodes=chosen.layers[-1] + 2)

    def sizes(self) -> tuple[int, ...]:
        """The number of layers plus embedding and output."""
        return tuple(n + 2 for n in self._layers)

    def frame(self, nodes: int) -> Frame:
        """A chain with free labels."""
        return Frame((self._first, *(self._inner,) * (nodes - 2), ("output",)), _chain(nodes))

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the chain."""
        problems = [] if arch.space == self.name else [f"the space must be {self.name}, not {arch.space!r}"]
        count = len(arch.ops)
        if count not in self.sizes():
            layers = ", ".join(map(str, self._layers))
            return [*problems, f"there must be {layers} layers between the embedding and the output, not {count - 2}"]
        for node, (op, allowed) in enumerate(zip(arch.ops, self.frame(count).labels, strict=True)):
            if op not in allowed:
                problems.append(f"node {node} is {op!r}; it must be one of {', '.join(allowed)}")
        if arch.edges != _chain(count):
            problems.append("the edges must be the chain 0>1 1>2 and so on to the output")
        return problems

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All chains with one label changed, one layer removed, or one layer repeated."""
        yield from super().neighbors(arch)
        for node in range(1, len(arch.ops) - 1):
            for ops in (arch.ops[:node] + arch.ops[node + 1 :], arch.ops[: node + 1] + arch.ops[node:]):
                yield from self._legal(ops, _chain(len(ops)))

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The language model, for the task's vocabulary.

        Raises:
            InvalidArchitecture: the chain is illegal.
            RequestError: the metric of the task is not perplexity, so its outputs are not a vocabulary.
        """
        from genas.networks.gpt import GptNet

        if task.metric != PERPLEXITY:
            raise RequestError(
                f"gpt makes language models, and {task.name} wants one of {task.outputs} classes of a text: text "
                "classifiers are not served. Write 'a GPT with perplexity below 25' for a language model."
            )
        width, heads, ratios, bias = shape(self.check(arch))
        return GptNet(heads, ratios, width, bias=bias, vocabulary=task.outputs)


def _chain(nodes: int) -> tuple[tuple[int, int], ...]:
    return tuple((i, i + 1) for i in range(nodes - 1))


def shape(arch: Architecture) -> tuple[int, tuple[int, ...], tuple[int, ...], bool]:
    """The width, the heads and the MLP ratio of each layer, and the bias of a legal architecture."""
    width, _, bias = arch.ops[0].removeprefix("width").partition("_")
    layers = [op.removeprefix("heads").split("_mlp") for op in arch.ops[1:-1]]
    return int(width), tuple(int(h) for h, _ in layers), tuple(int(r) for _, r in layers), bias == "bias"
