"""A graph neural network that ranks architectures by their graphs alone: an ensemble with calibrated uncertainty."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch_geometric.nn import DenseGINConv

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.predictors.conformal import TWO_SIDED_90, calibrate
from genas.predictors.questions import MERIT, Question, Taught, untaught

_FAR = 31  # longer paths count as this long
_CHUNK = 512  # batch size of predictions
_LEAST = 0.02  # smallest spread of a quantile, if all nets agree

Floats = npt.NDArray[np.float64]
Loss = Callable[[Tensor, torch.Generator], Tensor]  # (indices of rows, randomness) -> mean loss
Train = Callable[[nn.Module, Loss], float]  # fits the model in place, returns the held-out loss


class Collated(NamedTuple):
    """A batch of B graphs with up to N nodes, padded with label 0."""

    labels: Tensor  # [B, N]
    places: Tensor  # [B, N, 2] length of the longest path from a source and to a sink
    wires: Tensor  # [B, N, N] 1 for an edge from the row's node to the column's node

    def rows(self, chosen: Tensor | slice) -> Collated:
        """The chosen graphs."""
        return Collated(*(part[chosen] for part in self))


def collate(archs: Sequence[Architecture], ops: Sequence[str], device: str = "cpu") -> Collated:
    """The architectures as one batch.

    Args:
        archs: B of them.
        ops: the labels of the model, in the order of their ids.
        device: of the tensors.

    Raises:
        RequestError: an architecture has a label that the model was not fitted on.
    """
    ids = {op: i for i, op in enumerate(ops, start=1)}
    if unknown := {op for a in archs for op in a.ops} - ids.keys():
        raise RequestError(
            f"The predictor was fitted without the label {', '.join(sorted(unknown))}; fit it again: genas fit gnn."
        )
    nodes = max(len(arch.ops) for arch in archs)
    labels, places = np.zeros((len(archs), nodes), np.int64), np.zeros((len(archs), nodes, 2), np.int64)
    wires = np.zeros((len(archs), nodes, nodes), np.float32)
    for row, arch in enumerate(archs):
        labels[row, : len(arch.ops)] = [ids[op] for op in arch.ops]
        places[row, : len(arch.ops)] = _places(arch)
        for source, target in arch.edges:
            wires[row, source, target] = 1
    return Collated(*(torch.from_numpy(part).to(device) for part in (labels, places, wires)))


def _places(arch: Architecture) -> list[tuple[int, int]]:
    """For each node, the length of the longest path from a source and to a sink, at most `_FAR`."""
    down, up = [0] * len(arch.ops), [0] * len(arch.ops)
    for source, target in sorted(arch.edges, key=lambda edge: edge[1]):
        down[target] = max(down[target], down[source] + 1)
    for source, target in sorted(arch.edges, key=lambda edge: -edge[0]):
        up[source] = max(up[source], up[target] + 1)
    return [(min(d, _FAR), min(u, _FAR)) for d, u in zip(down, up, strict=True)]


def _mlp(inside: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width), nn.ReLU(), nn.Linear(width, width))


class _Layer(nn.Module):
    """One graph convolution along and one against the edges, with messages gated by the label of the sender."""

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        self.gate = nn.Embedding(labels, width)
        self.along = DenseGINConv(_mlp(width, width), train_eps=True)
        self.against = DenseGINConv(_mlp(width, width), train_eps=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, graphs: Collated, real: Tensor) -> Tensor:
        messages = x * torch.sigmoid(self.gate(graphs.labels)) * real  # [B, N, W]
        update = self.along(messages, graphs.wires.transpose(1, 2)) + self.against(messages, graphs.wires)
        return (x + F.relu(self.norm(update))) * real


class _Net(nn.Module):
    def __init__(self, ops: int, width: int, depth: int, questions: int) -> None:
        super().__init__()
        self.label = nn.Embedding(ops + 1, width, padding_idx=0)
        self.down, self.up = nn.Embedding(_FAR + 1, width), nn.Embedding(_FAR + 1, width)
        self.layers = nn.ModuleList([_Layer(ops + 1, width) for _ in range(depth)])
        self.body = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.LayerNorm(width))
        self.rank = nn.Sequential(nn.Dropout(0.1), nn.Linear(width, 1))
        self.told: nn.Sequential | None = None
        if questions:
            self.film = nn.Parameter(torch.randn(questions, 2 * width) * 0.3)  # [Q, 2 W]
            self.told = nn.Sequential(nn.ReLU(), nn.Linear(width, width), nn.ReLU())

    def answer(self, graphs: Collated) -> Tensor:
        """Logits [B], or [Q, B] with one row per trained question."""
        x = self.embed(graphs)  # [B, W]
        if self.told is not None:
            scale, shift = self.film[:, None].chunk(2, dim=-1)  # [Q, 1, W]
            x = x + self.told(x * (1 + scale) + shift)  # [Q, B, W]
        return self.rank(x).squeeze(-1)  # type: ignore[no-any-return]

    def embed(self, graphs: Collated) -> Tensor:
        """Graph embeddings [B, W]."""
        real = (graphs.labels > 0).to(graphs.wires.dtype)[..., None]  # [B, N, 1], 0 at padding
        x = (self.label(graphs.labels) + self.down(graphs.places[..., 0]) + self.up(graphs.places[..., 1])) * real
        for layer in self.layers:
            x = layer(x, graphs, real)
        total = x.sum(1)  # [B, W]
        return self.body(torch.cat([total / real.sum(1), total / 8], dim=1))  # type: ignore[no-any-return]


class GraphPredictor(nn.Module):
    """An ensemble of graph isomorphism networks along and against the edges; it may answer several questions.

    The nets read the longest paths of each node but not the order of nodes: architectures with the same key get the
    same score. Each net is trained without one fold of the examples, so that every example is held out from one net.
    Several questions (`genas.predictors.questions`) share the nets, except for a scale and a shift before one more
    layer. A question that the predictor was not trained on is answered by trained ones with similar descriptions.

    Source: Xu et al., GIN (2019), eq. 4.1, one convolution per direction as in Wen et al., Neural predictor (2020), and
    messages gated by the operation as in Ning et al., GATES (2020); ensemble spread as uncertainty as in White et al.,
    BANANAS (2021); conditions by scale and shift of Perez et al., FiLM (2018), eq. 1, one for each taught question.
    Outputs are rank quantiles, not accuracies.

    Args:
        space: name of the space it was fitted on.
        ops: labels in the order of their ids.
        nets: size of the ensemble.
        width: W, the size of a node state.
        depth: number of layers.
        stretch: factor from the spread to a standard deviation; set by `teach`.
        questions: the trained questions; empty if it was trained on a single ranking.
        size: E, the length of the vectors of questions.
        stretches: the factor of each trained question.
        widened: the factor for new tasks and new devices; set by `widen`.
    """

    def __init__(
        self,
        space: str,
        ops: Sequence[str],
        nets: int = 4,
        width: int = 48,
        *,
        depth: int = 3,
        stretch: float = 1.0,
        questions: Sequence[Sequence[Any]] = (),
        size: int = 0,
        stretches: Sequence[float] = (),
        widened: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {"space": space, "ops": list(ops), "nets": nets, "width": width, "depth": depth}
        self.config["stretch"] = stretch
        self.ops = tuple(ops)
        self.nets = nn.ModuleList([_Net(len(ops), width, depth, len(questions)) for _ in range(nets)])
        self.taught: Taught | None = None
        if questions:
            self.taught = Taught([Question(metric, words, tuple(shape)) for metric, words, shape in questions], size)
            self.config |= {"questions": [list(question) for question in questions], "size": size}
            self.config |= {"stretches": list(stretches), "widened": dict(widened or {})}

    def forward(self, graphs: Collated) -> Tensor:
        """Logits of the predicted rank quantile, [nets, B], or [nets, Q, B] for the trained questions."""
        return torch.stack([net.answer(graphs) for net in self._members()])

    def _members(self) -> list[Any]:
        return list(self.nets)

    @torch.no_grad()
    def logits(self, archs: Sequence[Architecture], device: str = "cpu") -> Tensor:
        """Logits as `forward` returns them, computed in batches that fit into memory; on the CPU."""
        self.eval()
        parts = [archs[start : start + _CHUNK] for start in range(0, len(archs), _CHUNK)]
        return torch.cat([self(collate(part, self.ops, device)) for part in parts], dim=-1).cpu()

    def asked(self, archs: Sequence[Architecture], device: str = "cpu", question: Question | None = None) -> Tensor:
        """The logits [nets, B] of one question; see `predict`."""
        if self.taught is None:
            if question is not None and question.metric != MERIT:
                raise untaught(question.metric, [MERIT])
            return self.logits(archs, device)
        return torch.einsum("q,nqb->nb", self.taught.shares(question), self.logits(archs, device))

    def predict(
        self, archs: Sequence[Architecture], device: str = "cpu", question: Question | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mean [B] and standard deviation [B] of the predicted rank quantile, from 0 (worst) to 1 (best).

        Args:
            archs: B architectures.
            device: where to compute.
            question: the criterion; None averages over all trained tasks. A predictor trained on a single ranking
                answers with that.

        Raises:
            RequestError: no question of that metric was trained, or an architecture has an unknown label.
        """
        predicted = torch.sigmoid(self.asked(archs, device, question))
        return predicted.mean(0), _spread(predicted) * self._stretch(question)

    def _stretch(self, question: Question | None) -> float:
        """The factor of a trained question; of a new one, the calibrated `widened`, but at least the trained ones'."""
        if self.taught is None:
            return float(self.config["stretch"])
        if question in self.taught.questions:
            return float(self.config["stretches"][self.taught.questions.index(question)])
        kind = "task" if question is None else question.kind
        pairs = zip(self.taught.questions, self.config["stretches"], strict=True)
        own = max(stretch for taught, stretch in pairs if taught.kind == kind)
        return float(own if question is None else max(own, self.config["widened"].get(kind, 0.0)))

    @torch.no_grad()
    def embed(self, archs: Sequence[Architecture], device: str = "cpu") -> npt.NDArray[np.float32]:
        """Graph embeddings of all nets, concatenated: [B, nets * W]."""
        self.eval()
        rows = []
        for start in range(0, len(archs), _CHUNK):
            graphs = collate(archs[start : start + _CHUNK], self.ops, device)
            rows.append(torch.cat([net.embed(graphs) for net in self._members()], dim=1))
        return torch.cat(rows).cpu().numpy()

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"class": "GraphPredictor", **self.config}, indent=2) + "\n")
        save_file(self.state_dict(), folder / "model.safetensors")

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> GraphPredictor:
        """The predictor that `save` wrote."""
        config = json.loads((folder / "config.json").read_text())
        config.pop("class")
        with torch.random.fork_rng():  # the initial weights, replaced below, use the global random state
            model = cls(**config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model.to(device)


def ranking_loss(logits: Tensor, quantiles: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean logistic loss over all pairs of unequal quantiles.

    Source: Burges et al., RankNet (2005), eq. 3.

    Args:
        logits: [nets, B] predictions.
        quantiles: [B] targets.
        weights: [nets, B] of each example, which may differ between nets (bagging).
    """
    gap = quantiles[:, None] - quantiles[None, :]
    better = (gap > 1e-6).to(logits.dtype)  # [B, B]
    if weights is not None:
        better = better * weights[:, :, None] * weights[:, None, :]
    loss = F.softplus(logits[:, None, :] - logits[:, :, None]) * better  # [nets, B, B]
    return loss.sum() / better.expand_as(loss).sum().clamp(min=1)


def predictor_loss(logits: Tensor, quantiles: Tensor, weights: Tensor) -> Tensor:
    """Squared error of the quantile plus the ranking loss; arguments as for `ranking_loss`."""
    error = (torch.sigmoid(logits) - quantiles) ** 2 * weights
    return error.sum() / weights.sum().clamp(min=1) * 4 + ranking_loss(logits, quantiles, weights)


def _spread(predicted: Tensor) -> Tensor:
    """Standard deviation [B] over the nets of predictions [nets, B]; at least `_LEAST`."""
    return (predicted.var(0, unbiased=False) + _LEAST**2).sqrt()


def teach(
    space: SearchSpace, archs: Sequence[Architecture], quantiles: Sequence[float], train: Train, device: str = "cpu"
) -> tuple[GraphPredictor, npt.NDArray[np.float64], float]:
    """A new predictor fitted to n examples.

    Its uncertainty is calibrated: 90 % of the held-out quantiles lie within 1.645 standard deviations of the mean.

    Args:
        space: the search space.
        archs: the n examples.
        quantiles: [n] rank of each, from 0 (worst) to 1 (best).
        train: fits a model in place, given a loss of row indices; it may hold rows out.
        device: where to train.

    Returns:
        the predictor, the held-out logit [n] of each example, and the value that `train` returned.
    """
    model = GraphPredictor(space.name, space.ops)
    folds = torch.arange(len(archs)) % model.config["nets"]
    targets = torch.tensor(quantiles, dtype=torch.float32)

    def loss(batch: Collated, rows: Tensor, weights: Tensor) -> Tensor:
        return predictor_loss(model(batch), targets[rows].to(device), weights)

    value = train(model, folded(model, archs, folds, loss, device))
    logits = model.eval().logits(archs, device)  # [nets, n]
    left_out = logits[folds, torch.arange(len(archs))].numpy().astype(np.float64)
    if len(archs) >= 10:
        model.config["stretch"] = stretch_of(logits, folds, np.asarray(quantiles))
    return model, left_out, value


def folded(
    model: GraphPredictor,
    archs: Sequence[Architecture],
    folds: Tensor,
    loss: Callable[[Collated, Tensor, Tensor], Tensor],
    device: str,
) -> Loss:
    """A loss of row indices in which each net ignores its own fold during training.

    Args:
        model: the predictor to train.
        archs: n examples.
        folds: [n] the net that each example is held out from.
        loss: loss of (graphs, row indices [B], weights [nets, B]).
        device: where to train.
    """
    graphs, nets = collate(archs, model.ops), torch.arange(model.config["nets"])
    seen = (folds != nets[:, None]).float()  # [nets, n]

    def of_rows(rows: Tensor, _: torch.Generator) -> Tensor:
        weights = seen[:, rows] if model.training else torch.ones(len(seen), len(rows))
        return loss(Collated(*(part[rows].to(device) for part in graphs)), rows, weights.to(device))

    return of_rows


def left_out_of(logits: Tensor, folds: Tensor) -> tuple[Floats, Floats]:
    """Held-out predictions: the quantile [n] by the net that did not see the example, and the spread [n] over all nets.

    Args:
        logits: [nets, n].
        folds: [n] the net that each example was held out from.
    """
    own = logits[folds, torch.arange(len(folds))].numpy().astype(np.float64)
    return 1 / (1 + np.exp(-own)), _spread(torch.sigmoid(logits)).numpy().astype(np.float64)


def stretch_of(logits: Tensor, folds: Tensor, quantiles: Floats) -> float:
    """The factor from spread to standard deviation: 90 % of held-out quantiles lie within 1.645 of the latter."""
    return calibrate(*left_out_of(logits, folds), quantiles).factor / TWO_SIDED_90
