"""The card of a fitted model: what it is, what it saw, the command that made it, and its limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from genas.core.examples import Example
from genas.core.learner import Learner


def card(learner: Learner, spaces: Sequence[str], examples: Sequence[Example], command: str, held_out: float) -> str:
    """The text of the model's README.md, with the front matter that model hubs read."""
    several = len(spaces) > 1
    names = ", ".join(f"`{space}`" for space in spaces)
    labels = Counter(label for example in examples for label in example.arch.ops)
    costs = sorted({name for e in examples for name in e.costs})
    return f"""---
license: apache-2.0
library_name: {learner.library}
tags: [neural-architecture-search, genas, {learner.name}, {", ".join(spaces)}]
---
# {learner.name if several else f"{learner.name}-{spaces[0]}"}

{learner.what}, for the search space{"s" if several else ""} {names} of genas.

## Data

{"| space " if several else ""}| source | task | architectures | lowest | highest |
{"| --- " if several else ""}| --- | --- | --- | --- | --- |
{chr(10).join(_rows(examples, several))}

{len(examples)} architectures in all, a tenth of them held out to choose the epoch. The label is the rank of the
task's validation metric within the task (less being better, its sign is changed). Costs known beside: \
{", ".join(costs) or "none"}.

## Command

    {command}

Loss on the held-out architectures at the chosen epoch: {held_out:.4f} ({learner.loss}).

## Limits

It saw only the architectures and tasks above: ranks on other tasks, other training recipes or larger networks may
differ. It saw each label this often:
{", ".join(f"{label} {count}" for label, count in sorted(labels.items()))}. A label that is rare here is poorly learned.

## Licence

Apache-2.0 for the weights. The sources keep their own licences.
"""


def _rows(examples: Sequence[Example], several: bool) -> list[str]:
    """A line of the table for each space, source and task."""
    merits: dict[tuple[str, str, str], list[float]] = {}
    for e in examples:
        merits.setdefault((e.arch.space, e.source, e.task), []).append(e.merit)
    rows = []
    for (space, source, task), values in sorted(merits.items()):
        start = f"| {space} " if several else ""
        rows.append(f"{start}| {source} | {task} | {len(values)} | {min(values):.4f} | {max(values):.4f} |")
    return rows
