"""The interfaces that plug-ins implement: space, task, proposer, scorer and others; `learner` has one more.

A plug-in is one file of `genas/<kind>/` (or an entry point `genas.<kind>`) with one public subclass. Its constructor's
keyword-only parameters are its options; the others are given by name from the run: space, task, ledger, device, seed.
"""

from __future__ import annotations

import concurrent.futures
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from genas.core.devices import KnownDevices
from genas.core.errors import InvalidArchitecture, ScoreFailed
from genas.core.metrics import ACCURACY, Metric
from genas.core.records import Architecture, Candidate, Constraint, Frame, Measurement, Request, Trial
from genas.core.task_records import Evaluation, Preparation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

Split = Literal["train", "val", "test"]
Answer = Literal["class", "number"]


class Data(NamedTuple):
    """Examples and their labels; `inputs` may be bytes (uint8), `Task.prepare` makes them ready for a network."""

    inputs: Tensor  # [n, *input_shape]
    labels: Tensor  # [n] whole numbers where they are classes; whatever the task's loss and evaluate take


class Reader(Protocol):
    """Reads new files as a task's own were read: a dataclass of plain values that an exported network carries."""

    def batches(self, paths: Sequence[Path], notes: list[str]) -> Iterator[tuple[list[str], NDArray[Any]]]:
        """Yield the names and raw inputs [n, ...] of some examples at a time; `notes` gets sentences on anything odd.

        Raises:
            ValueError: something can't be read; the text names it.
        """

    def read(self, paths: Sequence[Path]) -> NDArray[Any]:
        """The raw inputs of all examples."""


class SearchSpace(ABC):
    """Which architectures exist and how each becomes a network: write two attributes and two methods.

    Where places in the graph are fixed (a chain, an input before all else), write `frame` too, and `sizes` where not
    every number of nodes is possible: drawing at random, the neighbours and all generators go by them.

    Labels are names that mean nothing to genas, whatever they are called; `zero_ops` and `identity_ops` say which of
    them cut or pass signals, so that networks which compute the same are known as such.
    """

    name: str = ""  # set by the registry: the file's name
    modality: ClassVar[str] = "image"  # the kind of task it can serve
    ops: ClassVar[tuple[str, ...]]
    max_nodes: ClassVar[int]
    zero_ops: ClassVar[frozenset[str]] = frozenset()  # labels that stop signals: a node with one is as good as absent
    identity_ops: ClassVar[frozenset[str]] = frozenset()  # labels that pass signals on unchanged

    @abstractmethod
    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the architecture, in sentences an LLM can repair from; [] when legal."""

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """A freshly initialised network (call under a torch seed for a given one).

        Its class must live in a file that imports torch only and keep its constructor's arguments in `config`: that
        file is what a winner is exported as. A space whose architectures are only looked up in a table leaves it out.

        Raises:
            ScoreFailed: the space builds no networks.
        """
        raise ScoreFailed(f"the space {self.name} builds no networks: its architectures can only be looked up")

    @classmethod
    def builds(cls) -> bool:
        """Whether the space builds networks, rather than naming architectures of a table."""
        return cls.build is not SearchSpace.build

    def sizes(self) -> Sequence[int]:
        """The possible numbers of nodes."""
        return range(2, self.max_nodes + 1)

    def frame(self, nodes: int) -> Frame:
        """What an architecture of that many nodes may look like; the default leaves everything open."""
        pairs = tuple((i, j) for j in range(nodes) for i in range(j))
        return Frame((self.ops,) * nodes, (), pairs)

    def wirings(self, nodes: int) -> NDArray[np.bool_] | None:
        """The legal sets of open edges if these depend on each other: which each of the W sets has, [W, open edges].

        A generator that draws edges keeps to these. It must agree with `problems` and be given for every size or for
        none; None, the default, leaves each open edge free.
        """
        return None

    def check(self, arch: Architecture) -> Architecture:
        """The architecture itself, or InvalidArchitecture."""
        if problems := self.problems(arch):
            raise InvalidArchitecture(problems)
        return arch

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A legal architecture, uniform over the frame of a uniform size, by rejection."""
        sizes = self.sizes()
        for _ in range(10_000):
            frame = self.frame(sizes[int(rng.integers(len(sizes)))])
            ops = tuple(labels[int(rng.integers(len(labels)))] for labels in frame.labels)
            edges = frame.edges + tuple(e for e in frame.open_edges if rng.random() < 0.5)
            arch = Architecture(self.name, ops, tuple(sorted(edges)))
            if not self.problems(arch):
                return arch
        raise InvalidArchitecture([
            f"no legal architecture in 10,000 draws from {self.name}: write its frame(), which says what labels and "
            "edges are fixed where, or a sample() of its own"
        ])  # fmt: skip

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All legal architectures one edit away: one label or one open edge."""
        frame = self.frame(len(arch.ops))
        for node, labels in enumerate(frame.labels):
            for label in labels:
                if label != arch.ops[node]:
                    yield from self._legal((*arch.ops[:node], label, *arch.ops[node + 1 :]), arch.edges)
        for edge in frame.open_edges:
            yield from self._legal(arch.ops, tuple(sorted(set(arch.edges) ^ {edge})))

    def _legal(self, ops: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> Iterator[Architecture]:
        arch = Architecture(self.name, ops, edges)
        if not self.problems(arch):
            yield arch

    def to_text(self, arch: Architecture) -> str:
        """One line that a person or an LLM can read; `from_text` reads it back."""
        return " ".join(arch.ops) + " | " + " ".join(f"{i}>{j}" for i, j in arch.edges)

    def from_text(self, text: str) -> Architecture:
        """The architecture of one line, or InvalidArchitecture."""
        ops, _, edges = text.partition("|")
        try:
            pairs = sorted((int(a), int(b)) for a, b in (e.split(">") for e in edges.split()))
        except ValueError as error:
            raise InvalidArchitecture([f"edges must look like 0>1 1>2, not {edges.strip()[:80]!r}"]) from error
        return self.check(Architecture(self.name, tuple(ops.split()), tuple(pairs)))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """Hand-made architectures within the limits, trained beside the generated ones; [] if there are none."""
        return []

    def portfolio(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """Pairs of an architecture and a recipe that did well on many data sets, the best first.

        They start every race, scaled to the limits that can be counted.
        """
        return []

    def knowledge(self, arch: Architecture) -> str:
        """What its network knows before any training, in words; "" for nothing."""
        return ""

    def advice(self, task: Task) -> str:
        """What users should know who choose this space for the task, in a sentence; "" for nothing.

        It is asked when the data were read, before anything is trained.
        """
        return ""

    def finer(self, arch: Architecture) -> Architecture | None:
        """The architecture with a finer look at its inputs, for which the same weights fit; None if there is none."""
        return None

    def scaled(self, arch: Architecture, task: Task, limits: Sequence[Constraint]) -> Architecture | None:
        """The architecture, made smaller until it keeps the limits that can be counted; None if that is impossible."""
        return None


class Task(ABC):
    """What the network has to do: shapes, the data, and how it is learned and judged. "test" is for validators only.

    A task is a classification unless it says otherwise: one that is not writes `metric`, `answer`, `loss` and
    `evaluate`, and nothing else in genas needs to know of it.
    """

    name: str = ""
    modality: ClassVar[str] = "image"
    metric: ClassVar[Metric] = ACCURACY  # what networks are judged by
    metrics: ClassVar[tuple[Metric, ...]] = ()  # what else it tells
    latency_device: str | None = None  # whose latency_ms and energy_mj `lookup` tells
    devices: ClassVar[KnownDevices | None] = None  # of a table: those that `latency_device` may name
    description: str  # in words, for people, prompts and retrieval
    input_shape: tuple[int, ...]  # (C, H, W) for images
    outputs: int
    answer: ClassVar[Answer] = "class"  # what its outputs are: a score for each class, or numbers
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()  # where outputs are numbers: what each of them is called
    follows: ClassVar[tuple[str, ...]] = ("smoothing", "mix")  # values of a recipe that its loss takes into account
    limit: int | None = None  # how many training examples the request keeps to; None is all
    mirror: bool | None = None  # whether an image keeps its class when mirrored; None is for the race to find out
    caution: str = ""  # what a reader of its figures must know; shown in the report
    notes: tuple[str, ...] = ()  # what of the user's data was left out, changed or is odd; said when a run begins
    here: ClassVar[bool] = True  # False where the data are only described, and `data` always fails

    @property
    def measured(self) -> Sequence[Architecture]:
        """The architectures in the task's table, if that holds only a small part of a space."""
        return ()

    @property
    def data_id(self) -> str:
        """The name of the task's data set. Figures of one task reveal those of all others with the same `data_id`.

        The default is the task's own name. What exactly was read of the data set, `identity` tells.
        """
        return self.name

    @abstractmethod
    def data(self, split: Split) -> Data:
        """The split, the same at every call."""

    def examine(self) -> Sequence[str]:
        """Read every example of every split before anything is trained; return `notes` and what this reading shows.

        Raises:
            RequestError: an example can't be read; the message names it.
        """
        return self.notes

    def loss(self, outputs: Tensor, targets: Tensor, *, smoothing: float = 0.0) -> Tensor:
        """The loss that training minimises, a mean over the batch. The default is the cross entropy of classes.

        Args:
            outputs: of the network [B, outputs], in training mode; of each token or node where the task has these.
            targets: the labels of the batch, as `data` gives them.
            smoothing: the recipe's label smoothing; 0 where `follows` does not name it.
        """
        from genas.core import classification

        return classification.loss(outputs, targets, smoothing)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        """Judge all outputs for a split against its targets: `metric` and all of `metrics`, by name.

        The default is the accuracy of classes.

        It must depend on the examples alone, not on their order: of a metric that is no share of the examples, error
        bars come from asking it about examples drawn with replacement (the bootstrap).

        Args:
            outputs: of the network in evaluation mode [n, outputs], in float32.
            targets: the labels of the split, on the same device.
        """
        from genas.core import classification

        return classification.evaluate(outputs, targets)

    @property
    def preparation(self) -> Preparation | None:
        """How an exported network prepares new inputs; None if only genas can do it."""
        return None

    def prepare(self, inputs: Tensor) -> Tensor:
        """Raw inputs as the network takes them (scaled, normalised)."""
        return inputs.float()

    def reader(self) -> Reader | None:
        """The reader of new files, which an exported network carries with it; None if the data are in no files."""
        return None

    def augment(self, inputs: Tensor, seed: int) -> Tensor:
        """A changed copy of prepared training inputs, beside what the recipe changes; the default changes nothing."""
        return inputs

    def batch(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """`n` prepared training examples with labels, drawn by seed; what proxies look at."""
        import torch

        inputs, labels = self.data("train")
        chosen = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:n]
        return self.prepare(inputs[chosen]), labels[chosen]

    def identity(self) -> dict[str, str]:
        """Digests of the data that were read, part by part, by which a resumed run recognises them.

        The default reads all three splits; where the task answers `lookup`, it tells the files of its table, which lie
        in the folder of its name.

        Raises:
            GenasError: the data can't be read.
        """
        from genas.core import assets, identity

        if type(self).lookup is not Task.lookup:
            return identity.of_files(assets.tables(self.name))
        return identity.of_examples(self)

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """The published figure, charged with the seconds of training it stands for; ScoreFailed if there is none."""
        raise ScoreFailed(f"{self.name} has no table of {metric}")


class Proposer(ABC):
    """A source of candidates. One that overrides `tell` is a refiner."""

    name: str = ""
    silent: str | None = None  # why it brings nothing more, in a sentence, where it can't

    @abstractmethod
    def ask(self, n: int) -> list[Candidate]:
        """At most n legal candidates; the same answers for the same seed and the same tells.

        Each has the proposer's name as its `origin`, and a `note` that says in some words why it is proposed.
        """

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take in what was measured since the last `tell`, failed trials included, in the order asked."""
        return None


class Scorer(ABC):
    """One metric of an architecture."""

    name: str = ""
    metric: ClassVar[Metric]
    cost: ClassVar[float] = 1.0  # rough seconds per architecture: scorers run cheapest first
    fits: ClassVar[bool] = False  # True when `fit` changes the scores
    repeatable: ClassVar[bool] = True  # False where it reads a clock, so that no figure is the same twice

    @abstractmethod
    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The figure, or ScoreFailed; the global random state is left as it was."""

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The figure of each, or its failure, in order; override where a batch is faster."""
        results: list[Measurement | ScoreFailed] = []
        for arch in archs:
            try:
                results.append(self.score(arch, fidelity=fidelity, seed=seed))
            except ScoreFailed as failure:
                results.append(failure)
        return results

    def fit(self, trials: Sequence[Trial]) -> None:
        """Learn from what was measured, failed trials left out."""
        return None


class Validator(Scorer):
    """A scorer at full fidelity: `score` chooses on the validation split, `test` reads the test split."""

    @abstractmethod
    def test(self, arch: Architecture, *, seed: int = 0) -> Measurement:
        """The figure of the network that `score` chose at this seed, on the test split."""

    def weights(self, arch: Architecture, *, seed: int = 0) -> dict[str, Tensor] | None:
        """The trained weights on the CPU, or None where nothing was trained (tables)."""
        return None


class Interpreter(ABC):
    """Reads a sentence."""

    name: str = ""

    @abstractmethod
    def read(self, sentence: str, **known: Any) -> Request:
        """The request; `known` fields (from flags or a file) win over the sentence. RequestError says what to write."""


class Executor(concurrent.futures.Executor):
    """Where measurements run; what is submitted must be picklable where it runs apart.

    A job whose worker is lost is tried once more, and ends as ScoreFailed if that is lost too.
    """

    name: str = ""
    apart: ClassVar[bool] = True  # whether work runs in other processes than the run's own
    short: ClassVar[str | None] = None  # the option that a bare word after the name gives, as in "processes:2"
    workers: int  # jobs at a time
    threads: int | None  # of torch, for each job on the CPU; None is the run's choice
