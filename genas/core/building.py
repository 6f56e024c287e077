"""Networks of architectures, initialised from a seed. Imported only where a network is built: it imports torch."""

from __future__ import annotations

from threading import Lock

import torch
from torch import nn

from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.core.rng import seed_of

CHANCE = Lock()  # guards torch's global random state, which all threads share


def build(space: SearchSpace, arch: Architecture, task: Task, seed: int) -> nn.Module:
    """A network whose initial weights depend only on `seed`; the global random state stays as it was."""
    with CHANCE, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "init"))
        return space.build(arch, task)
