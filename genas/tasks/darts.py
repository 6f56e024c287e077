"""Published figures of a few hundred DARTS cells by look-up, no training: predicted or trained accuracies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from genas.core import assets
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split
from genas.core.records import Architecture, Measurement
from genas.spaces import _darts_cells as cells
from genas.tasks._cifar import CIFAR10, CifarTable

if TYPE_CHECKING:
    from torch import Tensor

_FULL, _SHORT = 50, 10  # epochs of the OnceNAS table
_DEVICES = ("gpu", "raspberrypi", "fpga", "mcu")
_PROXIES = (
    "epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "naswot", "nwot", "plain", "snip", "synflow", "zen",
)  # fmt: skip
_NAMES = tuple(cells.OPS.values())
_COUNTS = {"params": ("params", "params_m"), "flops": ("flops", "flops_m")}  # in millions


class _Table(NamedTuple):
    file: str
    accuracy: str  # the column, in percent
    rows: str  # how many, for the reader
    dataset: str
    shape: tuple[int, int, int]
    outputs: int
    kind: str  # what the accuracies are, in a sentence


_SUITE = "were trained once by the NAS-Bench-Suite-Zero authors; there is one evaluation set, and no test accuracy"
_OTHERS = ("nb301_other_datasets_subset", "val_acc", "199")
_TABLES = {
    "nb301": _Table(
        "nb301_suite_zero_subset", "val_acc_surrogate", "725", "cifar10", (3, 32, 32), 10,
        "are PREDICTIONS of the NAS-Bench-301 surrogate model, nothing was trained; there is no test accuracy",
    ),
    "oncenas": _Table(
        "darts_oncenas_545", "val_acc_50", "526", "cifar10", (3, 32, 32), 10,
        "were trained for 50 epochs; validation and test accuracy are of one and the same evaluation set, so a search "
        "chooses by what it is judged by",
    ),
    "swap": _Table(
        "darts_swap_1000", "val_acc", "1,000", "cifar10", (3, 32, 32), 10,
        "were trained for 200 epochs by a weak recipe (86.6 % at best), on cells used both as normal and as reduction "
        "cell; there is one evaluation set, and no test accuracy",
    ),
    "ninapro": _Table(*_OTHERS, "ninapro", (1, 16, 52), 18, _SUITE),
    "scifar100": _Table(*_OTHERS, "scifar100", (3, 60, 60), 100, _SUITE),
    "svhn": _Table(*_OTHERS, "svhn", (3, 32, 32), 10, _SUITE),
}  # fmt: skip
_WORDS = {
    "cifar10": "CIFAR-10: 32x32 colour photographs, 10 classes",
    "ninapro": "NinaPro: signals of forearm muscles, 18 hand gestures",
    "scifar100": "Spherical CIFAR-100: colour photographs projected onto a sphere, 100 classes",
    "svhn": "SVHN: 32x32 colour photographs of house numbers, 10 classes",
}
_Form = tuple[cells.Cell, cells.Cell]


class DartsTask(CifarTable):
    """Classification whose answers for some DARTS cells are published; all others fail. Nothing is trained.

    Sources: `nb301`: 725 cells with the validation accuracy that the surrogate of NAS-Bench-301 (Zela et al. 2022)
    predicts on CIFAR-10, with proxy scores; `ninapro`, `scifar100`, `svhn`: 199 cells each, trained on other data; all
    four from NAS-Bench-Suite-Zero (Krishnakumar et al. 2022). `oncenas`: 545 trainings of 526 networks on CIFAR-10
    (OnceNAS-Bench; the first counts), with latencies.
    `swap`: 1,000 cells trained on CIFAR-10 (Peng et al., SWAP-NAS 2024). `oncenas` and `swap` need the
    space darts:wide=true, as some of their operations are none. A cell is found under any numbering of its nodes.

    Cost: `oncenas` charges the seconds of its trainings; the other tables state no times and charge nothing.

    Images: proxies see CIFAR-10 photographs for `svhn` and `scifar100` (with CIFAR-10 labels); there are no inputs for
    `ninapro`. Nothing can be trained on: for that, put the space on the task cifar10.

    Args:
        table: nb301, oncenas, swap, ninapro, scifar100 or svhn.
        latency_device: whose `latency_ms` is looked up in `oncenas`: gpu, raspberrypi, fpga or mcu (its authors state
            no unit; milliseconds are assumed). None: nothing is looked up.

    Raises:
        RequestError: where there is no such table or device.
    """

    name = "darts"

    def __init__(self, *, table: str = "nb301", latency_device: str | None = None) -> None:
        if table not in _TABLES:
            raise RequestError(f"darts: table must be one of {', '.join(_TABLES)}, not {table!r}.")
        if latency_device is not None and (table != "oncenas" or latency_device not in _DEVICES):
            raise RequestError(f"darts: latency_device needs table=oncenas and one of {', '.join(_DEVICES)}.")
        self.table, self.latency_device, self._spec = table, latency_device, _TABLES[table]
        self.dataset, self.input_shape, self.outputs = self._spec.dataset, self._spec.shape, self._spec.outputs
        self.classes = CIFAR10 if self.dataset == "cifar10" else ()
        self.description = f"Published accuracies of {self._spec.rows} DARTS cells on {_WORDS[self.dataset]}."
        self.caution = f"Accuracies of darts:table={table} {self._spec.kind}."

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the table says of the cells.

        `accuracy` as the option `table` says, in `oncenas` also at fidelity 0.2 (10 of 50 epochs). `test_accuracy` in
        `oncenas` only. `params` and `flops` as counts: of the network that was trained in `oncenas` (36 channels, 20
        cells), of the one that proxies saw in those of NAS-Bench-Suite-Zero (32 channels, 8 cells, norms of operations
        without scale). Proxies are raw scores of the table (`naswot` is its nwot). Only `accuracy` is charged for.

        Raises:
            ScoreFailed: where the cells, the metric or the fidelity are not in the table.
            MissingArtifact: where GENAS_DATA lacks the table.
        """
        row = self._row(arch)
        if metric == "accuracy":
            return self._accuracy(row, fidelity)
        value, scale = None, 1.0
        if metric == "test_accuracy":
            value, scale = row.get("test_acc_50"), 0.01
        elif metric in _COUNTS:
            value, scale = next((row[name] for name in _COUNTS[metric] if name in row), None), 1e6
        elif metric == "latency_ms" and self.latency_device is not None:
            value = row[f"{self.latency_device}_latency_ms"]
        elif metric in _PROXIES:
            value = row.get("nwot" if metric == "naswot" else metric)
        if value is None:
            raise ScoreFailed(f"darts:table={self.table} has no {metric}; it has {', '.join(self._metrics(row))}")
        return Measurement(metric, float(value) * scale, 0.0, fidelity)

    def _accuracy(self, row: dict[str, Any], fidelity: float) -> Measurement:
        epochs = round(fidelity * _FULL)
        if self.table == "oncenas" and epochs in (_SHORT, _FULL):
            seconds = float(row[f"train_seconds_{epochs}"])
            return Measurement("accuracy", float(row[f"val_acc_{epochs}"]) / 100, seconds, fidelity)
        if fidelity != 1.0:
            extra = f" and at {_SHORT / _FULL}" if self.table == "oncenas" else ""
            raise ScoreFailed(f"darts:table={self.table} is tabulated at fidelity 1{extra}, not at {fidelity:g}")
        return Measurement("accuracy", float(row[self._spec.accuracy]) / 100, 0.0, fidelity)

    def _metrics(self, row: dict[str, Any]) -> list[str]:
        counts = [metric for metric, names in _COUNTS.items() if any(name in row for name in names)]
        test = ["test_accuracy"] if "test_acc_50" in row else []
        device = ["latency_ms (give latency_device=gpu, say)"] if self.table == "oncenas" else []
        return ["accuracy", *test, *counts, *device, *(proxy for proxy in _PROXIES if proxy in row)]

    def _row(self, arch: Architecture) -> dict[str, Any]:
        if arch.space != "darts":
            raise ScoreFailed("the tables hold DARTS cells only")
        try:
            normal, reduction = cells.read(arch.ops)
            row = self._rows.get((cells.canonical(normal), cells.canonical(reduction)))
        except (ValueError, IndexError) as error:
            raise ScoreFailed("the tables hold legal DARTS cells only") from error
        if row is None:
            raise ScoreFailed(f"darts:table={self.table} lacks these cells; it holds {self._spec.rows}")
        return row

    @property
    def measured(self) -> Sequence[Architecture]:
        """The cells of the table, those of `oncenas` and `swap` in the space darts:wide=true."""
        return self._measured

    @cached_property
    def _measured(self) -> list[Architecture]:
        return [Architecture("darts", cells.ops(*_slots(row["cells"])), cells.EDGES) for row in self._rows.values()]

    @cached_property
    def _rows(self) -> dict[_Form, dict[str, Any]]:
        """The rows by the one spelling of their cells; the first of those that are the same network."""
        import pyarrow.parquet as pq

        found: dict[_Form, dict[str, Any]] = {}
        for row in pq.read_table(assets.data(f"darts/{self._spec.file}.parquet")).to_pylist():
            if row.get("dataset", self.dataset) == self.dataset:
                normal, reduction = _slots(row["cells"])
                found.setdefault((cells.canonical(normal), cells.canonical(reduction)), row)
        return found

    def data(self, split: Split) -> Data:
        """Never given: the answers are those of the table.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(f"darts is judged by its table (validator table), not by {split} images: train on cifar10")

    def batch(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """`n` prepared CIFAR-10 images with labels, for proxies.

        Raises:
            ScoreFailed: for ninapro, whose signals are not here.
        """
        if self.dataset == "ninapro":
            raise ScoreFailed("the signals of NinaPro are not here: look its proxies up (scorer table)")
        return super().batch(n, seed)


def _slots(text: str) -> _Form:
    normal, reduction = (cells.cell([(source, _NAMES[op]) for source, op in part]) for part in json.loads(text))
    return normal, reduction
