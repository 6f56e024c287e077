"""Ranges of numbers that annotate the options of plug-ins; a number outside its range is refused at once."""

from __future__ import annotations

import re
from typing import Annotated, get_args

from annotated_types import Ge, Gt, Le

Count = Annotated[int, Ge(1), Le(100_000)]
Whole = Annotated[int, Ge(0), Le(100_000)]  # a count that may be none
Examples = Annotated[int, Ge(1), Le(10**9)]  # of a data set
Batch = Annotated[int, Ge(1), Le(4096)]  # examples or candidates at a time
Few = Annotated[int, Ge(0), Le(10)]  # tries again
Size = Annotated[int, Ge(1), Le(4096)]  # of a layer
Channels = Annotated[int, Ge(1), Le(512)]  # of the first stage of an image network
Layers = Annotated[int, Ge(0), Le(100)]
Depth = Annotated[int, Ge(1), Le(100)]  # cells or layers of a stage
Tokens = Annotated[int, Ge(1), Le(10**12)]
Workers = Annotated[int, Ge(1), Le(1024)]
Share = Annotated[float, Ge(0), Le(1)]
Amount = Annotated[float, Ge(0), Le(1e6)]
Seconds = Annotated[float, Gt(0), Le(3600)]  # to wait
Positive = Annotated[float, Gt(0), Le(1e6)]


def spoken(annotation: str) -> tuple[str, str]:
    """The type of an annotation that names ranges, and its range in words, or "" where it has none.

    Example:
        ``spoken("Count | None")`` is ``("int | None", "at least 1, at most 100,000")``.
    """
    words = {Ge: ("at least", "ge"), Gt: ("more than", "gt"), Le: ("at most", "le")}
    bounds = ""
    for name in set(re.findall(r"\w+", annotation)) & {key for key, value in globals().items() if get_args(value)}:
        base, *limits = get_args(globals()[name])
        annotation = re.sub(rf"\b{name}\b", base.__name__, annotation)
        said = [(word, getattr(limit, key)) for limit in limits for word, key in [words[type(limit)]]]
        bounds = ", ".join(f"{word} {value:,}" for word, value in said)
    return annotation, bounds
