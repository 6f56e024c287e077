"""Ranges of numbers, as annotations of plug-ins' options: a number outside is refused before anything is made of it."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt, Le

Count = Annotated[int, Ge(1), Le(100_000)]
Whole = Annotated[int, Ge(0), Le(100_000)]  # a count that may be none
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
