"""The command line: each command is one function of genas.api."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genas import __version__

if TYPE_CHECKING:
    from genas.core.records import Request, Trial

_INTERRUPTED = 130  # the exit code that typer makes of a KeyboardInterrupt

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Neural networks from a sentence: generated, ranked, refined and really trained, under your limits.",
)

Sentence = Annotated[str, typer.Argument(help="What is wanted, in words.", show_default=False)]
Out = Annotated[Path | None, typer.Option(help="The run's folder; the same folder goes on with a stopped run.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the run.", min=0)]
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
Executor = Annotated[str, typer.Option(help="Where trainings run: serial, processes:4, ray or ray:ADDRESS.")]
RequestFile = Annotated[Path | None, typer.Option("--request", help="A TOML or JSON file with fields of a request.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]


def _wanted(
    sentence: str,
    request: Path | None,
    *,
    seed: int | None = None,
    budget: str | None = None,
    device: str | None = None,
    llm: str | None = None,
    refiners: list[str] | None = None,
) -> Request:
    """The request that sentence, flags and file make together; flags win over the file, both over the sentence."""
    from genas import api
    from genas.core import wire
    from genas.core.errors import RequestError

    known: dict[str, Any] = {} if request is None else wire.read_file(request)
    flags: dict[str, Any] = {"seed": seed, "device": device, "llm": llm}
    flags["budget"] = wire.parse_budget(budget) if budget else None
    flags["refiners"] = [wire.to_data(api.parse_use(text)) for text in refiners or ()] or None
    known |= {key: value for key, value in flags.items() if value is not None}
    goal = str(known.pop("goal", ""))
    wanted = api.interpret(sentence or goal, **known)
    if problem := _there(wanted):
        raise RequestError(problem)
    return wanted


def _there(request: Request) -> str | None:
    """What to say where the request's data are a path that does not exist."""
    path = request.task.options.get("path")
    absent = isinstance(path, str) and not Path(path).expanduser().exists()
    return f"There is no file or folder {path}; name one that exists." if absent else None


@contextmanager
def _stoppable(folder: Path | None) -> Iterator[None]:
    """Names the run's folder before the work begins, and says how to go on where it is stopped or the disk is full."""
    from genas.core.ledger import keeping

    if folder is None:
        yield
        return
    typer.echo(f"Run: {folder}", err=True)
    try:
        with keeping(folder):
            yield
    except KeyboardInterrupt:
        typer.echo(f"The same command with --out {shlex.quote(str(folder))} goes on from here.", err=True)
        raise


def _show(trials: list[Trial], wanted: Request, as_json: bool) -> None:
    """Trials as JSON, or for people."""
    from genas.console import show_candidates
    from genas.core import wire

    if as_json:
        typer.echo(json.dumps([wire.to_data(t) for t in trials], indent=2))
    else:
        show_candidates(trials, wanted)


@app.command()
def design(
    sentence: Sentence = "",
    out: Out = None,
    seed: Seed = None,
    budget: BudgetText = None,
    device: Device = None,
    llm: Llm = None,
    refiner: Refiners = None,
    request: RequestFile = None,
    executor: Executor = "serial",
    as_json: AsJson = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how the sentence is read, and stop.")] = False,
) -> None:
    """Design, train, test and export a network."""
    from genas import api
    from genas.console import Bars, show_report
    from genas.core import wire
    from genas.summary import block

    wanted = _wanted(sentence, request, seed=seed, budget=budget, device=device, llm=llm, refiners=refiner)
    if not (as_json and dry_run):
        typer.echo(block(wanted), err=as_json)
    if dry_run:
        if as_json:
            typer.echo(json.dumps(wire.to_data(wanted), indent=2))
        return
    folder = out or api.default_folder(wanted.goal)
    with _stoppable(folder), Bars() as bars:
        report = api.design(wanted, out=folder, progress=bars, executor=executor)
    if as_json:
        typer.echo(json.dumps(wire.to_data(report), indent=2))
    else:
        show_report(report, folder)


@app.command()
def propose(
    sentence: Sentence = "",
    n: Annotated[int, typer.Option("-n", help="How many candidates.", min=1)] = 20,
    out: Out = None,
    seed: Seed = None,
    device: Device = None,
    llm: Llm = None,
    request: RequestFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose architectures with their cheap scores; nothing is trained."""
    from genas import api
    from genas.console import Bars

    wanted = _wanted(sentence, request, seed=seed, device=device, llm=llm)
    with _stoppable(out), Bars() as bars:
        trials = api.propose(wanted, n, out=out, progress=bars)
    _show(trials, wanted, as_json)


Texts = Annotated[list[str], typer.Argument(help="Architectures, as propose shows them, each in quotes.")]
Goal = Annotated[str, typer.Option("--goal", help="What is wanted, in words.")]


@app.command()
def score(
    texts: Texts,
    goal: Goal = "",
    seed: Seed = None,
    device: Device = None,
    request: RequestFile = None,
    as_json: AsJson = False,
) -> None:
    """Score architectures of your own with the cheap scorers; nothing is trained."""
    from genas import api

    wanted = _wanted(goal, request, seed=seed, device=device)
    trials = api.score(wanted, texts)
    _show(trials, wanted, as_json)


@app.command()
def validate(
    texts: Texts,
    goal: Goal = "",
    out: Out = None,
    seed: Seed = None,
    device: Device = None,
    request: RequestFile = None,
    executor: Executor = "serial",
    as_json: AsJson = False,
) -> None:
    """Train architectures of your own in full and test them, as a design does with its finalists."""
    from genas import api
    from genas.console import Bars

    wanted = _wanted(goal, request, seed=seed, device=device)
    with _stoppable(out), Bars() as bars:
        trials = api.validate(wanted, texts, out=out, progress=bars, executor=executor)
    _show(trials, wanted, as_json)


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="The folder of a run.")], as_json: AsJson = False) -> None:
    """Tell of a finished run: its winner and why, the runners-up, references and costs."""
    from genas import account, api
    from genas.core import wire

    typer.echo(json.dumps(wire.to_data(account.read(folder)), indent=2) if as_json else api.report(folder))


@app.command()
def interpret(sentence: Sentence, as_json: AsJson = False) -> None:
    """Show how a sentence is read."""
    from genas import api
    from genas.core import wire
    from genas.summary import block

    request = api.interpret(sentence)
    typer.echo(json.dumps(wire.to_data(request), indent=2) if as_json else block(request))
    if problem := _there(request):
        typer.echo(f"warning: {problem}", err=True)


@app.command()
def batch(
    file: Annotated[Path, typer.Argument(help="A TOML file of [[tasks]], each with goal = and fields of a request.")],
    out: Out = None,
    executor: Executor = "serial",
    as_json: AsJson = False,
) -> None:
    """Design for many tasks; a failed one does not stop the others."""
    from genas import api
    from genas.console import Bars, show_batch
    from genas.core import wire

    folder = out or Path("runs") / file.stem
    with _stoppable(folder), Bars() as bars:
        rows = api.batch(file, out=folder, progress=bars, executor=executor)
    if as_json:
        data = [
            {
                "goal": row.goal,
                "folder": str(row.folder),
                "error": row.error,
                "report": row.report and wire.to_data(row.report),
            }
            for row in rows
        ]
        typer.echo(json.dumps(data, indent=2))
    else:
        show_batch(rows)
    if any(row.error for row in rows):
        raise typer.Exit(1)


@app.command("list")
def list_plugins(
    kind: Annotated[str | None, typer.Argument(help="spaces, tasks, proposers, scorers, refiners, ...")] = None,
    as_json: AsJson = False,
) -> None:
    """List the plug-ins, all or of one kind."""
    from genas import api

    found = api.plugins(kind)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for name, entries in found.items():
        typer.echo(name)
        for entry, line in entries.items():
            typer.echo(f"  {entry:24} {line}")


@app.command()
def explain(name: Annotated[str, typer.Argument(help="Name of a plug-in.")], as_json: AsJson = False) -> None:
    """Show what a plug-in is, where it comes from and which options it takes."""
    from genas import api

    typer.echo(json.dumps(api.plugin(name), indent=2, default=repr) if as_json else api.explain(name))


@app.command()
def fit(
    kind: Annotated[str, typer.Argument(help="diffusion, archlm or gnn.")],
    space: Annotated[str, typer.Argument(help="The space whose architectures are learned.")],
    sources: Annotated[list[str], typer.Argument(help="Ledgers, or table:<task>:sample=<n>,devices=a+b,<option>=...")],
    out: Annotated[Path | None, typer.Option(help="The model's folder. Default models/<kind>-<space>.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the examples.", min=1)] = None,
    seed: Seed = None,
    device: Device = None,
) -> None:
    """Train a model of architectures from ledgers and tables."""
    from genas import api
    from genas.console import Bars

    given = {"epochs": epochs, "seed": seed, "device": device}
    with Bars() as bars:
        folder = api.fit(
            kind,
            space,
            sources,
            out=out,
            on_progress=lambda p: bars.fraction(p.epoch, p.epochs, f"loss {p.loss:.3f}, held out {p.held_out:.3f}"),
            **{k: v for k, v in given.items() if v is not None},
        )
    typer.echo(f"The model is in {folder}.")


@app.command()
def chat(
    sentence: Sentence = "",
    llm: Annotated[str | None, typer.Option(help="A chat model that calls tools: provider:model.")] = None,
    root: Annotated[Path, typer.Option(help="The folder below which runs are written.")] = Path("runs"),
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one reply of the model.", min=0.1)] = 60.0,
) -> None:
    """Talk about what you need; a chat model works through these commands, and asks before it spends anything."""
    from genas.conversation import converse

    converse(sentence, llm=llm, root=root, timeout=timeout)


@app.command("mcp")
def serve(
    root: Annotated[Path, typer.Option(help="The folder below which runs are written.")] = Path("runs"),
    transport: Annotated[str, typer.Option(help="stdio (the client starts this) or http.")] = "stdio",
    host: Annotated[str, typer.Option(help="The address to listen on, for http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on, for http.", min=1, max=65535)] = 8765,
) -> None:
    """Serve these verbs to agents and editors over the Model Context Protocol."""
    from genas import service
    from genas.core.errors import RequestError

    if transport == "stdio":
        service.serve("stdio", root=root)
    elif transport == "http":
        service.serve("http", root=root, host=host, port=port)
    else:
        raise RequestError(f"--transport is stdio or http, not {transport!r}.")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"genas {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Neural networks from a sentence: generated, ranked, refined and really trained, under your limits."""


def main() -> None:
    """Run the command line; a mistake in the request ends with one line and exit code 2, a full disk with 1."""
    from genas.core.errors import GenasError, NotWritten

    try:
        app()
    except GenasError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1 if isinstance(error, NotWritten) else 2)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            typer.echo("Stopped.", err=True)
        raise


if __name__ == "__main__":
    main()
