"""The published latencies of 5,000 FBNet networks on 21 devices by look-up; no accuracies of them exist."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split
from genas.core.metrics import LATENCY, Metric
from genas.core.records import Architecture, Measurement
from genas.spaces.fbnet import KINDS
from genas.tasks._cifar import CifarTable

if TYPE_CHECKING:
    import numpy as np

DEVICES = (
    "1080ti_1", "1080ti_32", "1080ti_64", "2080ti_1", "2080ti_32", "2080ti_64", "titan_rtx_1", "titan_rtx_32",
    "titanx_1", "titanx_32", "titanx_64", "titanxp_1", "titanxp_32", "titanxp_64", "essential_ph_1", "gold_6240",
    "pixel3", "samsung_a50", "samsung_s7", "silver_4114", "silver_4210r",
)  # fmt: skip
_COLUMNS = {"naswot": "nwot", "synflow": "log10_synflow"}  # ours -> the table's, where they differ
_PUBLISHED = ("params", "flops", "zen", "epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "plain", "snip")


class FbnetTask(CifarTable):
    """Latencies of networks for CIFAR-100 inputs: what they cost is known, how well they classify is not.

    Source: HELP (Lee et al., NeurIPS 2021) for latencies; NASFLAT (Akhauri & Abdelfattah, MLSys 2024) for parameters,
    operations and proxy scores. 5,000 of 9^22 architectures are in the table, all others fail; the published network
    only (space `fbnet` with width=1). No accuracy was ever published, so the task's metric is the latency (smaller is
    better) and no search for accuracy can be made on it: give the space `fbnet` a task with images for that.

    Images: proxies see CIFAR-10 photographs with their labels, as genas knows no copy of CIFAR-100.

    Args:
        latency_device: whose milliseconds `latency_ms` is, such as "pixel3" or "1080ti_32" (batch of 32). None: nothing
            is looked up.

    Raises:
        RequestError: where there is no such device.
    """

    name = "fbnet"
    metric: ClassVar[Metric] = LATENCY
    dataset = "cifar100"
    outputs = 100
    input_shape = (3, 32, 32)
    description = "Published latencies of FBNet networks on CIFAR-100: 32x32 colour photographs, 100 classes."

    def __init__(self, *, latency_device: str | None = "pixel3") -> None:
        if latency_device not in (None, *DEVICES):
            raise RequestError(f"fbnet: latency_device must be one of {', '.join(DEVICES)}, not {latency_device!r}.")
        self.latency_device = latency_device

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the table says: `latency_ms` of the chosen device, `params`, `flops`, and published proxy scores.

        `flops` are the authors' count, about one for each multiply-add (the scorer flops counts two). Nothing is
        charged.

        Raises:
            ScoreFailed: where the network, the metric or the fidelity is not in the table.
            MissingArtifact: where GENAS_DATA lacks the tables.
        """
        if fidelity != 1.0:
            raise ScoreFailed(f"fbnet is tabulated at fidelity 1 only, not at {fidelity:g}")
        if metric == "accuracy":
            raise ScoreFailed("no accuracy of FBNet networks on CIFAR-100 is published; fbnet knows what they cost")
        if metric == "latency_ms":
            if self.latency_device is None:
                raise ScoreFailed("no device is chosen for latency_ms: give the task latency_device=pixel3, say")
            column = self._column("latency", f"{self.latency_device}_ms")
        elif metric in (*_PUBLISHED, *_COLUMNS):
            column = self._column("zero_cost", _COLUMNS.get(metric, metric))
        else:
            known = ", ".join(("latency_ms", *_PUBLISHED, *_COLUMNS))
            raise ScoreFailed(f"fbnet has no table of {metric}; it has {known}")
        row = self._rows.get(arch.ops) if arch.space == "fbnet" else None
        if row is None:
            raise ScoreFailed("the table lacks this network; it holds 5,000 of the space fbnet")
        return Measurement(metric, float(column[row]), 0.0, fidelity)

    @property
    def measured(self) -> list[Architecture]:
        """The architectures of the table, in its order."""
        return [Architecture("fbnet", ops, tuple((i, i + 1) for i in range(len(ops) - 1))) for ops in self._rows]

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], int]:
        """Labels of the nodes -> arch_id."""
        kinds = dict(zip(map(str, range(len(KINDS))), KINDS, strict=True))
        return {
            ("input", *(kinds[number] for number in text.split("_")), "output"): row
            for row, text in enumerate(self._read("latency", "arch").tolist())
        }

    @cached_property
    def _columns(self) -> dict[tuple[str, str], np.ndarray]:
        return {}

    def _column(self, table: str, name: str) -> np.ndarray:
        if (table, name) not in self._columns:
            self._columns[table, name] = self._read(table, name)
        return self._columns[table, name]

    def _read(self, table: str, name: str) -> np.ndarray:
        """One column, by arch_id."""
        import numpy as np
        import pyarrow.parquet as pq

        found = pq.read_table(assets.data(f"fbnet/fbnet_{table}.parquet"), columns=["arch_id", name])
        return np.asarray(found.sort_by("arch_id").column(name))

    def data(self, split: Split) -> Data:
        """Never given: genas has no copy of CIFAR-100.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(f"fbnet has no {split} images (CIFAR-100 is not here): give the space fbnet another task")
