"""Networks for tabular data: one to five plain, residual or gated layers, optionally an ensemble that shares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.spaces._stages import Stages

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

_MEMBERS = ("m1", "m4", "m16")
_KINDS = ("plain", "residual", "gated")
_ACTS = ("relu", "gelu", "silu")
_SIZES = (4, 8, 16, 32, 64, 128, 256, 512)
_WIDTHS = tuple(f"w{w}" for w in _SIZES)
_DROPOUTS = ("p0", "p1", "p2", "p4")  # tenths


class Mlp(Stages):
    """A labelled chain: members, then kind, activation, width and dropout (in tenths) of each layer.

    Source: layers and members are those of `genas.networks.mlp`, which names the papers. References are an MLP of two
    layers, the ResNet of Gorishniy et al. (NeurIPS 2021) with three, and the MLP as an ensemble of 16 members.
    Text form: `m4 | residual relu w64 p1 | plain gelu w32 p0`.
    """

    name = "mlp"
    modality: ClassVar[str] = "tabular"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *_MEMBERS, *_KINDS, *_ACTS, *_WIDTHS, *_DROPOUTS)
    head = (_MEMBERS,)
    stage = (_KINDS, _ACTS, _WIDTHS, _DROPOUTS)
    counts = (1, 2, 3, 4, 5)
    max_nodes: ClassVar[int] = 3 + 4 * max(counts)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for rows of shape (features,).

        Raises:
            InvalidArchitecture: the chain is illegal, or the task's inputs are not rows.
        """
        from genas.networks.mlp import RowNet

        self.check(arch)
        if len(task.input_shape) != 1:
            raise InvalidArchitecture([f"mlp needs rows of shape (features,), not {task.input_shape}"])
        layers = [(kind, act, int(w[1:]), int(p[1:]) / 10) for kind, act, w, p in self.stages(arch)]
        return RowNet(layers, task.input_shape[0], task.outputs, int(arch.ops[1][1:]), task.answer)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random chain: a uniform number of layers, then uniform labels."""
        count = int(rng.choice(self.counts))
        return self.chain([labels[int(rng.integers(len(labels)))] for labels in (*self.head, *self.stage * count)])

    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """MLPs and ResNets of every width, by family."""
        return {
            "MLP of two layers": [self.chain(("m1", *("plain", "relu", w, "p1") * 2)) for w in _WIDTHS],
            "ResNet for tables": [self.chain(("m1", *("residual", "relu", w, "p2") * 3)) for w in _WIDTHS],
            "MLP of two layers with 16 members": [
                self.chain(("m16", *("plain", "relu", w, "p1") * 2)) for w in _WIDTHS
            ],
        }
