"""The task whose description is nearest in meaning, where no keyword names one and the match is clear."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

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
    # What lies near a task but is none: the sentence must be nearer to a task than to any of these.
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
_LETTERS = 0.7  # share of plain letters and spaces below which a text is no English sentence
_MARGIN = 0.1  # by which the best task must beat whatever comes second
_EMPTY = re.compile(
    (
        r"\b(?:a|an|the|me|my|i|we|you|it|its|to|for|of|on|in|with|and|or|that|which|is|be|please|design|"
        r"make|build|create|find|give|get|"
        r"want|need|would|like|can|could|should|some|any|good|great|nice|best|new|neural|deep|learning|ai|"
        r"network|networks|net|model|models|"
        r"architecture|classifier|classify|something|anything|cool|small|fast|accurate|accuracy|first|as|"
        r"possible|train|trained|under|below|at|most|least|over|than|less|more|fewer|up|no|not|between|max|min|"
        r"parameters?|params?|weights|latency|flops|macs|size|memory|energy|budget|trials|minutes|hours|seconds|"
        r"percent|"
        r"fast|small|smallest|fastest|using|use|has|have|be|must|budget)\b|[^a-z ]"
    ),
    re.I,
)


@lru_cache(maxsize=1)
def _references() -> tuple[list[str], Tensor]:
    """The task of each description, and its vector."""
    from genas.nn.embedding import embed

    lines = [(task, line) for task, lines in _DESCRIPTIONS.items() for line in lines]
    return [task for task, _ in lines], embed([line for _, line in lines])  # [lines, 384]


def nearest(text: str) -> str | None:
    """The task that the text most likely means, or None where that is not sure; loads MiniLM on the first call."""
    content = [word for word in _EMPTY.sub(" ", text.lower()).split() if len(word) > 2]
    if len(content) < 2:
        return None
    if sum(c.isascii() and (c.isalpha() or c in " |") for c in text) < _LETTERS * len(text):
        return None  # no sentence that the model could know
    from genas.nn.embedding import embed

    tasks, vectors = _references()
    scores = (vectors @ embed([text.replace("|", " ")])[0]).tolist()
    best: dict[str, float] = {}
    for task, score in zip(tasks, scores, strict=True):
        best[task] = max(score, best.get(task, -1.0))
    ranked = sorted(best.items(), key=lambda item: -item[1])
    sure = ranked[0][1] >= _FLOOR and ranked[0][1] - ranked[1][1] >= _MARGIN
    return ranked[0][0] if sure and ranked[0][0] else None
