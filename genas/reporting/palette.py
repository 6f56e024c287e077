"""The colours of a run's pictures: CSS variables with light-mode fallbacks (`var(--ink, #1d2733)`).

The page decides between light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence

COLOURS = ("#2a78d6", "#e8632c", "#159a72", "#8a5cd1", "#d1a000", "#d0508a", "#5f8a1f")
INK, MUTED, LINE, PAPER = "#1d2733", "#5b6773", "#c9d0d8", "#fbfcfd"
NAMES = {INK: "ink", MUTED: "muted", LINE: "line", PAPER: "card"} | {c: f"c{i + 1}" for i, c in enumerate(COLOURS)}


def css(colour: str) -> str:
    """The colour as a CSS variable of the page, with itself as the fallback."""
    return f"var(--{NAMES[colour]}, {colour})"


def colours(origins: Sequence[str]) -> dict[str, str]:
    """One colour per origin, in order of appearance; those past the palette share the muted one."""
    unique = list(dict.fromkeys(origins))
    return {origin: COLOURS[i] if i < len(COLOURS) else MUTED for i, origin in enumerate(unique)}
