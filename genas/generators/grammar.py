"""Architectures of several spaces as words of one vocabulary, for the language model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Frame
from genas.encodings.tensors import ABSENT, PRESENT, Codec
from genas.generators.conditions import ANY, LEVELS, Wish

PAD, TASK, EDGE_WORDS = "<pad>", "<task>", ("<edge-absent>", "<edge-present>")
WISHES = ("level", "count", "figure", "device")  # the kinds of conditions before an architecture, in this order
Slots = Mapping[int, int]  # number of nodes -> number of choices that the frame leaves open


def words(spaces: Sequence[SearchSpace], costs: Iterable[str]) -> list[str]:
    """The vocabulary of these spaces, in the order of its ids.

    Args:
        spaces: the search spaces.
        costs: names as in `Conditions.edges`: a count (`params`), or a figure and its device (`latency_ms pixel3`).
    """
    parts = [name.split(" ") for name in sorted(set(costs))]
    kinds = list(dict.fromkeys(part[0] for part in parts))
    devices = list(dict.fromkeys(part[1] for part in parts if len(part) > 1))
    sizes = sorted({n for space in spaces for n in space.sizes()})
    labels = dict.fromkeys(op for space in spaces for op in space.ops)
    levels = [f"<{kind}-{i}>" for kind in ("level", *kinds) for i in range(LEVELS)]
    return [
        PAD, TASK, *(f"<any-{kind}>" for kind in WISHES), *levels, *(f"<on-{device}>" for device in devices),
        *(f"<space-{space.name}>" for space in spaces), *(f"<nodes-{n}>" for n in sizes), *EDGE_WORDS, *labels,
    ]  # fmt: skip


def _choices(frame: Frame) -> list[tuple[str, ...]]:
    """The words that each open choice allows: first the nodes with several labels, then the open edges."""
    return [labels for labels in frame.labels if len(labels) > 1] + [EDGE_WORDS] * len(frame.open_edges)


class Grammar:
    """Architectures of one space as words: the number of nodes if there are several, open labels, open edges.

    Fixed parts of the frame are not written, so sentences are short and each one is an architecture. If the space lists
    its legal wirings, the grammar allows only words that a legal wiring can complete.

    Args:
        space: provides the frames.
        vocabulary: the words in the order of their ids.
        slots: the sizes that a model was fitted on, with the number of open choices of each; None takes those of the
            space.
    """

    def __init__(self, space: SearchSpace, vocabulary: Sequence[str], slots: Slots | None = None) -> None:
        self.space, self.words = space, tuple(vocabulary)
        self.ids = {word: i for i, word in enumerate(vocabulary)}
        frames = {n: space.frame(n) for n in space.sizes() if slots is None or n in slots}
        self.frames = {n: f for n, f in frames.items() if self._is_covered(f, None if slots is None else slots[n])}
        self.slots = {n: len(_choices(f)) for n, f in self.frames.items()}
        fixed = {labels[0] for f in self.frames.values() for labels in f.labels if len(labels) == 1}
        self._labels = fixed | self.ids.keys()
        self.sized = len(self.slots if slots is None else slots) > 1
        self.length = self.sized + max(self.slots.values(), default=0)  # words of the longest architecture
        self._codec = Codec(space, space.ops, space.max_nodes)
        self._plan()

    def _is_covered(self, frame: Frame, slots: int | None) -> bool:
        choices = _choices(frame)
        return (slots is None or slots == len(choices)) and all(self.ids.keys() & set(c) for c in choices)

    def _plan(self) -> None:
        """Precompute the allowed words at each position of each size, as rows of `masks` [M, V]; row 0 is padding."""
        rows: dict[tuple[int, ...], int] = {(self.ids[PAD],): 0}
        self._plans: dict[int, list[int]] = {}
        for nodes, frame in self.frames.items():
            allowed = [tuple(self.ids[w] for w in c if w in self.ids) for c in _choices(frame)]
            self._plans[nodes] = [rows.setdefault(ids, len(rows)) for ids in allowed]
        self._start = (
            rows.setdefault(tuple(self.ids[f"<nodes-{n}>"] for n in self.frames), len(rows)) if self.sized else 0
        )
        self.masks = torch.zeros(len(rows), len(self.words), dtype=torch.bool)
        for ids, row in rows.items():
            self.masks[row, list(ids)] = True
        self._nodes = {self.ids[f"<nodes-{n}>"]: n for n in self.frames}

    def fits(self, arch: Architecture) -> bool:
        """Whether the architecture can be written in this vocabulary."""
        frame = self.frames.get(len(arch.ops))
        if frame is None or not all(op in labels for op, labels in zip(arch.ops, frame.labels, strict=True)):
            return False
        edges = set(arch.edges)
        return set(frame.edges) <= edges <= {*frame.edges, *frame.open_edges} and set(arch.ops) <= self._labels

    def encode(self, arch: Architecture) -> tuple[list[int], list[int]]:
        """The word ids of an architecture that `fits`, and for each word its row of `masks`."""
        frame, edges = self.frames[len(arch.ops)], set(arch.edges)
        text = [op for op, labels in zip(arch.ops, frame.labels, strict=True) if len(labels) > 1]
        text += [EDGE_WORDS[edge in edges] for edge in frame.open_edges]
        size = [f"<nodes-{len(arch.ops)}>"] if self.sized else []
        return [self.ids[w] for w in size + text], [self._start] * self.sized + self._plans[len(arch.ops)]

    def allowed(self, written: Tensor) -> Tensor:
        """The words that may follow, as booleans [B, V]; only padding after the end.

        Args:
            written: [B, T] ids of the words so far; T may be 0.
        """
        place = written.shape[1]
        if self.sized and place == 0:
            return self.masks[[self._start] * len(written)]
        only = next(iter(self.frames))
        sizes = [self._nodes[int(i)] for i in written[:, 0]] if self.sized else [only] * len(written)
        plans = [self._plans[n] for n in sizes]
        at = place - self.sized
        masks = self.masks[[plan[at] if at < len(plan) else 0 for plan in plans]]
        return masks if self._codec.wirings is None else masks & ~self._dead_ends(written, torch.tensor(sizes))

    def _dead_ends(self, written: Tensor, sizes: Tensor) -> Tensor:
        """Words for the next edge after which no legal wiring is possible, as booleans [B, V].

        Args:
            written: [B, T] ids of the words so far.
            sizes: [B] numbers of nodes.
        """
        wirings, dead = self._codec.wirings, torch.zeros(len(written), len(self.words), dtype=torch.bool)
        words = {self.ids[word]: value for word, value in zip(EDGE_WORDS, (ABSENT, PRESENT), strict=True)}
        for nodes in sorted(set(sizes.tolist())):
            pairs = torch.tensor(self.frames[nodes].open_edges)  # [P, 2]
            first = self.sized + self.slots[nodes] - len(pairs)  # number of words before those of the edges
            number = written.shape[1] - first
            if wirings is None or not 0 <= number < len(pairs):
                continue
            rows = (sizes == nodes).nonzero().flatten()
            edges = self._codec.blank([nodes] * len(rows)).edges
            edges[:, pairs[:number, 0], pairs[:number, 1]] = (written[rows, first:] == self.ids[EDGE_WORDS[1]]).long()
            for word, value in words.items():
                edges[:, pairs[number, 0], pairs[number, 1]] = value
                dead[rows, word] = ~wirings.possible(edges, sizes[rows])
        return dead

    def decode(self, written: Tensor) -> list[Architecture]:
        """The architectures of complete sentences [B, length]; they may still be illegal in their space."""
        archs = []
        for ids in written.tolist():
            nodes = self._nodes[ids[0]] if self.sized else next(iter(self.frames))
            frame, chosen = self.frames[nodes], iter(self.words[i] for i in ids[self.sized :])
            ops = tuple(next(chosen) if len(labels) > 1 else labels[0] for labels in frame.labels)
            present = [edge for edge in frame.open_edges if next(chosen) == EDGE_WORDS[1]]
            archs.append(Architecture(self.space.name, ops, tuple(sorted((*frame.edges, *present)))))
        return archs

    def head(self) -> list[int]:
        """The first two words: the space, and the position that the task vector is added to."""
        return [self.ids[f"<space-{self.space.name}>"], self.ids[TASK]]

    def level(self, level: int) -> int:
        """The id of the word for a performance level."""
        return self.ids["<any-level>" if level == ANY else f"<level-{level}>"]

    def wish(self, wish: Wish, costs: Sequence[str]) -> list[list[int]]:
        """The word ids of the conditions of B architectures: count, figure, device and level.

        Args:
            wish: the conditions; at most one count and one figure of a device may be given per row.
            costs: names of the columns of `wish.costs`.
        """
        rows = []
        for level, levels in zip(wish.level.tolist(), wish.costs.tolist(), strict=True):
            chosen = {kind: f"<any-{kind}>" for kind in WISHES}
            for name, value in zip(costs, levels, strict=True):
                kind, _, device = name.partition(" ")
                if value != ANY:
                    chosen["figure" if device else "count"] = f"<{kind}-{value}>"
                    chosen["device"] = f"<on-{device}>" if device else chosen["device"]
            rows.append([*(self.ids[chosen[kind]] for kind in WISHES[1:]), self.level(level)])
        return rows
