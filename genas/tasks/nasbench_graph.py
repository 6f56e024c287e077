"""The published results of NAS-Bench-Graph: node classification on nine graphs by look-up, no training."""

from __future__ import annotations

import importlib.util
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from genas.core import assets
from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.records import Architecture, Measurement

if TYPE_CHECKING:
    from torch import Tensor

_OPS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
_LINKS = ("0000", "0001", "0011", "0012", "0013", "0111", "0112", "0122", "0123")
_TABLE = "nasbench_graph/nasbench_graph.parquet"
_EPOCHS = 350  # the middle of the 200 to 500 from which the authors chose for each graph
_PASSES = 3  # an epoch in forward passes: one forward, and a backward of about two
_UNLABELLED = -100  # the label that torch's cross entropy leaves out


class _Graph(NamedTuple):
    features: int
    classes: int
    hidden: int
    pre: int
    post: int
    words: str


# Widths are those that reproduce the parameter counts of the published table.
_GRAPHS: dict[str, _Graph] = {
    "cora": _Graph(1433, 7, 256, 0, 1, "Cora, a citation network"),
    "citeseer": _Graph(3703, 6, 256, 0, 1, "CiteSeer, a citation network"),
    "pubmed": _Graph(500, 3, 128, 0, 0, "PubMed, a citation network"),
    "cs": _Graph(6805, 15, 128, 1, 0, "Coauthor CS, authors who wrote together"),
    "physics": _Graph(8415, 5, 256, 1, 0, "Coauthor Physics, authors who wrote together"),
    "photo": _Graph(745, 8, 128, 0, 0, "Amazon Photo, goods bought together"),
    "computers": _Graph(767, 10, 64, 1, 1, "Amazon Computers, goods bought together"),
    "arxiv": _Graph(128, 40, 128, 0, 1, "ogbn-arxiv, a citation network"),
    "proteins": _Graph(8, 112, 256, 1, 1, "ogbn-proteins, associations of proteins (112 yes-or-no labels, ROC-AUC)"),
}
_WITH_NODES = ("cora", "citeseer")

_Form = tuple[Any, ...]


class _Row(NamedTuple):
    accuracy: float
    test_accuracy: float
    latency_ms: float
    params: float


@dataclass
class _Example:
    """A graph as a network takes it; unpacks as (x, edge_index)."""

    x: Tensor  # [N, F]
    edge_index: Tensor  # [2, E]

    def to(self, device: Any) -> _Example:
        return _Example(self.x.to(device), self.edge_index.to(device))

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.x, self.edge_index))


class NasBenchGraphTask(Task):
    """Node classification whose answers for all 26,206 networks are published: nothing is trained.

    Source: Qin et al., "NAS-Bench-Graph" (NeurIPS 2022), light tables: means over three seeds. proteins holds 2,021
    networks of five layer kinds, with ROC-AUC in place of accuracy; some parameter counts of physics mix networks of
    two widths in the source. The table is read from GENAS_DATA, or from the pip package nas-bench-graph.

    Cost: the light tables hold no training time. A look-up of `accuracy` is charged with an estimate, 350 epochs of
    three times the published seconds of one pass.

    Args:
        dataset: cora, citeseer, pubmed, cs, physics, photo, computers, arxiv or proteins.
        latency_device: "published" for the milliseconds of the authors' machine; None measures on this one, which only
            cora and citeseer have the data for.

    Raises:
        RequestError: where there is no such data set or device.
    """

    name = "nasbench_graph"
    modality: ClassVar[str] = "graph"

    def __init__(self, *, dataset: str = "cora", latency_device: str | None = "published") -> None:
        if dataset not in _GRAPHS:
            raise RequestError(f"nasbench_graph: dataset must be one of {', '.join(_GRAPHS)}, not {dataset!r}.")
        if latency_device not in ("published", None):
            raise RequestError(f"nasbench_graph: latency_device must be 'published' or None, not {latency_device!r}.")
        graph = _GRAPHS[dataset]
        self.dataset, self.latency_device = dataset, latency_device
        self.input_shape, self.outputs = (graph.features,), graph.classes
        self.macro = {"hidden": graph.hidden, "pre": graph.pre, "post": graph.post}
        measure = "ROC-AUC" if dataset == "proteins" else "accuracies"
        self.description = f"Published {measure} of NAS-Bench-Graph networks on the nodes of {graph.words}."

    @property
    def data_id(self) -> str:
        """The data set that the table is of."""
        return self.dataset

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the table says of a network, under whichever spelling.

        `accuracy` is on validation nodes, `test_accuracy` on test nodes (charged with nothing: its training was paid
        for by `accuracy`), `params` a count, `latency_ms` on the authors' machine.

        Raises:
            ScoreFailed: where the network, the metric or the fidelity is not in the table.
            MissingArtifact: where there is neither the table in GENAS_DATA nor the package.
        """
        if metric not in _Row._fields:
            raise ScoreFailed(f"nasbench_graph has no table of {metric}; it has {', '.join(_Row._fields)}")
        if metric == "accuracy" and fidelity != 1.0:
            raise ScoreFailed(f"nasbench_graph is tabulated at fidelity 1 only, not at {fidelity:g}")
        form = _form_of(arch)
        row = None if form is None else self._rows.get(form)
        if row is None:
            kinds = "gcn, sage, arma, fc and skip" if self.dataset == "proteins" else ", ".join(_OPS)
            raise ScoreFailed(f"the table of {self.dataset} lacks this network; it holds layers of {kinds}")
        seconds = row.latency_ms / 1000 * _PASSES * _EPOCHS if metric == "accuracy" else 0.0
        return Measurement(metric, float(getattr(row, metric)), seconds, fidelity)

    @cached_property
    def _rows(self) -> dict[_Form, _Row]:
        """The table by canonical form."""
        rows = self._from_parquet() or self._from_package()
        return {_form(tuple(map(int, link)), ops): row for link, ops, row in rows}

    def _from_parquet(self) -> list[tuple[str, tuple[str, ...], _Row]]:
        """All rows of the data set; [] where GENAS_DATA is not set or lacks the table or this data set (physics)."""
        import pyarrow.parquet as pq

        path = Path(os.environ.get("GENAS_DATA", "")) / _TABLE
        if not os.environ.get("GENAS_DATA") or not path.is_file():
            return []
        names = ("link", "op_1", "op_2", "op_3", "op_4", "val_perf", "test_perf", "latency_s", "params_m")
        table = pq.read_table(path, columns=list(names), filters=[("dataset", "==", self.dataset)])
        columns = zip(*(table.column(name).to_pylist() for name in names), strict=True)
        return [
            (link, tuple(_OPS[code] for code in codes), _Row(val, test, 1000 * latency, round(1e6 * params)))
            for link, *codes, val, test, latency, params in columns
        ]

    def _from_package(self) -> list[tuple[str, tuple[str, ...], _Row]]:
        spec = importlib.util.find_spec("nas_bench_graph")
        if spec is None or spec.origin is None:
            hint = f"Get it with: pip install nas-bench-graph; or set GENAS_DATA to a folder that holds {_TABLE}."
            raise MissingArtifact(f"The NAS-Bench-Graph table of {self.dataset}", hint)
        found = []
        for number, row in _read_bench(Path(spec.origin).parent / "light" / f"{self.dataset}.bench").items():
            link, *codes = (int(digit) for digit in f"{number:05d}")
            figures = _Row(row["valid_perf"], row["perf"], 1000 * row["latency"], round(1e6 * float(row["para"])))
            found.append((_LINKS[link], tuple(_OPS[code] for code in codes), figures))
        return found

    def data(self, split: Split) -> Data:
        """Never given: the nodes of a split make no sense apart from their graph.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(f"nasbench_graph is judged by its table (scorer and validator table), not by {split} data")

    def batch(self, n: int, seed: int = 0) -> tuple[Any, Tensor]:
        """The whole graph, which unpacks as (x, edge_index), and the labels of its nodes [N] for proxies.

        At most `n` training nodes, drawn by seed, keep their label; all others have -100, which cross entropy leaves
        out. Features are divided by their sum.

        Raises:
            ScoreFailed: where genas knows no copy of the graph.
            MissingArtifact: where GENAS_DATA lacks it.
        """
        import torch

        if self.dataset not in _WITH_NODES:
            raise ScoreFailed(f"the graph of {self.dataset} is not here; only {' and '.join(_WITH_NODES)} are")
        graph, labels, train = self._nodes
        chosen = train[torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[:n]]
        shown = torch.full_like(labels, _UNLABELLED)
        shown[chosen] = labels[chosen]
        return graph, shown

    @cached_property
    def _nodes(self) -> tuple[_Example, Tensor, Tensor]:
        """The graph, all labels [N] and the numbers of the training nodes."""
        import numpy as np
        import pyarrow.parquet as pq
        import torch

        nodes = pq.read_table(assets.data(f"graphs/{self.dataset}_nodes.parquet"))
        edges = pq.read_table(assets.data(f"graphs/{self.dataset}_edges.parquet"))
        x = torch.zeros(nodes.num_rows, *self.input_shape)  # [N, F]
        for row, words in enumerate(nodes.column("features").to_pylist()):
            x[row, words] = 1.0 / max(len(words), 1)
        one_way = torch.from_numpy(np.stack([np.asarray(edges.column(end)) for end in ("source", "target")])).long()
        both_ways = torch.cat([one_way, one_way.flip(0)], dim=1)  # [2, E]
        labels = torch.from_numpy(np.asarray(nodes.column("label")).astype(np.int64))  # [N]
        train = torch.from_numpy(np.flatnonzero(np.asarray(nodes.column("split").to_pylist()) == "train"))
        return _Example(x, both_ways), labels, train


def _form_of(arch: Architecture) -> _Form | None:
    """The canonical form of an architecture, or None where it is no network of this benchmark."""
    source_of = {target: source for source, target in arch.edges if target != 5}
    if arch.space != "nasbench_graph" or len(arch.ops) != 6 or set(source_of) != {1, 2, 3, 4}:
        return None
    return _form(tuple(source_of[node] for node in range(1, 5)), arch.ops[1:5])


def _form(link: Sequence[int], ops: Sequence[str]) -> _Form:
    """The tree of layers as nested sorted tuples, with the skips that change nothing taken out.

    A skip passes its input on, so one that feeds layers gives them to its own input. One that feeds the output says
    "join this too", which changes nothing where its input is the raw features (these are never joined), nor where it
    is its input's only reader (which would then be joined itself).
    """

    def readers(node: int, *, raw: bool) -> list[_Form]:
        found: list[_Form] = []
        for reader, (source, op) in enumerate(zip(link, ops, strict=True), start=1):
            if source != node:
                continue
            below = readers(reader, raw=raw and op == "skip")
            if op != "skip":
                found.append((op, *below))
            elif below or raw:
                found += below
            else:
                found.append(("skip",))
        return [] if not raw and found == [("skip",)] else sorted(found)

    return tuple(readers(0, raw=True))


class _PlainUnpickler(pickle.Unpickler):
    """Reads dicts, numbers and numpy scalars, and refuses to import anything else."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "scalar":
            return _scalar
        if (module, name) == ("numpy", "dtype"):
            return np.dtype
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def _scalar(dtype: Any, raw: bytes) -> Any:
    import numpy as np

    return np.frombuffer(raw, dtype=dtype)[0]


def _read_bench(path: Path) -> dict[int, dict[str, float]]:
    """A table of the installed package."""
    try:
        with path.open("rb") as file:
            found: dict[int, dict[str, float]] = _PlainUnpickler(file).load()
    except (OSError, pickle.UnpicklingError, EOFError) as error:
        hint = "Install it again with: pip install --force-reinstall nas-bench-graph"
        raise MissingArtifact(f"{path} cannot be read ({error}) and so", hint) from error
    return found
