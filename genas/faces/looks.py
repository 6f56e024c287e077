"""The commands that only look around: runs, this machine, plug-ins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from genas.faces.flags import AsJson
from genas.faces.terminal import say

looks = typer.Typer()


@looks.command()
def runs(
    root: Annotated[Path, typer.Argument(help="The folder that holds the runs.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List the runs below a folder, the newest first: how far each is and what it found."""
    from genas.faces.console import show_runs
    from genas.run import shelf

    listed = shelf.runs(root)
    if as_json:
        say(json.dumps([{**run._asdict(), "folder": str(run.folder)} for run in listed], indent=2))
    elif listed:
        show_runs(listed)
    else:
        say(f"There are no runs below {root}.")


@looks.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what works on this machine, what is missing, and the command that brings it."""
    from genas.run.checkup import checkup

    findings = checkup()
    if as_json:
        say(json.dumps([finding._asdict() for finding in findings], indent=2))
        return
    for finding in findings:
        say(f"{'' if finding.here else 'missing':8} {finding.name:22} {finding.text}")
        if finding.remedy:
            say(f"{'':31} {finding.remedy}")


@looks.command("list")
def list_plugins(
    kind: Annotated[str | None, typer.Argument(help="spaces, tasks, proposers, scorers, refiners, ...")] = None,
    as_json: AsJson = False,
) -> None:
    """List the plug-ins, all or of one kind."""
    from genas import catalogue

    plugins = catalogue.plugins(kind)
    if as_json:
        say(json.dumps(plugins, indent=2))
        return
    for name, entries in plugins.items():
        say(name)
        for entry, line in entries.items():
            say(f"  {entry:24} {line}")


@looks.command()
def explain(name: Annotated[str, typer.Argument(help="Name of a plug-in.")], as_json: AsJson = False) -> None:
    """Show what a plug-in is, where it comes from and which options it takes."""
    from genas import catalogue

    say(json.dumps(catalogue.plugin(name), indent=2, default=repr) if as_json else catalogue.explain(name))
