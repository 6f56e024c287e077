"""Fits the learned parts (diffusion, archlm, gnn) to what was measured: runs' ledgers and published tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from genas.core import assets, registry, wire
from genas.core.errors import LedgerCorrupt, RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Candidate, Measurement, Use
from genas.core.rng import rng, seed_of

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from genas.nn.conditions import Conditions
    from genas.nn.fitting import Progress

Kind = Literal["diffusion", "archlm", "gnn"]
EPOCHS: dict[str, int] = {"diffusion": 200, "archlm": 60, "gnn": 60}
LEAST = 20  # examples


class Example(NamedTuple):
    """One measured architecture.

    Args:
        task: the task with its options, as text; accuracies are ranked within it.
        accuracy: on validation data, in [0, 1].
        source: where it came from.
        params: its number of parameters on that task, where it was counted.
    """

    arch: Architecture
    task: str
    accuracy: float
    source: str
    params: float | None = None


def examples(space: SearchSpace, sources: Sequence[str], *, count: bool = False) -> list[Example]:
    """The measured architectures of the sources, one per task and architecture.

    Args:
        sources: a ledger, a run folder, or `table:<task>[:sample=1000,seed=0,<task option>=...]`, which means that many
            architectures of the space drawn by that seed, with the validation accuracy of the task's table.
        count: also count parameters, where a ledger does not tell them; this makes the task.

    Raises:
        RequestError: a source cannot be read or has nothing of that space.
    """
    found: dict[tuple[str, str], Example] = {}
    for source in sources:
        read = _of_table(space, source) if source.startswith("table:") else _of_ledger(space, Path(source))
        part = _counted(space, read) if count else (example for example, _ in read)
        before = len(found)
        for example in part:
            found.setdefault((example.task, example.arch.key), example)
        if len(found) == before:
            raise RequestError(f"{source} adds no accuracy of an architecture of {space.name}.")
    return list(found.values())


def _counted(space: SearchSpace, read: Iterator[tuple[Example, Use | None]]) -> Iterator[Example]:
    scorers: dict[str, Scorer] = {}
    for example, use in read:
        if example.params is not None or use is None:
            yield example
            continue
        if example.task not in scorers:
            task = registry.create("tasks", use, space=space, device="cpu", seed=0)
            scorers[example.task] = registry.create("scorers", "params", space=space, task=task)
        yield example._replace(params=scorers[example.task].score(example.arch).value)


def _of_table(space: SearchSpace, source: str) -> Iterator[tuple[Example, Use | None]]:
    _, name, *rest = source.split(":", 2)
    options: dict[str, Any] = dict(_option(part, source) for part in ",".join(rest).split(",") if part)
    count, seed = options.pop("sample", 1000), options.pop("seed", 0)
    use = Use(name, options)
    task: Task = registry.create("tasks", use, space=space, device="cpu", seed=0)
    random = rng(seed, source)
    seen: set[str] = set()
    for _ in range(50 * count):
        if len(seen) == count:
            return
        arch = space.sample(random)
        if arch.key in seen:
            continue
        try:
            accuracy = task.lookup(arch, task.metric).value
        except ScoreFailed:
            continue  # the table lacks it; another is drawn
        seen.add(arch.key)
        yield Example(arch, str(use), accuracy, source), use


def _option(text: str, source: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise RequestError(f"{source}: write options as key=value, not {text!r}.")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _events(path: Path) -> Iterator[dict[str, Any]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RequestError(f"Cannot read {path}: {error.strerror}. Name a ledger.jsonl or table:<task>.") from error
    for number, line in enumerate(raw[: raw.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError("an event is a table of keys")
        except ValueError as error:
            raise LedgerCorrupt(f"Line {number} of {path} cannot be read ({error}).") from error
        yield event


def _of_ledger(space: SearchSpace, path: Path) -> Iterator[tuple[Example, Use | None]]:
    """Only one scorer at one fidelity counts, the one with most architectures: ranks need comparable figures."""
    path = path / "ledger.jsonl" if path.is_dir() else path
    archs: dict[str, Architecture] = {}
    groups: dict[tuple[float, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    params: dict[str, float] = {}
    use: Use | None = None
    for event in _events(path):
        if event.get("kind") == "request":
            use = wire.from_data(Use, event["request"]["task"])
        elif event.get("kind") == "candidate":
            archs[event["key"]] = wire.from_data(Candidate, event["candidate"]).arch
        elif event.get("kind") == "measurement" and "measurement" in event and not event["id"].startswith("test "):
            measured = wire.from_data(Measurement, event["measurement"])
            if measured.metric == "params":
                params[event["key"]] = measured.value
            elif measured.metric == "accuracy":
                groups[measured.fidelity, event["scorer"]][event["key"]].append(measured.value)
    if groups:
        _, chosen = max(groups.items(), key=lambda item: (len(item[1]), item[0]))
        for key, values in chosen.items():
            if key in archs and archs[key].space == space.name:
                accuracy = sum(values) / len(values)
                yield Example(archs[key], str(use or path.stem), accuracy, str(path), params.get(key)), use


def quantiles(found: Sequence[Example]) -> list[float]:
    """Each example's rank within its task, from 0 (worst) to 1 (best); ties share the mean."""
    from scipy.stats import rankdata

    result = [0.0] * len(found)
    for task in {e.task for e in found}:
        rows = [i for i, e in enumerate(found) if e.task == task]
        for row, rank in zip(rows, rankdata([found[i].accuracy for i in rows]), strict=True):
            result[row] = (float(rank) - 0.5) / len(rows)
    return result


class _Job(NamedTuple):
    """What the three kinds need to build, fit and save themselves."""

    space: SearchSpace
    archs: list[Architecture]
    quantiles: list[float]
    given: Conditions
    size_edges: list[float]  # of the size levels
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

    from genas.nn.conditions import conditions
    from genas.nn.fitting import Recipe, train

    kept = _usable(space, found)
    ranks = quantiles(kept)
    rate, decay = (1e-3, 0.1) if kind == "archlm" else (2e-3, 0.02)
    recipe = Recipe(EPOCHS[kind] if epochs is None else epochs, rate=rate, weight_decay=decay, seed=seed)
    given, edges = conditions(ranks, [e.accuracy for e in kept], [e.task for e in kept], [e.params for e in kept])
    tag = f"{seed_of(kind, space.name, [(e.arch.key, e.task, e.accuracy, e.params) for e in kept], recipe):x}"
    order = torch.randperm(len(kept), generator=torch.Generator().manual_seed(seed_of(seed, "held out rows")))
    held = max(4, len(kept) // 10)
    checkpoint = folder / "checkpoint.safetensors"

    def run(model: Any, loss: Callable[[Tensor, Any], Tensor]) -> float:
        model.to(device)
        rows, held_out = order[held:], order[:held]
        return train(model, loss, rows, held_out, recipe, checkpoint=checkpoint, tag=tag, on_progress=on_progress)

    job = _Job(space, [e.arch for e in kept], ranks, given, edges, device, run, folder)
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, kind, "weights"))
        held_out = {"diffusion": _diffusion, "archlm": _archlm, "gnn": _gnn}[kind](job)
    checkpoint.unlink(missing_ok=True)
    command = f"genas fit {kind} {space.name} {' '.join(sources)} --epochs {recipe.epochs} --seed {seed}"
    seen = Counter(e.task for e in kept)
    (folder / assets.SEEN).write_text(json.dumps(dict(sorted(seen.items())), indent=1) + "\n")
    (folder / "README.md").write_text(_card(kind, space.name, kept, command, f"{held_out:.4f} ({_LOSS[kind]})"))
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


def _diffusion(job: _Job) -> float:
    from genas.nn import arch_diffusion as nn
    from genas.nn.graph_transformer import GraphTransformer
    from genas.nn.graphs import Codec

    space, nodes = job.space, [len(a.ops) for a in job.archs]
    codec = Codec(space, space.ops, space.max_nodes)
    weights = nn.node_weights(nodes, job.given, space.max_nodes)
    denoiser = GraphTransformer(space.name, list(space.ops), space.max_nodes, weights, job.size_edges)
    scheduler = nn.AbsorbingScheduler()
    data = nn.Examples(codec.encode(job.archs), codec.blank(nodes), codec.allowed(nodes))

    def loss(rows: Tensor, generator: Generator) -> Tensor:
        return nn.denoising_loss(denoiser, scheduler, data.rows(rows), job.given.draw(rows, generator), generator)

    held_out = job.train(denoiser, loss)
    nn.ArchDiffusionPipeline(denoiser.eval().to("cpu"), scheduler).save_pretrained(job.folder)
    return held_out


def _archlm(job: _Job) -> float:
    from genas.nn import arch_lm as nn

    vocabulary = nn.words(job.space.ops, list(job.space.sizes()))
    grammar = nn.Grammar(job.space, vocabulary)
    model = nn.new_model(vocabulary, grammar.length, job.size_edges)
    sentences = grammar.encode(job.archs)

    def loss(rows: Tensor, generator: Generator) -> Tensor:
        batch = sentences[rows]
        batch[:, :2] = grammar.wish(*job.given.draw(rows, generator))
        return nn.lm_loss(model, grammar, batch, generator)

    held_out = job.train(model, loss)
    nn.save(model.eval().to("cpu"), vocabulary, job.folder)
    return held_out


def _gnn(job: _Job) -> float:
    import torch

    from genas.nn.gnn import GraphPredictor, collate, predictor_loss

    model = GraphPredictor(job.space.name, job.space.ops)
    targets = torch.tensor(job.quantiles, dtype=torch.float32)
    bags = torch.poisson(torch.ones(model.config["nets"], len(targets)))  # a bootstrap of the examples for each net

    def loss(rows: Tensor, _: Generator) -> Tensor:
        graphs = collate([job.archs[i] for i in rows.tolist()], model.ops, job.device)
        weights = bags[:, rows] if model.training else torch.ones(len(bags), len(rows))
        return predictor_loss(model(graphs), targets[rows].to(job.device), weights.to(job.device))

    held_out = job.train(model, loss)
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
        values = [e.accuracy for e in found if (e.source, e.task) == (source, task)]
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

| source | task | architectures | lowest accuracy | highest |
| --- | --- | --- | --- | --- |
{chr(10).join(rows)}

{len(found)} architectures in all, a tenth of them held out to choose the epoch. The label is the rank quantile of the
validation accuracy within its task. No test accuracy was read.

## Command

    {command}

Loss on the held-out architectures at the chosen epoch: {held_out}.

## Limits

It saw only the architectures and tasks above: ranks on other tasks, other training recipes or larger networks may
differ, and it knows nothing of {"parameter counts or " if kind == "gnn" else ""}latency. It saw each label this often:
{", ".join(f"{label} {count}" for label, count in _label_counts(found))}. A label that is rare here is poorly learned.

## Licence

Apache-2.0 for the weights. The sources keep their own licences.
"""


def _label_counts(found: list[Example]) -> list[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for example in found:
        for label in example.arch.ops:
            counts[label] += 1
    return sorted(counts.items())
