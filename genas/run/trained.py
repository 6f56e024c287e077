"""Finds the trained networks of a finished or stopped run by key, exports them and trains them further."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genas.core import identity, phrases, registry, wire
from genas.core.context import Context
from genas.core.errors import GenasError, LedgerCorrupt, RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.paths import own_files
from genas.core.progress import Silence, Steps
from genas.core.records import Candidate, Measurement, Request
from genas.reporting.outcome import clean, duration, recipe_of, short

if TYPE_CHECKING:
    from torch import Tensor

    from genas.core.progress import Progress
    from genas.validators.train import TrainValidator

_SHOWN = 8  # networks that a refusal lists
_POINTS = 8  # of the curve of a further training
_FIGURES = "figures.json"


@dataclass(frozen=True)
class Found:
    """A network that a run trained in its race.

    Args:
        leg: the last part of its training that was measured.
        measured: the task's metric on the validation split after it.
        failure: what ended its training, if anything did.
    """

    folder: Path
    request: Request
    candidate: Candidate
    leg: str
    measured: Measurement
    failure: str | None

    @property
    def label(self) -> str:
        """The name of its training in the store."""
        return f"{self.candidate.key}-{self.request.seed}"


@dataclass(frozen=True)
class Further:
    """A network that was trained further.

    Args:
        folder: where its files are.
        before: the task's metric on the validation split when the run left it.
        after: the same after the further training.
        test: the metric on the test split, read once afterwards.
    """

    folder: Path
    before: Measurement
    after: Measurement
    test: Measurement


def find(run: Path, key: str) -> Found:
    """The trained network whose key, in full or as shown, begins with `key`.

    Raises:
        RequestError: there is no run, or not just one such network; the message lists those that there are.
    """
    ledger = Ledger(own_files(run) / "ledger.jsonl", follow=True)
    event = ledger.find("request")
    if event is None:
        raise RequestError(f"{run} holds no design; name the folder of one.")
    request = wire.from_data(Request, event["request"])
    events = list(ledger.read())
    measured = _measured(events, request.seed)
    if not measured:
        raise RequestError(f"No network was trained in {run} so far; name a run in which networks were trained.")
    chosen = _chosen(key, list(measured))
    if len(chosen) != 1:
        raise RequestError(_refusal(run, key, chosen, events, list(measured)))
    last = measured[chosen[0]]
    told = ledger.find(f"candidate {chosen[0]}")
    candidate = None if told is None else wire.from_data(Candidate, told["candidate"])
    if candidate is None or candidate.key != chosen[0]:
        raise LedgerCorrupt(f"The ledger in {run} measures {short(chosen[0])}, but tells no network of that key.")
    registry.create("spaces", request.space).check(candidate.arch)
    failures = [
        str(e["failure"]) for e in events if e.get("scorer") == "race" and e["key"] == chosen[0] and "failure" in e
    ]
    return Found(
        run,
        request,
        candidate,
        last["leg"],
        wire.from_data(Measurement, last["measurement"]),
        failures[-1] if failures else None,
    )


def _measured(events: Sequence[dict[str, Any]], seed: int) -> dict[str, dict[str, Any]]:
    """By key, the last measurement of each network that was trained with the run's own seed."""
    race = [e for e in events if e.get("scorer") == "race" and {"measurement", "leg"} <= e.keys()]
    return {e["key"]: e for e in race if e["measurement"].get("seed", 0) == seed}


def _chosen(key: str, keys: Sequence[str]) -> list[str]:
    if key in keys:
        return [key]
    if exact := [k for k in keys if short(k) == key]:
        return exact
    return [k for k in keys if key and (k.startswith(key) or short(k).startswith(key))]


def _refusal(run: Path, key: str, chosen: Sequence[str], events: Sequence[dict[str, Any]], keys: Sequence[str]) -> str:
    asked = clean(key, 60)
    if chosen:
        return f"{asked} begins {len(chosen)} keys in {run}: {_list(chosen)}. Write more of the one that is meant."
    untrained = _chosen(key, [str(e["key"]) for e in events if e.get("kind") == "candidate"])
    what = f"{asked} was proposed in {run}, but not trained" if untrained else f"There is no network {asked} in {run}"
    return f"{what}. Write one of those that were: {_list(keys)}."


def _list(keys: Sequence[str]) -> str:
    shown = ", ".join(short(key) for key in keys[:_SHOWN])
    return shown + (f" and {len(keys) - _SHOWN} more (see report.html)" if len(keys) > _SHOWN else "")


def export_network(run: Path, key: str, out: Path | None = None) -> Path:
    """Write a trained network of a run as files that need no genas.

    Args:
        run: the run's folder.
        key: the beginning of the network's key, as the report shows it.
        out: the folder to write; None is `exported-KEY` in the run's.

    Raises:
        RequestError: there is not just one such network, or its weights are gone.
    """
    from genas.training.weights import WeightStore

    network = find(run, key)
    name = f"{network.label}-{network.leg}"
    weights = WeightStore(run / "store").find(name)
    if weights is None:
        raise RequestError(
            f"The weights of {short(network.candidate.key)} are gone: {run / 'store' / name}.safetensors is missing. "
            "Name another network of the run."
        )
    folder = run / f"exported-{short(network.candidate.key)}" if out is None else out
    _write(network, _context(network).task, weights, folder)
    return folder


def _context(found: Found) -> Context:
    """The context of the run, with the data that the network was trained on."""
    from genas.run.laboratory import context_of

    context = context_of(found.request, Ledger(found.folder / "ledger.jsonl", follow=True), found.request.device)
    identity.compare(context.ledger.find("data"), context.task.identity(), str(found.folder))
    return context


def _write(found: Found, task: Task, weights: dict[str, Tensor], folder: Path) -> None:
    from genas.core.building import build
    from genas.export.folder import export

    space: SearchSpace = registry.create("spaces", found.request.space)
    network = build(space, found.candidate.arch, task, found.request.seed)
    recipe = recipe_of(found.request, found.candidate)
    export(network, found.candidate.arch, task, folder, weights=weights, recipe=recipe)


def train_further(
    run: Path, key: str, budget: str, *, out: Path | None = None, progress: Progress | None = None
) -> Further:
    """Go on with a network from where its run left it; see `genas.api.train_further`, which hands all of this on.

    Returns:
        The figures, which are also written into `figures.json` in the folder, beside model and weights.
    """
    from genas.training.weights import replace

    seconds = phrases.parse_budget(budget).seconds
    if seconds is None:
        raise RequestError(f"Further training is counted in time; write '5 minutes' or '90 s', not {budget!r}.")
    network = find(run, key)
    if network.failure is not None:
        raise RequestError(
            f"The training of {short(network.candidate.key)} failed: {network.failure}. Name another network."
        )
    folder = run / f"trained-{short(network.candidate.key)}" if out is None else out
    leg, past = f"further {seconds:g} s", _past(folder, network)
    names = [str(entry["leg"]) for entry in past]
    if leg in names[:-1]:
        raise RequestError(
            f"{folder} was trained for {duration(seconds)} already, and then for other times. Write another budget."
        )
    if leg not in names:
        past = [*past, _trained(network, leg, seconds, folder, progress)]
        data = {
            "key": network.candidate.key, "seed": network.request.seed,
            "recipe": recipe_of(network.request, network.candidate),
            "before": wire.to_data(network.measured), "legs": past,
        }  # fmt: skip
        replace(folder / _FIGURES, (json.dumps({**data, "sum": _sum_of(data)}, indent=1) + "\n").encode())
    last = past[-1]
    after, test = (wire.from_data(Measurement, last[name]) for name in ("measurement", "test"))
    return Further(folder, network.measured, after, test)


def _past(folder: Path, found: Found) -> list[dict[str, Any]]:
    """The further trainings that the folder holds, the first one first."""
    path = folder / _FIGURES
    if not path.is_file():
        return []
    data = wire.read_file(path)
    if data.pop("sum", None) != _sum_of(data):
        raise RequestError(f"{path} is not as it was written. Bring it back as it was, or name another --out.")
    legs = data.get("legs")
    if data.get("key") != found.candidate.key or not isinstance(legs, list) or not all(map(_is_leg, legs)):
        raise RequestError(f"{folder} holds another network; name another --out.")
    return legs


def _is_leg(entry: object) -> bool:
    return isinstance(entry, dict) and {"leg", "measurement", "test"} <= entry.keys()


def _sum_of(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def _trained(found: Found, leg: str, seconds: float, folder: Path, progress: Progress | None) -> dict[str, Any]:
    """Train one leg in the folder's own store, test and export it; return the figures to write."""
    from genas.core.building import build
    from genas.run.trainer import Course, Trainer, name
    from genas.training.leg import Leg
    from genas.training.timing import fastest_threads, threads
    from genas.validators.train import tested

    request, store = found.request, folder / "store"
    context = _context(found)
    space, task = context.space, context.task
    validator: TrainValidator = registry.create("validators", request.validator, context)
    _copy(found, store)
    trainer = Trainer(space, task, validator, request.device, store)
    part = Leg(leg, seconds=seconds, decay=True)
    network = build(space, found.candidate.arch, task, request.seed)
    with threads(fastest_threads(network, task, request.device)):
        precision = validator.precision_of(network, request.device)
        course = Course(found.candidate, request.seed, (part,), "", 1.0, points=_POINTS, precision=precision)
        listener = progress or Silence()
        listener.stage("further training", 100)
        tell = Steps(listener)
        result = trainer.run(course, tell)
        tell(1.0)
    if isinstance(result, ScoreFailed):
        raise RequestError(
            f"The training of {short(found.candidate.key)} failed: {result}. Write it as the run left it: genas export."
        )
    weights = trainer.weights.find(name(found.candidate, request.seed, leg))
    if weights is None:
        raise GenasError(f"The weights of {leg!r} were not kept in {store}.")
    test, *_ = tested(space, found.candidate.arch, task, weights, device=request.device, seed=request.seed)
    _write(found, task, weights, folder)
    return {"leg": leg, "seconds": seconds, "measurement": wire.to_data(result.measured), "test": wire.to_data(test)}


def _copy(found: Found, store: Path) -> None:
    """Copy the state of the training into a store of its own, so that further training leaves the run untouched."""
    from genas.training.weights import checkpoint_of, opened_state, replace, sealed_state

    name = checkpoint_of(found.candidate.key, found.request.seed)
    if (store / name).is_file():
        return
    source = found.folder / "store" / name
    if not source.is_file():
        raise RequestError(
            f"{short(found.candidate.key)} can't be trained further: {source} is missing. Name another network."
        )
    state = opened_state(source)
    store.mkdir(parents=True, exist_ok=True)
    replace(store / name, sealed_state(state, name))
