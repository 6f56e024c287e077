"""The graph neural networks of NAS-Bench-Graph: four layers of nine kinds wired as one of nine trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Layers, Share, Size
from genas.core.records import Architecture, Candidate, Constraint, Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

_OPS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
# The input of each of the four layers: 0 for the raw features, k for the k-th layer. One spelling per tree of 5 nodes.
_LINKS = (
    (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 2), (0, 0, 1, 3), (0, 1, 1, 1), (0, 1, 1, 2), (0, 1, 2, 2),
    (0, 1, 2, 3),
)  # fmt: skip
_WORD = re.compile(r"^([a-z]+)\(([0-4])\)$")
_EXAMPLE = "gcn(0) gat(1) fc(1) skip(2)"
_REFERENCES = (
    (("skip", "skip", "gcn", "gcn"), "two GCN layers (Kipf & Welling 2017)"),
    (("skip", "skip", "gat", "gat"), "two GAT layers (Velickovic et al. 2018)"),
    (("skip", "skip", "sage", "sage"), "two GraphSAGE layers (Hamilton et al. 2017)"),
)


class NasBenchGraph(SearchSpace):
    """Node classifiers of four layers (or skips), each fed by the features or by one other; the leaves are joined.

    Source: Qin et al., "NAS-Bench-Graph" (NeurIPS 2022). All 9 x 9^4 spellings are legal, except those with skips only.
    They are 26,206 different networks; the table of the task finds a network under each of its spellings.

    Args:
        hidden: width of the layers, an even number. None takes that of the benchmark for a benchmark task, else 128.
        pre: number of linear layers before the four. None takes that of the benchmark, else 0.
        post: number of linear layers before the classifier. None takes that of the benchmark, else 0.
        dropout: dropout rate before each layer, in [0, 1).

    Raises:
        RequestError: an option is out of its range.
    """

    name = "nasbench_graph"
    modality: ClassVar[str] = "graph"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *_OPS)
    max_nodes: ClassVar[int] = 6
    identity_ops: ClassVar[frozenset[str]] = frozenset({"skip"})

    def __init__(
        self, *, hidden: Size | None = None, pre: Layers | None = None, post: Layers | None = None, dropout: Share = 0.5
    ) -> None:
        if hidden is not None and (hidden < 2 or hidden % 2):
            raise RequestError(f"nasbench_graph: hidden must be an even number of at least 2, not {hidden}.")
        for option, value in (("pre", pre), ("post", post)):
            if value is not None and value < 0:
                raise RequestError(f"nasbench_graph: {option} must be 0 or more, not {value}.")
        if not 0 <= dropout < 1:
            raise RequestError(f"nasbench_graph: dropout must be in [0, 1), not {dropout}.")
        self._macro = {"hidden": hidden, "pre": pre, "post": post}
        self.dropout = dropout

    def sizes(self) -> Sequence[int]:
        """Always six nodes: input, four layers, output."""
        return (6,)

    def frame(self, nodes: int) -> Frame:
        """Free layers; all edges of the nine trees are open, except the two that all trees have."""
        edges = [set(_edges(link)) for link in _LINKS]
        fixed, possible = set.intersection(*edges), set.union(*edges)
        labels = (("input",), *(_OPS,) * 4, ("output",))
        return Frame(labels, tuple(sorted(fixed)), tuple(sorted(possible - fixed)))

    def wirings(self, nodes: int) -> NDArray[np.bool_]:
        """The nine trees."""
        import numpy as np

        return np.array([[edge in _edges(link) for edge in self.frame(nodes).open_edges] for link in _LINKS])

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the network."""
        found = []
        if arch.space != self.name:
            found.append(f"the space must be {self.name}, not {arch.space!r}")
        if len(arch.ops) != 6:
            return [*found, f"there must be 6 nodes (input, four layers, output), not {len(arch.ops)}"]
        if (arch.ops[0], arch.ops[5]) != ("input", "output"):
            found.append(f"the first node must be input and the last output, not {arch.ops[0]!r} and {arch.ops[5]!r}")
        found += [
            f"layer {number} is {op!r}; it must be one of {', '.join(_OPS)}"
            for number, op in enumerate(arch.ops[1:5], start=1)
            if op not in _OPS
        ]
        if all(op == "skip" for op in arch.ops[1:5]):
            found.append("at least one of the four layers must not be skip")
        return found + _wiring_problems(arch)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for the task's features and classes, with the benchmark's widths for a benchmark task.

        Raises:
            InvalidArchitecture: the network is illegal.
        """
        from genas.networks.nasbench_graph import GraphNet

        self.check(arch)
        published: Mapping[str, int] = getattr(task, "macro", {"hidden": 128, "pre": 0, "post": 0})
        macro = {k: published[k] if v is None else v for k, v in self._macro.items()}
        features, outputs = task.input_shape[0], task.outputs
        return GraphNet(_link(arch), arch.ops[1:5], features, outputs, **macro, dropout=self.dropout)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random legal spelling, uniform over trees and layers."""
        while True:
            link = _LINKS[int(rng.integers(len(_LINKS)))]
            arch = self.wire(link, [_OPS[int(i)] for i in rng.integers(len(_OPS), size=4)])
            if not self.problems(arch):
                return arch

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All networks with one layer replaced, or with another tree; never the same twice."""
        link, ops = _link(arch), arch.ops[1:5]
        seen = {arch.key}
        near = [self.wire(link, (*ops[:i], op, *ops[i + 1 :])) for i in range(4) for op in _OPS if op != ops[i]]
        near += [self.wire(other, ops) for other in _LINKS if other != link]
        for one in near:
            if one.key not in seen and not self.problems(one):
                seen.add(one.key)
                yield one

    def to_text(self, arch: Architecture) -> str:
        """Each layer with the number of its input in parentheses, such as gcn(0) gat(1) fc(1) skip(2)."""
        return " ".join(f"{op}({source})" for op, source in zip(arch.ops[1:5], _link(arch), strict=True))

    def from_text(self, text: str) -> Architecture:
        """The network of such a line; the layers may be in any topological order.

        Raises:
            InvalidArchitecture: the text is not such a line, or names an unknown layer.
        """
        matches = [_WORD.match(word) for word in text.split()]
        words = [(m[1], int(m[2])) for m in matches if m is not None]
        if len(words) != 4 or len(matches) != 4:
            raise InvalidArchitecture([f"a network is written like {_EXAMPLE}, not {text.strip()[:80]!r}"])
        if wrong := [f"layer {i} takes layer {s}" for i, (_, s) in enumerate(words, start=1) if s >= i]:
            raise InvalidArchitecture([f"{w}; it must take 0 or an earlier layer, as in {_EXAMPLE}" for w in wrong])
        return self.check(self.wire(*_canonical(tuple(s for _, s in words), tuple(op for op, _ in words))))

    def wire(self, link: Sequence[int], ops: Sequence[str]) -> Architecture:
        """The architecture of four layers and their inputs; it is not checked."""
        return Architecture(self.name, ("input", *ops, "output"), tuple(sorted(_edges(link))))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """Two layers of GCN, GAT or GraphSAGE, if they keep the limit on `params`; the caller checks other limits."""
        import torch

        found = []
        for ops, words in _REFERENCES:
            arch = self.wire((0, 1, 2, 3), ops)
            with torch.device("meta"):
                count = sum(p.numel() for p in self.build(arch, task).parameters())
            if all(limit.holds(count) for limit in limits if limit.metric == "params"):
                found.append(Candidate(arch, "reference", note=words))
        return found


def _edges(link: Sequence[int]) -> list[tuple[int, int]]:
    """An edge from each layer's input, and an edge from each leaf to the output."""
    inputs = [(source, node) for node, source in enumerate(link, start=1)]
    return inputs + [(node, 5) for node in range(1, 5) if node not in link]


def _link(arch: Architecture) -> tuple[int, ...]:
    """The input of each layer of a legal architecture."""
    source_of = {target: source for source, target in arch.edges if target != 5}
    return tuple(source_of[node] for node in range(1, 5))


def _wiring_problems(arch: Architecture) -> list[str]:
    sources = [[s for s, t in arch.edges if t == node] for node in range(1, 5)]
    if any(len(s) != 1 for s in sources):
        return [
            f"layer {i} has {len(s)} inputs; it must have exactly one" for i, s in enumerate(sources, 1) if len(s) != 1
        ]
    link = tuple(s[0] for s in sources)
    if link not in _LINKS:
        known = ", ".join("".join(map(str, known)) for known in _LINKS)
        return [f"the inputs of the layers must be one of {known}, not {''.join(map(str, link))}"]
    if arch.edges != tuple(sorted(_edges(link))):
        return ["exactly the layers that feed no other must feed the output, and edges must be sorted"]
    return []


def _canonical(link: tuple[int, ...], ops: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The same tree in the benchmark's spelling."""
    for order in permutations(range(1, 5)):
        place = {0: 0, **{node: i for i, node in enumerate(order, start=1)}}
        spelled = tuple(place[link[node - 1]] for node in order)
        if spelled in _LINKS:
            return spelled, tuple(ops[node - 1] for node in order)
    return link, ops
