"""A picture of an architecture as SVG text: a row of blocks for a chain, layers of nodes for any other graph.

All labels are escaped; the same architecture gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from markupsafe import escape

from genas.core.records import Architecture
from genas.reporting.palette import INK, MUTED, PAPER, colours, css
from genas.reporting.words import clean

_ATTRIBUTE = re.compile(r"([a-z])(\d+(?:\.\d+)?)")
_WORDS = {"k": "kernel", "d": "depth", "w": "width", "e": "expand", "g": "groups", "s": "stride", "h": "heads"}
_MOST_NODES = 80


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
