"""The one clock that budgets are counted by."""

from __future__ import annotations

import time
from collections.abc import Callable

now: Callable[[], float] = time.perf_counter  # seconds; an evaluation may put the CPU's time in its place
