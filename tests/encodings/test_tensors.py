import pytest
import torch
from tiny_space import Tiny, examples

from genas.core.errors import InvalidArchitecture
from genas.core.records import Architecture
from genas.encodings.tensors import MASKED_EDGE, Codec


def codec():
    return Codec(Tiny(), Tiny.ops, Tiny.max_nodes)


def test_encoding_and_decoding_give_the_same_architectures():
    archs = [e.arch for e in examples(30)]
    assert codec().decode(codec().encode(archs)) == archs


def test_blank_masks_exactly_what_the_frame_leaves_open():
    blank = codec().blank([4])
    assert blank.nodes.tolist() == [[0, 5, 5, 4, 6]]  # in, masked, masked, out, padding
    assert (blank.edges == MASKED_EDGE)[0].nonzero().tolist() == [[0, 2], [0, 3], [1, 3]]
    assert (blank.edges == 1)[0].nonzero().tolist() == [[0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize(
    ("ops", "edges"),
    [
        (("in", "out", "out"), ((0, 1), (1, 2))),  # label not allowed there
        (("in", "zz", "out"), ((0, 1), (1, 2))),  # unknown label
        (("in", "a", "out"), ((0, 1),)),  # a fixed edge is absent
        (("in", "out"), ((0, 1),)),  # no such size
    ],
)
def test_what_lies_outside_the_frame_is_refused(ops, edges):
    with pytest.raises(InvalidArchitecture, match="frame"):
        codec().encode([Architecture("tiny", ops, edges)])


def test_allowed_follows_the_positions():
    allowed = codec().allowed([3])[0]
    assert allowed.tolist()[1] == [False, True, True, True, False]
    assert not allowed[3:].any()
    assert allowed.dtype is torch.bool
