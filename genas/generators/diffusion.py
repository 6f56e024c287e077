"""Discrete diffusion over architectures: noise masks labels and edges, and denoising steps unmask a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from diffusers.utils import BaseOutput
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, logsigmoid

from genas.core.errors import InvalidArchitecture
from genas.encodings.legal_wirings import LegalWirings
from genas.encodings.tensors import MASKED_EDGE, Graphs
from genas.generators.conditions import Wish
from genas.generators.graph_transformer import GraphTransformer

_ROWS = 512  # batch size of the denoiser: it fits the cache of a core
_REDRAWS = 4  # attempts to redraw edges that no legal wiring has, before some of them are flipped


class AbsorbingScheduler(SchedulerMixin, ConfigMixin):  # type: ignore[misc]
    """Noise that masks each open entry with probability t, and denoising in a few steps from t = 1 to 0.

    Source: Austin et al., D3PM (2021), absorbing state, Section 3.1, with t uniform in (0, 1] (Sahoo et al., MDLM 2024,
    log-linear schedule). Different here: a denoising step unmasks a fixed rather than a binomial number of entries, and
    edges tend to come before labels, because labels are easier to choose once the wiring is known.

    Args:
        num_inference_steps: number of denoising steps.
        head_start: how much earlier edges are unmasked than labels; 0: in the same order; 1: all edges come first.
    """

    order = 1

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, num_inference_steps: int = 8, head_start: float = 0.5) -> None:
        self.set_timesteps(num_inference_steps)

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Set the number of denoising steps."""
        self.timesteps = torch.linspace(1.0, 0.0, num_inference_steps + 1)

    def add_noise(self, values: Tensor, masked: int, hideable: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """The values [B, ...] with hideable entries replaced by `masked`, with probability t [B] of their row."""
        draw = torch.rand(values.shape, generator=generator)
        hidden = draw < t.view(-1, *[1] * (values.dim() - 1))
        return torch.where(hidden & hideable, masked, values)

    def step(
        self, hidden: Tensor, hideable: Tensor, index: int, generator: torch.Generator, *, labels: int = 0
    ) -> Tensor:
        """Which masked entries to unmask at a step, as booleans [B, L]: a random choice, of the number that t requires.

        With as many steps as entries, one entry is unmasked at a time, and samples follow the model exactly.

        Args:
            hidden: [B, L] True at masked entries.
            hideable: [B] number of masked entries at t = 1.
            index: index into `timesteps`.
            generator: draws the choice.
            labels: number of leading entries that are labels, and so come after edges.
        """
        left = (hideable * self.timesteps[index + 1] + 1e-4).floor().long()  # [B]
        count = hidden.sum(1) - left
        order = torch.rand(hidden.shape, generator=generator)
        order[:, :labels] += self.config.head_start
        order = order.masked_fill(~hidden, torch.inf)
        last = order.sort(1).values.gather(1, (count - 1).clamp(min=0)[:, None])
        return hidden & (order <= last) & (count > 0)[:, None]


@dataclass
class ArchDiffusionOutput(BaseOutput):  # type: ignore[misc]
    """The sampled graphs, without masked entries."""

    graphs: Graphs


class ArchDiffusionPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Samples the masked entries of graphs. All other entries stay, so a partly masked architecture is edited.

    Args:
        denoiser: predicts the clean entries.
        scheduler: decides which entries are unmasked at which step.
    """

    def __init__(self, denoiser: GraphTransformer, scheduler: AbsorbingScheduler) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, scheduler=scheduler)

    @torch.no_grad()
    def node_counts(self, wish: Wish, generator: torch.Generator, possible: Sequence[int]) -> list[int]:
        """Sample numbers of nodes from the learned distribution under the conditions.

        Args:
            wish: the conditions of B graphs.
            generator: on the CPU.
            possible: numbers of nodes to sample from.
        """
        logits = self.denoiser.node_counts(wish.to(self.denoiser.device)).float().cpu()
        barred = torch.tensor([n not in possible for n in range(logits.shape[1])])
        return [int(n) for n in _draw(logits.masked_fill(barred, -torch.inf), generator)]

    @torch.no_grad()
    def __call__(
        self,
        start: Graphs,
        allowed: Tensor,
        wish: Wish,
        *,
        wirings: LegalWirings | None = None,
        guidance: float = 1.0,
        temperature: float = 1.0,
        num_inference_steps: int = 8,
        generator: torch.Generator | None = None,
    ) -> ArchDiffusionOutput:
        """Sample the masked entries of B graphs.

        Args:
            start: the graphs, masked where they are open.
            allowed: [B, N, K] labels that each node may have.
            wish: the conditions.
            wirings: the legal wirings, if edges depend on each other; only these are sampled.
            guidance: weight of classifier-free guidance (Ho and Salimans, 2022): 1 is the conditional model itself,
                larger values exaggerate the conditions.
            temperature: below 1 prefers likely entries.
            num_inference_steps: number of denoising steps; at most one per masked entry is used.
            generator: on the CPU; the same state gives the same graphs.

        Raises:
            InvalidArchitecture: no legal wiring has the unmasked edges of `start`.
        """
        generator = generator or torch.Generator().manual_seed(0)
        masked, (nodes, edges) = len(self.denoiser.config.ops), start
        wired = bool((edges == MASKED_EDGE).any())
        count = (nodes != masked + 1).sum(1)
        if wirings and not wirings.possible(edges, count).all():
            raise InvalidArchitecture(["no legal wiring has the edges that are to stay; leave more of them open"])
        hideable = (nodes == masked).sum(1) + (edges == MASKED_EDGE).sum((1, 2))
        steps = min(num_inference_steps, max(1, int(hideable.max())))
        self.scheduler.set_timesteps(steps)
        for index in range(steps):
            hidden = nodes == masked
            if wired:
                hidden = torch.cat([hidden, (edges == MASKED_EDGE).flatten(1)], dim=1)
            share = hidden.sum(1) / hideable.clamp(min=1)
            label, edge = self._log_probs(Graphs(nodes, edges), allowed, wish, share, guidance=guidance, wired=wired)
            width = nodes.shape[1]
            shown = self.scheduler.step(hidden, hideable, index, generator, labels=width if wired else 0)
            nodes = _draw(label / temperature, generator).where(shown[:, :width], nodes)
            if wired:
                chosen = shown[:, width:].view_as(edges)
                edges = _shown(edges, edge / temperature, chosen, count=count, wirings=wirings, generator=generator)
        return ArchDiffusionOutput(graphs=Graphs(nodes, edges))

    def edit(
        self, graphs: Graphs, allowed: Tensor, wish: Wish, keep: tuple[Tensor, Tensor], blank: Graphs, **options: Any
    ) -> ArchDiffusionOutput:
        """Sample again all entries that are not kept. Fixed parts of the frame always stay.

        Args:
            graphs: without masked entries.
            allowed: [B, N, K] labels that each node may have.
            wish: the conditions.
            keep: the nodes [B, N] and edges [B, N, N] to keep, as booleans.
            blank: graphs of the same sizes with all open entries masked.
            options: as for a call of the pipeline.
        """
        start = Graphs(graphs.nodes.where(keep[0], blank.nodes), graphs.edges.where(keep[1], blank.edges))
        return self(start, allowed, wish, **options)

    def _log_probs(
        self,
        graphs: Graphs,
        allowed: Tensor,
        wish: Wish,
        share: Tensor,
        *,
        guidance: float,
        wired: bool,
    ) -> tuple[Tensor, Tensor]:
        """Guided log-probabilities of labels [B, N, K] and edges [B, N, N, 2], on the CPU.

        Equal rows are computed once. All rows must have the same task.
        """
        part = (share * 1e6).round().long()
        kind = [*graphs.nodes.T, *graphs.edges.flatten(1).T, wish.level, *wish.costs.T, part]
        row, place = _distinct(torch.stack(kind, 1))
        graphs, allowed, share, wish = graphs.rows(row), allowed[row], share[row], wish.rows(row)
        unconditional = wish.opened()
        unguided = guidance == 1.0 or all(torch.equal(a, b) for a, b in zip(wish, unconditional, strict=True))
        if not unguided:  # conditional and unconditional in one batch
            graphs, share = Graphs(*(torch.cat([v, v]) for v in graphs)), torch.cat([share, share])
            wish = Wish(*(torch.cat(pair) for pair in zip(wish, unconditional, strict=True)))
        device, parts = self.denoiser.device, []
        for rows in torch.split(torch.arange(len(share)), _ROWS):
            batch = graphs.rows(rows).to(device), wish.rows(rows).to(device), share[rows].to(device)
            parts.append(self.denoiser(*batch[0], *batch[1:], wired=wired))
        label, edge = (torch.cat([v.float().cpu() for v in logits]) for logits in zip(*parts, strict=True))
        label = log_softmax(label.masked_fill(~(allowed if unguided else torch.cat([allowed, allowed])), -1e9), -1)
        edge = torch.stack([logsigmoid(-edge), logsigmoid(edge)], dim=-1)
        if not unguided:
            (guided_label, label), (guided_edge, edge) = label.chunk(2), edge.chunk(2)
            label, edge = label + guidance * (guided_label - label), edge + guidance * (guided_edge - edge)
        return label[place], edge[place] if wired else edge


def _shown(
    edges: Tensor,
    log_probs: Tensor,
    chosen: Tensor,
    *,
    count: Tensor,
    wirings: LegalWirings | None,
    generator: torch.Generator,
) -> Tensor:
    """The edges [B, N, N] with the chosen ones sampled so that a legal wiring has all unmasked edges.

    Args:
        edges: [B, N, N] before the step.
        log_probs: [B, N, N, 2] of each edge being absent and present.
        chosen: [B, N, N] the edges to unmask, as booleans.
        count: [B] numbers of nodes.
        wirings: the legal wirings; None leaves every combination of edges legal.
        generator: on the CPU.
    """
    drawn = _draw(log_probs, generator).where(chosen, edges)
    if wirings is None:
        return drawn
    for _ in range(_REDRAWS):
        wrong = (~wirings.possible(drawn, count)).nonzero().flatten()
        if not len(wrong):
            return drawn
        again = _draw(log_probs[wrong], generator).where(chosen[wrong], edges[wrong])
        drawn = drawn.index_copy(0, wrong, again)
    return wirings.mend(drawn, edges, count, generator)


def _draw(log_probs: Tensor, generator: torch.Generator) -> Tensor:
    """Sample one class per row of the last dimension, by the Gumbel-max trick."""
    uniform = torch.rand(log_probs.shape, generator=generator).clamp(min=1e-20)
    return (log_probs - (-uniform.log()).log()).argmax(-1)


def _distinct(values: Tensor) -> tuple[Tensor, Tensor]:
    """Distinct rows of values [B, C], compared by 64-bit fingerprints.

    Returns:
        the index [K] of one row of each kind, and for every row [B] the position of its kind in these.
    """
    factors = torch.randint(-(2**62), 2**62, (values.shape[1],), generator=torch.Generator().manual_seed(0))
    kinds, place = torch.unique(((values + 7) * factors).sum(1), return_inverse=True)
    return torch.empty_like(kinds).scatter_(0, place, torch.arange(len(values))), place


def load(folder: Path, device: str = "cpu") -> ArchDiffusionPipeline:
    """The pipeline that `save_pretrained` wrote; loaded part by part, which shows no progress bar."""
    denoiser = GraphTransformer.from_pretrained(folder / "denoiser").eval()
    scheduler = AbsorbingScheduler.from_pretrained(folder / "scheduler")
    return ArchDiffusionPipeline(denoiser, scheduler).to(device)  # type: ignore[no-any-return]


class Examples(NamedTuple):
    """A batch of graphs to train on."""

    graphs: Graphs  # without masked entries
    blank: Graphs  # the same with all open entries masked
    allowed: Tensor  # [B, N, K] labels that each node may have

    def rows(self, chosen: Tensor) -> Examples:
        """The examples of the chosen rows."""
        return Examples(self.graphs.rows(chosen), self.blank.rows(chosen), self.allowed[chosen])


def denoising_loss(
    denoiser: GraphTransformer,
    scheduler: AbsorbingScheduler,
    examples: Examples,
    wish: Wish,
    generator: torch.Generator,
) -> Tensor:
    """The training loss in nats: mean cross-entropy of masked entries, plus that of the number of nodes.

    The mean is over the masked entries of a graph, then over all graphs with masked entries.

    Source: Hoogeboom et al., Autoregressive diffusion models (2022), eq. 6: with a uniformly distributed fraction of
    masked entries, their mean loss bounds the likelihood, up to the number of entries.

    Args:
        denoiser: the network to train.
        scheduler: adds the noise.
        examples: B clean graphs.
        wish: their conditions.
        generator: draws the noise; on the CPU.
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
    wish = wish.to(device)
    label, edge = denoiser(*noisy, wish, share, wired=bool(hidden_edges.any()))
    label = log_softmax(label.masked_fill(~allowed.to(device), -1e9), -1)
    target = graphs.nodes.where(hidden_nodes, 0).to(device)
    label_loss = -label.gather(-1, target[..., None]).squeeze(-1) * hidden_nodes.to(device)
    sign = graphs.edges.to(device).float() * 2 - 1
    edge_loss = -logsigmoid(edge * sign) * hidden_edges.to(device) if edge.numel() else torch.zeros_like(sign)
    total = (label_loss.sum(1) + edge_loss.sum((1, 2))) / hidden.clamp(min=1).to(device)  # [B]
    count_loss = cross_entropy(denoiser.node_counts(wish), (blank.nodes != masked + 1).sum(1).to(device))
    return total.sum() / max(1, int((hidden > 0).sum())) + count_loss
