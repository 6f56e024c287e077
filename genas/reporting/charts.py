"""Charts of a run as SVG text: the race, the trade-off of all trials, and learning curves.

Colours are those of `genas.reporting.palette`. All labels are escaped; the same input gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from markupsafe import escape

from genas.core import declared
from genas.core.records import Constraint, Measurement, Objective, Trial
from genas.reporting.palette import COLOURS, INK, LINE, MUTED, NAMES, PAPER, colours, css
from genas.reporting.rungs import Rungs
from genas.reporting.words import clean, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_LABEL = 40


def draw_pareto(
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint] = (),
    *,
    front: Sequence[Trial] = (),
    references: Sequence[Trial] = (),
    winner: Trial | None = None,
) -> str | None:
    """A scatter of the leading objective against a cost, coloured by origin; None where nothing has both figures.

    The cost is the second objective, else the first limited metric, else params. Full points were fully trained, hollow
    ones measured at a lower fidelity.
    """
    across, up = cost_metric(trials, objectives, constraints), objectives[0].metric
    points = _points(trials, across, up)
    if not points:
        return None
    with _style():
        figure, axes = _axes(heading(across), heading(up))
        for origin, colour in colours([t.candidate.origin for t in trials]).items():
            _scatter(axes, [p for p in points if p.trial.candidate.origin == origin], colour, origin)
        if any(p.fidelity < 1 for p in points):
            axes.scatter(
                [], [], s=22, facecolors="none", edgecolors=MUTED, label="hollow: measured after less training"
            )
        _limits(axes, [c for c in constraints if c.metric == across])
        _frame(axes, points + _points(references, across, up), objectives[0])
        if len(objectives) <= 2:
            goal = next((o.goal for o in objectives[1:]), "min")
            _front(axes, _points(front, across, up), "post" if goal == "min" else "pre")
        _mark(axes, _points(references, across, up), "D", 52.0, "reference")
        _mark(axes, _points([winner] if winner else [], across, up), "*", 240.0, "winner")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
        return _to_svg(figure, f"{up} against {across} of {len(points)} trials")


class _Point(NamedTuple):
    x: float
    y: float
    fidelity: float
    trial: Trial


def _points(trials: Sequence[Trial], across: str, up: str) -> list[_Point]:
    pairs = ((t.value(across), t.value(up), t) for t in trials)
    return [_Point(x, y, t.all(up)[0].fidelity, t) for x, y, t in pairs if x is not None and y is not None]


def cost_metric(trials: Sequence[Trial], objectives: Sequence[Objective], constraints: Sequence[Constraint]) -> str:
    """The metric to set against the leading objective: the next objective, else a limited metric, else params."""
    names = [o.metric for o in objectives[1:]] + [c.metric for c in constraints]
    measured = {m.metric for t in trials for m in t.measurements}
    return next((n for n in names if n != objectives[0].metric and n in measured), "params")


def _scatter(axes: Axes, points: Sequence[_Point], colour: str, origin: str) -> None:
    cheap = [(p.x, p.y) for p in points if p.fidelity < 1]
    full = [(p.x, p.y) for p in points if p.fidelity >= 1]
    if cheap:
        xs, ys = zip(*cheap, strict=True)
        axes.scatter(xs, ys, s=20, facecolors="none", edgecolors=colour, linewidths=1.1, alpha=0.75, zorder=2)
    if full:
        xs, ys = zip(*full, strict=True)
        axes.scatter(xs, ys, s=36, color=colour, edgecolors=PAPER, linewidths=0.8, zorder=3)
    axes.scatter([], [], s=30, color=colour, label=_plain(origin))


def _mark(axes: Axes, points: Sequence[_Point], marker: str, size: float, label: str) -> None:
    if points:
        xs, ys = [p.x for p in points], [p.y for p in points]
        axes.scatter(xs, ys, marker=marker, s=size, color=INK, edgecolors=PAPER, zorder=5, label=label)


def _front(axes: Axes, points: Sequence[_Point], where: Literal["pre", "post"]) -> None:
    edge = sorted((p.x, p.y) for p in points)
    if len(edge) > 1:
        xs, ys = [x for x, _ in edge], [y for _, y in edge]
        axes.step(xs, ys, where=where, color=MUTED, linewidth=1.1, zorder=1, label="front")


def _limits(axes: Axes, constraints: Sequence[Constraint]) -> None:
    values = [v for c in constraints for v in (c.at_most, c.at_least) if v is not None]
    for number, value in enumerate(values):
        label = "limit" if number == 0 else None
        axes.axvline(value, color=COLOURS[1], linewidth=1.2, linestyle=(0, (4, 3)), zorder=1, label=label)


def _frame(axes: Axes, points: Sequence[_Point], leading: Objective) -> None:
    """A log scale for a wide cost, and a vertical axis that a few bad points cannot squash; it counts what it hides."""
    import numpy as np
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    xs = np.array([p.x for p in points])
    if xs.min() > 0 and xs.max() / xs.min() > 8:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    sign = 1.0 if leading.goal == "max" else -1.0
    ys = sign * np.array([p.y for p in points])
    low, middle = np.percentile(ys, [10, 50])
    floor = low - 1.5 * (middle - low)
    hidden = int((ys < floor).sum())
    if hidden and middle > low:
        ends = (sign * floor, sign * (ys.max() + 0.06 * (ys.max() - floor)))
        axes.set_ylim(min(ends), max(ends))
        text = f"{hidden} worse {'point lies' if hidden == 1 else 'points lie'} outside the axis"
        axes.text(0.01, 0.015 if sign > 0 else 0.96, text, transform=axes.transAxes, color=MUTED, fontsize=8.5)


def draw_race(trials: Sequence[Trial], rungs: Rungs, *, winner: Trial | None = None) -> str | None:
    """Each network's figure after each rung, one line per network, coloured by origin; None if none was trained."""
    lines = {t.candidate.key: _line(t, rungs.metric) for t in trials if rungs.last(t)}
    if not lines:
        return None
    with _style():
        figure, axes = _axes("share of the winner's training", f"validation {heading(rungs.metric)}")
        trained = [t for t in trials if t.candidate.key in lines]
        for origin, colour in colours([t.candidate.origin for t in trials]).items():
            for number, trial in enumerate(t for t in trained if t.candidate.origin == origin):
                xs, ys = zip(*lines[trial.candidate.key], strict=True)
                label = _plain(origin) if number == 0 else None
                axes.plot(xs, ys, color=colour, linewidth=1.2, alpha=0.8, marker="o", markersize=3, label=label)
        if winner is not None and winner.candidate.key in lines:
            xs, ys = zip(*lines[winner.candidate.key], strict=True)
            axes.plot(xs, ys, color=INK, linewidth=2.2, zorder=4, label="winner")
        for share in rungs.shares:
            axes.axvline(share, color=LINE, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
        return _to_svg(figure, f"race of {len(lines)} networks over {len(rungs.shares)} rungs")


def _line(trial: Trial, metric: str) -> list[tuple[float, float]]:
    """The mean over seeds for each share of the training, in order."""
    by_share: dict[float, list[float]] = {}
    for m in trial.all(metric):
        by_share.setdefault(m.fidelity, []).append(m.value)
    return [(share, sum(values) / len(values)) for share, values in sorted(by_share.items())]


def draw_curves(
    curves: Mapping[str, Sequence[Measurement]], *, metric: str = "accuracy", across: str = "epoch"
) -> str | None:
    """Learning curves, one line per seed and one colour per name; None where no measurement has a curve.

    Args:
        across: what the points of a curve stand for.
    """
    drawn = {name: [m.curve for m in found if len(m.curve) > 1] for name, found in curves.items()}
    drawn = {name: lines for name, lines in drawn.items() if lines}
    if not drawn:
        return None
    with _style():
        figure, axes = _axes(across, f"validation {heading(metric)}")
        tones = colours(list(drawn))
        for name, lines in drawn.items():
            for number, line in enumerate(lines):
                label = (
                    f"{_plain(name)} ({len(lines)} {'seed' if len(lines) == 1 else 'seeds'})" if number == 0 else None
                )
                axes.plot(range(1, len(line) + 1), line, color=tones[name], linewidth=1.4, alpha=0.9, label=label)
        every = [line for lines in drawn.values() for line in lines]
        start, last = min(line[len(line) // 6] for line in every), max(max(line) for line in every)
        if declared.metric(metric).share and start < last:
            axes.set_ylim(start - 0.03 * (last - start), last + 0.06 * (last - start))
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
        return _to_svg(figure, f"learning curves of {len(drawn)} networks")


def _style() -> Any:
    from matplotlib import rc_context

    return rc_context({
        "svg.hashsalt": "genas", "svg.fonttype": "none", "text.parse_math": False, "font.family": "DejaVu Sans",
        "font.size": 9.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": LINE, "xtick.color": MUTED,
        "ytick.color": MUTED, "axes.grid": True, "grid.color": LINE, "grid.linewidth": 0.5, "axes.axisbelow": True,
        "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": "none", "axes.facecolor": "none",
    })  # fmt: skip


def _axes(across: str, up: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(8.6, 4.3))
    axes = figure.add_subplot()
    axes.set_xlabel(_plain(across))
    axes.set_ylabel(_plain(up))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    return figure, axes


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.4g}"


@lru_cache
def _drawable() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _plain(text: str) -> str:
    """The text as the chart's font can draw it; a leading underscore would keep it out of the legend."""
    drawable = _drawable()
    shown = "".join(c if ord(c) in drawable and c.isprintable() else "?" for c in text)
    shown = shown if len(shown) <= _MOST_LABEL else shown[: _MOST_LABEL - 1] + "…"
    return f" {shown}" if shown.startswith("_") else shown


def _to_svg(figure: Figure, label: str) -> str:
    """The figure as inline SVG: no XML head, no date, ids that other pictures of the page do not share, CSS colours."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None}
    )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour in NAMES:
        text = text.replace(f"fill: {colour}", f"fill: {css(colour)}").replace(
            f"stroke: {colour}", f"stroke: {css(colour)}"
        )
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(clean(label))}" ', 1)
