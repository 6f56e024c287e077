"""The published results of NAS-Bench-201: CIFAR-10, CIFAR-100 or ImageNet16-120 by look-up, no training."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from genas.core import assets
from genas.core.devices import KnownDevices
from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import Architecture, Measurement
from genas.tasks._cifar import CIFAR10, CifarTable

if TYPE_CHECKING:
    import numpy as np

Dataset = Literal["cifar10", "cifar100", "imagenet16_120"]

_CODES = {"none": 0, "skip_connect": 1, "nor_conv_1x1": 2, "nor_conv_3x3": 3, "avg_pool_3x3": 4}
_OP_COLUMNS = tuple(f"op_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3"))
_SHORT, _FULL = 12, 200  # epochs
_DEVICES = (
    "1080ti_1", "1080ti_32", "1080ti_256", "2080ti_1", "2080ti_32", "2080ti_256", "titan_rtx_1", "titan_rtx_32",
    "titanx_1", "titanx_32", "titanx_256", "titanxp_1", "titanxp_32", "titanxp_256", "essential_ph_1", "gold_6240",
    "pixel3", "samsung_a50", "samsung_s7", "silver_4114", "silver_4210r",
)  # fmt: skip
_OF_DATASET = ("edgegpu", "edgetpu", "pixel3")  # measured on each data set's own inputs
_PI5 = ("pi5_litert", "pi5_onnx", "pi5_torchmobile")  # measured on CIFAR-100 inputs
_WITH_ENERGY = ("edgegpu", *_PI5)
_FAMILIES: dict[str, tuple[str, ...]] = {
    **{card: tuple(f"{card}_{batch}" for batch in (1, 32, 256)) for card in ("1080ti", "2080ti", "titanx", "titanxp")},
    "titan_rtx": ("titan_rtx_1", "titan_rtx_32"),
    **{cpu: (cpu,) for cpu in ("gold_6240", "silver_4114", "silver_4210r")},
    **{phone: (phone,) for phone in ("essential_ph_1", "pixel3", "samsung_a50", "samsung_s7")},
    "edgegpu": ("edgegpu",),
    "pi5": _PI5,
}  # edgetpu is left out: its table has gaps
_OF_ALL_CELLS = {"naswot": "naswot", "synflow": "log10_synflow", "logsynflow": "logsynflow", "nregions": "nregions",
                 "zen": "zen"}  # fmt: skip
_OF_LIVE_CELLS = ("epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "plain", "snip")
PROXIES = (*_OF_ALL_CELLS, *_OF_LIVE_CELLS)


class _Setting(NamedTuple):
    outputs: int
    size: int  # pixels along a side
    cost: float  # pixels seen in an epoch, relative to the 25,000 CIFAR-10 images that the seconds were taken on
    words: str


_SETTINGS: dict[str, _Setting] = {
    "cifar10": _Setting(10, 32, 1.0, "CIFAR-10: 32x32 colour photographs, 10 classes"),
    "cifar100": _Setting(100, 32, 2.0, "CIFAR-100: 32x32 colour photographs, 100 classes"),
    "imagenet16_120": _Setting(120, 16, 151_700 / 25_000 / 4, "ImageNet16-120: 16x16 colour photographs, 120 classes"),
}


class NasBench201Task(CifarTable):
    """Image classification whose answers for all 15,625 cells are published: nothing is trained.

    Source: Dong & Yang, "NAS-Bench-201" (ICLR 2020); latencies and energies from HELP (Lee et al. 2021), HW-NAS-Bench
    (Li et al. 2021) and HW-NAS-Bench-360; proxy scores from FreeREA (Cavagnero et al. 2023, `naswot`, `synflow` as
    log10, `logsynflow`, `nregions`, `zen`; all cells) and NAS-Bench-Suite-Zero (Krishnakumar et al. 2022, the others;
    the 9,445 cells without dead operations, CIFAR-100 taking the scores on CIFAR-10). Accuracies are means over the one
    to three seeds of the release. The tables describe the published network only (space `nasbench201` with channels=16,
    cells=5).

    Cost: a look-up of `accuracy` is charged with the seconds of the training it stands for. The tables hold the seconds
    of the 12-epoch training on 25,000 CIFAR-10 images; 200 epochs are charged 200/12 of that, and the other two data
    sets in proportion to the pixels of an epoch (CIFAR-100 x 2, ImageNet16-120 x 1.517), which is an estimate.

    Images: proxies see CIFAR-10 photographs for all three data sets (shrunk to 16x16 for ImageNet16-120, and with
    CIFAR-10 labels), as genas knows no copy of the other two. Only dataset="cifar10" can be trained on, on our own
    halves of the 50,000 training images; no test images are given.

    Args:
        dataset: "cifar10", "cifar100" or "imagenet16_120".
        latency_device: whose published milliseconds `latency_ms` is (and millijoules `energy_mj`, for edgegpu and the
            three of pi5), such as "pixel3" or "1080ti_32" (batch of 32). edgegpu, edgetpu and pixel3 were measured on
            each data set's own inputs, pi5 on CIFAR-100's (it is refused for ImageNet16-120), the others on CIFAR-sized
            inputs whatever the data set. None: nothing is looked up.

    Raises:
        RequestError: where there is no such data set or device.
    """

    name = "nasbench201"
    devices = KnownDevices("nasbench201", _FAMILIES, energy=_WITH_ENERGY, published={"channels": (16,), "cells": (5,)})

    def __init__(self, *, dataset: str = "cifar10", latency_device: str | None = None) -> None:
        if dataset not in _SETTINGS:
            raise RequestError(f"nasbench201: dataset must be one of {', '.join(_SETTINGS)}, not {dataset!r}.")
        devices = (*_DEVICES, "edgegpu", "edgetpu", *(() if dataset == "imagenet16_120" else _PI5))
        if latency_device is not None and latency_device not in devices:
            raise RequestError(
                f"nasbench201: latency_device on {dataset} must be one of {', '.join(devices)}, not {latency_device!r}."
            )
        self.dataset, self.latency_device, self._setting = dataset, latency_device, _SETTINGS[dataset]
        self.outputs = self._setting.outputs
        self.input_shape = (3, self._setting.size, self._setting.size)
        self.classes = CIFAR10 if dataset == "cifar10" else ()
        self.description = f"Published accuracies of NAS-Bench-201 cells on {self._setting.words}."

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the tables say of a cell.

        `accuracy` is the validation accuracy after 200 epochs, `test_accuracy` the test accuracy (charged with nothing:
        its training was paid for by `accuracy`), `params` a count, `latency_ms` and `energy_mj` those of the chosen
        device; `naswot`, `synflow` and other proxies are the published raw scores (charged with nothing). At fidelity
        0.06 (12 of 200 epochs) `accuracy` on CIFAR-10 is the result of the benchmark's own 12-epoch schedule.

        Raises:
            ScoreFailed: where the cell, the metric or the fidelity is not in the tables.
            MissingArtifact: where GENAS_DATA lacks the tables.
        """
        row = self._row(arch)
        if metric == "accuracy":
            return self._accuracy(row, fidelity)
        if metric == "test_accuracy":
            value = self._column("nb201_accuracy", f"{self.dataset}_test_acc")[row] / 100
        elif metric == "params":
            value = self._column("nb201_accuracy", f"params_{self.dataset}")[row]
        elif metric in ("latency_ms", "energy_mj"):
            value = self._device(row, metric)
        elif metric in PROXIES:
            value = self._proxy(row, metric)
        else:
            known = ", ".join(("accuracy, test_accuracy, params, latency_ms, energy_mj", *PROXIES))
            raise ScoreFailed(f"nasbench201 has no table of {metric}; it has {known}")
        return Measurement(metric, float(value), 0.0, fidelity)

    def _accuracy(self, row: int, fidelity: float) -> Measurement:
        short_seconds = float(self._column("nb201_hp12", "train_seconds_12")[row]) * self._setting.cost
        if fidelity == 1.0:
            value = self._column("nb201_accuracy", f"{self.dataset}_val_acc")[row]
            return Measurement("accuracy", float(value) / 100, short_seconds * _FULL / _SHORT, fidelity)
        if round(fidelity * _FULL) != _SHORT or self.dataset != "cifar10":
            extra = f" and at {_SHORT / _FULL} ({_SHORT} epochs)" if self.dataset == "cifar10" else ""
            raise ScoreFailed(f"{self.dataset} is tabulated at fidelity 1 ({_FULL} epochs){extra}, not at {fidelity:g}")
        value = self._column("nb201_hp12", "cifar10_val_acc_12")[row]
        return Measurement("accuracy", float(value) / 100, short_seconds, fidelity)

    def _device(self, row: int, metric: str) -> float:
        device = self.latency_device
        if device is None:
            raise ScoreFailed(f"no device is chosen for {metric}: give the task latency_device=edgegpu, say")
        if metric == "energy_mj" and device not in _WITH_ENERGY:
            raise ScoreFailed(f"the energy of {device} is not in the tables; that of {', '.join(_WITH_ENERGY)} is")
        unit = {"latency_ms": "ms", "energy_mj": "mJ"}[metric]
        if device in _OF_DATASET:
            value = float(self._column("nb201_hw", f"{self.dataset}_{device}_{unit}")[row])
        elif device in _PI5:
            value = float(self._column("nb201_pi5_latency_energy", f"cifar100_{device[4:]}_{unit}")[row])
        else:
            value = float(self._column("nb201_latency", f"{device}_{unit}")[row])
        if math.isnan(value):
            raise ScoreFailed(f"the {metric} of this cell on {device} is not in the tables")
        return value

    def _proxy(self, row: int, metric: str) -> float:
        if metric in _OF_ALL_CELLS:
            if metric == "nregions" and self.dataset == "imagenet16_120":
                raise ScoreFailed("nregions is not tabulated for ImageNet16-120")
            return float(self._column("nb201_zero_cost", f"{self.dataset}_{_OF_ALL_CELLS[metric]}")[row])
        dataset = "cifar10" if self.dataset == "cifar100" else self.dataset
        value = float(self._column("nb201_zc13", f"{dataset}_{metric}")[row])
        if math.isnan(value):
            raise ScoreFailed(f"{metric} is not tabulated for this cell: it has operations that change nothing")
        return value

    def _row(self, arch: Architecture) -> int:
        codes = [_CODES.get(op) for op in arch.ops[1:-1]]
        if arch.space != "nasbench201" or len(codes) != 6 or None in codes:
            raise ScoreFailed("the tables hold NAS-Bench-201 cells only")
        number = 0
        for code in codes:
            number = number * 5 + (code or 0)
        return int(self._rows[number])

    @cached_property
    def _rows(self) -> np.ndarray:
        """The row of each cell, where a cell's number is its six codes read in base 5."""
        import numpy as np

        numbers = np.zeros(5**6, dtype=np.int64)
        for column in _OP_COLUMNS:
            numbers = numbers * 5 + self._column("nb201_accuracy", column)
        rows = np.full(5**6, -1, dtype=np.int64)
        rows[numbers] = self._column("nb201_accuracy", "arch_index")
        return rows

    @cached_property
    def _columns(self) -> dict[tuple[str, str], np.ndarray]:
        return {}

    def _column(self, table: str, column: str) -> np.ndarray:
        """One column by arch_index; nan where the table lacks the cell."""
        if (table, column) not in self._columns:
            import numpy as np
            import pyarrow.parquet as pq

            path = assets.data(f"nasbench201/{table}.parquet")
            read = pq.read_table(path, columns=list({"arch_index", column}))
            values = np.asarray(read.column(column))
            found = np.empty_like(values) if read.num_rows == 5**6 else np.full(5**6, np.nan)
            found[np.asarray(read.column("arch_index"))] = values
            self._columns[table, column] = found
        return self._columns[table, column]
