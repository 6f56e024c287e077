"""What a run gives its plug-ins: the same record in the run, in its workers and in the contract tests."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Constraint, Objective

if TYPE_CHECKING:
    from genas.core.ledger import Ledger


def _in_memory() -> Ledger:
    from genas.core.ledger import Ledger  # which itself reads events by the metrics that plug-ins declare

    return Ledger()


@dataclass(frozen=True, eq=False)
class Context:
    """What a run knows. A plug-in's constructor names the fields that it wants and gets them.

    Example:
        `def __init__(self, space, seed, *, size: int = 4)` is given the run's space and seed, and the option `size`.
    """

    space: SearchSpace
    task: Task
    ledger: Ledger = field(default_factory=_in_memory)  # of the run: what was asked of a chat model is written there
    device: str = "cpu"  # of torch: "cpu" or "cuda"
    seed: int = 0  # of the run: what a plug-in draws, it draws from genas.core.rng(seed, its name, a count)
    objectives: tuple[Objective, ...] = ()
    limits: tuple[Constraint, ...] = ()
    probes: Any = None  # genas.probes.probes.Probes, which builds each untrained network once for all proxies of a run


FIELDS = tuple(f.name for f in fields(Context))
