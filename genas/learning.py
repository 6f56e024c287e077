"""Fits the learned parts (diffusion, archlm, gnn) to what was measured: runs' ledgers and published tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.records import Use
from genas.core.rng import seed_of
from genas.examples import Example, examples, quantiles

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from genas.nn.conditions import Conditions
    from genas.nn.fitting import Progress

Kind = Literal["diffusion", "archlm", "gnn"]
EPOCHS: dict[str, int] = {"diffusion": 200, "archlm": 60, "gnn": 60}
LEAST = 20  # examples


class _Job(NamedTuple):
    """What the three kinds need to build, fit and save themselves."""

    space: SearchSpace
    found: list[Example]
    given: Conditions
    device: str
    train: Callable[[Any, Callable[[Tensor, Any], Tensor]], float]  # (model, loss) -> held-out loss
    folder: Path


def fit(
    kind: Kind,
    space: Use,
    sources: Sequence[str],
    *,
    out: Path | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Fit a model to measured architectures, write it with its card, and return its folder.

    A fit that was killed goes on from its last checkpoint when it is called again with the same arguments, and ends
    with the same weights.

    Args:
        kind: "diffusion", "archlm" or "gnn".
        sources: ledgers, run folders or tables, see `examples`.
        out: the folder to write; None is models/<kind>-<space>, where the proposers and the scorer look.
        epochs: None takes what suits the kind.
        on_progress: called after each epoch.

    Raises:
        RequestError: an unknown kind, an unreadable source or fewer than 20 examples.
    """
    if kind not in get_args(Kind):
        raise RequestError(f"There is nothing called {kind!r} to fit. Kinds: {', '.join(get_args(Kind))}.")
    built: SearchSpace = registry.create("spaces", space)
    folder = out or assets.models() / f"{kind}-{built.name}"
    found = examples(built, sources, count=kind != "gnn")
    return fit_examples(
        kind, built, found, folder, epochs=epochs, seed=seed, device=device, on_progress=on_progress, sources=sources
    )


def fit_examples(
    kind: Kind,
    space: SearchSpace,
    found: Sequence[Example],
    folder: Path,
    *,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Callable[[Progress], None] | None = None,
    sources: Sequence[str] = (),
) -> Path:
    """The same on examples already gathered; `sources` is for the card."""
    import torch

    from genas.nn.fitting import Recipe, train

    kept = _usable(space, found)
    rate, decay = (1e-3, 0.1) if kind == "archlm" else (2e-3, 0.02)
    suits = max(20, EPOCHS[kind] * 1000 // max(1000, len(kept)))
    batch = min(64, max(16, len(kept) // 16))
    recipe = Recipe(suits if epochs is None else epochs, batch, rate=rate, weight_decay=decay, seed=seed)
    told = [(e.arch.key, e.task, e.merit, sorted(e.costs.items())) for e in kept]
    tag = f"{seed_of(kind, space.name, told, recipe):x}"
    learned, held_out = _divided(kept, seed)
    checkpoint = folder / "checkpoint.safetensors"

    def run(model: Any, loss: Callable[[Tensor, Any], Tensor]) -> float:
        model.to(device)
        return train(model, loss, learned, held_out, recipe, checkpoint=checkpoint, tag=tag, on_progress=on_progress)

    job = _Job(space, kept, _conditions(kept), device, run, folder)
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, kind, "weights"))
        left = {"diffusion": _diffusion, "archlm": _archlm, "gnn": _gnn}[kind](job)
    checkpoint.unlink(missing_ok=True)
    command = f"genas fit {kind} {space.name} {' '.join(sources)} --epochs {recipe.epochs} --seed {seed}"
    seen = Counter(e.task for e in kept)
    (folder / assets.SEEN).write_text(json.dumps(dict(sorted(seen.items())), indent=1) + "\n")
    (folder / "README.md").write_text(_card(kind, space.name, kept, command, f"{left:.4f} ({_LOSS[kind]})"))
    return folder


def _usable(space: SearchSpace, found: Sequence[Example]) -> list[Example]:
    from genas.nn.graphs import Codec

    codec = Codec(space, space.ops, space.max_nodes)
    kept = [e for e in found if codec.fits(e.arch) and not space.problems(e.arch)]
    if len(kept) < LEAST:
        raise RequestError(
            f"{len(kept)} usable examples of {space.name} ({len(found)} found) are too few to fit on; "
            f"{LEAST} are needed. Name more ledgers, or table:<task>."
        )
    return kept


def _divided(found: Sequence[Example], seed: int) -> tuple[Tensor, Tensor]:
    """The rows to learn from and those held out: a tenth of the architectures, with all their tasks."""
    import torch

    keys = list(dict.fromkeys(e.arch.key for e in found))
    order = torch.randperm(len(keys), generator=torch.Generator().manual_seed(seed_of(seed, "held out rows")))
    held = {keys[int(i)] for i in order[: max(4, len(keys) // 10)]}
    out = torch.tensor([e.arch.key in held for e in found])
    return (~out).nonzero().flatten(), out.nonzero().flatten()


def _conditions(found: Sequence[Example]) -> Conditions:
    """What each example can be conditioned on; tasks are told where there are several whose words are known."""
    import torch

    from genas.nn.conditions import Conditions

    uses = {e.task: e.use for e in found if e.use is not None}
    vectors = None
    if len(uses) > 1 and len(uses) == len({e.task for e in found}):
        from genas.nn.embedding import task_vector

        known = {name: task_vector(registry.create("tasks", use, device="cpu", seed=0)) for name, use in uses.items()}
        vectors = torch.stack([known[e.task] for e in found])
    return Conditions([e.merit for e in found], [e.task for e in found], [e.costs for e in found], vectors)


def _diffusion(job: _Job) -> float:
    from genas.nn import arch_diffusion as nn
    from genas.nn.graph_transformer import GraphTransformer
    from genas.nn.graphs import Codec

    space, archs, given = job.space, [e.arch for e in job.found], job.given
    nodes = [len(arch.ops) for arch in archs]
    codec = Codec(space, space.ops, space.max_nodes)
    denoiser = GraphTransformer(space.name, list(space.ops), space.max_nodes, given.edges, given.task.shape[1])
    scheduler = nn.AbsorbingScheduler()
    data = nn.Examples(codec.encode(archs), codec.blank(nodes), codec.allowed(nodes))

    def loss(rows: Tensor, generator: Generator) -> Tensor:
        return nn.denoising_loss(denoiser, scheduler, data.rows(rows), given.draw(rows, generator), generator)

    held_out = job.train(denoiser, loss)
    nn.ArchDiffusionPipeline(denoiser.eval().to("cpu"), scheduler).save_pretrained(job.folder)
    return held_out


def _archlm(job: _Job) -> float:
    import torch

    from genas.nn import arch_lm as nn
    from genas.nn.conditions import ANY

    vocabulary = nn.words(job.space.ops, list(job.space.sizes()))
    grammar = nn.Grammar(job.space, vocabulary)
    sizes = list(job.given.edges)
    model = nn.new_model(vocabulary, grammar.length, job.given.edges.get("params", []))
    sentences = grammar.encode([e.arch for e in job.found])

    def loss(rows: Tensor, generator: Generator) -> Tensor:
        batch = sentences[rows]
        wish = job.given.draw(rows, generator, only=["params"])
        size = wish.costs[:, sizes.index("params")] if "params" in sizes else torch.full_like(wish.level, ANY)
        batch[:, :2] = grammar.wish(wish.level, size)
        return nn.lm_loss(model, grammar, batch, generator)

    held_out = job.train(model, loss)
    nn.save(model.eval().to("cpu"), vocabulary, job.folder)
    return held_out


def _gnn(job: _Job) -> float:
    from genas.nn.gnn import teach

    model, _, held_out = teach(job.space, [e.arch for e in job.found], quantiles(job.found), job.train, job.device)
    model.eval().to("cpu").save(job.folder)
    return held_out


_WHAT = {
    "diffusion": "A discrete graph-diffusion model that generates architectures at a wished performance level",
    "archlm": "A small causal language model that writes architectures at a wished performance level",
    "gnn": "A graph neural network ensemble that predicts the rank of an architecture, with an uncertainty",
}
_LOSS = {
    "diffusion": "mean cross-entropy of a hidden entry, in nats",
    "archlm": "mean cross-entropy of a word the grammar leaves open, in nats",
    "gnn": "4 x squared error of the rank quantile + pairwise ranking loss",
}


def _card(kind: Kind, space: str, found: list[Example], command: str, held_out: str) -> str:
    rows = []
    for source, task in sorted({(e.source, e.task) for e in found}):
        values = [e.merit for e in found if (e.source, e.task) == (source, task)]
        rows.append(f"| {source} | {task} | {len(values)} | {min(values):.4f} | {max(values):.4f} |")
    library = "transformers" if kind == "archlm" else "diffusers" if kind == "diffusion" else "torch-geometric"
    return f"""---
license: apache-2.0
library_name: {library}
tags: [neural-architecture-search, genas, {kind}, {space}]
---
# {kind}-{space}

{_WHAT[kind]}, for the search space `{space}` of genas.

## Data

| source | task | architectures | lowest | highest |
| --- | --- | --- | --- | --- |
{chr(10).join(rows)}

{len(found)} architectures in all, a tenth of them held out to choose the epoch. The label is the rank of the
task's validation metric within the task (less being better, its sign is changed). {_told(found)}

## Command

    {command}

Loss on the held-out architectures at the chosen epoch: {held_out}.

## Limits

It saw only the architectures and tasks above: ranks on other tasks, other training recipes or larger networks may
differ. It saw each label this often:
{", ".join(f"{label} {count}" for label, count in _label_counts(found))}. A label that is rare here is poorly learned.

## Licence

Apache-2.0 for the weights. The sources keep their own licences.
"""


def _told(found: list[Example]) -> str:
    costs = sorted({name for e in found for name in e.costs})
    return f"Costs known beside: {', '.join(costs) or 'none'}."


def _label_counts(found: list[Example]) -> list[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for example in found:
        for label in example.arch.ops:
            counts[label] += 1
    return sorted(counts.items())
