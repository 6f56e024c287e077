"""Finds the task with the nearest meaning, if no keyword names one and the match is clear."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from genas.interpreters.plain.patterns import one_of

if TYPE_CHECKING:
    from torch import Tensor

_LOG = logging.getLogger(__name__)  # a guess must be seen; with no handler set, Python shows warnings on stderr
_DESCRIPTIONS = {
    "digits": (
        "recognise handwritten digits",
        "tell which figure from zero to nine somebody wrote",
        "read handwritten numbers",
    ),
    "cifar10": (
        "classify small colour photographs of animals and vehicles",
        "aeroplanes, cars, birds, cats, deer, dogs, frogs, horses, ships and trucks",
    ),
    # Other work that resembles a task: the sentence must be nearer to a task than to any of these.
    "": (
        "recognise handwritten letters, characters or symbols",
        "handwritten mathematical symbols",
        "printed text, documents and number plates",
        "an OCR for printed numbers",
        "verify a signature or who wrote something",
        "one kind of animal or vehicle",
        "traffic signs, house numbers and faces",
        "medical images",
    ),
}
_FLOOR = 0.6  # cosine similarity below which nothing is chosen
_LETTERS = 0.7  # share of ASCII letters and spaces below which a text is no English sentence
_MARGIN = 0.1  # by which the best task must beat the second
_NOTHING = one_of(r"""
    a|an|the|me|my|i|we|you|it|its|to|for|of|on|in|with|and|or|that|which|is|be|as|some|any|something|anything|please
    design|make|build|create|find|give|get|want|need|would|like|can|could|should|using|use|has|have|must|train|trained
    good|great|nice|best|new|cool|neural|deep|learning|ai|network|networks|net|model|models|architecture
    classifier|classify|small|fast|accurate|smallest|fastest|possible|first
    accuracy|parameters?|params?|weights|latency|flops|macs|size|memory|energy
    under|below|at|most|least|over|than|less|more|fewer|up|no|not|between|max|min
    budget|trials|minutes|hours|seconds|percent
""")  # words that do not say what a network is for
_EMPTY = re.compile(rf"\b{_NOTHING}\b|[^a-z ]", re.I)


@lru_cache(maxsize=1)
def _references() -> tuple[list[str], Tensor]:
    """The task of each description, and its vector."""
    from genas.encodings.sentences import embed

    _LOG.warning("The sentence names no task. Comparing meanings; the first time may take half a minute.")
    lines = [(task, line) for task, lines in _DESCRIPTIONS.items() for line in lines]
    return [task for task, _ in lines], embed([line for _, line in lines])  # [lines, 384]


def nearest(text: str) -> str | None:
    """The task that the text most likely means, or None if that is uncertain.

    Loads MiniLM on the first call. A warning says which task it chose, since the user did not name it.
    """
    content = [word for word in _EMPTY.sub(" ", text.lower()).split() if len(word) > 2]
    if len(content) < 2:
        return None
    if sum(c.isascii() and (c.isalpha() or c in " |") for c in text) < _LETTERS * len(text):
        return None  # not a sentence that the model understands
    from genas.encodings.sentences import embed

    tasks, vectors = _references()
    scores = (vectors @ embed([text.replace("|", " ")])[0]).tolist()
    best: dict[str, float] = {}
    for task, score in zip(tasks, scores, strict=True):
        best[task] = max(score, best.get(task, -1.0))
    ranked = sorted(best.items(), key=lambda item: -item[1])
    sure = ranked[0][1] >= _FLOOR and ranked[0][1] - ranked[1][1] >= _MARGIN
    if not (sure and ranked[0][0]):
        return None
    task = ranked[0][0]
    _LOG.warning(
        "Task %s is read by meaning (%s), since the sentence names none. For images of your own write their path.",
        task,
        _DESCRIPTIONS[task][0],
    )
    return task
