"""The records that travel between stages, to disk and over the wire: frozen dataclasses of plain values."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Len, Lt

from genas.core.secrets import masked

if TYPE_CHECKING:
    from torch import nn

Goal = Literal["max", "min"]
Options = dict[str, Any]
Name = Annotated[str, Len(1, 200)]  # of a plug-in, a metric or a device


@dataclass(frozen=True)
class Architecture:
    """A node-labelled directed acyclic graph: the one form for disk, wire, LLM, GNN and diffusion.

    Args:
        space: name of the search space that can build it.
        ops: node labels, in topological order.
        edges: (source, target) pairs with source < target.
    """

    space: str
    ops: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    @cached_property
    def key(self) -> str:
        """Isomorphism-invariant hash, the identity of the architecture everywhere.

        Source: Ying et al., NAS-Bench-101 (2019), iterated neighbour hashing; here with as many rounds as nodes.
        """
        before: list[list[int]] = [[] for _ in self.ops]
        after: list[list[int]] = [[] for _ in self.ops]
        for source, target in self.edges:
            before[target].append(source)
            after[source].append(target)
        marks = [_digest(op, str(len(b)), str(len(a))) for op, b, a in zip(self.ops, before, after, strict=True)]
        for _ in self.ops:
            marks = [
                _digest(mark, *sorted(marks[i] for i in b), "|", *sorted(marks[i] for i in a))
                for mark, b, a in zip(marks, before, after, strict=True)
            ]
        return _digest(self.space, *sorted(marks))[:16]


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Frame:
    """The grammar of all architectures of one size: what each node may be and which edges are open.

    Args:
        labels: per node, the operations allowed there.
        edges: (source, target) pairs that every architecture of this size has.
        open_edges: (source, target) pairs that each may be present or absent.
    """

    labels: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[int, int], ...]
    open_edges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Candidate:
    """An architecture and where it came from.

    Args:
        origin: name of the proposer or refiner.
        parents: keys of the architectures it was made from.
        note: why it was proposed, in words.
        fidelity: the share of the search's own measurement (short training, say) that is wanted, above 0 and at most 1.
        recipe: how to train it (`genas.training.recipe`); what it leaves out has its default.
    """

    arch: Architecture
    origin: str
    parents: tuple[str, ...] = ()
    note: str = ""
    fidelity: float = 1.0
    recipe: Options = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The identity of the architecture, and of the recipe where it has one."""
        if not self.recipe:
            return self.arch.key
        return f"{self.arch.key}-{_digest(json.dumps(self.recipe, sort_keys=True))[:6]}"

    @property
    def text(self) -> str:
        """The architecture in one line, as its space writes and reads it."""
        from genas.core import registry

        text: str = registry.create("spaces", self.arch.space).to_text(self.arch)
        return text

    def build(self, task: Any, seed: int = 0) -> nn.Module:
        """An untrained network of the architecture.

        Args:
            task: whose inputs it takes and whose outputs it gives: a task's name, a Use with options, or a Task.
            seed: of the initial weights.

        Raises:
            ScoreFailed: the space builds no networks.
            RequestError: there is no such task.
        """
        from genas.core import building, registry
        from genas.core.interfaces import Task

        task = task if isinstance(task, Task) else registry.create("tasks", registry.named("tasks", task))
        return building.build(registry.create("spaces", self.arch.space), self.arch, task, seed)


@dataclass(frozen=True)
class Measurement:
    """One finite figure for one architecture.

    Args:
        metric: its name; accuracies are in [0, 1], latency_ms in milliseconds, params a count.
        seconds: what obtaining it cost (for a table look-up: what the training it stands for cost).
        fidelity: 1.0 for the full procedure, less for a cheaper one (a share of the epochs, say).
        std: the figure's own uncertainty, where it has one.
        curve: the figure over training epochs, where there is one.
        examples: how many the figure is the mean over, where it is one.
    """

    metric: str
    value: float
    seconds: float = 0.0
    fidelity: float = 1.0
    seed: int = 0
    std: float | None = None
    curve: tuple[float, ...] = ()
    examples: int | None = None

    def __post_init__(self) -> None:
        for number in (self.value, self.seconds, 0.0 if self.std is None else self.std, *self.curve):
            if not math.isfinite(number):
                from genas.core.errors import ScoreFailed

                raise ScoreFailed(f"{self.metric} is not a finite number ({number})")


@dataclass(frozen=True)
class Trial:
    """A candidate with all that was measured of it; `failure` says why it went no further."""

    candidate: Candidate
    measurements: tuple[Measurement, ...] = ()
    failure: str | None = None

    def all(self, metric: str) -> list[Measurement]:
        """All measurements of `metric`, the highest fidelity first."""
        return sorted((m for m in self.measurements if m.metric == metric), key=lambda m: (-m.fidelity, m.seed))

    def settled(self, metric: str) -> float:
        """The mean of the last quarter of the curves at the highest fidelity: steadier than the best epoch."""
        figures = self.all(metric)
        curves = [m.curve for m in figures if m.curve and m.fidelity == figures[0].fidelity]
        tails = [v for curve in curves for v in curve[-max(1, len(curve) // 4) :]]
        return sum(tails) / len(tails) if tails else 0.0

    def value(self, metric: str) -> float | None:
        """The mean over seeds of `metric` at the highest fidelity measured, or None."""
        figures = self.all(metric)
        best = [m.value for m in figures if m.fidelity == figures[0].fidelity]
        return sum(best) / len(best) if best else None


@dataclass(frozen=True)
class Objective:
    """A metric to make large or small; the first objective of a request leads."""

    metric: Name
    goal: Goal = "max"


@dataclass(frozen=True)
class Constraint:
    """A hard limit on a metric, ends included."""

    metric: Name
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, value: float) -> bool:
        """Whether `value` keeps the limit."""
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)

    def __str__(self) -> str:
        low = "" if self.at_least is None else f"{self.at_least:g} <= "
        high = "" if self.at_most is None else f" <= {self.at_most:g}"
        return f"{low}{self.metric}{high}"


@dataclass(frozen=True)
class Budget:
    """What a run may spend (or has spent); None is no limit."""

    seconds: float | None = None
    trials: int | None = None
    llm_tokens: int | None = None


@dataclass(frozen=True)
class Use:
    """A plug-in by name, with its options."""

    name: Name
    options: Options = field(default_factory=dict)

    def __str__(self) -> str:
        options = ", ".join(f"{key}={value}" for key, value in masked({"options": self.options})["options"].items())
        return f"{self.name} ({options})" if options else self.name


@dataclass(frozen=True)
class Request:
    """All that a run needs to know; a sentence, TOML, JSON, flags and Python all end here.

    Args:
        goal: the sentence as the user wrote it.
        device: where networks train and run: "auto", "cpu", "cuda", "cuda:0", "mps"; or, for tables, a listed device.
    """

    goal: Annotated[str, Len(0, 20_000)]
    task: Use
    space: Use
    objectives: Annotated[tuple[Objective, ...], Len(0, 20)] = (Objective("accuracy"),)
    constraints: Annotated[tuple[Constraint, ...], Len(0, 100)] = ()
    device: Name = "auto"
    budget: Budget = Budget()
    seed: Annotated[int, Ge(0), Lt(2**63)] = 0
    proposers: Annotated[tuple[Use, ...], Len(0, 100)] = ()
    scorers: Annotated[tuple[Use, ...], Len(0, 100)] = ()
    refiners: Annotated[tuple[Use, ...], Len(0, 100)] = ()
    validator: Use = Use("train")


@dataclass(frozen=True)
class Rival:
    """A model that is no network, trained on the same split.

    Args:
        name: what it is called.
        validation: its figure on the validation split, by which its setting was chosen.
        test: its figure on the test split, read once.
        seconds: what it took.
    """

    name: str
    validation: float
    test: float
    seconds: float


@dataclass(frozen=True)
class Report:
    """What a run found.

    Args:
        winner: the chosen trial, its test figures included; None where nothing legal kept the limits.
        front: trials that no other beats in every objective.
        references: hand-made networks trained by the same recipe.
        trials: every trial of the run, in order.
        text: the outcome in plain sentences.
        rivals: models that are no networks, on the same split.
        recipe: the whole recipe that the winner was trained by, defaults and what the request fixes included.
        warnings: what a reader must know of the data and the figures, in sentences.
    """

    request: Request
    winner: Trial | None
    front: tuple[Trial, ...]
    references: tuple[Trial, ...]
    trials: tuple[Trial, ...]
    spent: Budget
    text: str
    rivals: tuple[Rival, ...] = ()
    recipe: Options = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)


@dataclass(frozen=True)
class BatchRow:
    """One task of a batch: its report, or why there is none.

    Args:
        goal: the task's sentence.
        folder: of its run.
        error: what to write instead, in a sentence.
    """

    goal: str
    folder: Path
    report: Report | None = None
    error: str | None = None
