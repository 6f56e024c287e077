"""Fits the learned parts (diffusion, archlm, gnn) to what was measured: runs' ledgers and published tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.examples import Example, examples, quantiles
from genas.core.interfaces import SearchSpace
from genas.core.records import Use
from genas.core.rng import seed_of

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from genas.generators.conditions import Conditions
    from genas.learners._loop import Progress
    from genas.predictors.multi_task import Lesson

Kind = Literal["diffusion", "archlm", "gnn"]
EPOCHS: dict[str, int] = {"diffusion": 200, "archlm": 60, "gnn": 60}
LEAST = 20  # examples
SHOTS = 4  # past trials before an architecture, at most


class _Job(NamedTuple):
    """What the three kinds need to build, fit and save themselves."""

    spaces: list[SearchSpace]
    found: list[Example]  # in the order of the spaces
    learned: Tensor  # rows of `found` that are not held out
    device: str
    train: Callable[..., float]  # (model, loss, part of the fit with a checkpoint of its own) -> held-out loss
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
        sources: ledgers, run folders or tables, see `examples`; for archlm also of other spaces, with the space's name
            and "=" before each, and one model is fitted to all.
        out: the folder to write; None is models/<kind>-<space>, where the proposers and the scorer look, and
            models/<kind> for several spaces.
        epochs: None takes what suits the kind.
        on_progress: called after each epoch.

    Raises:
        RequestError: an unknown kind, an unreadable source or fewer than 20 examples.
    """
    if kind not in get_args(Kind):
        raise RequestError(f"There is nothing called {kind!r} to fit. Kinds: {', '.join(get_args(Kind))}.")
    built: SearchSpace = registry.create("spaces", space)
    found, spaces = [], []
    for one, its in _by_space(built, sources).items():
        spaces.append(one)
        found += examples(one, its, count=kind == "diffusion")
    folder = out or assets.models() / (kind if len(spaces) > 1 else f"{kind}-{built.name}")
    return fit_examples(
        kind, spaces, found, folder, epochs=epochs, seed=seed, device=device, on_progress=on_progress, sources=sources
    )


def _by_space(space: SearchSpace, sources: Sequence[str]) -> dict[SearchSpace, list[str]]:
    """The sources of each space: those without a space's name before them are of `space`, which comes first."""
    spaces: dict[str, SearchSpace] = {space.name: space}
    found: dict[SearchSpace, list[str]] = {space: []}
    for source in sources:
        name, equals, rest = source.partition("=")
        if not equals or name not in registry.names("spaces"):
            name, rest = space.name, source
        spaces.setdefault(name, registry.create("spaces", name))
        found.setdefault(spaces[name], []).append(rest)
    return found


def fit_examples(
    kind: Kind,
    space: SearchSpace | Sequence[SearchSpace],
    found: Sequence[Example],
    folder: Path,
    *,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Callable[[Progress], None] | None = None,
    sources: Sequence[str] = (),
) -> Path:
    """The same on examples already gathered, of one space or, for archlm, of several; `sources` is for the card."""
    import torch

    from genas.learners._loop import Recipe, train

    spaces = [space] if isinstance(space, SearchSpace) else list(space)
    if len(spaces) > 1 and kind != "archlm":
        raise RequestError(f"{kind} is fitted to one space at a time; only archlm learns several.")
    kept = [example for one in spaces for example in _usable(one, found)]
    name = "+".join(one.name for one in spaces)
    rate, decay = (1e-3, 0.1) if kind == "archlm" else (2e-3, 0.02)
    suits = max(20, EPOCHS[kind] * 1000 // max(1000, len(kept)))
    batch = min(64, max(16, len(kept) // 16))
    recipe = Recipe(suits if epochs is None else epochs, batch, rate=rate, weight_decay=decay, seed=seed)
    told = [(e.arch.key, e.task, e.merit, sorted(e.costs.items())) for e in kept]
    tag = f"{seed_of(kind, name, told, recipe):x}"
    learned, held_out = _divided(kept, seed)
    passed = _evened(kept, learned)
    checkpoints = []

    def run(model: Any, loss: Callable[[Tensor, Any], Tensor], part: str = "") -> float:
        model.to(device)
        checkpoints.append(path := folder / f"checkpoint{part}.safetensors")
        return train(model, loss, passed, held_out, recipe, checkpoint=path, tag=tag, on_progress=on_progress)

    job = _Job(spaces, kept, learned, device, run, folder)
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, kind, "weights"))
        left = {"diffusion": _diffusion, "archlm": _archlm, "gnn": _gnn}[kind](job)
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)
    command = f"genas fit {kind} {spaces[0].name} {' '.join(sources)} --epochs {recipe.epochs} --seed {seed}"
    seen = {one.name: Counter(e.task for e in kept if e.arch.space == one.name) for one in spaces}
    counts = {one: dict(sorted(tasks.items())) for one, tasks in seen.items()}
    (folder / assets.SEEN).write_text(json.dumps(counts if len(spaces) > 1 else counts[name], indent=1) + "\n")
    (folder / "README.md").write_text(_card(kind, list(seen), kept, command, f"{left:.4f} ({_LOSS[kind]})"))
    return folder


def _usable(space: SearchSpace, found: Sequence[Example]) -> list[Example]:
    from genas.encodings.tensors import Codec

    codec = Codec(space, space.ops, space.max_nodes)
    found = [e for e in found if e.arch.space == space.name]
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


def _evened(found: Sequence[Example], learned: Tensor) -> Tensor:
    """The rows of an epoch: those of small spaces up to four times, so that they count beside large ones."""
    import torch

    counts = Counter(found[int(i)].arch.space for i in learned)
    mean = len(learned) / len(counts)
    times = {space: min(4, max(1, round(mean / count))) for space, count in counts.items()}
    return learned.repeat_interleave(torch.tensor([times[found[int(i)].arch.space] for i in learned]))


def _conditions(found: Sequence[Example]) -> Conditions:
    """What each example can be conditioned on; tasks are told where there are several whose words are known."""
    import torch

    from genas.generators.conditions import Conditions

    uses = {e.task: e.use for e in found if e.use is not None}
    vectors = None
    if len(uses) > 1 and len(uses) == len({e.task for e in found}):
        from genas.encodings.sentences import task_vector

        known = {name: task_vector(registry.create("tasks", use, device="cpu", seed=0)) for name, use in uses.items()}
        vectors = torch.stack([known[e.task] for e in found])
    return Conditions([e.merit for e in found], [e.task for e in found], [e.costs for e in found], vectors)


def _diffusion(job: _Job) -> float:
    from genas.encodings.tensors import Codec
    from genas.generators import diffusion as nn
    from genas.generators.graph_transformer import GraphTransformer

    (space,), archs, given = job.spaces, [e.arch for e in job.found], _conditions(job.found)
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

    from genas.generators import language_model as nn
    from genas.generators.grammar import Grammar, words

    rows = [[e for e in job.found if e.arch.space == space.name] for space in job.spaces]
    given = [_conditions(found) for found in rows]
    size = max(conditions.task.shape[1] for conditions in given)
    vocabulary = words(job.spaces, [name for conditions in given for name in conditions.edges])
    parts, known = [], {}
    for space, found, conditions in zip(job.spaces, rows, given, strict=True):
        tasks, grammar = conditions.task.shape[1], Grammar(space, vocabulary)
        conditions.task = conditions.task if tasks == size else torch.zeros(len(found), size)
        known[space.name] = {"slots": grammar.slots, "costs": conditions.edges, "told": tasks > 0}
        archs, merits = [e.arch for e in found], [e.merit for e in found]
        parts.append(nn.Part(grammar, archs, merits, [e.task for e in found], conditions))
    model, corpus = nn.new_model(vocabulary, known, size), nn.Corpus(parts, SHOTS)
    corpus.learned(job.learned)

    def loss(rows: Tensor, generator: Generator) -> Tensor:
        return nn.lm_loss(model, corpus.lesson(rows, generator), corpus.masks, generator)

    held_out = job.train(model, loss)
    nn.save(model.eval().to("cpu"), vocabulary, job.folder)
    return held_out


def lesson(found: Sequence[Example]) -> Lesson:
    """What a predictor is taught of the examples: how good they are on each task, how little they cost on each device.

    Ranks are within a task, costs too: a table may tell what a device takes for each task's own inputs.
    """
    import torch

    from genas.predictors.multi_task import Lesson
    from genas.predictors.questions import MERIT, Question, of_device, of_task

    uses = {e.task: e.use for e in found}
    made = {task: use and registry.create("tasks", use, device="cpu", seed=0) for task, use in uses.items()}
    asked = {name: of_task(task) if task else Question(MERIT, name) for name, task in made.items()}
    costs = sorted({name for e in found for name in e.costs if " " in name})
    asked |= {name: of_device(*name.split(" ", 1)) for name in costs}
    questions = list(dict.fromkeys(asked.values()))
    table = torch.full((len(found), len(questions)), torch.nan)
    for name, question in asked.items():
        rows = [row for row, e in enumerate(found) if name == e.task or name in e.costs]
        known = [found[row] if name == found[row].task else _cheapest(found[row], name) for row in rows]
        table[rows, questions.index(question)] = torch.tensor(quantiles(known))
    return Lesson(tuple(questions), torch.stack([question.vector() for question in questions]), table)


def _cheapest(example: Example, cost: str) -> Example:
    """The same as an example of what is best where it costs little."""
    return example._replace(merit=-example.costs[cost])


def _gnn(job: _Job) -> float:
    from genas.predictors.gnn import teach
    from genas.predictors.multi_task import teach_questions, widen

    (space,), archs = job.spaces, [e.arch for e in job.found]
    if len({e.task for e in job.found}) == 1 and not any(" " in name for e in job.found for name in e.costs):
        model, _, held_out = teach(space, archs, quantiles(job.found), job.train, job.device)
    else:
        told = lesson(job.found)
        model, held_out = teach_questions(space, archs, told, job.train, job.device)
        widen(model, space, archs, told, lambda part: partial(job.train, part=f"-without-{part}"))
    model.eval().to("cpu").save(job.folder)
    return held_out


_WHAT = {
    "diffusion": "A discrete graph-diffusion model that generates architectures at a wished performance level",
    "archlm": "A small causal language model that writes architectures at a wished level, after past trials",
    "gnn": "A graph neural network ensemble that predicts the rank of an architecture, with an uncertainty",
}
_LOSS = {
    "diffusion": "mean cross-entropy of a hidden entry, in nats",
    "archlm": "mean cross-entropy of a word the grammar leaves open, in nats",
    "gnn": "4 x squared error of the rank quantile + pairwise ranking loss",
}


def _card(kind: Kind, spaces: list[str], found: list[Example], command: str, held_out: str) -> str:
    rows, several = [], len(spaces) > 1
    for space, source, task in sorted({(e.arch.space, e.source, e.task) for e in found}):
        values = [e.merit for e in found if (e.arch.space, e.source, e.task) == (space, source, task)]
        start = f"| {space} " if several else ""
        rows.append(f"{start}| {source} | {task} | {len(values)} | {min(values):.4f} | {max(values):.4f} |")
    names = ", ".join(f"`{space}`" for space in spaces)
    library = "transformers" if kind == "archlm" else "diffusers" if kind == "diffusion" else "torch-geometric"
    return f"""---
license: apache-2.0
library_name: {library}
tags: [neural-architecture-search, genas, {kind}, {", ".join(spaces)}]
---
# {kind if several else f"{kind}-{spaces[0]}"}

{_WHAT[kind]}, for the search space{"s" if several else ""} {names} of genas.

## Data

{"| space " if several else ""}| source | task | architectures | lowest | highest |
{"| --- " if several else ""}| --- | --- | --- | --- | --- |
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
