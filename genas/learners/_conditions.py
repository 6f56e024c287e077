"""What a learned generator can be asked for: levels, costs and tasks of the examples that it learns from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from genas.core import registry
from genas.core.examples import Example

if TYPE_CHECKING:
    from genas.generators.conditions import Conditions


def conditions(examples: Sequence[Example]) -> Conditions:
    """What each example can be conditioned on; tasks are told where there are several whose words are known."""
    import torch

    from genas.generators.conditions import Conditions

    uses = {e.task: e.use for e in examples if e.use is not None}
    vectors = None
    if len(uses) > 1 and len(uses) == len({e.task for e in examples}):
        from genas.encodings.sentences import task_vector

        known = {name: task_vector(registry.create("tasks", use, device="cpu", seed=0)) for name, use in uses.items()}
        vectors = torch.stack([known[e.task] for e in examples])
    return Conditions([e.merit for e in examples], [e.task for e in examples], [e.costs for e in examples], vectors)
