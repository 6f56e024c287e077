"""Discrete diffusion over architectures: noise hides labels and edges, the denoiser brings a few back at a time."""

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

_ROWS = 512  # that the network reads at once: they fit a core's cache
_REDRAWS = 4  # of edges that leave no legal wiring together, before some are turned round


class AbsorbingScheduler(SchedulerMixin, ConfigMixin):  # type: ignore[misc]
    """Noise that hides each open entry with probability t, and its reversal in a few steps from t = 1 to 0.

    Source: Austin et al., D3PM (2021), absorbing state, Section 3.1, with t uniform in (0, 1] (Sahoo et al., MDLM 2024,
    log-linear schedule). On the way back the number of entries shown at each step is fixed instead of binomial, and
    edges tend to come before labels, which are easier to choose once the wiring is known.

    Args:
        num_inference_steps: on the way back.
        head_start: of edges over labels: 0 is none, with 1 all of them are shown before any label.
    """

    order = 1

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, num_inference_steps: int = 8, head_start: float = 0.5) -> None:
        self.set_timesteps(num_inference_steps)

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Choose how many steps sampling takes."""
        self.timesteps = torch.linspace(1.0, 0.0, num_inference_steps + 1)

    def add_noise(self, values: Tensor, masked: int, hideable: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """The values with hideable entries replaced by `masked`, each with its row's probability t [B]."""
        draw = torch.rand(values.shape, generator=generator)
        hidden = draw < t.view(-1, *[1] * (values.dim() - 1))
        return torch.where(hidden & hideable, masked, values)

    def step(
        self, hidden: Tensor, hideable: Tensor, index: int, generator: torch.Generator, *, labels: int = 0
    ) -> Tensor:
        """Which hidden entries are shown at a step, as booleans [B, L]: random ones, always as many as t says.

        With as many steps as entries it is one at a time, and samples follow the model exactly.

        Args:
            hidden: [B, L].
            hideable: [B] how many were hidden at t = 1.
            index: which step of `timesteps`.
            labels: how many of the first entries are labels that wait for edges.
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

    @torch.no_grad()
    def node_counts(self, wish: Wish, generator: torch.Generator, possible: Sequence[int]) -> list[int]:
        """Numbers of nodes, among the possible, as training had them under such wishes."""
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
        """Sample.

        Args:
            start: masked where open.
            allowed: [B, N, K] labels each node may have.
            wish: of each.
            wirings: those that are legal, where edges depend on each other; no draw leaves them.
            guidance: 1 is the conditional model itself, more exaggerates the wish (Ho and Salimans, 2022).
            temperature: below 1 prefers the likely.
            num_inference_steps: at most so many; never more than there are masked entries.
            generator: on the CPU; the same state gives the same graphs.

        Raises:
            InvalidArchitecture: where no legal wiring has the edges that are given.
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
        """Sample again what is not kept; the frame's fixed parts stay anyhow.

        Args:
            graphs: whole.
            keep: the nodes [B, N] and edges [B, N, N] that stay, as booleans.
            blank: the same sizes with everything masked that may be.
            options: those of a call.
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
        """Guided log-probabilities of labels [B, N, K] and edges [B, N, N, 2], on the CPU; equal rows are read
        once; all rows are taken to have one task."""
        part = (share * 1e6).round().long()
        kind = [*graphs.nodes.T, *graphs.edges.flatten(1).T, wish.level, *wish.costs.T, part]
        row, place = _distinct(torch.stack(kind, 1))
        graphs, allowed, share, wish = graphs.rows(row), allowed[row], share[row], wish.rows(row)
        nothing = wish.opened()
        free = guidance == 1.0 or all(torch.equal(a, b) for a, b in zip(wish, nothing, strict=True))
        if not free:  # conditional and unconditional in one batch
            graphs, share = Graphs(*(torch.cat([v, v]) for v in graphs)), torch.cat([share, share])
            wish = Wish(*(torch.cat(pair) for pair in zip(wish, nothing, strict=True)))
        device, parts = self.denoiser.device, []
        for rows in torch.split(torch.arange(len(share)), _ROWS):
            batch = graphs.rows(rows).to(device), wish.rows(rows).to(device), share[rows].to(device)
            parts.append(self.denoiser(*batch[0], *batch[1:], wired=wired))
        label, edge = (torch.cat([v.float().cpu() for v in found]) for found in zip(*parts, strict=True))
        label = log_softmax(label.masked_fill(~(allowed if free else torch.cat([allowed, allowed])), -1e9), -1)
        edge = torch.stack([logsigmoid(-edge), logsigmoid(edge)], dim=-1)
        if not free:
            (told, label), (joined, edge) = label.chunk(2), edge.chunk(2)
            label, edge = label + guidance * (told - label), edge + guidance * (joined - edge)
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
    """The edges [B, N, N] with the chosen ones drawn so that a legal wiring has all that is shown then.

    Args:
        log_probs: [B, N, N, 2].
        count: [B] numbers of nodes.
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
    """One class each, by the Gumbel-max trick."""
    uniform = torch.rand(log_probs.shape, generator=generator).clamp(min=1e-20)
    return (log_probs - (-uniform.log()).log()).argmax(-1)


def _distinct(values: Tensor) -> tuple[Tensor, Tensor]:
    """The number of one row of each kind, and which of these every row [B, C] equals; by 64-bit fingerprints."""
    factors = torch.randint(-(2**62), 2**62, (values.shape[1],), generator=torch.Generator().manual_seed(0))
    kinds, place = torch.unique(((values + 7) * factors).sum(1), return_inverse=True)
    return torch.empty_like(kinds).scatter_(0, place, torch.arange(len(values))), place


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
    wish: Wish,
    generator: torch.Generator,
) -> Tensor:
    """Mean cross-entropy of the hidden entries, per graph and then over graphs with any, and of node counts; in nats.

    Source: Hoogeboom et al., Autoregressive diffusion models (2022), eq. 6: a mean over the hidden entries with a
    uniform share hidden bounds the likelihood, up to the number of entries.

    Args:
        wish: of each.
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
