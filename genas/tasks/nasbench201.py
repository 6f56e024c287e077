"""The published results of NAS-Bench-201: CIFAR-10, CIFAR-100 or ImageNet16-120 by look-up, no training."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from genas.core import assets
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.records import Architecture, Measurement
from genas.core.rng import seed_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from torch import Tensor

Dataset = Literal["cifar10", "cifar100", "imagenet16_120"]

_CODES = {"none": 0, "skip_connect": 1, "nor_conv_1x1": 2, "nor_conv_3x3": 3, "avg_pool_3x3": 4}
_OP_COLUMNS = tuple(f"op_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3"))
_SHORT, _FULL = 12, 200  # epochs
_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_DEVICES = (
    "1080ti_1", "1080ti_32", "1080ti_256", "2080ti_1", "2080ti_32", "2080ti_256", "titan_rtx_1", "titan_rtx_32",
    "titanx_1", "titanx_32", "titanx_256", "titanxp_1", "titanxp_32", "titanxp_256", "essential_ph_1", "gold_6240",
    "pixel3", "samsung_a50", "samsung_s7", "silver_4114", "silver_4210r",
)  # fmt: skip


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


class NasBench201Task(Task):
    """Image classification whose answers for all 15,625 cells are published: nothing is trained.

    Source: Dong & Yang, "NAS-Bench-201" (ICLR 2020); latencies from HELP (Lee et al. 2021) and HW-NAS-Bench (Li et al.
    2021). Accuracies are means over the one to three seeds of the release. The tables describe the published network
    only (space `nasbench201` with channels=16, cells=5).

    Cost: a look-up of `accuracy` is charged with the seconds of the training it stands for. The tables hold the seconds
    of the 12-epoch training on 25,000 CIFAR-10 images; 200 epochs are charged 200/12 of that, and the other two data
    sets in proportion to the pixels of an epoch (CIFAR-100 x 2, ImageNet16-120 x 1.517), which is an estimate.

    Images: proxies see CIFAR-10 photographs for all three data sets (shrunk to 16x16 for ImageNet16-120, and with
    CIFAR-10 labels), as genas knows no copy of the other two. Only dataset="cifar10" can be trained on, on our own
    halves of the 50,000 training images; no test images are given.

    Args:
        dataset: "cifar10", "cifar100" or "imagenet16_120".
        latency_device: whose published milliseconds `latency_ms` is, such as "pixel3" or "1080ti_32" (batch of 32);
            measured on CIFAR-sized inputs whatever the data set. None: no latency is looked up.

    Raises:
        RequestError: where there is no such data set or device.
    """

    name = "nasbench201"
    modality: ClassVar[str] = "image"
    scale = 255.0
    mean = (0.4914, 0.4822, 0.4465)
    std = (0.2470, 0.2435, 0.2616)
    preparation = "divide by 255, subtract the mean of CIFAR-10, divide by its standard deviation"

    def __init__(self, *, dataset: str = "cifar10", latency_device: str | None = None) -> None:
        if dataset not in _SETTINGS:
            raise RequestError(f"nasbench201: dataset must be one of {', '.join(_SETTINGS)}, not {dataset!r}.")
        if latency_device is not None and latency_device not in _DEVICES:
            raise RequestError(
                f"nasbench201: latency_device must be one of {', '.join(_DEVICES)}, not {latency_device!r}."
            )
        self.dataset, self.latency_device, self._setting = dataset, latency_device, _SETTINGS[dataset]
        self.outputs = self._setting.outputs
        self.input_shape = (3, self._setting.size, self._setting.size)
        self.classes = _CIFAR10 if dataset == "cifar10" else ()
        self.description = f"Published accuracies of NAS-Bench-201 cells on {self._setting.words}."

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the tables say of a cell.

        `accuracy` is the validation accuracy after 200 epochs, `test_accuracy` the test accuracy (charged with nothing:
        its training was paid for by `accuracy`), `params` a count, `latency_ms` that of the chosen device. At fidelity
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
        elif metric == "latency_ms":
            value = self._latency(row)
        else:
            known = "accuracy, test_accuracy, params, latency_ms"
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

    def _latency(self, row: int) -> float:
        if self.latency_device is None:
            raise ScoreFailed("no device is chosen for latency_ms: give the task latency_device=pixel3, say")
        return float(self._column("nb201_latency", f"{self.latency_device}_ms")[row])

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
        """One column in the order of arch_index."""
        if (table, column) not in self._columns:
            import numpy as np
            import pyarrow.parquet as pq

            path = assets.data(f"nasbench201/{table}.parquet")
            read = pq.read_table(path, columns=list({"arch_index", column})).sort_by("arch_index")
            self._columns[table, column] = np.asarray(read.column(column))
        return self._columns[table, column]

    def data(self, split: Split) -> Data:
        """CIFAR-10 images as bytes [n, 3, 32, 32] with labels [n]: 25,000 each for train and val.

        Raises:
            ScoreFailed: for the test split, and for data sets other than CIFAR-10.
        """
        if split == "test":
            raise ScoreFailed("nasbench201 gives no test images: read test_accuracy from its table (validator table)")
        if self.dataset != "cifar10":
            raise ScoreFailed(f"the images of {self.dataset} are not here: validate by its table (validator table)")
        return self._splits[split]

    @cached_property
    def _splits(self) -> dict[str, Data]:
        order = self._order
        half = len(order) // 2
        return {"train": self._decode(order[:half]), "val": self._decode(order[half:])}

    @cached_property
    def _order(self) -> np.ndarray:
        """Our fixed shuffle of the training images; the first half is the train split."""
        import numpy as np

        return np.random.default_rng(seed_of("nasbench201", "images")).permutation(self._images.num_rows)

    @cached_property
    def _images(self) -> pa.Table:
        import pyarrow.parquet as pq

        return pq.read_table(assets.data("images/cifar10_train.parquet"), columns=["jpeg", "label"])

    def _decode(self, rows: np.ndarray) -> Data:
        import numpy as np
        import torch
        from PIL import Image

        chosen = self._images.take(rows)
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(j.as_py())).convert("RGB")) for j in chosen.column("jpeg")])
        labels = torch.from_numpy(np.asarray(chosen.column("label")).astype(np.int64))  # [n]
        return Data(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), labels)  # [n, 3, 32, 32]

    def batch(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """`n` prepared CIFAR-10 images of the train half with labels, for proxies, whichever data set is chosen."""
        import numpy as np
        from torch.nn.functional import avg_pool2d

        half = self._order[: len(self._order) // 2]
        inputs, labels = self._decode(np.random.default_rng(seed_of("batch", seed)).permutation(half)[:n])
        prepared = self.prepare(inputs)  # [n, 3, 32, 32]
        return (prepared if self._setting.size == 32 else avg_pool2d(prepared, 2)), labels

    def prepare(self, inputs: Tensor) -> Tensor:
        """Images scaled and standardised per channel."""
        import torch

        mean, std = (torch.tensor(v, device=inputs.device).view(-1, 1, 1) for v in (self.mean, self.std))
        return (inputs.float() / self.scale - mean) / std
