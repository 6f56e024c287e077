"""Fits a learner to what was measured: gathers and divides the examples, sets the recipe, keeps checkpoints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core import assets, registry
from genas.core.errors import RequestError
from genas.core.examples import Example, examples
from genas.core.interfaces import SearchSpace
from genas.core.learner import Learner, Lessons
from genas.core.records import Use
from genas.core.rng import seed_of
from genas.learners._card import card

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from genas.learners._loop import Progress, Recipe

LEAST = 20  # examples


def fit(
    learner: Use | str,
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
        learner: one of `genas list learners`, with its options.
        sources: ledgers, run folders or tables, see `examples`; for learners of several spaces also of others than
            `space`, with the space's name and "=" before each, and one model is fitted to all.
        out: the folder to write; None is models/<learner>-<space>, where the plug-ins look that use the model, and
            models/<learner> for several spaces.
        epochs: None takes what suits the learner.
        on_progress: called after each epoch.

    Raises:
        RequestError: an unknown learner, an unreadable source or fewer than 20 examples.
    """
    use = Use(learner) if isinstance(learner, str) else learner
    made = _made(use, seed, device)
    built: SearchSpace = registry.create("spaces", space)
    by_space = _by_space(built, sources)
    _check_spaces(made, list(by_space))
    measured = [e for one, its in by_space.items() for e in examples(one, its, count=made.counts)]
    folder = out or assets.models() / (use.name if len(by_space) > 1 else f"{use.name}-{built.name}")
    return fit_examples(
        use, list(by_space), measured, folder, epochs=epochs, seed=seed, device=device, on_progress=on_progress,
        sources=sources,
    )  # fmt: skip


def _made(use: Use, seed: int, device: str) -> Learner:
    made: Learner = registry.create("learners", use, seed=seed, device=device)
    return made


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


def _check_spaces(learner: Learner, spaces: Sequence[SearchSpace]) -> None:
    if len(spaces) > 1 and not learner.several:
        able = [name for name in registry.names("learners") if registry.load("learners", name).several]
        raise RequestError(
            f"{learner.name} is fitted to one space at a time; several are learned by {', '.join(able)}. "
            f"Name sources of one space only, not of {', '.join(space.name for space in spaces)}."
        )


def fit_examples(
    learner: Learner | Use | str,
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
    """The same on examples already gathered, of one space or of several.

    Args:
        learner: its name, with its options as a Use, or one of your own that is made already.
        found: measured architectures; those that are illegal or of other spaces are left out.
        sources: what they came from, for the card.
    """
    import torch

    from genas.learners._loop import train

    use = Use(learner) if isinstance(learner, str) else learner
    use, made = (Use(use.name), use) if isinstance(use, Learner) else (use, _made(use, seed, device))
    spaces = [space] if isinstance(space, SearchSpace) else list(space)
    _check_spaces(made, spaces)
    usable = [example for one in spaces for example in _usable(one, found)]
    recipe = _recipe(made, len(usable), epochs, seed)
    tag = _tag(use, spaces, usable, recipe)
    rows, held_out = _divided(usable, seed)
    passed = _evened(usable, rows)
    checkpoints = []
    folder.mkdir(parents=True, exist_ok=True)

    def run(model: nn.Module, loss: Callable[[Tensor, Generator], Tensor], part: str = "") -> float:
        model.to(device)
        checkpoints.append(path := folder / f"checkpoint{part}.safetensors")
        return train(model, loss, passed, held_out, recipe, checkpoint=path, tag=tag, on_progress=on_progress)

    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, use.name, "weights"))
        left = made.learn(Lessons(spaces, usable, rows, run, device, folder))
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)
    _write_seen(spaces, usable, folder)
    command = f"genas fit {_text(use)} {spaces[0].name} {' '.join(sources)} --epochs {recipe.epochs} --seed {seed}"
    (folder / "README.md").write_text(card(made, [one.name for one in spaces], usable, command, left))
    return folder


def _recipe(learner: Learner, count: int, epochs: int | None, seed: int) -> Recipe:
    """The recipe that suits the learner and the number of examples, unless the epochs are named."""
    from genas.learners._loop import Recipe

    suits = max(20, learner.epochs * 1000 // max(1000, count))
    batch = min(64, max(16, count // 16))
    return Recipe(
        suits if epochs is None else epochs, batch, rate=learner.rate, weight_decay=learner.weight_decay, seed=seed
    )


def _tag(use: Use, spaces: Sequence[SearchSpace], found: Sequence[Example], recipe: Recipe) -> str:
    """A tag that tells this fit's checkpoints from those of another."""
    read = [(e.arch.key, e.task, e.merit, sorted(e.costs.items())) for e in found]
    return f"{seed_of(str(use), '+'.join(one.name for one in spaces), read, recipe):x}"


def _text(use: Use) -> str:
    """The learner as it is named on a command line."""
    options = ",".join(f"{key}={value}" for key, value in use.options.items())
    return f"{use.name}:{options}" if options else use.name


def _write_seen(spaces: Sequence[SearchSpace], found: Sequence[Example], folder: Path) -> None:
    """Write down how many architectures of each task the model saw; by space where there are several."""
    seen = {one.name: Counter(e.task for e in found if e.arch.space == one.name) for one in spaces}
    counts = {one: dict(sorted(tasks.items())) for one, tasks in seen.items()}
    written = counts if len(spaces) > 1 else counts[spaces[0].name]
    (folder / assets.SEEN).write_text(json.dumps(written, indent=1) + "\n")


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
