"""Discrete diffusion over architectures: noise hides labels and edges, the denoiser brings a few back at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from diffusers.utils import BaseOutput
from torch import Tensor
from torch.nn.functional import log_softmax, logsigmoid

from genas.nn.conditions import LEVELS, Conditions
from genas.nn.graph_transformer import GraphTransformer
from genas.nn.graphs import MASKED_EDGE, Graphs


class AbsorbingScheduler(SchedulerMixin, ConfigMixin):  # type: ignore[misc]
    """Noise that hides each open entry with probability t, and its reversal in a few steps from t = 1 to 0.

    Source: Austin et al., D3PM (2021), absorbing state, Section 3.1, with t uniform in (0, 1] (Sahoo et al., MDLM 2024,
    log-linear schedule). A hidden entry of time t is shown at time s < t with probability (t - s) / t.
    """

    order = 1

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, num_inference_steps: int = 24) -> None:
        self.set_timesteps(num_inference_steps)

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Choose how many steps sampling takes."""
        self.timesteps = torch.linspace(1.0, 0.0, num_inference_steps + 1)

    def add_noise(self, values: Tensor, masked: int, hideable: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """The values with hideable entries replaced by `masked`, each with its row's probability t [B]."""
        draw = torch.rand(values.shape, generator=generator)
        hidden = draw < t.view(-1, *[1] * (values.dim() - 1))
        return torch.where(hidden & hideable, masked, values)

    def step(self, log_probs: Tensor, index: int, values: Tensor, masked: int, generator: torch.Generator) -> Tensor:
        """The values one step less noisy.

        Args:
            log_probs: [..., C] of each entry's clean value.
            index: which step of `timesteps`.
            values: [...], `masked` where hidden.
        """
        t, s = self.timesteps[index], self.timesteps[index + 1]
        uniform = torch.rand(log_probs.shape, generator=generator).clamp(min=1e-20)
        clean = (log_probs - (-uniform.log()).log()).argmax(-1)  # Gumbel-max draw
        shown = torch.rand(values.shape, generator=generator) < (t - s) / t
        return torch.where((values == masked) & shown, clean, values)


@dataclass
class ArchDiffusionOutput(BaseOutput):  # type: ignore[misc]
    """Graphs without masked entries."""

    graphs: Graphs


class ArchDiffusionPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Fills the masked entries of graphs; what is not masked stays, so a partly masked architecture is edited.

    Args:
        denoiser: predicts clean entries.
        scheduler: decides which are shown when.
    """

    def __init__(self, denoiser: GraphTransformer, scheduler: AbsorbingScheduler) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, scheduler=scheduler)

    def node_counts(self, level: int, size: Tensor, generator: torch.Generator, possible: Sequence[int]) -> list[int]:
        """Numbers of nodes, among the possible, as often as training had them at the size level or else the level.

        Args:
            size: [B] size levels, -1 for any.
        """
        table = torch.tensor(self.denoiser.config.node_weights)  # [2 x levels + 1, N + 1]
        row = (size + LEVELS).where(size >= 0, level if level >= 0 else len(table) - 1)
        keep = torch.tensor([n in possible for n in range(table.shape[1])])
        return [int(n) for n in torch.multinomial(table[row] * keep, 1, generator=generator)]

    @torch.no_grad()
    def __call__(
        self,
        start: Graphs,
        allowed: Tensor,
        *,
        level: int = -1,
        size: Tensor | None = None,
        guidance: float = 1.0,
        temperature: float = 1.0,
        num_inference_steps: int = 24,
        generator: torch.Generator | None = None,
    ) -> ArchDiffusionOutput:
        """Sample.

        Args:
            start: masked where open.
            allowed: [B, N, K] labels each node may have.
            level: performance level, -1 for any.
            size: [B] size levels, -1 for any; None is any.
            guidance: 1 is the conditional model itself, more exaggerates the level (Ho and Salimans, 2022).
            temperature: below 1 prefers the likely.
            generator: on the CPU; the same state gives the same graphs.
        """
        generator = generator or torch.Generator().manual_seed(0)
        masked = len(self.denoiser.config.ops)
        hideable = (start.nodes == masked).sum(1) + (start.edges == MASKED_EDGE).sum((1, 2))
        self.scheduler.set_timesteps(num_inference_steps)
        nodes, edges = start
        wish = torch.full((len(nodes),), level), torch.full((len(nodes),), -1) if size is None else size
        for index in range(num_inference_steps):
            hidden = (nodes == masked).sum(1) + (edges == MASKED_EDGE).sum((1, 2))
            share = hidden / hideable.clamp(min=1)
            label, edge = self._log_probs(Graphs(nodes, edges), allowed, wish, share, guidance=guidance)
            nodes = self.scheduler.step(label / temperature, index, nodes, masked, generator)
            edges = self.scheduler.step(edge / temperature, index, edges, MASKED_EDGE, generator)
        return ArchDiffusionOutput(graphs=Graphs(nodes, edges))

    def _log_probs(
        self, graphs: Graphs, allowed: Tensor, wish: tuple[Tensor, Tensor], share: Tensor, *, guidance: float
    ) -> tuple[Tensor, Tensor]:
        """Guided log-probabilities of labels [B, N, K] and edges [B, N, N, 2], on the CPU."""
        nothing = torch.full_like(wish[0], -1)
        free = guidance == 1.0 or all((w < 0).all() for w in wish)
        found = []
        for level, size in [wish] if free else [wish, (nothing, nothing)]:
            device = self.denoiser.device
            label, edge = self.denoiser(graphs.to(device), level.to(device), size.to(device), share.to(device))
            label, edge = label.float().cpu(), edge.float().cpu()
            edge = torch.stack([logsigmoid(-edge), logsigmoid(edge)], dim=-1)
            found.append((log_softmax(label.masked_fill(~allowed, -1e9), -1), edge))
        if len(found) == 1:
            return found[0]
        (label, edge), (free_label, free_edge) = found
        return free_label + guidance * (label - free_label), free_edge + guidance * (edge - free_edge)


def load(folder: Path, device: str = "cpu") -> ArchDiffusionPipeline:
    """The pipeline that `save_pretrained` wrote, part by part, which shows no progress bar."""
    denoiser = GraphTransformer.from_pretrained(folder / "denoiser").eval()
    scheduler = AbsorbingScheduler.from_pretrained(folder / "scheduler")
    return ArchDiffusionPipeline(denoiser, scheduler).to(device)  # type: ignore[no-any-return]


class Examples(NamedTuple):
    """Whole graphs, the same with everything masked that may be, and the labels each node may have [B, N, K]."""

    graphs: Graphs
    blank: Graphs
    allowed: Tensor

    def rows(self, chosen: Tensor) -> Examples:
        """Some of the examples."""
        return Examples(self.graphs.rows(chosen), self.blank.rows(chosen), self.allowed[chosen])


def denoising_loss(
    denoiser: GraphTransformer,
    scheduler: AbsorbingScheduler,
    examples: Examples,
    wish: tuple[Tensor, Tensor],
    generator: torch.Generator,
) -> Tensor:
    """Mean cross-entropy of the hidden entries, per graph and then over graphs with any, in nats.

    Source: Hoogeboom et al., Autoregressive diffusion models (2022), eq. 6: a mean over the hidden entries with a
    uniform share hidden bounds the likelihood, up to the number of entries.

    Args:
        wish: performance and size levels, [B] each, -1 for any.
    """
    graphs, blank, allowed = examples
    masked = len(denoiser.config.ops)
    count = len(allowed)
    t = (torch.rand(1, generator=generator) + torch.arange(count) / count) % 1.0  # stratified
    t = t[torch.randperm(count, generator=generator)].clamp(min=0.05)
    nodes = scheduler.add_noise(graphs.nodes, masked, blank.nodes == masked, t, generator)
    edges = scheduler.add_noise(graphs.edges, MASKED_EDGE, blank.edges == MASKED_EDGE, t, generator)
    hidden_nodes, hidden_edges = nodes == masked, edges == MASKED_EDGE
    hideable = (blank.nodes == masked).sum(1) + (blank.edges == MASKED_EDGE).sum((1, 2))
    hidden = hidden_nodes.sum(1) + hidden_edges.sum((1, 2))
    device = denoiser.device
    noisy, share = Graphs(nodes, edges).to(device), (hidden / hideable.clamp(min=1)).to(device)
    label, edge = denoiser(noisy, wish[0].to(device), wish[1].to(device), share)
    label = log_softmax(label.masked_fill(~allowed.to(device), -1e9), -1)
    target = graphs.nodes.where(hidden_nodes, 0).to(device)
    label_loss = -label.gather(-1, target[..., None]).squeeze(-1) * hidden_nodes.to(device)
    sign = graphs.edges.to(device).float() * 2 - 1
    edge_loss = -logsigmoid(edge * sign) * hidden_edges.to(device)
    total = (label_loss.sum(1) + edge_loss.sum((1, 2))) / hidden.clamp(min=1).to(device)  # [B]
    return total.sum() / max(1, int((hidden > 0).sum()))


def node_weights(nodes: Sequence[int], given: Conditions, max_nodes: int) -> list[list[float]]:
    """The share of each number of nodes 0..max_nodes per performance level, per size level and last over all.

    A tenth of each row is that over all, so that no number of nodes that was seen is impossible.
    """
    table = np.zeros((2 * LEVELS + 1, max_nodes + 1))
    for count, level, size in zip(nodes, given.level.tolist(), given.size.tolist(), strict=True):
        table[[level, -1], count] += 1
        if size >= 0:
            table[LEVELS + size, count] += 1
    overall = table[-1] / table[-1].sum()
    rows = 0.9 * table / np.maximum(table.sum(1, keepdims=True), 1) + 0.1 * overall
    rows[table.sum(1) == 0] = overall
    return [[round(float(v), 6) for v in row] for row in rows]
