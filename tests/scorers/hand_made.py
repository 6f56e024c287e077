"""Networks whose figures are known by hand, as a space of one architecture each."""

import torch
from torch import nn

from genas.core.interfaces import Data, SearchSpace, Task
from genas.core.records import Architecture

ARCH = Architecture("hand_made", ("x",), ())


class HandMade(SearchSpace):
    name = "hand_made"
    ops = ("x",)
    max_nodes = 1

    def __init__(self, make):
        self._make = make

    def problems(self, arch):
        return []

    def build(self, arch, task):
        return self._make()


class Points(Task):
    """Four examples of two numbers each."""

    name = "points"
    description = "points"
    input_shape = (2,)
    outputs = 2
    examples = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))

    def data(self, split):
        return Data(torch.tensor(self.examples), torch.tensor([0, 1, 1, 0]))

    def batch(self, n, seed=0):
        data = self.data("train")
        return data.inputs, data.labels


def linear(rows, bias=None) -> nn.Linear:
    weight = torch.tensor(rows, dtype=torch.float32)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float32))
    return layer
