"""A space whose best place is known: three letters from a to e, neighbours differ in one letter."""

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate, Frame, Measurement, Trial

_LETTERS = ("a", "b", "c", "d", "e")


class Letters(SearchSpace):
    name = "letters"
    ops = ("in", *_LETTERS)
    max_nodes = 4

    def sizes(self):
        return (4,)

    def frame(self, nodes):
        return Frame((("in",), *((_LETTERS,) * 3)), ((0, 1), (1, 2), (2, 3)))

    def problems(self, arch):
        return []

    def build(self, arch, task):
        raise AssertionError("no network may be built here")


def word(text: str) -> Architecture:
    return Architecture("letters", ("in", *text), ((0, 1), (1, 2), (2, 3)))


def text(candidate: Candidate) -> str:
    return "".join(candidate.arch.ops[1:])


def worth(arch: Architecture) -> float:
    """0.1 per e, so that one hill leads to eee = 0.3."""
    return 0.1 * arch.ops.count("e")


def trial(candidate: Candidate, failure: str | None = None) -> Trial:
    measured = () if failure else (Measurement("accuracy", worth(candidate.arch)),)
    return Trial(candidate, measured, failure)


def asked_until_the_top(search: Proposer) -> int:
    """How many architectures the search asks for, two at a time and none twice, until it meets eee."""
    found: list[str] = []
    while "eee" not in found and len(found) < 125:
        asked = search.ask(2)
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    assert len(found) == len(set(found))
    return len(found)
