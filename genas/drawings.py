"""Pictures of a run as SVG text: an architecture, the trade-off of all trials, and learning curves.

Colours are CSS variables with light-mode fallbacks (`var(--ink, #1d2733)`), so the page decides between light and dark.
All labels are escaped; the same input gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from markupsafe import escape

from genas.core.records import Architecture, Constraint, Measurement, Objective, Trial
from genas.summary import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#2a78d6", "#e8632c", "#159a72", "#8a5cd1", "#d1a000", "#d0508a", "#5f8a1f")
INK, MUTED, LINE, PAPER = "#1d2733", "#5b6773", "#c9d0d8", "#fbfcfd"
_NAMES = {INK: "ink", MUTED: "muted", LINE: "line", PAPER: "card"} | {c: f"c{i + 1}" for i, c in enumerate(COLOURS)}
_ATTRIBUTE = re.compile(r"([a-z])(\d+(?:\.\d+)?)")
_WORDS = {"k": "kernel", "d": "depth", "w": "width", "e": "expand", "g": "groups", "s": "stride", "h": "heads"}
_MOST_NODES = 80
_MOST_LABEL = 40


def css(colour: str) -> str:
    """The colour as a CSS variable of the page, with itself as the fallback."""
    return f"var(--{_NAMES[colour]}, {colour})"


def colours(origins: Sequence[str]) -> dict[str, str]:
    """One colour per origin, in order of appearance; those past the palette share the muted one."""
    unique = list(dict.fromkeys(origins))
    return {origin: COLOURS[i] if i < len(COLOURS) else MUTED for i, origin in enumerate(unique)}


class _Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    title: str
    lines: tuple[str, ...]
    colour: str


def draw_architecture(arch: Architecture) -> str:
    """A drawing of any architecture: a row of blocks for a chain, layers of nodes from left to right otherwise."""
    if len(arch.ops) > _MOST_NODES:
        return _svg(
            420, 40, [_text(10, 25, f"{len(arch.ops)} nodes: too many to draw", MUTED, "start")], "architecture"
        )
    chain = tuple((i, i + 1) for i in range(len(arch.ops) - 1))
    if tuple(sorted(arch.edges)) == chain:
        return _draw_chain(arch)
    return _draw_layers(arch)


def _draw_chain(arch: Architecture) -> str:
    blocks: list[tuple[str, list[str]]] = []
    for op in arch.ops:
        attribute = _ATTRIBUTE.fullmatch(op)
        if attribute and blocks:
            letter, number = attribute.groups()
            blocks[-1][1].append(f"{_WORDS.get(letter, letter)} {number}")
        else:
            blocks.append((op, []))
    tones = colours([title for title, _ in blocks])
    tallest = max(len(lines) for _, lines in blocks)
    height, gap, per_row, width = 34 + 16 * tallest, 26, 6, 124.0
    boxes = [
        _Box(
            6 + (i % per_row) * (width + gap),
            6 + (i // per_row) * (height + gap),
            width,
            height,
            *block,
            tones[block[0]],
        )
        for i, block in enumerate((title, tuple(lines)) for title, lines in blocks)
    ]
    arrows = [_chain_arrow(a, b) for a, b in pairwise(boxes)]
    right, low = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
    return _svg(right + 6, low + 6, arrows + [_draw_box(b) for b in boxes], f"chain of {len(blocks)} blocks")


def _chain_arrow(a: _Box, b: _Box) -> str:
    if a.y == b.y:
        y = a.y + a.height / 2
        return _arrow(f"M{a.x + a.width:.1f} {y:.1f}H{b.x - 2:.1f}")
    x0, x1, middle = a.x + a.width / 2, b.x + b.width / 2, (a.y + a.height + b.y) / 2
    return _arrow(f"M{x0:.1f} {a.y + a.height:.1f}V{middle:.1f}H{x1:.1f}V{b.y - 2:.1f}")


def _draw_layers(arch: Architecture) -> str:
    layers, paths = _layered(arch)
    widest = max(len(op) for op in arch.ops)
    width, height, gap_x, gap_y = min(30 + 7.2 * widest, 200.0), 30.0, 46.0, 16.0
    rows = max(len(layer) for layer in layers)
    place: dict[int, tuple[float, float]] = {}
    for column, layer in enumerate(layers):
        top = 8 + (rows - len(layer)) * (height + gap_y) / 2
        for row, node in enumerate(layer):
            place[node] = (8 + column * (width + gap_x), top + row * (height + gap_y))
    tones = colours(arch.ops)
    boxes = [_draw_box(_Box(*place[i], width, height, op, (), tones[op])) for i, op in enumerate(arch.ops)]
    arrows = [_layer_arrow([place[n] for n in path], width, height) for path in paths]
    right, low = 16 + len(layers) * (width + gap_x) - gap_x, 16 + rows * (height + gap_y) - gap_y
    return _svg(right, low, arrows + boxes, f"graph of {len(arch.ops)} nodes and {len(arch.edges)} edges")


def _layered(arch: Architecture) -> tuple[list[list[int]], list[list[int]]]:
    """Nodes by longest path from a source, and each edge as a path with one bend per layer it passes.

    Source: Sugiyama, Tagawa & Toda (1981): layers, bends as extra nodes (numbered after the real ones), barycentres.
    """
    depth = [0] * len(arch.ops)
    for source, target in sorted(arch.edges):  # sources are in topological order
        depth[target] = max(depth[target], depth[source] + 1)
    layers: list[list[int]] = [[] for _ in range(max(depth) + 1)]
    for node, level in enumerate(depth):
        layers[level].append(node)
    paths, bend = [], len(arch.ops)
    for source, target in sorted(arch.edges):
        path = [source]
        for level in range(depth[source] + 1, depth[target]):
            layers[level].append(bend)
            path.append(bend)
            bend += 1
        paths.append([*path, target])
    near: dict[int, list[int]] = {n: [] for layer in layers for n in layer}
    for path in paths:
        for a, b in pairwise(path):
            near[a].append(b)
            near[b].append(a)
    for sweep in range(6):
        for layer, other in _sweep(layers, forward=sweep % 2 == 0):
            row = {node: i - len(other) / 2 for i, node in enumerate(other)}
            rank = {n: [row[m] for m in near[n] if m in row] for n in layer}
            layer.sort(key=lambda n: sum(rank[n]) / len(rank[n]) if rank[n] else 0.0)
    return layers, paths


def _sweep(layers: list[list[int]], *, forward: bool) -> list[tuple[list[int], list[int]]]:
    ordered = layers if forward else layers[::-1]
    return list(zip(ordered[1:], ordered, strict=False))


def _layer_arrow(places: Sequence[tuple[float, float]], width: float, height: float) -> str:
    points = [(places[0][0] + width, places[0][1] + height / 2)]
    for x, y in places[1:-1]:
        points += [(x, y + height / 2), (x + width, y + height / 2)]
    points.append((places[-1][0] - 2, places[-1][1] + height / 2))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        path += f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return _arrow(path)


def _draw_box(box: _Box) -> str:
    x, y, w, h, title, lines, colour = box
    middle = x + w / 2
    most = max(4, int(w / 7.2))
    first = y + (h / 2 + 4 if not lines else 21)
    parts = [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="7" style="fill:{css(PAPER)};'
        f'stroke:{css(colour)};stroke-width:1.6"/>',
        _text(middle, first, title if len(title) <= most else title[: most - 1] + "…", INK, "middle", bold=True),
    ]
    parts += [_text(middle, y + 40 + 16 * i, line, MUTED, "middle") for i, line in enumerate(lines)]
    return f"<g><title>{escape(clean(' '.join((title, *lines))))}</title>{''.join(parts)}</g>"


def _text(x: float, y: float, text: str, colour: str, anchor: str, *, bold: bool = False) -> str:
    weight = ";font-weight:600" if bold else ""
    style = f"fill:{css(colour)};text-anchor:{anchor}{weight}"
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(clean(text))}</text>'


def _arrow(path: str) -> str:
    return f'<path d="{path}" style="fill:none;stroke:{css(MUTED)};stroke-width:1.4" marker-end="url(#arrow)"/>'


def _svg(width: float, height: float, parts: Sequence[str], label: str) -> str:
    head = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0.5L8 4L0 7.5z" style="fill:{css(MUTED)}"/></marker></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'role="img" aria-label="{escape(clean(label))}" font-family="system-ui, sans-serif" font-size="12">'
        f"{head}{''.join(parts)}</svg>"
    )


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
        figure, axes = _axes(across, up)
        for origin, colour in colours([t.candidate.origin for t in trials]).items():
            _scatter(axes, [p for p in points if p.trial.candidate.origin == origin], colour, origin)
        if any(p.fidelity < 1 for p in points):
            axes.scatter([], [], s=22, facecolors="none", edgecolors=MUTED, label="hollow: measured cheaply")
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
    """Log scale for a wide cost, and a vertical axis that a few bad points cannot squash; it says how many it hides."""
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


def draw_curves(curves: Mapping[str, Sequence[Measurement]], *, metric: str = "accuracy") -> str | None:
    """Learning curves, one line per seed and one colour per name; None where no measurement has a curve."""
    drawn = {name: [m.curve for m in found if len(m.curve) > 1] for name, found in curves.items()}
    drawn = {name: lines for name, lines in drawn.items() if lines}
    if not drawn:
        return None
    with _style():
        figure, axes = _axes("epoch", f"validation {metric}")
        tones = colours(list(drawn))
        for name, lines in drawn.items():
            for number, line in enumerate(lines):
                label = (
                    f"{_plain(name)} ({len(lines)} {'seed' if len(lines) == 1 else 'seeds'})" if number == 0 else None
                )
                axes.plot(range(1, len(line) + 1), line, color=tones[name], linewidth=1.4, alpha=0.9, label=label)
        every = [line for lines in drawn.values() for line in lines]
        start, last = min(line[len(line) // 6] for line in every), max(max(line) for line in every)
        if metric.endswith("accuracy") and start < last:
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
    axes.set_xlabel(_plain(across.replace("_", " ")))
    axes.set_ylabel(_plain(up.replace("_", " ")))
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
    known = _drawable()
    shown = "".join(c if ord(c) in known and c.isprintable() else "?" for c in text)
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
    for colour in _NAMES:
        text = text.replace(f"fill: {colour}", f"fill: {css(colour)}").replace(
            f"stroke: {colour}", f"stroke: {css(colour)}"
        )
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(clean(label))}" ', 1)
