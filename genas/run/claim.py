"""A ledger belongs to one request over one set of data. A run that is resumed must find both unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from genas.core import identity, wire
from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.core.ledger import Event, Ledger
from genas.core.progress import Progress
from genas.core.records import Request


def claim(request: Request, ledger: Ledger) -> None:
    """Claim the ledger for this request.

    Raises:
        RequestError: it belongs to another one.
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
    """Read the data and compare their digests with those in the ledger; a new ledger gets them.

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
    """Tell the user, now and in the report, what was left out of the data or changed."""
    for note in notes:
        ledger.warn(f"data: {note}", note)
        progress.note(note)


def mend(ledger: Ledger, progress: Progress) -> None:
    """Set damaged files of the run's store aside, so that they are trained again; name damaged and missing ones."""
    from genas.training.weights import checkpoint_of, damaged

    store = ledger.store
    if store is None or not any(event["kind"] == "candidate" for event in ledger.read()):
        return  # what lies there is not the run's
    for path in damaged(store):
        path.replace(_aside(path))
        _say(f"{path.name} in the store was damaged; what it held is trained again.", ledger, progress)
    trained = [event for event in ledger.read() if _measured(event) and event["scorer"] == "race"]
    names = dict.fromkeys(checkpoint_of(event["key"], event["measurement"].get("seed", 0)) for event in trained)
    for path in (store / name for name in names):
        if not path.exists() and not _aside(path).exists():
            _say(f"{path.name} in the store is missing; what it held is trained again if needed.", ledger, progress)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged")


def _say(text: str, ledger: Ledger, progress: Progress) -> None:
    ledger.warn(f"store: {text}", text)
    progress.note(text)


def dear(ledger: Ledger, metric: str) -> bool:
    """Whether the ledger holds anything that took time or money: a chat model's answer or a training.

    Args:
        metric: the task's, which trainings measure.
    """
    return any(event["kind"] == "completion" or _trained(event, metric) for event in ledger.read())


def _trained(event: Event, metric: str) -> bool:
    if event["kind"] != "measurement":
        return False
    return bool(event["scorer"] == "race" or event.get("measurement", {}).get("metric") == metric)


def _measured(event: Event) -> bool:
    return event["kind"] == "measurement" and "measurement" in event
