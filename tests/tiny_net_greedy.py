"""A network that cannot stand alone."""

from torch import nn

from genas.core.rng import rng


class GreedyNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.config = {"seed": int(rng(0, "x").integers(3))}
