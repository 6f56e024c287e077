"""Shared by the commands: flags, the request that they make, and what to say when a run is stopped."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genas.core.paths import written
from genas.faces.terminal import say

if TYPE_CHECKING:
    from genas.core.records import Request, Trial

Sentence = Annotated[str, typer.Argument(help="What is wanted, in words.", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="The run's folder; the same folder goes on with a stopped run.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the run.", min=0, max=2**63 - 1)]
BudgetText = Annotated[str | None, typer.Option("--budget", help="For example '20 minutes' or '30 trials'.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Llm = Annotated[
    str | None,
    typer.Option(
        help="The chat model to ask: local, or provider:model as LangChain names it; @http://... for a server."
    ),
]
Refiners = Annotated[
    list[str] | None,
    typer.Option(
        "--refiner", help="Who searches, such as navigator or navigator:batch=8,partition=1; may be repeated."
    ),
]
Executor = Annotated[
    str | None,
    typer.Option(
        help="Where trainings run: serial, threads:4, processes:4, ray or ray:ADDRESS. Default: a thread for each core "
        "where images are trained on a CPU, else serial.",
        show_default=False,
    ),
]
Seeds = Annotated[
    int | None, typer.Option(help="Trainings of the winner; those after the first are made when it is tested.", min=1)
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)]
Key = Annotated[
    str,
    typer.Argument(metavar="KEY", help="The beginning of a network's key, as the report shows it.", show_default=False),
]
Texts = Annotated[list[str], typer.Argument(help="Architectures, as propose shows them, each in quotes.")]
Goal = Annotated[str, typer.Option("--goal", help="What is wanted, in words.")]
RequestFile = Annotated[Path | None, typer.Option("--request", help="A TOML or JSON file with fields of a request.")]
Root = Annotated[Path, typer.Option(help="The folder below which runs are written.")]
DataFolders = Annotated[
    list[Path] | None,
    typer.Option("--data", help="A folder in which requests may name files, beside --root; may be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]


def wanted_of(
    sentence: str,
    request: Path | None,
    *,
    seed: int | None = None,
    budget: str | None = None,
    device: str | None = None,
    llm: str | None = None,
    refiners: list[str] | None = None,
    seeds: int | None = None,
) -> Request:
    """The request that sentence, flags and file make together; flags win over the file, both over the sentence."""
    from genas import api
    from genas.core import phrases, registry, wire
    from genas.core.errors import RequestError

    goal, known = wire.entry({} if request is None else wire.read_file(request), more=api.BESIDE)
    flags: dict[str, Any] = {"seed": seed, "device": device, "llm": llm}
    flags["budget"] = phrases.parse_budget(budget) if budget else None
    flags["refiners"] = [wire.to_data(phrases.parse_use(text)) for text in refiners or ()] or None
    known |= {key: value for key, value in flags.items() if value is not None}
    wanted = api.interpret(sentence or goal, **known)
    if problem := absent_path(wanted):
        raise RequestError(problem)
    if seeds is None:
        return wanted
    if "seeds" not in registry.options("validators", wanted.validator.name):
        raise RequestError(f"--seeds: the validator {wanted.validator.name} trains nothing, so leave --seeds out.")
    options = {**wanted.validator.options, "seeds": seeds}
    return replace(wanted, validator=replace(wanted.validator, options=options))


def absent_path(request: Request) -> str | None:
    """What to say where the request's data are a path that does not exist."""
    path = request.task.options.get("path")
    absent = isinstance(path, str) and not written(path).exists()
    return f"There is no file or folder {path}; name one that exists." if absent else None


@contextmanager
def stoppable(folder: Path | None) -> Iterator[None]:
    """Name the run's folder before the work begins, and say how to resume if it is stopped or the disk is full."""
    from genas.core.ledger import keeping

    if folder is None:
        yield
        return
    say(f"Run: {folder}", err=True)
    try:
        with keeping(folder):
            yield
    except KeyboardInterrupt:
        say(f"The same command with --out {shlex.quote(str(folder))} goes on from here.", err=True)
        raise


def show(trials: list[Trial], wanted: Request, as_json: bool) -> None:
    """Trials as JSON, or for people."""
    from genas.core import wire
    from genas.faces.console import show_candidates

    if as_json:
        say(json.dumps([wire.to_data(t) for t in trials], indent=2))
    else:
        show_candidates(trials, wanted)
