"""Whose a ledger is: one request over one set of data. A run that goes on must find both as they were."""

from __future__ import annotations

from collections.abc import Iterable

from genas.core import identity, wire
from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.core.ledger import Event, Ledger
from genas.core.progress import Progress
from genas.core.records import Request


def claim(request: Request, ledger: Ledger) -> None:
    """The ledger is this request's from now on.

    Raises:
        RequestError: it is another's.
    """
    event = {"kind": "request", "id": "request", "request": wire.to_data(request)}
    before = ledger.find("request")
    if before is None:
        ledger.append(event)
    elif before["request"] != event["request"]:
        raise RequestError(
            f"{ledger.path} belongs to another request ({before['request'].get('goal', '')!r}). "
            "Name another --out, or repeat that request to go on with it."
        )


def need_data(request: Request, task: Task) -> None:
    """RequestError where the data are only described, but something is to be trained."""
    if not task.here and request.validator.name != "table":
        raise RequestError(
            "The data are only described, so nothing can be trained on them: name a path or a known data set. "
            "`genas propose` and `genas score` need none."
        )


def know_data(task: Task, ledger: Ledger) -> None:
    """Read the data; the ledger keeps what tells them from others, and what it has must be that.

    Raises:
        RequestError: the data changed since the run began, or the ledger does not tell which they were.
    """
    if not task.here:
        return
    parts, event = task.identity(), ledger.find("data")
    if event is None and not any(event["kind"] in ("candidate", "measurement") for event in ledger.read()):
        ledger.append({"kind": "data", "id": "data", "parts": parts})
    else:
        identity.compare(event, parts, str(ledger.path and ledger.path.parent))


def tell(notes: Iterable[str], ledger: Ledger, progress: Progress) -> None:
    """What was left out or changed of the data, to the user now and in the report."""
    for note in notes:
        ledger.warn(f"data: {note}", note)
        progress.note(note)


def mend(ledger: Ledger) -> None:
    """Put aside what is damaged in the run's store, so that it is trained again, with a warning for the report."""
    from genas.training.weights import damaged

    begun = any(event["kind"] == "candidate" for event in ledger.read())  # else what lies there is not the run's
    for path in damaged(ledger.store) if begun else ():
        path.replace(path.with_name(f"{path.name}.damaged"))
        ledger.warn(f"store {path.name}", f"{path.name} in the store was damaged; what it held is trained again.")


def dear(ledger: Ledger, metric: str) -> bool:
    """Whether it holds what took time or money: an answer of a chat model, or a training.

    Args:
        metric: the task's, which trainings measure.
    """
    return any(event["kind"] == "completion" or _trained(event, metric) for event in ledger.read())


def _trained(event: Event, metric: str) -> bool:
    if event["kind"] != "measurement":
        return False
    return bool(event["scorer"] == "race" or event.get("measurement", {}).get("metric") == metric)
