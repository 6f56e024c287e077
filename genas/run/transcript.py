"""What a refiner was asked and told, kept in a ledger: a search that was stopped is made again from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genas.core import wire
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Proposer
from genas.core.ledger import Event, Ledger
from genas.core.records import Candidate, Measurement, Trial


class Transcript:
    """A refiner behind a ledger.

    Args:
        refiner: new, as it was when the ledger began.
        ledger: of one search; it may be empty.
    """

    def __init__(self, refiner: Proposer, ledger: Ledger) -> None:
        self._refiner, self._ledger = refiner, ledger
        self._asked = self._told = 0
        self.trials: dict[str, Trial] = {}  # all that was told, in this order
        self.pending: dict[str, Candidate] = {}  # asked for and not told of yet, in this order

    def ask(self, n: int) -> list[Candidate]:
        """What the refiner proposes, n candidates at most."""
        candidates = self._refiner.ask(n)
        for candidate in candidates:
            self.announce(candidate)
        keys = [candidate.key for candidate in candidates]
        self._ledger.append({"kind": "asked", "id": f"asked {self._asked}", "n": n, "keys": keys})
        self._take(candidates)
        return candidates

    def tell(self, trials: Sequence[Trial]) -> None:
        """Tell the refiner; nothing where there are no trials."""
        if trials:
            keys = [trial.candidate.key for trial in trials]
            self._ledger.append({"kind": "told", "id": f"told {self._told}", "keys": keys})
            self._learn(trials)

    def announce(self, candidate: Candidate) -> None:
        """Write a candidate into the ledger, once."""
        if self._ledger.find(identity := f"candidate {candidate.key}") is None:
            data = wire.to_data(candidate)
            self._ledger.append({"kind": "candidate", "id": identity, "key": candidate.key, "candidate": data})

    def replay(self, trial: Callable[[Candidate], Trial]) -> None:
        """Ask and tell the refiner what it was asked and told before.

        Args:
            trial: makes the trial of a candidate that was told of, from the ledger.

        Raises:
            RequestError: it proposes other candidates than before.
        """
        candidates: dict[str, Candidate] = {}
        for event in list(self._ledger.read()):
            if event["kind"] == "candidate":
                candidates[event["key"]] = wire.from_data(Candidate, event["candidate"])
            elif event["kind"] == "asked":
                again = self._refiner.ask(event["n"])
                if [candidate.key for candidate in again] != event["keys"]:
                    raise RequestError(
                        f"{self._ledger.path}: {self._refiner.name} proposes other candidates than when the study was "
                        "stopped: its code, or a model that it uses, has changed. Name another folder."
                    )
                self._take(again)
            elif event["kind"] == "told":
                self._learn([trial(candidates[key]) for key in event["keys"]])

    def _take(self, candidates: Sequence[Candidate]) -> None:
        self._asked += 1
        self.pending |= {c.key: c for c in candidates if c.key not in self.trials}

    def _learn(self, trials: Sequence[Trial]) -> None:
        self._told += 1
        for trial in trials:
            self.pending.pop(trial.candidate.key, None)
            self.trials[trial.candidate.key] = trial
        self._refiner.tell(trials)

    # Figures of the study's own objectives

    def write(self, candidate: Candidate, result: Sequence[Measurement] | ScoreFailed) -> None:
        """Keep what was measured of a candidate, the leading objective last: where that is kept, all are."""
        event: Event = {"kind": "measurement", "key": candidate.key, "scorer": "study"}
        if isinstance(result, ScoreFailed):
            self._ledger.append({**event, "id": _id(candidate.key), "failure": str(result)})
            return
        for measurement in reversed(result):
            identity = _id(candidate.key) if measurement is result[0] else _id(candidate.key, measurement.metric)
            if self._ledger.find(identity) is None:
                self._ledger.append({**event, "id": identity, "measurement": wire.to_data(measurement)})

    def measured(self, key: str) -> bool:
        """Whether a candidate was measured, or failed to be."""
        return self._ledger.find(_id(key)) is not None

    def figures(self, key: str, metrics: Sequence[str]) -> list[Measurement] | ScoreFailed:
        """What was measured of a candidate; nothing where it was not.

        Args:
            metrics: the objectives', the leading one first.
        """
        kept: list[Measurement] = []
        for metric in metrics:
            event = self._ledger.find(_id(key) if metric == metrics[0] else _id(key, metric))
            if event is not None and "failure" in event:
                return ScoreFailed(event["failure"])
            if event is not None:
                kept.append(wire.from_data(Measurement, event["measurement"]))
        return kept


def _id(key: str, metric: str = "") -> str:
    return f"study {key} {metric}".rstrip()
