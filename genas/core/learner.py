"""The interface of models of architectures that `genas fit` fits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from genas.core.examples import Example
    from genas.core.interfaces import SearchSpace


class Train(Protocol):
    """Fits one model of a learner, see `Lessons.train`."""

    def __call__(self, model: nn.Module, loss: Callable[[Tensor, Generator], Tensor], part: str = "") -> float:
        """Fit the model in place, keep the epoch with the least held-out loss and return that loss.

        Args:
            model: is moved to the device of the fit.
            loss: the mean loss of some examples, from their row numbers [B] and the generator of all its chance.
            part: names the checkpoint of this model where a learner fits several.
        """


class Lessons(NamedTuple):
    """What a learner is given to learn from."""

    spaces: Sequence[SearchSpace]  # one, unless the learner takes several
    examples: Sequence[Example]  # legal ones, at least 20 of each space, in the order of the spaces
    rows: Tensor  # numbers of the examples that are learned from; the others are held out
    train: Train  # epochs, checkpoints, learning rate and progress are its business
    device: str
    folder: Path  # where the model is written; it is there


class Learner(ABC):
    """A model of architectures that `genas fit` fits to measured ones: write two attributes and one method.

    genas gathers the examples, holds a tenth of the architectures out, continues a fit that was killed and writes the
    model's card.
    """

    name: str = ""
    what: ClassVar[str]  # what the model is, for its card: a sentence up to "for the search space ..."
    loss: ClassVar[str]  # what the held-out loss is, for the card
    library: ClassVar[str] = "torch"  # what reads the model, for the card
    epochs: ClassVar[int] = 60  # over up to 1,000 examples; fewer over more
    rate: ClassVar[float] = 2e-3  # the highest learning rate
    weight_decay: ClassVar[float] = 0.02
    several: ClassVar[bool] = False  # whether one model can learn several spaces
    counts: ClassVar[bool] = False  # whether it learns params and flops: they are counted where no source tells them

    @abstractmethod
    def learn(self, lessons: Lessons) -> float:
        """Build a model, fit it, write it to `lessons.folder` and return its held-out loss.

        torch is seeded; the same lessons must end with the same weights.
        """
