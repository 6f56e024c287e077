"""genas: neural networks from a sentence, generated, ranked, refined and really trained.

The verbs, the records that they take and give, and the interfaces of plug-ins; each is imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = [
    "Architecture", "Budget", "Candidate", "Constraint", "Executor", "GenasError", "Interpreter", "Measurement",
    "Metric", "Objective", "Proposer", "Report", "Request", "Scorer", "SearchSpace", "Study", "Task", "Trial", "Use",
    "Validator", "batch", "dataset", "design", "explain", "export_network", "fit", "interpret", "plugins", "predict",
    "propose", "register", "report", "score", "train_further", "validate",
]  # fmt: skip

if TYPE_CHECKING:
    from genas.api import (
        batch,
        design,
        export_network,
        fit,
        interpret,
        predict,
        propose,
        report,
        score,
        train_further,
        validate,
    )
    from genas.catalogue import explain, plugins
    from genas.core.errors import GenasError
    from genas.core.interfaces import Executor, Interpreter, Proposer, Scorer, SearchSpace, Task, Validator
    from genas.core.metrics import Metric
    from genas.core.records import (
        Architecture,
        Budget,
        Candidate,
        Constraint,
        Measurement,
        Objective,
        Report,
        Request,
        Trial,
        Use,
    )
    from genas.core.registry import register
    from genas.run.dataset import dataset
    from genas.run.study import Study
else:  # a type checker reads the imports above; Python makes each when its name is first used
    _PLACES = {
        "genas.catalogue": ("explain", "plugins"),
        "genas.core.errors": ("GenasError",),
        "genas.core.interfaces": ("Executor", "Interpreter", "Proposer", "Scorer", "SearchSpace", "Task", "Validator"),
        "genas.core.metrics": ("Metric",),
        "genas.core.records": (
            "Architecture", "Budget", "Candidate", "Constraint", "Measurement", "Objective", "Report", "Request",
            "Trial", "Use",
        ),
        "genas.core.registry": ("register",),
        "genas.run.dataset": ("dataset",),
        "genas.run.study": ("Study",),
    }  # fmt: skip
    _PLACE = {name: place for place, names in _PLACES.items() for name in names}

    def __getattr__(name: str) -> object:
        """The public name, imported from where it is defined."""
        if name not in __all__:
            raise AttributeError(f"module 'genas' has no attribute {name!r}")
        return getattr(import_module(_PLACE.get(name, "genas.api")), name)


def __dir__() -> list[str]:
    """The public names, for completion in a shell."""
    return ["__version__", *__all__]
