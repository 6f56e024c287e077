"""The published results of TransNAS-Bench-101 (macro networks): seven vision tasks by look-up, no training."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from genas.core import assets
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.records import Architecture, Measurement

_CODES = {"plain": "1", "widen": "2", "halve": "3", "both": "4"}
_FULL = ("zen", "synflow", "epe_nas", "fisher")  # of all networks, where the source covers the task
_SOME = ("grasp", "fisher", "grad_norm", "l2_norm", "plain", "nwot", "epe_nas", "jacov", "snip")
_COUNTS = ("params", "flops")  # in millions, of some networks
PROXIES = tuple(dict.fromkeys((*_FULL, *_SOME, "naswot")))


class _Setting(NamedTuple):
    outputs: int
    scale: float  # of the table's score
    words: str
    kind: str  # what `accuracy` is


_SETTINGS = {
    "class_scene": _Setting(47, 0.01, "which of 47 kinds of room a photograph shows", "top-1 accuracy"),
    "class_object": _Setting(75, 0.01, "which of 75 objects a photograph of a room shows", "top-1 accuracy"),
    "room_layout": _Setting(9, 1.0, "the box that a photographed room is", "exp(-loss), which orders as the loss does"),
    "jigsaw": _Setting(1000, 0.01, "which of 1,000 orders the nine tiles of a photograph are in", "top-1 accuracy"),
    "segmentsemantic": _Setting(17, 0.01, "what each pixel of a room belongs to, of 17 kinds", "pixel accuracy"),
    "normal": _Setting(3, 1.0, "the surface normal at each pixel of a room", "structural similarity (SSIM)"),
    "autoencoder": _Setting(3, 1.0, "the photograph itself from a small code", "structural similarity (SSIM)"),
}


class TransNas(Task):
    """Vision tasks on photographs of rooms whose answers for all 3,256 macro networks are published.

    Source: Duan et al., "TransNAS-Bench-101" (CVPR 2021), as carried by NASLib: the validation score of the last epoch,
    one training each. There are no test scores and no times here, so a look-up is charged with nothing. Proxies are
    from NAS-Bench-Suite-Zero (Krishnakumar et al. 2022): zen of all networks, others of some tasks or about 700
    networks. `accuracy` is top-1 accuracy, pixel accuracy, SSIM, or exp(-loss) for room_layout.

    Images: none; those of Taskonomy are not here.

    Args:
        dataset: class_scene, class_object, room_layout, jigsaw, segmentsemantic, normal or autoencoder.

    Raises:
        RequestError: where there is no such task.
    """

    name = "transnas"
    modality: ClassVar[str] = "image"
    input_shape = (3, 256, 256)

    def __init__(self, *, dataset: str = "class_scene") -> None:
        if dataset not in _SETTINGS:
            raise RequestError(f"transnas: dataset must be one of {', '.join(_SETTINGS)}, not {dataset!r}.")
        self.dataset, self._setting = dataset, _SETTINGS[dataset]
        self.outputs = self._setting.outputs
        self.description = f"Published scores of TransNAS-Bench-101 networks: tell {self._setting.words}."
        self.caution = (
            f"Accuracies of transnas:dataset={dataset} are {self._setting.kind} on validation data at the last epoch "
            "of one training; the table has no test scores."
        )

    @property
    def data_id(self) -> str:
        """The data set that the table is of."""
        return self.dataset

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the tables say of a network.

        `accuracy` as the class says; zen, synflow and other proxies as raw scores (`naswot` is the column nwot);
        `params` and `flops` as counts of about 700 networks, decoders included. Nothing is charged.

        Raises:
            ScoreFailed: where the network, the metric or the fidelity is not in the tables.
            MissingArtifact: where GENAS_DATA lacks them.
        """
        if fidelity != 1.0:
            raise ScoreFailed(f"transnas is tabulated at fidelity 1 only, not at {fidelity:g}")
        code = "".join(_CODES.get(op, "?") for op in arch.ops[1:-1]) if arch.space == "transnas_macro" else ""
        row = self._rows.get(f"64-{code}-basic")
        if row is None:
            raise ScoreFailed("the table holds the 3,256 macro networks of TransNAS-Bench-101 only")
        if metric == "accuracy":
            value = float(row[f"{self.dataset}_score"]) * self._setting.scale
            return Measurement(metric, math.exp(value) if self.dataset == "room_layout" else value, 0.0, fidelity)
        if metric not in (*PROXIES, *_COUNTS):
            raise ScoreFailed(f"transnas has no table of {metric}; it has accuracy, {', '.join((*PROXIES, *_COUNTS))}")
        found = row.get(f"{self.dataset}_{metric}")
        if found is None:
            found = self._some.get(row["arch_str"], {}).get("nwot" if metric == "naswot" else metric)
        if found is None:
            raise ScoreFailed(f"{metric} of this network is not tabulated for {self.dataset}")
        return Measurement(metric, float(found) * (1e6 if metric in _COUNTS else 1.0), 0.0, fidelity)

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        import pyarrow.parquet as pq

        path = assets.data("transnas/transnas_macro.parquet")
        known = [f"{self.dataset}_{part}" for part in ("score", *_FULL)]
        columns = ["arch_str", *(name for name in pq.read_schema(path).names if name in known)]
        return {row["arch_str"]: row for row in pq.read_table(path, columns=columns).to_pylist()}

    @cached_property
    def _some(self) -> dict[str, dict[str, Any]]:
        """The rows of the about 700 networks with further figures."""
        import pyarrow.parquet as pq

        path = assets.data("transnas/transnas_macro_suite_zero_subset.parquet")
        rows = pq.read_table(path, filters=[("task", "=", self.dataset)]).to_pylist()
        return {row["arch_str"]: row for row in rows}

    def data(self, split: Split) -> Data:
        """Never given: genas has no copy of the photographs.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(
            f"transnas is judged by its table (validator table), not by {split} images: they are not here"
        )
