"""The history of a search in words: what was measured, and how each change moved the objective."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from genas.core.interfaces import SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Objective, Trial
from genas.encodings.decisions import Decisions
from genas.llms._wording import Wording

_EDITS = 3  # architectures that differ in more decisions are not compared


class _Change(NamedTuple):
    parent: Trial
    child: Trial
    edits: list[str]
    gain: float


class Trajectory:
    """The trials so far, as text for a chat model.

    Args:
        space: the search space.
        wording: writes architectures as text.
        objectives: metrics to show; the first one decides which trials are best.
        costs: further metrics to show where a trial has them.
    """

    def __init__(
        self, space: SearchSpace, wording: Wording, objectives: Sequence[Objective], costs: Sequence[str]
    ) -> None:
        self._wording, self._objective = wording, objectives[0]
        self._metrics = tuple(dict.fromkeys((*(o.metric for o in objectives), *costs)))
        self._decisions = Decisions(space)
        self._trials: dict[str, Trial] = {}  # by key, in the order of their results
        self._choices: dict[str, dict[str, Hashable] | None] = {}

    def add(self, trials: Sequence[Trial]) -> None:
        """Add trials. A second trial of an architecture replaces the first."""
        self._trials |= {trial.candidate.arch.key: trial for trial in trials}

    def best(self, share: float = 0.25) -> list[Architecture]:
        """The best fraction `share` of the measured architectures; at least one if any was measured."""
        order = self._ranked()
        return [trial.candidate.arch for trial in order[: max(1, round(share * len(order)))]]

    def history(self, count: int) -> str:
        """Up to `count` best trials, the other ones of the latest `count`, and up to three failures; one per line."""
        best = self._ranked()[:count]
        latest = [trial for trial in self._measured()[-count:] if trial not in best]
        lines = ["Best:", *map(self._line, best)] if best else ["nothing yet"]
        lines += ["Latest:", *map(self._line, latest)] if latest else []
        failed = [trial for trial in self._trials.values() if trial.failure is not None][-3:]
        broken = [f"{self._wording.line(t.candidate.arch)}: {self._wording.hide(str(t.failure))[:160]}" for t in failed]
        return "\n".join([*lines, *(["Failed:", *broken] if broken else [])])

    def reflection(self, count: int) -> str:
        """Up to `count` recent changes and their effects: the smallest changes, of these the largest effects first.

        Source: RZ-NAS (Ji et al., ICML 2025) lets the model reflect on how its last mutation moved the score. Here the
        change and its effect are computed, relative to the parent if it was measured, else to the nearest earlier
        trial.
        """
        changes = [change for trial in self._measured()[-2 * count :] if (change := self._change(trial)) is not None]
        changes = sorted(changes, key=lambda change: (len(change.edits), -abs(change.gain)))[:count]
        return "\n".join(map(self._tell, changes)) or "nothing yet"

    def outcome(self, keys: Sequence[str]) -> str:
        """The results of some architectures in words.

        Args:
            keys: of the architectures.
        """
        metric = self._objective.metric
        trials = [self._trials[key] for key in keys if key in self._trials]
        values = [value for t in trials if t.failure is None and (value := t.value(metric)) is not None]
        if not values:
            return f"of its {len(keys)} architectures none was measured"
        pick = max if self._objective.goal == "max" else min
        others = [t.value(metric) for t in self._measured() if t.candidate.arch.key not in set(keys)]
        rest = [value for value in others if value is not None]
        text = f"of its {len(keys)} architectures {len(values)} were measured: {metric} "
        text += f"{pick(values):.4g} at best, {sum(values) / len(values):.4g} on average"
        return text + (f"; the best of all others is {pick(rest):.4g}" if rest else "")

    def _measured(self) -> list[Trial]:
        return [t for t in self._trials.values() if t.failure is None and losses(t, (self._objective,)) is not None]

    def _ranked(self) -> list[Trial]:
        return sorted(self._measured(), key=lambda trial: losses(trial, (self._objective,)) or ())

    def _line(self, trial: Trial) -> str:
        values = [f"{m} {value:.4g}" for m in self._metrics if (value := trial.value(m)) is not None]
        return f"{self._wording.line(trial.candidate.arch)}: {', '.join(values)}"

    def _tell(self, change: _Change) -> str:
        metric = self._objective.metric
        before, after = (trial.value(metric) or 0.0 for trial in (change.parent, change.child))
        edits = "; ".join(change.edits)
        return f"{self._wording.line(change.child.candidate.arch)}: {edits}: {metric} {before:.4g} -> {after:.4g} " + (
            f"({change.gain:+.4g})"
        )

    def _change(self, trial: Trial) -> _Change | None:
        """The smallest change of at most three edits from a parent, or from an earlier trial if no parent is known."""
        key, earlier = trial.candidate.arch.key, []
        for other in self._measured():
            if other.candidate.arch.key == key:
                break
            earlier.append(other)
        parents = [other for other in earlier if other.candidate.arch.key in trial.candidate.parents]
        changes = [(self._edits(p.candidate.arch, trial.candidate.arch), p) for p in parents or earlier]
        small = [(edits, p) for edits, p in changes if edits is not None and 0 < len(edits) <= _EDITS]
        if not small:
            return None
        edits, parent = min(small, key=lambda pair: len(pair[0]))
        metric = self._objective.metric
        return _Change(parent, trial, edits, (trial.value(metric) or 0.0) - (parent.value(metric) or 0.0))

    def _edits(self, before: Architecture, after: Architecture) -> list[str] | None:
        """The decisions that differ, in words; None if the decisions of one architecture can't be read."""
        old, new = self._read(before), self._read(after)
        if old is None or new is None:
            return None
        return [
            self._edit(name, old.get(name), new.get(name))
            for name in dict.fromkeys((*old, *new))
            if old.get(name) != new.get(name)
        ]

    def _edit(self, name: str, old: Hashable, new: Hashable) -> str:
        if name.startswith("edge"):
            return f"{name} {'added' if new else 'removed'}"
        if isinstance(old, tuple) or isinstance(new, tuple):
            return "other edges"
        shown = ("nothing" if value is None else self._wording.label(str(value)) for value in (old, new))
        return f"{name} from {next(shown)} to {next(shown)}"

    def _read(self, arch: Architecture) -> dict[str, Hashable] | None:
        if arch.key not in self._choices:
            values = self._decisions.read(arch)
            named = None if values is None else zip(self._decisions.of(len(arch.ops)), values, strict=True)
            self._choices[arch.key] = None if named is None else {d.name: d.choices[value] for d, value in named}
        return self._choices[arch.key]
