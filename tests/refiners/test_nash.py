"""Hill climbing by growth, followed by hand on a made-up hill: the wider the better."""

from __future__ import annotations

import pytest

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Architecture, Candidate, Constraint, Measurement, Objective, Trial, Use
from genas.training.morphism import obstacle, skeleton

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
START = SPACE.from_text("full stem8 s1 relu mean | plain k3 d1 w8 | residual k3 d1 w12")


def made(seed: int = 0, limits: tuple[Constraint, ...] = (), **options: int):
    context = {"space": SPACE, "task": TASK, "seed": seed, "objectives": (Objective("accuracy"),), "limits": limits}
    return registry.create("refiners", Use("nash", options), **context)


def labels(arch: Architecture) -> int:
    """How large it is: the sum of all numbers in its labels."""
    return sum(int("".join(filter(str.isdigit, op))) for op in arch.ops if any(map(str.isdigit, op)))


def trial(candidate: Candidate) -> Trial:
    return Trial(candidate, (Measurement("accuracy", labels(candidate.arch) / 10_000),))


def failed(candidate: Candidate) -> Trial:
    return Trial(candidate, failure="too large")


def told(search, *archs: Architecture) -> None:
    search.tell([trial(Candidate(arch, "elsewhere")) for arch in archs])


def parents(asked: list[Candidate]) -> set[str]:
    return {key for candidate in asked for key in candidate.parents}


def test_children_are_a_few_moves_from_the_best_and_can_inherit_its_weights() -> None:
    search = made(moves=3)
    told(search, SPACE.from_text("full stem4 s1 relu mean | plain k3 d1 w4 | residual k3 d1 w4"), START)
    asked = search.ask(8)
    assert parents(asked) == {START.key}
    for candidate in asked:
        assert obstacle(skeleton(SPACE, START, TASK), skeleton(SPACE, candidate.arch, TASK)) is None
        assert candidate.note.count(";") == 2, "three moves in words"


def test_the_best_child_is_the_next_parent_once_all_are_told() -> None:
    search = made(children=4, moves=2)
    told(search, START)
    asked = [c for _ in range(2) for c in search.ask(2)]
    search.tell([trial(c) for c in asked[:2]])
    assert parents(search.ask(1)) == {START.key}, "two of four are told"
    search.tell([trial(c) for c in asked[2:]])
    best = max(asked, key=lambda c: labels(c.arch))
    assert parents(search.ask(4)) == {best.arch.key}


def test_the_parent_stays_where_no_child_is_better() -> None:
    search = made(children=3, moves=1)
    told(search, START)
    first = search.ask(3)
    search.tell([Trial(c, (Measurement("accuracy", 0.0),)) for c in first])
    second = search.ask(3)
    assert parents(second) == {START.key}
    assert not {c.arch.key for c in first} & {c.arch.key for c in second}


def test_a_parent_whose_children_all_fail_gives_way_to_the_next_best() -> None:
    search = made(children=3, moves=4)
    smaller = SPACE.from_text("full stem4 s1 relu mean | plain k3 d1 w4 | residual k3 d1 w4")
    told(search, smaller, START)
    for moves in (4, 2, 1):
        asked = search.ask(3)
        assert parents(asked) == {START.key}
        assert {c.note.count(";") + 1 for c in asked} == {moves}
        search.tell([failed(c) for c in asked])
    asked = search.ask(3)
    assert parents(asked) == {smaller.key}
    assert {c.note.count(";") + 1 for c in asked} == {4}


def test_no_child_breaks_a_limit_on_weights() -> None:
    def weights(arch: Architecture) -> int:
        return sum(p.numel() for p in skeleton(SPACE, arch, TASK).parameters())

    most = weights(START) + 8000
    search = made(limits=(Constraint("params", at_most=most), Constraint("latency_ms", at_most=1.0)))
    told(search, START)
    asked = search.ask(6)
    assert [c.parents for c in asked] == [(START.key,)] * 6
    assert all(weights(START) < weights(c.arch) <= most for c in asked)


def test_a_parent_that_cannot_grow_gives_way_to_the_next_best_and_at_last_to_random_networks() -> None:
    top = SPACE.from_text("full stem128 s1 relu mean | residual k7 d4 w512 | mbconv k7 d4 w512")
    search = made(moves=1)
    told(search, top)
    assert parents(search.ask(2)) == set()
    search = made(moves=1)
    told(search, top, START)
    assert parents(search.ask(2)) == {START.key}


def test_starts_at_random_where_nothing_is_known() -> None:
    asked = made().ask(3)
    assert len(asked) == 3
    assert parents(asked) == set()


def test_other_spaces_are_refused_with_the_one_that_serves() -> None:
    space = registry.create("spaces", "nasbench201")
    with pytest.raises(RequestError, match="space conv_net"):
        registry.create("refiners", "nash", space=space, task=TASK, seed=0, objectives=(Objective("accuracy"),))
    with pytest.raises(RequestError, match="equal to 1"):
        made(children=0)
