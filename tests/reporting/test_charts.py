"""Architectures are drawn whole: every node once, sources left of targets, attributes inside their block."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from genas.core.records import Architecture, Candidate, Measurement, Request, Trial, Use
from genas.reporting import charts
from genas.reporting.architecture_picture import draw_architecture
from genas.reporting.rungs import Rungs

OPS = ("input", "stem16", "residual", "k3", "d2", "w32", "mbconv", "k5", "d1", "w48", "output")
CHAIN = Architecture("conv_net", OPS, tuple((i, i + 1) for i in range(len(OPS) - 1)))


def test_a_chain_with_attributes_becomes_blocks() -> None:
    root = ElementTree.fromstring(draw_architecture(CHAIN))
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["input", "stem16", "residual", "kernel 3", "depth 2", "width 32", "mbconv", "kernel 5", "depth 1",
                     "width 48", "output"]  # fmt: skip
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 5


def test_a_graph_is_layered_from_left_to_right() -> None:
    edges = ((0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 6), (5, 6), (0, 6))
    arch = Architecture("cell", ("in", "a", "b", "c", "d", "e", "out"), edges)
    root = ElementTree.fromstring(draw_architecture(arch))
    boxes = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    place = [(float(b.get("x", 0)), float(b.get("y", 0))) for b in boxes]
    assert all(place[i][0] < place[j][0] for i, j in edges)
    assert len(set(place)) == len(arch.ops), "no two nodes at one place"
    assert sum("marker-end" in p.attrib for p in root.iter("{http://www.w3.org/2000/svg}path")) == len(edges)


@pytest.mark.parametrize("ops", [("only",), ("two", "lone"), ("n",) * 81])
def test_odd_graphs_are_drawn_or_said_to_be_too_large(ops: tuple[str, ...]) -> None:
    svg = draw_architecture(Architecture("x", ops, ()))
    ElementTree.fromstring(svg)
    assert ("81 nodes: too many to draw" in svg) == (len(ops) == 81)


def test_a_race_is_drawn_with_a_line_for_each_network_that_was_trained() -> None:
    def trial(number: int, origin: str, *values: float) -> Trial:
        shares = (0.1, 0.4, 1.0)
        figures = tuple(Measurement("accuracy", v, fidelity=s) for s, v in zip(shares, values, strict=False))
        return Trial(Candidate(Architecture("x", (str(number),), ()), origin), figures)

    trials = [trial(0, "uniform", 0.5, 0.7, 0.9), trial(1, "reference", 0.6, 0.65), trial(2, "_odd $\\frac{")]
    rungs = Rungs.of(Request("x", Use("digits"), Use("x")), trials, "accuracy", "max")
    assert rungs is not None
    svg = charts.draw_race(trials, rungs, winner=trials[0])
    assert svg is not None and 'aria-label="race of 2 networks over 2 rungs"' in svg
    ElementTree.fromstring(svg)
    for text in ("uniform", "reference", "winner"):
        assert f">{text}<" in svg, text
    assert svg == charts.draw_race(trials, rungs, winner=trials[0])
    assert charts.draw_race(trials[2:], rungs) is None
