"""The command line: each command is one function of genas.api."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from genas import __version__
from genas.faces.flags import (
    AsJson,
    BudgetText,
    DataFolders,
    Device,
    Executor,
    Goal,
    Key,
    Llm,
    Out,
    Refiners,
    RequestFile,
    Root,
    RunFolder,
    Seed,
    Seeds,
    Sentence,
    Texts,
    absent_path,
    show,
    stoppable,
    wanted_of,
)
from genas.faces.looks import looks
from genas.faces.terminal import hear_warnings, say

_INTERRUPTED = 130  # the exit code that typer makes of a KeyboardInterrupt

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Neural networks from a sentence: generated, ranked, refined and really trained, under your limits.",
)


@app.command()
def design(
    sentence: Sentence = "",
    out: Out = None,
    seed: Seed = None,
    budget: BudgetText = None,
    device: Device = None,
    llm: Llm = None,
    refiner: Refiners = None,
    seeds: Seeds = None,
    request: RequestFile = None,
    executor: Executor = None,
    as_json: AsJson = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show how it is read and what it would cost, check all, and stop."),
    ] = False,
) -> None:
    """Design, train, test and export a network."""
    from genas import api
    from genas.core import wire
    from genas.faces.console import Bars, show_report
    from genas.reporting.outcome import block
    from genas.run import account
    from genas.run.folders import default_folder

    wanted = wanted_of(
        sentence, request, seed=seed, budget=budget, device=device, llm=llm, refiners=refiner, seeds=seeds
    )
    if not (as_json and dry_run):
        say(block(wanted), err=as_json)
    folder = out or default_folder(wanted.goal)
    if dry_run:
        api.check(wanted, out=folder, executor=executor)
        say(json.dumps(wire.to_data(wanted), indent=2) if as_json else f"\n{account.outline(wanted)}")
        return
    with stoppable(folder), Bars() as bars:
        report = api.design(wanted, out=folder, progress=bars, executor=executor)
    if as_json:
        say(json.dumps(wire.to_data(report), indent=2))
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
    from genas.faces.console import Bars

    wanted = wanted_of(sentence, request, seed=seed, device=device, llm=llm)
    with stoppable(out), Bars() as bars:
        trials = api.propose(wanted, n, out=out, progress=bars)
    show(trials, wanted, as_json)


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

    wanted = wanted_of(goal, request, seed=seed, device=device)
    trials = api.score(wanted, texts)
    show(trials, wanted, as_json)


@app.command()
def validate(
    texts: Texts,
    goal: Goal = "",
    out: Out = None,
    seed: Seed = None,
    device: Device = None,
    request: RequestFile = None,
    executor: Executor = None,
    as_json: AsJson = False,
) -> None:
    """Train architectures of your own in full and test them, as a design does with its finalists."""
    from genas import api
    from genas.faces.console import Bars

    wanted = wanted_of(goal, request, seed=seed, device=device)
    with stoppable(out), Bars() as bars:
        trials = api.validate(wanted, texts, out=out, progress=bars, executor=executor)
    show(trials, wanted, as_json)


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="The folder of a run.")], as_json: AsJson = False) -> None:
    """Tell of a finished run: its winner and why, the runners-up, references and costs."""
    from genas import api
    from genas.core import wire
    from genas.run import account

    say(json.dumps(wire.to_data(account.read(folder)), indent=2) if as_json else api.report(folder))


@app.command("export")
def export_network(
    run: RunFolder,
    key: Key,
    out: Annotated[Path | None, typer.Option(help="The folder to write. Default RUN/exported-KEY.")] = None,
) -> None:
    """Write any trained network of a run, not only its winner, as files that need no genas."""
    from genas import api

    say(f"The network is in {api.export_network(run, key, out)}.")


@app.command("train")
def train_further(
    run: RunFolder,
    key: Key,
    budget: Annotated[str, typer.Option(help="How long, such as '5 minutes'.")],
    out: Annotated[Path | None, typer.Option(help="The folder to write. Default RUN/trained-KEY.")] = None,
) -> None:
    """Go on with any trained network of a run for some time, then test it; a second call goes on with a stopped one."""
    from genas import api
    from genas.faces.console import Bars, show_further

    with Bars() as bars:
        further = api.train_further(run, key, budget, out, progress=bars)
    show_further(further)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, or an exported network's.")],
    files: Annotated[list[Path], typer.Argument(help="Pictures, folders of them, or tables.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Tell the class of new pictures or rows, with the probability of each class, or their numbers, as CSV."""
    from genas import api

    answers = api.predict(run, files)
    for note in answers.notes:
        say(f"note: {note}", err=True)
    say(json.dumps(answers.to_data(), indent=2) if as_json else answers.to_csv().rstrip("\n"))


@app.command()
def interpret(sentence: Sentence, as_json: AsJson = False) -> None:
    """Show how a sentence is read."""
    from genas import api
    from genas.core import wire
    from genas.reporting.outcome import block

    request = api.interpret(sentence)
    say(json.dumps(wire.to_data(request), indent=2) if as_json else block(request))
    if problem := absent_path(request):
        say(f"warning: {problem}", err=True)


@app.command()
def batch(
    file: Annotated[Path, typer.Argument(help="A TOML file of [[tasks]], each with goal = and fields of a request.")],
    out: Out = None,
    executor: Executor = None,
    as_json: AsJson = False,
) -> None:
    """Design for many tasks; a failed one does not stop the others."""
    from genas import api
    from genas.core import wire
    from genas.faces.console import Bars, show_batch

    folder = out or Path("runs") / file.stem
    with stoppable(folder), Bars() as bars:
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
        say(json.dumps(data, indent=2))
    else:
        show_batch(rows)
    if any(row.error for row in rows):
        raise typer.Exit(1)


app.add_typer(looks)


@app.command()
def fit(
    learner: Annotated[str, typer.Argument(help="What to fit: one of `genas list learners`, or name:option=value.")],
    space: Annotated[str, typer.Argument(help="The space whose architectures are learned.")],
    sources: Annotated[list[str], typer.Argument(help="Ledgers, or table:<task>:sample=<n>,devices=a+b,<option>=...")],
    out: Annotated[Path | None, typer.Option(help="The model's folder. Default models/<learner>-<space>.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the examples.", min=1)] = None,
    seed: Seed = None,
    device: Device = None,
) -> None:
    """Train a model of architectures from ledgers and tables."""
    from genas import api
    from genas.faces.console import Bars

    with Bars() as bars:
        folder = api.fit(
            learner,
            space,
            sources,
            out=out,
            epochs=epochs,
            seed=seed or 0,
            device=device or "cpu",
            on_progress=lambda p: bars.fraction(p.epoch, p.epochs, f"loss {p.loss:.3f}, held out {p.held_out:.3f}"),
        )
    say(f"The model is in {folder}.")


@app.command()
def chat(
    sentence: Sentence = "",
    llm: Annotated[str | None, typer.Option(help="A chat model that calls tools: provider:model.")] = None,
    root: Root = Path("runs"),
    data: DataFolders = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one reply of the model.", min=0.1)] = 60.0,
) -> None:
    """Talk about what you need; a chat model works through these commands, and asks before it spends anything."""
    from genas.faces.conversation import converse

    converse(sentence, llm=llm, root=root, data=data or (), timeout=timeout)


@app.command("mcp")
def serve(
    root: Root = Path("runs"),
    data: DataFolders = None,
    longest: Annotated[str, typer.Option(help="The most time that a client may ask for in one call.")] = "1 day",
    transport: Annotated[str, typer.Option(help="stdio (the client starts this) or http.")] = "stdio",
    host: Annotated[str, typer.Option(help="The address to listen on, for http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on, for http.", min=1, max=65535)] = 8765,
) -> None:
    """Serve these verbs to agents and editors over the Model Context Protocol."""
    from genas.core import phrases
    from genas.core.errors import RequestError
    from genas.faces import mcp

    most = phrases.parse_budget(longest).seconds
    if most is None:
        raise RequestError(f"--longest is a time such as '2 hours', not {longest!r}.")
    if transport == "stdio":
        mcp.serve("stdio", root=root, data=data or (), longest=most)
    elif transport == "http":
        mcp.serve("http", root=root, data=data or (), longest=most, host=host, port=port)
    else:
        raise RequestError(f"--transport is stdio or http, not {transport!r}.")


def _version(value: bool) -> None:
    if value:
        say(f"genas {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Neural networks from a sentence: generated, ranked, refined and really trained, under your limits."""


def main() -> None:
    """Run the command line; a mistake in the request ends with one line and exit code 2, a full disk with 1."""
    from genas.core.errors import GenasError, NotWritten

    hear_warnings()
    try:
        app()
    except GenasError as error:
        say(f"error: {error}", err=True)
        sys.exit(1 if isinstance(error, NotWritten) else 2)
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            say("Stopped.", err=True)
        raise


if __name__ == "__main__":
    main()
